"""Keeps institutions apart: a query that forgets to name its institution is an error, not a leak.

A stored table has the column of :func:`institution_column`, and every SELECT, UPDATE and DELETE on it must compare
that column with a value. :func:`guard_scope` checks each statement built with SQLAlchemy before it runs; engines of
``services/runtime/database.py`` have it. Statements written as text are not looked into.

A query that is meant to see all institutions says so: ``statement.execution_options(across_institutions=True)``.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, ColumnClause
from sqlalchemy.sql.selectable import Alias

COLUMN_NAME = "institution_id"
MAX_CHARS = 64
ACROSS_OPTION = "across_institutions"


def institution_column(*, primary_key: bool = False) -> sa.Column[str]:
    """The column that every stored table has."""
    return sa.Column(COLUMN_NAME, sa.String(MAX_CHARS), nullable=False, primary_key=primary_key)


def guard_scope(engine: sa.Engine) -> None:
    """Refuses statements on ``engine`` that read or change rows without naming their institution.

    The refusal is a RuntimeError: the caller did nothing wrong, the query is.
    """

    @event.listens_for(engine, "before_execute")
    def _check(
        _connection: sa.Connection, statement: Any, _many: Any, _params: Any, options: dict[str, Any]
    ) -> None:
        if isinstance(statement, sa.Select | sa.CompoundSelect | sa.Update | sa.Delete):
            unscoped = () if options.get(ACROSS_OPTION) else unscoped_tables(statement)
            if unscoped:
                raise RuntimeError(
                    f"query on {', '.join(unscoped)} without a condition on {COLUMN_NAME}; "
                    f"expected one, or execution_options({ACROSS_OPTION}=True): {statement}"
                )


def unscoped_tables(statement: sa.sql.ClauseElement) -> tuple[str, ...]:
    """Names of the tables in ``statement`` whose institution is not fixed.

    A table's institution is fixed by comparing its column with a value (``==`` or ``IN``), or with the column of
    another table whose institution is fixed.
    """
    tables: dict[Any, str] = {}
    fixed: set[Any] = set()
    linked: list[tuple[Any, Any]] = []
    for element in _elements(statement):
        if isinstance(element, sa.Table | Alias) and COLUMN_NAME in element.c:
            tables[element] = element.name
        elif isinstance(element, BinaryExpression) and element.operator in {operators.eq, operators.in_op}:
            left, right = _scoped_table(element.left), _scoped_table(element.right)
            if left is not None and right is not None:
                linked.append((left, right))
            elif left is not None and isinstance(element.right, BindParameter):
                fixed.add(left)
            elif right is not None and isinstance(element.left, BindParameter):
                fixed.add(right)
    for _ in linked:  # at most one more table a round
        fixed |= {side for pair in linked if fixed & set(pair) for side in pair}
    return tuple(sorted(name for table, name in tables.items() if table not in fixed))


def _scoped_table(side: Any) -> Any:
    return side.table if isinstance(side, ColumnClause) and side.name == COLUMN_NAME else None


def _elements(statement: sa.sql.ClauseElement) -> Iterator[Any]:
    """Every element below a statement once, with the tables that only its columns name."""
    seen: set[int] = set()
    waiting: list[Any] = [statement]
    while waiting:
        element = waiting.pop()
        if id(element) in seen:
            continue
        seen.add(id(element))
        yield element
        if isinstance(element, sa.Table) or (
            isinstance(element, Alias) and isinstance(element.element, sa.Table)
        ):
            continue
        if isinstance(element, sa.Select):
            waiting.extend(element.columns_clause_froms)
        if isinstance(element, ColumnClause):
            if element.table is not None:
                waiting.append(element.table)
        else:
            waiting.extend(element.get_children())
