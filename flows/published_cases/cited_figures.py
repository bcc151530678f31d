"""Published figures from outside the cases that the cases are compared with, each with its source."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from services.runtime.errors import InvalidInput

CCER = "CCER"


@dataclass(frozen=True, slots=True)
class CarbonPrice:
    """A published price of one tonne CO2e, CNY; `date` as published, which may be a month."""

    market: str
    date: str
    price_cny_per_t: Decimal


@dataclass(frozen=True, slots=True)
class CitedFigure:
    """A figure with its unit and source."""

    value: Decimal
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Yardsticks:
    """What the cases are measured against.

    Attributes:
        ccer_prices: in the order of their dates; at least one.
        figures: by name, see data/published_cases/cited_figures.csv.
    """

    ccer_prices: tuple[CarbonPrice, ...]
    figures: dict[str, CitedFigure]

    def value(self, name: str) -> Decimal:
        """The value of a figure in its own unit.

        Raises:
            InvalidInput: the file has no such figure.
        """
        if name not in self.figures:
            raise InvalidInput.of("cited_figures.csv, column figure", f"no row {name}, expected one")
        return self.figures[name].value


def read_yardsticks(carbon_prices_csv: Path, cited_figures_csv: Path) -> Yardsticks:
    """Reads both files.

    Raises:
        InvalidInput: a file, column or number is missing or wrong, naming file, row and column.
    """
    prices = tuple(
        CarbonPrice(row["market"], row["date"], _number(where, "price_cny_per_t", row))
        for where, row in _rows(carbon_prices_csv, ("market", "date", "price_cny_per_t"))
        if row["market"] == CCER
    )
    if not prices:
        raise InvalidInput.of(f"{carbon_prices_csv}, column market", f"no row {CCER}, expected at least one")
    figures = {
        row["figure"]: CitedFigure(_number(where, "value", row), row["unit"], row["source"])
        for where, row in _rows(cited_figures_csv, ("figure", "value", "unit", "source"))
    }
    return Yardsticks(tuple(sorted(prices, key=lambda price: price.date)), figures)


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    if not path.is_file():
        raise InvalidInput.of(str(path), "no such file, expected a CSV file")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
            raise InvalidInput.of(
                f"{path}, row 1",
                f"found the columns {reader.fieldnames}, expected {', '.join(missing)} as well",
            )
        for number, row in enumerate(reader, start=2):
            yield f"{path}, row {number}", {name: row[name] or "" for name in columns}


def _number(where: str, column: str, row: dict[str, str]) -> Decimal:
    try:
        number = Decimal(row[column])
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        raise InvalidInput.of(
            f"{where}, column {column}", f"found {row[column]!r}, expected a number above 0"
        )
    return number
