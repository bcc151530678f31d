"""The choice of projects against brute force over all choices, and prices and conflicts of limits likewise."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from quant.allocation.choice import Allocation, Limit, Program, choose, gain_of_relaxing, objective
from quant.allocation.conflict import explain, is_possible

N = 9
STEPS = (1, 2)


def candidates(seed: int, n: int = N, n_scenarios: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Costs of 1 to 5 and values that are worth choosing on the mean and bad in common years."""
    random = np.random.default_rng(seed)
    costs = random.uniform(1.0, 5.0, n)
    common = random.normal(size=n_scenarios)
    own = random.normal(size=(n, n_scenarios))
    values = costs[:, None] * (0.25 + 0.3 * common + 0.4 * own)
    return costs, values


def limits_on(costs: np.ndarray, budget: float, share: float = 0.6) -> tuple[Limit, ...]:
    """A budget, a largest share for the first third, a smallest number of projects."""
    group = (np.arange(len(costs)) < len(costs) // 3).astype(float)
    return (
        Limit("budget", costs, budget),
        Limit("share", costs * group - share * costs, 0.0, 0.0, costs),
        Limit("number", -np.ones(len(costs)), -2.0, of_taken=True),
    )


def all_choices(n: int, steps: int) -> Iterator[np.ndarray]:
    for numbers in itertools.product(range(steps + 1), repeat=n):
        yield np.array(numbers) / steps


def best_of_all(allocation: Allocation, aversion: float, limits: Sequence[Limit]) -> float:
    bounded = Allocation(allocation.values, tuple(limits), allocation.confidence, allocation.share_steps)
    return max(
        (
            bounded.objective_of(x, aversion)
            for x in all_choices(allocation.n_projects, allocation.share_steps)
            if bounded.keeps_limits(x)
        ),
        default=-np.inf,
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("aversion", [0.0, 0.3, 1.0])
def test_the_choice_is_the_best_of_all(seed: int, aversion: float) -> None:
    costs, values = candidates(seed)
    allocation = Allocation(values, limits_on(costs, 0.5 * costs.sum()), 0.8)
    found = choose(allocation, aversion, gap=0.0)
    assert found is not None
    assert allocation.keeps_limits(found.shares)
    best = best_of_all(allocation, aversion, allocation.limits)
    assert found.objective == pytest.approx(best, rel=1e-7, abs=1e-7)
    assert found.bound == pytest.approx(best, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_shares_in_steps_are_the_best_of_all_too(seed: int) -> None:
    costs, values = candidates(seed, n=6)
    number = Limit("at most", np.ones(6), 3.0, of_taken=True)
    allocation = Allocation(values, (*limits_on(costs, 0.4 * costs.sum()), number), 0.8, share_steps=2)
    found = choose(allocation, 0.5, gap=0.0)
    assert found is not None
    assert set(np.unique(found.shares)) <= {0.0, 0.5, 1.0}
    assert found.objective == pytest.approx(best_of_all(allocation, 0.5, allocation.limits), rel=1e-7)


def test_a_twelve_project_case_within_its_gap() -> None:
    costs, values = candidates(11, n=12, n_scenarios=60)
    allocation = Allocation(values, limits_on(costs, 0.5 * costs.sum()), 0.9)
    found = choose(allocation, 0.5, gap=0.05)
    assert found is not None
    best = best_of_all(allocation, 0.5, allocation.limits)
    assert found.objective <= best + 1e-9 <= found.bound + 1e-6
    assert found.gap <= 0.05
    assert best - found.objective <= 0.05 * abs(found.bound)


def test_the_objective_by_hand() -> None:
    # Values 4, 3, 2, 1, -5 with a confidence of 0.6: the worst 40 % are -5 and 1, as losses 5 and -1: mean 2.
    values = np.array([4.0, 3.0, 2.0, 1.0, -5.0])
    assert objective(values, 0.0, 0.6) == pytest.approx(1.0)
    assert objective(values, 0.5, 0.6) == pytest.approx(1.0 - 0.5 * 2.0)


def test_more_aversion_never_raises_mean_or_tail() -> None:
    costs, values = candidates(5, n=8, n_scenarios=40)
    allocation = Allocation(values, limits_on(costs, 0.6 * costs.sum()), 0.8)
    seen = []
    for aversion in (0.0, 0.2, 0.5, 1.0, 2.0):
        found = choose(allocation, aversion, gap=0.0)
        assert found is not None
        worth = found.shares @ values
        seen.append((objective(worth, 0.0, 0.8), -objective(worth, 1.0, 0.8) + worth.mean()))
    means, tails = zip(*seen, strict=True)
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(means))
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(tails))


@pytest.mark.parametrize("position", [0, 1])
def test_the_gain_of_a_relaxed_limit_is_that_of_brute_force(position: int) -> None:
    for seed in range(4):
        costs, values = candidates(seed)
        allocation = Allocation(values, limits_on(costs, 0.4 * costs.sum(), share=0.3), 0.8)
        found = choose(allocation, 0.3, gap=0.0)
        assert found is not None
        by = (0.1 * costs.sum(), 0.2)[position]
        gain = gain_of_relaxing(allocation, 0.3, found, position, by, gap=0.0)
        wider = list(allocation.limits)
        wider[position] = wider[position].relaxed(by)
        truth = best_of_all(allocation, 0.3, wider) - best_of_all(allocation, 0.3, allocation.limits)
        assert gain.low - 1e-6 <= truth <= gain.high + 1e-6
        assert gain.high - gain.low < 1e-5


@pytest.mark.parametrize("position", [0, 1])
def test_the_relaxed_price_is_the_slope_of_the_relaxed_problem(position: int) -> None:
    costs, values = candidates(3)
    allocation = Allocation(values, limits_on(costs, 0.4 * costs.sum(), share=0.3), 0.8)
    program = Program(allocation, 0.3)
    prices, value = program.relaxed_prices(allocation.limits)
    step = 1e-5
    wider = list(allocation.limits)
    wider[position] = wider[position].relaxed(step)
    _, more = program.relaxed_prices(wider)
    assert prices[position] == pytest.approx((more - value) / step, rel=1e-3, abs=1e-6)
    assert value >= best_of_all(allocation, 0.3, allocation.limits) - 1e-9
    assert (prices >= 0.0).all()


def test_a_limit_with_room_has_no_price() -> None:
    costs, values = candidates(2)
    allocation = Allocation(values, (Limit("budget", costs, 10.0 * costs.sum()),), 0.8)
    prices, _ = Program(allocation, 0.3).relaxed_prices(allocation.limits)
    assert prices[0] == 0.0


# -- limits that cannot all be kept


def contradictory(seed: int) -> Allocation:
    """A random set of floors and ceilings on random groups, some of which contradict each other."""
    random = np.random.default_rng(seed)
    n = 6
    costs = random.uniform(1.0, 3.0, n)
    limits = []
    for k in range(5):
        group = costs * random.integers(0, 2, n)
        limits.append(Limit(f"least {k}", -group, -random.uniform(0.4, 1.1) * group.sum()))
        group = costs * random.integers(0, 2, n)
        limits.append(Limit(f"most {k}", group, random.uniform(0.0, 0.6) * group.sum()))
    return Allocation(np.zeros((n, 2)), tuple(limits))


def possible_by_force(allocation: Allocation, limits: Sequence[Limit]) -> bool:
    bounded = Allocation(allocation.values, tuple(limits))
    return any(bounded.keeps_limits(x, 1e-9) for x in all_choices(allocation.n_projects, 1))


def test_the_smallest_set_to_relax_and_the_contradiction_are_minimal() -> None:
    impossible = 0
    for seed in range(12):
        allocation = contradictory(seed)
        limits = allocation.limits
        found = explain(allocation)
        assert (found is None) == possible_by_force(allocation, limits)
        if found is None:
            continue
        impossible += 1
        relaxed = list(limits)
        for each in found.relax:
            relaxed[each.position] = limits[each.position].relaxed(each.by * (1 + 1e-9))
        assert possible_by_force(allocation, relaxed)
        for fewer in itertools.combinations(range(len(limits)), len(found.relax) - 1):
            assert not possible_by_force(allocation, [x for k, x in enumerate(limits) if k not in fewer])
        core = [limits[k] for k in found.contradiction]
        assert not possible_by_force(allocation, core)
        for k in range(len(core)):
            assert possible_by_force(allocation, core[:k] + core[k + 1 :])
    assert impossible >= 6


def test_a_share_that_cannot_be_reached_is_told_with_the_room_that_it_needs() -> None:
    # Three projects of 1 each, the first of which must be taken; its group may have 20 % of what is chosen: at best one
    # of three, a third: 0.1333 more is enough.
    costs = np.ones(3)
    first = np.array([1.0, 0.0, 0.0])
    limits = (
        Limit("share", first - 0.2 * costs, 0.0, 0.0, costs),
        Limit("required", -first, -1.0, of_taken=True),
    )
    allocation = Allocation(np.ones((3, 4)), limits)
    assert choose(allocation, 0.5) is None
    found = explain(allocation)
    assert found is not None
    assert found.contradiction == (0, 1)
    (relaxed,) = found.relax
    # Relative to their sizes the share needs 0.4 of 1, the requirement all of 1.
    assert relaxed.position == 0
    assert relaxed.by == pytest.approx(1 / 3 - 0.2)
    assert is_possible(allocation, [limits[0].relaxed(relaxed.by + 1e-9), limits[1]])
