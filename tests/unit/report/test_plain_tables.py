"""A table that fits is written without the layout engine, to the same bytes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.report.tables import PIPE, Column, Page, table_text

PAGES = (PIPE, Page(80), Page(34))
TEXTS = st.text(alphabet="ab9- .日é\u0301😀[/", max_size=6)
COLUMNS = st.builds(
    Column,
    head=st.sampled_from(["a", "Head", "two words", "日本"]),
    side=st.sampled_from(["left", "right"]),
)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), columns=st.lists(COLUMNS, min_size=1, max_size=4))
def test_a_plain_page_and_a_styled_one_differ_by_styles_alone(
    data: st.DataObject, columns: list[Column]
) -> None:
    width = len(columns)
    rows = data.draw(st.lists(st.lists(TEXTS, min_size=width, max_size=width), max_size=4))
    for page in PAGES:
        styled = table_text(columns, rows, Page(page.width or 100_000, styled=True))
        bare = styled.replace("\x1b[1m", "").replace("\x1b[0m", "")
        assert [line.rstrip() for line in bare.splitlines()] == (
            table_text(columns, rows, page).splitlines()
        )
