"""The smallest lasting moves of the factors that break a limit on the book's losses.

A move shifts the log level of every factor from today on, for borrowers and collateral alike; its size is its distance
in standard deviations over the horizon of the simulation (`quant.credit_risk.reverse_stress`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quant.credit_risk.repeated_losses import RepeatedLosses
from quant.credit_risk.reverse_stress import smallest_move, steepest_descent
from quant.factors import FactorModel
from quant.loan_losses.fund_payments import caps_matter, drawn_payments
from quant.loan_losses.path_sampling import PathSampler, TailDirection
from quant.loan_losses.prepared_book import PreparedBook
from quant.loan_losses.simulation import LossSimulation
from quant.loan_losses.wrong_way import collateral_factors
from quant.portfolio import tail_direction
from quant.schedules import Array, DiscountFactors
from services.loans.portfolio import PortfolioQuestion
from services.loans.simulation.simulating import threads
from services.loans.simulation.stress import LossLimit, ReverseStress
from services.runtime.results import Progress
from services.runtime.scenarios.lasting_move import BrokenLimit, FactorMove, worlds_at_limit

_TAIL_PATHS = 4_000
_MOST_TERMS = 2_000_000
_MOST_PATHS, _FEWEST_PATHS = 1_024, 64
_SMALLEST_SHOWN = 0.01
# Each look simulates the book; two decimals of a standard deviation are shown.
_LOOKS, _TOLERANCE = (0.5, 1.0, 2.0, 3.5), 1e-4

CapsIn = Callable[[FactorModel, DiscountFactors], Array]


@dataclass(frozen=True, slots=True, eq=False)
class _Figure:
    """The figure under the limit as a function of a shift of the log levels, on the same draws for every shift."""

    prepared: PreparedBook
    losses: RepeatedLosses
    limit: LossLimit
    seed: int
    direction: TailDirection | None
    check_alive: Callable[[], None]
    caps_in: CapsIn | None

    def __call__(self, log_shifts: Array) -> float:
        self.check_alive()
        model, discount = _shifted(self.prepared.model, log_shifts), self.prepared.collateral.discount
        caps = None if self.caps_in is None else self.caps_in(model, discount)
        moved = self.prepared.in_market(model, discount, fund_cap_cny=caps)
        if self.limit.highest_expected_loss_cny is not None:
            return self.losses.expected_loss_cny(moved) + self._unpaid(moved)
        simulation = self._simulation(moved)
        for _ in simulation.run():
            self.check_alive()
        return simulation.summary().tail[-1].expected_shortfall

    def _unpaid(self, moved: PreparedBook) -> float:
        """What funds are expected not to pay of their claims; expected losses count on them without their caps."""
        if not caps_matter(moved.book):
            return 0.0
        payments = drawn_payments(self._simulation(moved), moved.book, self.check_alive)
        return float(payments.unpaid_cny.sum())

    def _simulation(self, moved: PreparedBook) -> LossSimulation:
        sampler = PathSampler(moved.model, moved.book.period_ends_years, self.seed, self.direction)
        return LossSimulation(moved, sampler, _TAIL_PATHS, fans=False, n_threads=threads())

    def headroom(self, log_shifts: Array) -> float:
        """What is left to the limit."""
        return self.limit.highest_cny - self(log_shifts)


def reverse_stress(
    prepared: PreparedBook,
    question: PortfolioQuestion,
    limit: LossLimit,
    check_alive: Callable[[], None],
    *,
    caps_in: CapsIn | None = None,
) -> Iterator[Progress | ReverseStress]:
    """The smallest moves that break a limit, factor by factor, and together; yields progress, then the answer.

    Args:
        prepared: the book in the base market.
        question: paths and seed.
        limit: to be broken.
        check_alive: called at every look; what it raises ends the search.
        caps_in: what loans in default leave of the caps of funds in a moved market; None where caps stay.
    """
    model = prepared.model
    wants_tail = limit.highest_expected_loss_cny is None
    direction = tail_direction(prepared) if wants_tail else None
    losses = RepeatedLosses(prepared, affordable_paths(prepared), question.seed, n_threads=threads())
    figure = _Figure(prepared, losses, limit, question.seed, direction, check_alive, caps_in)
    today = figure(np.zeros(model.n_primary))
    if today >= limit.highest_cny:
        yield _broken_already(today)
        return
    horizon = float(prepared.book.period_ends_years[-1])
    used = _factors_of(prepared)
    covariance = model.step_covariance(horizon) * np.outer(used, used)
    deviations = np.sqrt(np.diag(covariance))
    moving = np.flatnonzero(deviations > 0.0).tolist()
    singles: list[FactorMove] = []
    for done, i in enumerate(moving):
        yield Progress(0, 0, done, len(moving) + 1)
        per_unit = np.zeros(model.n_primary)
        per_unit[i] = deviations[i]
        found = smallest_move(figure.headroom, per_unit, looks=_LOOKS, tolerance=_TOLERANCE)
        if found is not None:
            singles.append(FactorMove(model.primaries[i].name, found, float(np.exp(found * deviations[i]))))
    yield Progress(0, 0, len(moving), len(moving) + 1)
    distance, joint = _joint_move(figure, covariance)
    broken_by = {move.factor for move in singles}
    singles.sort(key=lambda move: abs(move.standard_deviations))
    yield ReverseStress(
        today,
        broken_already=False,
        single=tuple(singles),
        joint_distance=distance,
        joint=tuple(move for move in joint if abs(move.standard_deviations) >= _SMALLEST_SHOWN),
        scenarios=worlds_at_limit(
            _in_words(limit, question, horizon), question.snapshot, singles, joint, distance
        ),
        out_of_reach=tuple(
            model.primaries[i].name for i in moving if model.primaries[i].name not in broken_by
        ),
    )


def _broken_already(today: float) -> ReverseStress:
    return ReverseStress(
        today, broken_already=True, single=(), joint_distance=None, joint=(), scenarios=(), out_of_reach=()
    )


def _factors_of(prepared: PreparedBook) -> NDArray[np.bool_]:
    """Which factors move pledges or borrowers, [n_primary]."""
    used: NDArray[np.bool_] = np.any(prepared.indices.loadings != 0.0, axis=(0, 2))
    used[collateral_factors(prepared)] = True
    return used


def _joint_move(figure: _Figure, covariance: Array) -> tuple[float | None, tuple[FactorMove, ...]]:
    """Distance and moves of all factors together, the largest first; None and none where the limit holds."""
    down = steepest_descent(figure.headroom, covariance)
    if down is None:
        return None, ()
    distance = smallest_move(figure.headroom, down, both_ways=False, looks=_LOOKS, tolerance=_TOLERANCE)
    if distance is None:
        return None, ()
    return distance, _moves(figure.prepared.model, distance * down, np.sqrt(np.diag(covariance)))


def _in_words(limit: LossLimit, question: PortfolioQuestion, horizon_years: float) -> BrokenLimit:
    figure = "expected shortfall at 99.9 %" if limit.highest_expected_loss_cny is None else "expected loss"
    return BrokenLimit(
        "",
        f"the {figure} of the book reaches {limit.highest_cny:,.0f} CNY",
        f"book of {question.book_date}, snapshot {question.snapshot.snapshot_id}, {horizon_years:g} years, "
        f"seed {question.seed}",
    )


def affordable_paths(prepared: PreparedBook) -> int:
    """An even number of paths of the factors that keeps one evaluation of expected losses short."""
    per_path = max(len(prepared.slots) * prepared.book.n_periods, 1)
    return int(np.clip(_MOST_TERMS // per_path, _FEWEST_PATHS, _MOST_PATHS)) // 2 * 2


def _moves(model: FactorModel, shifts: Array, deviations: Array) -> tuple[FactorMove, ...]:
    units = np.divide(shifts, deviations, out=np.zeros_like(shifts), where=deviations > 0.0)
    order = np.argsort(-np.abs(units), kind="stable")
    return tuple(
        FactorMove(model.primaries[i].name, float(units[i]), float(np.exp(shifts[i])))
        for i in order
        if units[i] != 0.0
    )


def _shifted(model: FactorModel, log_shifts: Array) -> FactorModel:
    primaries = tuple(
        replace(factor, log_level=factor.log_level + float(shift))
        for factor, shift in zip(model.primaries, log_shifts, strict=True)
    )
    return FactorModel(primaries, model.derived, model.correlation)
