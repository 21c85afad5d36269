"""What a secret looks like: the dresses that one can wear in a text, and the form of any key."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, quote_plus

# The provider's own keys, and what other services' keys and signed tokens look like.
KEY_FORMS = re.compile(
    r"\btm-[0-9A-Fa-f]{8}-?[0-9A-Fa-f][0-9A-Fa-f-]{5,}"  # tm- and a UUID
    r"|\b(?:sk|rk|pk)[-_](?:live|test|proj)[-_][A-Za-z0-9_-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\bwhsec_[A-Za-z0-9+/=]{16,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_QUOTED = re.compile(r"%[0-9A-F]{2}")
_DRESS_LEAST = 8  # a shorter piece of base64 stands in innocent text by chance


def dresses(secret: str) -> frozenset[str]:
    """The forms in which a secret may stand in a text: plain, quoted, in hex, in base64.

    >>> sorted(dresses("a/o"))
    ['612F6F', '612f6f', 'a%2Fo', 'a%2fo', 'a/o']
    """
    raw = secret.encode()
    quoted = {quote(secret, safe=""), quote_plus(secret)}
    quoted |= {_QUOTED.sub(lambda sign: sign[0].lower(), text) for text in quoted}
    plain = {secret, *quoted, json.dumps(secret)[1:-1]}
    # Base64 depends on where the secret begins in what was encoded; its inner part does not.
    inner = {
        encode(b"\0" * shift + raw)[4:-4].decode()
        for shift in range(3)
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
    }
    hexes = {raw.hex(), raw.hex().upper()}
    return frozenset({*plain, *hexes, *(text for text in inner if len(text) >= _DRESS_LEAST)})
