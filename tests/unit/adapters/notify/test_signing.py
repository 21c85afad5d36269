"""A signature can be checked by anyone who has the secret and the specification."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from bot.adapters.notify.signing import sign, signing_key
from bot.domain.errors import ConfigError

KEY = bytes(range(32))
WRITTEN = "whsec_" + base64.b64encode(KEY).decode()


def test_the_signature_covers_id_time_and_body() -> None:
    expected = hmac.new(KEY, b"abc.1614265330.{}", hashlib.sha256).digest()
    assert sign(KEY, "abc", 1614265330, b"{}") == "v1," + base64.b64encode(expected).decode()
    others = {
        sign(KEY, "abd", 1614265330, b"{}"),
        sign(KEY, "abc", 1614265331, b"{}"),
        sign(KEY, "abc", 1614265330, b"{} "),
        sign(KEY[:-1], "abc", 1614265330, b"{}"),
    }
    assert len(others) == 4
    assert sign(KEY, "abc", 1614265330, b"{}") not in others


def test_a_secret_is_base64_after_its_prefix_and_text_otherwise() -> None:
    assert signing_key(WRITTEN) == KEY
    assert signing_key("a secret of thirty characters.") == b"a secret of thirty characters."


@pytest.mark.parametrize("text", ["", "short", "whsec_", "whsec_QUJD", "whsec_un lawful!"])
def test_a_weak_or_unlawful_secret_is_refused_and_never_shown(text: str) -> None:
    with pytest.raises(ConfigError, match="webhook_secret") as caught:
        signing_key(text)
    shown = text.removeprefix("whsec_")
    assert not shown or shown not in str(caught.value)
