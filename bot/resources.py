"""Where migrations, default configuration and example strategies lie: wheel or checkout."""

from __future__ import annotations

from pathlib import Path


def resource_dir(name: str) -> Path:
    """The folder `migrations`, `config` or `strategies` that came with this installation."""
    package = Path(__file__).resolve().parent
    packed = package / "_resources" / name
    return packed if packed.is_dir() else package.parent / name
