"""Processor time and memory of a fund simulation: the 101 projects of both lists, 15 years, all measures on every path.

The list of 2020 is moved so that its projects start in 2026; their durations stay. Run:

    python benchmarks/bench_fund.py
"""

import resource
import time
from dataclasses import replace
from decimal import Decimal

from flows.pipeline.project_files import ECO_INDUSTRY_2020, RESERVE_2026, read_projects
from services.fund.fund_market import factor_levels, with_fund_factors
from services.fund.outcome import FundOutcome, FundSimulation
from services.fund.project import Project
from services.fund.sector_assumptions import read_sector_assumptions
from services.fund.simulation import simulate
from services.fund.term_sheets import read_term_sheets
from services.fund.terms import FundTerms
from services.runtime.bundled import bundled
from services.runtime.market import MarketSnapshot, read_snapshot

FIRST_YEAR = 2026
COMMITMENT_CNY = Decimal(10**10)
PATHS = (1_000, 5_000, 10_000, 50_000)
PROJECTS = (20, 50, 101)


def all_projects() -> list[Project]:
    reserve = read_projects(bundled("zhangye_reserve_projects_2026.csv"), RESERVE_2026)
    industry = read_projects(bundled("zhangye_eco_industry_projects_2020.csv"), ECO_INDUSTRY_2020)
    moved = [
        replace(p, start_year=FIRST_YEAR, end_year=FIRST_YEAR + p.end_year - p.start_year) for p in industry
    ]
    return [*reserve, *moved]


def terms() -> FundTerms:
    sheet = read_term_sheets(bundled("fund/term_sheets.toml"))["benefit_sharing"].terms
    scale = COMMITMENT_CNY / sum(partner.commitment_cny for partner in sheet.partners)
    partners = tuple(replace(p, commitment_cny=p.commitment_cny * scale) for p in sheet.partners)
    return replace(sheet, partners=partners)


def simulation(
    market: MarketSnapshot, fund: FundTerms, projects: list[Project], n_paths: int
) -> FundSimulation:
    assumptions = read_sector_assumptions(bundled("fund/sector_assumptions.toml"))
    investments = assumptions.investments(projects, factor_levels(market))
    return FundSimulation(market, fund, investments, FIRST_YEAR, n_paths)


def measure(request: FundSimulation, projects: list[Project]) -> tuple[float, FundOutcome]:
    seconds = []
    for _ in range(3):
        began = time.process_time()
        *_, outcome = simulate(request, projects)
        seconds.append(time.process_time() - began)
    assert isinstance(outcome, FundOutcome)
    return min(seconds), outcome


def main() -> None:
    market = with_fund_factors(read_snapshot(bundled("market/standard.toml")))
    fund = terms()
    projects = all_projects()
    print("projects   paths  cpu seconds  us/path   conservation error CNY")
    cases = [(101, n_paths) for n_paths in PATHS] + [(n_projects, 10_000) for n_projects in PROJECTS[:-1]]
    for n_projects, n_paths in cases:
        chosen = projects[:n_projects]
        request = simulation(market, fund, chosen, n_paths)
        seconds, outcome = measure(request, chosen)
        per_path = 1e6 * seconds / n_paths
        print(
            f"{n_projects:8d} {n_paths:7d} {seconds:12.3f} {per_path:8.1f}   {outcome.conservation_error_cny:.1e}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
