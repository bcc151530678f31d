"""The interpreter of the distribution waterfall: one code for many paths of floats and for one path of Decimals.

A year runs in this order. The preferred return of the time since the flow before accrues on unreturned capital and on
preferred return not yet paid. Then capital is called. Then the year's cash runs through the steps. Calls are made and
capital, preferred return and the partners' part of profit are paid pari passu, in proportion to commitments, so the
fund's totals are all the state there is (docs/models/waterfall.md). Carry that was paid is not clawed back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quant.arguments import NON_NEGATIVE
from quant.waterfall_steps import (
    CarrySplit,
    CatchUp,
    CedeExcess,
    GrassrootsShare,
    PreferredReturn,
    ReturnOfCapital,
    Step,
    WaterfallError,
    find_flaws,
)

FloatArray = NDArray[np.float64]
T = TypeVar("T", Decimal, FloatArray)
GRASSROOTS = -1
"""Position that stands for the grass roots among recipients."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Partners' commitments and the steps.

    Attributes:
        commitments: of each partner, CNY; shares of calls and of pro-rata payments.
        manager: position of the manager, None where no step pays one.
        steps: in order.

    Raises:
        WaterfallError: with every flaw, if the terms cannot be run.
    """

    commitments: tuple[Decimal, ...]
    manager: int | None
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        flaws = find_flaws(self.commitments, self.manager, self.steps)
        if flaws:
            raise WaterfallError(flaws)

    @property
    def hurdle_rate_annual(self) -> float:
        """Rate of the preferred return, 0 where there is none."""
        return next((step.rate_annual for step in self.steps if isinstance(step, PreferredReturn)), 0.0)


class Arithmetic(Protocol[T]):
    """What the interpreter needs beyond + - * / and whole powers."""

    def number(self, value: float | Decimal) -> T:
        """The value as a number of this arithmetic."""

    def smaller(self, first: T, second: T) -> T:
        """Element-wise minimum."""

    def larger(self, first: T, second: T) -> T:
        """Element-wise maximum."""


class FloatPaths:
    """Arithmetic of [n_paths] float arrays."""

    def number(self, value: float | Decimal) -> FloatArray:
        """A 0-dimensional array."""
        return np.asarray(float(value))

    def smaller(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Element-wise minimum."""
        return np.minimum(first, second)

    def larger(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Element-wise maximum."""
        return np.maximum(first, second)


class ExactPath:
    """Arithmetic of one path of Decimals, in the precision of the current context."""

    def number(self, value: float | Decimal) -> Decimal:
        """The shortest decimal that denotes the float, so that 0.08 is 8 %."""
        return value if isinstance(value, Decimal) else Decimal(repr(float(value)))

    def smaller(self, first: Decimal, second: Decimal) -> Decimal:
        """The smaller one."""
        return min(first, second)

    def larger(self, first: Decimal, second: Decimal) -> Decimal:
        """The larger one."""
        return max(first, second)


@dataclass(frozen=True, slots=True)
class Payment(Generic[T]):
    """What one step pays one recipient in a year; `recipient` is a partner's position or GRASSROOTS."""

    step: int
    recipient: int
    amount: T


@dataclass(frozen=True, slots=True)
class Year(Generic[T]):
    """What happened in one year.

    Attributes:
        year: years from the first closing.
        called: from all partners, CNY.
        paid_in: of each partner.
        distributable: cash of the year.
        payments: in order of step; they add up to `distributable`.
        carry: paid to the manager beyond its part as a partner.
    """

    year: int
    called: T
    paid_in: tuple[T, ...]
    distributable: T
    payments: tuple[Payment[T], ...]
    carry: T


@dataclass(slots=True)
class _Ledger(Generic[T]):
    """The state between years: what is owed to the partners and what has been shared so far."""

    unreturned: T
    preferred: T
    profit: T
    carry: T


class WaterfallRun(Generic[T]):
    """One interpretation of a waterfall, year after year.

    Args:
        waterfall: the terms.
        arithmetic: `FloatPaths()` or `ExactPath()`.
    """

    def __init__(self, waterfall: Waterfall, arithmetic: Arithmetic[T]) -> None:
        self._steps = waterfall.steps
        self._manager = waterfall.manager
        self._math: Arithmetic[T] = arithmetic
        self._zero: T = arithmetic.number(0.0)
        commitments = [arithmetic.number(commitment) for commitment in waterfall.commitments]
        total = arithmetic.number(sum(waterfall.commitments, Decimal(0)))
        self._shares: list[T] = [commitment / total for commitment in commitments]
        self._growth: T = arithmetic.number(1.0) + arithmetic.number(waterfall.hurdle_rate_annual)
        self._state: _Ledger[T] = _Ledger(self._zero, self._zero, self._zero, self._zero)
        self._now = 0

    def advance(self, year: int, called: T, distributable: T) -> Year[T]:
        """Run the next year.

        Args:
            year: after the year before, >= 0.
            called: from all partners, >= 0.
            distributable: >= 0.
        """
        state = self._state
        owed = state.unreturned + state.preferred
        state.preferred = owed * self._growth ** (year - self._now) - state.unreturned
        state.unreturned = state.unreturned + called
        self._now = year
        carry_before = state.carry
        payments: list[Payment[T]] = []
        left = distributable
        for position, step in enumerate(self._steps):
            paid, left = self._pay(position, step, left)
            payments += paid
        payments.sort(key=lambda payment: payment.step)
        paid_in = tuple(called * share for share in self._shares)
        return Year(year, called, paid_in, distributable, tuple(payments), state.carry - carry_before)

    def _pay(self, position: int, step: Step, left: T) -> tuple[list[Payment[T]], T]:
        """What the step pays and what it leaves."""
        state = self._state
        match step:
            case ReturnOfCapital():
                pool = self._math.smaller(left, state.unreturned)
                state.unreturned = state.unreturned - pool
                return self._pro_rata(position, pool), left - pool
            case PreferredReturn():
                pool = self._math.smaller(left, state.preferred)
                state.preferred = state.preferred - pool
                state.profit = state.profit + pool
                return self._pro_rata(position, pool), left - pool
            case GrassrootsShare(share):
                pool = left * self._math.number(share)
                return [Payment(position, GRASSROOTS, pool)], left - pool
            case CatchUp(manager_share, carry_share):
                pool = self._math.smaller(left, self._missing(manager_share, carry_share))
                return self._share_profit(position, pool, manager_share), left - pool
            case CarrySplit(carry_share):
                return self._share_profit(position, left, carry_share), self._zero
            case CedeExcess():
                # It pays nothing itself: it changes who receives the excess of the steps after it.
                return [], left

    def _missing(self, manager_share: float, carry_share: float) -> T:
        """Cash x after which carry + manager_share x = carry_share (profit + x), 0 when it is reached."""
        target = self._math.number(carry_share)
        gap = self._math.number(manager_share) - target
        missing: T = (target * self._state.profit - self._state.carry) / gap
        return self._math.larger(missing, self._zero)

    def _share_profit(self, position: int, pool: T, manager_share: float) -> list[Payment[T]]:
        """The manager's share as carry, the rest as excess of the partners."""
        carry = pool * self._math.number(manager_share)
        self._state.profit = self._state.profit + pool
        self._state.carry = self._state.carry + carry
        payments: list[Payment[T]] = self._excess(position, pool - carry)
        if self._manager is not None:
            payments.append(Payment(position, self._manager, carry))
        return payments

    def _excess(self, position: int, pool: T) -> list[Payment[T]]:
        """Pro rata, less what partners cede; what is ceded is booked under the ceding step."""
        kept: list[T] = list(self._shares)
        payments: list[Payment[T]] = []
        for at, step in enumerate(self._steps[:position]):
            if not isinstance(step, CedeExcess):
                continue
            given: T = self._shares[step.partner] * self._math.number(step.ceded_share())
            # Summed, not 1 minus the share: that would lose digits when the others are small.
            others: T = self._zero
            for j, share in enumerate(self._shares):
                others = others if j == step.partner else others + share
            kept[step.partner] = kept[step.partner] - given
            for j, share in enumerate(self._shares):
                if j != step.partner:
                    payments.append(Payment(at, j, pool * given * share / others))
        for j, share in enumerate(kept):
            payments.append(Payment(position, j, pool * share))
        return payments

    def _pro_rata(self, position: int, pool: T) -> list[Payment[T]]:
        return [Payment(position, j, pool * share) for j, share in enumerate(self._shares)]


def run_paths(
    waterfall: Waterfall, called: ArrayLike, distributable: ArrayLike
) -> Iterator[Year[FloatArray]]:
    """Run the waterfall over many paths, year by year.

    Args:
        waterfall: the terms.
        called: CNY of years 0, 1, 2, ..., [n_years] or [n_years, n_paths], >= 0.
        distributable: CNY, [n_years, n_paths], >= 0.

    Yields:
        one result a year with arrays [n_paths] (or 0-dimensional where the calls are common to all paths).

    Raises:
        ValueError: if an amount is not a finite number of 0 or more, or the numbers of years differ.
    """
    calls = NON_NEGATIVE.require("called", called)
    cash = NON_NEGATIVE.require("distributable", distributable)
    if len(calls) != len(cash):
        raise ValueError(
            f"called and distributable: found {len(calls)} and {len(cash)} years, expected as many"
        )
    run = WaterfallRun(waterfall, FloatPaths())
    for year in range(len(cash)):
        yield run.advance(year, np.asarray(calls[year]), np.asarray(cash[year]))


def received_by(year: Year[FloatArray], recipient: int) -> FloatArray:
    """All that a recipient gets in a year."""
    total = np.zeros_like(year.distributable)
    for payment in year.payments:
        if payment.recipient == recipient:
            total = total + payment.amount
    return total


def check_conservation(year: Year[FloatArray]) -> float:
    """Largest difference on any path between cash in and cash out, CNY: 0 up to rounding.

    Compared are the payments with what was distributable, and what the partners paid in with what was called.
    """
    paid = np.zeros_like(year.distributable)
    for payment in year.payments:
        paid = paid + payment.amount
    called = np.zeros_like(year.called)
    for paid_in in year.paid_in:
        called = called + paid_in
    return max(
        float(np.max(np.abs(paid - year.distributable), initial=0.0)),
        float(np.max(np.abs(called - year.called), initial=0.0)),
    )


def european_waterfall_case(
    paid_in: float,
    received: float,
    hurdle_rate_annual: float,
    carry_share: float,
    *,
    years: int = 1,
    manager_share: float = 1.0,
) -> tuple[float, float]:
    """Investors' and manager's money of one call and one distribution, whole fund, with catch-up.

    Args:
        paid_in: called from the investors in year 0; the manager commits nothing.
        received: distributed after `years` years.
        hurdle_rate_annual: preferred return, compounded yearly.
        carry_share: of the catch-up and of the split.
        years: between call and distribution.
        manager_share: of the catch-up; 1 is a full one.

    Returns:
        (investors, manager).

    Example:
        >>> [round(amount, 2) for amount in european_waterfall_case(1000.0, 2000.0, 0.08, 0.2)]
        [1800.0, 200.0]
    """
    steps = (
        ReturnOfCapital(),
        PreferredReturn(hurdle_rate_annual),
        CatchUp(manager_share, carry_share),
        CarrySplit(carry_share),
    )
    waterfall = Waterfall((Decimal(repr(float(paid_in))), Decimal(0)), 1, steps)
    called = np.zeros(years + 1)
    cash = np.zeros((years + 1, 1))
    called[0], cash[years, 0] = paid_in, received
    *_, last = run_paths(waterfall, called, cash)
    return float(received_by(last, 0)[0]), float(received_by(last, 1)[0])
