"""Numbers as options of commands: finite ones, where click takes "nan" and "inf" for numbers of any range."""

import math
from typing import Any

import click


class FiniteRange(click.FloatRange):
    """A finite number of a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; what is none, or outside the range, or not finite, is wrong usage."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(_expected(number), param, ctx)
        return number


class FiniteNumber(click.types.FloatParamType):
    """A finite number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; what is none or not finite is wrong usage."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(_expected(number), param, ctx)
        return number


def _expected(number: float) -> str:
    return f"found {number}, expected a finite number."
