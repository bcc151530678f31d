from typing import Any

import pytest
import sqlalchemy as sa

from services.runtime.database import reading, transaction
from services.runtime.institution import institution_column, unscoped_tables

metadata = sa.MetaData()
loan = sa.Table(
    "loan", metadata, institution_column(primary_key=True), sa.Column("id", sa.Integer, primary_key=True)
)
pledge = sa.Table(
    "pledge",
    metadata,
    institution_column(primary_key=True),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("loan_id", sa.Integer),
)
price = sa.Table("price", metadata, sa.Column("day", sa.Integer))
other = loan.alias("other")
mine, theirs = loan.c.institution_id == "a", pledge.c.institution_id == "a"
same = loan.c.institution_id == pledge.c.institution_id
scoped_rows = sa.select(loan.c.id).where(mine).subquery()
all_rows = sa.select(loan.c.id).subquery()


@pytest.mark.parametrize(
    ("statement", "unscoped"),
    [
        (sa.select(loan).where(mine), ()),
        (sa.select(loan).where(sa.literal("a") == loan.c.institution_id), ()),
        (sa.select(loan).where(loan.c.institution_id.in_(["a", "b"])), ()),
        (sa.select(loan.c.id).where(loan.c.id == 1, mine).order_by(loan.c.id).limit(1), ()),
        (sa.select(price), ()),
        (sa.select(loan, pledge).where(mine, theirs), ()),
        (sa.select(loan).join(pledge, same).where(mine), ()),
        (sa.select(scoped_rows.c.id), ()),
        (sa.select(price).where(price.c.day.in_(sa.select(loan.c.id).where(mine))), ()),
        (sa.union_all(sa.select(loan.c.id).where(mine), sa.select(pledge.c.id).where(theirs)), ()),
        (sa.update(loan).where(mine).values(id=1), ()),
        (sa.delete(loan).where(mine), ()),
        (sa.select(other).where(other.c.institution_id == "a"), ()),
        (sa.select(loan), ("loan",)),
        (sa.select(loan).where(loan.c.institution_id != "a"), ("loan",)),
        (sa.select(sa.func.count()).select_from(loan), ("loan",)),
        (sa.select(sa.func.max(loan.c.id)), ("loan",)),
        (sa.select(loan).join(pledge, loan.c.id == pledge.c.loan_id).where(mine), ("pledge",)),
        (sa.select(loan).join(pledge, same), ("loan", "pledge")),
        (sa.select(all_rows.c.id), ("loan",)),
        (sa.select(price).where(price.c.day.in_(sa.select(loan.c.id))), ("loan",)),
        (sa.union_all(sa.select(loan.c.id).where(mine), sa.select(pledge.c.id)), ("pledge",)),
        (sa.update(loan).values(id=1), ("loan",)),
        (sa.delete(loan).where(loan.c.id == 1), ("loan",)),
        (sa.select(loan, other).where(mine), ("other",)),
        (sa.select(loan).where(sa.exists().where(pledge.c.loan_id == loan.c.id), mine), ("pledge",)),
    ],
)
def test_a_query_names_the_institution_of_each_table(statement: Any, unscoped: tuple[str, ...]) -> None:
    assert unscoped_tables(statement) == unscoped


def test_an_engine_refuses_a_query_without_institution(engine: sa.Engine) -> None:
    metadata.create_all(engine)
    with transaction(engine) as connection:
        connection.execute(
            sa.insert(loan), [{"institution_id": "a", "id": 1}, {"institution_id": "b", "id": 2}]
        )
    with reading(engine) as connection:
        assert list(connection.scalars(sa.select(loan.c.id).where(mine))) == [1]
        with pytest.raises(RuntimeError, match="query on loan without a condition on institution_id"):
            connection.execute(sa.select(loan))
        everything = sa.select(loan.c.id).order_by(loan.c.id).execution_options(across_institutions=True)
        assert list(connection.scalars(everything)) == [1, 2]


def test_a_row_without_institution_is_refused(engine: sa.Engine) -> None:
    metadata.create_all(engine)
    with pytest.raises(sa.exc.IntegrityError), transaction(engine) as connection:
        connection.execute(sa.insert(loan).values(institution_id=None, id=1))
