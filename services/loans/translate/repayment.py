"""Terms of repayment between protobuf and the domain; everything wrong is collected."""

from decimal import Decimal
from typing import Any

from google.type.money_pb2 import Money

from ecopledge.loans.v1 import loans_pb2 as pb
from ecopledge.loans.v1 import repayment_pb2
from quant.repayment.daycount import DayCount
from services.loans.loan import (
    MAX_PERIODS,
    MAX_PRINCIPAL_CNY,
    MONTHS_PER_PERIOD,
    RepaymentKind,
    RepaymentTerms,
)
from services.loans.repayment.changes import LprFixing, LprTenor, Prepayment, PrepaymentEffect, RateReset
from services.runtime.violations import Violations
from services.runtime.wire.values import date_from_wire, date_to_wire, decimal_from_money, money_from_decimal

_KINDS = {
    pb.REPAYMENT_KIND_EQUAL_INSTALMENT: RepaymentKind.EQUAL_INSTALMENT,
    pb.REPAYMENT_KIND_EQUAL_PRINCIPAL: RepaymentKind.EQUAL_PRINCIPAL,
    pb.REPAYMENT_KIND_BULLET: RepaymentKind.BULLET,
    pb.REPAYMENT_KIND_CUSTOM: RepaymentKind.CUSTOM,
}
_KIND_TO_WIRE = {kind: number for number, kind in _KINDS.items()}
_DAY_COUNTS = {
    pb.DAY_COUNT_UNSPECIFIED: None,
    pb.DAY_COUNT_ACT_360: DayCount.ACT_360,
    pb.DAY_COUNT_ACT_365: DayCount.ACT_365,
    pb.DAY_COUNT_30E_360: DayCount.THIRTY_E_360,
}
_DAY_COUNT_TO_WIRE = {convention: number for number, convention in _DAY_COUNTS.items()}
_TENORS = {repayment_pb2.LPR_TENOR_1Y: LprTenor.ONE_YEAR, repayment_pb2.LPR_TENOR_5Y: LprTenor.FIVE_YEARS}
_TENOR_TO_WIRE = {tenor: number for number, tenor in _TENORS.items()}
_EFFECTS = {
    repayment_pb2.PREPAYMENT_EFFECT_UNSPECIFIED: PrepaymentEffect.TERM_KEPT,
    repayment_pb2.PREPAYMENT_EFFECT_TERM_KEPT: PrepaymentEffect.TERM_KEPT,
    repayment_pb2.PREPAYMENT_EFFECT_INSTALMENT_KEPT: PrepaymentEffect.INSTALMENT_KEPT,
}
_EFFECT_TO_WIRE = {effect: number for number, effect in _EFFECTS.items()}


def terms_from_wire(message: pb.RepaymentTerms, violations: Violations) -> RepaymentTerms | None:
    """Terms, or None after noting everything that is wrong with them."""
    before = len(violations.found)
    principal = violations.collect("principal", decimal_from_money, message.principal)
    if principal is not None:
        _check_principal(violations, principal)
    drawn_on = violations.collect("drawn_on", date_from_wire, message.drawn_on)
    violations.require_range("periods", message.periods, 1, MAX_PERIODS)
    months = message.months_per_period or 1
    violations.require(
        months in MONTHS_PER_PERIOD, "months_per_period", f"found {months}, expected 1, 3, 6 or 12"
    )
    violations.require(
        message.grace_periods < max(message.periods, 1),
        "grace_periods",
        f"found {message.grace_periods}, expected fewer than periods ({message.periods})",
    )
    violations.require_fraction("rate_annual", message.rate_annual)
    violations.require_known_enum("kind", message.kind, _KINDS, "RepaymentKind")
    violations.require(
        message.day_count in _DAY_COUNTS,
        "day_count",
        f"found {message.day_count}, expected a known value of DayCount",
    )
    on_the_way = _on_the_way(message, violations)
    if len(violations.found) > before or principal is None or drawn_on is None:
        return None
    try:
        return RepaymentTerms(
            principal,
            drawn_on,
            message.periods,
            message.rate_annual,
            _KINDS[message.kind],
            months,
            message.grace_periods,
            _DAY_COUNTS[message.day_count],
            **on_the_way,
        )
    except ValueError as error:
        violations.add("", str(error))
        return None


def terms_to_wire(terms: RepaymentTerms) -> pb.RepaymentTerms:
    """The message of terms."""
    return pb.RepaymentTerms(
        principal=money_from_decimal(terms.principal_cny),
        drawn_on=date_to_wire(terms.drawn_on),
        periods=terms.periods,
        months_per_period=terms.months_per_period,
        grace_periods=terms.grace_periods,
        rate_annual=terms.rate_annual,
        kind=_KIND_TO_WIRE[terms.kind],
        day_count=_DAY_COUNT_TO_WIRE[terms.day_count],
        rate_reset=None if terms.rate_reset is None else _reset_to_wire(terms.rate_reset),
        prepayments=[
            repayment_pb2.Prepayment(
                day=date_to_wire(prepayment.day),
                amount=money_from_decimal(prepayment.amount_cny),
                effect=_EFFECT_TO_WIRE[prepayment.effect],
            )
            for prepayment in terms.prepayments
        ],
        custom_principal=[money_from_decimal(part) for part in terms.custom_principal_cny],
    )


def _on_the_way(message: pb.RepaymentTerms, violations: Violations) -> dict[str, Any]:
    """The fields that most terms do not have."""
    found: dict[str, Any] = {}
    if message.HasField("rate_reset"):
        found["rate_reset"] = _reset_from_wire(message.rate_reset, violations.at("rate_reset"))
    if message.prepayments:
        found["prepayments"] = violations.each("prepayments", message.prepayments, _prepayment_from_wire)
    if message.custom_principal:
        found["custom_principal_cny"] = tuple(
            _cents(violations, f"custom_principal[{i}]", row)
            for i, row in enumerate(message.custom_principal)
        )
    return found


def _reset_from_wire(message: repayment_pb2.RateReset, violations: Violations) -> RateReset | None:
    before = len(violations.found)
    violations.require_known_enum("tenor", message.tenor, _TENORS, "LprTenor")
    days = [
        violations.collect(f"fixings[{i}].published_on", date_from_wire, row.published_on)
        for i, row in enumerate(message.fixings)
    ]
    for i, row in enumerate(message.fixings):
        violations.require_fraction(f"fixings[{i}].rate_annual", row.rate_annual)
    first_on = None
    if message.HasField("first_on"):
        first_on = violations.collect("first_on", date_from_wire, message.first_on)
    if len(violations.found) > before:
        return None
    try:
        return RateReset(
            _TENORS[message.tenor],
            message.spread_bp,
            message.months_between,
            tuple(
                LprFixing(day, row.rate_annual)
                for day, row in zip(days, message.fixings, strict=True)
                if day is not None
            ),
            first_on,
        )
    except ValueError as error:
        violations.add("", str(error))
        return None


def _reset_to_wire(reset: RateReset) -> repayment_pb2.RateReset:
    return repayment_pb2.RateReset(
        tenor=_TENOR_TO_WIRE[reset.tenor],
        spread_bp=reset.spread_bp,
        months_between=reset.months_between,
        fixings=[
            repayment_pb2.LprFixing(
                published_on=date_to_wire(fixing.published_on), rate_annual=fixing.rate_annual
            )
            for fixing in reset.fixings
        ],
        first_on=None if reset.first_on is None else date_to_wire(reset.first_on),
    )


def _prepayment_from_wire(message: repayment_pb2.Prepayment, violations: Violations) -> Prepayment | None:
    day = violations.collect("day", date_from_wire, message.day)
    amount = _cents(violations, "amount", message.amount)
    known = violations.require(
        message.effect in _EFFECTS,
        "effect",
        f"found {message.effect}, expected a known value of PrepaymentEffect",
    )
    if amount is not None:
        violations.require(amount > 0, "amount", "found 0, expected above 0")
    if day is None or amount is None or amount == 0 or not known:
        return None
    return Prepayment(day, amount, _EFFECTS[message.effect])


def _cents(violations: Violations, field: str, money: Money) -> Decimal | None:
    amount = violations.collect(field, decimal_from_money, money)
    if amount is None:
        return None
    good = violations.require(
        0 <= amount <= MAX_PRINCIPAL_CNY and amount == round(amount, 2),
        field,
        f"found {amount.normalize():f}, expected 0 to {MAX_PRINCIPAL_CNY:f} in whole cents",
    )
    return round(amount, 2) if good else None


def _check_principal(violations: Violations, principal: Decimal) -> None:
    violations.require(
        0 < principal <= MAX_PRINCIPAL_CNY,
        "principal",
        f"found {principal.normalize():f}, expected above 0 and at most {MAX_PRINCIPAL_CNY:f}",
    ) and violations.require(
        principal == round(principal, 2),
        "principal",
        f"found {principal.normalize():f}, expected whole cents",
    )
