"""What is told of a simulated fund: each recipient's outcome, the J-curve, cautions, the manifest."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from quant.distribution import REPORTED_PROBABILITIES, quantiles_of_sorted
from quant.fund_paths import FundPaths, FundPlan
from quant.waterfall import FloatArray
from services.fund.outcome import FundOutcome, FundSimulation, JCurvePoint, PartnerOutcome
from services.fund.project import Project
from services.fund.terms import GRASSROOTS_ID, FundTerms
from services.runtime.results import Caution, Distribution, Manifest, Quantile, Severity

ENGINE_VERSION = "fund-1"
J_CURVE_PROBABILITIES = (0.05, 0.50, 0.95)


def measure(
    request: FundSimulation, projects: Sequence[Project], plan: FundPlan, paths: FundPaths
) -> FundOutcome:
    """The outcome of simulated paths, with what it rests on."""
    recipients = request.terms.recipient_ids()
    positions = [-1 if recipient == GRASSROOTS_ID else i for i, recipient in enumerate(recipients)]
    called = float(plan.called.sum())
    total = float(sum(project.total_investment_cny for project in projects))
    return FundOutcome(
        partners=tuple(
            _partner(recipient, paths, position)
            for recipient, position in zip(recipients, positions, strict=True)
        ),
        j_curve=tuple(
            JCurvePoint(year, _distribution(cumulated, J_CURVE_PROBABILITIES))
            for year, cumulated in enumerate(paths.cumulated_cny)
        ),
        called_cny=called,
        leverage_project_to_fund=total / called if called > 0.0 else 0.0,
        conservation_error_cny=paths.conservation_error_cny,
        cautions=tuple(_cautions(request, plan, called)),
        manifest=_manifest(request, projects),
        assumptions=_assumptions(request),
    )


def _partner(recipient_id: str, paths: FundPaths, position: int) -> PartnerOutcome:
    received, paid_in = paths.received_cny[position], float(paths.paid_in_cny[position])
    rates = paths.irr_annual[position]
    there = rates[~np.isnan(rates)]
    return PartnerOutcome(
        recipient_id,
        _distribution(there, REPORTED_PROBABILITIES) if len(there) else None,
        1.0 - len(there) / len(rates),
        _distribution(received / paid_in, REPORTED_PROBABILITIES) if paid_in > 0.0 else None,
        _distribution(received, REPORTED_PROBABILITIES),
        # A cent of rounding is no loss.
        float(np.mean(received < paid_in - 0.01)),
    )


def _distribution(values: FloatArray, probabilities: Sequence[float]) -> Distribution:
    quantiles, errors = quantiles_of_sorted(np.sort(values)[None, :], tuple(probabilities))
    points = zip(probabilities, quantiles[0], errors[0], strict=True)
    sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Distribution(
        float(values.mean()),
        sd / math.sqrt(len(values)),
        sd,
        tuple(Quantile(level, float(value), float(error)) for level, value, error in points),
    )


def _cautions(request: FundSimulation, plan: FundPlan, called: float) -> Iterator[Caution]:
    if called == 0.0:
        yield Caution(
            "FUND_CALLS_NOTHING",
            Severity.WARNING,
            "基金未向任何项目出资,各项指标没有意义",
            "The fund calls no capital: the measures mean nothing",
        )
    if plan.rows_beyond:
        yield Caution(
            "ROWS_AFTER_FUND_LIFE",
            Severity.WARNING,
            f"有 {plan.rows_beyond} 行经营现金流落在基金存续期之后,未计入;只有单列的退出行能代表它们的价值",
            f"{plan.rows_beyond} operating rows fall after the fund's life and do not count; only a sale that is a row "
            "of its own stands for them",
        )
    if request.snapshot.as_of.year != request.first_year:
        yield Caution(
            "FIRST_YEAR_IS_NOT_THE_MARKETS",
            Severity.NOTE,
            f"市场快照日期为 {request.snapshot.as_of},基金首年为 {request.first_year};模型把快照日期视为首次交割日",
            f"The market is of {request.snapshot.as_of}, the fund's first year is {request.first_year}; the date of "
            "the market counts as the first closing",
        )
    ignored = [
        investment.project_id
        for investment in request.investments
        if investment.operations.terms.event_intensity > 0.0
    ]
    if ignored:
        names = ", ".join(ignored)
        yield Caution(
            "LOSS_OF_RIGHT_NOT_SIMULATED",
            Severity.NOTE,
            f"项目 {names} 的权利灭失强度未在基金模拟中使用",
            f"The event intensity of {names} is not used in the simulation of the fund",
        )


def _assumptions(request: FundSimulation) -> tuple[str, ...]:
    of_projects = (
        f"{investment.project_id}: {assumption}"
        for investment in request.investments
        for assumption in investment.assumptions
    )
    return (*request.terms.assumptions, *of_projects)


def _manifest(request: FundSimulation, projects: Sequence[Project]) -> Manifest:
    content = (ENGINE_VERSION, _canonical_terms(request.terms), request.investments,
               [_canonical_project(project) for project in projects], request.first_year)  # fmt: skip
    encoded = msgspec.json.encode(content, order="deterministic", enc_hook=_encode_array)
    return Manifest(
        hashlib.sha256(encoded).hexdigest(),
        request.snapshot.snapshot_id,
        request.snapshot.content_hash(),
        "",
        request.seed,
        request.n_paths,
        ENGINE_VERSION,
    )


def _canonical_terms(terms: FundTerms) -> FundTerms:
    """The same terms with every amount in one notation: 1000 and 1000.00 are one amount."""
    partners = (
        replace(partner, commitment_cny=partner.commitment_cny.normalize()) for partner in terms.partners
    )
    return replace(terms, partners=tuple(partners))


def _canonical_project(project: Project) -> Project:
    return replace(project, total_investment_cny=project.total_investment_cny.normalize())


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"manifest: cannot encode {type(value).__name__}")
