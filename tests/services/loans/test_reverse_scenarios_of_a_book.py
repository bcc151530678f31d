"""The worlds that a reverse stress of a book finds, written to a file and read back: there the book is at its limit.

On the draws of the search itself the limit lies between the figures a search tolerance before and behind the move. On
the paths of a stress test it lies within the sampling error of both.
"""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import grpc
import numpy as np
import pytest

from quant.credit_risk.conditional_loss import expected_losses
from quant.loan_losses.path_sampling import PathSampler
from quant.loan_losses.prepared_book import PreparedBook
from quant.loan_losses.simulation import LossSimulation
from quant.portfolio import tail_direction
from services.loans.book import SecuredBook
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.columns.loan_columns import loan_columns
from services.loans.loan import IndexWeight, Loan
from services.loans.portfolio import PortfolioQuestion
from services.loans.simulation.client import BookStressClient
from services.loans.simulation.reverse_stressing import affordable_paths, reverse_stress
from services.loans.simulation.stress import LossLimit, ReverseStress, StressQuestion
from services.loans.simulation.stressing import prepared_book
from services.runtime.market import MarketSnapshot
from services.runtime.results import Progress
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.file import read_scenarios
from services.runtime.scenarios.scenario import LevelShock, Scenario
from services.runtime.scenarios.written import scenarios_toml

JUNE = dt.date(2026, 6, 30)
MakeLoan = Callable[..., Loan]
MakeCollateral = Callable[..., Collateral]
ON_WATER = (IndexWeight("credit_cycle", 1.0), IndexWeight("water_price", 1.0))
TAIL_PATHS = 4_000
# The search ends within 1e-4 standard deviations of where the limit breaks; twice that for rounding on the way.
NEAR = 2e-4


@pytest.fixture
def loans(loan: MakeLoan) -> list[Loan]:
    """One borrower lives on the price of water, the other on the credit cycle alone."""
    return [loan("L1", index_weights=ON_WATER), loan("L2")]


@pytest.fixture
def pledges(collateral: MakeCollateral) -> list[Collateral]:
    return [collateral("C1", "L1"), collateral("C2", "L2")]


@pytest.fixture
def asked(snapshot: MarketSnapshot) -> PortfolioQuestion:
    return PortfolioQuestion(snapshot, JUNE, n_paths=20_000, n_quarters=8)


@pytest.fixture
def prepared(asked: PortfolioQuestion, loans: list[Loan], pledges: list[Collateral]) -> PreparedBook:
    return prepared_book(StressQuestion(asked), SecuredBook(JUNE, loan_columns(loans, ""), tuple(pledges)))


def expected_loss(prepared: PreparedBook, seed: int) -> float:
    return float(expected_losses(prepared, affordable_paths(prepared), seed).expected_loss_cny.sum())


def shortfall(base: PreparedBook, prepared: PreparedBook, seed: int) -> float:
    sampler = PathSampler(prepared.model, prepared.book.period_ends_years, seed, tail_direction(base))
    simulation = LossSimulation(prepared, sampler, TAIL_PATHS, fans=False)
    for _ in simulation.run():
        pass
    return simulation.summary().tail[-1].expected_shortfall


def in_world(prepared: PreparedBook, snapshot: MarketSnapshot, scenario: Scenario) -> PreparedBook:
    return prepared.in_market(apply(snapshot, scenario).factor_model(), prepared.collateral.discount)


def farther(scenario: Scenario, distance: float, by: float) -> Scenario:
    """The same move, longer or shorter by so many standard deviations."""
    power = 1.0 + by / distance
    return replace(
        scenario,
        levels=tuple(LevelShock(level.factor, level.multiplier**power) for level in scenario.levels),
    )


def written(reverse: ReverseStress, folder: Path) -> list[tuple[Scenario, float]]:
    """The worlds as they are read back, each with the size of its move."""
    file = folder / "found.toml"
    file.write_text(scenarios_toml(reverse.scenarios, "a test"), "utf-8")
    assert reverse.joint_distance is not None
    sizes = [reverse.joint_distance, *(abs(move.standard_deviations) for move in reverse.single)]
    return list(zip(read_scenarios(file), sizes, strict=True))


@pytest.mark.parametrize("wants_tail", [False, True])
def test_the_limit_is_reached_within_the_tolerance_of_the_search(
    prepared: PreparedBook, asked: PortfolioQuestion, tmp_path: Path, *, wants_tail: bool
) -> None:
    def figure(book: PreparedBook) -> float:
        return shortfall(prepared, book, asked.seed) if wants_tail else expected_loss(book, asked.seed)

    highest = 1.25 * figure(prepared)
    limit = LossLimit(None, highest) if wants_tail else LossLimit(highest)
    *_, reverse = reverse_stress(prepared, asked, limit, lambda: None)
    assert isinstance(reverse, ReverseStress)
    worlds = written(reverse, tmp_path)
    assert worlds[0][0].name == "reverse-joint"
    assert len(worlds) == 3
    for world, distance in worlds:
        before, after = (
            figure(in_world(prepared, asked.snapshot, farther(world, distance, by))) for by in (-NEAR, NEAR)
        )
        assert before <= highest <= after, world.name


@pytest.fixture
def stored(client: LoansClient, loans: list[Loan], pledges: list[Collateral]) -> None:
    client.put_loans(JUNE, loans)
    client.put_collateral(pledges)


@pytest.mark.usefixtures("stored")
def test_a_stress_test_of_the_worlds_finds_the_limit(
    channel: grpc.Channel, prepared: PreparedBook, asked: PortfolioQuestion, tmp_path: Path
) -> None:
    stress_client = BookStressClient(channel)
    highest = 1.5 * expected_loss(prepared, asked.seed)
    told: list[Progress] = []
    reverse = stress_client.stress(
        StressQuestion(asked, limit=LossLimit(highest)), on_progress=told.append
    ).reverse
    assert reverse is not None
    n = asked.n_paths
    assert [event for event in told if event.searches_total] == [Progress(n, n, k, 3) for k in range(3)]
    worlds = [world for world, _ in written(reverse, tmp_path)]
    found = stress_client.stress(StressQuestion(asked, scenarios=tuple(worlds)))
    for world, figures in zip(worlds, found.worlds[1:], strict=True):
        moved = in_world(prepared, asked.snapshot, world)
        # The search knows its figure as well as other seeds of it agree, the stress test says its own error.
        searched_error = float(np.std([expected_loss(moved, seed) for seed in range(8)], ddof=1))
        error = math.hypot(searched_error, figures.expected_loss_error_cny)
        assert figures.scenario == world.name
        assert figures.expected_loss_cny == pytest.approx(highest, abs=4.0 * error)


def test_what_no_move_reaches_is_no_world(prepared: PreparedBook, asked: PortfolioQuestion) -> None:
    # Two loans of a million each: no expected loss is as high.
    *_, reverse = reverse_stress(prepared, asked, LossLimit(2e6), lambda: None)
    assert isinstance(reverse, ReverseStress)
    assert not reverse.broken_already
    assert reverse.scenarios == ()
    assert reverse.out_of_reach == ("credit_cycle", "water_price")
