"""The fund's own money on every path: calls and fee, capital that is called again, and the line that bridges a gap.

In year t the fund needs the cost of its projects and the fee. It calls them while there is commitment left, then draws
on a liquidity line. Cash of projects repays the line first; the rest is distributed, and capital that is returned may
be called again where the terms allow it:

    need_t = cost_t + fee_t = called_t + drawn_t,   sum of calls <= commitments + restored
    line_t = line_(t-1) (1 + r) + drawn_t - repaid_t,   distributable_t = cash_t - repaid_t
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from quant.fund_paths.projects import FloatArray


class FeeBase(StrEnum):
    """What the management fee is a share of: all capital paid in before, or the part of it not yet returned."""

    PAID_IN = "paid_in"
    INVESTED = "invested"


@dataclass(frozen=True, slots=True)
class MoneyTerms:
    """What the fund may do with money.

    Attributes:
        commitments_cny: of all partners, the most that can be called.
        fee_rates_annual: of the base, by year; the last one holds on.
        fee_base: as it was at the end of the year before.
        recycling_share: of the capital returned in a year that may be called again, 0 to 1.
        recycling_until_year: last year whose returned capital counts; -1 for never.
        recycling_limit_cny: the most that may be called again in all.
        liquidity_rate_annual: what the line costs.
    """

    commitments_cny: float
    fee_rates_annual: tuple[float, ...] = (0.0,)
    fee_base: FeeBase = FeeBase.PAID_IN
    recycling_share: float = 1.0
    recycling_until_year: int = -1
    recycling_limit_cny: float = 0.0
    liquidity_rate_annual: float = 0.0

    def fee_rate_in(self, year: int) -> float:
        """The rate of a year."""
        return self.fee_rates_annual[min(year, len(self.fee_rates_annual) - 1)]


@dataclass(frozen=True, slots=True, eq=False)
class FundMoney:
    """Money of the fund by year, CNY, [n_years, n_paths] each.

    Attributes:
        called: from the partners, fee included.
        fee: of the manager.
        recycled: returned capital that was called again, part of `called`.
        drawn: from the line: what calls could not cover.
        line: outstanding at the end of the year, interest included.
        repaid: to the line.
        distributable: to the partners.
    """

    called: FloatArray
    fee: FloatArray
    recycled: FloatArray
    drawn: FloatArray
    line: FloatArray
    repaid: FloatArray
    distributable: FloatArray

    def conservation_error_cny(self, costs: FloatArray, cash: FloatArray) -> float:
        """Largest difference on any path and year between what came in and what went out: 0 up to rounding."""
        came = self.called + self.drawn + cash
        went = costs + self.fee + self.repaid + self.distributable
        return float(np.max(np.abs(came - went), initial=0.0))


def run_money(terms: MoneyTerms, costs: FloatArray, cash: FloatArray) -> FundMoney:
    """Call, bridge, repay and distribute, year by year.

    Capital counts as returned by whatever is distributed, until all that was paid in is back.

    Args:
        terms: see the class.
        costs: of projects, [n_years, n_paths].
        cash: from projects, [n_years, n_paths].
    """
    called, fee, recycled, drawn, line, repaid = (np.zeros_like(costs) for _ in range(6))
    n_paths = costs.shape[1]
    paid_in, unreturned, restored, owed = (np.zeros(n_paths) for _ in range(4))
    for t in range(len(costs)):
        fee[t] = terms.fee_rate_in(t) * (paid_in if terms.fee_base is FeeBase.PAID_IN else unreturned)
        need = costs[t] + fee[t]
        before = np.maximum(paid_in - terms.commitments_cny, 0.0)
        called[t] = np.minimum(need, np.maximum(terms.commitments_cny + restored - paid_in, 0.0))
        drawn[t] = need - called[t]
        paid_in = paid_in + called[t]
        recycled[t] = np.maximum(paid_in - terms.commitments_cny, 0.0) - before
        owed = owed * (1.0 + terms.liquidity_rate_annual) + drawn[t]
        repaid[t] = np.minimum(owed, cash[t])
        owed = owed - repaid[t]
        line[t] = owed
        returned = np.minimum(unreturned + called[t], cash[t] - repaid[t])
        unreturned = unreturned + called[t] - returned
        if t <= terms.recycling_until_year:
            restored = np.minimum(restored + terms.recycling_share * returned, terms.recycling_limit_cny)
    return FundMoney(called, fee, recycled, drawn, line, repaid, cash - repaid)


def planned_calls(terms: MoneyTerms, costs: FloatArray) -> FloatArray:
    """Calls of years 0, 1, ... without proceeds and whatever the commitments, [n_years].

    Args:
        terms: see the class.
        costs: of projects as planned, [n_years].
    """
    calls = np.zeros(len(costs))
    for t in range(len(costs)):
        calls[t] = costs[t] + terms.fee_rate_in(t) * calls[:t].sum()
    return calls
