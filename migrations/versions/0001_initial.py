"""The first schema: record and ledger."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements of the file beside this one; they stand a blank line apart."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for paragraph in text.split("\n\n"):
        if not paragraph.startswith("--"):
            op.get_bind().exec_driver_sql(paragraph)


def downgrade() -> None:
    """Refused: a ledger is never taken back; restore the backup made before the upgrade."""
    raise RuntimeError("a downgrade would lose records: restore a backup instead")
