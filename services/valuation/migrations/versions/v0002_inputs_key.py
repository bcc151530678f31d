"""Valuations can be found by what decided them; older ones have no key and are not found."""

import sqlalchemy as sa
from alembic import op

revision = "valuation_0002"
down_revision = "valuation_0001"


def upgrade() -> None:
    """Adds the column ``inputs_key`` with its index."""
    op.add_column("valuations", sa.Column("inputs_key", sa.String(64), nullable=True))
    op.create_index("valuations_by_inputs", "valuations", ["institution_id", "inputs_key", "recorded_at_us"])


def downgrade() -> None:
    """Drops the column."""
    op.drop_index("valuations_by_inputs", "valuations")
    op.drop_column("valuations", "inputs_key")
