"""Questions about a book and its losses between protobuf and the domain."""

from ecopledge.loans.v1 import loans_pb2 as pb
from services.loans.book_terms.translate_given import given_from_wire, given_to_wire
from services.loans.portfolio import (
    DEFAULT_HORIZON_YEARS,
    DEFAULT_PATHS,
    MAX_HORIZON_YEARS,
    MAX_PATHS,
    MIN_HORIZON_YEARS,
    MIN_PATHS,
    CompensationFund,
    FanPoint,
    LossShare,
    PortfolioLoss,
    PortfolioQuestion,
    Sampling,
    TailFigure,
)
from services.loans.translate.asked import Draws, asked_from_wire, asked_to_wire
from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations
from services.runtime.wire.results import (
    caution_from_wire,
    caution_to_wire,
    manifest_from_wire,
    manifest_to_wire,
)

_DRAWS = Draws(DEFAULT_PATHS, MIN_PATHS, MAX_PATHS)
_SAMPLINGS = {
    pb.SAMPLING_UNSPECIFIED: Sampling.PLAIN,
    pb.SAMPLING_PLAIN: Sampling.PLAIN,
    pb.SAMPLING_TOWARDS_TAIL: Sampling.TOWARDS_TAIL,
}
_SAMPLING_NUMBERS = {
    Sampling.PLAIN: pb.SAMPLING_PLAIN,
    Sampling.TOWARDS_TAIL: pb.SAMPLING_TOWARDS_TAIL,
}


def question_from_wire(request: pb.SimulatePortfolioRequest) -> PortfolioQuestion:
    """What a SimulatePortfolioRequest asks.

    Raises:
        InvalidInput: with everything that is wrong.
    """
    violations = Violations()
    asked = asked_from_wire(request, violations, _DRAWS)
    horizon = request.horizon_years if request.HasField("horizon_years") else DEFAULT_HORIZON_YEARS
    violations.require(
        MIN_HORIZON_YEARS <= horizon <= MAX_HORIZON_YEARS,
        "horizon_years",
        f"found {horizon}, expected a number from a day (1 / 365) to {MAX_HORIZON_YEARS:g}",
    )
    sampling = _SAMPLINGS.get(request.sampling)
    violations.require(
        sampling is not None, "sampling", f"found {request.sampling}, expected a known Sampling"
    )
    given = given_from_wire(request, violations)
    violations.raise_if_any()
    assert sampling is not None  # noqa: S101  # every reason for None is a violation; tells mypy
    try:
        return PortfolioQuestion(
            asked.snapshot,
            asked.as_of,
            asked.loan_ids,
            horizon,
            asked.n_paths,
            asked.seed,
            request.n_quarters if request.HasField("n_quarters") else None,
            sampling,
            request.fund_cap_cny if request.HasField("fund_cap_cny") else None,
            request.contribution_confidence if request.HasField("contribution_confidence") else 0.99,
            **given.arguments(),
        )
    except ValueError as error:
        field, _, message = str(error).partition(": ")
        raise InvalidInput.of(field, message) from error


def question_to_wire(question: PortfolioQuestion) -> pb.SimulatePortfolioRequest:
    """The request of a question."""
    return pb.SimulatePortfolioRequest(
        **asked_to_wire(question),
        **given_to_wire(question),
        horizon_years=question.horizon_years,
        n_quarters=question.n_quarters,
        sampling=_SAMPLING_NUMBERS[question.sampling],
        fund_cap_cny=question.fund_cap_cny,
        contribution_confidence=question.contribution_confidence,
    )


def loss_to_wire(loss: PortfolioLoss) -> pb.PortfolioLoss:
    """The message of what was simulated."""
    return pb.PortfolioLoss(
        n_loans=loss.n_loans,
        exposure_cny=loss.exposure_cny,
        expected_loss_cny=loss.expected_loss_cny,
        expected_loss_error_cny=loss.expected_loss_error_cny,
        unexpected_loss_cny=loss.unexpected_loss_cny,
        tail=[_tail_to_wire(tail) for tail in loss.tail],
        by_loan=[_share_to_wire(share) for share in loss.by_loan],
        by_county=[_share_to_wire(share) for share in loss.by_county],
        by_product=[_share_to_wire(share) for share in loss.by_product],
        warnings=[caution_to_wire(caution) for caution in loss.cautions],
        manifest=manifest_to_wire(loss.manifest),
        by_guarantee_mode=[_share_to_wire(share) for share in loss.by_guarantee_mode],
        npl=[_point_to_wire(point) for point in loss.npl],
        ltv=[_point_to_wire(point) for point in loss.ltv],
        n_quarters=loss.n_quarters,
        effective_paths=loss.effective_paths,
        contribution_confidence=loss.contribution_confidence,
        fund=None if loss.fund is None else _fund_to_wire(loss.fund),
        named_funds=map(_fund_to_wire, loss.named_funds),
    )


def loss_from_wire(message: pb.PortfolioLoss) -> PortfolioLoss:
    """What was simulated."""
    return PortfolioLoss(
        n_loans=message.n_loans,
        exposure_cny=message.exposure_cny,
        expected_loss_cny=message.expected_loss_cny,
        expected_loss_error_cny=message.expected_loss_error_cny,
        unexpected_loss_cny=message.unexpected_loss_cny,
        tail=tuple(_tail_from_wire(tail) for tail in message.tail),
        by_loan=tuple(_share_from_wire(share) for share in message.by_loan),
        by_county=tuple(_share_from_wire(share) for share in message.by_county),
        by_product=tuple(_share_from_wire(share) for share in message.by_product),
        cautions=tuple(caution_from_wire(warning) for warning in message.warnings),
        manifest=manifest_from_wire(message.manifest),
        by_guarantee_mode=tuple(_share_from_wire(share) for share in message.by_guarantee_mode),
        npl=tuple(_point_from_wire(point) for point in message.npl),
        ltv=tuple(_point_from_wire(point) for point in message.ltv),
        n_quarters=message.n_quarters if message.HasField("n_quarters") else None,
        effective_paths=message.effective_paths if message.HasField("effective_paths") else None,
        contribution_confidence=message.contribution_confidence
        if message.HasField("contribution_confidence")
        else None,
        fund=_fund_from_wire(message.fund) if message.HasField("fund") else None,
        named_funds=tuple(map(_fund_from_wire, message.named_funds)),
    )


def _fund_to_wire(fund: CompensationFund) -> pb.CompensationFund:
    return pb.CompensationFund(
        cap_cny=fund.cap_cny,
        payment_mean_cny=fund.payment_mean_cny,
        exhausted_probability=fund.exhausted_probability,
        name=fund.name,
        n_loans=fund.n_loans,
        basis=fund.basis,
    )


def _fund_from_wire(message: pb.CompensationFund) -> CompensationFund:
    return CompensationFund(
        message.cap_cny,
        message.payment_mean_cny,
        message.exhausted_probability,
        message.name,
        message.n_loans if message.HasField("n_loans") else None,
        message.basis,
    )


def _point_to_wire(point: FanPoint) -> pb.FanPoint:
    quantiles = [pb.FanQuantile(probability=p, value=value) for p, value in point.quantiles]
    return pb.FanPoint(end_years=point.end_years, mean=point.mean, quantiles=quantiles)


def _point_from_wire(message: pb.FanPoint) -> FanPoint:
    return FanPoint(
        message.end_years, message.mean, tuple((at.probability, at.value) for at in message.quantiles)
    )


def _tail_to_wire(tail: TailFigure) -> pb.TailFigure:
    return pb.TailFigure(
        confidence=tail.confidence,
        value_at_risk_cny=tail.value_at_risk_cny,
        value_at_risk_low_cny=tail.value_at_risk_low_cny,
        value_at_risk_high_cny=tail.value_at_risk_high_cny,
        expected_shortfall_cny=tail.expected_shortfall_cny,
        expected_shortfall_error_cny=tail.expected_shortfall_error_cny,
        effective_paths=tail.effective_paths,
    )


def _tail_from_wire(message: pb.TailFigure) -> TailFigure:
    return TailFigure(
        message.confidence,
        message.value_at_risk_cny,
        message.value_at_risk_low_cny,
        message.value_at_risk_high_cny,
        message.expected_shortfall_cny,
        message.expected_shortfall_error_cny,
        message.effective_paths if message.HasField("effective_paths") else None,
    )


def _share_to_wire(share: LossShare) -> pb.LossShare:
    return pb.LossShare(
        key=share.key,
        exposure_cny=share.exposure_cny,
        expected_loss_cny=share.expected_loss_cny,
        defaults_mean=share.defaults_mean,
        collateral_mean_cny=share.collateral_mean_cny,
        collateral_mean_in_default_cny=share.collateral_mean_in_default_cny,
        tail_contribution_cny=share.tail_contribution_cny,
    )


def _share_from_wire(message: pb.LossShare) -> LossShare:
    in_default = message.HasField("collateral_mean_in_default_cny")
    return LossShare(
        message.key,
        message.exposure_cny,
        message.expected_loss_cny,
        message.defaults_mean,
        message.collateral_mean_cny,
        message.collateral_mean_in_default_cny if in_default else None,
        message.tail_contribution_cny if message.HasField("tail_contribution_cny") else None,
    )
