"""Prices at which quantities of a model become values; the place gives them, each with its source."""

from dataclasses import dataclass
from pathlib import Path

from flows.accounts.checked import CheckedRow, read_checked_as
from flows.accounts.columns import Column, Content, Need
from flows.accounts.problems import Problem, nearest, refusal, shown
from flows.accounts.units import UnitError, factor_between
from flows.ingest.quantities import Quantity, model_outputs

PRICES = (
    Column("output", need=Need.CELL, unique=True),
    Column("unit_price", Content.NUMBER, Need.CELL, above=0.0),
    Column("price_unit", need=Need.CELL),
    Column("source", need=Need.CELL),
)


@dataclass(frozen=True, slots=True)
class Price:
    """A price as it was given; `row` answers for it in messages."""

    unit_price: float
    price_unit: str
    source: str
    row: CheckedRow


def read_prices(path: Path) -> dict[str, Price]:
    """Prices by output.

    Raises:
        InvalidInput: with every problem found; an output that is none of data/accounts/model_outputs.csv is one.
    """
    problems: list[Problem] = []
    prices: dict[str, Price] = {}
    for row in read_checked_as(path, "prices", PRICES).rows:
        output = row.text("output")
        if output not in model_outputs():
            near = nearest(output, model_outputs())
            expected = f"one of {', '.join(model_outputs())}" if near is None else near
            problems.append(row.problem("output", shown(output), expected))
            continue
        prices[output] = Price(
            row.figure("unit_price") or 0.0, row.text("price_unit"), row.text("source"), row
        )
    if problems:
        raise refusal(problems)
    return prices


def value_cny(quantity: Quantity, price: Price) -> float:
    """Quantity times price, CNY a year.

    Raises:
        InvalidInput: if the price is not one for the quantity's unit.
    """
    unit = quantity.output.quantity_unit
    try:
        return quantity.amount * price.unit_price * factor_between(price.price_unit, f"CNY/({unit})")
    except UnitError:
        expected = f"a price per {unit}, such as CNY/({unit})"
        raise refusal([price.row.problem("price_unit", shown(price.price_unit), expected)]) from None
