"""Many loans rolled forward together, period by period, in whole cents: every rule of repayment in one loop.

Amounts are int64 cents: additions and subtractions are exact, whole books stay one array, and a ledger turns a cent
into a Decimal without loss. Floats appear only in the product that gives the interest of one period and in the payment
that a rule sets; each becomes cents once. The last instalment pays what is open, so every schedule ends at zero.

Conventions. A prepayment falls in the period that contains its day; the interest that accrued on it to that day is part
of the interest of that period, and the instalment of that period is already the new one. Where the rate changes, the
level payment is set anew for the balance that is open and the periods that are left. Under `Rule.CUSTOM` a prepayment
that keeps the term scales the parts that are left; one that keeps the instalment drops parts from the end.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quant.arguments import FloatArray
from quant.compiled import compiled

Cents: TypeAlias = NDArray[np.int64]

# A half written in decimals may be computed as 0.49999999: half a millionth of a cent below a half is a half.
JUST_BELOW_HALF = 0.4999995


class Rule(IntEnum):
    """How principal is repaid."""

    EQUAL_INSTALMENT = 0
    EQUAL_PRINCIPAL = 1
    BULLET = 2
    CUSTOM = 3


@dataclass(frozen=True, slots=True, eq=False)
class LoanSchedule:
    """Periods of one loan, arrays [n_periods], or of many, arrays [..., n_periods].

    Attributes:
        opening_cents: Balance at the start of the period.
        interest_cents: Interest of the period, paid at its end, with what accrued on prepayments to their days.
        principal_cents: Principal paid at its end.
        prepaid_cents: Principal prepaid within the period.
        payment_cents: Interest and principal, without prepayments.
        closing_cents: Balance after the payment.
    """

    opening_cents: Cents
    interest_cents: Cents
    principal_cents: Cents
    prepaid_cents: Cents
    payment_cents: Cents
    closing_cents: Cents


class PaymentPlan(NamedTuple):
    """What the schedules of n loans follow from. Arrays of two axes have n or 1 rows and n_periods or 1 columns.

    Attributes:
        loan_cents: Amounts lent, [n].
        rule: `Rule` of each loan, [n].
        n_periods: Periods of each loan, those of grace included, [n]; the longest one sets the number of columns.
        grace_periods: First periods in which interest alone is paid, [n]; equal instalments and equal principal only.
        growth: Interest of each period for a balance of 1; [0, 0] where it is rate x years throughout.
        rate_annual: Rate in force at the end of each period, by which a level payment looks ahead.
        period_years: Length of each period in years.
        custom_cents: Principal of each period under `Rule.CUSTOM`, [n, n_periods]; [0, 0] where no loan has it.
        prepaid_cents: Prepaid within each period, [n, n_periods]; [0, 0] where nothing is.
        prepaid_growth: Interest of a prepayment for a balance of 1, from the start of its period to its day, as
            `prepaid_cents`.
        keeps_instalment: Whether a prepayment leaves the instalment as it is and ends the loan sooner, as
            `prepaid_cents`; otherwise the term stays and the instalment falls.
    """

    loan_cents: Cents
    rule: Cents
    n_periods: Cents
    grace_periods: Cents
    growth: FloatArray
    rate_annual: FloatArray
    period_years: FloatArray
    custom_cents: Cents
    prepaid_cents: Cents
    prepaid_growth: FloatArray
    keeps_instalment: NDArray[np.bool_]


NO_CENTS = np.zeros((0, 0), dtype=np.int64)
NO_GROWTH = np.zeros((0, 0))
NO_CHOICE = np.zeros((0, 0), dtype=np.bool_)


class _Columns(NamedTuple):
    """The arrays of a `LoanSchedule`, in its order; [0, 0] when no rows are kept."""

    opening: Cents
    interest: Cents
    principal: Cents
    prepaid: Cents
    payment: Cents
    closing: Cents


_NO_ROWS = _Columns(NO_CENTS, NO_CENTS, NO_CENTS, NO_CENTS, NO_CENTS, NO_CENTS)


def roll(plan: PaymentPlan) -> LoanSchedule:
    """Return the schedules of a plan, arrays [n, n_periods]; a loan that has ended has zeros."""
    shape = (plan.loan_cents.size, int(plan.n_periods.max(initial=0)))
    columns = _Columns(*(np.zeros(shape, dtype=np.int64) for _ in range(6)))
    _roll(plan, plan.n_periods, np.empty_like(plan.loan_cents), columns)
    return LoanSchedule(*columns)


def balances_after(plan: PaymentPlan, n_paid: Cents) -> Cents:
    """Return the balance of each loan after a number of payments, [n]; no schedule is kept on the way."""
    balances = np.empty_like(plan.loan_cents)
    _roll(plan, np.minimum(n_paid, plan.n_periods), balances, _NO_ROWS)
    return balances


@compiled
def _roll(plan: PaymentPlan, stop: Cents, balances: Cents, rows: _Columns) -> None:
    """Roll each loan to its `stop`; keep the rows where there is room for them.

    The plan is handed on only where an instalment is set: handing it on costs more than a period does.
    """
    opening_rows, interest_rows, principal_rows = rows.opening, rows.interest, rows.principal
    prepaid_rows, payment_rows, closing_rows = rows.prepaid, rows.payment, rows.closing
    is_kept, has_prepaid = opening_rows.shape[0] > 0, plan.prepaid_cents.shape[0] > 0
    prepaid_cents, custom_cents, rate, growth = (
        plan.prepaid_cents, plan.custom_cents, plan.rate_annual, plan.growth,
    )  # fmt: skip
    years, has_growth, has_steps = plan.period_years, growth.shape[0] > 0, rate.shape[1] > 1
    growth_column, rate_column, years_column = (
        int(growth.shape[1] > 1),
        int(has_steps),
        int(years.shape[1] > 1),
    )
    for i in range(plan.loan_cents.size):
        balance, end, rule, grace = (
            plan.loan_cents[i],
            plan.n_periods[i] - 1,
            plan.rule[i],
            plan.grace_periods[i],
        )
        rate_row, growth_row = i if rate.shape[0] > 1 else 0, i if growth.shape[0] > 1 else 0
        years_row = i if years.shape[0] > 1 else 0
        instalment, share = 0, 1.0
        for period in range(stop[i]):
            if period > end:
                break
            opening, accrued, early = balance, 0, 0
            if has_prepaid and balance > 0 and prepaid_cents[i, period] > 0:
                early = min(prepaid_cents[i, period], balance)
                balance -= early
                accrued = _whole(early * plan.prepaid_growth[i, period])
                end = _end_after(plan, (i, period, end), balance, instalment)
                share = _share_after(plan, (i, period), share, balance / opening)
            known = rate[rate_row, period * rate_column]
            is_new_rate = has_steps and period > 0 and known != rate[rate_row, period - 1]
            length = years[years_row, period * years_column]
            grown = growth[growth_row, period * growth_column] if has_growth else known * length
            if (
                early == 0
                and is_new_rate
                and years_column == 0
                and rule == Rule.EQUAL_INSTALMENT
                and period > grace
            ):
                instalment = _whole(balance / _level_annuity(grown, known * length, end - period))
            elif early > 0 or period == grace or is_new_rate:
                instalment = _instalment(plan, (i, period, end), balance, instalment)
            due = _whole(balance * grown)
            if period == end:
                paid = balance
            elif rule == Rule.CUSTOM:
                paid = min(_whole(custom_cents[i, period] * share), balance)
            else:
                part = instalment - due if rule == Rule.EQUAL_INSTALMENT else instalment
                paid = 0 if period < grace else min(max(part, 0), balance)
            balance -= paid
            if is_kept:
                opening_rows[i, period] = opening
                interest_rows[i, period] = due + accrued
                principal_rows[i, period] = paid
                prepaid_rows[i, period] = early
                payment_rows[i, period] = due + accrued + paid
                closing_rows[i, period] = balance
        balances[i] = balance


@compiled
def _whole(value: float) -> int:
    """An amount in cents, not negative, as whole cents: halves go up."""
    floor = int(value)
    return floor + 1 if value - floor >= JUST_BELOW_HALF else floor


@compiled
def _at(table: FloatArray, i: int, period: int) -> float:
    value: float = table[i if table.shape[0] > 1 else 0, period if table.shape[1] > 1 else 0]
    return value


@compiled
def _growth(plan: PaymentPlan, i: int, period: int) -> float:
    """Interest of a period for a balance of 1."""
    if plan.growth.shape[0] > 0:
        return _at(plan.growth, i, period)
    return _at(plan.rate_annual, i, period) * _at(plan.period_years, i, period)


@compiled
def _level_annuity(first: float, later: float, n_later: int) -> float:
    """Value of 1 paid in a period of one growth and in n later ones of another."""
    rest = float(n_later) if later == 0.0 else -math.expm1(-n_later * math.log1p(later)) / later
    return (1.0 + rest) / (1.0 + first)


@compiled
def _end_after(plan: PaymentPlan, place: tuple[int, int, int], balance: int, instalment: int) -> int:
    """Last period after a prepayment: an earlier one where the instalment is kept and one has been set."""
    i, period, end = place
    if not plan.keeps_instalment[i, period] or instalment == 0:
        return end
    if plan.rule[i] == Rule.EQUAL_PRINCIPAL:
        return max(period, min(end, period + (balance + instalment - 1) // instalment - 1))
    # A cent a period is left to the last payment: it is what rounding may have left open.
    rate, open_cents = _at(plan.rate_annual, i, period), float(balance)
    for k in range(period, end):
        growth = _growth(plan, i, k) if k == period else rate * _at(plan.period_years, i, k)
        open_cents += open_cents * growth - instalment
        if open_cents <= k - period + 1.0:
            return k
    return end


@compiled
def _share_after(plan: PaymentPlan, place: tuple[int, int], share: float, left: float) -> float:
    """Share of the given parts of principal that is due after a prepayment that left a share of the balance."""
    i, period = place
    return share if plan.keeps_instalment[i, period] else share * left


@compiled
def _instalment(plan: PaymentPlan, place: tuple[int, int, int], balance: int, instalment: int) -> int:
    """The level payment or the equal part in force in a period: set after grace, on a new rate or on a prepayment."""
    i, period, end = place
    rule = plan.rule[i]
    if rule > Rule.EQUAL_PRINCIPAL or period < plan.grace_periods[i]:
        return 0
    is_new = period == plan.grace_periods[i]
    if not is_new and plan.prepaid_cents.shape[0] > 0 and plan.prepaid_cents[i, period] > 0:
        is_new = not plan.keeps_instalment[i, period]
    if rule == Rule.EQUAL_PRINCIPAL:
        return _whole(balance / (end - period + 1)) if is_new else instalment
    rate = plan.rate_annual
    if not is_new and rate.shape[1] > 1 and period > 0:
        is_new = _at(rate, i, period) != _at(rate, i, period - 1)
    return _whole(balance / _annuity(plan, i, period, end)) if is_new else instalment


@compiled
def _annuity(plan: PaymentPlan, i: int, period: int, end: int) -> float:
    """Value of 1 paid in each period to the end, at the rate that is known in the first of them."""
    first, rate = _growth(plan, i, period), _at(plan.rate_annual, i, period)
    if plan.period_years.shape[1] == 1:
        return _level_annuity(first, rate * _at(plan.period_years, i, 0), end - period)
    discount = 1.0 / (1.0 + first)
    annuity = discount
    for k in range(period + 1, end + 1):
        discount /= 1.0 + rate * _at(plan.period_years, i, k)
        annuity += discount
    return annuity
