"""Markup: whatever stands in a value stays text."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bot.report.markup import html_table, joined, tag


class Read(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.values: list[str | None] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


PRINTED = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")).filter(str.isprintable))


@given(PRINTED, PRINTED)
def test_a_text_reads_back_as_itself(inner: str, value: str) -> None:
    found = Read(tag("td", inner, class_=value))
    assert found.tags == ["td"]
    assert found.text == inner
    assert found.values == [value]


def test_markup_inside_markup_is_not_escaped_again() -> None:
    assert tag("p", tag("b", "<"), 3, None) == "<p><b>&lt;</b>3</p>"
    assert joined((tag("br"), "&")) == "<br>&amp;"


def test_what_would_turn_a_line_around_is_taken_out() -> None:
    assert tag("p", "a\u202e\x1b[31mb\n") == "<p>a[31mb</p>"


def test_a_table_has_a_cell_for_every_value() -> None:
    found = Read(html_table(("a", "n"), [["x<y", 1], ["z", 2]]))
    assert found.tags.count("tr") == 3
    assert found.tags.count("td") == 4
    assert found.text == "anx<y1z2"
