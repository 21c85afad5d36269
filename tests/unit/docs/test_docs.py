"""The pages say what is there: commands, links, exit codes, files, settings, record columns."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from bot.adapters.files.layout import TABLES
from bot.app.export_columns import TABLES as EXPORTED
from bot.app.settings import KEYS, load_settings
from bot.app.strategy_files import load_strategy
from bot.cli.__main__ import INTERRUPTED
from bot.cli.main import app
from bot.domain.errors import HourhandError

ROOT = Path(__file__).parents[3]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md")), *DECISIONS]
# Of whichever click typer brings along.
UsageError = typer.BadParameter.__base__ or Exception
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s/=`])hourhand +(?=[a-z-])([^`\n]+)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
STRATEGY_FILE = re.compile(r"(?<![\w/-])strategies/([\w-]+\.toml)")
CODE_ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)
COLUMN_ROW = re.compile(r"^\| `(\w+)` \|(.*)$", re.MULTILINE)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks with their languages."""
    return FENCE.findall(page.read_text(encoding="utf-8"))


def block_commands(page: Path) -> Iterator[str]:
    """What follows `hourhand` in command blocks; blocks without a language are output."""
    for language, body in blocks(page):
        if language in {"sh", "ini"}:
            yield from COMMAND.findall(body.replace("\\\n", " "))


def inline_commands(page: Path) -> Iterator[str]:
    """What follows `hourhand` in inline code."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for code in re.findall(r"`[^`\n]+`", text):
        yield from COMMAND.findall(code)


def documented(source: Callable[[Path], Iterator[str]]) -> list[tuple[str, str]]:
    return [(name(page), line) for page in PAGES for line in source(page)]


def find(words: list[str]) -> tuple[Any, list[str]]:
    """The last command that the words lead to, and what is left for it."""
    command: Any = typer.main.get_command(app)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            raise UsageError(f"no command {words[0]!r}")
        command, words = command.commands[words[0]], words[1:]
    return command, words


def parse(line: str) -> None:
    """Parse a command line without running it; UsageError for what does not fit."""
    command, rest = find(shlex.split(line, comments=True))
    command.make_context(command.name, rest)


@pytest.mark.parametrize(("page", "line"), documented(block_commands))
def test_a_documented_command_line_is_lawful(page: str, line: str) -> None:
    parse(line)


@pytest.mark.parametrize(("page", "line"), documented(inline_commands))
def test_a_command_named_in_passing_exists_and_takes_its_options(page: str, line: str) -> None:
    command, rest = find(shlex.split(line))
    if rest:  # a bare name stands for the command, not for a call without arguments
        command.make_context(command.name, rest)


@pytest.mark.parametrize("line", ["walk", "run --speed 3", "why", "orders --limit none"])
def test_the_parser_refuses_what_is_not_there(line: str) -> None:
    with pytest.raises(UsageError):
        parse(line)


def test_every_command_is_documented() -> None:
    lines = documented(block_commands) + documented(inline_commands)
    words = {line.split()[0] for _, line in lines}
    there = typer.main.get_command(app)
    assert isinstance(there, TyperGroup)
    assert set(there.commands) <= words


def anchor(heading: str) -> str:
    """A heading as the anchor that renderers of Markdown make of it."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    targets = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    for target in targets:
        path, _, fragment = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        if fragment:
            headings = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert fragment in map(anchor, headings), target


def tree(error: type[HourhandError]) -> Iterator[type[HourhandError]]:
    yield error
    for child in error.__subclasses__():
        yield from tree(child)


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_the_table_of_exit_codes_lists_every_code_once(page: str) -> None:
    listed = [int(code) for code in CODE_ROW.findall((ROOT / page).read_text(encoding="utf-8"))]
    assert listed == sorted({0, INTERRUPTED} | {error.exit_code for error in tree(HourhandError)})


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_named_strategy_files_are_shipped(page: Path) -> None:
    for file in STRATEGY_FILE.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / "strategies" / file).is_file(), file


def test_the_front_page_has_a_line_for_every_shipped_strategy() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `strategies/([\w-]+\.toml)` \|", text, re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in (ROOT / "strategies").glob("*.toml"))


def toml_blocks() -> list[tuple[str, str]]:
    return [(name(page), body) for page in PAGES for lang, body in blocks(page) if lang == "toml"]


@pytest.mark.parametrize(("page", "body"), toml_blocks())
def test_a_toml_block_is_lawful_as_settings_or_as_a_strategy(
    page: str, body: str, tmp_path: Path
) -> None:
    if set(tomllib.loads(body)) <= KEYS:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "hourhand.toml").write_text(body)
        load_settings(tmp_path)
        return
    text = body if "name" in tomllib.loads(body) else f'name = "x"\n{body}'
    (tmp_path / "x.toml").write_text(text)
    load_strategy(tmp_path / "x.toml")


def test_the_record_page_names_the_columns_of_every_table_in_order() -> None:
    text = (ROOT / "docs" / "record-format.md").read_text(encoding="utf-8")
    sections = dict(part.split("\n", 1) for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:])
    for table, columns in TABLES.items():
        rows = COLUMN_ROW.findall(sections[table])
        assert [row for row, _ in rows] == [column.name for column in columns], table
        required = [row for row, meaning in rows if "required" in meaning]
        assert required == [column.name for column in columns if column.required], table


def test_every_exported_table_stands_in_the_page_with_its_columns() -> None:
    text = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (.+) \|$", text, re.MULTILINE)
    said = {table: re.findall(r"`(\w+)`", columns) for table, columns in rows}
    assert said == {
        table: [column.name for column in columns] for table, columns in EXPORTED.items()
    }


def test_decisions_are_numbered_and_say_context_decision_and_consequence() -> None:
    numbers = [int(page.name[:4]) for page in DECISIONS]
    assert numbers == list(range(1, len(DECISIONS) + 1))
    for page in DECISIONS:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(page.name[:4])}. ")
        parts = ("**Context.**", "**Decision.**", "**Consequence.**")
        assert [text.count(part) for part in parts] == [1, 1, 1], page.name
