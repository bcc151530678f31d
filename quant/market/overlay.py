"""A deterministic overlay on a factor: its log is shifted by a known amount in chosen years.

Year k of a right is the span (k - 1, k] and is paid at its end, so a span of years is open at its begin and closed at
its end: a shock from 1 to 3 meets what is paid at 2 and at 3.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class LogOverlay:
    """A shift of ln F that is constant between times.

    Attributes:
        after_years: strictly increasing times >= 0 at which the shift changes, at least one.
        log_shifts: the shift in force after each of them, until the next; 0 up to the first, included.

    Raises:
        ValueError: if the lengths differ, times do not increase from 0 on, or anything is not finite.

    >>> LogOverlay.over(math.log(0.5), 1.0, 3.0)([1.0, 2.0, 3.0, 3.5]).round(3).tolist()
    [0.0, -0.693, -0.693, 0.0]
    """

    after_years: tuple[float, ...]
    log_shifts: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.after_years) == 0 or len(self.after_years) != len(self.log_shifts):
            raise ValueError(
                f"after_years and log_shifts: found {len(self.after_years)} and {len(self.log_shifts)}, "
                "expected the same number, at least one"
            )
        if not all(map(math.isfinite, (*self.after_years, *self.log_shifts))):
            raise ValueError(f"overlay: every number must be finite, found {self}")
        increasing = all(a < b for a, b in zip(self.after_years, self.after_years[1:], strict=False))
        if self.after_years[0] < 0.0 or not increasing:
            raise ValueError(
                f"after_years: found {self.after_years}, expected strictly increasing numbers >= 0"
            )

    @classmethod
    def over(cls, log_shift: float, from_years: float, until_years: float | None) -> "LogOverlay":
        """The shift over (from_years, until_years]; None means for ever."""
        if until_years is None:
            return cls((from_years,), (log_shift,))
        return cls((from_years, until_years), (log_shift, 0.0))

    def __call__(self, times_years: ArrayLike) -> NDArray[np.float64]:
        """The shift at each time; the shape is that of the times."""
        shifts = np.array((0.0, *self.log_shifts))
        shift: NDArray[np.float64] = shifts[np.searchsorted(self.after_years, times_years, side="left")]
        return shift

    def plus(self, other: "LogOverlay") -> "LogOverlay":
        """Both overlays at once: their shifts add."""
        times = tuple(sorted({*self.after_years, *other.after_years}))
        after = np.nextafter(np.array(times), np.inf)
        return LogOverlay(times, tuple((self(after) + other(after)).tolist()))
