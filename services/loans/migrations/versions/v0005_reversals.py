"""A movement may name the one that it reverses; rows that were recorded before name none."""

import sqlalchemy as sa
from alembic import op

revision = "loans_0005"
down_revision = "loans_0004"


def upgrade() -> None:
    """Adds the column ``reverses`` of ``loan_movement``, with an index of the rows that have it."""
    text = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.add_column("loan_movement", sa.Column("reverses", text, nullable=True))
    given = sa.text("reverses IS NOT NULL")
    op.create_index(
        "ix_loan_movement_reverses",
        "loan_movement",
        ["institution_id", "reverses"],
        sqlite_where=given,
        postgresql_where=given,
    )


def downgrade() -> None:
    """Drops both."""
    op.drop_index("ix_loan_movement_reverses", "loan_movement")
    op.drop_column("loan_movement", "reverses")
