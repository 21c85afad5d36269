"""The page about the audit: its tables are what the code checks and the tests plant."""

from __future__ import annotations

import re
from pathlib import Path

from bot.adapters.sql.schema import metadata
from bot.app.audit_codes import INVARIANTS, OF_NONE, Code
from tests.support.audit_page import PAGE, no_evidence
from tests.support.audit_page import rows as page_rows

FAULTS = Path(__file__).with_name("test_audit_faults.py").read_text(encoding="utf-8")


def test_the_page_lists_every_invariant_with_its_findings() -> None:
    found = page_rows(PAGE, "## The invariants")
    assert [int(row[0]) for row in found] == [one.number for one in INVARIANTS]
    assert [row[1] for row in found] == [one.text for one in INVARIANTS]
    for row, one in zip(found, INVARIANTS, strict=True):
        assert re.findall(r"`([A-Z_]+)`", row[3]) == [str(code) for code in one.codes], row[0]


def test_the_page_names_the_fault_that_is_planted_for_each() -> None:
    for row in page_rows(PAGE, "## The invariants"):
        assert f'    {row[0]}: ("{row[4]}", ' in FAULTS


def test_every_code_speaks_of_one_invariant_or_of_none() -> None:
    listed = [code for one in INVARIANTS for code in one.codes]
    assert sorted(listed) == sorted(set(Code) - set(OF_NONE))
    assert [one.number for one in INVARIANTS] == list(range(1, 36))


def test_cells_without_evidence_are_cells_of_the_schema() -> None:
    for table, columns in no_evidence().items():
        assert columns <= {column.name for column in metadata.tables[table].columns}, table
