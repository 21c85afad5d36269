"""Ways in which no whole answer arrives, and what each means for a second try."""

from __future__ import annotations

from enum import StrEnum


class FaultKind(StrEnum):
    """Why there is no answer; the name under which it is counted."""

    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    DEADLINE = "deadline"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    ENCODING = "encoding"
    KEY_SHOWN = "key_shown"


_PASSING = frozenset({FaultKind.CONNECT, FaultKind.TIMEOUT, FaultKind.DEADLINE, FaultKind.PROTOCOL})


class TransportFault(Exception):
    """One attempt brought no whole answer."""

    def __init__(self, kind: FaultKind, text: str) -> None:
        super().__init__(text)
        self.kind = kind

    @property
    def may_pass(self) -> bool:
        """Whether a second try can help: a refused certificate or a bomb stays what it is."""
        return self.kind in _PASSING
