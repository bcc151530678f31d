"""Reported positions and movements of principal; rows are added and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "loans_0002"
down_revision = "loans_0001"


def upgrade() -> None:
    """Creates the tables ``loan_position`` and ``loan_movement``."""
    text = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "loan_position",
        sa.Column("seq", number, primary_key=True, autoincrement=True),
        sa.Column("institution_id", text, nullable=False),
        sa.Column("loan_id", text, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("recorded_at", text, nullable=False),
        sa.Column("balance_cents", sa.BigInteger, nullable=False),
        sa.Column("rate_annual", sa.Float(53), nullable=False),
        sa.Column("overdue_days", sa.Integer, nullable=False),
        sa.Column("overdue_principal_cents", sa.BigInteger, nullable=False),
        sa.Column("quality", sa.String(16), nullable=True),
        sa.Column("is_credit_impaired", sa.Boolean, nullable=False),
    )
    op.create_index("ix_loan_position_loan", "loan_position", ["institution_id", "loan_id", "as_of", "seq"])
    op.create_index("ix_loan_position_day", "loan_position", ["institution_id", "as_of"])
    op.create_table(
        "loan_movement",
        sa.Column("seq", number, primary_key=True, autoincrement=True),
        sa.Column("institution_id", text, nullable=False),
        sa.Column("movement_id", text, nullable=False),
        sa.Column("loan_id", text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("recorded_at", text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_loan_movement_current", "loan_movement", ["institution_id", "movement_id", "seq"])
    op.create_index("ix_loan_movement_day", "loan_movement", ["institution_id", "day"])


def downgrade() -> None:
    """Drops both tables."""
    op.drop_table("loan_movement")
    op.drop_table("loan_position")
