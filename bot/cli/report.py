"""`report` and `card`: a run as one page, a trade as one picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.common import HomeOption, JsonOption, print_json, say
from bot.cli.reading import StrategyOption, opened

PageOption = Annotated[
    Path | None,
    typer.Option("--out", help="The HTML file. [default: report.html, none with --images]"),
]
ImagesOption = Annotated[
    Path | None, typer.Option("--images", help="Write the charts here, as PNG and SVG.")
]
PAGE = Path("report.html")
PictureOption = Annotated[
    Path | None, typer.Option("--out", help="A .png or .svg file. [default: TRADE.png]")
]
TradeArgument = Annotated[
    str, typer.Argument(help="A trade's id as `hourhand trades` shows it, or how it begins.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(report)
    app.command()(card)


def report(
    out: PageOption = None,
    images: ImagesOption = None,
    strategy: StrategyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what the ledger holds as one HTML page that opens offline.

    With several strategies each has a page, and a folder of images, named after it. With --json
    everything the page shows is printed, and no file is written.
    """
    from bot.app.ledger_report import ledger_facts
    from bot.app.report_files import check_images, check_report
    from bot.app.run_report import run_report

    page = out or (PAGE if images is None else None)
    if page is not None and not as_json:
        check_report(page)
    if images is not None and not as_json:
        check_images(images)
    with opened(home) as reader:
        names = reader.strategies(strategy)
        documents = [run_report(ledger_facts(reader, name)) for name in names]
    if as_json:
        print_json({"reports": documents})
        return
    for document in documents:
        _write(document, page, images, len(documents))
    if not documents:
        say("no slot has been done yet: there is nothing to report")


def _write(document: dict[str, Any], page: Path | None, images: Path | None, count: int) -> None:
    from bot.app.report_files import images_folder, report_path, write_images, write_page

    if page is not None:
        path = report_path(page, document["strategy"], count)
        say(_written(path, write_page(path, document)))
    if images is not None:
        folder = images_folder(images, document["strategy"], count)
        names = dict.fromkeys(path.stem for path in write_images(folder, document))
        say(f"written to {folder}: {', '.join(names)}, each as .png and .svg")


def card(
    trade: TradeArgument,
    out: PictureOption = None,
    strategy: StrategyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw one trade: prices around it, levels, stop, target, fills, gates and size."""
    from bot.app.ledger_report import ledger_card
    from bot.app.report_files import check_picture, write_picture

    if out is not None and not as_json:
        check_picture(out)
    with opened(home) as reader:
        found = ledger_card(reader, reader.strategies(strategy), trade)
    if as_json:
        print_json(found)
        return
    path = out or Path(f"{found['id']}.png")
    check_picture(path)
    say(_written(path, write_picture(path, found)))


def _written(path: Path, size: int) -> str:
    return f"written to {path} ({size / 1e6:.2f} MB)"


class ReplayReports:
    """The reports of a call of `replay`: their facts as the runs end, their files at the end.

    Without a report asked for, nothing of what reports need is loaded: it takes as long as a run.
    """

    def __init__(self, given: Path | None, loaded: list[Any]) -> None:
        self._given = given
        self._count = len(loaded)
        self._facts: list[Any] = []
        self._inputs: Any = None
        if given is not None:
            from bot.app.report_files import check_report

            check_report(given)

    def observer(self, loaded: Any) -> Any | None:
        """Who has to watch a strategy's replay; None without a report."""
        if self._given is None:
            return None
        from bot.app.replay_report import EntryInputs

        self._inputs = EntryInputs(loaded)
        return self._inputs

    def add(self, result: Any, history: Any, performance: Any, notes: list[str]) -> None:
        """Take a replay that has ended."""
        if self._given is None:
            return
        from bot.app.replay_report import replay_facts

        self._facts.append(replay_facts(result, history, performance, self._inputs, notes))

    def write(self, documents: list[dict[str, Any]]) -> None:
        """Write the pages, and their places into the runs' documents."""
        if self._given is None:
            return
        from bot.app.report_files import report_path, write_page
        from bot.app.run_report import run_report

        for facts, document in zip(self._facts, documents, strict=True):
            path = report_path(self._given, document["strategy"], self._count)
            write_page(path, run_report(replace(facts, trials=document["trials"])))
            document["report"] = str(path)
