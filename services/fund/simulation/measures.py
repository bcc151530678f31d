"""What is told of a simulated fund: each recipient's outcome, the J-curve, liquidity, projects, the manifest."""

import hashlib
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from quant.fund_paths.simulation import FundBlock, FundRules
from quant.pledges.distribution import REPORTED_PROBABILITIES, quantiles_of_sorted
from quant.pledges.path_summary import PathMoments, PathSummary
from services.fund.fund_terms.terms import GRASSROOTS_ID, FundTerms, PartnerClass
from services.fund.pipeline.project import Project
from services.fund.simulation.cautions import cautions_of
from services.fund.simulation.outcome import (
    BenefitCost,
    FundOutcome,
    FundSimulation,
    GrassrootsBenefit,
    JCurvePoint,
    LiquidityPoint,
    MultipleAtYear,
    PartnerOutcome,
    PlaceBenefit,
    ProjectOutcome,
)
from services.runtime.results import Distribution, Manifest, Quantile

ENGINE_VERSION = "fund-2"
FAN_PROBABILITIES = (0.05, 0.25, 0.50, 0.75, 0.95)


@dataclass(slots=True)
class SimulatedPaths:
    """All blocks of a simulation, taken up in order.

    Attributes:
        summary: of the fund's columns.
        projects: moments of the projects' columns.
        conservation_error_cny: largest so far.
    """

    summary: PathSummary
    projects: PathMoments
    conservation_error_cny: float = 0.0

    def add(self, first_path: int, block: FundBlock) -> None:
        """Take up the next block."""
        self.summary.add(first_path, block.columns)
        self.projects.add(block.projects)
        self.conservation_error_cny = max(self.conservation_error_cny, block.conservation_error_cny)

    def mean(self, key: Hashable) -> float:
        """Mean of a column over all paths."""
        return self.summary.moments.mean(key)

    def distribution(
        self, key: Hashable, probabilities: Sequence[float] = REPORTED_PROBABILITIES
    ) -> Distribution | None:
        """Distribution of a column over the paths that have it, None where none has."""
        count = self.summary.moments.count(key)
        ordered = self.summary.ordered(key)
        if count == 0 or len(ordered) == 0:
            return None
        quantiles, errors = quantiles_of_sorted(ordered[None, :], tuple(probabilities))
        points = zip(probabilities, quantiles[0], errors[0], strict=True)
        sd = self.summary.moments.sd(key)
        return Distribution(
            self.mean(key),
            sd / math.sqrt(count),
            sd,
            tuple(Quantile(level, float(value), float(error)) for level, value, error in points),
        )

    def known(self, key: Hashable, probabilities: Sequence[float] = REPORTED_PROBABILITIES) -> Distribution:
        """Distribution of a column that every path has."""
        found = self.distribution(key, probabilities)
        assert found is not None  # noqa: S101  # there is at least one path
        return found


def measure(
    request: FundSimulation, projects: Sequence[Project], rules: FundRules, paths: SimulatedPaths
) -> FundOutcome:
    """The outcome of simulated paths, with what it rests on."""
    terms = request.terms
    called, investment = paths.mean("called"), paths.mean("investment")
    committed = sum(float(partner.commitment_cny) for partner in terms.partners)
    fiscal = sum(
        float(partner.commitment_cny)
        for partner in terms.partners
        if partner.partner_class is PartnerClass.CITY_FINANCE
    )
    city = called * fiscal / committed if committed > 0.0 else 0.0
    return FundOutcome(
        partners=tuple(_recipient(request, paths, r, f"partner:{r}") for r in terms.recipient_ids()),
        j_curve=tuple(
            JCurvePoint(year, paths.known(("cumulated", year), FAN_PROBABILITIES))
            for year in range(rules.plan.n_years)
        ),
        called_cny=called,
        leverage_project_to_fund=investment / called if called > 0.0 else 0.0,
        conservation_error_cny=paths.conservation_error_cny,
        cautions=tuple(cautions_of(request, rules, called, paths.mean("gap") > 0.0, paths.summary.stride)),
        manifest=_manifest(request, projects),
        assumptions=_assumptions(request),
        classes=tuple(_recipient(request, paths, name, key) for name, key in _classes(terms)),
        leverage_fund_to_fiscal=called / city if city > 0.0 else None,
        leverage_project_to_fiscal=investment / city if city > 0.0 else None,
        liquidity=tuple(_liquidity(paths, year) for year in range(rules.plan.n_years)),
        peak_line_cny=paths.known("peak_line"),
        probability_line_needed=paths.mean("line_needed"),
        probability_line_unpaid=paths.mean("line_unpaid"),
        recycled_cny=paths.mean("recycled"),
        fee_cny=paths.mean("fee"),
        projects=tuple(_project(paths, i, project, request.n_paths) for i, project in enumerate(projects)),
        jobs=paths.known("jobs") if "jobs" in rules.weights else None,
        gep_cny_per_year=paths.known("gep_cny_per_year") if "gep_cny_per_year" in rules.weights else None,
        grassroots=_grassroots(terms, rules, paths) if rules.places else None,
    )


def _grassroots(terms: FundTerms, rules: FundRules, paths: SimulatedPaths) -> GrassrootsBenefit:
    return GrassrootsBenefit(
        tuple(PlaceBenefit(name, paths.known(("grassroots", name))) for name in rules.places),
        tuple(
            BenefitCost(partner.partner_id, paths.known(("grassroots_cost", i)))
            for i, partner in enumerate(terms.partners)
        ),
    )


def _classes(terms: FundTerms) -> list[tuple[str, str]]:
    """Name of each class that takes part, and the key of its column."""
    found = []
    for kind in dict.fromkeys(partner.partner_class for partner in terms.partners):
        members = [p.partner_id for p in terms.partners if p.partner_class is kind]
        found.append((str(kind), f"class:{kind}" if len(members) > 1 else f"partner:{members[0]}"))
    if GRASSROOTS_ID in terms.recipient_ids():
        found.append((GRASSROOTS_ID, f"partner:{GRASSROOTS_ID}"))
    return found


def _recipient(request: FundSimulation, paths: SimulatedPaths, name: str, key: str) -> PartnerOutcome:
    n = request.n_paths
    there = paths.summary.moments.count(("irr", key))
    pays = paths.summary.moments.count(("tvpi", key))
    returned = paths.summary.moments.count(("payback", key))
    return PartnerOutcome(
        name,
        paths.distribution(("irr", key)),
        1.0 - there / n,
        paths.distribution(("tvpi", key)),
        paths.known(("received", key)),
        paths.mean(("loss", key)),
        paths.known(("paid", key)),
        paths.distribution(("payback", key)),
        (pays - returned) / n,
        tuple(
            MultipleAtYear(
                year, paths.distribution(("dpi", key, year)), paths.distribution(("rvpi", key, year))
            )
            for year in request.report_years
        ),
    )


def _liquidity(paths: SimulatedPaths, year: int) -> LiquidityPoint:
    called, gap, line, shortfall = (
        paths.known((what, year), FAN_PROBABILITIES) for what in ("called", "gap", "line", "shortfall")
    )
    return LiquidityPoint(year, called, gap, line, shortfall)


def _project(paths: SimulatedPaths, i: int, project: Project, n_paths: int) -> ProjectOutcome:
    abandoned, closed, unfinished, delay, cost, value = (
        paths.projects.mean((what, i))
        for what in ("abandoned", "closed", "unfinished", "delay", "cost", "value")
    )
    error = paths.projects.sd(("value", i)) / math.sqrt(n_paths)
    return ProjectOutcome(
        project.project_id, project.pipeline, abandoned, closed, unfinished, delay, cost, value, error
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
               [_canonical_project(project) for project in projects], request.first_year, request.report_years,
               request.liquidity_rate_annual, request.switches)  # fmt: skip
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
