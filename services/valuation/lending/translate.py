"""A sized loan between protobuf and the domain: limits, years, what would have to change, the rate."""

from collections.abc import Sequence
from dataclasses import fields

from ecopledge.valuation.v1 import valuation_pb2 as pb
from services.runtime.errors import Internal
from services.runtime.wire.results import caution_from_wire, caution_to_wire
from services.valuation.lending.translate_pricing import rate_from_wire, rate_to_wire
from services.valuation.translate.explanation import fields_of
from services.valuation.translate.message_fields import optional_field
from services.valuation.translate.valuation import valuation_from_wire, valuation_to_wire
from services.valuation.valuation import Limit, LimitRule, LoanYear, NeededChange, SizedLoan

_RULES = {
    LimitRule.PLEDGE_VALUE: pb.LIMIT_RULE_PLEDGE_VALUE,
    LimitRule.CASH_MULTIPLE: pb.LIMIT_RULE_CASH_MULTIPLE,
    LimitRule.DEBT_SERVICE: pb.LIMIT_RULE_DEBT_SERVICE,
    LimitRule.PROJECT_COST: pb.LIMIT_RULE_PROJECT_COST,
    LimitRule.GUARANTOR_CAP: pb.LIMIT_RULE_GUARANTOR_CAP,
    LimitRule.PRODUCT_CAP: pb.LIMIT_RULE_PRODUCT_CAP,
}
_RULES_FROM_WIRE: dict[int, LimitRule] = {number: rule for rule, number in _RULES.items()}
_LOAN_YEAR = tuple(field.name for field in fields(LoanYear))
_NEEDED_CHANGE = tuple(field.name for field in fields(NeededChange))


def sized_loan_to_wire(sized: SizedLoan) -> pb.SizeLoanResponse:
    """The response for a sized loan."""
    return pb.SizeLoanResponse(
        valuation=valuation_to_wire(sized.valuation),
        limits=[
            pb.Limit(
                rule=_RULES[limit.rule],
                limit_cny=limit.limit_cny,
                explanation_zh=limit.explanation_zh,
                explanation_en=limit.explanation_en,
            )
            for limit in sized.limits
        ],
        binding_rule=_RULES[sized.binding_rule],
        limit_cny=sized.limit_cny,
        requested_within_limit=sized.requested_within_limit,
        min_dscr_at_limit=sized.min_dscr_at_limit,
        loan_per_unit_cny=sized.loan_per_unit_cny,
        years=[pb.LoanYear(**fields_of(year, _LOAN_YEAR)) for year in sized.years],
        years_following_cash=[
            pb.LoanYear(**fields_of(year, _LOAN_YEAR)) for year in sized.years_following_cash
        ],
        changes_needed=[
            pb.NeededChange(**{**fields_of(change, _NEEDED_CHANGE), "rule": _RULES[change.rule]})
            for change in sized.changes_needed
        ],
        rate=None if sized.rate is None else rate_to_wire(sized.rate),
        warnings=[caution_to_wire(caution) for caution in sized.cautions],
    )


def sized_loan_from_wire(message: pb.SizeLoanResponse) -> SizedLoan:
    """The sized loan of a response."""
    return SizedLoan(
        valuation_from_wire(message.valuation),
        tuple(
            Limit(_rule(limit.rule), limit.limit_cny, limit.explanation_zh, limit.explanation_en)
            for limit in message.limits
        ),
        _rule(message.binding_rule),
        message.limit_cny,
        optional_field(message, "requested_within_limit"),
        optional_field(message, "min_dscr_at_limit"),
        optional_field(message, "loan_per_unit_cny"),
        _loan_years(message.years),
        tuple(
            NeededChange(
                _rule(found.rule), found.lever, found.needed, found.explanation_zh, found.explanation_en
            )
            for found in message.changes_needed
        ),
        rate_from_wire(message.rate) if message.HasField("rate") else None,
        _loan_years(message.years_following_cash),
        tuple(caution_from_wire(warning) for warning in message.warnings),
    )


def _loan_years(messages: Sequence[pb.LoanYear]) -> tuple[LoanYear, ...]:
    return tuple(
        LoanYear(
            found.year,
            found.low_cash_cny,
            found.debt_service_cny,
            found.outstanding_cny,
            optional_field(found, "dscr"),
            found.pledge_value_cny,
            optional_field(found, "ltv"),
        )
        for found in messages
    )


def _rule(number: int) -> LimitRule:
    rule = _RULES_FROM_WIRE.get(number)
    if rule is None:
        raise Internal(f"the server named limit rule {number}, which this client does not know")
    return rule
