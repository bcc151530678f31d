"""Market snapshots and valuations; both are written once and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "valuation_0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables ``market_snapshots`` and ``valuations``."""
    op.create_table(
        "market_snapshots",
        sa.Column("institution_id", sa.String(64), primary_key=True),
        sa.Column("snapshot_id", sa.String(64), primary_key=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "valuations",
        sa.Column("institution_id", sa.String(64), primary_key=True),
        sa.Column("valuation_id", sa.String(64), primary_key=True),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("asset_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("valuation_date", sa.Date, nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger, nullable=False),
        sa.Column("value_cny", sa.Double, nullable=False),
        sa.Column("pledge_value_cny", sa.Double, nullable=False),
        sa.Column("snapshot_id", sa.String(64), nullable=False),
        sa.Column("asset", sa.LargeBinary, nullable=False),
        sa.Column("valuation", sa.LargeBinary, nullable=False),
    )
    op.create_index("valuations_by_time", "valuations", ["institution_id", "recorded_at_us", "valuation_id"])
    op.create_index("valuations_by_request", "valuations", ["institution_id", "request_id"])
    op.create_index(
        "valuations_by_asset", "valuations", ["institution_id", "asset_id", "recorded_at_us", "valuation_id"]
    )


def downgrade() -> None:
    """Drops both tables."""
    op.drop_table("valuations")
    op.drop_table("market_snapshots")
