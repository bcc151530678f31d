"""A writing call repeated with the same ``request_id`` gets the first answer and writes nothing twice.

The answer is kept in the same transaction as the write, so there is no moment in which one exists without
the other. A second call that arrives while the first still runs waits for it: on SQLite at ``BEGIN
IMMEDIATE``, on PostgreSQL at the unique key.
"""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Protocol, TypeVar

import sqlalchemy as sa
from google.protobuf.message import Message
from sqlalchemy.dialects import postgresql, sqlite

from services.runtime.call import current_call
from services.runtime.database import transaction
from services.runtime.errors import Conflict, InvalidInput
from services.runtime.institution import institution_column

MAX_REQUEST_ID_CHARS = 64

idempotency_table = sa.Table(
    "idempotency",
    sa.MetaData(),
    institution_column(primary_key=True),
    sa.Column("method", sa.String(255), primary_key=True),
    sa.Column("request_id", sa.String(MAX_REQUEST_ID_CHARS), primary_key=True),
    sa.Column("request_hash", sa.String(64), nullable=False),
    sa.Column("response", sa.LargeBinary, nullable=True),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
)


class WritingRequest(Protocol):
    """A generated request message with the field that every writing rpc has."""

    request_id: str

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes:  # noqa: N802  # protobuf's name
        """As every protobuf message."""


Response = TypeVar("Response", bound=Message)


def hash_request(request: WritingRequest) -> str:
    """SHA-256 in hex of the deterministic bytes of a message: equal content, equal hash."""
    return hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()


class IdempotencyStore:
    """Keeps the answers of writing calls, in the transaction that the caller holds."""

    def once(
        self,
        connection: sa.Connection,
        *,
        institution_id: str,
        method: str,
        request_id: str,
        request_hash: str,
        write: Callable[[], bytes],
    ) -> bytes:
        """Runs ``write`` unless this request was answered before.

        Args:
            connection: of the writing transaction that ``write`` uses too.
            institution_id: scope of the request id.
            method: scope of the request id.
            request_id: chosen by the caller.
            request_hash: of the whole request; see :func:`hash_request`.
            write: does the write and returns the answer. When it raises, nothing is kept.

        Returns:
            the answer of ``write``, or the answer kept for an equal request.

        Raises:
            InvalidInput: request_id is empty or longer than 64 characters.
            Conflict: the request_id was used before with other content.
        """
        check_request_id(request_id)
        key = {"institution_id": institution_id, "method": method, "request_id": request_id}
        if not self._claim(connection, key, request_hash):
            return self._kept_answer(connection, key, request_hash)
        response = write()
        connection.execute(sa.update(idempotency_table).where(*_matches(key)).values(response=response))
        return response

    def _claim(self, connection: sa.Connection, key: dict[str, str], request_hash: str) -> bool:
        row = {**key, "request_hash": request_hash, "recorded_at": dt.datetime.now(dt.UTC)}
        # On PostgreSQL this waits until a transaction that claimed the same key has ended.
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        claim = insert(idempotency_table).values(row).on_conflict_do_nothing()
        # Asked for the row: the count of an insert is not known on every driver.
        return connection.scalar(claim.returning(idempotency_table.c.request_id)) is not None

    def _kept_answer(self, connection: sa.Connection, key: dict[str, str], request_hash: str) -> bytes:
        columns = idempotency_table.c
        kept = connection.execute(
            sa.select(columns.request_hash, columns.response).where(*_matches(key))
        ).one()
        if kept.request_hash != request_hash:
            raise Conflict(
                f"request_id {key['request_id']!r} was used before for {key['method']} with other content; "
                "expected the same request or a new request_id"
            )
        if kept.response is None:
            raise Conflict(f"request_id {key['request_id']!r} is being answered in this very transaction")
        return bytes(kept.response)


class IdempotentWrites:
    """What a servicer's writing rpc calls: one transaction around the write and its kept answer.

    ``writes.run(request, PutLoansResponse, lambda connection: put_response(engine.put(connection, loans)))``
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._store = IdempotencyStore()

    def run(
        self,
        request: WritingRequest,
        response_type: type[Response],
        write: Callable[[sa.Connection], Response],
    ) -> Response:
        """Runs ``write`` once for the current call's institution, method and ``request.request_id``.

        Raises:
            InvalidInput: request_id is empty or longer than 64 characters.
            Conflict: the request_id was used before with other content.
            Unavailable: the database is busy; nothing was written.
        """
        check_request_id(request.request_id)
        call = current_call()
        request_hash = hash_request(request)
        with transaction(self._engine) as connection:
            answer = self._store.once(
                connection,
                institution_id=call.institution_id,
                method=call.method,
                request_id=request.request_id,
                request_hash=request_hash,
                write=lambda: write(connection).SerializeToString(deterministic=True),
            )
        return response_type.FromString(answer)


def check_request_id(request_id: str) -> None:
    """Refuses a request_id that cannot be kept.

    Raises:
        InvalidInput: empty, or longer than 64 characters.
    """
    if not 1 <= len(request_id) <= MAX_REQUEST_ID_CHARS:
        raise InvalidInput.of(
            "request_id", f"found {len(request_id)} characters, expected 1 to {MAX_REQUEST_ID_CHARS}"
        )


def _matches(key: dict[str, str]) -> list[sa.ColumnElement[bool]]:
    return [idempotency_table.c[name] == value for name, value in key.items()]
