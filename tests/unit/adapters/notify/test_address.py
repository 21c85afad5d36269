"""A webhook reaches the web and nothing behind the machine's own doors, unless that is said."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from bot.adapters.notify.address import address_fault, addresses_of, url_fault

PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "8.8.8.8"]
PRIVATE = [
    "10.0.0.1", "172.16.5.4", "192.168.1.1", "127.0.0.1", "127.8.8.8", "::1", "fd12:3456::1",
    "100.64.0.1", "198.18.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1",
    "2002:a00:1::", "192.0.2.1",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "0.0.0.1", "0.0.0.0",  # noqa: S104  (refused)
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "fe80::1",
    "ff02::1", "::", "::ffff:169.254.169.254",
]  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_may_be_reached(text: str) -> None:
    assert address_fault(ip_address(text), allow_private=False) is None


@pytest.mark.parametrize("text", PRIVATE)
def test_a_private_address_may_be_reached_only_where_that_is_allowed(text: str) -> None:
    fault = address_fault(ip_address(text), allow_private=False)
    assert fault is not None
    assert "webhook_allow_private" in fault
    assert address_fault(ip_address(text), allow_private=True) is None


@pytest.mark.parametrize("text", NEVER)
def test_no_setting_opens_addresses_that_are_no_web_servers(text: str) -> None:
    for allowed in (False, True):
        fault = address_fault(ip_address(text), allow_private=allowed)
        assert fault is not None, allowed


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://example.org/x", "https"),
        ("ftp://example.org/x", "https"),
        ("https://", "https"),
        ("example.org", "https"),
        ("https://user:pw@example.org/", "without user"),
        ("https://example.org/#there", "fragment"),
        ("https://example.org:port/", "is not an address"),
        ("https://exa mple.org/", "blanks"),
        ("https://example.org/\n", "blanks"),
        ("https://exämple.org/", "ASCII"),
        ("https://example.org/" + "x" * 2000, "printable"),
        ("https://127.0.0.1/", "on this machine"),
        ("http://localhost:9/", "on this machine"),
        ("http://[::1]/", "on this machine"),
        ("https://10.1.2.3/", "not a public address"),
        ("https://169.254.169.254/", "no address of a web server"),
    ],
)
def test_an_address_that_cannot_be_a_webhook_is_refused_without_quoting_it(
    url: str, fault: str
) -> None:
    found = url_fault(url, allow_private=False)
    assert found is not None
    assert fault in found
    assert "pw" not in found


def test_what_may_be_private_is_said_by_a_setting() -> None:
    assert url_fault("https://example.org/a?token=1", allow_private=False) is None
    for url in ("http://127.0.0.1:8000/x", "http://localhost/x", "https://10.1.2.3/x"):
        assert url_fault(url, allow_private=True) is None
    assert url_fault("http://10.1.2.3/x", allow_private=True) is not None
    assert url_fault("https://169.254.169.254/", allow_private=True) is not None


def test_a_name_is_looked_up_in_the_forms_that_the_system_knows() -> None:
    assert addresses_of("127.1", 443, 5.0) == [ip_address("127.0.0.1")]
    with pytest.raises(OSError, match=r"name|known|associated"):
        addresses_of("nothing.invalid", 443, 5.0)
    with pytest.raises(OSError, match="name"):
        addresses_of("a" * 70 + ".example", 443, 5.0)
