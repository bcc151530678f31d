"""Wrong-way risk: the same book with its collateral on the borrowers' paths, and on an independent copy of them.

On the copy collateral has the very same law but knows nothing of the borrowers, so that whatever differs is the link.
Which factor makes it: a set S of factors is made common by conditioning the copy on the borrowers' S,
`x' = copy + C_S C_SS^-1 (x_S - copy_S)` with C the covariance of the states at the end of the period, which leaves the
law of the collateral as it is. The expected loss as a function of S is shared out by Shapley's rule, so that the
shares add up to the whole difference whatever the factors' correlations.

All sets S meet the same draws, so that a share is a mean of paired differences, path by path; its standard error is
that of their means over the mirrored pairs of paths, which are independent of each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt

import numpy as np

from quant.credit_risk.repeated_losses import RepeatedLosses
from quant.factors import FactorModel
from quant.loan_losses.prepared_book import PreparedBook
from quant.schedules import Array

# Far from every seed that a user would take for another universe.
_COPY = 0x5DEECE66D
MOST_FACTORS = 6


@dataclass(frozen=True, slots=True)
class LinkShares:
    """What each factor of the collateral adds to the expected loss by being that of the borrowers too, CNY.

    Attributes:
        together, apart: expected loss with all factors in common, and with none.
        shares: by name, the largest first; they add up to the difference.
        errors: standard error of each share, by name.
        difference_error: that of their sum.
    """

    together: float
    apart: float
    shares: Mapping[str, float]
    errors: Mapping[str, float]
    difference_error: float


def copy_seed(seed: int) -> int:
    """Seed of the independent copy."""
    return seed ^ _COPY


def independent_copy(model: FactorModel, ends: Array, seed: int) -> Callable[[int, int, Array], Array]:
    """What collateral sees where it is cut loose from the borrowers: a sampler for `LossSimulation`."""

    def draw(first_path: int, n_paths: int, _states: Array) -> Array:
        return model.simulate_states(ends, n_paths, copy_seed(seed), first_path=first_path)

    return draw


def collateral_factors(prepared: PreparedBook) -> list[int]:
    """Primary factors with randomness on which the value of a pledge depends."""
    model = prepared.model
    found: set[int] = set()
    for position in np.unique(prepared.collateral.cell_factor):
        if position < model.n_primary:
            found.add(int(position))
        else:
            derived = model.derived[position - model.n_primary]
            found.update(model.index(name) for name in (derived.driver, derived.price) if name is not None)
    return sorted(i for i in found if model.primaries[i].volatility_annual > 0.0)


def link_shares(
    prepared: PreparedBook,
    n_paths: int,
    seed: int,
    *,
    n_threads: int = 1,
    check_alive: Callable[[], None] = lambda: None,
) -> LinkShares:
    """Share the effect of the link on the expected loss among the factors of the collateral.

    Where there are more than `MOST_FACTORS`, those that matter least alone are made common together, as one player.

    Args:
        prepared: the book in its market.
        n_paths: paths of the factors, even.
        seed: of the scenario universe.
        n_threads: threads; they do not change a bit.
        check_alive: called before each set of factors; what it raises ends the work.
    """
    ends, model = prepared.book.period_ends_years, prepared.model
    losses = RepeatedLosses(prepared, n_paths, seed, n_threads=n_threads)
    # Not mirrored: pairs of both would be linked through their signs.
    copy = model.simulate_states(ends, n_paths, copy_seed(seed))
    known: dict[frozenset[int], Array] = {}

    def loss(common: frozenset[int]) -> Array:
        if common not in known:
            check_alive()
            seen = conditioned_copy(model, ends, losses.states, copy, sorted(common))
            known[common] = losses.on_paths_cny(seen)
        return known[common]

    players = _players(collateral_factors(prepared), loss)
    nobody, everybody = frozenset[int](), frozenset().union(*players)
    on_paths = {
        " + ".join(model.primaries[i].name for i in sorted(player)): _shapley(player, players, loss)
        for player in players
    }
    shares = {name: float(share.mean()) for name, share in on_paths.items()}
    ranked = dict(sorted(shares.items(), key=lambda item: -abs(item[1])))
    return LinkShares(
        float(loss(everybody).mean()),
        float(loss(nobody).mean()),
        ranked,
        {name: _error(on_paths[name]) for name in ranked},
        _error(loss(everybody) - loss(nobody)),
    )


def _error(on_paths: Array) -> float:
    """Standard error of the mean over mirrored pairs of paths, which stand side by side; 0 of a single pair."""
    pairs = on_paths.reshape(-1, 2).mean(axis=1)
    return float(pairs.std(ddof=1)) / sqrt(len(pairs)) if len(pairs) > 1 else 0.0


def conditioned_copy(model: FactorModel, ends: Array, states: Array, copy: Array, common: list[int]) -> Array:
    """The copy given that some factors are those of the states, [n_primary, n_periods, n_paths]."""
    if not common:
        return copy
    out = copy.copy()
    for k, end in enumerate(ends):
        covariance = model.step_covariance(float(end))
        pull = np.linalg.lstsq(covariance[np.ix_(common, common)], covariance[common], rcond=1e-12)[0]
        for row, i in enumerate(common):
            difference = states[i, k] - copy[i, k]
            for j in range(model.n_primary):
                out[j, k] += pull[row, j] * difference
    return out


def _players(factors: list[int], loss: Callable[[frozenset[int]], Array]) -> list[frozenset[int]]:
    if len(factors) <= MOST_FACTORS:
        return [frozenset([i]) for i in factors]
    apart = loss(frozenset())
    ranked = sorted(factors, key=lambda i: -abs(float((loss(frozenset([i])) - apart).mean())))
    leading = [frozenset([i]) for i in ranked[: MOST_FACTORS - 1]]
    return [*leading, frozenset(ranked[MOST_FACTORS - 1 :])]


def _shapley(
    player: frozenset[int], players: list[frozenset[int]], loss: Callable[[frozenset[int]], Array]
) -> Array:
    """Mean of what a player adds over all orders of joining (Shapley 1953), on every path, [n_paths]."""
    others = [other for other in players if other != player]
    total = np.zeros_like(loss(player))
    for size in range(len(others) + 1):
        for joined in combinations(others, size):
            before: frozenset[int] = frozenset().union(*joined)
            weight = 1.0 / (len(players) * comb(len(others), size))
            total += weight * (loss(before | player) - loss(before))
    return total
