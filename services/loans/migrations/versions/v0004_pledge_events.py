"""Re-valuations that moved a loan through a level; rows are added and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "loans_0004"
down_revision = "loans_0003"


def upgrade() -> None:
    """Creates the table ``pledge_event``."""
    text = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "pledge_event",
        sa.Column("seq", number, primary_key=True, autoincrement=True),
        sa.Column("institution_id", text, nullable=False),
        sa.Column("loan_id", text, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("recorded_at", text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_index("ix_pledge_event_loan", "pledge_event", ["institution_id", "loan_id", "seq"])


def downgrade() -> None:
    """Drops the table."""
    op.drop_table("pledge_event")
