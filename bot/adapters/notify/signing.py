"""Signatures of messages, as the Standard Webhooks specification has them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from bot.domain.errors import ConfigError

KEY_BYTES_MIN = 24
_PREFIX = "whsec_"


def signing_key(secret: str) -> bytes:
    """The key's bytes: of `whsec_` and base64 what that says, of any other text the text.

    Raises ConfigError, without quoting it, for a secret that is too short or not lawful.
    """
    if not secret.startswith(_PREFIX):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise ConfigError(["webhook_secret: what follows whsec_ is not base64"]) from None
    if len(key) < KEY_BYTES_MIN:
        raise ConfigError([f"webhook_secret: must be {KEY_BYTES_MIN} bytes or more"])
    return key


def sign(key: bytes, message_id: str, at_s: int, body: bytes) -> str:
    """The signature over id, time in seconds and body: `v1,` and base64 of HMAC-SHA256."""
    signed = f"{message_id}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
