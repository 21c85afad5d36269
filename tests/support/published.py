"""Documents against their published schemas: every test that asks for one holds them true."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from bot.app.documents.registry import DOCUMENTS
from bot.app.documents.schema import document_schema


def command_of(words: Sequence[str]) -> str:
    """The command that words on a command line name: `db info` of `db info --home x --json`."""
    two = " ".join(words[:2])
    return two if two in DOCUMENTS else words[0]


@cache
def _validator(command: str) -> Draft202012Validator:
    schema = document_schema(command)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(command: str, document: Any) -> list[str]:
    """Where a document is not what its schema says."""
    return [
        f"{'/'.join(map(str, fault.absolute_path)) or 'document'}: {fault.message[:300]}"
        for fault in _validator(command).iter_errors(document)
    ]


def check_document(words: Sequence[str], document: Any) -> None:
    """Fail where a command printed what its schema does not describe."""
    found = faults(command_of(words), document)
    assert not found, f"hourhand {' '.join(words[:2])} --json:\n" + "\n".join(found[:5])
