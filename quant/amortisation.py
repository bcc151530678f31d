"""Loan schedules in whole cents.

Amounts are int64 cents, not floats and not Decimal: additions and subtractions are exact up to 9e16 CNY,
whole books stay one array, and a ledger turns a cent into a Decimal without loss. Floats appear only in the
product that gives the interest of one period and in the level payment; each becomes cents once, in
`round_to_cents`. The last instalment pays what is open, so every schedule ends at zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quant.arguments import FINITE, NON_NEGATIVE, POSITIVE, FloatArray, describe_first, require_count

Cents: TypeAlias = NDArray[np.int64]
PrincipalRule: TypeAlias = Callable[[int, Cents, Cents], Cents]  # period, opening, interest -> principal

_MAX_CENTS = 10**15  # float64 resolves a tenth of a cent up to here


@dataclass(frozen=True, slots=True, eq=False)
class LoanSchedule:
    """Periods of one loan, arrays [n_periods], or of many of the same length, arrays [..., n_periods].

    Attributes:
        opening_cents: Balance at the start of the period.
        interest_cents: Interest of the period, paid at its end.
        principal_cents: Principal paid at its end.
        payment_cents: Interest and principal.
        closing_cents: Balance after the payment.
    """

    opening_cents: Cents
    interest_cents: Cents
    principal_cents: Cents
    payment_cents: Cents
    closing_cents: Cents


def round_to_cents(value_cents: ArrayLike) -> Cents:
    """Return amounts in cents as whole cents: halves go up (away from zero for negative amounts).

    A millionth of a cent is dropped first, so that a half written in decimals (0.5 computed as
    0.49999999999) is a half.

    Raises:
        ValueError: if an amount is not finite.
    """
    value = FINITE.require("value_cents", value_cents)
    whole = np.sign(value) * np.floor(np.round(np.abs(value), 6) + 0.5)
    return np.asarray(whole, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Terms:
    """What every schedule starts from: loan [...], annual rates and period lengths [..., n_periods]."""

    loan_cents: Cents
    rate_annual: FloatArray
    period_years: FloatArray
    grace_periods: int

    @property
    def n_periods(self) -> int:
        return int(self.rate_annual.shape[-1])


def equal_instalment(
    loan_cents: ArrayLike,
    rate_annual: ArrayLike,
    n_periods: int,
    *,
    period_years: ArrayLike = 1.0 / 12.0,
    grace_periods: int = 0,
) -> LoanSchedule:
    """Return a schedule of level payments (等额本息), recomputed for the open balance where the rate changes.

    Args:
        loan_cents: Amount lent in whole cents, scalar or [...].
        rate_annual: Nominal annual rate, not negative: shaped as `loan_cents` or scalar, or with one more
            axis than `loan_cents`, of n_periods, for rates that step.
        n_periods: All periods, those of grace included.
        period_years: Length of a period in years (see `quant.daycount`), shaped as `rate_annual` may be.
        grace_periods: Number of first periods in which interest alone is paid, fewer than `n_periods`.

    Raises:
        ValueError: if an argument is outside its domain or the shapes do not fit.
    """
    terms = _read_terms(loan_cents, rate_annual, n_periods, period_years, grace_periods)
    level = np.zeros_like(terms.loan_cents)

    def principal(period: int, opening: Cents, interest: Cents) -> Cents:
        rate = terms.rate_annual[..., period]
        changed = np.asarray(rate != terms.rate_annual[..., max(period - 1, 0)]) | (period == grace_periods)
        if changed.any():
            factors = 1.0 + rate[..., np.newaxis] * terms.period_years[..., period:]
            annuity = (1.0 / np.cumprod(factors, axis=-1)).sum(axis=-1)
            level[...] = np.where(changed, round_to_cents(opening / annuity), level)
        return level - interest

    return _run(terms, principal)


def equal_principal(
    loan_cents: ArrayLike,
    rate_annual: ArrayLike,
    n_periods: int,
    *,
    period_years: ArrayLike = 1.0 / 12.0,
    grace_periods: int = 0,
) -> LoanSchedule:
    """Return a schedule of equal parts of principal (等额本金).

    Arguments and errors as `equal_instalment`.
    """
    terms = _read_terms(loan_cents, rate_annual, n_periods, period_years, grace_periods)
    part = round_to_cents(terms.loan_cents / (terms.n_periods - grace_periods))
    return _run(terms, lambda _period, _opening, _interest: part)


def bullet(
    loan_cents: ArrayLike,
    rate_annual: ArrayLike,
    n_periods: int,
    *,
    period_years: ArrayLike = 1.0 / 12.0,
) -> LoanSchedule:
    """Return a schedule of interest in every period and the principal with the last (按期付息, 到期还本).

    Arguments and errors as `equal_instalment`.
    """
    terms = _read_terms(loan_cents, rate_annual, n_periods, period_years, 0)
    nothing = np.zeros_like(terms.loan_cents)
    return _run(terms, lambda _period, _opening, _interest: nothing)


def check_amortisation(schedule: LoanSchedule, loan_cents: ArrayLike) -> None:
    """Check the identities of a schedule, to the cent.

    The first opening and the sum of principal are the loan; each closing is opening less principal and the
    next opening; each payment is interest plus principal; nothing is negative; the last closing is zero.

    Raises:
        ValueError: naming the first identity that fails.
    """
    loan = np.asarray(loan_cents)
    s = schedule
    identities = {
        "the first opening is the loan": s.opening_cents[..., 0] == loan,
        "principal adds up to the loan": s.principal_cents.sum(axis=-1) == loan,
        "closing is opening less principal": s.closing_cents == s.opening_cents - s.principal_cents,
        "opening is the closing before": s.opening_cents[..., 1:] == s.closing_cents[..., :-1],
        "payment is interest plus principal": s.payment_cents == s.interest_cents + s.principal_cents,
        "interest is not negative": s.interest_cents >= 0,
        "principal is not negative": s.principal_cents >= 0,
        "the last closing is zero": s.closing_cents[..., -1] == 0,
    }
    for identity, holds in identities.items():
        if not np.all(holds):
            place = np.argwhere(~np.asarray(holds))[0].tolist()
            raise ValueError(f"schedule: expected that {identity}, found otherwise at index {place}")


def _run(terms: _Terms, principal_rule: PrincipalRule) -> LoanSchedule:
    """Roll the balance forward period by period, all loans at once."""
    shape = (*terms.loan_cents.shape, terms.n_periods)
    opening, interest, principal = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    balance = terms.loan_cents
    last = terms.n_periods - 1
    for period in range(terms.n_periods):
        due = round_to_cents(balance * (terms.rate_annual[..., period] * terms.period_years[..., period]))
        if period == last:
            paid = balance
        elif period < terms.grace_periods:
            paid = np.zeros_like(balance)
        else:
            paid = np.clip(principal_rule(period, balance, due), 0, balance)
        opening[..., period], interest[..., period], principal[..., period] = balance, due, paid
        balance = balance - paid
    return LoanSchedule(opening, interest, principal, interest + principal, opening - principal)


def _read_terms(
    loan_cents: ArrayLike, rate_annual: ArrayLike, n_periods: int, period_years: ArrayLike, grace_periods: int
) -> _Terms:
    n_periods = require_count("n_periods", n_periods, at_least=1)
    grace_periods = require_count("grace_periods", grace_periods, at_least=0)
    if grace_periods >= n_periods:
        raise ValueError(f"grace_periods: found {grace_periods}, expected fewer than n_periods {n_periods}")
    loan = NON_NEGATIVE.require("loan_cents", loan_cents)
    refused = (loan != np.floor(loan)) | (loan > _MAX_CENTS)
    if refused.any():
        raise ValueError(
            f"loan_cents: {describe_first(loan, refused)}, expected whole cents up to {_MAX_CENTS}"
        )
    rate = _by_period("rate_annual", NON_NEGATIVE.require("rate_annual", rate_annual), loan.shape, n_periods)
    years = _by_period("period_years", POSITIVE.require("period_years", period_years), loan.shape, n_periods)
    return _Terms(loan.astype(np.int64), rate, years, grace_periods)


def _by_period(name: str, value: FloatArray, loan_shape: tuple[int, ...], n_periods: int) -> FloatArray:
    """Spread a figure over the periods: a scalar, of the loans' shape, or with an axis of periods as well."""
    given = value if value.ndim == len(loan_shape) + 1 else value[..., np.newaxis]
    try:
        return np.broadcast_to(given, (*loan_shape, n_periods))
    except ValueError as error:
        raise ValueError(
            f"{name}: found shape {value.shape}, "
            f"expected a scalar, {loan_shape} or {(*loan_shape, n_periods)}"
        ) from error
