"""What the audit can find: a closed list of codes, and the invariant that each speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The rule that does not hold."""

    # the file
    INTEGRITY = "INTEGRITY"  # SQLite itself finds the file damaged or a constraint broken
    SCHEMA = "SCHEMA"  # a table, index or trigger is missing, foreign or altered
    TYPE = "TYPE"  # a value of another type than its column's, or absent where it must not be
    TIMESTAMP = "TIMESTAMP"  # an instant outside 2000 to 2100, or a slot that is no whole hour
    SECRET = "SECRET"  # noqa: S105  (a code, no secret)  something that looks like a key
    META = "META"  # the ledger's identity is absent or not one
    HASH = "HASH"  # content that no longer has the hash that stands beside it
    UNREADABLE = "UNREADABLE"  # a check could not be carried out on what stands there
    # the record
    RAW_BODY = "RAW_BODY"  # a raw response was changed
    RAW_CHAIN = "RAW_CHAIN"  # a raw response is missing, was put in, or its cells were changed
    IMPORT = "IMPORT"  # imported rows are no longer those of their import
    OBSERVATION = "OBSERVATION"  # a stored row is not what its response says
    OBSERVATION_MISSING = "OBSERVATION_MISSING"  # a response says what no row holds
    SLOT = "SLOT"  # a slot's freeze is absent or not the one that its cycle names
    SLOT_INPUT = "SLOT_INPUT"  # the inputs that the engine saw come out differently
    INSTRUMENT = "INSTRUMENT"  # tick, lot or least order come out differently
    UNIVERSE = "UNIVERSE"
    # the ledger recomputed
    LINES = "LINES"  # a slot steps to other lines than the journal's
    ACCOUNT = "ACCOUNT"  # the last account comes out differently
    # the chain
    JOURNAL_CHAIN = "JOURNAL_CHAIN"
    JOURNAL_HEAD = "JOURNAL_HEAD"  # the journal does not end, or pass, where it was noted to
    JOURNAL_COUNT = "JOURNAL_COUNT"  # more or fewer rows than the journal says
    JOURNAL_ROWS = "JOURNAL_ROWS"  # a row says something else than the journal
    SLOT_GAP = "SLOT_GAP"
    WATERMARK = "WATERMARK"  # the account stands at another slot than the last cycle
    FUTURE = "FUTURE"
    CONFIG = "CONFIG"  # a cycle's configuration is absent or not the text of its hash
    COMMAND = "COMMAND"  # a command is missing, was put in or changed
    CONFLICT = "CONFLICT"
    LEASE = "LEASE"
    OUTBOX = "OUTBOX"
    ALERTS = "ALERTS"  # what the alerts remember comes out differently
    # orders and fills
    ORPHAN = "ORPHAN"  # a row without the one that it follows from
    IDENTITY = "IDENTITY"  # an id is not the hash or the name of its parts
    ORDER_TWICE = "ORDER_TWICE"
    REQUEST_HASH = "REQUEST_HASH"
    BRACKET = "BRACKET"  # stop < entry < target <= cap's reach does not hold
    EXPOSURE = "EXPOSURE"  # an entry went beyond a cap
    LOOK_AHEAD = "LOOK_AHEAD"  # a slot saw what could not be had by then
    FILL_EARLY = "FILL_EARLY"  # before its order, or in a bar that had not closed
    FILL_BAR = "FILL_BAR"  # no bar known by then allows this fill
    FILL_PRICE = "FILL_PRICE"
    FEE = "FEE"
    MISSED_EXIT = "MISSED_EXIT"  # an earlier bar reached the stop or the target
    # money
    CASH = "CASH"
    CASH_LEGS = "CASH_LEGS"
    CASH_NEGATIVE = "CASH_NEGATIVE"
    POSITION = "POSITION"
    EXIT_QUANTITY = "EXIT_QUANTITY"  # a closed position sold less or more than it had bought
    TWO_POSITIONS = "TWO_POSITIONS"
    REALISED = "REALISED"
    EQUITY = "EQUITY"
    # decisions
    REASON = "REASON"
    GATE_EVIDENCE = "GATE_EVIDENCE"
    SIZE = "SIZE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """One thing that must hold of every ledger."""

    number: int
    text: str
    codes: tuple[Code, ...]


def _invariant(number: int, text: str, *codes: Code) -> Invariant:
    return Invariant(number=number, text=text, codes=codes)


INVARIANTS = (
    _invariant(1, "the file is whole", Code.INTEGRITY),
    _invariant(2, "the schema is this version's", Code.SCHEMA),
    _invariant(3, "cash is what the fills left", Code.CASH),
    _invariant(4, "every movement's legs sum to zero", Code.CASH_LEGS),
    _invariant(5, "cash is never below zero", Code.CASH_NEGATIVE),
    _invariant(6, "a position is its fills", Code.POSITION),
    _invariant(7, "profit is what the sales made", Code.REALISED),
    _invariant(8, "equity is cash and marks", Code.EQUITY),
    _invariant(9, "one open position a token, ever", Code.TWO_POSITIONS),
    _invariant(10, "every row has what it follows from", Code.ORPHAN, Code.SLOT),
    _invariant(11, "nothing fills before its order", Code.FILL_EARLY),
    _invariant(12, "nothing was known before its time", Code.LOOK_AHEAD, Code.FILL_BAR),
    _invariant(
        13, "the responses, stepped again, give the same slots",
        Code.LINES, Code.SLOT_INPUT, Code.INSTRUMENT, Code.UNIVERSE, Code.ACCOUNT,
    ),
    _invariant(14, "ids are made of their parts", Code.IDENTITY),
    _invariant(15, "no order twice", Code.ORDER_TWICE),
    _invariant(16, "a closed position sold what it bought", Code.EXIT_QUANTITY),
    _invariant(17, "prices and fees are lawful", Code.FILL_PRICE, Code.FEE),
    _invariant(18, "no exit was missed", Code.MISSED_EXIT),
    _invariant(19, "stop and target follow from the levels", Code.BRACKET),
    _invariant(20, "gates have their evidence", Code.GATE_EVIDENCE, Code.REASON),
    _invariant(21, "the size follows from its bounds", Code.SIZE),
    _invariant(22, "no entry went beyond a cap", Code.EXPOSURE),
    _invariant(23, "no slot is missing", Code.SLOT_GAP),
    _invariant(24, "no slot lies ahead", Code.FUTURE, Code.WATERMARK),
    _invariant(25, "the journal is one whole chain", Code.JOURNAL_CHAIN, Code.JOURNAL_HEAD),
    _invariant(26, "as many rows as the journal says", Code.JOURNAL_COUNT),
    _invariant(
        27, "rows say what their journal and hashes say",
        Code.JOURNAL_ROWS, Code.HASH, Code.REQUEST_HASH, Code.COMMAND,
    ),
    _invariant(28, "one message for each event", Code.OUTBOX, Code.ALERTS),
    _invariant(29, "one writer after another", Code.LEASE),
    _invariant(30, "instants are UTC milliseconds, slots whole hours", Code.TIMESTAMP),
    _invariant(31, "values are of their type, and finite", Code.TYPE),
    _invariant(32, "configurations are there, secrets are not", Code.CONFIG, Code.SECRET),
    _invariant(33, "no slot came to two results", Code.CONFLICT),
    _invariant(34, "one ledger, live or replayed", Code.META),
    _invariant(
        35, "the record is what was answered and imported",
        Code.RAW_BODY, Code.RAW_CHAIN, Code.IMPORT, Code.OBSERVATION, Code.OBSERVATION_MISSING,
    ),
)  # fmt: skip

# A check that could not be carried out speaks of no invariant: the row that broke it does.
OF_NONE = (Code.UNREADABLE,)
_NUMBERS = {code: invariant.number for invariant in INVARIANTS for code in invariant.codes}


def number_of(code: Code) -> int | None:
    """The number of the invariant that a finding is about; None for an unreadable row."""
    return _NUMBERS.get(code)
