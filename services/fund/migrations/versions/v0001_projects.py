"""States of projects; a state is written once and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "fund_0001"
down_revision = None


def upgrade() -> None:
    """Creates the table ``fund_project_states``."""
    op.create_table(
        "fund_project_states",
        sa.Column(
            "state_id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("institution_id", sa.String(64), nullable=False),
        sa.Column("pipeline", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sector", sa.Text, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("start_year", sa.Integer, nullable=False),
        sa.Column("end_year", sa.Integer, nullable=False),
        sa.Column("total_investment_cny", sa.String(64), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("progress", sa.Text, nullable=False),
    )
    op.create_index(
        "fund_project_states_by_project",
        "fund_project_states",
        ["institution_id", "pipeline", "project_id", "as_of", "state_id"],
    )


def downgrade() -> None:
    """Drops the table ``fund_project_states``."""
    op.drop_table("fund_project_states")
