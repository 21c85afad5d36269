"""Who holds entries back, by the commands that were given."""

from __future__ import annotations

from bot.app.holds import acknowledged, holds
from bot.domain.values import Command


def pause(at: int, source: str = "operator", strategy: str = "") -> Command:
    return Command(at=at, kind="PAUSE", source=source, strategy=strategy)


def resume(at: int, source: str = "operator", strategy: str = "") -> Command:
    return Command(at=at, kind="RESUME", source=source, strategy=strategy)


def test_a_pause_holds_from_its_first_word_until_its_source_lifts_it() -> None:
    given = [pause(1), pause(2), pause(3, "conflict 1"), resume(4)]
    assert holds(given[:2], "mine") == {"operator": given[0]}
    assert list(holds(given, "mine")) == ["conflict 1"]


def test_a_pause_of_one_strategy_is_no_pause_of_another() -> None:
    given = [pause(1, strategy="mine")]
    assert list(holds(given, "mine")) == ["operator"]
    assert holds(given, "other") == holds(given, "") == {}


def test_resuming_one_strategy_leaves_the_others_paused() -> None:
    given = [pause(1), resume(2, strategy="mine")]
    assert holds(given, "mine") == {}
    assert list(holds(given, "other")) == list(holds(given, "")) == ["operator"]


def test_what_held_at_an_instant_is_what_had_been_given_by_then() -> None:
    given = [pause(5), resume(9)]
    found = [list(holds(given, "mine", until)) for until in (4, 5, 8, 9)]
    assert found == [[], ["operator"], ["operator"], []]


def test_a_conflict_is_acknowledged_by_lifting_its_pause() -> None:
    given = [pause(1, "conflict 1"), pause(1, "conflict 12"), resume(2, "conflict 12"), resume(3)]
    assert acknowledged(given) == {12}
