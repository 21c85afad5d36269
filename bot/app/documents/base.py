"""The kinds of cells that documents share: instants, exact decimals, hashes, figures."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

_DECIMAL = r"^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$"

Instant = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$",
        description="an instant, ISO 8601, UTC",
    ),
]
Money = Annotated[
    str,
    Field(pattern=_DECIMAL, description="an amount of the quote currency, exact decimal text"),
]
Price = Annotated[str, Field(pattern=_DECIMAL, description="a price, exact decimal text")]
Quantity = Annotated[
    str, Field(pattern=_DECIMAL, description="an amount of the token, exact decimal text")
]
Rate = Annotated[str, Field(pattern=_DECIMAL, description="a fraction, exact decimal text")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 in hex digits")]
Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="an id made of the decision")]
Count = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(description="a fraction, not percent")]
Hours = Annotated[int, Field(description="whole hours")]
R = Annotated[
    float | None, Field(description="result per money at risk at the stop; null without risk")
]
Symbol = Annotated[
    str, Field(description="the token's symbol as its source spells it; its id where none is known")
]
Reason = Annotated[str, Field(pattern="^[A-Z][A-Z_0-9]*$", description="a reason code")]
Side = Literal["BUY", "SELL"]
Source = Annotated[
    Literal["local", "recorded"],
    Field(description="whether the numbers were computed from candles or came with the record"),
]
Path = Annotated[str, Field(description="a path of the file system")]
Note = Annotated[str, Field(description="a sentence for people; its wording may change")]

Span = TypedDict("Span", {"from": Instant, "to": Instant})


class Figure(TypedDict):
    """A statistic with the number of observations it rests on; null where it is missing."""

    value: float | None
    n: Count
    of: Annotated[str, Field(description="what n counts: days, slots, trades, fills")]
    low: NotRequired[float | None]
    high: NotRequired[float | None]
    wins: NotRequired[Count]
    sd: NotRequired[float | None]
    t: NotRequired[float | None]
    p: NotRequired[float | None]
    why: NotRequired[Note]


class Missing(TypedDict):
    """Something that cannot be given, and why."""

    why: Note
