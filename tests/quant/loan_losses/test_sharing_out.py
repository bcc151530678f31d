"""How a tail and a link are shared out: loans at the value at risk, paths drawn by a mixture, factors in all orders."""

import itertools
import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from quant.credit_risk.conditional_loss import conditional_expected_losses, expected_losses
from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.book import LoanBook, Pledges
from quant.loan_losses.contributions import tail_contributions
from quant.loan_losses.path_sampling import PathSampler, TailDirection, mirrored_states
from quant.loan_losses.prepared_book import PreparedBook
from quant.loan_losses.wrong_way import conditioned_copy, copy_seed, independent_copy, link_shares
from quant.portfolio import loss_simulation
from quant.schedules import CollateralTerms, ExposureSchedule
from tests.quant.loan_losses.bare_book import bare_book
from tests.quant.loan_losses.plain_losses import PlainModel
from tests.quant.loan_losses.test_plain_losses import MARKET, SEED, full_book, sloped

ENDS = np.array([0.5, 1.0])


def plain_book(n: int) -> LoanBook:
    return bare_book(n, ends=ENDS, pd=0.2, rho=0.3, weights=(1.0, 0.5, 0.0))


@pytest.mark.parametrize("towards_tail", [False, True])
def test_paths_that_tie_at_the_value_at_risk_share_by_their_weight(towards_tail: bool) -> None:
    """A book of eight units loses 0 to 8, so that many paths lose exactly the value at risk."""
    n_paths, confidence = 1_000, 0.95
    loans = plain_book(8)
    simulation = loss_simulation(loans, MARKET, sloped, n_paths=n_paths, seed=SEED, towards_tail=towards_tail)
    list(simulation.run())
    found = simulation.summary()
    states, weights = simulation.work.sampler.draw(0, n_paths)
    loss = PlainModel(loans, MARKET, sloped).losses(states, SEED).loss
    whole, at_risk = loss.sum(axis=1), found.tail[0].value_at_risk
    ties = whole == at_risk
    assert ties.sum() > 30
    above = weights * (whole > at_risk) / (n_paths * (1.0 - confidence))
    shares = above + (1.0 - above.sum()) * np.where(ties, weights, 0.0) / weights[ties].sum()
    who = tail_contributions(simulation, found, confidence)
    np.testing.assert_allclose(who.by_loan, shares @ loss, rtol=1e-9)
    assert who.by_loan.sum() == pytest.approx(found.tail[0].expected_shortfall, rel=1e-9)


def test_the_mixture_of_the_tail_has_the_weights_of_a_uniform() -> None:
    """P(T <= t) is t for the uniform: so is the mean weight of the paths at or below t, between and at the reaches.

    T is read off the path itself: the standard normal along the direction, whose upper tail it is. The points of the
    sequence are spread evenly (Niederreiter 1992, theorem 3.3), and no weight exceeds 1 / 0.3.
    """
    n_paths = 50_000
    states = mirrored_states(MARKET, ENDS, 2_048, 3)
    direction = TailDirection.towards(MARKET, ENDS, states, -states[0, -1])
    assert direction is not None
    paths, weights = PathSampler(MARKET, ENDS, SEED, direction).draw(0, n_paths)
    along = np.einsum("ik,ikp->p", direction.reading, paths - direction.means[:, :, None])
    tail = np.array([0.5 * math.erfc(y / math.sqrt(2.0)) for y in along])
    for level in (3e-4, 1e-3, 5e-3, 1e-2, 0.05, 0.1, 0.4, 1.0):
        at_or_below = tail <= level * (1.0 + 1e-9)
        found = float(weights[at_or_below].sum()) / n_paths
        # A few paths more or less, each of at most the largest weight so far.
        assert abs(found - level) < 5.0 * weights[at_or_below].max() / n_paths, level
    # A quarter of the paths for the last thousandth, a quarter for the hundredth, a fifth for the tenth, 0.3 for all:
    # at or below a hundredth 0.25 + 0.25 + 0.2 / 10 + 0.3 / 100.
    assert float((tail <= 1e-2).mean()) == pytest.approx(0.523, abs=1e-3)
    assert weights.max() <= 1.0 / 0.3


def three_factors() -> FactorModel:
    timber = PrimaryFactor("timber", math.log(30.0), volatility_annual=0.5)
    correlation = np.array(
        [[1.0, 0.6, 0.2, 0.5], [0.6, 1.0, 0.3, 0.1], [0.2, 0.3, 1.0, 0.2], [0.5, 0.1, 0.2, 1.0]]
    )
    return FactorModel((*MARKET.primaries, timber), (), correlation)


def linked_book() -> PreparedBook:
    """Three loans whose pledge follows three linked factors."""
    asset = ExposureSchedule(
        "mixed", np.array([3.0, 3.0, 4.0]), ("price", "inflow", "timber"), np.array([0.008, 0.05, 0.012]), ("",) * 3,
        CollateralTerms(),
    )  # fmt: skip
    loans = replace(
        plain_book(3),
        index_weights=np.array([[1.0, 0.5, 0.3, 0.7]]),
        pledges=Pledges.each_its_own([asset] * 3, np.arange(3), np.array([0.8, 1.0, 1.2])),
    )
    return PreparedBook.of(loans, three_factors(), sloped)


def test_shares_of_the_link_are_means_over_all_orders_of_joining() -> None:
    prepared, n_paths = linked_book(), 512
    model = prepared.model
    states = mirrored_states(model, ENDS, n_paths, SEED)
    copy = model.simulate_states(ENDS, n_paths, copy_seed(SEED))

    def loss(common: Iterable[int]) -> float:
        seen = conditioned_copy(model, ENDS, states, copy, sorted(common))
        return float(expected_losses(prepared, n_paths, SEED, collateral_states=seen).expected_loss_cny.sum())

    players = [model.index(name) for name in ("price", "inflow", "timber")]
    expected = dict.fromkeys(players, 0.0)
    for order in itertools.permutations(players):
        for place, player in enumerate(order):
            expected[player] += (loss(order[: place + 1]) - loss(order[:place])) / 6.0
    # Otherwise every rule would do: alone and as the last to join, price adds something else.
    last = loss(players) - loss(players[1:])
    assert abs(loss(players[:1]) - loss(()) - last) > 0.05 * abs(last)
    found = link_shares(prepared, n_paths, SEED)
    for player, share in expected.items():
        assert found.shares[model.primaries[player].name] == pytest.approx(share, rel=1e-9)
    assert list(found.shares.values()) == sorted(found.shares.values(), key=lambda share: -abs(share))


def test_errors_of_the_shares_are_the_spread_over_seeds() -> None:
    """(m - 1) s^2 / sigma^2 of m independent normal estimates is chi-square with m - 1 degrees of freedom.

    sigma^2 is the mean of the m squared errors, whose own spread is small beside that of s^2. Bounds of 1 in 1,000 on
    either side for each of three shares and their sum.
    """
    prepared, m = linked_book(), 200
    found = [link_shares(prepared, 128, SEED + seed) for seed in range(m)]
    low, high = chi2.ppf(0.001, m - 1), chi2.ppf(0.999, m - 1)
    for name in found[0].shares:
        spread = np.var([one.shares[name] for one in found], ddof=1)
        told = np.mean([one.errors[name] ** 2 for one in found])
        assert low < (m - 1) * spread / told < high, name
    spread = np.var([one.together - one.apart for one in found], ddof=1)
    told = np.mean([one.difference_error**2 for one in found])
    assert low < (m - 1) * spread / told < high


@pytest.mark.parametrize("n_paths", [2, 70, 600])
def test_no_number_of_threads_changes_a_share(n_paths: int) -> None:
    prepared = linked_book()
    assert link_shares(prepared, n_paths, SEED, n_threads=3) == link_shares(prepared, n_paths, SEED)


def test_a_copy_given_two_of_three_linked_factors() -> None:
    """Moments of a conditional normal: Cov(x', x) = C_jS C_SS^-1 C_Si, and the law of the copy stays."""
    model, common, n = three_factors(), [0, 2], 200_000
    ends = ENDS[1:]
    states, copy = (model.simulate_states(ends, n, seed) for seed in (1, 2))
    seen = conditioned_copy(model, ends, states, copy, common)[:, 0]
    covariance = model.step_covariance(1.0)
    np.testing.assert_allclose(np.cov(seen), covariance, atol=0.01)
    linked = covariance[:, common] @ np.linalg.inv(covariance[np.ix_(common, common)]) @ covariance[common]
    np.testing.assert_allclose(np.cov(seen, states[:, 0])[:4, 4:], linked, atol=0.01)


def test_the_independent_copy_has_the_law_of_the_states_and_no_link_to_them() -> None:
    n = 100_000
    states = MARKET.simulate_states(ENDS, n, SEED)
    draw = independent_copy(MARKET, ENDS, SEED)
    copy = draw(0, n, states)
    np.testing.assert_array_equal(draw(700, 300, states[:, :, 700:1_000]), copy[:, :, 700:1_000])
    both = np.cov(copy[:, 1], states[:, 1])
    # Four standard errors of a covariance of figures whose variance is below 1.
    np.testing.assert_allclose(both[:3, :3], MARKET.step_covariance(1.0), atol=4.0 * math.sqrt(2.0 / n))
    np.testing.assert_allclose(both[:3, 3:], 0.0, atol=4.0 / math.sqrt(n))


def test_over_one_period_a_guarantor_fails_within_the_life_of_the_loan() -> None:
    """A certain default within 0.4 years: half of a year's guarantors fail, 1 - 0.5^0.4 of them by then."""
    loans = replace(
        plain_book(1),
        exposure_cny=np.ones((1, 1)),
        period_ends_years=np.array([1.0]),
        default_probability_annual=np.ones(1),
        asset_correlation=np.zeros(1),
        years_at_risk=np.array([0.4]),
        guarantee_share=np.ones(1),
        guarantor_default_probability_annual=np.array([0.5]),
    )
    found = conditional_expected_losses(loans, MARKET, sloped, n_paths=2, seed=SEED)
    assert found.expected_loss_cny[0, 0] == pytest.approx(1.0 - 0.5**0.4, rel=1e-9)


def test_a_tiny_loan_beside_large_ones_is_told_its_part_of_the_tail() -> None:
    """Everybody defaults on every path, so that a loan's part is its size: each path carries a twenty-thousandth."""
    sizes = np.append(np.full(7, 1e9), 1234.567)
    loans = replace(
        plain_book(8), exposure_cny=sizes[:, None] * np.ones(2), default_probability_annual=np.ones(8)
    )
    simulation = loss_simulation(loans, MARKET, sloped, n_paths=20_000, seed=SEED, fans=False)
    list(simulation.run())
    who = tail_contributions(simulation, simulation.summary(), 0.99)
    np.testing.assert_allclose(who.by_loan, sizes, rtol=1e-5)


def test_changed_pledges_are_those_that_count_in_a_changed_market() -> None:
    """The same loans with twice the pledges: as if they had been made ready so."""
    loans = full_book()
    doubled = replace(loans.pledges, multiple=2.0 * loans.pledges.multiple)
    moved = PreparedBook.of(loans, MARKET, sloped).in_market(MARKET, sloped, doubled)
    anew = PreparedBook.of(replace(loans, pledges=doubled), MARKET, sloped)
    one, other = (expected_losses(prepared, 64, SEED) for prepared in (moved, anew))
    assert one.expected_loss_cny.tobytes() == other.expected_loss_cny.tobytes()
    assert one.expected_collateral_cny.tobytes() == other.expected_collateral_cny.tobytes()
