"""Kept answers of writing calls."""

import sqlalchemy as sa
from alembic import op

revision = "runtime_0001"
down_revision = None


def upgrade() -> None:
    """Creates the table ``idempotency``."""
    op.create_table(
        "idempotency",
        sa.Column("institution_id", sa.String(64), primary_key=True),
        sa.Column("method", sa.String(255), primary_key=True),
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("response", sa.LargeBinary, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drops the table ``idempotency``."""
    op.drop_table("idempotency")
