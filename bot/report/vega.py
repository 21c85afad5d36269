"""The charting library: its JavaScript for a page, and pictures without a browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.domain.errors import UsageError

if TYPE_CHECKING:
    from types import ModuleType

_SCALE = 2  # pixels of a PNG to a unit of the specification


def bundle() -> str:
    """The library as one script; it looks nothing up and fetches nothing."""
    return str(_library().javascript_bundle())


def svg(spec: dict[str, Any]) -> bytes:
    """A specification with its data as SVG."""
    return str(_library().vegalite_to_svg(json.dumps(spec))).encode()


def png(spec: dict[str, Any]) -> bytes:
    """A specification with its data as PNG."""
    return bytes(_library().vegalite_to_png(json.dumps(spec), scale=_SCALE))


def check_installed() -> None:
    """Refuse before the work begins: UsageError says what to install."""
    _library()


def _library() -> ModuleType:
    try:
        import vl_convert
    except ImportError:
        raise UsageError(
            "charts need the package vl-convert-python, which is not installed: "
            'python -m pip install "hourhand[report]"'
        ) from None
    return vl_convert
