"""A quarter of the calendar, the period of the statistics."""

import calendar
import datetime as dt
import re
from dataclasses import dataclass

_WRITTEN = re.compile(r"([0-9]{4})Q([1-4])", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1950, 2999
# Quarters that are looked back to from the first one that may be asked for.
_EARLIEST_YEAR = 1900


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter.

    Attributes:
        year: 1900 to 2999.
        number: 1 to 4.

    Raises:
        ValueError: if a field is outside its domain.
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not _EARLIEST_YEAR <= self.year <= LAST_YEAR:
            raise ValueError(f"found the year {self.year}, expected {_EARLIEST_YEAR} to {LAST_YEAR}")
        if not 1 <= self.number <= 4:
            raise ValueError(f"found the quarter {self.number}, expected 1 to 4")

    @classmethod
    def read(cls, text: str) -> "Quarter":
        """The quarter of a text such as "2026Q3".

        Raises:
            ValueError: if the text is none.
        """
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise ValueError(f"found {text[:40]!r}, expected a quarter such as 2026Q3")
        if not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
            raise ValueError(f"found the year {match[1]}, expected {FIRST_YEAR} to {LAST_YEAR}")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def last_ended(cls, today: dt.date) -> "Quarter":
        """The quarter before the one that a day lies in."""
        return cls(today.year, (today.month + 2) // 3).previous

    def __str__(self) -> str:
        return f"{self.year:04d}Q{self.number}"

    @property
    def closing_day(self) -> dt.date:
        """Last day."""
        month = 3 * self.number
        return dt.date(self.year, month, calendar.monthrange(self.year, month)[1])

    @property
    def opening_day(self) -> dt.date:
        """Last day of the quarter before; its closing is the opening of this one."""
        return dt.date(self.year, 3 * self.number - 2, 1) - dt.timedelta(days=1)

    @property
    def year_begin_day(self) -> dt.date:
        """Last day of the year before, from which "since the beginning of the year" counts."""
        return dt.date(self.year - 1, 12, 31)

    @property
    def year_before_day(self) -> dt.date:
        """Last day of the same quarter a year before, from which "year on year" counts."""
        month = 3 * self.number
        return dt.date(self.year - 1, month, calendar.monthrange(self.year - 1, month)[1])

    @property
    def previous(self) -> "Quarter":
        """The quarter before."""
        return Quarter(self.year - 1, 4) if self.number == 1 else Quarter(self.year, self.number - 1)

    @property
    def name_zh(self) -> str:
        """As its readers write it: 2026年三季度."""
        return f"{self.year}年{'一二三四'[self.number - 1]}季度"
