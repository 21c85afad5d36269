"""The key in an answer: blanked where it is plain, refused in every other dress and escape."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.tokenmetrics.faults import FaultKind, TransportFault
from bot.adapters.tokenmetrics.key_guard import BLANK, KeyGuard
from bot.domain.secret_forms import dresses

KEY = "tm-canary/0f3c9a57+key"
keys = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=12, max_size=60)
DRESSES = {
    "every sign escaped": "".join(f"\\u{ord(sign):04x}" for sign in KEY),
    "escaped in capitals": "".join(f"\\u{ord(sign):04X}" for sign in KEY),
    "one sign escaped": KEY.replace("m", "\\u006d"),
    "a slash escaped": KEY.replace("/", "\\/"),
    "an escaped escape": KEY.replace("m", "\\u005cu006d"),
    "JSON in JSON": json.dumps(json.dumps({"a": [KEY]}).replace("m", "\\u006d")),
    "a part of base64": base64.b64encode(f"user:{KEY}!".encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(f"?>{KEY}".encode()).decode(),
    "base64 with escaped slashes": base64.b64encode(KEY.encode()).decode().replace("/", "\\/"),
    "of an address": quote(KEY, safe=""),
    "of an address, lower": quote(KEY, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "hex": KEY.encode().hex(),
    "hex in capitals": KEY.encode().hex().upper(),
    "UTF-16": KEY.encode("utf-16-le").decode(),
}


@pytest.mark.parametrize("name", DRESSES)
def test_a_body_that_shows_the_key_in_another_dress_is_refused(name: str) -> None:
    body = f'{{"a": "x{DRESSES[name]}y"}}'.encode()
    with pytest.raises(TransportFault) as caught:
        KeyGuard(KEY).body(body)
    assert caught.value.kind is FaultKind.KEY_SHOWN
    assert not caught.value.may_pass
    assert not any(form in str(caught.value) for form in dresses(KEY))
    with pytest.raises(TransportFault):
        KeyGuard(KEY).header(DRESSES[name])


def test_the_plain_key_is_blanked_and_the_rest_stays() -> None:
    guard = KeyGuard(KEY)
    assert guard.body(f"a {KEY} b {KEY}".encode()) == f"a {BLANK} b {BLANK}".encode()
    assert guard.header(f"id-{KEY}") == f"id-{BLANK}"


@pytest.mark.parametrize(
    "text",
    [
        '{"TOKEN_NAME": "\\u4e2d\\u0041\\"\\/\\\\ tm-canary", "CLOSE": 0.30}',
        "tm\\u002dcanary/0f3c9a57+kex", "", "\\u00", "\\u00zz\\", "\x00\x00",
        "dG0tY2FuYXJ5", KEY[:-1], KEY[1:],
    ],
)  # fmt: skip
def test_what_is_not_the_key_passes_as_it_is(text: str) -> None:
    assert KeyGuard(KEY).body(text.encode()) == text.encode()


@given(keys, st.data())
def test_no_string_of_an_accepted_body_decodes_to_the_key(key: str, data: st.DataObject) -> None:
    escaped = "".join(
        f"\\u{ord(sign):04x}" if data.draw(st.booleans()) else json.dumps(sign)[1:-1]
        for sign in key
    )
    body = f'{{"name": "{escaped}"}}'.encode()
    assert json.loads(body)["name"] == key
    try:
        clean = KeyGuard(key).body(body)
    except TransportFault:
        return
    assert key not in json.loads(clean)["name"]
