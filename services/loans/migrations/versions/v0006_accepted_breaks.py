"""Why a quarter was closed although identity checks did not hold; versions of before say nothing."""

import sqlalchemy as sa
from alembic import op

revision = "loans_0006"
down_revision = "loans_0005"


def upgrade() -> None:
    """Adds ``accepted_breaks_reason`` to ``statistics_version``."""
    op.add_column(
        "statistics_version",
        sa.Column("accepted_breaks_reason", sa.Text, nullable=False, server_default=""),
    )


def downgrade() -> None:
    """Drops the column."""
    op.drop_column("statistics_version", "accepted_breaks_reason")
