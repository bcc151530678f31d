"""Reverse stress of the 99.9 % shortfall: a large pool without pledges, whose breaking moves have closed forms.

Of many like loans with threshold a = N^-1(p) and a common index Y of loading sqrt(R2) the large pool loses
lgd N((a - sqrt(R2) Y) / sqrt(1 - R2)); its shortfall is lgd N2(a, N^-1(1 - alpha); sqrt(R2)) / (1 - alpha). Moving the
mean of Y by -d moves a to a + sqrt(R2) d, so that a limit on the shortfall is broken at one known d. With
Y = w'z / sqrt(w'C w) the shortest joint move has distance d (Lagrange), and factor i alone must move by
d sqrt(w'C w) / w_i of its own standard deviations.
"""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtri

from quant.credit_risk.bivariate_normal import bivariate_normal_cdf
from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.prepared_book import PreparedBook
from quant.market.curves import DiscountCurve
from services.loans.portfolio import PortfolioQuestion
from services.loans.simulation.reverse_stressing import reverse_stress
from services.loans.simulation.stress import LossLimit, ReverseStress
from services.runtime.errors import Cancelled
from services.runtime.market import MarketSnapshot
from services.runtime.results import Progress
from tests.quant.loan_losses.bare_book import bare_book

PD, R2, LGD, LOANS, CORRELATION = 0.03, 0.2, 0.6, 500, 0.4
WEIGHTS = (1.0, 0.5, 0.0)
MARKET = FactorModel(
    (
        PrimaryFactor("cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0),
        PrimaryFactor("inflow", 3.0, volatility_annual=0.3),
        PrimaryFactor("idle", 0.0, volatility_annual=0.5),
    ),
    (),
    np.array([[1.0, CORRELATION, 0.0], [CORRELATION, 1.0, 0.0], [0.0, 0.0, 1.0]]),
)


@dataclass
class Alive:
    """Counts how often it was asked; the caller is gone at the last time."""

    asked: int = 0
    last: int | None = None

    def __call__(self) -> None:
        self.asked += 1
        if self.asked == self.last:
            raise Cancelled("the caller went away")


def prepared() -> PreparedBook:
    loans = bare_book(LOANS, pd=PD, rho=R2, lgd=LGD, exposure=1e6 / LOANS, weights=WEIGHTS)
    return PreparedBook.of(loans, MARKET, DiscountCurve.flat(0.03).discount_factors)


def searched(
    snapshot: MarketSnapshot, limit: LossLimit, alive: Alive
) -> tuple[list[Progress], ReverseStress]:
    """What was told on the way, and the answer."""
    *told, found = reverse_stress(prepared(), PortfolioQuestion(snapshot), limit, alive)
    assert isinstance(found, ReverseStress)
    return [event for event in told if isinstance(event, Progress)], found


def shortfall(distance: float) -> float:
    """Of the large pool, CNY, once the mean of its index has fallen by a distance."""
    threshold = float(ndtri(PD)) + math.sqrt(R2) * distance
    both = float(bivariate_normal_cdf(threshold, ndtri(0.001), math.sqrt(R2)))
    return 1e6 * LGD * both / 0.001


@pytest.mark.parametrize("times", [1.15, 1.6])
def test_the_shortfall_breaks_where_the_shifted_normal_says(times: float, snapshot: MarketSnapshot) -> None:
    limit = times * shortfall(0.0)
    alive = Alive()
    told, found = searched(snapshot, LossLimit(highest_expected_shortfall_cny=limit), alive)
    # Two factors that move anybody, then both together.
    assert told == [Progress(0, 0, done, 3) for done in range(3)]
    # 500 loans add about 1 % to the large pool, 4,000 weighted paths know its shortfall to some 1 %.
    assert found.figure_cny == pytest.approx(shortfall(0.0), rel=0.02)
    distance = brentq(lambda d: shortfall(d) - limit, 0.0, 6.0)
    # d ln ES / dd is 0.36 to 0.54 by the formula, so that 2 % of the shortfall are at most 0.056 deviations.
    assert found.joint_distance == pytest.approx(distance, abs=0.06)
    scale = math.sqrt(1.0 + 0.25 + 2.0 * CORRELATION * 0.5)
    moves = {move.factor: move for move in found.single}
    assert set(moves) == {"cycle", "inflow"}
    assert [move.factor for move in found.single] == ["cycle", "inflow"]
    for name, weight in (("cycle", 1.0), ("inflow", 0.5)):
        assert moves[name].standard_deviations == pytest.approx(-distance * scale / weight, abs=0.06 * 2.7)
    # The joint move is C w / sqrt(w'C w) standard deviations of each factor, per unit of distance.
    response = (MARKET.correlation @ WEIGHTS) / scale
    for move in found.joint:
        expected = -distance * response[MARKET.index(move.factor)]
        assert move.standard_deviations == pytest.approx(expected, abs=0.1)
    assert alive.asked > 0


def test_a_shortfall_above_its_limit_is_broken_already(snapshot: MarketSnapshot) -> None:
    limit = LossLimit(highest_expected_shortfall_cny=0.5 * shortfall(0.0))
    _, found = searched(snapshot, limit, Alive())
    assert found.broken_already
    assert (found.single, found.joint, found.joint_distance) == ((), (), None)
    assert (found.scenarios, found.out_of_reach) == ((), ())


def test_a_limit_that_nothing_reaches_is_told_as_such(snapshot: MarketSnapshot) -> None:
    # No loss is above the book's exposure times its loss rate, whatever happens.
    limit = LossLimit(highest_expected_shortfall_cny=1.01e6 * LGD)
    _, found = searched(snapshot, limit, Alive())
    assert not found.broken_already
    assert (found.single, found.joint, found.joint_distance) == ((), (), None)
    assert found.scenarios == ()
    assert found.out_of_reach == ("cycle", "inflow")


def test_who_leaves_ends_the_search(snapshot: MarketSnapshot) -> None:
    limit = LossLimit(highest_expected_shortfall_cny=1.6 * shortfall(0.0))
    for last in (1, 25):
        leaving = Alive(last=last)
        with pytest.raises(Cancelled):
            searched(snapshot, limit, leaving)
        assert leaving.asked == last
