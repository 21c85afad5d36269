"""What a secret looks like that nobody knows: the forms of keys and tokens, and mere chance."""

from __future__ import annotations

import math
import re
from collections import Counter

from bot.domain.secret_forms import KEY_FORMS

_FORMS = re.compile(
    KEY_FORMS.pattern + r"|\b[Bb]earer [A-Za-z0-9._~+/-]{16,}"
    r"|(?i:api[_-]?key|secret|password|passwd|pwd|authorization|access_token)\"?\s*[:=]\s*\"?"
    r"[A-Za-z0-9._~+/-]{16,}"
)
_HINTS = (
    "tm-", "sk-", "sk_", "rk-", "rk_", "pk-", "pk_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
    "xox", "akia", "eyj", "private key", "bearer ", "apikey", "api_key", "api-key", "secret",
    "whsec_", "passwd", "password", "pwd", "authorization", "access_token",
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z0-9+/=]{20,200}")
_ENTROPY = 4.0  # bits a character: random base64 of twenty signs has more, words have less


def looks_like_key(text: str) -> bool:
    """Whether a text holds something of the form of a key, a password or a signed token."""
    lowered = text.lower()  # nearly no text holds any of the hints, and the forms take their time
    return any(hint in lowered for hint in _HINTS) and _FORMS.search(text) is not None


def looks_random(text: str) -> bool:
    """Whether a text holds a long word of mixed signs that chance rather than people made."""
    return any(_is_random(word) for word in _WORD.findall(text))


def _is_random(word: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    if not all(any(kind(sign) for sign in word) for kind in kinds):
        return False  # hashes, ids, names and instants
    shares = [count / len(word) for count in Counter(word).values()]
    return -sum(share * math.log2(share) for share in shares) >= _ENTROPY
