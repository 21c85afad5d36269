"""The shapes of a kernel's arguments: anything one can index, so that lists and arrays both fit."""

from __future__ import annotations

from typing import Protocol


class Floats(Protocol):
    """A row of floats to read; interpreted, a list is several times faster than an array."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> float: ...


class Ints(Protocol):
    """A row of whole numbers to read."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> int: ...


class FloatBuffer(Floats, Protocol):
    """A row of floats that the kernel fills."""

    def __setitem__(self, index: int, value: float, /) -> None: ...


class IntBuffer(Ints, Protocol):
    """A row of whole numbers that the kernel fills."""

    def __setitem__(self, index: int, value: int, /) -> None: ...
