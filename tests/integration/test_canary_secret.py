"""A known key and a known secret, through every command and failure: they stay where they are.

Looked for in every dress, in what is printed, logged, stored, exported and sent, and in the list of
processes. Where they lawfully are: the files in `secrets/`, the process's own environment, and the
one header of a request.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.domain.instants import HOUR, format_instant
from bot.domain.secret_forms import dresses
from bot.domain.spreadsheet import FORMULA_SIGNS
from tests.support.command_server import CommandServer, command_server
from tests.support.ledger_home import (
    EASY,
    MARKET_HOURS,
    START,
    made_up_market,
    simulated,
    write_strategy,
)

KEY = "canary+0f3c9a57/4b86=a1c4?55e0&d2b79f18"
SECRET = "the-canary's-own+signing/secret=of-forty-characters"  # noqa: S105  (a canary)
URL_TOKEN = "canary-in-the-address-8d1f0c22"  # noqa: S105  (a canary)
SECRETS = (KEY, SECRET, URL_TOKEN)
FORMS = {form for secret in SECRETS for form in dresses(secret)}
UNTIL = START + 4 * HOUR


class Receiver(BaseHTTPRequestHandler):
    """Takes whatever is posted, and answers every GET by what it was told, in many bad ways."""

    posted: list[bytes] = []  # noqa: RUF012  (a class is what the server makes its handlers of)
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.posted.append(str(self.headers).encode() + body)
        self._answer(200, b"ok", "text/plain")

    def do_GET(self) -> None:
        told = json.dumps(self.headers.items())
        if self.status == 299:
            self._disguised()
            return
        body = json.dumps({"success": self.status == 200, "message": told, "data": [told]}).encode()
        kind = "text/html" if self.status == 203 else "application/json"
        self._answer(200 if self.status == 203 else self.status, body, kind)

    def _disguised(self) -> None:
        """A good answer of any endpoint, in which a name decodes to the key."""
        escaped = "".join(f"\\u{ord(sign):04x}" for sign in KEY)
        hour = format_instant(START)
        row = f'"TOKEN_ID":1,"TOKEN_SYMBOL":"A","TOKEN_NAME":"{escaped}","TIMESTAMP":"{hour}"'
        self._answer(200, f'{{"success":true,"data":[{{{row}}}]}}'.encode(), "application/json")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in {
            "content-type": kind, "content-length": str(len(body)), "x-request-id": KEY,
            "location": f"http://localhost:{self.server.server_port}/{KEY}",  # type: ignore[attr-defined]
            "retry-after": KEY,
        }.items():  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def receiver(status: int = 200) -> Iterator[tuple[str, list[bytes]]]:
    posted: list[bytes] = []
    handler = type("Handler", (Receiver,), {"posted": posted, "status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", posted
        finally:
            server.shutdown()
            thread.join()


def make_home(home: Path, url: str, clock: str | None, hook: str) -> Path:
    (home / "config").mkdir(parents=True)
    (home / "secrets").mkdir(mode=0o700)
    for name, text in (("api_key", KEY), ("webhook_secret", SECRET)):
        (home / "secrets" / name).write_text(text)
        (home / "secrets" / name).chmod(0o600)
    (home / "config" / "hourhand.toml").write_text(
        f'base_url = "{url}"\n{f"clock_url = {clock!r}" if clock else ""}\n'
        f'requests_per_minute = 10000\nmonthly_credits = 1000000\nbackfill_days = 0\n'
        f'deadline_s = 2\nlog_level = "debug"\nlog_file = "daemon.log"\nnotify_log = true\n'
        f'webhook_allow_private = true\nwebhook_url = "{hook}/{URL_TOKEN}"\n'
    )  # fmt: skip
    write_strategy(home, "easy", EASY)
    return home


def leaks(*texts: str | bytes) -> list[str]:
    """What of the canary stands in a text, around it a little of the text."""
    found = []
    for text in texts:
        whole = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        for form in FORMS:
            place = whole.find(form)
            if place >= 0:
                found.append(f"{form!r} in {whole[max(0, place - 80) : place + 80]!r}")
    return found


def leaks_in_files(folder: Path) -> list[str]:
    """Every file but those that may hold it; packed ones unpacked."""
    found = []
    for path in sorted(folder.rglob("*")):
        told = path.is_file() and path.parent.name != "secrets" and path.name != "hourhand.toml"
        if not told:
            continue
        body = path.read_bytes()
        texts = [body, gzip.decompress(body) if path.suffix == ".gz" else b""]
        if body.startswith(b"SQLite format 3"):
            texts += _cells(path)
        found += [f"{path.relative_to(folder)}: {leak}" for leak in leaks(*texts)]
    return found


def _cells(path: Path) -> Iterator[bytes]:
    """Every packed body of a database."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = [name for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")]  # fmt: skip
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
                for cell in row:
                    if isinstance(cell, bytes):
                        try:
                            yield zlib.decompress(cell)
                        except zlib.error:
                            yield cell


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandServer]:
    with command_server(tmp_path_factory.mktemp("said")) as found:
        yield found


def run_watched(home: Path) -> tuple[str, str, str]:
    """The daemon to its end as a real process; its arguments, limits and status as others see."""
    command = [sys.executable, "-m", "bot.cli", "run", "--home", str(home),
               "--until", format_instant(UNTIL)]  # fmt: skip
    with (home / "printed").open("wb") as printed:
        daemon = subprocess.Popen(command, stdout=printed, stderr=printed)
        proc, deadline = Path(f"/proc/{daemon.pid}"), time.monotonic() + 60
        while not (home / "hourhand.db").exists() and daemon.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        seen = (proc / "cmdline").read_text(), (proc / "limits").read_text()
        status = (proc / "status").read_text()
        assert daemon.wait(120) == 0, (home / "daemon.log").read_text()[-3000:]
    return *seen, status


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home in which a daemon has run, and messages were sent."""
    home = tmp_path_factory.mktemp("canary") / "home"
    with simulated(made_up_market(MARKET_HOURS, 3)) as url, receiver() as (hook, posted):
        make_home(home, url, url, hook)
        command_line, limits, status = run_watched(home)
        assert leaks(command_line, *posted) == []
        assert any(line.split()[4:6] == ["0", "0"] or line.split()[4] == "0"
                   for line in limits.splitlines() if line.startswith("Max core file"))  # fmt: skip
        assert "Umask:\t0077" in status
        assert posted
        yield home


def test_the_search_finds_a_secret_in_every_dress_and_pack(tmp_path: Path) -> None:
    import base64
    from urllib.parse import quote

    for name, text in {
        "plain": KEY, "quoted": f"?key={quote(KEY, safe='')}&", "hex": KEY.encode().hex(),
        "header": base64.b64encode(f"user:{KEY}".encode()).decode(), "json": json.dumps(SECRET),
    }.items():  # fmt: skip
        assert leaks(f"... {text} ..."), name
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE t (body BLOB)")
        connection.execute("INSERT INTO t VALUES (?)", (zlib.compress(b"x" * 99 + KEY.encode()),))
        connection.commit()
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x" * 99 + SECRET.encode()))
    assert len(leaks_in_files(tmp_path)) >= 2


def test_a_working_home_holds_the_secrets_in_their_files_only(worked: Path) -> None:
    assert len((worked / "daemon.log").read_text().splitlines()) > 10
    assert leaks_in_files(worked) == []
    for path in worked.rglob("*"):
        if path.is_file() and path.suffix in {".db", ".log", ".lock", ".db-wal", ".db-shm"}:
            assert path.stat().st_mode & 0o077 == 0, path


def test_no_command_prints_or_writes_them(worked: Path, server: CommandServer) -> None:
    strategies = worked / "strategies"
    reading = (
        ["status"], ["orders", "--all"], ["positions"], ["trades"], ["check"], ["why", "DEMO1"],
        ["db", "info"], ["outbox"], ["doctor"], ["once"],
    )  # fmt: skip
    writing = (
        ["schema"], ["audit"], ["db", "backup", worked / "copy.db"], ["export", worked / "csv"],
        ["export", worked / "gz", "--format", "csv.gz"],
        ["replay", strategies, "--no-trial", "--out", worked / "again", "--format", "sqlite"],
    )  # fmt: skip
    for words in (*reading, *([*words, "--json"] for words in reading), *writing):
        ended = server.run(*words, "--home", worked)
        assert leaks(ended.out, ended.err) == [], words
    assert leaks_in_files(worked) == []


def test_no_cell_of_a_table_of_ours_is_a_formula(worked: Path, server: CommandServer) -> None:
    """Ids, codes, instants, JSON and numbers: none of it comes from outside, and none begins so."""
    out = worked / "tables"
    done = server.run("replay", worked / "strategies", "--no-trial", "--out", out, "--home", worked)
    assert done.code == 0, done.err
    count = 0
    for path in out.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.reader(stream):
                for cell in row:
                    count += 1
                    if cell[:1] in set(FORMULA_SIGNS):
                        assert math.isfinite(float(cell)), (path.name, cell)
    assert count > 100


@pytest.mark.parametrize("status", [200, 203, 299, 301, 401, 403, 404, 429, 500])
def test_a_provider_that_echoes_the_key_gets_it_nowhere(
    tmp_path: Path, server: CommandServer, status: int
) -> None:
    with receiver(status) as (url, _):
        home = make_home(tmp_path / "home", url, None, url)
        ended = server.run("once", "--home", home)
    assert ended.quiet()
    assert leaks(ended.out, ended.err) == []
    assert "crashed" not in (home / "daemon.log").read_text()
    assert leaks_in_files(home) == []


def test_no_message_about_wrong_settings_shows_them(tmp_path: Path, server: CommandServer) -> None:
    base = make_home(tmp_path / "base", "http://127.0.0.1:9", None, "http://127.0.0.1:9")
    toml = "config/hourhand.toml"
    for number, (name, text) in enumerate({
        toml: f'api_key = "{KEY}"\n', "secrets/webhook_secret": "short",
        ".env": f"HOURHAND_API_KEY={KEY}\n=", "secrets/api_key": f"{KEY}\n{KEY}",
        "secrets/api_kee": KEY,
    }.items()):  # fmt: skip
        home = shutil.copytree(base, tmp_path / f"home{number}")
        (home / name).write_text(text)
        (home / name).chmod(0o644 if number % 2 else 0o600)
        for words in (["check"], ["check", "--json"], ["run"], ["status"]):
            ended = server.run(*words, "--home", home)
            assert ended.code in {2, 64, 77}, (name, ended)
            assert leaks(ended.out, ended.err) == [], name
    for variable in ("HOURHAND_API_KEE", "HOURHAND_DEADLINE_S", "HOURHAND_BASE_URL"):
        ended = server.run("status", "--home", base, environment={variable: f"https://u:{KEY}@a"})
        assert ended.code == 64
        assert leaks(ended.out, ended.err) == []


def test_a_damaged_database_shows_them_in_no_message(worked: Path, server: CommandServer) -> None:
    home = shutil.copytree(worked, worked.parent / "damaged")
    body = bytearray((home / "hourhand.db").read_bytes())
    body[8 * 4096 : -4096] = b"\xa5" * (len(body) - 9 * 4096)
    (home / "hourhand.db").write_bytes(body)
    for words in (["run"], ["status"], ["audit"], ["db", "backup", home / "copy"], ["orders"]):
        ended = server.run(*words, "--home", home)
        assert ended.quiet(), (words, ended)
        assert ended.code not in {0, 1}
        assert leaks(ended.out, ended.err) == []
    assert leaks((home / "daemon.log").read_bytes()) == []
