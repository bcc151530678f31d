"""Conditional expected losses against loops: quadrature over the valuation error, a sum over losses of the right."""

import math

import numpy as np
from scipy.stats import norm, poisson

from quant.credit_risk.conditional_loss import conditional_expected_losses
from quant.loan_losses.path_sampling import mirrored_states
from quant.schedules import Array
from tests.quant.loan_losses.plain_losses import PlainModel
from tests.quant.loan_losses.test_plain_losses import CLOSE, ENDS, MARKET, SEED, full_book, sloped

N_PATHS = 32
MOST_EVENTS = 40
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(80)
FARTHEST = -9.0


def mean_shortfall(owed: float, mean: float, log_sd: float) -> float:
    """E max(owed - V, 0) for a lognormal V, by Gauss and Legendre up to where V covers what is owed."""
    if mean <= 0.0 or log_sd == 0.0:
        return max(owed - mean, 0.0)
    covers = (math.log(owed / mean) + 0.5 * log_sd**2) / log_sd
    if covers <= FARTHEST:
        return 0.0
    # What lies beyond the other end has no weight that a float could tell.
    half = 0.5 * (min(covers, -FARTHEST) - FARTHEST)
    z = FARTHEST + half * (NODES + 1.0)
    values = (owed - mean * np.exp(log_sd * z - 0.5 * log_sd**2)) * norm.pdf(z)
    return float(half * NODE_WEIGHTS @ values)


def mean_of_one_pledge(
    model: PlainModel, loan: int, k: int, states: Array, owed: float
) -> tuple[float, float]:
    """Mean of what the pledge brings, and of what it leaves missing."""
    pledge = int(np.flatnonzero(model.book.pledges.loan == loan)[0])
    asset = model.book.pledges.schedules[model.book.pledges.schedule[pledge]]
    terms, end = asset.terms, float(ENDS[k])
    sold = model.value(asset, end, states) * model.sold_share(terms, end)
    sold *= float(model.book.pledges.multiple[pledge])
    log_sd = math.sqrt(math.log(1.0 + terms.quantity_cv**2))
    brings = short = 0.0
    for events in range(MOST_EVENTS):
        chance = float(poisson.pmf(events, terms.event_intensity * end))
        left = sold * (1.0 - terms.event_severity) ** events
        brings += chance * left
        short += chance * mean_shortfall(owed, left, log_sd)
    return brings, short


def test_every_loan_and_period_by_loops() -> None:
    book = full_book()
    model = PlainModel(book, MARKET, sloped)
    states = mirrored_states(MARKET, ENDS, N_PATHS, SEED)
    n_pledges = np.bincount(book.pledges.loan, minlength=len(book))
    chances, losses, brought = (np.zeros((len(book), len(ENDS))) for _ in range(3))
    for loan in np.flatnonzero(book.years_at_risk > 0.0):
        life = float(book.years_at_risk[loan])
        alive = 1.0 - model.gone(int(loan), states)
        failed = model.guarantor_failed(int(loan), states)
        for p in range(N_PATHS):
            # Survival at the end of a life within a period: its hazard is constant.
            grid, logs = np.append(0.0, ENDS), np.append(0.0, np.log(alive[:, p]))
            at_ends = np.exp(np.interp(np.minimum(grid, life), grid, logs))
            for k in range(len(ENDS)):
                chance = at_ends[k] - at_ends[k + 1]
                if chance <= 0.0:
                    continue
                owed = float(book.exposure_cny[loan, k])
                brings, short = 0.0, owed
                if n_pledges[loan] == 1:
                    brings, short = mean_of_one_pledge(model, int(loan), k, states[:, k, p], owed)
                elif n_pledges[loan] > 1:
                    brings = model.collateral(int(loan), k, states[:, k, p], p, SEED)
                    short = max(owed - brings, 0.0)
                kept = 1.0 - book.guarantee_share[loan] * (1.0 - failed[k, p])
                if book.fund_of_loan[loan] >= 0:
                    kept *= 1.0 - book.compensation_share[loan]
                chances[loan, k] += chance / N_PATHS
                losses[loan, k] += chance * book.unsecured_lgd[loan] * short * kept / N_PATHS
                brought[loan, k] += chance * brings / N_PATHS
    found = conditional_expected_losses(book, MARKET, sloped, n_paths=N_PATHS, seed=SEED)
    np.testing.assert_allclose(found.marginal_pd, chances, rtol=1e-8, atol=1e-15)
    np.testing.assert_allclose(found.expected_loss_cny, losses, rtol=CLOSE, atol=1e-12)
    mean = np.divide(brought, chances, out=np.zeros_like(brought), where=chances > 0.0)
    np.testing.assert_allclose(found.expected_collateral_cny, mean, rtol=CLOSE, atol=1e-12)
