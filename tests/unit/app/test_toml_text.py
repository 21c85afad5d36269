"""TOML files from strangers: bounded in size, depth and time, and told apart by type."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from bot.app.settings import load_settings
from bot.app.strategy_files import load_strategy
from bot.app.toml_text import PARTS_MAX, SIZE_MAX, TomlFault, parse, read_text
from bot.domain.errors import ConfigError
from bot.resources import resource_dir

DEEP = "is nested too deeply"


def settings_faults(home: Path, text: str) -> list[str]:
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "hourhand.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as problem:
        load_settings(home)
    return problem.value.faults


@pytest.mark.parametrize(
    "text",
    ["a." * 100_000 + "b = 1", "[" + "a." * 100_000 + "b]", '"a".' * 50_000 + "b = 1",
     "a . " * 50_000 + "b = 1", "x = {" + "a." * 100_000 + "b = 1}", "a = " + "[" * 100_000,
     "a = " + "{b = " * 40_000],
)  # fmt: skip
def test_what_is_nested_beyond_all_need_is_refused_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(TomlFault, match=DEEP):
        parse(text)
    assert time.process_time() - began < 1  # the bare parser takes minutes for some of these


@pytest.mark.parametrize(
    "text",
    ["a" * 250_000 + " = 1", '"' * 250_000, "'" * 249_999, "." * 250_000, "#" * 250_000,
     "a" + " " * 250_000, '"a' * 120_000, "[[a]]\n" * 40_000, '"\\' * 100_000,
     "\n".join(f"[a{n}.b.c.d]" for n in range(15_000))],
)  # fmt: skip
def test_no_text_of_lawful_size_takes_long(text: str) -> None:
    began = time.process_time()
    with suppress(TomlFault):
        parse(text)
    assert time.process_time() - began < 3


def test_a_key_may_have_as_many_parts_as_the_limit_and_one_more() -> None:
    assert parse(".".join(["a"] * PARTS_MAX) + " = 1")
    with pytest.raises(TomlFault, match=DEEP):
        parse(".".join(["a"] * (PARTS_MAX + 1)) + " = 1")


def test_dots_in_prose_are_no_key() -> None:
    text = 'description = "' + "It waits. It looks. It buys. " * 40 + '... v1.2.3"\n'
    assert parse(text)["description"].endswith("v1.2.3")


def test_a_settings_file_of_256_kb_is_read_and_a_longer_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("#" * SIZE_MAX)
    assert len(read_text(path)) == SIZE_MAX
    text = "#" * (SIZE_MAX + 1)
    assert settings_faults(tmp_path, text) == ["config/hourhand.toml: is larger than 256 kB"]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "5.0", "true", '"5"', "[5]", "1e2"])
def test_a_whole_number_is_a_whole_number_and_nothing_like_one(tmp_path: Path, value: str) -> None:
    faults = settings_faults(tmp_path, f"deadline_s = {value}\n")
    assert faults == ["config/hourhand.toml: deadline_s: must be a whole number"]


@pytest.mark.parametrize("value", ["1", "0", '"yes"', "nan"])
def test_a_switch_is_true_or_false(tmp_path: Path, value: str) -> None:
    faults = settings_faults(tmp_path, f"notify_log = {value}\n")
    assert faults[0] == "config/hourhand.toml: notify_log: must be true or false"


@pytest.mark.parametrize("key", ["database", "strategies", "log_file"])
@pytest.mark.parametrize("path", ["../x", "a/../../x", "..", "a\\u0000b"])
def test_a_path_cannot_leave_the_home_unseen(tmp_path: Path, key: str, path: str) -> None:
    (fault,) = settings_faults(tmp_path, f'{key} = "{path}"\n')
    assert fault.startswith(f"config/hourhand.toml: {key}: must not lead out of the home folder")


@pytest.mark.parametrize("line", ["=", "HOURHAND_API_KEY x", "'"])
def test_a_line_of_the_env_file_that_says_nothing_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"HOURHAND_LOG_LEVEL=debug\n{line}\n")
    with pytest.raises(ConfigError) as problem:
        load_settings(tmp_path)
    assert problem.value.faults == [".env:2: is no NAME=value"]


def test_an_env_file_is_bounded_and_may_begin_with_a_mark_of_its_encoding(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("\ufeffHOURHAND_LOG_LEVEL=debug\n", encoding="utf-8")
    assert load_settings(tmp_path).log_level == "debug"
    (tmp_path / ".env").write_text("#" * (SIZE_MAX + 1))
    with pytest.raises(ConfigError, match="is larger than 256 kB"):
        load_settings(tmp_path)


@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-inf", "+inf"])
def test_no_number_of_a_strategy_may_be_none(tmp_path: Path, value: str) -> None:
    """Every key in turn, as TOML allows it; each fault names the file, the line and the key."""
    keys = [
        line.split(" ")[0]
        for line in (resource_dir("strategies") / "plain.toml").read_text().splitlines()
        if line[:1].isalpha() and " = " in line and '"' not in line
    ]
    wrong = tmp_path / "a.toml"
    for key in [*keys, "cash", "risk", "sharpe_min", "mdd_max", "min_rr"]:
        wrong.write_text(f'name = "a"\n{key} = {value}\n')
        with pytest.raises(ConfigError) as problem:
            load_strategy(wrong)
        assert problem.value.faults[0].startswith(f"{wrong}:2: {key}: "), key
