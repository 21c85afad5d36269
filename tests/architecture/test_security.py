"""What the code may not do, whoever asks for it: read from its syntax, so that nothing slips in."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "bot").rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in MODULES}
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text() for path in MODULES}

# Who takes a secret out of its wrapping, and how often: the header and its check, the signature,
# and the redaction that must know what to look for.
REVEALS = {
    "bot/adapters/tokenmetrics/transport.py": 2,
    "bot/adapters/notify/webhook.py": 1,
    "bot/adapters/redaction.py": 1,
}
# Reading these runs what is in them.
UNSAFE_MODULES = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "code",
    "codeop", "pty", "xmlrpc", "telnetlib", "ftplib",
}  # fmt: skip
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__", "globals", "breakpoint"}
UNSAFE_ATTRIBUTES = {
    ("os", "system"), ("os", "popen"), ("tempfile", "mktemp"), ("importlib", "import_module"),
    ("subprocess", "getoutput"), ("subprocess", "getstatusoutput"), ("ssl", "CERT_NONE"),
    ("ssl", "_create_unverified_context"),
}  # fmt: skip
# Who starts processes: the demo its daemon, a replay the compiler beside it.
STARTERS = {"bot/app/demo.py", "bot/adapters/compiled/warming.py"}
# Who speaks to the network: provider, webhook, and the clock of a simulator on this machine.
SPEAKERS = {
    "bot/adapters/tokenmetrics/transport.py", "bot/adapters/notify/webhook.py",
    "bot/adapters/clock.py",
}  # fmt: skip
HOSTS = {"api.tokenmetrics.com", "localhost", "json-schema.org"}
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def attribute_of(node: ast.AST) -> tuple[str, str] | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id, node.attr
    return None


def test_a_secret_is_revealed_where_it_is_used_and_nowhere_else() -> None:
    found = Counter(
        name
        for name, tree in TREES.items()
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "get_secret_value"
    )
    assert found == REVEALS


@pytest.mark.parametrize("name", TREES)
def test_nothing_from_outside_is_run(name: str) -> None:
    tree = TREES[name]
    assert not {module.split(".")[0] for module in imported(tree)} & UNSAFE_MODULES
    for call in calls(tree):
        assert not (isinstance(call.func, ast.Name) and call.func.id in UNSAFE_CALLS), call.lineno
        for keyword in call.keywords:
            assert keyword.arg != "shell", call.lineno
    for node in ast.walk(tree):
        assert attribute_of(node) not in UNSAFE_ATTRIBUTES


def test_processes_are_started_and_sockets_opened_by_the_few_that_must() -> None:
    starters = {
        name for name, tree in TREES.items()
        if "subprocess" in set(imported(tree)) or "posix_spawn" in TEXTS[name]
    }  # fmt: skip
    assert starters <= STARTERS
    speakers = {
        name for name, text in TEXTS.items()
        if re.search(r"httpx\.Client\(|Connection(Pool)?\(|urlopen\(|create_connection", text)
    }  # fmt: skip
    assert speakers <= SPEAKERS


@pytest.mark.parametrize("name", sorted(SPEAKERS))
def test_no_client_follows_redirects_heeds_proxies_or_forgoes_certificates(name: str) -> None:
    for call in calls(TREES[name]):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        for option in ("verify", "follow_redirects", "trust_env", "http2"):
            if option in given:
                value = given[option]
                assert isinstance(value, ast.Constant), (option, call.lineno)
                assert value.value is (option == "verify"), (option, call.lineno)
        if attribute_of(call.func) == ("httpx", "Client"):
            assert {"follow_redirects", "trust_env"} <= given.keys(), call.lineno


def test_no_address_of_another_host_stands_in_the_code() -> None:
    """No exchange can be called that has no address."""
    found = {
        (name, host)
        for name, text in TEXTS.items()
        if not name.startswith("bot/simulator/")  # whose rows name pictures that nobody fetches
        for host in re.findall(r"(?:https?|wss?)://([A-Za-z0-9.-]*[A-Za-z][A-Za-z0-9.-]*)", text)
        if host not in HOSTS and host != "HOST"
    }
    assert found == set()


def test_nothing_is_sent_but_questions_and_messages() -> None:
    """The provider is asked by GET alone; POST is the webhook's and a simulator's clock's."""
    verbs = {
        (name, node.value)
        for name, tree in TREES.items()
        if not name.startswith(("bot/simulator/", "bot/adapters/sql/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in {"POST", "PUT", "PATCH", "DELETE"}
    }
    assert verbs == {
        ("bot/adapters/notify/webhook.py", "POST"),
        ("bot/adapters/clock.py", "POST"),
    }


def test_names_go_into_sql_where_tables_are_ours_and_values_never_do() -> None:
    """Ruff refuses SQL that is put together (S608); these places put in names of our own tables."""
    builders = {name for name, text in TEXTS.items() if "noqa: S608" in text}
    ours = ("bot/adapters/sql/", "bot/adapters/trials_file.py", "bot/app/audit_")
    assert [name for name in builders if not name.startswith(ours)] == []
    for name, tree in TREES.items():
        for call in calls(tree):
            method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if method in {"execute", "exec_driver_sql", "executescript"} and call.args:
                built = call.args[0]
                assert not isinstance(built, ast.BinOp), f"{name}:{call.lineno}"
                formats = isinstance(built, ast.Call) and ast.unparse(built.func).endswith("format")
                assert not formats, f"{name}:{call.lineno}"


@pytest.mark.parametrize("name", TREES)
def test_a_log_line_has_a_constant_name_and_its_data_in_fields(name: str) -> None:
    for call in calls(TREES[name]):
        func = call.func
        if not (isinstance(func, ast.Attribute) and func.attr in LOG_METHODS):
            continue
        owner = ast.unparse(func.value)
        if owner.split(".")[-1] not in {"log", "_log", "logger", "get_logger()"}:
            continue
        assert len(call.args) == 1, call.lineno
        event = call.args[0]
        for choice in (event.body, event.orelse) if isinstance(event, ast.IfExp) else (event,):
            assert isinstance(choice, ast.Constant), call.lineno
            assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", str(choice.value)), call.lineno


def test_text_is_read_and_written_in_one_encoding_whatever_the_locale() -> None:
    wrong = []
    for name, tree in TREES.items():
        for call in calls(tree):
            method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            plain = isinstance(call.func, ast.Name) and call.func.id == "open"
            if method in {"read_text", "write_text"} or plain or method == "fdopen":
                given = {keyword.arg for keyword in call.keywords}
                modes = [a.value for a in call.args if isinstance(a, ast.Constant)]
                binary = any(isinstance(mode, str) and "b" in mode for mode in modes[-1:])
                if "encoding" not in given and not binary and len(call.args) < 3:
                    wrong.append(f"{name}:{call.lineno}")
    assert wrong == []


def test_nothing_listens_but_the_simulator_and_only_to_this_machine() -> None:
    listening = {
        name for name, text in TEXTS.items()
        if re.search(r"uvicorn|\.listen\(|\.bind\(|HTTPServer|create_server", text)
    }  # fmt: skip
    assert all(name.startswith("bot/simulator/") for name in listening), listening
    hosts = {
        node.value
        for name in listening
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.Constant) and node.value in {"0.0.0.0", "::", "127.0.0.1", ""}  # noqa: S104
    }
    assert hosts == {"127.0.0.1"}
