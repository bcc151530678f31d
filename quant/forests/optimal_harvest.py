"""When to fell a stand that earns carbon credits while it stands: least-squares Monte Carlo on factor paths.

At each decision date the owner fells (timber now; credits that the felling reverses are bought back at that date's
price) or lets the stand grow on and collects what it earns meanwhile. The rule may look at the prices of the date
alone. It is fitted on one set of paths and valued on another (`quant.pledges.optimal_stopping`), beside two strategies
that decide today: fell at the first date, fell at the last.

Loss of the right (fire, revocation) is in the present value of one yuan, as it is in a schedule's value, so the
strategies that decide today are worth exactly what their schedules are; the rule does not look at such losses.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quant.factors import FactorModel
from quant.pledges.optimal_stopping import (
    StoppingPaths,
    StoppingRule,
    fit_stopping_rule,
    perfect_foresight,
    realised,
)

Array = NDArray[np.float64]
PresentValueOfOne = Callable[[Array], Array]
"""Present value today of 1 paid at each time: discount, risk premium and expected loss of the right; [n] -> [n]."""

TRAINING_FIRST_PATH = 1 << 40
"""Number of the first path that rules are fitted to: far from the paths that are valued."""


class Amount(NamedTuple):
    """So many units of what a factor prices; negative for what is paid out."""

    factor: str
    quantity: float


class DatedAmount(NamedTuple):
    """An amount at a time, years from today."""

    time_years: float
    factor: str
    quantity: float


@dataclass(frozen=True, slots=True)
class HarvestDecision:
    """A stand, and what felling or keeping it brings.

    Attributes:
        dates_years: when it may be felled, ascending, above 0.
        standing: earned and spent while the stand stands, up to the date of felling included. What falls after the
            last date is due to whoever reaches that date, felled then or not.
        fellings: what felling brings at each date, at that date's prices; the stand is never felled at a loss.

    Raises:
        ValueError: if dates do not ascend or there is not one felling for each.
    """

    dates_years: tuple[float, ...]
    standing: tuple[DatedAmount, ...]
    fellings: tuple[tuple[Amount, ...], ...]

    def __post_init__(self) -> None:
        dates = self.dates_years
        ascending = all(a < b for a, b in zip((0.0, *dates), dates, strict=False))
        if len(dates) == 0 or not ascending or not all(map(math.isfinite, dates)):
            raise ValueError(f"dates_years: found {dates}, expected at least one, ascending and above 0")
        if len(self.fellings) != len(dates):
            raise ValueError(
                f"fellings: found {len(self.fellings)}, expected one for each of {len(dates)} dates"
            )
        if any(row.time_years < 0.0 for row in self.standing):
            raise ValueError(f"standing: found {self.standing}, expected times of 0 or more")

    def factors(self) -> tuple[str, ...]:
        """The factors that price anything, each once."""
        used = [row.factor for row in self.standing]
        used += [amount.factor for felling in self.fellings for amount in felling]
        return tuple(dict.fromkeys(used))


@dataclass(frozen=True, slots=True)
class HarvestValue:
    """What waiting for the prices is worth; amounts CNY, standard errors of the simulation.

    Attributes:
        static_cny: present value of deciding today, the better of the two dates.
        static_date: position of that date.
        gain_cny: mean of (rule less that strategy) on paths the rule was not fitted to; low-biased.
        gain_standard_error_cny: of it.
        foresight_gain_cny: mean of (best date in hindsight less that strategy): no rule gains more.
        mean_felling_years: mean date of felling by the rule, over the paths that are felled; nan where none is.
        felled_share: share of the paths that are felled at all.
        date_shares: share of the paths that are felled at each date.
        n_paths: valued.
    """

    static_cny: float
    static_date: int
    gain_cny: float
    gain_standard_error_cny: float
    foresight_gain_cny: float
    mean_felling_years: float
    felled_share: float
    date_shares: tuple[float, ...]
    n_paths: int

    @property
    def value_cny(self) -> float:
        """Present value of deciding as prices come."""
        return self.static_cny + self.gain_cny

    @property
    def foresight_cny(self) -> float:
        """Upper bound of it."""
        return self.static_cny + self.foresight_gain_cny


def value_harvest(
    decision: HarvestDecision,
    model: FactorModel,
    present_value_of_one: PresentValueOfOne,
    *,
    n_paths: int,
    seed: int,
    degree: int = 3,
    training_paths: int | None = None,
    paths_at_once: int = 8192,
) -> HarvestValue:
    """Value the right to choose the date of felling.

    The two strategies that decide today have a closed form; only what the rule gains over the better one is
    simulated, path by path on the same prices, which takes most of the noise away.

    Args:
        decision: the stand.
        model: holds every factor of the decision.
        present_value_of_one: see `PresentValueOfOne`.
        n_paths: paths that are valued, at least 2; path p is the same whatever block it is drawn in.
        seed: of the scenario universe.
        degree: highest power of the log prices in the regression.
        training_paths: paths that the rule is fitted to; as many as are valued when absent.
        paths_at_once: size of a block; bounds memory, changes no figure.

    Raises:
        KeyError: for a factor that the model does not have.
        ValueError: if there are fewer than two paths.
    """
    if n_paths < 2:
        raise ValueError(f"n_paths: found {n_paths}, expected at least 2")
    stand = _Stand(decision, restricted_model(model, decision.factors()), present_value_of_one)
    n_training = n_paths if training_paths is None else training_paths
    rule = fit_stopping_rule(stand.paths(seed, n_training, TRAINING_FIRST_PATH), degree=degree)
    first, last = stand.static_value(0), stand.static_value(len(decision.dates_years) - 1)
    static_date = 0 if first > last else len(decision.dates_years) - 1
    gain, foresight, dates = _gains(
        stand, rule, static_date, n_paths=n_paths, seed=seed, paths_at_once=paths_at_once
    )
    n_dates = len(decision.dates_years)
    felled = dates < n_dates
    counts = np.bincount(dates, minlength=n_dates + 1)[:n_dates]
    return HarvestValue(
        static_cny=max(first, last),
        static_date=static_date,
        gain_cny=float(gain.mean()),
        gain_standard_error_cny=float(gain.std(ddof=1)) / math.sqrt(n_paths),
        foresight_gain_cny=float(foresight.mean()),
        mean_felling_years=(
            float(np.array(decision.dates_years)[dates[felled]].mean()) if felled.any() else math.nan
        ),
        felled_share=float(felled.mean()),
        date_shares=tuple((counts / n_paths).tolist()),
        n_paths=n_paths,
    )


def restricted_model(model: FactorModel, factors: tuple[str, ...]) -> FactorModel:
    """The model of some factors alone, so that only they are simulated; same law, other draws.

    Raises:
        KeyError: for a factor that the model does not have.
    """
    wanted = {model.index(name) for name in factors}
    derived = tuple(factor for factor in model.derived if model.index(factor.name) in wanted)
    for factor in derived:
        wanted |= {model.index(name) for name in (factor.driver, factor.price) if name is not None}
    kept = sorted(i for i in wanted if i < model.n_primary)
    return FactorModel(
        tuple(model.primaries[i] for i in kept), derived, model.correlation[np.ix_(kept, kept)]
    )


class _Stand:
    """A decision on the paths of its own small model."""

    def __init__(self, decision: HarvestDecision, model: FactorModel, worth: PresentValueOfOne) -> None:
        self._decision = decision
        self._model = model
        self._dates = np.array(decision.dates_years)
        self._worth = worth
        due = {row.time_years for row in decision.standing if 0.0 < row.time_years <= self._dates[-1]}
        self._grid = np.array(sorted({*due, *decision.dates_years}))
        self._date_steps = np.searchsorted(self._grid, self._dates)

    def static_value(self, date: int) -> float:
        """Present value of felling at one date whatever happens, by the conditional forwards; at a loss as well."""
        end = self._dates[date]
        last = date == len(self._dates) - 1
        rows = [row for row in self._decision.standing if last or row.time_years <= end]
        rows += [DatedAmount(end, *amount) for amount in self._decision.fellings[date]]
        return float(sum(self._forward_worth(rows)))

    def paths(self, seed: int, n_paths: int, first_path: int) -> StoppingPaths:
        """States, fellings and income on the paths, each from its own number alone."""
        states = self._model.simulate_states(self._grid, n_paths, seed, first_path=first_path)
        prices = self._model.values(self._grid, states)
        stop = np.zeros((len(self._dates), n_paths))
        for i, step in enumerate(self._date_steps):
            worth = self._worth(self._dates[i : i + 1])[0]
            for amount in self._decision.fellings[i]:
                stop[i] += worth * amount.quantity * prices[self._model.index(amount.factor), step]
        held = np.zeros_like(stop)
        for date, row, path_values in self._income(prices, states[:, -1]):
            held[date] += self._worth(np.array([row.time_years]))[0] * row.quantity * path_values
        return StoppingPaths(states[:, self._date_steps], stop, held)

    def _income(self, prices: Array, last_states: Array) -> Iterator[tuple[int, DatedAmount, Array | float]]:
        """Each row with the first date that is not before it and the price it gets on each path.

        Of what falls after the last date, the expectation at that date: the rule must not look ahead.
        """
        for row in self._decision.standing:
            factor = self._model.index(row.factor)
            if row.time_years > self._dates[-1]:
                expected = self._model.forward_cells(
                    np.array([factor]),
                    np.array([row.time_years]),
                    states=last_states,
                    at_years=self._dates[-1],
                )
                yield len(self._dates) - 1, row, expected[0]
            elif row.time_years == 0.0:
                yield 0, row, float(self._model.forward([0.0])[factor, 0])
            else:
                step = int(np.searchsorted(self._grid, row.time_years))
                yield int(np.searchsorted(self._dates, row.time_years)), row, prices[factor, step]

    def _forward_worth(self, rows: list[DatedAmount]) -> Iterator[float]:
        for row in rows:
            time = np.array([row.time_years])
            forward = self._model.forward_cells(np.array([self._model.index(row.factor)]), time)
            yield float(self._worth(time)[0] * row.quantity * forward[0])


def _gains(
    stand: _Stand, rule: StoppingRule, static_date: int, *, n_paths: int, seed: int, paths_at_once: int
) -> tuple[Array, Array, NDArray[np.intp]]:
    """What the rule and foresight gain over a fixed date on each path, and when the rule fells; in blocks."""
    gain, foresight = np.empty(n_paths), np.empty(n_paths)
    dates = np.empty(n_paths, dtype=np.intp)
    for begin in range(0, n_paths, paths_at_once):
        block = slice(begin, min(begin + paths_at_once, n_paths))
        paths = stand.paths(seed, block.stop - begin, begin)
        fixed = paths.totals()[static_date]
        dates[block] = rule.dates(paths)
        gain[block] = realised(paths, dates[block]) - fixed
        foresight[block] = perfect_foresight(paths) - fixed
    return gain, foresight, dates
