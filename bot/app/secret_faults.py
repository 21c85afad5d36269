"""What is wrong with the secrets of a home, told without showing any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.adapters.notify.signing import signing_key
from bot.domain.errors import ConfigError

ENV_FILE = ".env"
SECRETS_FOLDER = "secrets"
KEY, WEBHOOK_SECRET = "api_key", "webhook_secret"


def secret_faults(name: str, secret: object, origin: Mapping[str, str]) -> list[str]:
    """A secret that is none; checked by hand, so that no message can show it."""
    if secret is None:
        return []
    place = f"{origin[name]}: {name}"
    if not (isinstance(secret, str) and secret.isascii() and secret.isprintable()):
        return [f"{place}: must be printable ASCII text on one line"]
    return [f"{place}: too long"] if len(secret) > 500 else []


def webhook_faults(values: Mapping[str, Any], origin: Mapping[str, str]) -> list[str]:
    """A webhook that could not sign, and a secret that is too weak to sign with."""
    secret = values.get(WEBHOOK_SECRET)
    if secret is None:
        place = f"{origin.get('webhook_url')}: webhook_url"
        where = f"{SECRETS_FOLDER}/{WEBHOOK_SECRET} or {ENV_FILE}"
        known = values.get("webhook_url") is not None
        return [f"{place}: needs a secret to sign with: put one into {where}"] if known else []
    try:
        signing_key(str(secret))
    except ConfigError as error:
        return [f"{origin[WEBHOOK_SECRET]}: {fault}" for fault in error.faults]
    return []
