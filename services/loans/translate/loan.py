"""Loans, collateral and schedules between protobuf and the domain; everything wrong is collected, nothing guessed."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from google.type.date_pb2 import Date
from google.type.money_pb2 import Money

from ecopledge.loans.v1 import loans_pb2 as pb
from services.loans.collateral import MAX_VALUE_CNY, MAX_WARNINGS, Collateral
from services.loans.loan import (
    MAX_ID_CHARS,
    MAX_INDEX_WEIGHT,
    Guarantee,
    IndexWeight,
    Loan,
    PutCounts,
)
from services.loans.repayment.schedule import Instalment, RepaymentSchedule
from services.loans.translate.conditions import (
    BORROWER_SIZE_TO_WIRE,
    BORROWER_SIZES,
    GUARANTEE_MODE_TO_WIRE,
    GUARANTEE_MODES,
    subsidy_from_wire,
    subsidy_to_wire,
)
from services.loans.translate.repayment import terms_from_wire, terms_to_wire
from services.runtime.violations import Violations
from services.runtime.wire.results import schedule_from_wire, schedule_to_wire
from services.runtime.wire.values import date_from_wire, date_to_wire, decimal_from_money, money_from_decimal

MAX_ROWS = 100_000
_MAX_LABEL_CHARS = 200
_TEXTS = ("loan_id", "borrower_id", "name", "county", "industry", "product", "purpose")


def loans_from_wire(request: pb.PutLoansRequest) -> tuple[dt.date, tuple[Loan, ...]]:
    """Business date and loans of a PutLoansRequest.

    Raises:
        InvalidInput: with everything that is wrong in any row.
    """
    violations = Violations()
    as_of = violations.collect("as_of", date_from_wire, request.as_of)
    violations.require_non_empty("loans", request.loans)
    violations.require_max_length("loans", request.loans, MAX_ROWS)
    loans = violations.each("loans", request.loans, new_loan_from_message)
    _require_distinct(violations, "loans", "loan_id", [row.loan_id for row in request.loans])
    violations.raise_if_any()
    assert as_of is not None  # noqa: S101  # a missing date is a violation; tells mypy
    return as_of, loans


def collateral_from_wire(request: pb.PutCollateralRequest) -> tuple[Collateral, ...]:
    """Collateral of a PutCollateralRequest.

    Raises:
        InvalidInput: with everything that is wrong in any row.
    """
    violations = Violations()
    violations.require_non_empty("collateral", request.collateral)
    violations.require_max_length("collateral", request.collateral, MAX_ROWS)
    read = violations.each("collateral", request.collateral, collateral_from_message)
    _require_distinct(
        violations, "collateral", "collateral_id", [row.collateral_id for row in request.collateral]
    )
    violations.raise_if_any()
    return read


def loan_to_wire(loan: Loan) -> pb.Loan:
    """The message of a loan."""
    message = pb.Loan(
        loan_id=loan.loan_id,
        borrower_id=loan.borrower_id,
        name=loan.name,
        county=loan.county,
        industry=loan.industry,
        product=loan.product,
        terms=terms_to_wire(loan.terms),
        default_probability_annual=loan.default_probability_annual,
        asset_correlation=loan.asset_correlation,
        index_weights=[pb.IndexWeight(factor=w.factor, weight=w.weight) for w in loan.index_weights],
        unsecured_lgd=loan.unsecured_lgd,
        purpose=loan.purpose,
        approved_on=as_of_to_wire(loan.approved_on),
        guarantee_mode=GUARANTEE_MODE_TO_WIRE[loan.guarantee_mode],
        borrower_size=BORROWER_SIZE_TO_WIRE[loan.borrower_size],
        is_investment_grade=loan.is_investment_grade,
        subsidy=None if loan.subsidy is None else subsidy_to_wire(loan.subsidy),
        compensation_share=loan.compensation_share,
        restructured_on=as_of_to_wire(loan.restructured_on),
    )
    if loan.guarantee is not None:
        message.guarantee.CopyFrom(
            pb.Guarantee(
                guarantor_id=loan.guarantee.guarantor_id,
                share=loan.guarantee.share,
                default_probability_annual=loan.guarantee.default_probability_annual,
            )
        )
    return message


def loan_from_wire(message: pb.Loan) -> Loan:
    """The loan of a message.

    Raises:
        InvalidInput: with everything that is wrong with it.
    """
    violations = Violations()
    loan = loan_from_message(message, violations)
    violations.raise_if_any()
    assert loan is not None  # noqa: S101  # every reason for None is a violation; tells mypy
    return loan


def collateral_to_wire(collateral: Collateral) -> pb.Collateral:
    """The message of collateral."""
    return pb.Collateral(
        collateral_id=collateral.collateral_id,
        loan_id=collateral.loan_id,
        pledged_share=collateral.pledged_share,
        schedule=schedule_to_wire(collateral.schedule),
        valuation_date=date_to_wire(collateral.valuation_date),
        snapshot_id=collateral.snapshot_id,
        value_cny=collateral.value_cny,
        valuation_warnings=collateral.valuation_warnings,
    )


def counts_to_loans_response(counts: PutCounts) -> pb.PutLoansResponse:
    """The answer of PutLoans."""
    return pb.PutLoansResponse(created=counts.created, updated=counts.updated, unchanged=counts.unchanged)


def counts_to_collateral_response(counts: PutCounts) -> pb.PutCollateralResponse:
    """The answer of PutCollateral."""
    return pb.PutCollateralResponse(
        created=counts.created, updated=counts.updated, unchanged=counts.unchanged
    )


def counts_from_wire(message: pb.PutLoansResponse | pb.PutCollateralResponse) -> PutCounts:
    """What a writing call did."""
    return PutCounts(message.created, message.updated, message.unchanged)


def schedule_to_response(schedule: RepaymentSchedule) -> pb.GetScheduleResponse:
    """The answer of GetSchedule."""
    return pb.GetScheduleResponse(
        instalments=[
            pb.Instalment(
                period=row.period,
                due_on=date_to_wire(row.due_on),
                opening=money_from_decimal(row.opening_cny),
                interest=money_from_decimal(row.interest_cny),
                principal=money_from_decimal(row.principal_cny),
                payment=money_from_decimal(row.payment_cny),
                closing=money_from_decimal(row.closing_cny),
                prepaid=money_from_decimal(row.prepaid_cny),
                rate_annual=row.rate_annual,
            )
            for row in schedule.instalments
        ],
        total_interest=money_from_decimal(schedule.total_interest_cny),
    )


def schedule_from_response(message: pb.GetScheduleResponse) -> RepaymentSchedule:
    """The schedule of an answer."""
    return RepaymentSchedule(
        tuple(
            Instalment(
                row.period,
                date_from_wire(row.due_on),
                _cents(row.opening),
                _cents(row.interest),
                _cents(row.principal),
                _cents(row.closing),
                _cents(row.prepaid),
                row.rate_annual,
            )
            for row in message.instalments
        )
    )


def _cents(amount: Money) -> Decimal:
    return round(decimal_from_money(amount), 2)


def new_loan_from_message(message: pb.Loan, violations: Violations) -> Loan | None:
    """A loan that is to be stored, or None after noting everything that is wrong with it.

    What its texts must be is asked of new loans alone: one that was stored before can still be read.
    """
    texts = {field: getattr(message, field) for field in _TEXTS} | {
        "guarantee.guarantor_id": message.guarantee.guarantor_id,
        "subsidy.payer": message.subsidy.payer,
    }
    texts |= {f"index_weights[{i}].factor": row.factor for i, row in enumerate(message.index_weights)}
    before = len(violations.found)
    # Nearly all of them are, a million times over.
    if not "".join(texts.values()).isprintable():
        for field, text in texts.items():
            violations.require_printable(field, text)
    good = len(violations.found) == before
    loan = loan_from_message(message, violations)
    return loan if good else None


def loan_from_message(message: pb.Loan, violations: Violations) -> Loan | None:
    """A loan, or None after noting everything that is wrong with it."""
    good = _check_id(violations, "loan_id", message.loan_id)
    good &= _check_id(violations, "borrower_id", message.borrower_id)
    for field in ("name", "county", "industry", "product"):
        good &= violations.require_max_length(field, getattr(message, field), _MAX_LABEL_CHARS)
    terms = terms_from_wire(message.terms, violations.at("terms"))
    good &= violations.require_max_length("purpose", message.purpose, MAX_ID_CHARS)
    for field in ("default_probability_annual", "unsecured_lgd", "compensation_share"):
        good &= violations.require_fraction(field, getattr(message, field))
    good &= violations.require(
        0.0 <= message.asset_correlation < 1.0,
        "asset_correlation",
        f"found {message.asset_correlation}, expected a number from 0 to below 1",
    )
    weights = _index_weights(message.index_weights, violations)
    guarantee = None
    if message.HasField("guarantee"):
        guarantee = _guarantee(message.guarantee, violations.at("guarantee"))
        good &= guarantee is not None and violations.require(
            guarantee.guarantor_id != message.borrower_id,
            "guarantee.guarantor_id",
            f"found {message.borrower_id!r}, the borrower itself, expected another name or none",
        )
    before = len(violations.found)
    conditions = _conditions(message, violations)
    good &= len(violations.found) == before
    if not good or terms is None or weights is None:
        return None
    return Loan(
        message.loan_id,
        message.borrower_id,
        message.name,
        message.county,
        message.industry,
        message.product,
        terms,
        message.default_probability_annual,
        message.asset_correlation,
        message.unsecured_lgd,
        weights,
        guarantee,
        message.purpose,
        is_investment_grade=message.is_investment_grade,
        compensation_share=message.compensation_share,
        **conditions,
    )


def _conditions(message: pb.Loan, violations: Violations) -> dict[str, Any]:
    """The optional conditions of a loan by field; what is wrong is noted."""
    found: dict[str, Any] = {}
    for field in ("approved_on", "restructured_on"):
        if message.HasField(field):
            found[field] = violations.collect(field, date_from_wire, getattr(message, field))
    if message.HasField("subsidy"):
        found["subsidy"] = subsidy_from_wire(message.subsidy, violations.at("subsidy"))
    for field, known in (("guarantee_mode", GUARANTEE_MODES), ("borrower_size", BORROWER_SIZES)):
        number = getattr(message, field)
        if violations.require(number in known, field, f"found {number}, expected a known value"):
            found[field] = known[number]
    return found


def _index_weights(
    messages: Sequence[pb.IndexWeight], violations: Violations
) -> tuple[IndexWeight, ...] | None:
    before = len(violations.found)
    for i, message in enumerate(messages):
        at = violations.at(f"index_weights[{i}]")
        at.require_non_empty("factor", message.factor)
        if at.require_range("weight", message.weight, -MAX_INDEX_WEIGHT, MAX_INDEX_WEIGHT):
            at.require(message.weight != 0.0, "weight", "found 0, expected a weight other than 0")
    _require_distinct(violations, "index_weights", "factor", [message.factor for message in messages])
    if len(violations.found) > before:
        return None
    return tuple(IndexWeight(message.factor, message.weight) for message in messages)


def _guarantee(message: pb.Guarantee, violations: Violations) -> Guarantee | None:
    good = violations.require_max_length("guarantor_id", message.guarantor_id, MAX_ID_CHARS)
    good &= violations.require_fraction("share", message.share)
    good &= violations.require_fraction("default_probability_annual", message.default_probability_annual)
    if not good:
        return None
    return Guarantee(message.guarantor_id, message.share, message.default_probability_annual)


def collateral_from_message(message: pb.Collateral, violations: Violations) -> Collateral | None:
    """Collateral; None with what is wrong added to the violations."""
    good = _check_id(violations, "collateral_id", message.collateral_id)
    good &= violations.require_printable("collateral_id", message.collateral_id)
    good &= _check_id(violations, "loan_id", message.loan_id)
    share = message.pledged_share if message.HasField("pledged_share") else 1.0
    good &= violations.require_fraction("pledged_share", share)
    schedule = schedule_from_wire(message.schedule, violations.at("schedule"))
    valuation_date = violations.collect("valuation_date", date_from_wire, message.valuation_date)
    good &= violations.require_max_length("snapshot_id", message.snapshot_id, MAX_ID_CHARS)
    value = message.value_cny if message.HasField("value_cny") else None
    if value is not None:
        good &= violations.require_range("value_cny", value, 0.0, MAX_VALUE_CNY)
    good &= violations.require_max_length("valuation_warnings", message.valuation_warnings, MAX_WARNINGS)
    for i, code in enumerate(message.valuation_warnings):
        good &= violations.require_max_length(f"valuation_warnings[{i}]", code, MAX_ID_CHARS)
    if not good or schedule is None or valuation_date is None:
        return None
    return Collateral(
        message.collateral_id,
        message.loan_id,
        schedule,
        valuation_date,
        message.snapshot_id,
        share,
        value,
        tuple(message.valuation_warnings),
    )


def _check_id(violations: Violations, field: str, value: str) -> bool:
    return violations.require_non_empty(field, value) and violations.require_max_length(
        field, value, MAX_ID_CHARS
    )


def _require_distinct(violations: Violations, rows: str, field: str, values: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for i, value in enumerate(values):
        if value and first.setdefault(value, i) != i:
            violations.add(
                f"{rows}[{i}].{field}",
                f"found {value!r} again after {rows}[{first[value]}], expected each once",
            )


def as_of_to_wire(day: dt.date | None) -> Date | None:
    """The message of a day that may be absent."""
    return None if day is None else date_to_wire(day)
