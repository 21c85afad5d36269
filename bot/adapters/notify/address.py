"""Which addresses a webhook may reach: what a name resolves to is looked at before connecting."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address

_THIS_NETWORK = IPv4Network("0.0.0.0/8")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAMES = frozenset({"localhost"})
_URL_CHARS_MAX = 2_000


def url_fault(url: str, *, allow_private: bool) -> str | None:
    """Why an address cannot be a webhook's, in words that do not quote it; None where it can.

    What a name stands for is not looked up here.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is not an address"
    if len(url) > _URL_CHARS_MAX or not url.isascii() or not url.isprintable() or " " in url:
        return "must be printable ASCII text without blanks"
    if not parts.hostname or parts.scheme not in {"https", "http"}:
        return "must be an https address"
    if parts.username or parts.password or parts.fragment:
        return "must be an address without user and fragment"
    address = _literal(parts.hostname)
    local = parts.hostname in _LOCAL_NAMES or (address is not None and address.is_loopback)
    if parts.scheme == "http" and not local:
        return "must be an https address (http only on this machine)"
    if local and not allow_private:
        return "is on this machine: set webhook_allow_private = true where that is meant"
    return None if address is None else address_fault(address, allow_private=allow_private)


def address_fault(address: Address, *, allow_private: bool) -> str | None:
    """Why an address may not be connected to; None where it may."""
    inner = _inner(address)
    if not inner.is_loopback and _is_no_server(inner):
        return f"{address} is no address of a web server"
    if inner.is_global or allow_private:
        return None
    return f"{address} is not a public address: see webhook_allow_private"


def _is_no_server(address: Address) -> bool:
    """Whether nothing a webhook is meant for can be there: link-local ones hold cloud secrets."""
    return (
        address.is_multicast
        or address.is_unspecified
        or address.is_link_local
        or address.is_reserved
        or address in _THIS_NETWORK
    )


def addresses_of(host: str, port: int, timeout_s: float) -> list[Address]:
    """What a name stands for now; OSError where it cannot be found, TimeoutError in time.

    The system's lookup cannot be interrupted, so it runs in a thread that may outlive the wait.
    """
    found: list[Address] = []
    failure: list[OSError] = []

    def look() -> None:
        try:
            found.extend(_lookup(host, port))
        except (OSError, UnicodeError) as error:
            failure.append(error if isinstance(error, OSError) else OSError("no such name"))

    thread = threading.Thread(target=look, name="webhook-name", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if thread.is_alive():
        raise TimeoutError
    if failure:
        raise failure[0]
    return found


def _lookup(host: str, port: int) -> Iterator[Address]:
    for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        yield ip_address(place[0])


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one only carries."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
