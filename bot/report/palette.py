"""The colours of charts: by name for a page, whose style sheet knows them, or as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Told apart by people with every common kind of colour vision, and grey on a printer.
LIGHT = {
    "ink": "#1a1d21", "soft": "#59626e", "grid": "#e4e7eb", "page": "#ffffff", "tint": "#f3f5f8",
    "c1": "#1f5fbf", "c2": "#c05a00", "c3": "#2f7d32", "c4": "#7b4bb3", "c5": "#6b7280",
    "gain": "#0f7b66", "loss": "#b8321f",
}  # fmt: skip
DARK = {
    "ink": "#e6e8eb", "soft": "#9fa9b5", "grid": "#2c333b", "page": "#14171a", "tint": "#1d2226",
    "c1": "#6ea8ff", "c2": "#ffa657", "c3": "#6fcf7c", "c4": "#c39bff", "c5": "#9fa9b5",
    "gain": "#3fc9a5", "loss": "#ff7b6b",
}  # fmt: skip
SERIES = ("c1", "c2", "c3", "c4", "c5")


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by name, as a chart writes them."""

    colours: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.colours[name]

    def series(self) -> list[str]:
        """Colours of lines, in their order."""
        return [self.colours[name] for name in SERIES]


PAGE = Palette({name: f"var(--{name})" for name in LIGHT})
PICTURE = Palette(LIGHT)


def variables(colours: Mapping[str, str]) -> str:
    """The colours as declarations of a style sheet."""
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())
