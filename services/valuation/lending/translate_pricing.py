"""Loan pricing between protobuf and the domain."""

from dataclasses import fields
from typing import Any

from ecopledge.valuation.v1 import pricing_pb2 as pb
from services.runtime.errors import Internal
from services.runtime.violations import Violations
from services.runtime.wire.results import caution_from_wire, caution_to_wire
from services.runtime.wire.values import date_from_wire, date_to_wire
from services.valuation.lending.loan_price import (
    BorrowerCost,
    LoanPricing,
    LossYear,
    PricingInput,
    RateBasis,
    RateBuildUp,
    RateComponent,
    RatePart,
)
from services.valuation.translate.field_rules import FRACTION, Domain, NumberRule, between, read_numbers

LARGEST_RISK_WEIGHT = 12.5
_LONGEST_TENOR = 16
_NUMBERS = (
    NumberRule("pd_annual", FRACTION, optional=True),
    NumberRule(
        "correlation",
        Domain("a number above -1 and below 1", lambda value: -1.0 < value < 1.0),
        optional=True,
    ),
    NumberRule("funding_rate_annual", between(0.0, 1.0), optional=True),
    NumberRule("risk_weight", between(0.0, LARGEST_RISK_WEIGHT), optional=True),
    NumberRule("capital_ratio", FRACTION, optional=True),
    NumberRule("cost_of_capital_annual", between(0.0, 1.0), optional=True),
    NumberRule("operating_cost_annual", between(0.0, 1.0), optional=True),
    NumberRule("margin_annual", between(-0.1, 1.0), optional=True),
    NumberRule("lpr_rate_annual", between(0.0, 1.0), optional=True),
    NumberRule("subsidy_points_annual", between(0.0, 1.0), optional=True),
    NumberRule("subsidy_share", FRACTION, optional=True),
    NumberRule("guarantee_share", FRACTION),
    NumberRule("guarantee_fee_annual", between(0.0, 0.5)),
    NumberRule("guarantor_pd_annual", FRACTION, optional=True),
    NumberRule("guarantor_risk_weight", between(0.0, LARGEST_RISK_WEIGHT), optional=True),
)
_DATES = ("lpr_as_of", "subsidy_until")
_PARTS = {
    RatePart.FUNDING: pb.RATE_PART_FUNDING,
    RatePart.EXPECTED_LOSS: pb.RATE_PART_EXPECTED_LOSS,
    RatePart.CAPITAL: pb.RATE_PART_CAPITAL,
    RatePart.OPERATING_COST: pb.RATE_PART_OPERATING_COST,
    RatePart.MARGIN: pb.RATE_PART_MARGIN,
}
_PARTS_FROM_WIRE: dict[int, RatePart] = {number: part for part, number in _PARTS.items()}
_BASES = {
    RateBasis.LOAN_RATE: pb.RATE_BASIS_LOAN_RATE,
    RateBasis.BUILT_UP_RATE: pb.RATE_BASIS_BUILT_UP_RATE,
}
_BASES_FROM_WIRE: dict[int, RateBasis] = {number: basis for basis, number in _BASES.items()}
_INPUT = tuple(field.name for field in fields(PricingInput))
_LOSS_YEAR = tuple(field.name for field in fields(LossYear))
_PLAIN_OF_RATE = (
    "amount_cny", "total_rate_annual", "loan_rate_annual", "pd_annual", "lgd", "risk_weight", "irb_risk_weight",
    "lpr_tenor",
)  # fmt: skip
_OPTIONAL_OF_RATE = ("lpr_rate_annual", "required_spread_annual", "offered_spread_annual")


def pricing_from_wire(message: Any, at: Violations) -> LoanPricing | None:
    """What the rate is built from, or None after noting everything that is wrong with it."""
    before = len(at.found)
    numbers = read_numbers(message, _NUMBERS, at)
    if not message.HasField("pd_annual"):
        at.add(
            "pd_annual",
            "is missing, expected the borrower's probability of default a year, a fraction from 0 to 1",
        )
    dates: dict[str, Any] = {
        name: at.collect(name, date_from_wire, getattr(message, name))
        for name in _DATES
        if message.HasField(name)
    }
    _check_lpr(message, at)
    if message.HasField("subsidy_points_annual") and message.HasField("subsidy_share"):
        at.add("subsidy_share", "found beside subsidy_points_annual, expected at most one of them")
    _check_assumed(message, at)
    if len(at.found) > before:
        return None
    return LoanPricing(
        **numbers, **dates, lpr_tenor=message.lpr_tenor, assumed_fields=tuple(message.assumed_fields)
    )


def _check_lpr(message: Any, at: Violations) -> None:
    given = message.HasField("lpr_rate_annual")
    if given != message.HasField("lpr_as_of"):
        at.add(
            "lpr_as_of",
            "is missing, expected the date of the rate" if given else "found without lpr_rate_annual",
        )
    if given and not 1 <= len(message.lpr_tenor) <= _LONGEST_TENOR:
        at.add(
            "lpr_tenor",
            f"found {len(message.lpr_tenor)} characters, expected 1 to {_LONGEST_TENOR}, such as 1Y",
        )
    if not given and message.lpr_tenor != "":
        at.add("lpr_tenor", "found without lpr_rate_annual")


def _check_assumed(message: Any, at: Violations) -> None:
    known = {rule.field: rule for rule in _NUMBERS}
    for i, name in enumerate(message.assumed_fields):
        rule = known.get(name)
        if rule is None:
            at.add(f"assumed_fields[{i}]", f"found {name[:64]!r}, expected one of {', '.join(known)}")
        elif rule.optional and not message.HasField(name):
            at.add(f"assumed_fields[{i}]", f"found {name!r}, which is not given, expected a field that is")


def pricing_to_wire(pricing: LoanPricing) -> pb.LoanPricing:
    """The message of a pricing."""
    plain = {
        field.name: found
        for field in fields(pricing)
        if field.name not in _DATES and (found := getattr(pricing, field.name)) is not None
    }
    dates = {name: date_to_wire(found) for name in _DATES if (found := getattr(pricing, name)) is not None}
    return pb.LoanPricing(**plain, **dates)


def rate_to_wire(rate: RateBuildUp) -> pb.RateBuildUp:
    """The message of a rate."""
    return pb.RateBuildUp(
        **{name: getattr(rate, name) for name in (*_PLAIN_OF_RATE, *_OPTIONAL_OF_RATE)},
        lpr_as_of=None if rate.lpr_as_of is None else date_to_wire(rate.lpr_as_of),
        components=[
            pb.RateComponent(
                part=_PARTS[found.part],
                rate_annual=found.rate_annual,
                explanation_zh=found.explanation_zh,
                explanation_en=found.explanation_en,
            )
            for found in rate.components
        ],
        loss_years=[pb.LossYear(**_named(year, _LOSS_YEAR)) for year in rate.loss_years],
        borrower_costs=[
            pb.BorrowerCost(
                basis=_BASES[cost.basis],
                nominal_annual=cost.nominal_annual,
                after_subsidy_annual=cost.after_subsidy_annual,
                all_in_annual=cost.all_in_annual,
            )
            for cost in rate.borrower_costs
        ],
        inputs=[pb.PricingInput(**_named(found, _INPUT)) for found in rate.inputs],
        warnings=[caution_to_wire(caution) for caution in rate.cautions],
    )


def rate_from_wire(message: pb.RateBuildUp) -> RateBuildUp:
    """The rate of a message.

    Raises:
        Internal: a message that no server of this version sends.
    """
    return RateBuildUp(
        **_named(message, _PLAIN_OF_RATE),
        **{name: _optional(message, name) for name in _OPTIONAL_OF_RATE},
        lpr_as_of=date_from_wire(message.lpr_as_of) if message.HasField("lpr_as_of") else None,
        components=tuple(
            RateComponent(
                _known(_PARTS_FROM_WIRE, found.part, "rate part"),
                found.rate_annual,
                found.explanation_zh,
                found.explanation_en,
            )
            for found in message.components
        ),
        loss_years=tuple(LossYear(**_named(year, _LOSS_YEAR)) for year in message.loss_years),
        borrower_costs=tuple(
            BorrowerCost(
                _known(_BASES_FROM_WIRE, cost.basis, "rate basis"),
                cost.nominal_annual,
                _optional(cost, "after_subsidy_annual"),
                _optional(cost, "all_in_annual"),
            )
            for cost in message.borrower_costs
        ),
        inputs=tuple(PricingInput(**_named(found, _INPUT)) for found in message.inputs),
        cautions=tuple(caution_from_wire(warning) for warning in message.warnings),
    )


def _named(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _known(table: dict[int, Any], number: int, what: str) -> Any:
    found = table.get(number)
    if found is None:
        raise Internal(f"the server named {what} {number}, which this client does not know")
    return found


def _optional(message: Any, field: str) -> Any:
    return getattr(message, field) if message.HasField(field) else None
