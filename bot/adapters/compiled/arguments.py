"""The arguments of a compiled function as numba's machine code takes them: plain scalars.

A scalar is itself, a NamedTuple its fields, an array the numbers of its descriptor. Only int64 and
float64 exist, arrays are C-contiguous, so that one signature serves every call.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np

ITEM = 8  # bytes of an int64 or a float64


class ArgumentShapeError(TypeError):
    """An argument that the compiled function was not made for: a bug of the caller."""


def scalar_types(example: tuple[Any, ...]) -> list[Any]:
    """The C type of every machine argument, for arguments like these."""
    return [
        ctypes.c_double if isinstance(scalar, float) else ctypes.c_int64
        for argument in example
        for scalar in _scalars(argument, argument)
    ]


def scalars_of(arguments: tuple[Any, ...], example: tuple[Any, ...]) -> list[int | float]:
    """The machine arguments of a call.

    Raises ArgumentShapeError where an argument is of another kind than its example: reading its
    memory by the wrong descriptor would end in nonsense, not in an error.
    """
    if len(arguments) != len(example):
        raise ArgumentShapeError(f"{len(arguments)} arguments where {len(example)} are expected")
    return [
        scalar
        for argument, like in zip(arguments, example, strict=True)
        for scalar in _scalars(argument, like)
    ]


def _scalars(argument: Any, like: Any) -> Iterator[int | float]:
    if isinstance(like, np.ndarray):
        yield from _descriptor(argument, like)
    elif isinstance(like, tuple):
        if type(argument) is not type(like):
            raise ArgumentShapeError(f"{type(argument).__name__}, not {type(like).__name__}")
        for field, field_like in zip(argument, like, strict=True):
            yield from _scalars(field, field_like)
    elif isinstance(like, float):
        yield float(argument)
    else:
        yield _whole(argument)


def _whole(argument: Any) -> int:
    if isinstance(argument, float):
        raise ArgumentShapeError(f"{argument!r} is not a whole number")
    return int(argument)


def _descriptor(array: Any, like: Any) -> Iterator[int]:
    """Owner and parent (none: the caller keeps the array), size, item, address, shape, strides."""
    flags = array.flags
    if array.dtype != like.dtype or array.ndim != like.ndim:
        raise ArgumentShapeError(
            f"an array of {array.ndim} x {array.dtype}, not {like.ndim} x {like.dtype}"
        )
    if not (flags.c_contiguous and flags.aligned):
        raise ArgumentShapeError("an array that is not contiguous")
    if like.flags.writeable and not flags.writeable:
        raise ArgumentShapeError("a read-only array where results are written")
    yield from (0, 0, array.size, ITEM, array.ctypes.data, *array.shape, *array.strides)
