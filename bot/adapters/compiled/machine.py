"""Machine code as bytes, and as a function to call; needs no numba, whose import takes longer."""

from __future__ import annotations

import ctypes
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm

from bot.adapters.compiled.arguments import table_format, table_of

ENTRY = "entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineCode:
    """An object file and the symbol in it to call."""

    symbol: str
    code: bytes

    def to_bytes(self) -> bytes:
        """One line that names symbol and checksum, then the object file."""
        header = {"sha256": hashlib.sha256(self.code).hexdigest(), "symbol": self.symbol}
        return json.dumps(header).encode() + b"\n" + self.code

    @classmethod
    def from_bytes(cls, body: bytes) -> MachineCode | None:
        """What `to_bytes` wrote; None where it is something else or damaged."""
        line, _, code = body.partition(b"\n")
        try:
            header = json.loads(line)
            symbol, sha256 = str(header["symbol"]), header["sha256"]
        except (ValueError, KeyError, TypeError):
            return None
        if sha256 != hashlib.sha256(code).hexdigest():
            return None
        return cls(symbol=symbol, code=code)


class MachineError(RuntimeError):
    """The compiled function stopped where the interpreted one would have raised."""


def _entry(symbol: str, table: str) -> str:
    """A function that calls another one with the arguments that stand in a table.

    numba's convention is status = f(result*, exception**, arguments as scalars ...); hundreds of
    them take a Python call longer to hand over than many slots to run.
    """
    kinds = ["double" if code == "d" else "i64" for code in table[1:]]
    loads = [
        f"%p{n} = getelementptr i64, ptr %table, i64 {n}\n%a{n} = load {kind}, ptr %p{n}"
        for n, kind in enumerate(kinds)
    ]
    handed = ", ".join(f"{kind} %a{n}" for n, kind in enumerate(kinds))
    lines = (
        f'declare i32 @"{symbol}"(ptr, ptr, {", ".join(kinds)})',
        f"define i32 @{ENTRY}(ptr %result, ptr %exception, ptr %table) {{",
        *loads,
        f'%status = call i32 @"{symbol}"(ptr %result, ptr %exception, {handed})',
        "ret i32 %status",
        "}",
    )
    return "\n".join(lines)


class Machine:
    """A compiled function of int64 result, called with arguments like its example."""

    def __init__(self, compiled: MachineCode, example: tuple[Any, ...]) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple().create_target_machine()
        self._table = table_format(example)
        entry = llvm.parse_assembly(_entry(compiled.symbol, self._table))
        # The engine owns the memory of the code, so it lives as long as this object.
        self._engine = llvm.create_mcjit_compiler(entry, target)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(compiled.code))
        self._engine.finalize_object()
        if self._engine.get_function_address(compiled.symbol) == 0:
            raise MachineError("the object file lacks the function that it should hold")
        self._example = example
        pointers = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
        prototype = ctypes.CFUNCTYPE(ctypes.c_int32, *pointers)
        self._call = prototype(self._engine.get_function_address(ENTRY))

    def __call__(self, *arguments: Any) -> int:
        """Run it; the interpreter's lock is free meanwhile.

        Raises ArgumentShapeError for arguments unlike the example, and MachineError where the
        interpreted function would have raised (a division by zero, or an index where the code was
        compiled with bounds checks).
        """
        table = table_of(self._table, arguments, self._example)
        result = ctypes.c_int64()
        exception = ctypes.c_void_p()
        status = self._call(ctypes.addressof(result), ctypes.addressof(exception), table)
        if status != 0:
            raise MachineError(f"the compiled function stopped with status {status}")
        return result.value
