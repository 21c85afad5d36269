"""An HTTP server that speaks the provider's wire over any record, with faults on demand."""

from bot.simulator.app import create_app
from bot.simulator.clock import Clock, RunningClock, SteppedClock
from bot.simulator.disturb import DataFaults, disturb
from bot.simulator.faults import (
    Fault,
    FaultKind,
    FaultPlan,
    RandomFault,
    ScriptedFault,
    parse_random_fault,
)
from bot.simulator.options import SimulatorOptions
from bot.simulator.serve import Server
from bot.simulator.source import Lags, MarketSource

__all__ = [
    "Clock",
    "DataFaults",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "Lags",
    "MarketSource",
    "RandomFault",
    "RunningClock",
    "ScriptedFault",
    "Server",
    "SimulatorOptions",
    "SteppedClock",
    "create_app",
    "disturb",
    "parse_random_fault",
]
