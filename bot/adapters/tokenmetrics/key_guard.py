"""The key in what the provider sends: blanked where it stands plain, refused in another dress."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bot.adapters.tokenmetrics.faults import FaultKind, TransportFault
from bot.domain.secret_forms import dresses

BLANK: Final = "[key]"
# A printable sign as JSON may write it. Where its backslash is escaped too, the rest is dropped.
_ESCAPED: Final = re.compile(rb"\\u00([2-7][0-9a-fA-F])")
_SIGNS: Final = {b"%02X" % code: bytes((code,)) for code in range(0x20, 0x80)}
_ROUNDS: Final = 4  # an escape may itself be escaped; deeper than this nobody decodes what is kept
# Backslashes of any escape, and what UTF-16 puts between the letters.
_DROPPED: Final = b"\\\0"


class KeyGuard:
    """Lets nothing of an answer pass in which the key could be read."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._forms = _least(form.encode() for form in dresses(key))
        self._bare = _least(form.translate(None, _DROPPED) for form in self._forms)

    def body(self, body: bytes) -> bytes:
        """The body with the plain key blanked.

        Raises TransportFault where the key stands in it in another dress: what is kept cannot be
        changed later, and blanking a dress would be a guess at where it begins.
        """
        clean = body.replace(self._key, BLANK.encode())
        if any(form in clean for form in self._forms) or self._is_under_escapes(clean):
            raise TransportFault(FaultKind.KEY_SHOWN, "the answer shows the key, so it is not kept")
        return clean

    def header(self, text: str) -> str:
        """The same of a header's value."""
        return self.body(text.encode()).decode()

    def _is_under_escapes(self, body: bytes) -> bool:
        """Whether the key is there once JSON is decoded, in names and values, however often."""
        if not any(sign in body for sign in (b"\\", b"\0")):
            return False
        for _ in range(_ROUNDS):
            plain = _ESCAPED.sub(lambda found: _SIGNS[found[1].upper()], body)
            if plain == body:
                break
            body = plain
        bare = body.translate(None, _DROPPED)
        return any(form in bare for form in self._bare)


def _least(forms: Iterable[bytes]) -> tuple[bytes, ...]:
    """Forms without those that hold another one: finding that one is enough."""
    known = set(forms)
    return tuple(sorted(one for one in known if not any(other in one for other in known - {one})))
