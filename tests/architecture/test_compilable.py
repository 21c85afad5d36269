"""What the engine and the market kernels may be written in, so that compiling changes no bit.

Each rule stands for a difference that was seen between the interpreted and the compiled form, or
for something that the compiler refuses. The rules are read off the syntax tree; nothing is run.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("bot/engine", "bot/market/kernels")
EXEMPT = {
    "bot/engine/tables.py": "the driver's side: it allocates the arrays and starts the loop",
    "bot/market/kernels/arrays.py": "names the shapes of arguments for the type checker only",
}

IMPORTS = {"__future__", "math", "typing", "numpy", "numpy.typing"}
BUILTINS = {"abs", "bool", "float", "int", "len", "max", "min", "range"}
MATH = {
    *("ceil", "copysign", "exp", "expm1", "fabs", "floor", "isfinite", "isinf", "isnan"),
    *("log", "log10", "log1p", "log2", "pow", "sqrt", "trunc"),
}
MATH_NOT_FLOAT = {"ceil", "floor", "trunc", "isfinite", "isinf", "isnan"}
FLOAT_ROWS = {"Floats", "FloatBuffer", "FloatArray"}
BANNED = {
    ast.AsyncFunctionDef: "async",
    ast.Await: "async",
    ast.Delete: "del",
    ast.Dict: "dict",
    ast.DictComp: "comprehension",
    ast.GeneratorExp: "comprehension",
    ast.Global: "global",
    ast.JoinedStr: "f-string",
    ast.Lambda: "lambda",
    ast.ListComp: "comprehension",
    ast.Match: "match",
    ast.Nonlocal: "global",
    ast.Raise: "raise",
    ast.Set: "set",
    ast.SetComp: "comprehension",
    ast.Starred: "starred",
    ast.Try: "try",
    ast.TryStar: "try",
    ast.With: "with",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}
Fault = tuple[int, str]


class Types:
    """Which functions and NamedTuple fields are declared float, over all modules that compile."""

    def __init__(self, trees: list[ast.Module]) -> None:
        nodes = [node for tree in trees for node in ast.walk(tree)]
        functions = [n for n in nodes if isinstance(n, ast.FunctionDef)]
        self.functions = _always("float", [(f.name, _text(f.returns)) for f in functions])
        bodies = [s for n in nodes if isinstance(n, ast.ClassDef) for s in n.body]
        fields = [s for s in bodies if isinstance(s, ast.AnnAssign)]
        self.fields = _always(
            "float", [(ast.unparse(s.target), _text(s.annotation)) for s in fields]
        )
        constants = [s for tree in trees for s in tree.body if isinstance(s, ast.Assign)]
        self.constants = {
            ast.unparse(t)
            for s in constants
            for t in s.targets
            if isinstance(s.value, ast.Constant) and isinstance(s.value.value, float)
        }


def _text(node: ast.expr | None) -> str:
    return "" if node is None else ast.unparse(node)


def _always(wanted: str, pairs: list[tuple[str, str]]) -> set[str]:
    found = {name for name, text in pairs if text == wanted}
    return found - {name for name, text in pairs if text != wanted}


class Scope:
    """Which names of one function surely hold floats: declared so, or assigned nothing else."""

    def __init__(self, function: ast.FunctionDef, types: Types) -> None:
        self.types = types
        arguments = [*function.args.args, *function.args.kwonlyargs]
        self.rows = {a.arg for a in arguments if _text(a.annotation) in FLOAT_ROWS}
        self.floats = {a.arg for a in arguments if _text(a.annotation) == "float"}
        other = {a.arg for a in arguments} - self.floats
        assigned = [pair for node in ast.walk(function) for pair in _assignments(node)]
        self.floats |= {name for name, _ in assigned} - other
        while True:
            wrong = {name for name, value in assigned if value is None or not self.is_float(value)}
            if not wrong & self.floats:
                return
            self.floats -= wrong

    def is_float(self, node: ast.expr) -> bool:
        """Whether an expression is surely a float."""
        match node:
            case ast.Constant(value=value):
                return isinstance(value, float)
            case ast.Name(id=name):
                return name in self.floats or name in self.types.constants
            case ast.Attribute(value=ast.Name(id="math"), attr=attr):
                return attr in {"nan", "inf", "pi", "e"}
            case ast.Attribute(attr=attr):
                return attr in self.types.fields
            case ast.Subscript(value=ast.Name(id=name)):
                return name in self.rows
            case ast.Call():
                return self._is_float_call(node)
        return self._is_float_operation(node)

    def _is_float_operation(self, node: ast.expr) -> bool:
        match node:
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return self.is_float(operand)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
                return self.is_float(left) or self.is_float(right)
            case ast.BinOp(op=ast.Div()):
                return True
            case ast.IfExp(body=body, orelse=orelse):
                return self.is_float(body) and self.is_float(orelse)
        return False

    def _is_float_call(self, node: ast.Call) -> bool:
        match node.func:
            case ast.Name(id="float"):
                return True
            case ast.Name(id="abs" | "min" | "max"):
                return all(self.is_float(argument) for argument in node.args)
            case ast.Name(id=name):
                return name in self.types.functions
            case ast.Attribute(value=ast.Name(id="math"), attr=attr):
                return attr not in MATH_NOT_FLOAT
        return False


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """(name, value) of each assignment; None where the value's type cannot be seen."""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            yield from zip((ast.unparse(n) for n in names), values, strict=True)
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                for name in target.elts if isinstance(target, ast.Tuple) else [target]:
                    yield ast.unparse(name), None if isinstance(target, ast.Tuple) else value
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
            yield name, ast.BinOp(left=ast.Name(id=name), op=op, right=value)
        case ast.For(target=target):
            yield ast.unparse(target), None


def faults_of(tree: ast.Module, types: Types) -> list[Fault]:
    """Every breach of a rule in a module, as (line, rule)."""
    found: list[Fault] = []
    for statement in tree.body:
        found += _statement_faults(statement)
        if isinstance(statement, ast.FunctionDef):
            scope = Scope(statement, types)
            for node in ast.walk(statement):
                found += [(getattr(node, "lineno", 0), rule) for rule in _rules(node, scope)]
                if isinstance(node, ast.FunctionDef) and node is not statement:
                    found.append((node.lineno, "nested function"))
    return found


def _statement_faults(node: ast.stmt) -> Iterator[Fault]:
    match node:
        case ast.Import(names=names):
            modules = [alias.name for alias in names]
        case ast.ImportFrom(module=module):
            modules = [module or ""]
        case _:
            modules = []
    for name in modules:
        if name not in IMPORTS and not name.startswith("bot."):
            yield node.lineno, "import"
    if isinstance(node, ast.ClassDef):
        methods = any(isinstance(s, ast.FunctionDef) for s in node.body)
        if [_text(base) for base in node.bases] != ["NamedTuple"] or methods:
            yield node.lineno, "class"
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.decorator_list:
        yield node.lineno, "decorator"
    mutable = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, mutable):
        yield node.lineno, "mutable constant"


def _rules(node: ast.AST, scope: Scope) -> Iterator[str]:
    if type(node) in BANNED:
        yield BANNED[type(node)]
    match node:
        case ast.Import() | ast.ImportFrom():
            yield "import"
        case ast.Call():
            yield from _call_rules(node)
        case ast.BinOp(left=a, op=ast.Div(), right=b) | ast.AugAssign(a, ast.Div(), b):
            if not (scope.is_float(a) or scope.is_float(b)):
                yield "integer division by /"
        case ast.BinOp(op=ast.Pow()) | ast.AugAssign(op=ast.Pow()):
            yield "power"
        case ast.BinOp(op=ast.MatMult()):
            yield "array operation"
        case ast.Subscript(slice=ast.UnaryOp(op=ast.USub())):
            yield "index from the end"


def _call_rules(node: ast.Call) -> Iterator[str]:
    match node.func:
        case ast.Name(id=name):
            if name in dir(builtins) and name not in BUILTINS:
                yield "builtin"
            if name in {"min", "max"} and (len(node.args) < 2 or node.keywords):
                yield "builtin"
        case ast.Attribute(value=ast.Name(id="math"), attr=attr):
            if attr not in MATH:
                yield "math function"
            # The compiler turns a power of 2 or of 1/2 into exp2, whose last bit differs.
            if attr == "pow" and _text(node.args[0]) != "10.0":
                yield "power"
        case _:
            yield "method or library call"


def _slices(tree: ast.Module) -> list[Fault]:
    """Kernels take lists too, of which a slice is a copy, not a view."""
    return [(n.lineno, "slice") for n in ast.walk(tree) if isinstance(n, ast.Slice)]


def _imported(tree: ast.Module) -> set[str]:
    """Files of this package that a module imports."""
    names = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    return {f"{name.replace('.', '/')}.py" for name in names if name.startswith("bot.")}


def compiled_modules() -> dict[str, ast.Module]:
    """Every module of the two folders, and every one that these import, but for the exempt."""
    waiting = [
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    ]
    modules: dict[str, ast.Module] = {}
    while waiting:
        name = waiting.pop()
        if name not in modules and name not in EXEMPT:
            modules[name] = ast.parse((ROOT / name).read_text(encoding="utf-8"))
            waiting += sorted(_imported(modules[name]))
    return modules


MODULES = compiled_modules()


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_compiled_module_keeps_to_the_rules(name: str) -> None:
    faults = faults_of(MODULES[name], Types(list(MODULES.values())))
    if name.startswith("bot/market/kernels/"):
        faults += _slices(MODULES[name])
    assert [f"{name}:{line}: {rule}" for line, rule in faults] == []


def test_the_modules_that_decide_are_among_those_checked() -> None:
    assert {"bot/engine/numbers.py", "bot/market/kernels/returns.py"} <= set(MODULES)
    # Imported by a kernel, so compiled with it.
    assert "bot/stats/sharpe_standard_error.py" in MODULES


def test_every_exemption_names_a_file_that_needs_it() -> None:
    for name, reason in EXEMPT.items():
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        assert faults_of(tree, Types([tree])), f"{name} ({reason}) breaks no rule any more"


def rules_broken_by(source: str) -> set[str]:
    tree = ast.parse(source)
    return {rule for _, rule in faults_of(tree, Types([tree]))}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("return n / 2", "integer division by /"),
        ("return n / len(x)", "integer division by /"),
        ("half = n\n    half /= 2\n    return half", "integer division by /"),
        ("return (n + 1) / (n - 1)", "integer division by /"),
        ("a = 1.0\n    a = n\n    return a / n", "integer division by /"),
        ("for i in range(n):\n        n = i / n\n    return n", "integer division by /"),
        ("return other(x) / n", "integer division by /"),
        ("return math.floor(y) / n", "integer division by /"),
        ("return 0.5 ** y", "power"),
        ("return math.pow(0.5, y)", "power"),
        ("return math.fsum(x)", "math function"),
        ("return math.comb(n, 2)", "math function"),
        ("return round(y)", "builtin"),
        ("return sum(x)", "builtin"),
        ("return sorted(x)", "builtin"),
        ("return max(x)", "builtin"),
        ("return np.sum(x)", "method or library call"),
        ("return np.log(y)", "method or library call"),
        ("return np.zeros(3)", "method or library call"),
        ("return x.mean()", "method or library call"),
        ("return y.is_integer()", "method or library call"),
        ("return x @ x", "array operation"),
        ("return x[-1]", "index from the end"),
        ("try:\n        return y\n    except ZeroDivisionError:\n        return 0.0", "try"),
        ("raise ValueError", "raise"),
        ("with x:\n        return y", "with"),
        ("return [v for v in x]", "comprehension"),
        ("return any(v for v in x)", "comprehension"),
        ("return {n: y}", "dict"),
        ("return {n}", "set"),
        ("return f'{n}'", "f-string"),
        ("return lambda: y", "lambda"),
        ("yield y", "yield"),
        ("global N\n    N = n", "global"),
        ("import random\n    return y", "import"),
        ("del x\n    return y", "del"),
        ("return f(*x)", "starred"),
        ("def g() -> float:\n        return y\n    return g()", "nested function"),
    ],
)
def test_a_planted_breach_inside_a_function_is_caught(line: str, rule: str) -> None:
    source = f"import math\nimport numpy as np\n\n\ndef f(x: Ints, n: int, y: float):\n    {line}\n"
    assert rule in rules_broken_by(source)


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("import numba", "import"),
        ("from numba import njit", "import"),
        ("import random", "import"),
        ("@njit\ndef f() -> None: ...", "decorator"),
        ("class A: ...", "class"),
        ("class A(IntEnum):\n    B = 1", "class"),
        ("class A(NamedTuple):\n    b: int\n\n    def c(self) -> int:\n        return 1", "class"),
        ("CACHE = {}", "mutable constant"),
        ("ROWS = [1, 2]", "mutable constant"),
    ],
)
def test_a_planted_breach_in_a_module_is_caught(source: str, rule: str) -> None:
    assert rule in rules_broken_by(source)


def test_a_slice_in_a_kernel_is_caught() -> None:
    assert _slices(ast.parse("def f(x): return g(x[1:3])")) == [(1, "slice")]


def test_what_the_rules_allow_is_not_reported() -> None:
    source = '''
"""A module."""
from __future__ import annotations

import math
from typing import NamedTuple

from bot.engine.numbers import round10

HALF = 0.5


class P(NamedTuple):
    """Fields."""

    rate: float
    count: int


def mean(values: Floats, p: P, n: int) -> float:
    """Mean."""
    total = 0.0
    for i in range(n):
        total += values[i] * p.rate
    if n in (1, 2) and not math.isnan(total):
        total = max(total, 0.0) - HALF
    first, last = values[0] / values[1], math.pow(10.0, float(n))
    buffer = [0.0] * n
    return total / p.count + first / last + mean(values, p, n) / n + buffer[n // 2] + p.rate / n
'''
    assert rules_broken_by(source) == set()
