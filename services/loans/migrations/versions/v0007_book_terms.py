"""Default curves and risk-compensation funds of a book; rows are added and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "loans_0007"
down_revision = "loans_0006"


def upgrade() -> None:
    """Creates the table ``book_terms``."""
    text = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "book_terms",
        sa.Column("seq", number, primary_key=True, autoincrement=True),
        sa.Column("institution_id", text, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("recorded_at", text, nullable=False),
        sa.Column("content_hash", text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_index("ix_book_terms_kind", "book_terms", ["institution_id", "kind", "as_of", "seq"])


def downgrade() -> None:
    """Drops the table."""
    op.drop_table("book_terms")
