"""Outcomes of a simulated fund between protobuf and Python."""

from ecopledge.fund.v1 import fund_pb2 as pb
from ecopledge.fund.v1 import grassroots_pb2
from ecopledge.type.v1 import result_pb2
from services.fund.simulation.outcome import (
    BenefitCost,
    FundOutcome,
    GrassrootsBenefit,
    JCurvePoint,
    LiquidityPoint,
    MultipleAtYear,
    PartnerOutcome,
    PlaceBenefit,
    ProjectOutcome,
)
from services.runtime.results import Distribution
from services.runtime.wire.results import (
    caution_from_wire,
    caution_to_wire,
    distribution_from_wire,
    distribution_to_wire,
    manifest_from_wire,
    manifest_to_wire,
)


def outcome_to_wire(outcome: FundOutcome) -> pb.FundOutcome:
    """The message of an outcome."""
    return pb.FundOutcome(
        partners=[_recipient_to_wire(partner) for partner in outcome.partners],
        j_curve=[
            pb.JCurvePoint(year=point.year, cumulated_cny=distribution_to_wire(point.cumulated_cny))
            for point in outcome.j_curve
        ],
        called_cny=outcome.called_cny,
        leverage_project_to_fund=outcome.leverage_project_to_fund,
        conservation_error_cny=outcome.conservation_error_cny,
        warnings=[caution_to_wire(caution) for caution in outcome.cautions],
        manifest=manifest_to_wire(outcome.manifest),
        assumptions=outcome.assumptions,
        classes=[_recipient_to_wire(each) for each in outcome.classes],
        leverage_fund_to_fiscal=outcome.leverage_fund_to_fiscal,
        leverage_project_to_fiscal=outcome.leverage_project_to_fiscal,
        liquidity=[_liquidity_to_wire(point) for point in outcome.liquidity],
        peak_line_cny=distribution_to_wire(outcome.peak_line_cny),
        probability_line_needed=outcome.probability_line_needed,
        probability_line_unpaid=outcome.probability_line_unpaid,
        recycled_cny=outcome.recycled_cny,
        fee_cny=outcome.fee_cny,
        projects=[_project_to_wire(project) for project in outcome.projects],
        jobs=_optional(outcome.jobs),
        gep_cny_per_year=_optional(outcome.gep_cny_per_year),
        grassroots=None if outcome.grassroots is None else _grassroots_to_wire(outcome.grassroots),
    )


def outcome_from_wire(message: pb.FundOutcome) -> FundOutcome:
    """An outcome."""
    return FundOutcome(
        tuple(_recipient(partner) for partner in message.partners),
        tuple(
            JCurvePoint(point.year, distribution_from_wire(point.cumulated_cny)) for point in message.j_curve
        ),
        message.called_cny,
        message.leverage_project_to_fund,
        message.conservation_error_cny,
        tuple(caution_from_wire(warning) for warning in message.warnings),
        manifest_from_wire(message.manifest),
        tuple(message.assumptions),
        tuple(_recipient(each) for each in message.classes),
        message.leverage_fund_to_fiscal if message.HasField("leverage_fund_to_fiscal") else None,
        message.leverage_project_to_fiscal if message.HasField("leverage_project_to_fiscal") else None,
        tuple(_liquidity(point) for point in message.liquidity),
        distribution_from_wire(message.peak_line_cny),
        message.probability_line_needed,
        message.probability_line_unpaid,
        message.recycled_cny,
        message.fee_cny,
        tuple(_project(project) for project in message.projects),
        distribution_from_wire(message.jobs) if message.HasField("jobs") else None,
        distribution_from_wire(message.gep_cny_per_year) if message.HasField("gep_cny_per_year") else None,
        _grassroots(message.grassroots) if message.HasField("grassroots") else None,
    )


def _grassroots_to_wire(benefit: GrassrootsBenefit) -> grassroots_pb2.GrassrootsBenefit:
    return grassroots_pb2.GrassrootsBenefit(
        counties=[
            grassroots_pb2.PlaceBenefit(
                county=each.county, received_cny=distribution_to_wire(each.received_cny)
            )
            for each in benefit.counties
        ],
        costs=[
            grassroots_pb2.BenefitCost(
                partner_id=each.partner_id, cost_cny=distribution_to_wire(each.cost_cny)
            )
            for each in benefit.costs
        ],
    )


def _grassroots(message: grassroots_pb2.GrassrootsBenefit) -> GrassrootsBenefit:
    return GrassrootsBenefit(
        tuple(
            PlaceBenefit(each.county, distribution_from_wire(each.received_cny)) for each in message.counties
        ),
        tuple(BenefitCost(each.partner_id, distribution_from_wire(each.cost_cny)) for each in message.costs),
    )


def _recipient_to_wire(partner: PartnerOutcome) -> pb.PartnerOutcome:
    return pb.PartnerOutcome(
        recipient_id=partner.recipient_id,
        irr_annual=_optional(partner.irr_annual),
        share_without_irr=partner.share_without_irr,
        tvpi=_optional(partner.tvpi),
        received_cny=distribution_to_wire(partner.received_cny),
        probability_of_loss=partner.probability_of_loss,
        paid_in_cny=distribution_to_wire(partner.paid_in_cny),
        payback_years=_optional(partner.payback_years),
        share_not_paid_back=partner.share_not_paid_back,
        at_years=[
            pb.MultipleAtYear(year=each.year, dpi=_optional(each.dpi), rvpi=_optional(each.rvpi))
            for each in partner.at_years
        ],
    )


def _recipient(message: pb.PartnerOutcome) -> PartnerOutcome:
    return PartnerOutcome(
        message.recipient_id,
        distribution_from_wire(message.irr_annual) if message.HasField("irr_annual") else None,
        message.share_without_irr,
        distribution_from_wire(message.tvpi) if message.HasField("tvpi") else None,
        distribution_from_wire(message.received_cny),
        message.probability_of_loss,
        distribution_from_wire(message.paid_in_cny),
        distribution_from_wire(message.payback_years) if message.HasField("payback_years") else None,
        message.share_not_paid_back,
        tuple(
            MultipleAtYear(
                each.year,
                distribution_from_wire(each.dpi) if each.HasField("dpi") else None,
                distribution_from_wire(each.rvpi) if each.HasField("rvpi") else None,
            )
            for each in message.at_years
        ),
    )


def _liquidity_to_wire(point: LiquidityPoint) -> pb.LiquidityPoint:
    return pb.LiquidityPoint(
        year=point.year,
        called_cny=distribution_to_wire(point.called_cny),
        gap_cny=distribution_to_wire(point.gap_cny),
        line_cny=distribution_to_wire(point.line_cny),
        project_shortfall_cny=distribution_to_wire(point.project_shortfall_cny),
    )


def _liquidity(message: pb.LiquidityPoint) -> LiquidityPoint:
    return LiquidityPoint(
        message.year,
        distribution_from_wire(message.called_cny),
        distribution_from_wire(message.gap_cny),
        distribution_from_wire(message.line_cny),
        distribution_from_wire(message.project_shortfall_cny),
    )


def _project_to_wire(project: ProjectOutcome) -> pb.ProjectOutcome:
    return pb.ProjectOutcome(
        project_id=project.project_id,
        pipeline=project.pipeline,
        probability_abandoned=project.probability_abandoned,
        probability_closed=project.probability_closed,
        probability_unfinished=project.probability_unfinished,
        mean_delay_years=project.mean_delay_years,
        mean_cost_multiple=project.mean_cost_multiple,
        mean_value_cny=project.mean_value_cny,
        value_error_cny=project.value_error_cny,
    )


def _project(message: pb.ProjectOutcome) -> ProjectOutcome:
    return ProjectOutcome(
        message.project_id,
        message.pipeline,
        message.probability_abandoned,
        message.probability_closed,
        message.probability_unfinished,
        message.mean_delay_years,
        message.mean_cost_multiple,
        message.mean_value_cny,
        message.value_error_cny,
    )


def _optional(distribution: Distribution | None) -> result_pb2.Distribution | None:
    return None if distribution is None else distribution_to_wire(distribution)
