"""The command line, called in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from bot.cli.main import app
from bot.domain.errors import HourhandError
from tests.support.published import check_document

HEALTH = {0, 1, 2}  # healthy, degraded, failing


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command printed, and its exit code with the message that `main` would print."""

    out: str
    code: int
    error: str = ""


def run(*arguments: object) -> Outcome:
    """Call a command; an error that is none of ours is raised, for it would be a traceback."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    problem = result.exception
    if isinstance(problem, HourhandError):
        return Outcome(result.stdout, problem.exit_code, str(problem))
    if problem is not None and not isinstance(problem, SystemExit):
        raise problem
    if "--json" in arguments and result.stdout:
        check_document([str(argument) for argument in arguments], json.loads(result.stdout))
    return Outcome(result.stdout, result.exit_code, result.stderr)


def ask(*arguments: object) -> Any:
    """The one JSON document of a command that goes well, or of a status that tells of trouble."""
    outcome = run(*arguments, "--json")
    assert outcome.code in (HEALTH if "status" in arguments else {0}), outcome.error
    return json.loads(outcome.out)
