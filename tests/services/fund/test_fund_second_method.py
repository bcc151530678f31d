"""The simulation of the real pipeline against plain loops: loans year by year, exact cents, a root finder for rates."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy_financial
import pytest
from scipy.optimize import brentq

from flows.pipeline.project_files import RESERVE_2026, read_projects
from quant.random_numbers import Purpose, standard_normals
from quant.waterfall_cents import CentFlow, run_cents
from services.fund.outcome import FundOutcome, FundSimulation, Investment
from services.fund.project import Project
from services.fund.sector_assumptions import assumption_for, investment_for, read_sector_assumptions
from services.fund.simulation import simulate
from services.fund.term_sheets import read_term_sheets
from services.runtime.market import read_snapshot

DATA = Path(__file__).parents[3] / "data"
FIRST_YEAR, LIFE, N_PATHS, SEED = 2026, 15, 256, 11


def test_the_reserve_pipeline_under_the_sharing_terms() -> None:
    market = read_snapshot(DATA / "market" / "standard.toml")
    terms = read_term_sheets(DATA / "fund" / "term_sheets.toml")["benefit_sharing"].terms
    projects = read_projects(DATA / "zhangye_reserve_projects_2026.csv", RESERVE_2026)
    rows = read_sector_assumptions(DATA / "fund" / "sector_assumptions.toml")
    model = market.factor_model()
    levels = {name: market.level(name) for name in model.names}
    investments = tuple(
        investment_for(p, assumption_for(p, rows), levels, first_year=FIRST_YEAR, life_years=LIFE)
        for p in projects
    )
    *_, outcome = simulate(FundSimulation(market, terms, investments, FIRST_YEAR, N_PATHS, SEED), projects)
    assert isinstance(outcome, FundOutcome)

    cash = np.zeros((LIFE + 1, N_PATHS))
    times = sorted({p.end_year - FIRST_YEAR + t for i, p in zip(investments, projects, strict=True)
                    for t in i.operations.times_years})  # fmt: skip
    values = model.simulate(times, N_PATHS, SEED)
    prices = {
        (name, time): values[model.index(name), k] for name in model.names for k, time in enumerate(times)
    }
    for lane, (investment, project) in enumerate(zip(investments, projects, strict=True)):
        for year, amount in paid_to_the_fund(investment, project, prices, lane).items():
            if year <= LIFE:
                cash[year] += amount
    called = calls(investments, projects, terms.fee_rate_annual)
    assert outcome.called_cny == pytest.approx(sum(called), rel=1e-12)

    received: dict[str, list[float]] = defaultdict(list)
    rates: dict[str, list[float]] = defaultdict(list)
    in_cents = [round(Decimal(amount), 2) for amount in called]
    for path in range(N_PATHS):
        flows = [
            CentFlow(year, in_cents[year], round(Decimal(float(cash[year, path])), 2))
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
    in_the_end = (cash - np.array(called)[:, None]).sum(axis=0) - np.array(received["grassroots"])
    for probability in (0.05, 0.5, 0.95):
        told_cny = outcome.j_curve[LIFE].cumulated_cny.quantile(probability)
        assert told_cny == pytest.approx(np.quantile(in_the_end, probability), abs=0.2)


def paid_to_the_fund(
    investment: Investment, project: Project, prices: dict[tuple[str, float], np.ndarray], lane: int
) -> dict[int, np.ndarray]:
    completion = project.end_year - FIRST_YEAR
    operating: dict[int, np.ndarray] = defaultdict(lambda: np.zeros(N_PATHS))
    rows = investment.operations
    for time, factor, units in zip(rows.times_years, rows.factors, rows.quantities, strict=True):
        operating[completion + int(time)] += units * prices[factor, completion + time]
    cv = rows.terms.quantity_cv
    normals = standard_normals(SEED, Purpose.PROJECT, N_PATHS, lane=lane)
    # A lognormal with mean 1 and coefficient of variation cv.
    error = np.exp(np.sqrt(np.log(1 + cv**2)) * normals) / np.sqrt(1 + cv**2)
    balance = 0.0
    n_building = project.end_year - project.start_year + 1
    for _ in range(n_building):
        balance *= 1.0 + investment.debt_rate_annual
        balance += investment.debt_share * float(project.total_investment_cny) / n_building
    n_operating = max(operating) - completion
    instalment = -numpy_financial.pmt(investment.debt_rate_annual, n_operating, balance)
    owned = investment.fund_equity_share / (1.0 - investment.debt_share)
    return {
        year: owned * np.clip(amount * error - instalment, 0.0, None) for year, amount in operating.items()
    }


def calls(investments: tuple[Investment, ...], projects: tuple[Project, ...], fee_rate: float) -> list[float]:
    called: list[float] = []
    for year in range(FIRST_YEAR, FIRST_YEAR + LIFE + 1):
        built = sum(
            i.fund_equity_share * float(p.total_investment_cny) / (p.end_year - p.start_year + 1)
            for i, p in zip(investments, projects, strict=True)
            if p.start_year <= year <= p.end_year
        )
        called.append(built + fee_rate * sum(called))
    return called
