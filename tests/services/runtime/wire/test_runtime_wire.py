import datetime as dt
from decimal import Decimal

import pytest
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.errors import InvalidInput
from services.runtime.wire.values import (
    date_from_wire,
    date_to_wire,
    decimal_from_money,
    money_from_decimal,
)

AMOUNTS = st.integers(-(2**63 - 1) * 10**9, (2**63 - 1) * 10**9).map(lambda nanos: Decimal(nanos).scaleb(-9))


# The two examples of signs are those in the comments of google/type/money.proto.
@pytest.mark.parametrize(
    ("amount", "units", "nanos"),
    [
        ("0", 0, 0),
        ("-0", 0, 0),
        ("-1.75", -1, -750_000_000),
        ("-0.75", 0, -750_000_000),
        ("0.000000001", 0, 1),
        ("1E+3", 1000, 0),
        ("1.5000000000000", 1, 500_000_000),
        ("9223372036854775807.999999999", 2**63 - 1, 999_999_999),
    ],
)
def test_money_of_an_amount(amount: str, units: int, nanos: int) -> None:
    money = money_from_decimal(Decimal(amount))
    assert (money.currency_code, money.units, money.nanos) == ("CNY", units, nanos)
    assert decimal_from_money(money) == Decimal(amount)


@given(st.integers(-(2**63 - 1), 2**63 - 1), st.integers(0, 999_999_999))
def test_money_survives_the_wire(units: int, nanos: int) -> None:
    money = Money(currency_code="CNY", units=units, nanos=-nanos if units < 0 else nanos)
    assert money_from_decimal(decimal_from_money(money)) == money


@pytest.mark.parametrize(
    ("amount", "complaint"),
    [
        ("NaN", "finite"),
        ("sNaN", "finite"),
        ("Infinity", "finite"),
        ("0.0000000001", "at most 9 decimals"),
        ("9223372036854775808", "64 bits"),
        ("1E+400000", "64 bits"),
        ("1E-400000", "at most 9 decimals"),
        ("1E-999999999", "at most 9 decimals"),
        ("0." + "1" * 5000, "at most 9 decimals"),
    ],
)
def test_an_amount_that_money_cannot_hold_is_refused(amount: str, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        money_from_decimal(Decimal(amount))


@pytest.mark.parametrize(
    ("money", "field"),
    [
        (Money(units=1), "currency_code"),
        (Money(currency_code="USD", units=1), "currency_code"),
        (Money(currency_code="CNY", nanos=1_000_000_000), "nanos"),
        (Money(currency_code="CNY", units=1, nanos=-1), "nanos"),
        (Money(currency_code="CNY", units=-1, nanos=1), "nanos"),
    ],
)
def test_bad_money_is_refused(money: Money, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        decimal_from_money(money)
    assert [violation.field for violation in caught.value.violations] == [field]


@given(st.dates())
def test_dates_survive_the_wire(day: dt.date) -> None:
    assert date_from_wire(date_to_wire(day)) == day


@pytest.mark.parametrize(
    "date", [Date(), Date(year=2026), Date(year=2026, month=2, day=30), Date(year=-1, month=1, day=1)]
)
def test_a_date_that_is_no_day_is_refused(date: Date) -> None:
    with pytest.raises(InvalidInput, match="expected a full calendar date"):
        date_from_wire(date)
