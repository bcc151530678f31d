"""Versions of term sheets; a version is written once and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "fund_0002"
down_revision = "fund_0001"


def upgrade() -> None:
    """Creates the table ``fund_terms_versions``."""
    op.create_table(
        "fund_terms_versions",
        sa.Column(
            "version_id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("institution_id", sa.String(64), nullable=False),
        sa.Column("terms_id", sa.String(64), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("terms_json", sa.Text, nullable=False),
    )
    op.create_index(
        "fund_terms_versions_by_id",
        "fund_terms_versions",
        ["institution_id", "terms_id", "as_of", "version_id"],
    )


def downgrade() -> None:
    """Drops the table ``fund_terms_versions``."""
    op.drop_table("fund_terms_versions")
