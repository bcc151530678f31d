"""Projects of a fund as data: what is built, owed, earned and sold, what may go wrong, and switches that change it.

A project builds in years `start_year` to `end_year` of the fund and d years longer on a path where it is late. Its cost
is the plan times a lognormal multiple m; the debt is drawn as planned, so that the owners bear the whole overrun. The
debt bears interest from the year of drawing, is capitalised until completion and repaid in equal instalments over the
operating years (docs/models/fund-simulation.md):

    fund's cost of a building year = owned max(m - debt_share, 0) I / (n + d)
    owned = fund_equity_share / (1 - debt_share)
    balance at completion = sum over building years of  debt_share I / (n + d) (1 + r)^(completion - year)
    instalment = balance r / (1 - (1 + r)^-k),  k operating years
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
_ROUNDING_YEARS = 1e-9


@dataclass(frozen=True, slots=True)
class ConstructionRisk:
    """What may go wrong while a project is built and run; the default is a project that goes as planned.

    Attributes:
        delay_probabilities: that completion comes 1, 2, 3, ... years late; they add up to at most 1.
        overrun_mean: mean of actual cost over planned cost, less 1; above -1.
        overrun_log_sd: standard deviation of the log of actual over planned cost, >= 0.
        common_share: share, 0 to 1, of the variance of overruns and delays that all projects have in common.
        abandonment_intensity_annual: of giving the project up while it is built, >= 0; what was spent is lost.
        stop_after_negative_years: years in a row without cash for the debt after which it closes for good; 0 is never.
    """

    delay_probabilities: tuple[float, ...] = ()
    overrun_mean: float = 0.0
    overrun_log_sd: float = 0.0
    common_share: float = 0.0
    abandonment_intensity_annual: float = 0.0
    stop_after_negative_years: int = 0

    def later(self, years: int) -> "ConstructionRisk":
        """The same risk with so many years more on every path."""
        if years == 0:
            return self
        on_time = max(1.0 - math.fsum(self.delay_probabilities), 0.0)
        shifted = (*[0.0] * (years - 1), on_time, *self.delay_probabilities)
        return replace(self, delay_probabilities=shifted)


@dataclass(frozen=True, slots=True)
class ProjectExit:
    """How a project is sold.

    Attributes:
        years_of_cash: price in years of the operating cash of the year of sale, at most the years that are left; None
            for the value of the rows to come, by the factors' conditional forwards and the discount curve.
        hold_years: years from completion to the sale, 1 or more; None for the end of the fund's life, which is also
            the latest.
        price_multiplier: of the price, >= 0.
    """

    years_of_cash: float | None = None
    hold_years: int | None = None
    price_multiplier: float = 1.0


@dataclass(frozen=True, slots=True)
class FundSwitches:
    """A change of what the fund assumes of its projects; the default changes nothing.

    Attributes:
        cost_multiplier: of every cost, > 0.
        delay_years_added: to every project, >= 0.
        ramp_up_multipliers: of the receipts of the first, second, ... operating year, >= 0.
        abandonment_multiplier: of the intensity of giving a project up, >= 0.
        exit_multiplier: of every price of sale, >= 0.
    """

    cost_multiplier: float = 1.0
    delay_years_added: int = 0
    ramp_up_multipliers: tuple[float, ...] = ()
    abandonment_multiplier: float = 1.0
    exit_multiplier: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class ProjectCash:
    """What the fund puts into a project and what the project earns.

    Attributes:
        total_investment_cny: I, > 0.
        start_year, end_year: years of the fund in which it is to be built, 0 <= start <= end.
        fund_equity_share: of I, 0 to 1.
        debt_share: of I, 0 to 1; with the fund's share at most 1.
        debt_rate_annual: r, >= 0; also what a shortfall carried forward bears.
        times_years: of the exposure rows, from completion, >= 0, [n].
        factors: name of the factor of each row.
        quantities: units of the factor for the whole project, [n].
        quantity_cv: coefficient of variation of the project's own error, lognormal with mean 1, one for its life.
        risk: of construction and operation.
        exit: how it is sold; None for a project that is kept without a sale.
        lane: address of its own draws; see `quant.draws.sparse_draws.lane_of_name`.
        risk_premium_annual: continuous spread over the curve where the sale is at the value of the rows to come.
    """

    total_investment_cny: float
    start_year: int
    end_year: int
    fund_equity_share: float
    debt_share: float
    debt_rate_annual: float
    times_years: FloatArray
    factors: tuple[str, ...]
    quantities: FloatArray
    quantity_cv: float = 0.0
    risk: ConstructionRisk = ConstructionRisk()
    exit: ProjectExit | None = None
    lane: int = 0
    risk_premium_annual: float = 0.0

    @property
    def building_years(self) -> int:
        """Years in which it is to be built."""
        return self.end_year - self.start_year + 1

    def row_offsets(self) -> NDArray[np.int64]:
        """Years after completion in which each row is paid, [n]: the year that its time falls into."""
        return np.ceil(self.times_years - _ROUNDING_YEARS).astype(np.int64)

    @property
    def operating_years(self) -> int:
        """Years after completion up to the last row."""
        return int(self.row_offsets().max(initial=0))

    @property
    def owned(self) -> float:
        """Part of the project's equity that the fund owns."""
        equity = 1.0 - self.debt_share
        return self.fund_equity_share / equity if equity > 0.0 else 0.0

    def balance_at_completion(self, delay_years: int = 0) -> float:
        """Debt drawn with the construction and the interest on it up to completion."""
        years = self.building_years + delay_years
        drawn = self.debt_share * self.total_investment_cny / years
        return math.fsum(drawn * (1.0 + self.debt_rate_annual) ** k for k in range(years))

    def instalment(self, delay_years: int = 0) -> float:
        """Debt service of each operating year.

        Raises:
            ValueError: if there is debt and no row after completion.
        """
        balance = self.balance_at_completion(delay_years)
        if balance == 0.0:
            return 0.0
        n = self.operating_years
        if n < 1:
            raise ValueError(
                "debt: found no operating year after completion, expected at least one to repay it"
            )
        rate = self.debt_rate_annual
        return balance / n if rate == 0.0 else balance * rate / -math.expm1(-n * math.log1p(rate))

    def outstanding(self, delay_years: int, n_years: int) -> FloatArray:
        """Debt left after 0, 1, ... n_years instalments, [n_years + 1]."""
        left = np.zeros(n_years + 1)
        left[0] = self.balance_at_completion(delay_years)
        instalment = self.instalment(delay_years)
        for k in range(1, min(self.operating_years, n_years + 1)):
            left[k] = left[k - 1] * (1.0 + self.debt_rate_annual) - instalment
        return left

    def planned_costs(self, n_years: int) -> FloatArray:
        """What the fund pays in years 0 .. n_years - 1 if all goes as planned, CNY."""
        costs = np.zeros(n_years)
        share = self.owned * (1.0 - self.debt_share) if self.debt_share < 1.0 else 0.0
        per_year = share * self.total_investment_cny / self.building_years
        costs[self.start_year : self.end_year + 1] = per_year
        return costs


def switched(project: ProjectCash, switches: FundSwitches) -> ProjectCash:
    """The project under changed assumptions; a switch that is off changes no bit of it."""
    risk = project.risk.later(switches.delay_years_added)
    if switches.cost_multiplier != 1.0:
        risk = replace(risk, overrun_mean=(1.0 + risk.overrun_mean) * switches.cost_multiplier - 1.0)
    if switches.abandonment_multiplier != 1.0:
        intensity = risk.abandonment_intensity_annual * switches.abandonment_multiplier
        risk = replace(risk, abandonment_intensity_annual=intensity)
    sale = project.exit
    if sale is not None:
        sale = replace(sale, price_multiplier=sale.price_multiplier * switches.exit_multiplier)
    quantities = project.quantities
    if switches.ramp_up_multipliers:
        quantities = quantities.copy()
        offsets = project.row_offsets()
        for year, multiplier in enumerate(switches.ramp_up_multipliers, start=1):
            # Costs do not wait for the customers.
            quantities[(offsets == year) & (quantities > 0.0)] *= multiplier
    return replace(project, risk=risk, exit=sale, quantities=quantities)
