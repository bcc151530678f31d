"""Collects everything that is wrong with a request, so that the caller learns it all at once.

>>> violations = Violations()
>>> asset = violations.at("assets[3]")
>>> asset.require_positive("area_ha", -1.0)
False
>>> asset.require_fraction("haircut", 0.3)
True
>>> [str(violation) for violation in violations.found]
['assets[3].area_ha: found -1.0, expected a finite number above 0']
"""

import datetime as dt
import math
from collections.abc import Callable, Container, Iterable, Sized
from typing import ParamSpec, TypeVar

from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.printed_text import unprinted_character

P = ParamSpec("P")
Item = TypeVar("Item")
T = TypeVar("T")


class Violations:
    """A list of field violations with checks that add to it.

    Every ``require_*`` method returns whether the value is acceptable, so that later checks can be skipped.
    Numbers are refused when they are NaN or infinite, whatever else is asked of them.
    """

    __slots__ = ("_found", "_prefix")

    def __init__(self, _prefix: str = "", _found: list[FieldViolation] | None = None) -> None:
        self._prefix = _prefix
        self._found: list[FieldViolation] = [] if _found is None else _found

    @property
    def found(self) -> tuple[FieldViolation, ...]:
        """Every violation so far, under whichever prefix it was found."""
        return tuple(self._found)

    def at(self, prefix: str) -> "Violations":
        """The same collection seen from a nested message: paths given to the result are below ``prefix``."""
        return Violations(self._path(prefix), self._found)

    def add(self, field: str, description: str) -> None:
        """Notes a violation of ``field``."""
        self._found.append(FieldViolation(self._path(field), description))

    def raise_if_any(self) -> None:
        """Ends the checking.

        Raises:
            InvalidInput: with all violations, when there is at least one.
        """
        if self._found:
            raise InvalidInput.from_violations(self._found)

    def collect(self, field: str, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Calls ``read`` and keeps its complaint: ``collect("price", decimal_from_money, message.price)``.

        Returns:
            what ``read`` returned, or None when it raised InvalidInput, whose violations go below ``field``.
        """
        try:
            return read(*args, **kwargs)
        except InvalidInput as error:
            for violation in error.violations:
                self.at(field).add(violation.field, violation.description)
            if not error.violations:
                self.add(field, error.message)
            return None

    def each(
        self, field: str, items: Iterable[Item], read: Callable[[Item, "Violations"], T | None]
    ) -> tuple[T, ...]:
        """Reads every item of a repeated field: ``each("tiers", message.tiers, _tier)``.

        Args:
            field: whose item i notes what is wrong below ``field[i]``.
            items: of the field.
            read: reads one, or returns None after noting what is wrong with it.

        Returns:
            what was read, without the Nones.
        """
        read_items = (read(item, self.at(f"{field}[{i}]")) for i, item in enumerate(items))
        return tuple(item for item in read_items if item is not None)

    def require(self, condition: bool, field: str, description: str) -> bool:
        """Notes ``description`` unless ``condition`` holds."""
        if not condition:
            self.add(field, description)
        return condition

    def require_finite(self, field: str, value: float) -> bool:
        """Neither NaN nor infinite."""
        return self._require_number(math.isfinite(value), field, value, "a finite number")

    def require_positive(self, field: str, value: float) -> bool:
        """Finite and above zero."""
        return self._require_number(
            math.isfinite(value) and value > 0, field, value, "a finite number above 0"
        )

    def require_non_negative(self, field: str, value: float) -> bool:
        """Finite and not below zero."""
        return self._require_number(
            math.isfinite(value) and value >= 0, field, value, "a finite number of 0 or more"
        )

    def require_fraction(self, field: str, value: float) -> bool:
        """From 0 to 1, both included; 30 % is 0.3."""
        return self._require_number(0 <= value <= 1, field, value, "a fraction from 0 to 1")

    def require_range(self, field: str, value: float, low: float, high: float) -> bool:
        """From ``low`` to ``high``, both included."""
        return self._require_number(low <= value <= high, field, value, f"a number from {low} to {high}")

    def require_non_empty(self, field: str, value: str | Sized) -> bool:
        """A string that is more than white space, or a collection with at least one element."""
        if isinstance(value, str):
            return self.require(value.strip() != "", field, "is empty, expected a text")
        return self.require(len(value) > 0, field, "is empty, expected at least one element")

    def require_max_length(self, field: str, value: Sized, longest: int) -> bool:
        """At most ``longest`` characters or elements."""
        return self.require(
            len(value) <= longest, field, f"found length {len(value)}, expected at most {longest}"
        )

    def require_printable(self, field: str, value: str) -> bool:
        """Without control characters and the like, which no report can print."""
        unprinted = unprinted_character(value)
        if unprinted:
            expected = "expected characters that can be printed"
            self.add(field, f"found {value[:80]!r} with the character {unprinted}, {expected}")
        return not unprinted

    def require_known_enum(self, field: str, value: int, enum: Container[int], name: str) -> bool:
        """A number of the enumeration other than 0, which means unspecified everywhere.

        Args:
            field: path of the field.
            value: the number found.
            enum: the numbers that exist, for example ``PledgeKind.values()`` of a generated enumeration.
            name: the enumeration's name, for the message.
        """
        if value == 0:
            self.add(field, f"is unspecified, expected a value of {name}")
            return False
        return self.require(value in enum, field, f"found {value}, expected a known value of {name}")

    def require_date_order(self, field: str, earlier: dt.date, later: dt.date, later_name: str) -> bool:
        """``earlier`` strictly before ``later``."""
        return self.require(
            earlier < later, field, f"found {earlier}, expected a date before {later_name} ({later})"
        )

    def _require_number(self, condition: bool, field: str, value: float, expected: str) -> bool:
        return self.require(condition, field, f"found {value}, expected {expected}")

    def _path(self, field: str) -> str:
        if not self._prefix or not field:
            return self._prefix or field
        return f"{self._prefix}{field}" if field.startswith("[") else f"{self._prefix}.{field}"
