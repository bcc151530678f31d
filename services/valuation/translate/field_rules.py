"""What a number of a message may be, as data: one row a field."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.runtime.violations import Violations


@dataclass(frozen=True, slots=True)
class Domain:
    """Numbers that are admitted, and how that is said; NaN and infinity never are."""

    expected: str
    admits: Callable[[float], bool]


@dataclass(frozen=True, slots=True)
class NumberRule:
    """One numeric field of a message.

    Attributes:
        field: its name, the same in the message and in the domain's dataclass.
        domain: what it may be.
        optional: the field has presence; absent, it is left out and the dataclass has its default.
    """

    field: str
    domain: Domain
    optional: bool = False


POSITIVE = Domain("a finite number above 0", lambda value: 0.0 < value < math.inf)
NON_NEGATIVE = Domain("a finite number of 0 or more", lambda value: 0.0 <= value < math.inf)
FRACTION = Domain("a fraction from 0 to 1", lambda value: 0.0 <= value <= 1.0)


def positive_up_to(highest: float) -> Domain:
    """Above 0 and not above `highest`."""
    return Domain(f"a number above 0 and at most {highest:g}", lambda value: 0.0 < value <= highest)


def between(lowest: float, highest: float) -> Domain:
    """From `lowest` to `highest`, both included."""
    return Domain(f"a number from {lowest:g} to {highest:g}", lambda value: lowest <= value <= highest)


def read_numbers(message: Any, rules: Sequence[NumberRule], at: Violations) -> dict[str, Any]:
    """The fields of the rules by name, absent optional ones left out; notes every one that is not admitted."""
    found: dict[str, Any] = {}
    for rule in rules:
        name = rule.field
        if rule.optional and not message.HasField(name):
            continue
        value = getattr(message, name)
        if not rule.domain.admits(value):
            at.add(name, f"found {value}, expected {rule.domain.expected}")
        found[name] = value
    return found
