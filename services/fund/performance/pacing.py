"""Pacing of a commitment whose projects are not known: questions, answers and the use case."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from quant.cashflows import irr
from quant.pacing import takahashi_alexander
from quant.pacing_fit import PacingFit, fit_pacing
from services.runtime.errors import InvalidInput
from services.runtime.results import Caution, Severity
from services.runtime.violations import Violations

LONGEST_LIFE_YEARS = 50
USUAL_RATES = 3


@dataclass(frozen=True, slots=True)
class PacingParameters:
    """Parameters of the model of Takahashi and Alexander.

    Attributes:
        contribution_rates: of the open commitment in years 1, 2, ...; the last one holds for later years.
        bow: 0.05 to 20, a larger one distributes later.
        growth_annual: of net asset value, above -0.9, at most 2.
    """

    contribution_rates: tuple[float, ...]
    bow: float
    growth_annual: float


@dataclass(frozen=True, slots=True)
class ObservedFlows:
    """Flows of the first years of a commitment, CNY.

    Attributes:
        contributions_cny, distributions_cny: of years 1, 2, ..., as many.
        nav_cny: at the ends of the years, empty where it was not told.
        n_rates: contribution rates to fit; None for three, or as many as there are years.
    """

    contributions_cny: tuple[float, ...]
    distributions_cny: tuple[float, ...]
    nav_cny: tuple[float, ...] = ()
    n_rates: int | None = None


@dataclass(frozen=True, slots=True)
class PacingQuestion:
    """What is to be paced.

    Attributes:
        commitment_cny: above 0.
        life_years: 1 to 50.
        source: parameters, or flows to fit them to.
        yield_rate_annual: least share of net asset value distributed in a year.
    """

    commitment_cny: float
    life_years: int
    source: PacingParameters | ObservedFlows
    yield_rate_annual: float = 0.0


@dataclass(frozen=True, slots=True)
class PacingPrecision:
    """How well flows tell the parameters; errors are None where they cannot be told."""

    last_rate_error: float | None
    bow_error: float | None
    growth_error: float | None
    rms_error: float
    is_identified: bool


@dataclass(frozen=True, slots=True)
class PacedYear:
    """A year, from 1, CNY."""

    year: int
    contribution_cny: float
    distribution_cny: float
    nav_cny: float


@dataclass(frozen=True, slots=True)
class PacedPlan:
    """What the model gives.

    Attributes:
        years: 1 to the life.
        parameters: used.
        precision: None where the parameters were given.
        irr_annual: of the flows and the last net asset value; None where there is none.
        cautions: warnings.
    """

    years: tuple[PacedYear, ...]
    parameters: PacingParameters
    precision: PacingPrecision | None
    irr_annual: float | None
    cautions: tuple[Caution, ...]


def pace_commitment(question: PacingQuestion) -> PacedPlan:
    """Pace a commitment by given parameters or by those fitted to observed flows.

    Raises:
        InvalidInput: with the path of each field that is wrong.
    """
    _check(question)
    try:
        fit = _fitted(question)
        parameters = question.source if fit is None else _parameters(fit)
        assert isinstance(parameters, PacingParameters)  # noqa: S101  # fitted where flows are given
        paced = takahashi_alexander(
            question.commitment_cny,
            parameters.contribution_rates,
            question.life_years,
            parameters.bow,
            parameters.growth_annual,
            question.yield_rate_annual,
        )
    except ValueError as error:
        # The numerics name the argument, which is called here as there.
        field, _, description = str(error).partition(": ")
        raise InvalidInput.of(field, description) from error
    net = paced.distributions - paced.contributions
    net[-1] += paced.nav[-1]
    rate = float(irr(net))
    return PacedPlan(
        tuple(
            PacedYear(year, float(called), float(paid), float(value))
            for year, (called, paid, value) in enumerate(zip(*paced, strict=True), start=1)
        ),
        parameters,
        None if fit is None else _precision(fit),
        None if math.isnan(rate) else rate,
        tuple(_cautions(fit)),
    )


def _check(question: PacingQuestion) -> None:
    violations = Violations()
    violations.require_positive("commitment_cny", question.commitment_cny)
    violations.require_range("life_years", question.life_years, 1, LONGEST_LIFE_YEARS)
    violations.require_fraction("yield_rate_annual", question.yield_rate_annual)
    source = question.source
    if isinstance(source, PacingParameters):
        at = violations.at("parameters")
        at.require_non_empty("contribution_rates", source.contribution_rates)
        for i, rate in enumerate(source.contribution_rates):
            at.require_fraction(f"contribution_rates[{i}]", rate)
        at.require_range("bow", source.bow, 0.05, 20.0)
        at.require_range("growth_annual", source.growth_annual, -0.9, 2.0)
        n_rates = len(source.contribution_rates)
        at.require(
            n_rates <= max(question.life_years, 1),
            "contribution_rates",
            f"found {n_rates} rates, expected at most one for each of the {question.life_years} years of life",
        )
    else:
        n_years = len(source.contributions_cny)
        violations.require(
            2 <= n_years <= max(question.life_years, 2),
            "contributions",
            f"found {n_years} years, expected at least 2 and at most the life of {question.life_years}",
        )
    violations.raise_if_any()


def _fitted(question: PacingQuestion) -> PacingFit | None:
    source = question.source
    if isinstance(source, PacingParameters):
        return None
    n_years = len(source.contributions_cny)
    n_rates = min(USUAL_RATES, n_years) if source.n_rates is None else source.n_rates
    return fit_pacing(
        question.commitment_cny,
        source.contributions_cny,
        source.distributions_cny,
        question.life_years,
        nav=source.nav_cny or None,
        n_rates=n_rates,
        yield_rate=question.yield_rate_annual,
    )


def _parameters(fit: PacingFit) -> PacingParameters:
    return PacingParameters(tuple(float(rate) for rate in fit.contribution_rates), fit.bow, fit.growth)


def _precision(fit: PacingFit) -> PacingPrecision:
    def told(error: float) -> float | None:
        return None if np.isnan(error) else error

    return PacingPrecision(
        told(fit.last_rate_error),
        told(fit.bow_error),
        told(fit.growth_error),
        fit.rms_error,
        fit.is_identified,
    )


def _cautions(fit: PacingFit | None) -> Iterator[Caution]:
    if fit is not None and fit.is_at_bound:
        yield Caution(
            "PACING_AT_BOUND",
            Severity.WARNING,
            "拟合停在参数范围的端点：这些现金流不是该模型的形状，参数只宜作粗略节奏",
            "The fit stops at the end of a parameter's range: the flows do not have the model's shape, the pace is a "
            "rough one",
        )
    if fit is not None and not fit.is_identified:
        yield Caution(
            "PACING_NOT_IDENTIFIED",
            Severity.WARNING,
            "已有现金流无法区分弓形参数与增长率，二者的取值不可单独采用",
            "The flows do not tell bow and growth apart: neither figure means anything by itself",
        )
