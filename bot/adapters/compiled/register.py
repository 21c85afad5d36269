"""Plain functions to machine code: finds every function that one calls and hands all to numba.

The only module here that imports numba. Nothing is listed by hand: what a function calls is read
off the names that it uses, so a new helper is compiled with the rest without a word here.
"""

from __future__ import annotations

import dis
import re
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba.core.errors import NumbaError
from numba.extending import register_jitable

from bot.adapters.compiled.machine import MachineCode

# Reference counting of array views doubles the run time and a third of the compile time, and
# nothing that is compiled to bare machine code allocates: `_nrt=False` makes numba refuse it.
BARE: dict[str, Any] = {"_nrt": False}
PACKAGE = "bot."
ALLOCATES_NOTHING = "bot.engine."
FEW = 2
# What would have to be there when the code is loaded without numba.
FOREIGN = re.compile(r"^declare .*@(NRT_|numba_|Py)", re.MULTILINE)


class NotCompilableError(TypeError):
    """A function that cannot stand alone as machine code: a bug of whoever wrote it."""


def functions_called(function: Callable[..., Any]) -> dict[FunctionType, int]:
    """Every function of this package that a function calls, directly or not, itself left out.

    With each comes the number of places that name it.
    """
    places: dict[FunctionType, int] = {}
    waiting: list[Any] = [function]
    while waiting:
        caller = waiting.pop()
        for instruction in dis.get_instructions(caller):
            if instruction.opname != "LOAD_GLOBAL":
                continue
            called = caller.__globals__.get(instruction.argval)
            ours = isinstance(called, FunctionType) and called.__module__.startswith(PACKAGE)
            if ours and called is not function:
                if called not in places:
                    waiting.append(called)
                places[called] = places.get(called, 0) + 1
    return places


def machine_code(function: Callable[..., Any], example: tuple[Any, ...]) -> MachineCode:
    """Compile a function of int64 result for arguments like the example.

    Raises NotCompilableError where it allocates, returns something else or uses what numba lacks.
    """
    _register(function)
    njit: Any = numba.njit
    signature = tuple(_type_of(argument) for argument in example)
    # The wrappers for a call from Python need Python's and numba's symbols at load time.
    compiled = njit(**BARE, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    try:
        compiled.compile(signature)
    except NumbaError as error:
        raise NotCompilableError(f"{function.__name__}: {error}") from error
    result = compiled.overloads[signature]
    if result.signature.return_type != numba.int64:
        raise NotCompilableError(
            f"{function.__name__} returns {result.signature.return_type}, not int64"
        )
    foreign = FOREIGN.search(result.library.get_llvm_str())
    if foreign:
        raise NotCompilableError(f"{function.__name__} needs the runtime: {foreign.group()}")
    (_, kind, (code, _)) = result.library.serialize_using_object_code()
    assert kind == "object"
    return MachineCode(symbol=result.fndesc.llvm_func_name, code=code)


def compiled_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """A market kernel as numba compiles it at its first call, to be called from Python.

    For kernels that allocate scratch or take lists; nothing of it is kept after the process.
    """
    _register(function)
    return numba.njit(function)  # type: ignore[no-any-return]


def _type_of(argument: Any) -> Any:
    """numba's type; a read-only array counts as any other, or helpers would compile twice."""
    typeof: Any = numba.typeof
    found = typeof(argument)
    return found.copy(readonly=False) if isinstance(argument, np.ndarray) else found


def _register(function: Callable[..., Any]) -> None:
    for called, places in functions_called(function).items():
        if called.__module__.startswith(ALLOCATES_NOTHING):
            _make_bare(called, "inlined" if places <= FEW else "shared")
        else:
            _make_known(called)


# Registering twice would offer numba the same function twice, so each is remembered.
@cache
def _make_bare(function: FunctionType, kind: str) -> None:
    # The engine's functions take up to 300 machine arguments. Inlining those that are called in few
    # places makes the loop two to three times faster; inlining all takes 10 s more to compile.
    register_jitable(**BARE, forceinline=kind == "inlined")(function)


@cache
def _make_known(function: FunctionType) -> None:
    register_jitable(function)
