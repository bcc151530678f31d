"""Loan schedules in whole cents, one rule of repayment at a time; conventions: `quant.repayment.payment_plan`."""

import numpy as np
from numpy.typing import ArrayLike

from quant.arguments import NON_NEGATIVE, POSITIVE, FloatArray, describe_first, require_count
from quant.repayment.payment_plan import (
    NO_CENTS,
    NO_CHOICE,
    NO_GROWTH,
    Cents,
    LoanSchedule,
    PaymentPlan,
    Rule,
    roll,
)

_MAX_CENTS = 10**15  # float64 resolves a tenth of a cent up to here


def amortise(
    rule: Rule,
    loan_cents: ArrayLike,
    rate_annual: ArrayLike,
    n_periods: int,
    *,
    period_years: ArrayLike = 1.0 / 12.0,
    grace_periods: int = 0,
) -> LoanSchedule:
    """Return a schedule by a rule; `custom` takes parts of principal that are given.

    Level payments (等额本息) are recomputed for the open balance where the rate changes; equal parts of principal
    (等额本金); or interest in every period and the principal with the last (按期付息, 到期还本).

    Args:
        rule: EQUAL_INSTALMENT, EQUAL_PRINCIPAL or BULLET.
        loan_cents: Amount lent in whole cents, scalar or [...].
        rate_annual: Nominal annual rate, not negative: shaped as `loan_cents` or scalar, or with one more
            axis than `loan_cents`, of n_periods, for rates that step.
        n_periods: All periods, those of grace included.
        period_years: Length of a period in years (see `quant.repayment.daycount`), shaped as `rate_annual` may be.
        grace_periods: Number of first periods in which interest alone is paid, fewer than `n_periods`.

    Raises:
        ValueError: if an argument is outside its domain or the shapes do not fit.
    """
    if rule is Rule.CUSTOM:
        raise ValueError("rule: found CUSTOM, expected another one; `custom` takes its parts of principal")
    return _schedule(rule, loan_cents, rate_annual, n_periods, period_years, grace_periods=grace_periods)


def custom(
    principal_cents: ArrayLike, rate_annual: ArrayLike, *, period_years: ArrayLike = 1.0 / 12.0
) -> LoanSchedule:
    """Return a schedule of given parts of principal (自定义), interest on what is open.

    Args:
        principal_cents: Principal of each period in whole cents, [..., n_periods]; the loan is their sum.
        rate_annual: As in `amortise`.
        period_years: As in `amortise`.

    Raises:
        ValueError: if an argument is outside its domain or the shapes do not fit.
    """
    parts = _whole_cents("principal_cents", principal_cents)
    if parts.ndim == 0 or parts.shape[-1] == 0:
        raise ValueError(
            f"principal_cents: found shape {parts.shape}, expected an axis of at least one period"
        )
    return _schedule(
        Rule.CUSTOM, parts.sum(axis=-1), rate_annual, parts.shape[-1], period_years, custom_cents=parts
    )


def check_amortisation(schedule: LoanSchedule, loan_cents: ArrayLike) -> None:
    """Check the identities of a schedule, to the cent.

    The first opening and the sum of principal, scheduled and prepaid, are the loan; each closing is opening less
    principal and the next opening; each payment is interest plus scheduled principal; nothing is negative; the last
    closing is zero.

    Raises:
        ValueError: naming the first identity that fails.
    """
    loan = np.asarray(loan_cents)
    s = schedule
    identities = {
        "the first opening is the loan": s.opening_cents[..., 0] == loan,
        "principal adds up to the loan": (s.principal_cents + s.prepaid_cents).sum(axis=-1) == loan,
        "closing is opening less principal": s.closing_cents
        == s.opening_cents - s.principal_cents - s.prepaid_cents,
        "opening is the closing before": s.opening_cents[..., 1:] == s.closing_cents[..., :-1],
        "payment is interest plus principal": s.payment_cents == s.interest_cents + s.principal_cents,
        "interest is not negative": s.interest_cents >= 0,
        "principal is not negative": (s.principal_cents >= 0) & (s.prepaid_cents >= 0),
        "the last closing is zero": s.closing_cents[..., -1] == 0,
    }
    for identity, holds in identities.items():
        if not np.all(holds):
            place = np.argwhere(~np.asarray(holds))[0].tolist()
            raise ValueError(f"schedule: expected that {identity}, found otherwise at index {place}")


def _schedule(  # as the functions above take them
    rule: Rule,
    loan_cents: ArrayLike,
    rate_annual: ArrayLike,
    n_periods: int,
    period_years: ArrayLike,
    *,
    grace_periods: int = 0,
    custom_cents: Cents | None = None,
) -> LoanSchedule:
    """Schedules of loans that share a rule and a number of periods, in the shape of the loans."""
    n_periods = require_count("n_periods", n_periods, at_least=1)
    grace_periods = require_count("grace_periods", grace_periods, at_least=0)
    if grace_periods >= n_periods:
        raise ValueError(f"grace_periods: found {grace_periods}, expected fewer than n_periods {n_periods}")
    loan = _whole_cents("loan_cents", loan_cents)
    rate = _by_period("rate_annual", NON_NEGATIVE.require("rate_annual", rate_annual), loan.shape, n_periods)
    years = _by_period("period_years", POSITIVE.require("period_years", period_years), loan.shape, n_periods)
    flat = loan.reshape(-1)
    found = roll(
        PaymentPlan(
            flat,
            np.full_like(flat, rule),
            np.full_like(flat, n_periods),
            np.full_like(flat, grace_periods),
            NO_GROWTH,
            rate,
            years,
            NO_CENTS if custom_cents is None else custom_cents.reshape(-1, n_periods),
            NO_CENTS,
            NO_GROWTH,
            NO_CHOICE,
        )
    )
    shape = (*loan.shape, n_periods)
    return LoanSchedule(
        found.opening_cents.reshape(shape),
        found.interest_cents.reshape(shape),
        found.principal_cents.reshape(shape),
        found.prepaid_cents.reshape(shape),
        found.payment_cents.reshape(shape),
        found.closing_cents.reshape(shape),
    )


def _whole_cents(name: str, value: ArrayLike) -> Cents:
    cents = NON_NEGATIVE.require(name, value)
    refused = (cents != np.floor(cents)) | (cents > _MAX_CENTS)
    if refused.any():
        raise ValueError(f"{name}: {describe_first(cents, refused)}, expected whole cents up to {_MAX_CENTS}")
    return cents.astype(np.int64)


def _by_period(name: str, value: FloatArray, loan_shape: tuple[int, ...], n_periods: int) -> FloatArray:
    """A figure as a table of periods: one row for all loans or one for each, one column for all periods or all."""
    given = value if value.ndim == len(loan_shape) + 1 else value[..., np.newaxis]
    try:
        np.broadcast_to(given, (*loan_shape, n_periods))
    except ValueError as error:
        raise ValueError(
            f"{name}: found shape {value.shape}, "
            f"expected a scalar, {loan_shape} or {(*loan_shape, n_periods)}"
        ) from error
    if given[..., 0].size == 1:
        return np.ascontiguousarray(given.reshape(1, -1))
    columns = given.shape[-1]
    return np.ascontiguousarray(np.broadcast_to(given, (*loan_shape, columns)).reshape(-1, columns))
