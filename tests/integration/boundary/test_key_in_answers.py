"""A provider that sends the key back in disguise: it reaches no row, no log and no export."""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.instants import HOUR
from bot.domain.secret_forms import dresses
from tests.contract.provider_fakes import KEY
from tests.support.boundary import EDGE, START, Provider, envelope, way

# The body's bytes are made after the row, so that the escapes are those of the wire.
PLACE = "in-this-place"
DISGUISES = {
    "escaped": "".join(f"\\u{ord(sign):04x}" for sign in KEY),
    "partly escaped": KEY.replace("m", "\\u006D"),
    "base64": base64.b64encode(f"key={KEY}".encode()).decode(),
    "hex": KEY.encode().hex().upper(),
}
FORMS = dresses(KEY)


def shown(text: str) -> list[str]:
    """The dresses of the key in a text, escapes of JSON aside."""
    plain = text.encode().decode("unicode_escape", "replace") if "\\u" in text else text
    return [form for form in FORMS if form in text or form in plain]


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("field", ["TOKEN_NAME", "A_FIELD_THAT_NOBODY_READS"])
def test_it_is_kept_nowhere_and_the_next_answer_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], disguise: str, field: str
) -> None:
    provider = Provider((1, 2), START + 4 * HOUR)
    until = START + HOUR + HOUR // 2

    def answer(endpoint: str, params: Mapping[str, str]) -> tuple[int, bytes]:
        status, body = provider(endpoint, params)
        if endpoint != "tokens" or provider.clock() > until or status != 200:
            return status, body
        rows = [row | {field: PLACE} for row in json.loads(body)["data"]]
        status, body = envelope(rows)
        return status, body.replace(PLACE.encode(), DISGUISES[disguise].encode())

    with way(tmp_path, answer, EDGE, daily_every=HOUR) as (made, _):
        provider.clock = made.clock.now
        made.slots(2)
        assert made.rows("SELECT count(*) FROM token_seen") == [(0,)]
        errors = {one.endpoint: one.errors for one in made.client.statistics().endpoints}
        assert dict(errors["tokens"])["key_shown"] >= 1
        made.slots(1)
        assert made.rows("SELECT count(*) FROM token_seen") == [(2,)]
        with closing(sqlite3.connect(made.database.path)) as connection:
            dump = "\n".join(connection.iterdump())
        record = repr(made.record())
        bodies = made.rows("SELECT body FROM raw_body")
    logged = capsys.readouterr()
    texts = [dump, record, logged.out, logged.err]
    texts += [zlib.decompress(body).decode() for (body,) in bodies if isinstance(body, bytes)]
    assert [found for text in texts for found in shown(text)] == []
