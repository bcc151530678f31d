"""The figures that a column of the workbook may show, from one line or from several together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flows.reports.document import ColumnKind
from services.loans.statistics.result import StatisticsLine

Value = Decimal | float | int | None


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines that a row of the workbook adds up, and the total of everything, of which they are a share."""

    lines: tuple[StatisticsLine, ...]
    total: StatisticsLine

    def cents(self, of_line: Callable[[StatisticsLine], int]) -> int:
        """A sum in cents."""
        return sum(of_line(line) for line in self.lines)

    def history_cents(
        self, of_line: Callable[[StatisticsLine], int | None], of_total: int | None
    ) -> int | None:
        """A sum of balances of an earlier day; None where nothing was reported for it."""
        return None if of_total is None else sum(of_line(line) or 0 for line in self.lines)

    @property
    def closing_cents(self) -> int:
        """Closing balance."""
        return self.cents(lambda line: line.closing_cents)

    @property
    def non_performing_cents(self) -> int:
        """Closing balance that is non-performing."""
        return self.cents(lambda line: line.non_performing_cents)

    @property
    def year_begin_cents(self) -> int | None:
        """Balance when the year began."""
        return self.history_cents(lambda line: line.year_begin_cents, self.total.year_begin_cents)

    @property
    def year_before_cents(self) -> int | None:
        """Balance a year before."""
        return self.history_cents(lambda line: line.year_before_cents, self.total.year_before_cents)

    @property
    def n_borrowers(self) -> int | None:
        """Distinct borrowers; None for several lines, which may share borrowers."""
        with_balance = [line.n_borrowers for line in self.lines if line.n_borrowers > 0]
        return sum(with_balance) if len(with_balance) <= 1 else None

    @property
    def rate_annual(self) -> float | None:
        """Rates weighted with balances; None without balance."""
        closing = self.closing_cents
        weighted = sum((line.rate_annual or 0.0) * line.closing_cents for line in self.lines)
        return weighted / closing if closing else None


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """A figure: what kind of number it is, its unit and digits, and how it follows from lines."""

    kind: ColumnKind
    value: Callable[[LineGroup], Value]
    unit: str = ""
    decimals: int | None = None


def _amount(of_line: Callable[[StatisticsLine], int]) -> FigureSpec:
    return FigureSpec(ColumnKind.WAN, lambda group: cny(group.cents(of_line)))


def _count(of_line: Callable[[StatisticsLine], int], unit: str) -> FigureSpec:
    return FigureSpec(ColumnKind.INTEGER, lambda group: group.cents(of_line), unit)


def _percent(value: Callable[[LineGroup], float | None]) -> FigureSpec:
    return FigureSpec(ColumnKind.PERCENT, value, decimals=2)


def _of_class(number: int) -> FigureSpec:
    return _amount(lambda line: line.class_cents[number])


FIGURES: Mapping[str, FigureSpec] = {
    "opening": _amount(lambda line: line.opening_cents),
    "drawn": _amount(lambda line: line.drawn_cents),
    "repaid": _amount(lambda line: line.repaid_cents),
    "prepaid": _amount(lambda line: line.prepaid_cents),
    "written_off": _amount(lambda line: line.written_off_cents),
    "closing": _amount(lambda line: line.closing_cents),
    "increase_year_begin": FigureSpec(
        ColumnKind.WAN, lambda group: _cny_or_none(_less(group.closing_cents, group.year_begin_cents))
    ),
    "growth_year_begin": _percent(lambda group: _growth(group.closing_cents, group.year_begin_cents)),
    "growth_year_on_year": _percent(lambda group: _growth(group.closing_cents, group.year_before_cents)),
    "share": _percent(lambda group: _ratio(group.closing_cents, group.total.closing_cents)),
    "n_loans": _count(lambda line: line.n_loans, "笔"),
    "n_borrowers": FigureSpec(ColumnKind.INTEGER, lambda group: group.n_borrowers, "户"),
    "n_loans_drawn": _count(lambda line: line.n_loans_drawn, "笔"),
    "rate": _percent(lambda group: group.rate_annual),
    "normal": _of_class(0),
    "special_mention": _of_class(1),
    "substandard": _of_class(2),
    "doubtful": _of_class(3),
    "loss": _of_class(4),
    "unclassified": _of_class(5),
    "non_performing": FigureSpec(ColumnKind.WAN, lambda group: cny(group.non_performing_cents)),
    "non_performing_ratio": _percent(lambda group: _ratio(group.non_performing_cents, group.closing_cents)),
}


def cny(cents: int) -> Decimal:
    """An amount of whole cents, exact."""
    return Decimal(cents).scaleb(-2)


def group_of(lines: Sequence[StatisticsLine], total: StatisticsLine) -> LineGroup:
    """Lines as one row."""
    return LineGroup(tuple(lines), total)


def _cny_or_none(cents: int | None) -> Decimal | None:
    return None if cents is None else cny(cents)


def _less(closing: int, base: int | None) -> int | None:
    return None if base is None else closing - base


def _growth(closing: int, base: int | None) -> float | None:
    return closing / base - 1.0 if base else None


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
