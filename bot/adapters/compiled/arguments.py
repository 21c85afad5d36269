"""The arguments of a compiled function as numba's machine code takes them: plain scalars.

A scalar is itself, a NamedTuple its fields, an array the numbers of its descriptor. Only int64 and
float64 exist, arrays are C-contiguous, so that one signature serves every call.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any

import numpy as np

ITEM = 8  # bytes of an int64 or a float64


class ArgumentShapeError(TypeError):
    """An argument that the compiled function was not made for: a bug of the caller."""


def table_format(example: tuple[Any, ...]) -> str:
    """The `struct` format of a call's machine arguments, for arguments like these.

    >>> table_format((1, 0.5, np.zeros(0)))
    '=qdqqqqqqq'
    """
    return "=" + "".join(
        "d" if isinstance(one, float) else "q" for one in _scalars_of(example, example)
    )


def table_of(form: str, arguments: tuple[Any, ...], example: tuple[Any, ...]) -> bytes:
    """The machine arguments of a call as they lie in memory.

    Raises ArgumentShapeError where an argument is of another kind than its example: reading its
    memory by the wrong descriptor would end in nonsense, not in an error.
    """
    if len(arguments) != len(example):
        raise ArgumentShapeError(f"{len(arguments)} arguments where {len(example)} are expected")
    try:
        return struct.pack(form, *_scalars_of(arguments, example))
    except struct.error as error:
        raise ArgumentShapeError(f"a number of another kind: {error}") from None


def _scalars_of(arguments: tuple[Any, ...], example: tuple[Any, ...]) -> list[int | float]:
    found: list[int | float] = []
    for argument, like in zip(arguments, example, strict=True):
        if isinstance(like, np.ndarray):
            _add_descriptor(found, argument, like)
        elif isinstance(like, tuple):
            if type(argument) is not type(like):
                raise ArgumentShapeError(f"{type(argument).__name__}, not {type(like).__name__}")
            found += argument
        else:
            found.append(argument)
    return found


def _add_descriptor(found: list[int | float], array: Any, like: Any) -> None:
    """Owner and parent (none: the caller keeps the array), size, item, address, shape, strides."""
    if array.dtype != like.dtype or array.ndim != like.ndim:
        raise ArgumentShapeError(
            f"an array of {array.ndim} x {array.dtype}, not {like.ndim} x {like.dtype}"
        )
    flags = array.flags
    if not flags.carray:  # contiguous, aligned and writeable
        if not (flags.c_contiguous and flags.aligned):
            raise ArgumentShapeError("an array that is not contiguous")
        if like.flags.writeable:
            raise ArgumentShapeError("a read-only array where results are written")
    found += (0, 0, array.size, ITEM, _address(array), *array.shape, *array.strides)


def _address(array: Any) -> int:
    if array.flags.writeable and array.size:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # a third of the other's time
    return int(array.ctypes.data)
