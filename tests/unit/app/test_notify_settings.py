"""Settings of messages and retention: what is refused, in clear words that show no secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.adapters.notify.webhook import Webhook
from bot.app.bootstrap import wall_ms
from bot.app.settings import load_settings
from bot.app.sinks import build_sinks, sink_places
from bot.domain.errors import ConfigError

CANARY = "canary-of-webhooks-0123456789"
URL = "https://hooks.example.org/in?token=hidden"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("HOURHAND_"):
            monkeypatch.delenv(name)


def write(home: Path, name: str, text: str) -> Path:
    path = home / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def faults_of(home: Path, lines: str = "", overrides: dict[str, object] | None = None) -> list[str]:
    write(home, "config/hourhand.toml", lines)
    with pytest.raises(ConfigError) as problem:
        load_settings(home, overrides)
    assert CANARY not in str(problem.value)
    assert "hidden" not in str(problem.value)
    return problem.value.faults


def test_nobody_is_told_anything_unless_asked_for(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert build_sinks(settings, wall_ms) == []
    assert sink_places(settings) == {}
    assert (settings.raw_keep_days, settings.raw_max_mb) == (0, 2_000)


@pytest.mark.parametrize("place", ["secrets/webhook_secret", ".env"])
def test_a_webhook_needs_its_address_and_a_secret(tmp_path: Path, place: str) -> None:
    write(tmp_path, "config/hourhand.toml", f'webhook_url = "{URL}"\nnotify_log = true\n')
    text = CANARY if place.startswith("secrets") else f"HOURHAND_WEBHOOK_SECRET={CANARY}\n"
    write(tmp_path, place, text)
    settings = load_settings(tmp_path)
    log, webhook = build_sinks(settings, wall_ms)
    assert isinstance(webhook, Webhook)
    assert (log.name, webhook.name, webhook.per_minute) == ("log", "webhook", 30)
    assert sink_places(settings) == {"log": "the log", "webhook": "hooks.example.org"}
    assert settings.shows_key(f"signed with {CANARY}!")
    assert CANARY not in repr(settings)


def test_a_webhook_without_a_secret_is_refused(tmp_path: Path) -> None:
    assert faults_of(tmp_path, f'webhook_url = "{URL}"\n') == [
        "config/hourhand.toml: webhook_url: needs a secret to sign with: put one into "
        "secrets/webhook_secret or .env"
    ]


def test_a_secret_that_others_can_read_or_that_stands_in_the_wrong_place_is_refused(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "secrets/webhook_secret", CANARY)
    path.chmod(0o644)
    (fault,) = faults_of(tmp_path)
    assert "secrets/webhook_secret: others can read it" in fault
    path.unlink()
    (fault,) = faults_of(tmp_path, f'webhook_secret = "{CANARY}"\n')
    assert "belongs into secrets/webhook_secret or .env" in fault
    (fault,) = faults_of(tmp_path, overrides={"webhook_secret": CANARY})
    assert "other users of the machine could read it" in fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("short", "must be 24 bytes or more"),
        ("whsec_QUJD", "must be 24 bytes or more"),
        ("whsec_not base64 at all, at all", "is not base64"),
        (f"{CANARY}\nx", "must be printable ASCII text on one line"),
        ("x" * 501, "too long"),
    ],
)
def test_a_secret_that_cannot_sign_is_refused_unseen(tmp_path: Path, text: str, fault: str) -> None:
    write(tmp_path, "secrets/webhook_secret", text)
    faults = faults_of(tmp_path)
    assert [one for one in faults if one.startswith("secrets: webhook_secret") and fault in one]
    assert text[:12] not in str(faults)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('webhook_url = "http://example.org/x?hidden"', "must be an https address"),
        ('webhook_url = "https://u:hidden@example.org/"', "without user"),
        ('webhook_url = "https://10.0.0.1/hidden"', "is not a public address"),
        ('webhook_url = "http://127.0.0.1:9/hidden"', "webhook_allow_private = true"),
        ('webhook_allow_private = true\nwebhook_url = "https://169.254.169.254/"',
         "is no address of a web server"),
    ],
)  # fmt: skip
def test_an_address_that_a_webhook_may_not_have_is_refused(
    tmp_path: Path, lines: str, fault: str
) -> None:
    write(tmp_path, "secrets/webhook_secret", CANARY)
    (found,) = faults_of(tmp_path, lines + "\n")
    assert found.startswith("config/hourhand.toml: webhook_url: ")
    assert fault in found


def test_a_private_address_may_be_allowed(tmp_path: Path) -> None:
    write(tmp_path, "secrets/webhook_secret", CANARY)
    lines = 'webhook_url = "http://127.0.0.1:9/x"\nwebhook_allow_private = true\n'
    write(tmp_path, "config/hourhand.toml", lines)
    assert sink_places(load_settings(tmp_path)) == {"webhook": "127.0.0.1"}


@pytest.mark.parametrize(
    "line",
    [
        "notify_per_minute = 0", "notify_attempts = 0", "webhook_deadline_s = 61",
        "webhook_deadline_s = 0", "raw_keep_days = -1", "raw_max_mb = -1", 'notify_log = "maybe"',
        "raw_keep_days = 1.5", "raw_max_mb = nan",
    ],
)  # fmt: skip
def test_a_bound_that_makes_no_sense_is_refused(tmp_path: Path, line: str) -> None:
    key = line.split(" =", maxsplit=1)[0]
    for fault in faults_of(tmp_path, line + "\n"):
        assert fault.startswith(f"config/hourhand.toml: {key}: ")
