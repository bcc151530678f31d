"""Schedules against numpy-financial, hand calculation and identities."""

import datetime as dt
import itertools
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant.repayment.daycount import DayCount
from services.loans.loan import RepaymentKind, RepaymentTerms, due_date
from services.loans.repayment.changes import LprFixing, LprTenor, Prepayment, PrepaymentEffect, RateReset
from services.loans.repayment.schedule import due_dates, repayment_schedule, scheduled_balances

CENT = Decimal("0.01")


def terms(**changes: object) -> RepaymentTerms:
    given: dict[str, object] = {
        "principal_cny": Decimal("1000000.00"),
        "drawn_on": dt.date(2026, 1, 31),
        "periods": 36,
        "rate_annual": 0.0435,
        "kind": RepaymentKind.EQUAL_INSTALMENT,
    }
    return RepaymentTerms(**(given | changes))  # type: ignore[arg-type]  # any field


def cents(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(CENT, ROUND_HALF_UP)


@pytest.mark.parametrize("months", [1, 3, 6, 12])
@pytest.mark.parametrize("periods", [1, 12, 36, 360])
@pytest.mark.parametrize("rate", [0.0, 0.0345, 0.12])
def test_equal_instalments_are_those_of_numpy_financial_to_the_cent(
    months: int, periods: int, rate: float
) -> None:
    schedule = repayment_schedule(terms(periods=periods, months_per_period=months, rate_annual=rate))
    expected = cents(-npf.pmt(rate * months / 12, periods, 1_000_000.0))
    payments = [row.payment_cny for row in schedule.instalments]
    assert all(payment == expected for payment in payments[:-1])
    # The last one carries the rounding of all the others: half a cent each, with interest.
    bound = periods * Decimal("0.005") * Decimal(repr((1 + rate * months / 12) ** periods)) + CENT
    assert abs(payments[-1] - expected) <= bound


def test_equal_principal_by_hand() -> None:
    rows = repayment_schedule(
        terms(
            principal_cny=Decimal("1200.00"), periods=3, rate_annual=0.12, kind=RepaymentKind.EQUAL_PRINCIPAL
        )
    ).instalments
    assert [row.principal_cny for row in rows] == [Decimal("400.00")] * 3
    assert [row.interest_cny for row in rows] == [Decimal("12.00"), Decimal("8.00"), Decimal("4.00")]


def test_bullet_with_actual_days_by_hand() -> None:
    schedule = repayment_schedule(
        terms(
            principal_cny=Decimal("360000.00"),
            periods=2,
            rate_annual=0.05,
            kind=RepaymentKind.BULLET,
            day_count=DayCount.ACT_360,
        )
    )
    # 31 January to 28 February: 28 days of 50 CNY; to 31 March: 31 days.
    assert [row.due_on for row in schedule.instalments] == [dt.date(2026, 2, 28), dt.date(2026, 3, 31)]
    assert [row.interest_cny for row in schedule.instalments] == [Decimal("1400.00"), Decimal("1550.00")]
    assert schedule.total_interest_cny == Decimal("2950.00")
    assert schedule.instalments[-1].principal_cny == Decimal("360000.00")


def test_grace_pays_interest_alone_and_then_levels() -> None:
    rows = repayment_schedule(terms(periods=18, grace_periods=6)).instalments
    assert all(row.principal_cny == 0 for row in rows[:6])
    level = cents(-npf.pmt(0.0435 / 12, 12, 1_000_000.0))
    assert {row.payment_cny for row in rows[6:-1]} == {level}


@st.composite
def any_terms(draw: st.DrawFn) -> RepaymentTerms:
    cents = draw(st.integers(1, 10**13))
    drawn_on = draw(st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)))
    periods, months = draw(st.integers(7, 120)), draw(st.sampled_from([1, 3, 6, 12]))
    rate = draw(st.floats(0.0, 0.36))
    kind = draw(st.sampled_from(RepaymentKind))
    cuts = sorted(draw(st.lists(st.integers(0, cents), min_size=periods - 1, max_size=periods - 1)))
    parts = [after - before for before, after in itertools.pairwise([0, *cuts, cents])]
    changed: dict[str, object] = {}
    if kind is RepaymentKind.CUSTOM:
        changed["custom_principal_cny"] = tuple(Decimal(part).scaleb(-2) for part in parts)
    if draw(st.booleans()):
        published = sorted(draw(st.sets(st.integers(-400, 4_000), max_size=5)))
        changed["rate_reset"] = RateReset(
            LprTenor.ONE_YEAR,
            draw(st.floats(-300, 300)),
            draw(st.integers(1, 24)),
            tuple(LprFixing(drawn_on + dt.timedelta(day), draw(st.floats(0, 0.1))) for day in published),
            draw(st.none() | st.just(drawn_on + dt.timedelta(draw(st.integers(0, 700))))),
        )
    if draw(st.booleans()):
        # Small enough to be open on any day before the last due date but one.
        last = due_date(drawn_on, (periods - 1) * months) - dt.timedelta(1)
        days = sorted(draw(st.lists(st.dates(drawn_on, last), min_size=1, max_size=3)))
        open_last = parts[-1] if kind is RepaymentKind.CUSTOM else cents // (4 * periods)
        # A cent too much in every instalment ends the loan sooner, by what these cents grow to with interest.
        growing = 1.0 + max(rate, 0.13 if "rate_reset" in changed else 1e-9) * months / 12.0
        if open_last >= 4.0 * (growing**periods - 1.0) / (growing - 1.0):
            amount = Decimal(draw(st.integers(1, open_last // 4))).scaleb(-2)
            effect = draw(st.sampled_from(PrepaymentEffect))
            # One that keeps the instalment may end the loan before the next: it comes last.
            changed["prepayments"] = tuple(
                Prepayment(day, amount, effect if k == len(days) - 1 else PrepaymentEffect.TERM_KEPT)
                for k, day in enumerate(days)
            )
    return RepaymentTerms(
        Decimal(cents).scaleb(-2),
        drawn_on,
        periods,
        rate,
        kind,
        months,
        0 if kind is RepaymentKind.CUSTOM else draw(st.integers(0, 6)),
        draw(st.sampled_from([None, *DayCount])),
        **changed,  # type: ignore[arg-type]  # any field
    )


@settings(max_examples=200, deadline=None)
@given(any_terms())
def test_identities_of_every_schedule(loan: RepaymentTerms) -> None:
    rows = repayment_schedule(loan).instalments
    assert rows[0].opening_cny == loan.principal_cny
    assert sum(row.principal_cny + row.prepaid_cny for row in rows) == loan.principal_cny
    assert sum(row.prepaid_cny for row in rows) == sum(p.amount_cny for p in loan.prepayments)
    assert rows[-1].closing_cny == 0
    if not loan.prepayments:
        assert rows[-1].due_on == loan.matures_on
    for row, following in itertools.pairwise(rows):
        assert row.closing_cny == following.opening_cny
        assert row.due_on < following.due_on
    for row in rows:
        assert row.closing_cny == row.opening_cny - row.principal_cny - row.prepaid_cny
        assert row.payment_cny == row.interest_cny + row.principal_cny
        assert row.principal_cny >= 0
        assert row.interest_cny >= 0
        assert row.payment_cny == row.payment_cny.quantize(CENT)
        assert row.due_on == due_date(loan.drawn_on, row.period * loan.months_per_period)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(any_terms(), st.integers(-400, 4_000)), min_size=1, max_size=6))
def test_balances_of_a_book_are_those_of_each_schedule(book: list[tuple[RepaymentTerms, int]]) -> None:
    days = [loan.drawn_on + dt.timedelta(days=offset) for loan, offset in book]
    balances = scheduled_balances([loan for loan, _ in book], days)
    for (loan, _), day, balance in zip(book, days, balances.tolist(), strict=True):
        expected = Decimal(0) if day < loan.drawn_on else loan.principal_cny
        last = loan.drawn_on
        for row in repayment_schedule(loan).instalments:
            if row.due_on <= day:
                expected, last = row.closing_cny, row.due_on
        expected -= sum(p.amount_cny for p in loan.prepayments if last <= p.day <= day)
        assert balance == expected * 100


def test_due_dates_of_many_loans_are_those_of_each() -> None:
    loans = [terms(drawn_on=day) for day in (dt.date(2027, 8, 31), dt.date(2028, 2, 29), dt.date(2026, 5, 1))]
    expected = [[due_date(loan.drawn_on, k) for k in range(37)] for loan in loans]
    assert np.array_equal(due_dates(loans), np.array(expected, dtype="datetime64[D]"))
