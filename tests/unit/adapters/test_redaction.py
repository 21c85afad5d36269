"""Redaction: a secret is blanked in every dress and place, and innocent text is left alone."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.adapters.redaction import BLANK, Redactor
from bot.domain.secret_forms import KEY_FORMS

secrets = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=12, max_size=60)
texts = st.text(max_size=40)


def redactor(*values: str) -> Redactor:
    return Redactor(SecretStr(value) for value in values)


@given(secrets, texts, texts)
def test_a_secret_is_found_and_blanked_in_every_dress(secret: str, before: str, after: str) -> None:
    mine = redactor(secret)
    dressed = [
        secret,
        quote(secret, safe=""),
        urlencode({"key": secret}),
        json.dumps({"key": secret}),
        secret.encode().hex(),
        base64.b64encode((before + secret + after).encode("utf-8", "replace")).decode(),
        base64.urlsafe_b64encode((before + secret + after).encode("utf-8", "replace")).decode(),
    ]
    for text in dressed:
        whole = f"{before}{text}{after}"
        assert mine.finds(whole)
        assert not mine.finds(mine.text(whole))


@given(secrets)
def test_it_is_blanked_wherever_it_stands_in_a_line(secret: str) -> None:
    mine = redactor(secret)
    line = mine(None, "info", {
        "event": "slot", "text": f"a {secret}", "list": ["a", secret, (secret,)], "n": 3,
        "deep": {"deeper": [{"deepest": secret}], secret: 1}, "bytes": secret.encode(),
        "error": ValueError(secret), "set": {secret}, "none": None, "share": 0.5, "ok": True,
    })  # fmt: skip
    assert not mine.finds(json.dumps(line))
    assert (line["event"], line["n"], line["none"], line["share"], line["ok"]) == (
        "slot", 3, None, 0.5, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["api_key", "API-Key", "x-api-key", "webhook_secret", "password", "Authorization", "cookie",
     "webhook-signature", "aws_credentials"],
)  # fmt: skip
def test_a_field_of_a_telling_name_is_blank_whatever_it_holds(name: str) -> None:
    line = redactor()(None, "info", {"event": "x", name: "v", "inner": {name: ["v"]}})
    assert line == {"event": "x", name: BLANK, "inner": {name: BLANK}}


@pytest.mark.parametrize("name", ["token", "token_id", "tokens", "key", "author", "secretary"])
def test_the_markets_own_words_are_no_secrets(name: str) -> None:
    assert redactor()(None, "info", {name: "BTC"}) == {name: "BTC"}


@pytest.mark.parametrize(
    "text",
    ["tm-0f3c9a52-7d1e-4b86-a1c4-55e0d2b79f18", "sk_live_0123456789abcdefghij",
     "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
)  # fmt: skip
def test_what_has_the_form_of_a_key_is_blanked_though_nobody_knows_it(text: str) -> None:
    assert redactor().text(f"at {text}, refused") == f"at {BLANK}, refused"


@pytest.mark.parametrize(
    "text", ["tm-grade-history", "tm-momentum-breakout-version-2", "atm-0f3c9a52-7d1e-4b86"]
)
def test_names_of_endpoints_and_strategies_are_no_keys(text: str) -> None:
    assert KEY_FORMS.search(text) is None


def test_without_a_secret_nothing_is_known_and_nothing_changes() -> None:
    mine = Redactor([None])
    assert not mine.finds("")
    assert mine.text("a token, a key, a secret") == "a token, a key, a secret"
