"""From the terms of loans to the arrays of `quant.repayment.payment_plan`: periods, rates on the way, prepayments.

Where a reset day falls within a period, its interest is that of the two parts, by days. Without a day count a part of a
period is the part of its days.
"""

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quant.repayment.daycount import year_fraction
from quant.repayment.payment_plan import NO_CENTS, NO_CHOICE, NO_GROWTH, Cents, PaymentPlan
from services.loans.columns.term_columns import Days, Numbers, TermColumns, last_day_of, term_columns
from services.loans.loan import RepaymentKind, RepaymentTerms, due_date
from services.loans.repayment.changes import PrepaymentEffect


def plan_of_even(terms: TermColumns) -> PaymentPlan:
    """The plan of loans whose periods are all alike; no table of periods is made."""
    return PaymentPlan(
        terms.principal_cents, terms.rule, terms.periods, terms.grace_periods, NO_GROWTH, terms.rate_annual[:, None],
        terms.months_per_period[:, None] / 12.0, NO_CENTS, NO_CENTS, NO_GROWTH, NO_CHOICE,
    )  # fmt: skip


def plan_of(terms: Sequence[RepaymentTerms], due: Days) -> PaymentPlan:
    """The plan of any loans.

    Args:
        terms: of n loans.
        due: day of drawing and every due date, [n, longest + 1].
    """
    n, longest = len(terms), due.shape[1] - 1
    growth, rates, years = (np.zeros((n, longest)) for _ in range(3))
    custom, prepaid = NO_CENTS, NO_CENTS
    accrued, keeps = NO_GROWTH, NO_CHOICE
    if any(term.kind is RepaymentKind.CUSTOM for term in terms):
        custom = np.zeros((n, longest), dtype=np.int64)
    if any(term.prepayments for term in terms):
        prepaid = np.zeros((n, longest), dtype=np.int64)
        accrued, keeps = np.zeros((n, longest)), np.zeros((n, longest), dtype=np.bool_)
    for i, term in enumerate(terms):
        own = slice(0, term.periods)
        days, rate_of = due[i, : term.periods + 1], rate_steps(term)
        years[i, own] = _lengths(term, days[:-1], days[1:], days[1:])
        growth[i, own], rates[i, own] = _growth(term, days, years[i, own], rate_of)
        if term.custom_principal_cny:
            custom[i, own] = [int(part * 100) for part in term.custom_principal_cny]
        if term.prepayments:
            _prepay(term, days, rate_of, (prepaid[i], accrued[i], keeps[i]))
    columns = term_columns(terms)
    return PaymentPlan(
        columns.principal_cents, columns.rule, columns.periods, columns.grace_periods, growth, rates, years, custom,
        prepaid, accrued, keeps,
    )  # fmt: skip


def rate_steps(terms: RepaymentTerms) -> tuple[Days, Numbers]:
    """Days from which a rate holds, the day of drawing first, and the rates, never below 0."""
    steps = [(terms.drawn_on, terms.rate_annual)]
    reset = terms.rate_reset
    if reset is not None and reset.fixings:
        published = [fixing.published_on for fixing in reset.fixings]
        first = reset.first_on or due_date(terms.drawn_on, reset.months_between)
        day, k, matures_on = first, 0, terms.matures_on
        while day < matures_on:
            known = int(
                np.searchsorted(np.array(published, dtype="datetime64[D]"), np.datetime64(day), "right")
            )
            if known > 0 and day >= terms.drawn_on:
                rate = reset.fixings[known - 1].rate_annual + reset.spread_bp / 10_000.0
                steps.append((day, max(0.0, rate)))
            k += 1
            day = due_date(first, k * reset.months_between)
    days, rates = zip(*steps, strict=True)
    return np.array(days, dtype="datetime64[D]"), np.array(rates)


def _lengths(terms: RepaymentTerms, start: Days, end: Days, period_end: Days) -> Numbers:
    """Years from day to day within periods that end on given days."""
    if terms.day_count is not None:
        return np.asarray(year_fraction(terms.day_count, start, end))
    whole = terms.months_per_period / 12.0
    months = terms.months_per_period
    begun = _months_before(period_end, terms.drawn_on, months)
    share = (end - start).astype(np.float64) / np.maximum((period_end - begun).astype(np.float64), 1.0)
    return np.asarray(whole * share)


def _months_before(period_end: Days, drawn_on: dt.date, months: int) -> Days:
    """The due date before each of some due dates."""
    month = period_end.astype("datetime64[M]") - months
    start: Days = month.astype("datetime64[D]") + np.minimum(drawn_on.day - 1, last_day_of(month))
    return start


def _growth(
    terms: RepaymentTerms, due: Days, years: Numbers, steps: tuple[Days, Numbers]
) -> tuple[Numbers, Numbers]:
    """Interest of each period for a balance of 1, and the rate at its end."""
    days, rates = steps
    if rates.size == 1:
        return rates[0] * years, np.broadcast_to(rates, years.shape)
    at_start = np.searchsorted(days, due[:-1], "right") - 1
    at_end = np.searchsorted(days, due[1:], "left") - 1
    growth = rates[at_end] * years
    for k in np.flatnonzero(at_start != at_end):
        growth[k] = _grown(terms, (due[k], due[k + 1], due[k + 1]), steps)
    return growth, rates[at_end]


def _grown(
    terms: RepaymentTerms,
    span: tuple[np.datetime64, np.datetime64, np.datetime64],
    steps: tuple[Days, Numbers],
) -> float:
    """Interest for a balance of 1 from a day to a day of the period that ends on the third."""
    start, end, period_end = span
    days, rates = steps
    inner = days[(days > start) & (days < end)]
    begins = np.concatenate([[start], inner])
    ends = np.concatenate([inner, [end]])
    lengths = _lengths(terms, begins, ends, np.full(begins.shape, period_end))
    return float((rates[np.searchsorted(days, begins, "right") - 1] * lengths).sum())


def _prepay(
    terms: RepaymentTerms,
    due: Days,
    steps: tuple[Days, Numbers],
    rows: tuple[Cents, Numbers, NDArray[np.bool_]],
) -> None:
    """Write the prepayments of a loan; several in one period count together, their interest by amount."""
    prepaid, accrued, keeps = rows
    for prepayment in terms.prepayments:
        day = np.datetime64(prepayment.day)
        period = int(np.searchsorted(due, day, "right")) - 1
        cents, before = int(prepayment.amount_cny * 100), int(prepaid[period])
        grown = 0.0 if day == due[period] else _grown(terms, (due[period], day, due[period + 1]), steps)
        accrued[period] = (accrued[period] * before + grown * cents) / (before + cents)
        prepaid[period] = before + cents
        # The last word of a period counts for the period.
        keeps[period] = prepayment.effect is PrepaymentEffect.INSTALMENT_KEPT
