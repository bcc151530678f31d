"""The fan of pledges a second time: loops over dates, paths, loans, assets and rows, on the same addressed draws."""

import math

import numpy as np
from scipy.stats import poisson

from quant.draws.random_numbers import Purpose, uniforms
from quant.draws.sparse_draws import lane_of_name
from quant.pledges.pledge_fan import LARGEST_LTV, PledgedLoans, PledgeSimulation
from quant.schedules import Array, CollateralTerms, ExposureSchedule
from tests.quant.loan_losses.bare_book import bare_book
from tests.quant.loan_losses.plain_losses import PlainModel
from tests.quant.loan_losses.test_plain_losses import MARKET, SEED, sloped

DATES = np.array([0.0, 1.0 / 12.0, 0.5, 1.0])
PROBABILITIES = (0.05, 0.5, 0.95)
N_PATHS = 250
PLAIN = PlainModel(bare_book(weights=(1.0, 0.0, 0.0)), MARKET, sloped)


def schedule(
    name: str, times: tuple[float, ...], factors: tuple[str, ...], **terms: float
) -> ExposureSchedule:
    quantities = np.linspace(1.0, 2.0, len(times))
    return ExposureSchedule(
        name, np.array(times), factors, quantities, ("",) * len(times), CollateralTerms(**terms)
    )


def some_loans() -> PledgedLoans:
    """Two parts of one risky right behind two loans, rows that fall due on the way, a cost, nothing pledged, repaid."""
    right = schedule(
        "right", (0.25, 1.5, 6.0), ("price", "price", "inflow"),
        event_intensity=0.4, event_severity=0.6, risk_premium_annual=0.02,
    )  # fmt: skip
    steady = schedule("steady", (0.5, 3.0), ("inflow", "price"), quantity_cv=0.3, disposal_cost=0.1)
    cost = ExposureSchedule(
        "cost", np.array([2.0, 4.0]), ("price", "inflow"), np.array([1.0, -2.0]), ("", ""), CollateralTerms()
    )
    assets, owners, shares = (right, steady, right, cost), (0, 0, 1, 2), (0.7, 0.5, 0.3, 1.0)
    today = [PLAIN.value(asset, 0.0, state_today()) for asset in assets]
    worth = np.bincount(owners, np.array(today) * shares, minlength=5)
    balances = np.outer(np.maximum(worth, 1.0), [0.8, 0.78, 0.7, 0.6])
    balances[4] = [5.0, 2.0, 0.0, 0.0]
    levels = np.array([[0.7, 0.85, 1.0]] * 3 + [[0.5, 0.6, 0.7]] * 2)
    return PledgedLoans(balances, levels, assets, np.array(owners), np.array(shares))


def state_today() -> Array:
    return np.array([factor.deviation for factor in MARKET.primaries])


def asset_on_path(asset: ExposureSchedule, k: int, path: int, states: Array) -> float:
    """What is left of an asset on a date of a path: its value there, less what was lost of the right by then."""
    date = float(DATES[k])
    value = PLAIN.value(asset, date, state_today() if k == 0 else states[:, k - 1, path])
    if asset.terms.event_intensity == 0.0 or k == 0:
        return value
    # The largest N with P(N' >= N) > u; one uniform an asset and path, whatever the date and whoever holds a part.
    lane = lane_of_name(asset.asset_id)
    [uniform] = uniforms(SEED, Purpose.LOSS_OF_RIGHT, 1, first_path=path, lane=lane)
    events = int(poisson.ppf(1.0 - uniform, asset.terms.event_intensity * date))
    return value * (1.0 - asset.terms.event_severity) ** events


def plain_ltv(balance: float, value: float) -> float:
    if balance <= 0.0:
        return 0.0
    return LARGEST_LTV if value <= balance / LARGEST_LTV else balance / value


def test_every_figure_of_the_fan() -> None:
    loans = some_loans()
    simulation = PledgeSimulation(
        loans, MARKET, sloped, dates_years=DATES, probabilities=PROBABILITIES, n_paths=N_PATHS, seed=SEED
    )
    list(simulation.run())
    fan = simulation.fan()
    states = MARKET.simulate_states(DATES[1:], N_PATHS, SEED)
    n_levels = loans.levels.shape[1]
    moved = 0
    for i in range(len(loans)):
        mine = [a for a in range(len(loans.schedules)) if loans.loan_of_asset[a] == i]
        for a in mine:
            worth = loans.pledged_share[a] * asset_on_path(loans.schedules[a], 0, 0, states)
            assert math.isclose(fan.asset_values[a], worth, rel_tol=1e-9, abs_tol=1e-12)
        reached = np.zeros((n_levels, N_PATHS), dtype=bool)
        for k in range(len(DATES)):
            balance = float(loans.balance_cny[i, k])
            values, ltv = [], []
            for path in range(N_PATHS):
                value = sum(
                    loans.pledged_share[a] * asset_on_path(loans.schedules[a], k, path, states) for a in mine
                )
                values.append(value)
                ltv.append(plain_ltv(balance, value))
                for number, level in enumerate(loans.levels[i]):
                    if balance > 0.0 and balance >= level * value:
                        reached[number, path] = True
            np.testing.assert_allclose(
                fan.value_quantiles[i, k], np.quantile(values, PROBABILITIES), rtol=1e-9, atol=1e-12
            )
            # Of each quantile of the value the loan to value, the other way round.
            expected = [plain_ltv(balance, float(np.quantile(values, 1.0 - p))) for p in PROBABILITIES]
            np.testing.assert_allclose(fan.ltv_quantiles[i, k], expected, rtol=1e-9)
            share = reached.mean(axis=1)
            np.testing.assert_allclose(fan.reached[i, :, k], share, rtol=1e-9)
            error = [math.sqrt(p * (1.0 - p) / N_PATHS) for p in share]
            np.testing.assert_allclose(fan.reached_error[i, :, k], error, rtol=1e-9)
            if k == 0:
                assert math.isclose(fan.value_today[i], values[0], rel_tol=1e-9, abs_tol=1e-12)
                assert math.isclose(fan.ltv_today[i], ltv[0], rel_tol=1e-9)
            moved += int(np.count_nonzero((share > 0.05) & (share < 0.95)))
    # The levels are where the paths are, or nothing would be compared.
    assert moved > 10
