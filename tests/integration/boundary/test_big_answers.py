"""A provider of big answers: what is kept of them is bounded at every slot, and audits clean."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

from bot.app.audit import audit_home
from bot.app.settings import load_settings
from bot.domain.instants import HOUR
from tests.support.boundary import EDGE, START, Provider, way

KEPT = "SELECT coalesce(sum(length(body)), 0) FROM raw_body"


@pytest.mark.parametrize("megabytes", [1, 4])
def test_the_bound_holds_at_every_answer_and_what_is_kept_audits_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], megabytes: int
) -> None:
    provider = Provider((1, 2), START + 2 * HOUR)
    noise = random.Random(1)
    seen: list[int] = []

    def kept() -> int:
        return int(str(made.rows(KEPT)[0][0]))

    def change(_: str, rows: list[dict[str, object]]) -> list[object]:
        seen.append(kept())
        padding = base64.b64encode(noise.randbytes(1_500_000)).decode()
        return [*(row | {"PADDING": padding} for row in rows[:1]), *rows[1:]]

    with way(tmp_path, provider, EDGE, daily_every=HOUR, raw_max_mb=megabytes) as (made, _):
        provider.clock = made.clock.now
        provider.change = change
        for _ in range(4):
            made.slots(1)
            seen.append(kept())
        assert made.decisions()
        made.retention.run(made.clock.now())
    assert max(seen) <= megabytes * 1_000_000
    assert (max(seen) > 1_500_000) == (megabytes > 1)
    assert "raw.less_than_a_day" in capsys.readouterr().out
    for folder in ("config", "secrets"):
        (tmp_path / folder).mkdir()
    (tmp_path / "config" / "hourhand.toml").write_text("")
    result = audit_home(load_settings(tmp_path))
    assert result.findings == []
    assert result.recomputed["pruned"] > 10
