"""Capital between protobuf and the domain."""

from ecopledge.loans.v1 import quality_pb2 as pb
from services.loans.book_terms.translate_given import given_from_wire, given_to_wire
from services.loans.quality.capital import (
    DEFAULT_PATHS,
    MAX_PATHS,
    MAX_RISK_WEIGHT,
    MIN_PATHS,
    CapitalQuestion,
    CapitalReport,
    CapitalTotals,
    EconomicCapital,
    GuarantorFacts,
    IrbCollateral,
    LoanCapital,
)
from services.loans.quality.translate_rules import MAX_ROWS, rule_from_wire, rule_to_wire
from services.loans.translate.asked import Draws, asked_from_wire, asked_to_wire, require_ids
from services.runtime.violations import Violations
from services.runtime.wire.results import (
    caution_from_wire,
    caution_to_wire,
    manifest_from_wire,
    manifest_to_wire,
)

_DRAWS = Draws(DEFAULT_PATHS, MIN_PATHS, MAX_PATHS)
_COLLATERAL = {
    pb.IRB_COLLATERAL_UNSPECIFIED: IrbCollateral.OTHER_PHYSICAL,
    pb.IRB_COLLATERAL_OTHER_PHYSICAL: IrbCollateral.OTHER_PHYSICAL,
    pb.IRB_COLLATERAL_RECEIVABLES: IrbCollateral.RECEIVABLES,
}
_COLLATERAL_TO_WIRE = {
    IrbCollateral.OTHER_PHYSICAL: pb.IRB_COLLATERAL_OTHER_PHYSICAL,
    IrbCollateral.RECEIVABLES: pb.IRB_COLLATERAL_RECEIVABLES,
}


def capital_question_from_wire(request: pb.MeasureCapitalRequest) -> CapitalQuestion:
    """What a MeasureCapitalRequest asks.

    Raises:
        InvalidInput: with everything that is wrong.
    """
    violations = Violations()
    asked = asked_from_wire(request, violations, _DRAWS)
    require_ids(violations, "guarantors", [row.guarantor_id for row in request.guarantors], MAX_ROWS)
    for i, row in enumerate(request.guarantors):
        at = violations.at(f"guarantors[{i}]")
        at.require_non_empty("guarantor_id", row.guarantor_id)
        at.require_range("risk_weight", row.risk_weight, 0.0, MAX_RISK_WEIGHT)
    violations.require(
        request.irb_collateral in _COLLATERAL,
        "irb_collateral",
        f"found {request.irb_collateral}, expected a known value of IrbCollateral",
    )
    given = given_from_wire(request, violations)
    violations.raise_if_any()
    return CapitalQuestion(
        asked.snapshot,
        asked.as_of,
        asked.loan_ids,
        tuple(
            GuarantorFacts(row.guarantor_id, row.risk_weight, row.is_eligible) for row in request.guarantors
        ),
        _COLLATERAL[request.irb_collateral],
        asked.n_paths,
        asked.seed,
        **given.arguments(),
    )


def capital_question_to_wire(question: CapitalQuestion) -> pb.MeasureCapitalRequest:
    """The request of a question."""
    return pb.MeasureCapitalRequest(
        **asked_to_wire(question),
        **given_to_wire(question),
        guarantors=[
            pb.GuarantorFacts(
                guarantor_id=facts.guarantor_id, risk_weight=facts.risk_weight, is_eligible=facts.is_eligible
            )
            for facts in question.guarantors
        ],
        irb_collateral=_COLLATERAL_TO_WIRE[question.irb_collateral],
    )


def capital_to_wire(report: CapitalReport) -> pb.MeasureCapitalResponse:
    """The answer of MeasureCapital."""
    totals = report.totals
    return pb.MeasureCapitalResponse(
        loans=[_loan_to_wire(loan) for loan in report.loans],
        totals=pb.CapitalTotals(
            exposure_cny=totals.exposure_cny,
            pledge_value_cny=totals.pledge_value_cny,
            weighted_cny=totals.weighted_cny,
            weight_capital_cny=totals.weight_capital_cny,
            irb_unrecognised_cny=totals.irb_unrecognised_cny,
            irb_unrecognised_floored_cny=totals.irb_unrecognised_floored_cny,
            irb_recognised_cny=totals.irb_recognised_cny,
            irb_recognised_floored_cny=totals.irb_recognised_floored_cny,
            is_floor_binding=totals.is_floor_binding,
            economic_unrecognised=_economic_to_wire(totals.economic_unrecognised),
            economic_recognised=_economic_to_wire(totals.economic_recognised),
        ),
        allocation=report.allocation,
        rule=rule_to_wire(report.rule),
        warnings=[caution_to_wire(caution) for caution in report.cautions],
        manifest=manifest_to_wire(report.manifest),
    )


def capital_from_wire(message: pb.MeasureCapitalResponse) -> CapitalReport:
    """The answer as the domain knows it."""
    totals = message.totals
    return CapitalReport(
        tuple(_loan_from_wire(loan) for loan in message.loans),
        CapitalTotals(
            totals.exposure_cny,
            totals.pledge_value_cny,
            totals.weighted_cny,
            totals.weight_capital_cny,
            totals.irb_unrecognised_cny,
            totals.irb_unrecognised_floored_cny,
            totals.irb_recognised_cny,
            totals.irb_recognised_floored_cny,
            _economic_from_wire(totals.economic_unrecognised),
            _economic_from_wire(totals.economic_recognised),
        ),
        message.allocation,
        rule_from_wire(message.rule),
        tuple(caution_from_wire(warning) for warning in message.warnings),
        manifest_from_wire(message.manifest),
    )


def _economic_to_wire(capital: EconomicCapital) -> pb.EconomicCapital:
    return pb.EconomicCapital(
        expected_loss_cny=capital.expected_loss_cny,
        value_at_risk_cny=capital.value_at_risk_cny,
        value_at_risk_low_cny=capital.value_at_risk_low_cny,
        value_at_risk_high_cny=capital.value_at_risk_high_cny,
        capital_cny=capital.capital_cny,
    )


def _economic_from_wire(message: pb.EconomicCapital) -> EconomicCapital:
    return EconomicCapital(
        message.expected_loss_cny,
        message.value_at_risk_cny,
        message.value_at_risk_low_cny,
        message.value_at_risk_high_cny,
    )


def _loan_to_wire(loan: LoanCapital) -> pb.LoanCapital:
    return pb.LoanCapital(
        loan_id=loan.loan_id,
        exposure_cny=loan.exposure_cny,
        pledge_value_cny=loan.pledge_value_cny,
        weight_class=loan.weight_class,
        weight=loan.weight,
        covered_share=loan.covered_share,
        guarantor_weight=loan.guarantor_weight,
        weighted_cny=loan.weighted_cny,
        floored_pd=loan.floored_pd,
        irb_unrecognised_cny=loan.irb_unrecognised_cny,
        recognised_lgd=loan.recognised_lgd,
        irb_recognised_cny=loan.irb_recognised_cny,
        economic_unrecognised_cny=loan.economic_unrecognised_cny,
        economic_recognised_cny=loan.economic_recognised_cny,
    )


def _loan_from_wire(message: pb.LoanCapital) -> LoanCapital:
    return LoanCapital(
        message.loan_id,
        message.exposure_cny,
        message.pledge_value_cny,
        message.weight_class,
        message.weight,
        message.covered_share,
        message.guarantor_weight,
        message.weighted_cny,
        message.floored_pd,
        message.irb_unrecognised_cny,
        message.recognised_lgd,
        message.irb_recognised_cny,
        message.economic_unrecognised_cny,
        message.economic_recognised_cny,
    )
