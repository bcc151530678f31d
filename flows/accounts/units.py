"""Units of account files: pint with the registry of data/accounts/units.txt, and nothing by hand."""

import functools
import math
import re
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

from flows.accounts.one_width import in_one_width
from services.runtime.bundled import BUNDLED_DATA

if TYPE_CHECKING:
    import pint

DATA_FOLDER = BUNDLED_DATA / "accounts"
LONGEST_UNIT = 32
# pint reads a raised digit as a power of all that stands before it, the prefix too: 万m³ would be 1e12 m3.
_POWERS = str.maketrans({"²": "2", "³": "3", "㎡": "m2", "㎥": "m3"})
# pint evaluates arithmetic; a unit is names, powers of ten and divisions, never a power tower.
_UNIT_TEXT = re.compile(r"[\w²³₂㎡/·. ()+-]+")


class UnitError(ValueError):
    """A unit that the registry does not know or that does not fit; the message says what was expected."""


@functools.cache
def unit_registry() -> "pint.UnitRegistry[Any]":
    """The registry; read once, at first use."""
    import pint  # noqa: PLC0415  # the command line must answer before pint is loaded

    return pint.UnitRegistry(str(DATA_FOLDER / "units.txt"))


@functools.lru_cache(maxsize=1024)
def parse_unit(text: str) -> "pint.Quantity[Any]":
    """One of a unit, as a quantity: "1e4 t", "万m3", "CNY/m3".

    Raises:
        UnitError: if the registry does not know it.
    """
    import pint  # noqa: PLC0415

    cleaned = in_one_width(text).translate(_POWERS)
    if not cleaned or len(cleaned) > LONGEST_UNIT or _UNIT_TEXT.fullmatch(cleaned) is None:
        raise UnitError(f"found {text[:LONGEST_UNIT]!r}, expected a unit such as m3, 1e4 t, 万m3, ha, 亩")
    try:
        quantity: pint.Quantity[Any] = unit_registry().Quantity(1.0) * unit_registry().parse_expression(
            cleaned
        )
        in_base = float(quantity.to_base_units().magnitude)
    except (pint.PintError, TokenError, ArithmeticError, AssertionError, TypeError, ValueError, SyntaxError):
        raise UnitError(f"found {text!r}, expected a unit that data/accounts/units.txt knows") from None
    if not math.isfinite(in_base) or in_base <= 0.0:
        raise UnitError(f"found {text!r}, expected a unit of a size above 0")
    return quantity


def factor_between(unit: str, expected: str) -> float:
    """How many `expected` one `unit` is; 1/15 for 亩 and ha.

    Raises:
        UnitError: if either is unknown or they do not measure the same.
    """
    import pint  # noqa: PLC0415

    if unit == expected:
        return 1.0
    try:
        return float(parse_unit(unit).to(parse_unit(expected).units).magnitude) / float(
            parse_unit(expected).magnitude
        )
    except pint.DimensionalityError:
        raise UnitError(f"found {unit!r}, expected a unit that converts to {expected}") from None
