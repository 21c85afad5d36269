"""Secrets taken out of what is about to be written: by field name, by value, by form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, Final, Protocol

from bot.domain.secret_forms import KEY_FORMS, dresses

BLANK: Final = "[redacted]"
_NAMES: Final = re.compile(
    r"(?:^|_|-)(?:api[_-]?key|secret|passw(?:or)?d|authorization|cookie|credential|signature)s?$",
    re.IGNORECASE,
)
_DEPTH_MAX: Final = 8  # a value inside more lists than this is written as its text


class Secret(Protocol):
    """A secret that does not print itself."""

    def get_secret_value(self) -> str:
        """The secret."""
        ...


class Redactor:
    """Knows the secrets of this process and blanks them, whatever they are dressed in."""

    def __init__(self, secrets: Iterable[Secret | None] = ()) -> None:
        values = [secret.get_secret_value() for secret in secrets if secret is not None]
        found = {one for value in values if value for one in dresses(value)}
        # The longest first: a dress may be a part of another one.
        self._known = sorted(found, key=lambda one: (-len(one), one))

    def finds(self, text: str) -> bool:
        """Whether a text holds one of the secrets."""
        return any(one in text for one in self._known)

    def text(self, text: str) -> str:
        """The text without the secrets and without what has the form of a key."""
        for one in self._known:
            text = text.replace(one, BLANK)
        return KEY_FORMS.sub(BLANK, text)

    def value(self, value: Any, depth: int = 0) -> Any:
        """A value of a log line, and what is inside it, without secrets."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if depth < _DEPTH_MAX and isinstance(value, Mapping):
            return {
                self.text(str(name)): self._field(str(name), inner, depth + 1)
                for name, inner in value.items()
            }
        if depth < _DEPTH_MAX and isinstance(value, list | tuple | set | frozenset):
            return [self.value(inner, depth + 1) for inner in value]
        return self.text(repr(value))

    def _field(self, name: str, value: Any, depth: int) -> Any:
        return BLANK if _NAMES.search(name) else self.value(value, depth)

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """The last processor before a line is rendered."""
        return {name: self._field(name, value, 0) for name, value in event.items()}
