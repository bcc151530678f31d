"""From a project to an investment by the assumptions of its sector; every figure here is an assumption."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from quant.fund_paths import ProjectCash
from quant.schedules import CollateralTerms, ExposureSchedule
from services.fund.outcome import Investment
from services.fund.project import Project
from services.fund.term_sheets import decode_toml
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.violations import Violations

FIXED_CASH = "cny"
"""Factor that is 1 CNY at all times."""


class FactorShare(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A factor and the share of the operating cash that moves with it."""

    factor: str
    share: float


class SectorAssumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is assumed of the projects of a sector; shares and yields are of the total investment.

    Attributes:
        sector: as the project list writes it.
        name_contains: the row fits projects whose name holds one of these; empty fits all.
        operating_yield_annual: operating cash after cost of a full year.
        operating_years: after completion.
        ramp_up: share of a full year in the first years.
        fund_equity_share, debt_share: the rest is equity of others.
        debt_rate_annual: interest.
        exit_years_of_cash: price of the project at the end of the fund's life, in full years of operating cash.
        quantity_cv: coefficient of variation of the project's own error.
        factors: what moves the cash; shares add up to 1.
        reasoning: why, in plain words.
    """

    sector: str
    operating_yield_annual: float
    operating_years: int
    fund_equity_share: float
    debt_share: float
    debt_rate_annual: float
    exit_years_of_cash: float
    quantity_cv: float
    factors: tuple[FactorShare, ...]
    reasoning: str
    ramp_up: tuple[float, ...] = ()
    name_contains: tuple[str, ...] = ()

    def fits(self, project: Project) -> bool:
        """Whether the row is for the project."""
        named = not self.name_contains or any(part in project.name for part in self.name_contains)
        return project.sector == self.sector and named

    def find_flaws(self) -> tuple[FieldViolation, ...]:
        """Everything that is wrong with the row."""
        violations = Violations()
        violations.require_non_negative("operating_yield_annual", self.operating_yield_annual)
        violations.require_range("operating_years", self.operating_years, 1, 50)
        violations.require_fraction("fund_equity_share", self.fund_equity_share)
        violations.require_fraction("debt_share", self.debt_share)
        together = self.fund_equity_share + self.debt_share
        violations.require(
            together <= 1.0, "debt_share", f"found {together} with fund_equity_share, expected at most 1"
        )
        for name in ("debt_rate_annual", "exit_years_of_cash", "quantity_cv"):
            violations.require_non_negative(name, getattr(self, name))
        for k, share in enumerate(self.ramp_up):
            violations.require_fraction(f"ramp_up[{k}]", share)
        for k, moved in enumerate(self.factors):
            violations.require_fraction(f"factors[{k}].share", moved.share)
        total = sum(moved.share for moved in self.factors)
        violations.require(
            abs(total - 1.0) < 1e-9, "factors", f"found shares of {total}, expected a sum of 1"
        )
        violations.require_non_empty("reasoning", self.reasoning)
        return violations.found


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    assumptions: tuple[SectorAssumption, ...]


def read_sector_assumptions(path: Path) -> tuple[SectorAssumption, ...]:
    """The rows of a TOML file, in order.

    Raises:
        InvalidInput: naming file, place, what was found and what is expected.
    """
    rows = decode_toml(path, _File).assumptions
    violations = [
        FieldViolation(f"{path.name}: assumptions[{i}].{flaw.field}", flaw.description)
        for i, row in enumerate(rows)
        for flaw in row.find_flaws()
    ]
    if violations:
        raise InvalidInput.from_violations(violations)
    return rows


def assumption_for(project: Project, rows: Sequence[SectorAssumption]) -> SectorAssumption:
    """The first row that fits a project.

    Raises:
        InvalidInput: none does.
    """
    for row in rows:
        if row.fits(project):
            return row
    raise InvalidInput.of(
        "sector",
        f"project {project.project_id}: found {project.sector!r}, expected one of "
        f"{', '.join(sorted({row.sector for row in rows}))}",
    )


def investment_for(
    project: Project,
    assumption: SectorAssumption,
    levels: Mapping[str, float],
    *,
    first_year: int,
    life_years: int,
) -> Investment:
    """What the fund puts into a project and what it expects, by the assumption.

    Operating cash is `operating_yield_annual` times the investment at today's factor levels, so that a factor's row
    holds cash divided by level. At the end of the fund's life the project is sold for `exit_years_of_cash` full years
    of cash less the debt outstanding, if it operates by then and still does afterwards.

    Args:
        project: with its investment and years.
        assumption: of its sector.
        levels: value today of each factor that the assumption names, and of "cny" for the debt.
        first_year: calendar year of the fund's year 0.
        life_years: of the fund.

    Raises:
        InvalidInput: a level is missing.
    """
    full_cash = assumption.operating_yield_annual * float(project.total_investment_cny)
    years = np.arange(1, assumption.operating_years + 1)
    ramp = np.array([*assumption.ramp_up, *[1.0] * assumption.operating_years][: assumption.operating_years])
    rows = [
        (float(year), moved.factor, share * moved.share * full_cash, "经营现金 / operating cash")
        for year, share in zip(years, ramp, strict=True)
        for moved in assumption.factors
    ]
    exit_year = first_year + life_years - project.end_year
    if 1 <= exit_year < assumption.operating_years and assumption.exit_years_of_cash > 0.0:
        price = assumption.exit_years_of_cash * full_cash
        rows += [
            (float(exit_year), moved.factor, moved.share * price, "退出 / sale of the project")
            for moved in assumption.factors
        ]
        debt = _bare(project, assumption, years).outstanding_debt(exit_year)
        if debt > 0.0:
            rows.append((float(exit_year), FIXED_CASH, -debt, "退出时偿还债务 / debt repaid at the sale"))
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
    )


def _bare(project: Project, assumption: SectorAssumption, years: NDArray[np.int64]) -> ProjectCash:
    return ProjectCash(
        float(project.total_investment_cny),
        0,
        project.end_year - project.start_year,
        assumption.fund_equity_share,
        assumption.debt_share,
        assumption.debt_rate_annual,
        years.astype(np.float64),
        (FIXED_CASH,) * len(years),
        np.ones(len(years)),
    )


def _level(levels: Mapping[str, float], factor: str, project: Project) -> float:
    level = levels.get(factor)
    if level is None:
        raise InvalidInput.of(
            "factors", f"project {project.project_id}: {factor!r} is not a factor of the market"
        )
    return level
