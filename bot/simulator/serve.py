"""The simulator's server on the loopback interface, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp

from bot.domain.errors import StorageError

HOST = "127.0.0.1"
# A waiting clock request holds its connection for longer; it is cut off at the end.
_GRACE_S = 1
_STOP_WITHIN_S = 10.0


class Server:
    """Serves an application while its `with` block lasts; reachable from the first line on.

    The socket listens before the thread starts, so a request made at once waits for its answer
    instead of being refused. Port 0 takes a free port; `port` and `url` (without a version) say
    where. Raises StorageError for a port in use.
    """

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level=60,  # above critical: a broken-off answer is meant, not news
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = uvicorn.Server(config)
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="simulator", daemon=True
        )

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(_STOP_WITHIN_S)
        self._socket.close()


def _listen(port: int) -> socket.socket:
    # Named as TCP, or asyncio does not switch Nagle's delay off and every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise StorageError(f"port {port} of {HOST} cannot be used: {error.strerror}") from error
    return listener
