"""`simulate`: the provider's wire over a record, candles or a generated market."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import HomeOption, instant_option, say

if TYPE_CHECKING:
    from bot.domain.values import Record

RecordOption = Annotated[Path | None, typer.Option("--record", help="Serve a record folder.")]
CandlesOption = Annotated[Path | None, typer.Option("--candles", help="Serve a folder of candles.")]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")]
StartOption = Annotated[str | None, typer.Option("--start", help="The simulated now at the start.")]
SpeedOption = Annotated[
    float | None,
    typer.Option("--speed", min=0.01, help="Run on at this many times real time. [default: steps]"),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the generated market and the faults.")]
HoursOption = Annotated[int, typer.Option("--hours", min=24, help="Of the generated market.")]
TokensOption = Annotated[int, typer.Option("--tokens", min=1, help="Of the generated market.")]
KeyOption = Annotated[
    list[str] | None, typer.Option("--key", help="Accept only these keys; repeatable.")
]
FaultOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fault", help="kind:rate, e.g. rate-limit:0.02 or server-error:0.05; repeatable."
    ),
]
LateOption = Annotated[int, typer.Option("--late-ppm", help="Rows that come late, per million.")]
CorrectedOption = Annotated[
    int, typer.Option("--corrected-ppm", help="Rows that are corrected later, per million.")
]
MissingOption = Annotated[
    int, typer.Option("--missing-ppm", help="Rows never served, per million.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(simulate)


def simulate(
    record: RecordOption = None,
    candles: CandlesOption = None,
    port: PortOption = 8737,
    start: StartOption = None,
    speed: SpeedOption = None,
    seed: SeedOption = 1,
    hours: HoursOption = 24 * 60,
    tokens: TokensOption = 8,
    key: KeyOption = None,
    fault: FaultOption = None,
    late_ppm: LateOption = 0,
    corrected_ppm: CorrectedOption = 0,
    missing_ppm: MissingOption = 0,
    home: HomeOption = None,
) -> None:
    """Serve the provider's wire on this machine; point `base_url` and `clock_url` at it.

    Without --speed the clock stands still until a daemon asks for its next wake.
    """
    from bot.app.simulation import SimulationSettings, serve

    del home  # a simulator has no home; the option is there so that every command takes it
    _check_keys(key or [])
    data = _read(record, candles)
    settings = SimulationSettings(
        port=port,
        start=instant_option(start, "--start"),
        speed=speed,
        seed=seed,
        hours=hours,
        tokens=tokens,
        keys=tuple(key or ()),
        faults=tuple(fault or ()),
        late_ppm=late_ppm,
        corrected_ppm=corrected_ppm,
        missing_ppm=missing_ppm,
    )
    serve(data, settings, say)


def _check_keys(keys: list[str]) -> None:
    """Refuse a key that the daemon's client would never send: the client itself judges it."""
    from pydantic import SecretStr

    from bot.adapters.tokenmetrics.transport import HttpTransport, TransportSettings
    from bot.domain.errors import ConfigError, UsageError

    for key in keys:
        try:
            HttpTransport(TransportSettings(base_url="http://127.0.0.1"), SecretStr(key)).close()
        except ConfigError as problem:
            raise UsageError(f"--key: {problem}") from None


def _read(record: Path | None, candles: Path | None) -> Record | None:
    from bot.domain.errors import UsageError

    if record is not None and candles is not None:
        raise UsageError("give --record or --candles, not both")
    if record is not None:
        from bot.adapters.files.record_folder import read_record

        return read_record(record)
    if candles is not None:
        from bot.adapters.files.candles import read_candles

        return read_candles(candles)[0]
    return None
