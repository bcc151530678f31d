"""Versions of the statistics of closed quarters; rows are added and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "loans_0003"
down_revision = "loans_0002"


def upgrade() -> None:
    """Creates the table ``statistics_version``."""
    text = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "statistics_version",
        sa.Column("seq", number, primary_key=True, autoincrement=True),
        sa.Column("institution_id", text, nullable=False),
        sa.Column("period", sa.String(6), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("recorded_at", text, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.UniqueConstraint("institution_id", "period", "version", name="uq_statistics_version"),
    )


def downgrade() -> None:
    """Drops the table."""
    op.drop_table("statistics_version")
