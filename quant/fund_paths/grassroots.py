"""What the grass roots of each place receive on every path, and what that costs each partner.

Deal by deal it is the deal whose cash gave the share. A whole fund's share is told by what each project's cash is above
its calls so far, by the year's cash where none has earned anything yet (docs/models/waterfall.md). What it costs a
partner is what the same terms without the share would pay it, less what it receives.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from quant.fund_paths.projects import FloatArray
from quant.waterfall.over_paths import DealPaths, Year, received_by

Columns: TypeAlias = dict[Hashable, FloatArray]


def grassroots_columns(
    deals: DealPaths,
    places: Mapping[str, FloatArray],
    with_share: Sequence[Year[FloatArray]],
    without: Sequence[Year[FloatArray]],
    n_partners: int,
    *,
    is_deal_by_deal: bool,
) -> Columns:
    """Columns ("grassroots", place) and ("grassroots_cost", partner), CNY, [n_paths] each.

    Args:
        deals: flows of the projects as the partners see them.
        places: share of each project that counts for a place, by name, [n_projects]; a project's shares add up to 1.
        with_share: the waterfall as it is.
        without: the same flows by the same terms without the share of the grass roots.
        n_partners: number of partners.
        is_deal_by_deal: how the terms distribute.
    """
    given = _by_project(deals, with_share, is_deal_by_deal=is_deal_by_deal)
    columns: Columns = {}
    for name, shares in places.items():
        total = np.zeros(given.shape[1:])
        # One project after the other: a product of matrices may add in another order.
        for share, amount in zip(shares, given, strict=True):
            total = total + share * amount
        columns["grassroots", name] = total
    for partner in range(n_partners):
        columns["grassroots_cost", partner] = _total(without, partner) - _total(with_share, partner)
    return columns


def _by_project(deals: DealPaths, years: Sequence[Year[FloatArray]], *, is_deal_by_deal: bool) -> FloatArray:
    """What each project's part of the grass roots' share is over all years, [n_projects, n_paths]."""
    n_projects, _, n_paths = deals.distributable.shape
    total = np.zeros((n_projects, n_paths))
    earned = np.zeros((n_projects, n_paths))
    for t, year in enumerate(years):
        if is_deal_by_deal:
            total += np.stack(year.grassroots)
            continue
        cash = deals.distributable[:, t]
        earned += cash - deals.called[:, t]
        total += year.grassroots[0] * _shares(np.maximum(earned, 0.0), cash)
    return total


def _shares(profits: FloatArray, cash: FloatArray) -> FloatArray:
    """Each project's part of one, by profit, by cash where there is no profit; 0 where there is neither."""
    weights = np.where(_added(profits) > 0.0, profits, cash)
    whole = _added(weights)
    return np.divide(weights, whole, out=np.zeros_like(weights), where=whole > 0.0)


def _total(years: Sequence[Year[FloatArray]], partner: int) -> FloatArray:
    return _added([received_by(year, partner) for year in years])


def _added(parts: Sequence[FloatArray] | FloatArray) -> FloatArray:
    total = np.zeros_like(parts[0])
    for part in parts:
        total = total + part
    return total
