"""Where reports and cards go: whole files, or none."""

from __future__ import annotations

from pathlib import Path

from bot.adapters.whole_file import whole_file
from bot.app.run_facts import Document
from bot.domain.errors import StorageError, UsageError

PICTURES = (".png", ".svg")


def report_path(given: Path, strategy: str, count: int) -> Path:
    """The file of a strategy's report: the given one, with its name where there are several.

    >>> report_path(Path("out/run.html"), "core", 2).as_posix()
    'out/run-core.html'
    """
    return given if count == 1 else given.with_name(f"{given.stem}-{strategy}{given.suffix}")


def check_report(path: Path) -> None:
    """Refuse a place where no file can be, and a missing charting library, before the work."""
    from bot.report.vega import check_installed

    check_folder(path)
    check_installed()


def check_folder(path: Path) -> None:
    """Refuse a file in a folder that is not there."""
    if path.is_dir():
        raise UsageError(f"{path}: is a folder: name a file in it")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")


def write_page(path: Path, document: Document) -> int:
    """Write a report's page; returns how many bytes it has."""
    from bot.report.html_page import html_page
    from bot.report.vega import bundle

    return _write(path, html_page(document, bundle()).encode())


def write_picture(path: Path, card: Document) -> int:
    """Write a trade's card, as PNG or SVG by the file's name; returns how many bytes it has."""
    from bot.report.card_spec import card_picture
    from bot.report.palette import PICTURE
    from bot.report.vega import png, svg

    spec = card_picture(card, PICTURE)
    return _write(path, svg(spec) if path.suffix.lower() == ".svg" else png(spec))


def check_images(folder: Path) -> None:
    """Refuse a place where no folder of pictures can be, and a missing charting library."""
    from bot.report.vega import check_installed

    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder")
    check_installed()


def images_folder(given: Path, strategy: str, count: int) -> Path:
    """The folder of a strategy's pictures: one of its name where there are several.

    >>> images_folder(Path("out"), "core", 2).as_posix()
    'out/core'
    """
    return given if count == 1 else given / strategy


def write_images(folder: Path, document: Document) -> list[Path]:
    """Write a run's charts, each as PNG and SVG; returns the files."""
    from bot.report.run_charts import chart_pictures
    from bot.report.vega import png, svg

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made: {error.strerror}") from None
    written = []
    for name, spec in chart_pictures(document).items():
        for suffix, draw in ((".png", png), (".svg", svg)):
            written.append(folder / f"{name}{suffix}")
            _write(written[-1], draw(spec))
    return written


def check_picture(path: Path) -> None:
    """Refuse another kind of picture, and a place where no file can be."""
    if path.suffix.lower() not in PICTURES:
        raise UsageError(f"{path}: expected a name that ends in {' or '.join(PICTURES)}")
    check_report(path)


def _write(path: Path, content: bytes) -> int:
    try:
        with whole_file(path) as draft:
            draft.write_bytes(content)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}") from None
    return len(content)
