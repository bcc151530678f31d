"""Where snapshots and valuations are kept: the port, and its SQL adapter for SQLite and PostgreSQL.

Both tables are append-only. Moments are microseconds since 1970 in UTC, which both databases keep exactly.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from services.runtime.database import reading
from services.runtime.errors import Conflict, NotFound
from services.runtime.market import MarketSnapshot
from services.runtime.migrate import upgrade, upgrade_runtime
from services.valuation.asset import Asset
from services.valuation.page import Page, PageKey
from services.valuation.prepared_market import PreparedMarket
from services.valuation.recent import Recent
from services.valuation.same_inputs import key_of
from services.valuation.stored_form import (
    asset_from_json,
    asset_to_json,
    valuation_from_json,
    valuation_to_json,
)
from services.valuation.valuation import StoredValuation, Valuation, ValuationSummary

_MARKETS_KEPT = 32
# Below the number of parameters that a statement may have on either database.
_KEYS_PER_QUERY = 5_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

_metadata = sa.MetaData()
snapshots_table = sa.Table(
    "market_snapshots",
    _metadata,
    sa.Column("institution_id", sa.String(64), primary_key=True),
    sa.Column("snapshot_id", sa.String(64), primary_key=True),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("recorded_at_us", sa.BigInteger, nullable=False),
)
valuations_table = sa.Table(
    "valuations",
    _metadata,
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
    sa.Column("inputs_key", sa.String(64), nullable=True),
)


class ValuationRepository(Protocol):
    """What the service needs of its store; every method is scoped by the institution."""

    def put_market(
        self, connection: sa.Connection, institution_id: str, snapshot: MarketSnapshot
    ) -> PreparedMarket:
        """Keep a snapshot.

        Raises:
            Conflict: the id holds other content.
        """

    def market(self, institution_id: str, snapshot_id: str) -> PreparedMarket:
        """The snapshot with an id; an empty id means the standard one.

        Raises:
            NotFound: no such snapshot.
        """

    def add_valuations(
        self,
        connection: sa.Connection,
        institution_id: str,
        request_id: str,
        valued: Sequence[tuple[Asset, Valuation]],
    ) -> None:
        """Keep valuations, each with its asset."""

    def valuations_of(self, institution_id: str, request_id: str) -> dict[str, Valuation]:
        """The valuations that a request stored, by id."""

    def found(self, institution_id: str, inputs_keys: Sequence[str]) -> dict[str, Valuation]:
        """The newest stored valuation of each key of `services.valuation.same_inputs` that has one."""

    def valuation(self, institution_id: str, valuation_id: str) -> StoredValuation:
        """One stored valuation.

        Raises:
            NotFound: no such id.
        """

    def valuations(
        self,
        institution_id: str,
        *,
        asset_id: str = "",
        known_at: dt.datetime | None = None,
        page_size: int = 100,
        after: PageKey | None = None,
    ) -> Page:
        """Stored valuations, newest first, as they were known at a moment."""


class SqlValuationRepository:
    """The adapter for SQLAlchemy engines.

    Args:
        engine: from `services.runtime.database`.
        standard: the bundled snapshot, which every institution has without having put it.
    """

    def __init__(self, engine: sa.Engine, standard: MarketSnapshot) -> None:
        self._engine = engine
        self._standard = PreparedMarket.of(standard)
        self._markets: Recent[tuple[str, str], PreparedMarket] = Recent(_MARKETS_KEPT)

    def put_market(
        self, connection: sa.Connection, institution_id: str, snapshot: MarketSnapshot
    ) -> PreparedMarket:
        """See the port."""
        market = PreparedMarket.of(snapshot)
        known = self._stored_hash(connection, institution_id, snapshot.snapshot_id)
        if known is not None and known != market.content_hash:
            raise Conflict(
                f"snapshot {snapshot.snapshot_id!r} is stored with other content (SHA-256 {known[:12]}...); "
                "expected the same content or a new snapshot_id"
            )
        if known is None:
            connection.execute(
                sa.insert(snapshots_table),
                {
                    "institution_id": institution_id,
                    "snapshot_id": snapshot.snapshot_id,
                    "content_hash": market.content_hash,
                    "content": msgspec.json.encode(snapshot, order="deterministic"),
                    "recorded_at_us": _now_us(),
                },
            )
        return market

    def market(self, institution_id: str, snapshot_id: str) -> PreparedMarket:
        """See the port."""
        if snapshot_id in {"", self._standard.snapshot.snapshot_id}:
            return self._standard
        return self._markets.get(
            (institution_id, snapshot_id),
            lambda: PreparedMarket.of(self._read_snapshot(institution_id, snapshot_id)),
        )

    def add_valuations(
        self,
        connection: sa.Connection,
        institution_id: str,
        request_id: str,
        valued: Sequence[tuple[Asset, Valuation]],
    ) -> None:
        """See the port."""
        now = _now_us()
        rows = [_row(institution_id, request_id, now, asset, valuation) for asset, valuation in valued]
        if rows:
            connection.execute(sa.insert(valuations_table), rows)

    def valuations_of(self, institution_id: str, request_id: str) -> dict[str, Valuation]:
        """See the port."""
        table = valuations_table.c
        query = sa.select(table.valuation_id, table.valuation).where(
            table.institution_id == institution_id, table.request_id == request_id
        )
        with reading(self._engine) as connection:
            return {row.valuation_id: valuation_from_json(row.valuation) for row in connection.execute(query)}

    def found(self, institution_id: str, inputs_keys: Sequence[str]) -> dict[str, Valuation]:
        """See the port."""
        table, newest = valuations_table.c, dict[str, bytes]()
        with reading(self._engine) as connection:
            for begin in range(0, len(inputs_keys), _KEYS_PER_QUERY):
                query = (
                    sa.select(table.inputs_key, table.valuation)
                    .where(
                        table.institution_id == institution_id,
                        table.inputs_key.in_(inputs_keys[begin : begin + _KEYS_PER_QUERY]),
                    )
                    .order_by(table.recorded_at_us, table.valuation_id)
                )
                newest.update((row.inputs_key, row.valuation) for row in connection.execute(query))
        return {key: valuation_from_json(stored) for key, stored in newest.items()}

    def valuation(self, institution_id: str, valuation_id: str) -> StoredValuation:
        """See the port."""
        table = valuations_table.c
        query = sa.select(table.asset, table.valuation).where(
            table.institution_id == institution_id, table.valuation_id == valuation_id
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"valuation {valuation_id!r}: this institution has none with that id")
        return StoredValuation(valuation_from_json(row.valuation), asset_from_json(row.asset))

    def valuations(
        self,
        institution_id: str,
        *,
        asset_id: str = "",
        known_at: dt.datetime | None = None,
        page_size: int = 100,
        after: PageKey | None = None,
    ) -> Page:
        """See the port."""
        table = valuations_table.c
        query = sa.select(*(table[name] for name in _SUMMARY)).where(table.institution_id == institution_id)
        if asset_id != "":
            query = query.where(table.asset_id == asset_id)
        if known_at is not None:
            query = query.where(table.recorded_at_us <= _microseconds(known_at))
        if after is not None:
            query = query.where(
                sa.tuple_(table.recorded_at_us, table.valuation_id)
                < sa.tuple_(sa.literal(after.recorded_at_us), sa.literal(after.valuation_id))
            )
        newest_first = query.order_by(table.recorded_at_us.desc(), table.valuation_id.desc())
        with reading(self._engine) as connection:
            rows = connection.execute(newest_first.limit(page_size + 1)).all()
        page = rows[:page_size]
        more = len(rows) > page_size
        return Page(
            tuple(_summary(row) for row in page),
            PageKey(page[-1].recorded_at_us, page[-1].valuation_id) if more else None,
        )

    def _stored_hash(self, connection: sa.Connection, institution_id: str, snapshot_id: str) -> str | None:
        if snapshot_id == self._standard.snapshot.snapshot_id:
            return self._standard.content_hash
        table = snapshots_table.c
        return connection.scalar(
            sa.select(table.content_hash).where(
                table.institution_id == institution_id, table.snapshot_id == snapshot_id
            )
        )

    def _read_snapshot(self, institution_id: str, snapshot_id: str) -> MarketSnapshot:
        table = snapshots_table.c
        query = sa.select(table.content).where(
            table.institution_id == institution_id, table.snapshot_id == snapshot_id
        )
        with reading(self._engine) as connection:
            content = connection.scalar(query)
        if content is None:
            raise NotFound(
                f"market snapshot {snapshot_id!r}: this institution has none with that id; "
                f"the standard one is {self._standard.snapshot.snapshot_id!r}"
            )
        return msgspec.json.decode(content, type=MarketSnapshot)


def upgrade_valuation(engine: sa.Engine) -> None:
    """Bring the tables of the runtime and of this service to the newest version."""
    upgrade_runtime(engine)
    upgrade(engine, "services.valuation:migrations", "alembic_version_valuation")


_SUMMARY = (
    "valuation_id", "asset_id", "kind", "valuation_date", "recorded_at_us", "value_cny", "pledge_value_cny",
    "snapshot_id",
)  # fmt: skip


def _row(
    institution_id: str, request_id: str, now_us: int, asset: Asset, valuation: Valuation
) -> dict[str, Any]:
    return {
        "institution_id": institution_id,
        "valuation_id": valuation.valuation_id,
        "request_id": request_id,
        "asset_id": asset.asset_id,
        "kind": valuation.kind,
        "valuation_date": valuation.valuation_date,
        "recorded_at_us": now_us,
        "value_cny": valuation.value_cny,
        "pledge_value_cny": valuation.pledge_value_cny,
        "snapshot_id": valuation.manifest.snapshot_id,
        "asset": asset_to_json(asset),
        "valuation": valuation_to_json(valuation),
        "inputs_key": key_of(valuation),
    }


def _summary(row: sa.Row[Any]) -> ValuationSummary:
    return ValuationSummary(
        row.valuation_id,
        row.asset_id,
        row.kind,
        row.valuation_date,
        _EPOCH + row.recorded_at_us * _MICROSECOND,
        row.value_cny,
        row.pledge_value_cny,
        row.snapshot_id,
    )


def _microseconds(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _now_us() -> int:
    return _microseconds(dt.datetime.now(dt.UTC))
