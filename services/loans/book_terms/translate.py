"""Curves and funds that a book keeps, between protobuf and the domain."""

import datetime as dt

from ecopledge.loans.v1 import book_terms_pb2 as pb
from services.loans.book_terms.terms import TermsCounts, TermsKind, TermsTable, TermsVersion
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.translate import curve_to_wire, curves_from_wire, fund_to_wire, funds_from_wire
from services.runtime.moments import moment_of, text_of_moment
from services.runtime.violations import Violations
from services.runtime.wire.values import date_from_wire, date_to_wire


def tables_from_wire(request: pb.PutBookTermsRequest) -> tuple[dt.date, tuple[TermsTable, ...]]:
    """First day and tables of a PutBookTermsRequest.

    Raises:
        InvalidInput: with everything that is wrong.
    """
    violations = Violations()
    as_of = violations.collect("as_of", date_from_wire, request.as_of)
    tables: list[TermsTable] = []
    if request.HasField("default_curves"):
        at = violations.at("default_curves")
        tables += _table(
            TermsKind.DEFAULT_CURVES, curves_from_wire(request.default_curves.default_curves, at), at
        )
    if request.HasField("compensation_funds"):
        at = violations.at("compensation_funds")
        tables += _table(
            TermsKind.COMPENSATION_FUNDS,
            funds_from_wire(request.compensation_funds.compensation_funds, at),
            at,
        )
    violations.require(
        request.HasField("default_curves") or request.HasField("compensation_funds"),
        "default_curves",
        "found neither default_curves nor compensation_funds, expected one or both",
    )
    violations.raise_if_any()
    assert as_of is not None  # noqa: S101  # every reason for None is a violation; tells mypy
    return as_of, tuple(tables)


def put_to_wire(request_id: str, as_of: dt.date, tables: tuple[TermsTable, ...]) -> pb.PutBookTermsRequest:
    """The request that stores tables."""
    request = pb.PutBookTermsRequest(request_id=request_id, as_of=date_to_wire(as_of))
    for table in tables:
        _fill(request, table)
    return request


def counts_to_wire(counts: TermsCounts) -> pb.PutBookTermsResponse:
    """The answer of PutBookTerms."""
    return pb.PutBookTermsResponse(stored=counts.stored, unchanged=counts.unchanged)


def counts_from_wire(message: pb.PutBookTermsResponse) -> TermsCounts:
    """What storing tables did."""
    return TermsCounts(message.stored, message.unchanged)


def known_at_from_wire(request: pb.ListBookTermsRequest) -> dt.datetime | None:
    """The moment that a list is about; None for now.

    Raises:
        InvalidInput: the text is no moment.
    """
    violations = Violations()
    known_at = violations.collect("known_at", moment_of, request.known_at) if request.known_at else None
    violations.raise_if_any()
    return known_at


def versions_to_wire(versions: list[TermsVersion]) -> pb.ListBookTermsResponse:
    """The answer of ListBookTerms."""
    return pb.ListBookTermsResponse(versions=map(_version_to_wire, versions))


def versions_from_wire(message: pb.ListBookTermsResponse) -> tuple[TermsVersion, ...]:
    """Every version."""
    return tuple(map(_version_from_wire, message.versions))


def _table(
    kind: TermsKind,
    entries: tuple[DefaultCurve, ...] | tuple[CompensationFundTerms, ...],
    violations: Violations,
) -> list[TermsTable]:
    """The table, or none where names are wrong, which has been noted."""
    return [] if violations.found else [TermsTable(kind, entries)]


def _version_to_wire(version: TermsVersion) -> pb.BookTermsVersion:
    message = pb.BookTermsVersion(
        as_of=date_to_wire(version.as_of),
        recorded_at=text_of_moment(version.recorded_at),
        content_hash=version.table.content_hash(),
    )
    _fill(message, version.table)
    return message


def _version_from_wire(message: pb.BookTermsVersion) -> TermsVersion:
    violations = Violations()
    if message.WhichOneof("table") == "default_curves":
        curves = curves_from_wire(message.default_curves.default_curves, violations)
        table = TermsTable(TermsKind.DEFAULT_CURVES, curves)
    else:
        funds = funds_from_wire(message.compensation_funds.compensation_funds, violations)
        table = TermsTable(TermsKind.COMPENSATION_FUNDS, funds)
    violations.raise_if_any()
    return TermsVersion(date_from_wire(message.as_of), dt.datetime.fromisoformat(message.recorded_at), table)


def _fill(message: pb.PutBookTermsRequest | pb.BookTermsVersion, table: TermsTable) -> None:
    if table.kind is TermsKind.DEFAULT_CURVES:
        message.default_curves.SetInParent()
        message.default_curves.default_curves.extend(
            curve_to_wire(entry) for entry in table.entries if isinstance(entry, DefaultCurve)
        )
    else:
        message.compensation_funds.SetInParent()
        message.compensation_funds.compensation_funds.extend(
            fund_to_wire(entry) for entry in table.entries if isinstance(entry, CompensationFundTerms)
        )
