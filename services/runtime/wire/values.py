"""Money and dates between protobuf and Python.

Money is ``google.type.Money`` in CNY and ``decimal.Decimal``; a date is ``google.type.Date`` and
``datetime.date``. Nothing is rounded here: an amount that does not fit nine decimals is refused.
"""

import datetime as dt
from decimal import Decimal

from google.type.date_pb2 import Date
from google.type.money_pb2 import Money

from services.runtime.errors import InvalidInput

CURRENCY = "CNY"
NANOS_PER_UNIT = 1_000_000_000
MAX_UNITS = 2**63 - 1
# An amount may be written with zeros at its end; beyond this many digits it is not an amount.
_MAX_DIGITS = 1000


def decimal_from_money(money: Money) -> Decimal:
    """The amount of a money message in CNY, exactly.

    Raises:
        InvalidInput: another currency, nanos outside +-999,999,999, or units and nanos of opposite signs.
    """
    if money.currency_code != CURRENCY:
        raise InvalidInput.of("currency_code", f"found {money.currency_code!r}, expected {CURRENCY!r}")
    if abs(money.nanos) >= NANOS_PER_UNIT:
        raise InvalidInput.of("nanos", f"found {money.nanos}, expected -999999999 to 999999999")
    if (money.units > 0 > money.nanos) or (money.units < 0 < money.nanos):
        raise InvalidInput.of(
            "nanos", f"found {money.nanos} beside units {money.units}, expected the same sign"
        )
    # Built from digits: context precision could round a sum of units and nanos.
    total_nanos = money.units * NANOS_PER_UNIT + money.nanos
    digits = tuple(int(digit) for digit in str(abs(total_nanos)))
    return Decimal((1 if total_nanos < 0 else 0, digits, -9))


def money_from_decimal(amount_cny: Decimal) -> Money:
    """A money message of the exact amount.

    Raises:
        InvalidInput: not a finite number, more than nine decimals, or units beyond 64 bits.
    """
    if not amount_cny.is_finite():
        raise InvalidInput.of("", f"found {amount_cny}, expected a finite amount")
    sign, digits, exponent = amount_cny.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101  # true of every finite Decimal; tells mypy
    if amount_cny == 0:
        return Money(currency_code=CURRENCY)
    if exponent + len(digits) > 19:
        raise InvalidInput.of("", f"found {amount_cny}, expected units within 64 bits")
    shift = exponent + 9
    if (
        -shift >= len(digits) or len(digits) > _MAX_DIGITS
    ):  # not zero, so some digit is beyond the ninth decimal
        raise InvalidInput.of("", f"found {amount_cny:.3e}, expected at most 9 decimals")
    coefficient = int("".join(map(str, digits)))
    total_nanos, remainder = (coefficient * 10**shift, 0) if shift >= 0 else divmod(coefficient, 10**-shift)
    if remainder != 0:
        raise InvalidInput.of("", f"found {amount_cny}, expected at most 9 decimals")
    units, nanos = divmod(total_nanos, NANOS_PER_UNIT)
    if units > MAX_UNITS:
        raise InvalidInput.of("", f"found {amount_cny}, expected units within 64 bits")
    return Money(currency_code=CURRENCY, units=-units if sign else units, nanos=-nanos if sign else nanos)


def date_from_wire(date: Date) -> dt.date:
    """The calendar day of a date message.

    Raises:
        InvalidInput: absent or partial (a year without a day), or a day that does not exist.
    """
    try:
        return dt.date(date.year, date.month, date.day)
    except ValueError as error:
        found = f"{date.year:04d}-{date.month:02d}-{date.day:02d}"
        raise InvalidInput.of("", f"found {found}, expected a full calendar date") from error


def date_to_wire(day: dt.date) -> Date:
    """A date message of the day."""
    return Date(year=day.year, month=day.month, day=day.day)
