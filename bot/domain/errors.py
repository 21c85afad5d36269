"""The one tree of things that can go wrong and that a person can do something about.

HourhandError
├── UsageError            exit 2: a command was called with something that is not there
├── ConfigError           exit 64: settings or strategy files, all faults at once
├── DataError             exit 65: a record, a candle file or an observation that cannot be read
├── LedgerError           exit 70: an invariant of the ledger does not hold
├── StorageError          exit 74: the database or a folder cannot be opened, read or written
│   └── DamageError       the database is broken, or is no longer the file that was opened
├── AlreadyRunningError   exit 75: another process holds the database
├── SchemaError           exit 78: the database has another schema
└── ProviderError         the provider, by cause
    ├── AuthError         exit 77: the key is wrong or missing
    ├── PlanError         the key is good, its plan does not cover the endpoint
    ├── RateLimitError    429, or the monthly budget is used up
    ├── UnavailableError  connection, time-out, 5xx: may pass
    ├── ClockError        its clock and ours are too far apart to say what was known when
    └── BadPayloadError   an answer that is not what the wire promises
"""

from __future__ import annotations


class HourhandError(Exception):
    """Base of all errors that are shown to the user as one message, without a traceback."""

    exit_code = 1


class UsageError(HourhandError):
    """Something named on the command line is not there or does not fit."""

    exit_code = 2


class ConfigError(HourhandError):
    """Settings or strategy files are wrong; `faults` names each with its place."""

    exit_code = 64

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class DataError(HourhandError):
    """A record, a candle file or an observation cannot be read as what it claims to be."""

    exit_code = 65


class LedgerError(HourhandError):
    """The ledger contradicts itself; nothing may be written until it is understood."""

    exit_code = 70


class StorageError(HourhandError):
    """A database or folder cannot be opened, read or written."""

    exit_code = 74


class DamageError(StorageError):
    """The database is broken, gone or another file than before: trying again does not help."""


class AlreadyRunningError(HourhandError):
    """Another process works on the same database."""

    exit_code = 75


class SchemaError(HourhandError):
    """The database was written by another version of the schema."""

    exit_code = 78


class ProviderError(HourhandError):
    """The provider did not give what was asked for."""

    exit_code = 69


class AuthError(ProviderError):
    """The provider does not know the key."""

    exit_code = 77


class PlanError(ProviderError):
    """The key is good, but its plan does not cover this endpoint or history."""


class RateLimitError(ProviderError):
    """The provider asks to wait longer than the deadline allows, or the budget is used up."""


class UnavailableError(ProviderError):
    """Connection refused, time-out or a server error that outlived the retries."""


class ClockError(ProviderError):
    """The provider's clock and ours differ by more than the limit."""


class BadPayloadError(ProviderError):
    """An answer that is not what the wire promises."""
