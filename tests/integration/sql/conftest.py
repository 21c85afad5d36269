"""No test leaves a connection open for the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Pool, event


@pytest.fixture(autouse=True)
def _close_connections() -> Iterator[None]:
    opened = []

    def remember(connection: Any, _: Any) -> None:
        opened.append(connection)

    event.listen(Pool, "connect", remember)
    yield
    event.remove(Pool, "connect", remember)
    for connection in opened:
        connection.close()
