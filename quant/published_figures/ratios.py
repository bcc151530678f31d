"""Published figures that follow from two or three others: growth, multiples, prices, implied rates, shares."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from quant.cashflows import irr
from quant.published_figures.check import Check, Row, RowCheck, checked, stated_number
from quant.repayment.annuities import pv

Figure = Callable[[str], float | np.ndarray]


def _growth_pct(stated: str) -> float | np.ndarray:
    """Growth a year between two levels: the rate of return of buying the one and selling the other."""
    years = int(stated_number("years", stated))
    flows = [-stated_number("from", stated), *[0.0] * (years - 1), stated_number("to", stated)]
    return 100.0 * irr(flows)


def _annuity_multiple(stated: str) -> float | np.ndarray:
    return -pv(stated_number("rate", stated) / 100.0, stated_number("years", stated), 1.0)


def _implied_rate_pct(stated: str) -> float | np.ndarray:
    """Rate at which a yearly price over a term is worth a price paid once."""
    yearly = [stated_number("yearly", stated)] * int(stated_number("years", stated))
    return 100.0 * irr([-stated_number("once", stated), *yearly])


def _unit_price(stated: str) -> float:
    return stated_number("amount", stated) / stated_number("quantity", stated)


def _share_pct(stated: str) -> float:
    return 100.0 * stated_number("part", stated) / stated_number("whole", stated)


_FIGURES: Mapping[str, Figure] = {
    "growth_pct": _growth_pct,
    "annuity_multiple": _annuity_multiple,
    "implied_rate_pct": _implied_rate_pct,
    "unit_price": _unit_price,
    "share_pct": _share_pct,
}


def _row_check(case: str, figure: Figure) -> RowCheck:
    def check(row: Row) -> Iterator[Check]:
        name = f"{row['figure']}: {case.replace('_', ' ')} of {row['inputs']}"
        yield checked(row, name, row["expected"], figure(row["inputs"]))

    return check


RATIO_CHECKS: Mapping[str, RowCheck] = {case: _row_check(case, figure) for case, figure in _FIGURES.items()}
"""Checks of the rows of data/reference/ratios.csv by their `case`."""
