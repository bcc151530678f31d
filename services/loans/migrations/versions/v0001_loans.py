"""States of loans and of their collateral; rows are added and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "loans_0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables ``loan_state`` and ``collateral_state``."""
    # Identifiers sort by code point on every database.
    text = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    for table, key, date, more in (
        ("loan_state", "loan_id", "as_of", []),
        ("collateral_state", "collateral_id", "valuation_date", [sa.Column("loan_id", text, nullable=False)]),
    ):
        op.create_table(
            table,
            sa.Column("seq", number, primary_key=True, autoincrement=True),
            sa.Column("institution_id", text, nullable=False),
            sa.Column(key, text, nullable=False),
            *more,
            sa.Column(date, sa.Date, nullable=False),
            sa.Column("recorded_at", text, nullable=False),
            sa.Column("content_hash", sa.String(64), nullable=False),
            sa.Column("content", sa.Text, nullable=False),
        )
        op.create_index(f"ix_{table}_current", table, ["institution_id", key, date, "seq"])
    op.create_index("ix_collateral_state_loan", "collateral_state", ["institution_id", "loan_id"])


def downgrade() -> None:
    """Drops both tables."""
    op.drop_table("collateral_state")
    op.drop_table("loan_state")
