"""Where term sheets are kept: the port, and its SQL adapter for SQLite and PostgreSQL.

The table is append-only. The version in force on a day is the one with the latest `as_of` not after that day, and among
those the one recorded last. Terms are kept as JSON; amounts are text in it, so that no digit is lost.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Protocol, get_args, get_type_hints

import msgspec
import sqlalchemy as sa

from services.fund.fund_terms.terms import FundTerms, Step, StoredTerms
from services.runtime.database import reading, wait_for_writers
from services.runtime.errors import NotFound
from services.runtime.institution import institution_column
from services.runtime.moments import stored_moment

_TERMS = 0x0F_0E
# All fields but the steps: the library refuses a union of several dataclasses, which the steps are.
_KINDS = {name: kind for name, kind in get_type_hints(FundTerms).items() if name != "steps"}

versions_table = sa.Table(
    "fund_terms_versions",
    sa.MetaData(),
    sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    institution_column(),
    sa.Column("terms_id", sa.String(64), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("terms_json", sa.Text, nullable=False),
)


class TermsRepository(Protocol):
    """What the service needs of its store; every method is scoped by the institution."""

    def put(
        self,
        connection: sa.Connection,
        institution_id: str,
        as_of: dt.date,
        terms_id: str,
        terms: FundTerms,
    ) -> bool:
        """Add a version; False, and nothing added, where the same terms are in force on that day."""

    def get(self, institution_id: str, terms_id: str, as_of: dt.date | None = None) -> StoredTerms:
        """The version in force on a day, None for the latest.

        Raises:
            NotFound: there is none.
        """

    def newest(self, institution_id: str) -> tuple[StoredTerms, ...]:
        """The newest version of every term sheet, in order of the id."""


class SqlTermsRepository:
    """The adapter for SQLAlchemy engines from `services.runtime.database`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put(
        self,
        connection: sa.Connection,
        institution_id: str,
        as_of: dt.date,
        terms_id: str,
        terms: FundTerms,
    ) -> bool:
        """See `TermsRepository.put`."""
        wait_for_writers(connection, _TERMS, institution_id)
        found = connection.execute(_in_force(institution_id, terms_id, as_of)).mappings().first()
        if found is not None and _stored(found).terms == terms:
            return False
        row = {
            "institution_id": institution_id,
            "terms_id": terms_id,
            "as_of": as_of,
            "recorded_at": dt.datetime.now(dt.UTC),
            "terms_json": encode_terms(terms),
        }
        connection.execute(sa.insert(versions_table), [row])
        return True

    def get(self, institution_id: str, terms_id: str, as_of: dt.date | None = None) -> StoredTerms:
        """See `TermsRepository.get`."""
        with reading(self._engine) as connection:
            found = connection.execute(_in_force(institution_id, terms_id, as_of)).mappings().first()
        if found is None:
            when = "" if as_of is None else f" on {as_of}"
            raise NotFound(
                f"terms {terms_id!r}: not stored{when}, expected terms that were stored (ecopledge fund terms put)"
            )
        return _stored(found)

    def newest(self, institution_id: str) -> tuple[StoredTerms, ...]:
        """See `TermsRepository.newest`."""
        columns = versions_table.c
        ids = (
            sa.select(columns.terms_id)
            .where(columns.institution_id == institution_id)
            .distinct()
            .order_by(columns.terms_id)
        )
        with reading(self._engine) as connection:
            return tuple(
                _stored(connection.execute(_in_force(institution_id, terms_id, None)).mappings().one())
                for terms_id in connection.scalars(ids).all()
            )


def _in_force(institution_id: str, terms_id: str, as_of: dt.date | None) -> sa.Select[Any]:
    columns = versions_table.c
    query = sa.select(versions_table).where(
        columns.institution_id == institution_id, columns.terms_id == terms_id
    )
    if as_of is not None:
        query = query.where(columns.as_of <= as_of)
    return query.order_by(columns.as_of.desc(), columns.version_id.desc()).limit(1)


def _stored(row: Mapping[Any, Any]) -> StoredTerms:
    return StoredTerms(
        row["terms_id"], row["as_of"], stored_moment(row["recorded_at"]), decode_terms(row["terms_json"])
    )


def encode_terms(terms: FundTerms) -> str:
    """Terms as JSON; each step with the name of its kind."""
    content = msgspec.to_builtins(terms)
    content["steps"] = [
        {"kind": type(step).__name__, "step": msgspec.to_builtins(step)} for step in terms.steps
    ]
    return msgspec.json.encode(content, order="deterministic").decode()


def decode_terms(text: str) -> FundTerms:
    """Terms from JSON."""
    content = msgspec.json.decode(text)
    kinds = {kind.__name__: kind for kind in get_args(Step)}
    steps = [msgspec.convert(item["step"], kinds[item["kind"]]) for item in content.pop("steps")]
    values = {name: msgspec.convert(content[name], kind) for name, kind in _KINDS.items() if name in content}
    return FundTerms(steps=tuple(steps), **values)
