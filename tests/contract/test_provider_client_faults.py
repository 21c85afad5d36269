"""The provider client against a server that misbehaves on a real socket."""

from __future__ import annotations

import base64
import gzip
import logging
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from bot.adapters.tokenmetrics.client import ClientSettings
from bot.adapters.tokenmetrics.limits import DECODED_BYTES_MAX, PAUSE_MAX_S, WIRE_BYTES_MAX
from bot.domain.errors import (
    AuthError,
    BadPayloadError,
    ConfigError,
    PlanError,
    ProviderError,
    RateLimitError,
    UnavailableError,
)
from bot.domain.secret_forms import dresses
from tests.contract import fault_server as faults
from tests.contract.fault_server import NO_ROWS, FaultServer, Handler, envelope, failure, reply
from tests.contract.provider_fakes import KEY, Bench, bench

GOOD = envelope({"TOKEN_ID": 1, "CURRENT_PRICE": 2.5})
PLAN = failure("You are not authorized to access this endpoint with your current plan.")


def ask(script: list[Handler], **settings: object) -> tuple[ProviderError | None, Bench, int]:
    """Ask once for a price: the error if any, what is around the client, requests seen."""
    with FaultServer(*script) as server, bench(server.url, **settings) as parts:
        error: ProviderError | None = None
        try:
            parts.client.prices([1])
        except ProviderError as raised:
            error = raised
        return error, parts, len(server.requests)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, failure("Invalid API key"), AuthError),
        (401, b"", AuthError),
        (403, failure("Forbidden"), AuthError),
        (401, PLAN, PlanError),
        (400, failure("startDate must be YYYY-MM-DD"), ProviderError),
        (409, b"", ProviderError),
        (422, failure("token_id is required"), ProviderError),
        (404, failure("no such route"), ProviderError),
        (404, b"<html>", ProviderError),
        (501, b"", UnavailableError),
    ],
)
def test_a_refusal_is_named_and_not_repeated(
    status: int, body: bytes, expected: type[ProviderError]
) -> None:
    error, parts, requests = ask([reply(body, status=status)])
    assert type(error) is expected
    assert str(status) in str(error)
    assert requests == 1
    assert parts.errors() == {f"http_{status}": 1}


def test_a_failure_behind_a_good_status_is_an_error() -> None:
    error, _, requests = ask([reply(failure("Something went wrong"))])
    assert type(error) is ProviderError
    assert "Something went wrong" in str(error)
    assert requests == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_tried_again_a_bounded_number_of_times(status: int) -> None:
    error, parts, requests = ask([reply(b"<html>", status=status, content_type="text/html")])
    assert type(error) is UnavailableError
    assert requests == 4
    assert parts.clock.sleeps == [1.0, 2.0, 4.0]


def test_a_passing_server_error_is_not_seen_by_the_caller() -> None:
    error, parts, requests = ask([reply(b"", status=503), reply(GOOD)])
    assert error is None
    assert requests == 2
    assert parts.errors() == {"http_503": 1}


@pytest.mark.parametrize(
    ("headers", "sleeps"),
    [
        ({"retry_after": "7"}, [7.0]),
        ({"retry_after": "0"}, [0.0]),
        ({"retry_after": "Mon, 01 Sep 2025 15:00:25 GMT"}, [20.0]),
        # The server's clock is an hour ahead: only the difference of its own two dates counts.
        (
            {
                "retry_after": "Mon, 01 Sep 2025 16:00:25 GMT",
                "date": "Mon, 01 Sep 2025 16:00:05 GMT",
            },
            [20.0],
        ),
        ({"retry_after": "Mon, 01 Sep 2025 15:00:25"}, [20.0]),
        ({"retry_after": "Mon, 01 Sep 2025 14:00:00 GMT"}, [0.0]),
        ({"retry_after": "-1"}, [1.0]),
        ({"retry_after": "1.5"}, [1.0]),
        ({"retry_after": "garbage"}, [1.0]),
        ({}, [1.0]),
    ],
)
def test_too_many_requests_waits_as_asked(headers: dict[str, str], sleeps: list[float]) -> None:
    error, parts, _ = ask([reply(failure("slow"), 429, **headers), reply(GOOD)])
    assert error is None
    assert parts.clock.sleeps == sleeps


def test_a_storm_of_refusals_spends_few_credits_and_no_more_time_than_the_poll() -> None:
    with FaultServer(reply(b"", 429, retry_after="0")) as server, bench(server.url) as parts:
        for _ in range(10):
            with pytest.raises(RateLimitError):
                parts.client.prices([1])
        assert len(server.requests) == 40
        assert parts.credits.months == {"2025-09": 40}
    with FaultServer(reply(b"", 429, retry_after="150")) as server, bench(server.url) as parts:
        deadline = parts.client.deadline()
        for _ in range(10):
            with pytest.raises(RateLimitError):
                parts.client.prices([1], deadline)
        assert len(server.requests) == 4
        assert sum(parts.clock.sleeps) <= 600


@pytest.mark.parametrize(
    "asked",
    ["", " ", "120 ", "1e3", "0x10", "\uff11\uff12".encode().decode("latin-1"), "12, 13",
     "99999999999", "Mon, 32 Sep 2025 15:00:25 GMT", "Mon, 01 Sep 2025 15:00:25 +9999",
     "Mon, 01 Sep 99999 15:00:25 GMT", "-" * 300],
)  # fmt: skip
def test_no_form_of_a_wait_is_fatal(asked: str) -> None:
    error, parts, requests = ask([reply(b"", 429, retry_after=asked), reply(GOOD)])
    assert error is None
    assert requests == 2
    assert parts.clock.sleeps == [120.0 if asked == "120 " else 1.0]


@pytest.mark.parametrize("asked", ["601", "999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_beyond_the_poll_gives_up_at_once(asked: str) -> None:
    error, parts, requests = ask([reply(b"", 429, retry_after=asked)])
    assert type(error) is RateLimitError
    assert requests == 1
    assert parts.clock.sleeps == []


def test_too_many_requests_pauses_every_request_not_only_its_own() -> None:
    script = [reply(b"", 429, retry_after="3600"), reply(NO_ROWS, 404)]
    with FaultServer(*script) as server, bench(server.url) as parts:
        with pytest.raises(RateLimitError):
            parts.client.prices([1])
        with pytest.raises(RateLimitError):
            parts.client.levels([1])
        assert len(server.requests) == 1
        parts.clock.sleep(PAUSE_MAX_S)
        assert parts.client.levels([1]).observations == ()


def test_a_wrong_key_is_not_hammered_with() -> None:
    script = [reply(failure("Invalid API key"), 401), reply(NO_ROWS, 404)]
    with FaultServer(*script) as server, bench(server.url) as parts:
        for _ in range(3):
            with pytest.raises(AuthError):
                parts.client.levels([1])
        assert len(server.requests) == 1
        parts.clock.sleep(600)
        assert parts.client.levels([1]).observations == ()


def test_a_plan_refusal_of_one_endpoint_leaves_the_others() -> None:
    script = [reply(PLAN, 401), reply(NO_ROWS, 404)]
    with FaultServer(*script) as server, bench(server.url) as parts:
        with pytest.raises(PlanError):
            parts.client.levels([1])
        assert parts.client.prices([1]).observations == ()


def test_a_provider_that_is_down_is_left_alone_for_a_while() -> None:
    with FaultServer(reply(b"", 503)) as server, bench(server.url) as parts:
        for _ in range(7):
            with pytest.raises(UnavailableError):
                parts.client.levels([1])
        assert len(server.requests) == 5 * 4


def test_a_refused_connection_is_tried_again_and_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with bench(f"http://127.0.0.1:{port}") as parts:
        with pytest.raises(UnavailableError, match="price: no connection"):
            parts.client.prices([1])
        assert parts.errors() == {"connect": 4}
        assert parts.credits.months == {"2025-09": 4}


def test_a_failed_handshake_is_not_tried_again_without_it() -> None:
    with FaultServer(reply(GOOD)) as server, bench(server.url.replace("http", "https")) as parts:
        with pytest.raises(UnavailableError, match="TLS"):
            parts.client.prices([1])
        assert parts.errors() == {"tls": 1}
        assert server.requests == []


def test_a_peer_that_hangs_up_is_asked_again() -> None:
    error, parts, requests = ask([faults.close_without_reply, reply(GOOD)])
    assert error is None
    assert requests == 2
    assert parts.errors() == {"protocol": 1}


def test_a_dead_kept_connection_is_replaced_by_a_fresh_one() -> None:
    script = [faults.reply_then_hang_up(GOOD), reply(GOOD)]
    with FaultServer(*script) as server, bench(server.url) as parts:
        assert len(parts.client.prices([1]).observations) == 1
        assert len(parts.client.prices([1]).observations) == 1


def test_silence_is_a_time_out() -> None:
    error, parts, requests = ask([faults.silence, reply(GOOD)], read_timeout_s=0.2)
    assert error is None
    assert requests == 2
    assert parts.errors() == {"timeout": 1}


def test_silence_does_not_outlast_the_deadline_of_the_attempt() -> None:
    started = time.monotonic()
    error, parts, _ = ask(
        [faults.silence, reply(GOOD)], read_timeout_s=10.0, attempt_deadline_s=0.3
    )
    assert error is None
    assert parts.errors() == {"deadline": 1}
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "slow", [faults.trickle(GOOD, 0.05), faults.trickle_head(0.05)], ids=["body", "head"]
)
def test_bytes_that_trickle_end_with_the_deadline_of_the_attempt(slow: Handler) -> None:
    started = time.monotonic()
    error, parts, _ = ask([slow, reply(GOOD)], attempt_deadline_s=0.5)
    assert error is None
    assert parts.errors() == {"deadline": 1}
    assert time.monotonic() - started < 3


def test_a_body_cut_short_of_its_length_is_asked_for_again() -> None:
    error, parts, _ = ask([faults.cut_short(GOOD), reply(GOOD)])
    assert error is None
    assert parts.errors() == {"protocol": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>maintenance</html>",
        GOOD[:-7],
        b"\xef\xbb\xbf" + GOOD,
        GOOD.decode().encode("utf-16"),
        b'{"success": true, "data": [{"TOKEN_ID": "\xff"}]}',
        b'{"success": true, "data": [], "data": [1]}',
        b'{"success": true, "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"success": true, "data": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"success": true, "data": [' + b"9" * 5000 + b"]}",
        b'{"success": true, "data": [' + b"0," * 160_000 + b"0]}",
        b'{"success": true, "data": null}',
        b'{"success": true}',
        b'"text"',
        gzip.compress(GOOD),
    ],
    ids=lambda body: f"{len(body)}_bytes",
)
def test_a_body_that_is_not_the_wires_json_is_a_bad_payload(body: bytes) -> None:
    error, parts, requests = ask([reply(body)])
    assert type(error) is BadPayloadError
    assert requests == 1
    assert parts.errors() == {"payload": 1}
    assert [kept.body for kept in parts.sink.kept] == [body]


def test_a_body_cut_short_without_a_length_is_a_bad_payload() -> None:
    error, _, _ = ask([faults.cut_short_without_length(GOOD)])
    assert type(error) is BadPayloadError


@pytest.mark.parametrize("kind", ["text/html", "text/json", "application/jsonp", ""])
def test_another_content_type_is_refused(kind: str) -> None:
    error, _, _ = ask([reply(GOOD, content_type=kind)])
    assert type(error) is BadPayloadError


def test_a_content_type_may_name_its_character_set() -> None:
    error, _, _ = ask([reply(GOOD, content_type="application/json; charset=utf-8")])
    assert error is None


def test_one_gzip_is_read() -> None:
    error, parts, _ = ask([faults.gzipped(GOOD)])
    assert error is None
    assert parts.sink.kept[0].body == GOOD


@pytest.mark.parametrize(
    "handler",
    [
        faults.gzipped(gzip.compress(GOOD), "gzip, gzip"),
        faults.gzipped(GOOD, "br"),
        faults.gzipped(GOOD, "deflate"),
        reply(GOOD, content_encoding="gzip"),
        reply(gzip.compress(GOOD)[:-5], content_encoding="gzip"),
        reply(gzip.compress(GOOD) + b"more", content_encoding="gzip"),
        reply(gzip.compress(GOOD) * 2, content_encoding="gzip"),
    ],
)
def test_any_other_compression_is_refused(handler: Handler) -> None:
    error, parts, requests = ask([handler])
    assert type(error) is BadPayloadError
    assert parts.errors() == {"encoding": 1}
    assert requests == 1


@pytest.fixture
def peak_mib() -> Iterator[Callable[[], float]]:
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1] / (1 << 20)
    tracemalloc.stop()


@pytest.mark.parametrize(
    "handler",
    [
        faults.endless_chunks,
        reply(b" " * (WIRE_BYTES_MAX + 1)),
        faults.gzipped(b" " * (DECODED_BYTES_MAX + 1)),
    ],
    ids=["endless", "wire", "decoded"],
)
def test_a_body_beyond_its_cap_is_refused_in_bounded_memory(
    handler: Handler, peak_mib: Callable[[], float]
) -> None:
    error, parts, requests = ask([handler])
    assert type(error) is BadPayloadError
    assert parts.errors() == {"too_large": 1}
    assert requests == 1
    assert peak_mib() < 64


def test_a_body_as_large_as_its_cap_is_read() -> None:
    error, _, _ = ask([reply(GOOD + b" " * (WIRE_BYTES_MAX - len(GOOD)))])
    assert error is None


@pytest.mark.parametrize("handler", [faults.endless_head, faults.endless_trailers])
def test_a_head_or_a_tail_without_end_is_refused(handler: Handler) -> None:
    error, parts, _ = ask([handler])
    assert type(error) is UnavailableError
    assert parts.errors() == {"protocol": 4}


def test_early_hints_without_end_end_with_the_deadline() -> None:
    error, parts, _ = ask([faults.endless_informational, reply(GOOD)], attempt_deadline_s=0.5)
    assert error is None
    assert parts.errors() == {"deadline": 1}


_CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    "handler",
    [
        faults.raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
        faults.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n"),
        faults.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}"),
        faults.raw(b"HTTP/1.1 20O OK\r\n\r\n"),
        faults.raw(b"{}"),
        faults.raw(b"\x15\x03\x01\x00\x02\x02F"),
        faults.raw(b"\x00" * 100),
        faults.raw(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n{}"),
        faults.body_then(b"-5\r\n", _CHUNKED),
        faults.body_then(b"zz\r\n{}\r\n", _CHUNKED),
        faults.body_then(b"fffffffffffffffffffff\r\n{}", _CHUNKED),
        faults.body_then(b"2\r\n{}\r\n", _CHUNKED),
        faults.body_then(GOOD[:-1], b"Content-Length: %d\r\n" % len(GOOD)),
        reply(b"", 600),
        reply(GOOD, 999),
    ],
    ids=lambda _: "wire",
)
def test_what_is_no_http_is_named_and_tried_again(handler: Handler) -> None:
    error, parts, _ = ask([handler, handler, reply(GOOD)])
    assert error is None
    assert parts.errors() == {"protocol": 2}
    assert [kept.status for kept in parts.sink.kept] == [200]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_redirect_is_refused_and_the_key_stays_here(host: str, status: int) -> None:
    with FaultServer(reply(GOOD)) as sink:
        target = sink.url.replace("127.0.0.1", host)
        error, _, requests = ask([reply(b"", status, location=target)])
        assert type(error) is ProviderError
        assert requests == 1
        assert sink.requests == []


@pytest.mark.parametrize("target", ["/v2/elsewhere", "//localhost/", "?page=2", "", "ftp://x/"])
def test_a_redirect_within_the_host_or_to_nowhere_is_refused_too(target: str) -> None:
    error, _, requests = ask([reply(GOOD, 302, location=target), reply(GOOD)])
    assert type(error) is ProviderError
    assert requests == 1


def test_the_sink_would_have_seen_the_key() -> None:
    # What the two tests above rely on: a client that is sent there does show its key.
    with FaultServer(reply(GOOD)) as sink, bench(sink.url) as parts:
        parts.client.prices([1])
        assert sink.requests[0].headers["x-api-key"] == KEY


def test_proxy_variables_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(reply(GOOD)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        error, _, requests = ask([reply(GOOD)])
        assert error is None
        assert requests == 1
        assert proxy.requests == []


@pytest.mark.parametrize(
    "script",
    [
        [reply(failure(f"key {KEY} is unknown"), 401)],
        [reply(failure(KEY), 422, x_request_id=KEY, retry_after=KEY)],
        [reply(failure(KEY))],
        [reply(KEY.encode())],
        [reply(b"", 503)],
        [faults.close_without_reply],
        [faults.endless_head],
        [reply(GOOD)],
    ],
)
def test_the_key_shows_nowhere(script: list[Handler], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    error, parts, _ = ask(script)
    shown = [repr(error), str(error), caplog.text, repr(vars(parts.client)), repr(parts.sink.kept)]
    assert [text for text in shown if KEY in text] == []


ESCAPED = "".join(f"\\u{ord(sign):04x}" for sign in KEY).encode()


@pytest.mark.parametrize(
    "reply_with_it",
    [
        reply(envelope({"TOKEN_ID": 1, "CURRENT_PRICE": 2.5, "X": "?"}).replace(b"?", ESCAPED)),
        reply(envelope({"TOKEN_ID": 1, "CURRENT_PRICE": 2.5, KEY.encode().hex().upper(): 1})),
        reply(failure(base64.b64encode(b"key: " + KEY.encode()).decode()), 401),
        reply(ESCAPED, 500, content_type="text/html"),
        reply(GOOD, x_request_id=KEY.encode().hex()),
    ],
)
def test_an_answer_that_shows_the_key_in_disguise_is_neither_read_nor_kept_nor_repeated(
    reply_with_it: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with FaultServer(reply_with_it, reply(GOOD)) as server, bench(server.url) as parts:
        with pytest.raises(BadPayloadError, match="shows the key") as caught:
            parts.client.prices([1])
        assert (len(server.requests), parts.sink.kept) == (1, [])
        assert parts.errors() == {"key_shown": 1}
        shown = str(caught.value) + caplog.text
        assert not any(form in shown for form in dresses(KEY))
        assert parts.client.prices([1]).observations
        assert len(parts.sink.kept) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "api.tokenmetrics.com",
        "https://",
        "https://[::1",
        "https://host:port",
        "https://host/?key=1",
    ],
)
def test_an_address_that_would_send_the_key_in_clear_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base URL"), bench(url):
        pass


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught, bench("https://user:pa55word@host"):
        pass
    assert "pa55word" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "short", "with blank inside", "line\nbreak-and-more"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Bench(ClientSettings(), key=key)
    assert not key or key not in str(caught.value)
