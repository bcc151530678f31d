"""The simulation of the real pipeline against plain loops: loans year by year, exact cents, a root finder for rates.

Delays, overruns, projects that are given up or closed, sales, the fee and the liquidity line are all in play.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import numpy as np
import numpy_financial
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from flows.pipeline.project_files import RESERVE_2026, read_projects
from quant.draws.random_numbers import Purpose, standard_normals, uniforms
from quant.draws.sparse_draws import lane_of_name
from quant.factors import FactorModel
from quant.waterfall.one_path import CentFlow, run_cents
from services.fund.fund_terms.sheets import read_term_sheets
from services.fund.pipeline.project import Project
from services.fund.pipeline.sector_assumptions import read_sector_assumptions
from services.fund.simulation.market import factor_levels, with_fund_factors
from services.fund.simulation.outcome import FundOutcome, FundSimulation, Investment
from services.fund.simulation.simulating import simulate
from services.runtime.market import read_snapshot

DATA = Path(__file__).parents[3] / "data"
FIRST_YEAR, LIFE, N_PATHS, SEED = 2026, 15, 256, 11


def test_the_reserve_pipeline_under_the_sharing_terms() -> None:
    market = with_fund_factors(read_snapshot(DATA / "market" / "standard.toml"))
    terms = read_term_sheets(DATA / "fund" / "term_sheets.toml")["benefit_sharing"].terms
    # Little more than the plan calls, so that overruns need the line on some paths.
    partners = tuple(replace(p, commitment_cny=p.commitment_cny * Decimal("0.8")) for p in terms.partners)
    terms = replace(terms, partners=partners)
    projects = read_projects(DATA / "zhangye_reserve_projects_2026.csv", RESERVE_2026)
    assumptions = read_sector_assumptions(DATA / "fund" / "sector_assumptions.toml")
    investments = assumptions.investments(projects, factor_levels(market))
    *_, outcome = simulate(FundSimulation(market, terms, investments, FIRST_YEAR, N_PATHS, SEED), projects)
    assert isinstance(outcome, FundOutcome)
    assert 0.0 < outcome.probability_line_needed < 1.0
    assert any(project.probability_abandoned > 0.0 for project in outcome.projects)
    assert any(project.probability_closed > 0.0 for project in outcome.projects)

    prices = simulated(market.factor_model())
    spent, cash = np.zeros((LIFE + 1, N_PATHS)), np.zeros((LIFE + 1, N_PATHS))
    for investment, project in zip(investments, projects, strict=True):
        chances = Chance.drawn(investment, project)
        for path in range(N_PATHS):
            live(investment, project, chances[path], prices, path, spent, cash)
    committed = float(sum(partner.commitment_cny for partner in partners))
    called, distributed = np.zeros_like(cash), np.zeros_like(cash)
    for path in range(N_PATHS):
        called[:, path], distributed[:, path] = banked(
            spent[:, path], cash[:, path], committed, terms.fee_rate_annual
        )
    assert outcome.called_cny == pytest.approx(called.sum(axis=0).mean(), rel=1e-12)

    received: dict[str, list[float]] = defaultdict(list)
    rates: dict[str, list[float]] = defaultdict(list)
    for path in range(N_PATHS):
        flows = [
            CentFlow(
                year,
                Decimal(float(called[year, path])).quantize(Decimal("0.01"), ROUND_DOWN),
                round(Decimal(float(distributed[year, path])), 2),
            )
            for year in range(LIFE + 1)
        ]
        paid_years = run_cents(terms.waterfall(), flows)
        for recipient in terms.recipient_ids():
            net = np.zeros(LIFE + 1)
            for paid_year in paid_years:
                paid = [
                    float(x.amount)
                    for x in paid_year.payments
                    if terms.recipient_id(x.recipient) == recipient
                ]
                net[paid_year.year] = sum(paid)
            received[recipient].append(float(net.sum()))
            if recipient in {"city", "social"}:
                position = [p.partner_id for p in terms.partners].index(recipient)
                net -= [float(year.paid_in[position]) for year in paid_years]
                rates[recipient].append(
                    brentq(lambda r, f=net: numpy_financial.npv(r, f), -0.5, 1.0, xtol=1e-13)
                )

    for partner in outcome.partners:
        # Cents of 16 years; the amounts are hundreds of millions.
        assert partner.received_cny.mean == pytest.approx(np.mean(received[partner.recipient_id]), abs=0.2)
        assert partner.received_cny.quantile(0.05) == pytest.approx(
            np.quantile(received[partner.recipient_id], 0.05), abs=0.2
        )
    for recipient, found in rates.items():
        told = outcome.partner(recipient).irr_annual
        assert told is not None
        assert told.mean == pytest.approx(np.mean(found), abs=1e-8)
        assert told.standard_deviation == pytest.approx(np.std(found, ddof=1), abs=1e-8)
    assert outcome.partner("grassroots").received_cny.mean > 0.0  # so that the step is in play
    in_the_end = (distributed - called).sum(axis=0) - np.array(received["grassroots"])
    for probability in (0.05, 0.5, 0.95):
        told_cny = outcome.j_curve[LIFE].cumulated_cny.quantile(probability)
        assert told_cny == pytest.approx(np.quantile(in_the_end, probability), abs=0.2)


def simulated(model: FactorModel) -> dict[tuple[str, int], np.ndarray]:
    """Every factor at the end of every year of the fund."""
    years = range(1, LIFE + 1)
    values = model.simulate([float(year) for year in years], N_PATHS, SEED)
    return {(name, year): values[model.index(name), year - 1] for name in model.names for year in years}


@dataclass(frozen=True)
class Chance:
    """What chance does to one project on one path."""

    error: float
    cost: float
    years_late: int
    given_up_after: float

    @classmethod
    def drawn(cls, investment: Investment, project: Project) -> list["Chance"]:
        lane = lane_of_name(f"{project.pipeline}/{project.project_id}")
        risk = investment.risk

        def normal(step: int, lane: int = lane) -> np.ndarray:
            return standard_normals(SEED, Purpose.PROJECT, N_PATHS, lane=lane, step=step)

        def mixed(own: np.ndarray) -> np.ndarray:
            common: np.ndarray = normal(4, 0)
            both: np.ndarray = np.sqrt(1 - risk.common_share) * own + np.sqrt(risk.common_share) * common
            return both

        cv, sd = investment.operations.terms.quantity_cv, risk.overrun_log_sd
        # A lognormal with mean 1 and coefficient of variation cv.
        errors = np.exp(np.sqrt(np.log(1 + cv**2)) * normal(0)) / np.sqrt(1 + cv**2)
        costs = (1 + risk.overrun_mean) * np.exp(sd * mixed(normal(1)) - sd**2 / 2)
        # Late by k years or more where the draw is beyond the quantile of that probability.
        z = mixed(normal(2))
        beyond = [sum(risk.delay_probabilities[k:]) for k in range(len(risk.delay_probabilities))]
        late = sum((z > norm.isf(p)).astype(int) for p in beyond)
        u = uniforms(SEED, Purpose.PROJECT, N_PATHS, lane=lane, step=3)
        hazard = risk.abandonment_intensity_annual
        ends = -np.log(u) / hazard if hazard > 0 else np.full(N_PATHS, np.inf)
        return [
            cls(*each)
            for each in zip(errors, costs, np.broadcast_to(late, N_PATHS), np.ceil(ends), strict=True)
        ]


def live(  # noqa: PLR0917  # all that one life needs
    investment: Investment,
    project: Project,
    chance: Chance,
    prices: dict[tuple[str, int], np.ndarray],
    path: int,
    spent: np.ndarray,
    cash: np.ndarray,
) -> None:
    """One life of one project, as a spreadsheet would have it."""
    size = float(project.total_investment_cny)
    rate = investment.debt_rate_annual
    start = project.start_year - FIRST_YEAR
    n_building = project.end_year - project.start_year + 1 + int(chance.years_late)
    owned = investment.fund_equity_share / (1.0 - investment.debt_share)
    balance = 0.0
    for k in range(n_building):
        if start + k <= LIFE:
            spent[start + k, path] += (
                owned * max(chance.cost - investment.debt_share, 0.0) * size / n_building
            )
        balance = balance * (1.0 + rate) + investment.debt_share * size / n_building
        if k + 1 >= chance.given_up_after:
            return
    completion = start + n_building - 1
    rows = investment.operations
    n_operating = int(max(rows.times_years))
    instalment = -numpy_financial.pmt(rate, n_operating, balance) if balance > 0.0 else 0.0
    arrears, bad_years, earned = 0.0, 0, 0.0
    for year in range(completion + 1, LIFE + 1):
        k = year - completion
        earned = chance.error * sum(
            units * prices[factor, year][path]
            for time, factor, units in zip(rows.times_years, rows.factors, rows.quantities, strict=True)
            if time == k
        )
        due = instalment if k <= n_operating else 0.0
        net = earned - due
        arrears *= 1.0 + rate
        balance = max(balance * (1.0 + rate) - due, 0.0) if k < n_operating else 0.0
        if net < 0.0:
            arrears, bad_years = arrears - net, bad_years + 1
            if bad_years == investment.risk.stop_after_negative_years:
                return
        else:
            bad_years = 0
            cash[year, path] += owned * (net - min(net, arrears))
            arrears -= min(net, arrears)
    if investment.exit is not None and completion < LIFE:
        assert investment.exit.years_of_cash is not None
        left = max(n_operating - (LIFE - completion), 0)
        price = max(earned, 0.0) * min(investment.exit.years_of_cash, left)
        cash[LIFE, path] += owned * max(price - balance - arrears, 0.0)


def banked(
    spent: np.ndarray, cash: np.ndarray, committed: float, fee_rate: float
) -> tuple[list[float], list[float]]:
    """Calls and distributions of one path: commitments first, then a line at 4.5 % that is repaid first."""
    calls: list[float] = []
    paid: list[float] = []
    line = 0.0
    for year in range(LIFE + 1):
        need = spent[year] + fee_rate * sum(calls)
        calls.append(min(need, committed - sum(calls)))
        line = line * 1.045 + need - calls[-1]
        back = min(line, cash[year])
        line -= back
        paid.append(cash[year] - back)
    return calls, paid
