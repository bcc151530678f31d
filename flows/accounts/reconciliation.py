"""Whether a GEP account adds up: class by class, and line by line as quantity times price."""

import csv
import functools
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.accounts.gep_account import AccountLine, GepAccount
from flows.accounts.units import DATA_FOLDER, parse_unit
from services.runtime.results import Caution, Severity

if TYPE_CHECKING:
    import pint

# Printed quantities are rounded, so agreement is to be had within this relative difference only.
TOLERANCE = 0.015
# Beyond this the line is no matter of rounding and the account is refused.
REFUSED_DIFFERENCE = 0.10
# Totals are sums of printed figures; this is relative.
TOTAL_TOLERANCE = 1e-4
# Share of a class that one price makes before it is worth a look (an assumption).
DOMINANT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class ClassTotal:
    """Sum of one class, CNY a year, and its share of the account."""

    category: str
    value_cny: float
    share: float


@dataclass(frozen=True, slots=True)
class LineCheck:
    """One line recomputed.

    Attributes:
        line: as printed.
        computed_cny: quantity times price; None where the line has only one of them or their units make no money.
        relative_difference: computed over printed, less 1; None likewise.
        tolerance: relative; at least TOLERANCE, more where the printed digits say less.
        reason: why nothing could be computed; empty otherwise.
    """

    line: AccountLine
    computed_cny: float | None
    relative_difference: float | None
    tolerance: float
    reason: str

    @property
    def agrees(self) -> bool | None:
        """Whether it agrees within the tolerance; None where nothing could be computed."""
        return None if self.relative_difference is None else abs(self.relative_difference) <= self.tolerance

    @property
    def refused(self) -> bool:
        """Whether it differs by more than any rounding explains."""
        return self.relative_difference is not None and abs(self.relative_difference) > max(
            self.tolerance, REFUSED_DIFFERENCE
        )


@dataclass(frozen=True, slots=True)
class DominantPrice:
    """One unit price that makes most of a class."""

    category: str
    unit_price: float
    price_unit: str
    indicators: tuple[str, ...]
    value_cny: float
    share: float


@dataclass(frozen=True, slots=True)
class TotalCheck:
    """A total that the account states beside the sum of its lines; `category` is empty for the whole account."""

    row: int
    category: str
    stated_cny: float
    summed_cny: float

    @property
    def agrees(self) -> bool:
        """Whether the two agree within TOTAL_TOLERANCE."""
        return math.isclose(self.stated_cny, self.summed_cny, rel_tol=TOTAL_TOLERANCE)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a reader should know of an account before using it; amounts CNY a year."""

    total_cny: float
    classes: tuple[ClassTotal, ...]
    lines: tuple[LineCheck, ...]
    totals: tuple[TotalCheck, ...]
    dominant_prices: tuple[DominantPrice, ...]
    cautions: tuple[Caution, ...]

    def class_total_cny(self, category: str) -> float:
        """Sum of one class; 0 where the account has no such class."""
        return next((item.value_cny for item in self.classes if item.category == category), 0.0)


def reconcile(account: GepAccount) -> Reconciliation:
    """Add an account up and recompute its lines."""
    sums: defaultdict[str, float] = defaultdict(float)
    for line in account.lines:
        sums[line.category] += line.value_cny
    total = account.total_cny
    classes = tuple(
        ClassTotal(category, value, value / total if total > 0.0 else 0.0) for category, value in sums.items()
    )
    lines = tuple(check_line(line) for line in account.lines)
    totals = tuple(
        TotalCheck(
            stated.row, stated.category, stated.value_cny, sums[stated.category] if stated.category else total
        )
        for stated in account.stated_totals
    )
    dominant = _dominant_prices(account, sums)
    cautions = (
        *(_dominance_caution(item) for item in dominant),
        *(_line_caution(account, check) for check in lines if check.agrees is False),
        *(_total_caution(account, check) for check in totals if not check.agrees),
    )
    return Reconciliation(total, classes, lines, totals, dominant, cautions)


def check_line(line: AccountLine) -> LineCheck:
    """Recompute one line as quantity times price, by pint; services of quantity_divisors.csv are divided first.

    Sand fixing is Q / (rho h) x price: tonnes become the area of a layer, which is what the price is for.
    """
    if line.quantity is None or line.unit_price is None:
        return LineCheck(line, None, None, TOLERANCE, "no quantity and price")
    quantity = line.quantity * parse_unit(line.quantity_unit)
    price = line.unit_price * parse_unit(line.price_unit)
    for candidate in (quantity * price, quantity * price / _divisor(line.service)):
        if candidate.check("[currency]"):
            computed = float(candidate.to(parse_unit("CNY").units).magnitude)
            difference = _relative_difference(computed, line.value_cny)
            return LineCheck(line, computed, difference, _tolerance(line), "")
    return LineCheck(
        line, None, None, TOLERANCE, f"{line.quantity_unit} times {line.price_unit} is no amount of money"
    )


def _relative_difference(computed: float, printed: float) -> float:
    if printed != 0.0:
        return computed / printed - 1.0
    return 0.0 if computed == 0.0 else math.inf


def _tolerance(line: AccountLine) -> float:
    """Relative rounding that the printed digits of quantity, price and value allow, at least TOLERANCE."""
    printed = (line.printed_quantity, line.printed_price, line.printed_value)
    return max(TOLERANCE, sum(_rounding(text) for text in printed))


def _rounding(text: str) -> float:
    """Half a unit of the last printed digit, relative to the figure."""
    mantissa, _, exponent = text.replace(",", "").lower().partition("e")
    value = abs(float(text.replace(",", "")))
    decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return 0.0 if value == 0.0 else float(0.5 * 10.0**-decimals / value)


@functools.cache
def _divisor(service: str) -> "pint.Quantity[Any]":
    divisor: pint.Quantity[Any] = parse_unit("CNY") / parse_unit("CNY")
    with (DATA_FOLDER / "quantity_divisors.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["service"] == service:
                divisor = divisor * float(row["value"]) * parse_unit(row["unit"])
    return divisor


def _dominant_prices(account: GepAccount, sums: dict[str, float]) -> tuple[DominantPrice, ...]:
    groups: defaultdict[tuple[str, float, str], list[AccountLine]] = defaultdict(list)
    for line in account.lines:
        if line.unit_price is not None:
            groups[line.category, line.unit_price, line.price_unit].append(line)
    found = []
    for (category, price, unit), lines in groups.items():
        value = sum(line.value_cny for line in lines)
        if sums[category] > 0.0 and value / sums[category] > DOMINANT_SHARE:
            indicators = tuple(line.indicator for line in lines)
            found.append(DominantPrice(category, price, unit, indicators, value, value / sums[category]))
    return tuple(found)


def _dominance_caution(item: DominantPrice) -> Caution:
    indicators = "、".join(item.indicators)
    return Caution(
        "ONE_PRICE_DOMINATES",
        Severity.WARNING,
        f"单价 {item.unit_price:g} {item.price_unit}（{indicators}）占该类价值的 {item.share:.1%}，其取值决定全类结果",
        f"one price, {item.unit_price:g} {item.price_unit} ({indicators}), makes {item.share:.1%} of {item.category}",
        f"gep_account.{item.category}",
    )


def _line_caution(account: GepAccount, check: LineCheck) -> Caution:
    line, computed, difference = check.line, check.computed_cny or 0.0, check.relative_difference or 0.0
    return Caution(
        "VALUE_IS_NOT_QUANTITY_TIMES_PRICE",
        Severity.WARNING,
        f"{account.file} 第 {line.row} 行（{line.indicator}）：价值 {line.value_cny / 1e8:.4f} 亿元，"
        f"数量×单价为 {computed / 1e8:.4f} 亿元，相差 {difference:+.2%}，容差 {check.tolerance:.2%}",
        f"{account.file}, row {line.row} ({line.indicator}): found {line.value_cny / 1e8:.4f}e8 CNY, expected "
        f"{computed / 1e8:.4f}e8 CNY = quantity x price; difference {difference:+.2%}, tolerance {check.tolerance:.2%}",
        f"gep_account.row_{line.row}",
    )


def _total_caution(account: GepAccount, check: TotalCheck) -> Caution:
    whole = check.category or "total"
    return Caution(
        "TOTAL_IS_NOT_SUM",
        Severity.WARNING,
        f"{account.file} 第 {check.row} 行：合计 {check.stated_cny / 1e8:.4f} 亿元，"
        f"各行之和 {check.summed_cny / 1e8:.4f} 亿元",
        f"{account.file}, row {check.row} ({whole}): found {check.stated_cny / 1e8:.4f}e8 CNY, expected "
        f"{check.summed_cny / 1e8:.4f}e8 CNY, the sum of its lines",
        f"gep_account.row_{check.row}",
    )
