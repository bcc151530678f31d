"""Resets of the rate, prepayments and given parts: by hand and by numpy-financial, to the cent."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

import grpc
import numpy as np
import numpy_financial as npf
import pytest

from quant.repayment.daycount import DayCount
from services.loans.client import LoansClient
from services.loans.importing.client import ImportClient
from services.loans.loan import Loan, PutCounts, RepaymentKind, RepaymentTerms
from services.loans.repayment.changes import LprFixing, LprTenor, Prepayment, PrepaymentEffect, RateReset
from services.loans.repayment.schedule import repayment_schedule, scheduled_balances
from services.loans.stored import loan_from_text, loan_to_text
from services.runtime.errors import InvalidInput

CENT = Decimal("0.01")
DRAWN = dt.date(2026, 1, 15)
LOAN = RepaymentTerms(Decimal("1200000.00"), DRAWN, 24, 0.045, RepaymentKind.EQUAL_INSTALMENT)
MakeLoan = Callable[..., Loan]


def cents(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(CENT, ROUND_HALF_UP)


def level(rate: float, n: int, balance: Decimal) -> Decimal:
    return cents(-npf.pmt(rate / 12, n, float(balance)))


def reset(first_on: dt.date | None = None) -> RateReset:
    # 3.0 % published on 20 December 2026 and half a point above it.
    fixings = (LprFixing(dt.date(2025, 12, 20), 0.035), LprFixing(dt.date(2026, 12, 20), 0.03))
    return RateReset(LprTenor.ONE_YEAR, 50.0, 12, fixings, first_on)


@pytest.mark.parametrize("kind", [kind for kind in RepaymentKind if kind is not RepaymentKind.CUSTOM])
@pytest.mark.parametrize("grace", [0, 5])
@pytest.mark.parametrize("months", [1, 3])
def test_payments_are_worth_the_loan_at_its_rate(kind: RepaymentKind, grace: int, months: int) -> None:
    rows = repayment_schedule(
        replace(LOAN, kind=kind, grace_periods=grace, months_per_period=months)
    ).instalments
    payments = [0.0, *(float(row.payment_cny) for row in rows)]
    # Half a cent of rounding in each payment.
    assert npf.npv(0.045 * months / 12, payments) == pytest.approx(1_200_000.0, abs=0.005 * 24)


def test_each_interest_is_that_of_numpy_financial() -> None:
    for kind in (RepaymentKind.EQUAL_INSTALMENT, RepaymentKind.EQUAL_PRINCIPAL, RepaymentKind.BULLET):
        for row in repayment_schedule(replace(LOAN, kind=kind)).instalments:
            assert row.interest_cny == cents(-npf.ipmt(0.045 / 12, 1, 1, float(row.opening_cny)))
    whole = -npf.pmt(0.045 / 12, 24, 1_200_000.0, -1_200_000.0)
    bullet = repayment_schedule(replace(LOAN, kind=RepaymentKind.BULLET)).instalments
    assert {row.payment_cny for row in bullet[:-1]} == {cents(whole)}


def test_a_reset_on_a_due_date_sets_the_instalments_that_follow() -> None:
    rows = repayment_schedule(replace(LOAN, rate_reset=reset())).instalments
    assert {row.payment_cny for row in rows[:12]} == {level(0.045, 24, LOAN.principal_cny)}
    assert {row.rate_annual for row in rows[:12]} == {0.045}
    assert {row.payment_cny for row in rows[12:23]} == {level(0.035, 12, rows[11].closing_cny)}
    assert {round(row.rate_annual, 12) for row in rows[12:]} == {0.035}


def test_a_reset_within_a_period_splits_its_interest_by_days() -> None:
    rows = repayment_schedule(replace(LOAN, rate_reset=reset(dt.date(2027, 1, 1)))).instalments
    twelfth = rows[11]  # 15 December 2026 to 15 January 2027: 17 days at 4.5 %, 14 days at 3.5 %
    exact = twelfth.opening_cny * (Decimal("0.045") * 17 + Decimal("0.035") * 14) / 31 / 12
    assert twelfth.interest_cny == exact.quantize(CENT, ROUND_HALF_UP)
    # The instalment that was set on the reset stays to the end.
    assert {row.payment_cny for row in rows[11:23]} == {twelfth.payment_cny}


def test_a_reset_counts_actual_days_where_the_loan_does() -> None:
    loan = replace(LOAN, day_count=DayCount.ACT_360, rate_reset=reset(dt.date(2027, 1, 1)))
    twelfth = repayment_schedule(loan).instalments[11]
    exact = twelfth.opening_cny * (Decimal("0.045") * 17 + Decimal("0.035") * 14) / 360
    assert twelfth.interest_cny == exact.quantize(CENT, ROUND_HALF_UP)


def test_without_a_published_rate_the_rate_stays() -> None:
    nothing = RateReset(LprTenor.FIVE_YEARS, 50.0, 3)
    late = RateReset(LprTenor.FIVE_YEARS, 50.0, 3, (LprFixing(dt.date(2030, 1, 1), 0.01),))
    plain = repayment_schedule(LOAN)
    assert repayment_schedule(replace(LOAN, rate_reset=nothing)) == plain
    assert repayment_schedule(replace(LOAN, rate_reset=late)) == plain


def test_a_prepayment_that_keeps_the_term_lowers_the_instalment() -> None:
    day = dt.date(2026, 7, 25)  # ten of the 31 days from 15 July to 15 August
    paid = Prepayment(day, Decimal("300000.00"))
    rows = repayment_schedule(replace(LOAN, prepayments=(paid,))).instalments
    before = repayment_schedule(LOAN).instalments
    assert rows[:6] == before[:6]
    left = rows[6].opening_cny - paid.amount_cny
    due = (left * Decimal("0.045") / 12).quantize(CENT, ROUND_HALF_UP)
    accrued = (paid.amount_cny * Decimal("0.045") / 12 * 10 / 31).quantize(CENT, ROUND_HALF_UP)
    assert rows[6].prepaid_cny == paid.amount_cny
    assert rows[6].interest_cny == due + accrued
    assert rows[6].payment_cny == level(0.045, 18, left) + accrued
    assert {row.payment_cny for row in rows[7:23]} == {level(0.045, 18, left)}
    assert rows[-1].due_on == LOAN.matures_on


def test_a_prepayment_that_keeps_the_instalment_ends_the_loan_sooner() -> None:
    day = dt.date(2026, 7, 15)  # a due date: after its instalment, so that nothing has accrued
    paid = Prepayment(day, Decimal("300000.00"), PrepaymentEffect.INSTALMENT_KEPT)
    rows = repayment_schedule(replace(LOAN, prepayments=(paid,))).instalments
    usual = level(0.045, 24, LOAN.principal_cny)
    left = rows[5].closing_cny - paid.amount_cny
    more = int(np.ceil(npf.nper(0.045 / 12, -float(usual), float(left))))
    assert len(rows) == 6 + more < 24
    assert {row.payment_cny for row in rows[:-1]} == {usual}
    assert 0 < rows[-1].payment_cny <= usual


def test_equal_parts_after_a_prepayment() -> None:
    equal = replace(LOAN, kind=RepaymentKind.EQUAL_PRINCIPAL)
    for effect, part, n in (
        (PrepaymentEffect.TERM_KEPT, Decimal("33333.33"), 24),  # 600,000 over the 18 that are left
        (PrepaymentEffect.INSTALMENT_KEPT, Decimal("50000.00"), 18),  # 600,000 by 50,000: 12 more
    ):
        paid = Prepayment(dt.date(2026, 7, 15), Decimal("300000.00"), effect)
        rows = repayment_schedule(replace(equal, prepayments=(paid,))).instalments
        assert [row.principal_cny for row in rows[:6]] == [Decimal("50000.00")] * 6
        assert {row.principal_cny for row in rows[6:-1]} == {part}
        assert len(rows) == n


def test_given_parts_are_paid_as_given() -> None:
    parts = tuple(map(Decimal, ("0", "200000", "0", "1000000")))
    loan = replace(
        LOAN, periods=4, kind=RepaymentKind.CUSTOM, custom_principal_cny=parts, months_per_period=3
    )
    rows = repayment_schedule(loan).instalments
    assert tuple(row.principal_cny for row in rows) == parts
    assert [row.interest_cny for row in rows] == [
        Decimal(text) for text in ("13500.00", "13500.00", "11250.00", "11250.00")
    ]
    halved = replace(loan, prepayments=(Prepayment(DRAWN, Decimal("600000.00")),))
    assert [row.principal_cny for row in repayment_schedule(halved).instalments] == [
        Decimal(0), Decimal(100000), Decimal(0), Decimal(500000),
    ]  # fmt: skip
    from_the_end = replace(
        loan, prepayments=(Prepayment(DRAWN, Decimal("1050000.00"), PrepaymentEffect.INSTALMENT_KEPT),)
    )
    assert [row.principal_cny for row in repayment_schedule(from_the_end).instalments] == [0, 150000]


def test_a_prepayment_counts_from_its_day_in_the_balance() -> None:
    day = dt.date(2026, 7, 25)
    loan = replace(LOAN, prepayments=(Prepayment(day, Decimal("300000.00")),))
    before, after = scheduled_balances([loan, loan], [day - dt.timedelta(1), day]).tolist()
    assert before - after == 30_000_000


def test_more_than_is_open_cannot_be_prepaid() -> None:
    late = Prepayment(dt.date(2027, 12, 20), Decimal("100000.00"))
    with pytest.raises(InvalidInput, match=r"found 100000\.00 in total, expected at most"):
        repayment_schedule(replace(LOAN, prepayments=(late,)))


def test_a_loan_without_a_schedule_is_not_stored(
    client: LoansClient, channel: grpc.Channel, loan: MakeLoan
) -> None:
    early = Prepayment(dt.date(2026, 7, 25), Decimal("1000.00"))
    late = Prepayment(dt.date(2027, 12, 20), Decimal("100000.00"))
    loans = [loan("L1"), loan("L2", terms=replace(LOAN, prepayments=(early, late)))]
    said = (
        r"\[1\]\.terms\.prepayments: L2: found 101000\.00 in total, .*; the prepayment of 2027-12-20 is the"
    )
    with pytest.raises(InvalidInput, match="^loans" + said):
        client.put_loans(DRAWN, loans)
    with pytest.raises(InvalidInput, match="^rows" + said):
        ImportClient(channel).import_loans(DRAWN, loans)
    assert list(client.list_loans()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"custom_principal_cny": (Decimal(1),)}, "expected none unless kind is custom"),
        ({"kind": RepaymentKind.CUSTOM}, "found 0 parts, expected 24"),
        ({"kind": RepaymentKind.CUSTOM, "custom_principal_cny": (Decimal(1),) * 24}, "found 24 in total"),
        ({"prepayments": (Prepayment(DRAWN - dt.timedelta(1), Decimal(1)),)}, "expected them in order"),
        ({"prepayments": (Prepayment(dt.date(2028, 1, 15), Decimal(1)),)}, "before 2028-01-15"),
        ({"prepayments": (Prepayment(DRAWN, Decimal(1_200_001)),)}, "expected at most 1200000.00"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(LOAN, **changes)  # type: ignore[arg-type]  # any field


def test_terms_go_through_the_wire_and_the_store(client: LoansClient, loan: MakeLoan) -> None:
    paid = Prepayment(dt.date(2026, 7, 25), Decimal("300000.05"), PrepaymentEffect.INSTALMENT_KEPT)
    resetting = replace(LOAN, rate_reset=reset(dt.date(2027, 1, 1)), prepayments=(paid,))
    given = replace(
        LOAN,
        periods=2,
        kind=RepaymentKind.CUSTOM,
        custom_principal_cny=(Decimal("0.01"), Decimal("1199999.99")),
    )
    loans = [loan("L1", terms=resetting), loan("L2", terms=given)]
    assert [loan_from_text(loan_to_text(item)) for item in loans] == loans
    client.put_loans(DRAWN, loans)
    assert [record.loan for record in client.list_loans()] == loans
    assert client.get_schedule("L1") == repayment_schedule(resetting)
    assert client.get_schedule(terms=given) == repayment_schedule(given)


def test_a_restructured_loan_keeps_the_history_of_its_terms(client: LoansClient, loan: MakeLoan) -> None:
    eased = dt.date(2026, 9, 1)
    longer = replace(LOAN, periods=48)
    client.put_loans(DRAWN, [loan("L1", terms=LOAN)])
    first = next(client.list_loans())
    assert client.put_loans(eased, [loan("L1", terms=longer, restructured_on=eased)]) == PutCounts(0, 1, 0)
    now = next(client.list_loans())
    then = next(client.list_loans(known_at=first.recorded_at))
    assert (now.loan.terms, now.loan.restructured_on, now.as_of) == (longer, eased, eased)
    assert (then.loan.terms, then.loan.restructured_on, then.as_of) == (LOAN, None, DRAWN)
