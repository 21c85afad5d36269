"""The fuzzer's targets under a bounded number of examples, and every input that once broke one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import seeds_of, words
from tests.fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "found"
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

pieces = st.lists(
    st.one_of(
        st.sampled_from([word.encode("utf-8", "surrogatepass") for word in words()]),
        st.binary(max_size=6),
        st.sampled_from([b"\n", b",", b'"', b" ", b"=", b"\x00", b"1", b"{", b"}"]),
    ),
    max_size=12,
).map(b"".join)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_own_seeds(name: str) -> None:
    seeds = list(seeds_of(name))
    assert seeds
    for seed in seeds:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
@QUICK
@given(data=pieces)
def test_no_bytes_break_a_parser(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
@QUICK
@given(seed=st.integers(0, 2**32), cuts=st.integers(1, 6))
def test_no_damage_to_a_good_input_breaks_a_parser(name: str, seed: int, cuts: int) -> None:
    chance = random.Random(seed)
    data = bytearray(chance.choice(list(seeds_of(name))))
    for _ in range(cuts):
        at = chance.randrange(len(data) + 1)
        word = chance.choice(words()).encode("utf-8", "surrogatepass")
        match chance.randrange(4):
            case 0:
                data[at : at + chance.randrange(9)] = b""
            case 1:
                data[at:at] = word
            case 2:
                data[at : at + len(word)] = word
            case _:
                data[at:at] = data[at : at + chance.randrange(200)]
    TARGETS[name](bytes(data))


@pytest.mark.parametrize(
    "path", sorted(FOUND.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name[:20]}"
)
def test_what_once_broke_a_parser_breaks_it_no_more(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())
