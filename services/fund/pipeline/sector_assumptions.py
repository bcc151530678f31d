"""From a project to an investment by the assumptions of its sector; every figure here is an assumption."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from quant.fund_paths.projects import ConstructionRisk, ProjectExit
from quant.schedules import CollateralTerms, ExposureSchedule
from services.fund.pipeline.project import Project
from services.fund.simulation.investment_rules import check_exit, check_risk
from services.fund.simulation.outcome import Investment
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.toml_file import decode_toml
from services.runtime.violations import Violations

FIXED_CASH = "cny"
"""Factor that is 1 CNY at all times."""


class FactorShare(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A factor and the share of the receipts, or of the fixed cost, that moves with it."""

    factor: str
    share: float


class SectorAssumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is assumed of the projects of a sector; shares and yields are of the total investment.

    Attributes:
        sector: as the project list writes it.
        revenue_yield_annual: receipts of a full year.
        operating_years: after completion.
        fund_equity_share, debt_share: the rest is equity of others.
        debt_rate_annual: interest.
        quantity_cv: coefficient of variation of the project's own error.
        factors: what moves the receipts; shares add up to 1.
        reasoning: why, in plain words.
        variable_cost_share: share of the receipts that goes with them.
        fixed_cost_yield_annual: cost of a year whether or not there are customers.
        cost_factors: what moves the fixed cost; empty where nothing does.
        exit_years_of_cash: price of the project at the end of the fund's life, in years of that year's cash; None where
            it is not sold.
        ramp_up: share of a full year's receipts in the first years.
        name_contains: the row fits projects whose name holds one of these; empty fits all.
        delay_probabilities, overrun_mean, overrun_log_sd, abandonment_intensity_annual, stop_after_negative_years: see
            `quant.fund_paths.projects.ConstructionRisk`.
    """

    sector: str
    revenue_yield_annual: float
    operating_years: int
    fund_equity_share: float
    debt_share: float
    debt_rate_annual: float
    quantity_cv: float
    factors: tuple[FactorShare, ...]
    reasoning: str
    variable_cost_share: float = 0.0
    fixed_cost_yield_annual: float = 0.0
    cost_factors: tuple[FactorShare, ...] = ()
    exit_years_of_cash: float | None = None
    ramp_up: tuple[float, ...] = ()
    name_contains: tuple[str, ...] = ()
    delay_probabilities: tuple[float, ...] = ()
    overrun_mean: float = 0.0
    overrun_log_sd: float = 0.0
    abandonment_intensity_annual: float = 0.0
    stop_after_negative_years: int = 0

    def fits(self, project: Project) -> bool:
        """Whether the row is for the project."""
        named = not self.name_contains or any(part in project.name for part in self.name_contains)
        return project.sector == self.sector and named

    def risk(self, common_share: float) -> ConstructionRisk:
        """What may go wrong."""
        return ConstructionRisk(
            self.delay_probabilities,
            self.overrun_mean,
            self.overrun_log_sd,
            common_share,
            self.abandonment_intensity_annual,
            self.stop_after_negative_years,
        )

    def exit(self) -> ProjectExit | None:
        """How a project is sold."""
        return None if self.exit_years_of_cash is None else ProjectExit(self.exit_years_of_cash)

    def find_flaws(self) -> tuple[FieldViolation, ...]:
        """Everything that is wrong with the row."""
        violations = Violations()
        for name in ("revenue_yield_annual", "fixed_cost_yield_annual", "debt_rate_annual", "quantity_cv"):
            violations.require_non_negative(name, getattr(self, name))
        violations.require_range("operating_years", self.operating_years, 1, 50)
        for name in ("variable_cost_share", "fund_equity_share", "debt_share"):
            violations.require_fraction(name, getattr(self, name))
        together = self.fund_equity_share + self.debt_share
        violations.require(
            together <= 1.0, "debt_share", f"found {together} with fund_equity_share, expected at most 1"
        )
        for k, share in enumerate(self.ramp_up):
            violations.require_fraction(f"ramp_up[{k}]", share)
        _check_shares("factors", self.factors, violations)
        if self.cost_factors:
            _check_shares("cost_factors", self.cost_factors, violations)
        check_risk(self.risk(0.0), violations)
        sale = self.exit()
        if sale is not None:
            check_exit(sale, violations.at("exit"))
        violations.require_non_empty("reasoning", self.reasoning)
        return violations.found


@dataclass(frozen=True, slots=True)
class SectorAssumptions:
    """The rows of the file, in order, and what all projects have in common.

    Attributes:
        rows: of sectors.
        common_share: share of the variance of overruns and delays that is common.
    """

    rows: tuple[SectorAssumption, ...]
    common_share: float

    def row_for(self, project: Project) -> SectorAssumption:
        """The first row that fits a project.

        Raises:
            InvalidInput: none does.
        """
        for row in self.rows:
            if row.fits(project):
                return row
        raise InvalidInput.of(
            "sector",
            f"project {project.project_id}: found {project.sector!r}, expected one of "
            f"{', '.join(sorted({row.sector for row in self.rows}))}",
        )

    def investments(self, projects: Sequence[Project], levels: Mapping[str, float]) -> tuple[Investment, ...]:
        """What the fund puts into projects and what it expects of them.

        Args:
            projects: in any order.
            levels: value today of each factor that the rows name.

        Raises:
            InvalidInput: a project fits no row, or a level is missing.
        """
        return tuple(
            investment_for(project, self.row_for(project), levels, common_share=self.common_share)
            for project in projects
        )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    common_share: float
    assumptions: tuple[SectorAssumption, ...]


def read_sector_assumptions(path: Path) -> SectorAssumptions:
    """The assumptions of a TOML file.

    Raises:
        InvalidInput: naming file, place, what was found and what is expected.
    """
    content = decode_toml(path, _File)
    violations = [
        FieldViolation(f"{path}: assumptions[{i}].{flaw.field}", flaw.description)
        for i, row in enumerate(content.assumptions)
        for flaw in row.find_flaws()
    ]
    if not 0.0 <= content.common_share <= 1.0:
        found = f"found {content.common_share}, expected a fraction from 0 to 1"
        violations.append(FieldViolation(f"{path}: common_share", found))
    if violations:
        raise InvalidInput.from_violations(violations)
    return SectorAssumptions(content.assumptions, content.common_share)


def investment_for(
    project: Project, assumption: SectorAssumption, levels: Mapping[str, float], *, common_share: float = 0.0
) -> Investment:
    """What the fund puts into a project and what it expects, by the assumption.

    A row of receipts holds `revenue_yield_annual (1 - variable_cost_share)` times the investment, the ramp-up share and
    the factor's share, divided by the factor's level today; a row of cost likewise, from the first year in full.

    Raises:
        InvalidInput: a level is missing.
    """
    investment = float(project.total_investment_cny)
    receipts = assumption.revenue_yield_annual * (1.0 - assumption.variable_cost_share) * investment
    cost = assumption.fixed_cost_yield_annual * investment
    years = range(1, assumption.operating_years + 1)
    ramp = [*assumption.ramp_up, *[1.0] * assumption.operating_years]
    fixed = assumption.cost_factors or (FactorShare(FIXED_CASH, 1.0),)
    rows = [
        *(
            (
                float(year),
                moved.factor,
                ramp[year - 1] * moved.share * receipts,
                "经营收入 / receipts less variable cost",
            )
            for year in years
            for moved in assumption.factors
        ),
        *(
            (float(year), moved.factor, -moved.share * cost, "固定成本 / fixed cost")
            for year in years
            for moved in fixed
        ),
    ]
    rows = sorted((row for row in rows if row[2] != 0.0), key=lambda row: row[0])
    # A schedule has at least one row, also that of a project without cash.
    rows = rows or [(1.0, FIXED_CASH, 0.0, "无经营现金 / no operating cash")]
    operations = ExposureSchedule(
        project.project_id,
        np.array([row[0] for row in rows]),
        tuple(row[1] for row in rows),
        np.array([row[2] / _level(levels, row[1], project) for row in rows]),
        tuple(row[3] for row in rows),
        CollateralTerms(quantity_cv=assumption.quantity_cv),
    )
    return Investment(
        project.project_id,
        project.pipeline,
        assumption.fund_equity_share,
        assumption.debt_share,
        assumption.debt_rate_annual,
        operations,
        (assumption.reasoning,),
        assumption.risk(common_share),
        assumption.exit(),
    )


def _check_shares(name: str, shares: Sequence[FactorShare], violations: Violations) -> None:
    for k, moved in enumerate(shares):
        violations.require_fraction(f"{name}[{k}].share", moved.share)
    total = math.fsum(moved.share for moved in shares)
    violations.require(abs(total - 1.0) < 1e-9, name, f"found shares of {total}, expected a sum of 1")


def _level(levels: Mapping[str, float], factor: str, project: Project) -> float:
    level = levels.get(factor)
    if level is None:
        raise InvalidInput.of(
            "factors", f"project {project.project_id}: {factor!r} is not a factor of the market"
        )
    return level
