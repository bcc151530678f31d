"""Expected credit loss between protobuf and the domain."""

from dataclasses import fields

from ecopledge.loans.v1 import quality_pb2 as pb
from services.loans.book_terms.translate_given import given_from_wire, given_to_wire
from services.loans.quality.credit_loss import (
    DEFAULT_PATHS,
    MAX_EXPLAINED,
    MAX_PATHS,
    MIN_PATHS,
    CreditLossQuestion,
    CreditLossReport,
    CreditLossTotal,
    FundInCreditLoss,
    LoanCreditLoss,
    LossQuarter,
    ScenarioLoss,
)
from services.loans.quality.staging import StageReason
from services.loans.quality.translate_rules import (
    MAX_ROWS,
    debtor_to_wire,
    debtors_from_wire,
    rule_from_wire,
    rule_to_wire,
)
from services.loans.translate.asked import Draws, asked_from_wire, asked_to_wire, require_ids
from services.runtime.violations import Violations
from services.runtime.wire.results import (
    caution_from_wire,
    caution_to_wire,
    manifest_from_wire,
    manifest_to_wire,
)

_FUND = tuple(field.name for field in fields(FundInCreditLoss))
_DRAWS = Draws(DEFAULT_PATHS, MIN_PATHS, MAX_PATHS, in_pairs=True)


def credit_loss_question_from_wire(request: pb.MeasureCreditLossRequest) -> CreditLossQuestion:
    """What a MeasureCreditLossRequest asks.

    Raises:
        InvalidInput: with everything that is wrong.
    """
    violations = Violations()
    asked = asked_from_wire(request, violations, _DRAWS)
    require_ids(violations, "explained_loan_ids", list(request.explained_loan_ids), MAX_EXPLAINED)
    debtors = debtors_from_wire(request, violations)
    require_ids(violations, "origination", [row.loan_id for row in request.origination], MAX_ROWS)
    for i, row in enumerate(request.origination):
        at = violations.at(f"origination[{i}]")
        at.require_fraction("default_probability_annual", row.default_probability_annual)
    given = given_from_wire(request, violations)
    violations.raise_if_any()
    return CreditLossQuestion(
        asked.snapshot,
        asked.as_of,
        asked.loan_ids,
        debtors,
        tuple((row.loan_id, row.default_probability_annual) for row in request.origination),
        tuple(request.explained_loan_ids),
        asked.n_paths,
        asked.seed,
        **given.arguments(),
    )


def credit_loss_question_to_wire(question: CreditLossQuestion) -> pb.MeasureCreditLossRequest:
    """The request of a question."""
    return pb.MeasureCreditLossRequest(
        **asked_to_wire(question),
        **given_to_wire(question),
        debtors=[debtor_to_wire(facts) for facts in question.debtors],
        origination=[
            pb.OriginationPd(loan_id=loan_id, default_probability_annual=probability)
            for loan_id, probability in question.origination
        ],
        explained_loan_ids=question.explained_loan_ids,
    )


def credit_loss_to_wire(report: CreditLossReport) -> pb.MeasureCreditLossResponse:
    """The answer of MeasureCreditLoss."""
    return pb.MeasureCreditLossResponse(
        loans=[_loan_to_wire(loan) for loan in report.loans],
        total=_total_to_wire(report.total),
        by_stage=[_total_to_wire(total) for total in report.by_stage],
        by_product=[_total_to_wire(total) for total in report.by_product],
        by_county=[_total_to_wire(total) for total in report.by_county],
        rule=rule_to_wire(report.rule),
        warnings=[caution_to_wire(caution) for caution in report.cautions],
        manifest=manifest_to_wire(report.manifest),
        funds=[pb.FundInCreditLoss(**{name: getattr(fund, name) for name in _FUND}) for fund in report.funds],
    )


def credit_loss_from_wire(message: pb.MeasureCreditLossResponse) -> CreditLossReport:
    """The answer as the domain knows it."""
    return CreditLossReport(
        tuple(_loan_from_wire(loan) for loan in message.loans),
        _total_from_wire(message.total),
        tuple(_total_from_wire(total) for total in message.by_stage),
        tuple(_total_from_wire(total) for total in message.by_product),
        tuple(_total_from_wire(total) for total in message.by_county),
        rule_from_wire(message.rule),
        tuple(caution_from_wire(warning) for warning in message.warnings),
        manifest_from_wire(message.manifest),
        tuple(FundInCreditLoss(*(getattr(fund, name) for name in _FUND)) for fund in message.funds),
    )


def _loan_to_wire(loan: LoanCreditLoss) -> pb.LoanCreditLoss:
    return pb.LoanCreditLoss(
        loan_id=loan.loan_id,
        county=loan.county,
        product=loan.product,
        stage=loan.stage,
        reasons=[
            pb.StageReason(
                stage=reason.stage,
                code=reason.code,
                message_zh=reason.message_zh,
                message_en=reason.message_en,
            )
            for reason in loan.reasons
        ],
        exposure_cny=loan.exposure_cny,
        effective_rate_annual=loan.effective_rate_annual,
        default_probability_annual=loan.default_probability_annual,
        origination_pd=loan.origination_pd,
        origination_basis=loan.origination_basis,
        twelve_month_cny=loan.twelve_month_cny,
        lifetime_cny=loan.lifetime_cny,
        allowance_cny=loan.allowance_cny,
        scenarios=[
            pb.ScenarioLoss(
                scenario=item.scenario,
                weight=item.weight,
                twelve_month_cny=item.twelve_month_cny,
                lifetime_cny=item.lifetime_cny,
                quarters=[_quarter_to_wire(quarter) for quarter in item.quarters],
            )
            for item in loan.scenarios
        ],
        compensation_cny=loan.compensation_cny,
    )


def _quarter_to_wire(quarter: LossQuarter) -> pb.LossQuarter:
    return pb.LossQuarter(
        until_years=quarter.until_years,
        marginal_pd=quarter.marginal_pd,
        exposure_cny=quarter.exposure_cny,
        collateral_cny=quarter.collateral_cny,
        loss_cny=quarter.loss_cny,
        discount_factor=quarter.discount_factor,
        discounted_loss_cny=quarter.discounted_loss_cny,
    )


def _loan_from_wire(message: pb.LoanCreditLoss) -> LoanCreditLoss:
    return LoanCreditLoss(
        message.loan_id,
        message.county,
        message.product,
        message.stage,
        tuple(StageReason(r.stage, r.code, r.message_zh, r.message_en) for r in message.reasons),
        message.exposure_cny,
        message.effective_rate_annual,
        message.default_probability_annual,
        message.origination_pd if message.HasField("origination_pd") else None,
        message.origination_basis,
        message.twelve_month_cny,
        message.lifetime_cny,
        message.allowance_cny,
        tuple(
            ScenarioLoss(
                item.scenario,
                item.weight,
                item.twelve_month_cny,
                item.lifetime_cny,
                tuple(_quarter_from_wire(quarter) for quarter in item.quarters),
            )
            for item in message.scenarios
        ),
        message.compensation_cny,
    )


def _quarter_from_wire(message: pb.LossQuarter) -> LossQuarter:
    return LossQuarter(
        message.until_years,
        message.marginal_pd,
        message.exposure_cny,
        message.collateral_cny,
        message.loss_cny,
        message.discount_factor,
        message.discounted_loss_cny,
    )


def _total_to_wire(total: CreditLossTotal) -> pb.CreditLossTotal:
    return pb.CreditLossTotal(
        key=total.key,
        n_loans=total.n_loans,
        exposure_cny=total.exposure_cny,
        allowance_cny=total.allowance_cny,
    )


def _total_from_wire(message: pb.CreditLossTotal) -> CreditLossTotal:
    return CreditLossTotal(message.key, message.n_loans, message.exposure_cny, message.allowance_cny)
