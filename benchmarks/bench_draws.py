"""Scrambled Sobol points against the counter-based draws of the product: error of a pledge value at equal paths.

Run `python benchmarks/bench_draws.py`. Assets of every kind of the benchmarks are valued at the horizon of one year on
many independent sets of paths by each method. Measured is the root mean square error of the mean and of two low
quantiles, against two million paths; the haircut is 1 less a quantile over V(0), so its error is that of the quantile.

    counter     Philox draws, as the product makes them
    sobol       one Owen-scrambled Sobol set of all paths (scipy.stats.qmc), one dimension a driver
    sobol x 16  sixteen independent scrambled sets of a sixteenth of the paths, whose spread tells the error of a call

`told` is the standard error that a method can tell its user over its true error; 1 is honest. One set tells its error
by the binomial spread of its order statistics, sixteen sets by their spread.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from benchmarks.bench_valuation import detail
from quant.factors import FactorModel
from quant.pledges.distribution import HorizonScenarios, quantiles_of_sorted
from quant.pledges.right_loss import share_left
from quant.schedules import Array, ExposureSchedule, ScheduleBook
from services.runtime.bundled import bundled
from services.runtime.market import read_snapshot
from services.valuation.asset import Asset
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.pricers import PricingContext, price_in

HORIZON_YEARS = 1.0
LEVELS = (0.01, 0.05)
SETS = 16
REFERENCE_PATHS, REFERENCE_BLOCK = 2_000_000, 125_000
N_ASSETS = 60

Draw = Callable[[FactorModel, int, int], list[HorizonScenarios]]
"""(model, number of paths, seed) -> one or several independent sets of scenarios."""


def counter(model: FactorModel, n_paths: int, seed: int) -> list[HorizonScenarios]:
    """As the product draws."""
    return [HorizonScenarios.draw(model, HORIZON_YEARS, n_paths, seed)]


def sobol(model: FactorModel, n_paths: int, seed: int) -> list[HorizonScenarios]:
    """One scrambled set; a dimension for each driver that moves, the valuation error, and the loss of the right."""
    covariance = model.step_covariance(HORIZON_YEARS)
    moving = np.flatnonzero(np.diag(covariance) > 0.0)
    root = np.linalg.cholesky(covariance[np.ix_(moving, moving)])
    points = qmc.Sobol(len(moving) + 2, scramble=True, rng=np.random.default_rng(seed)).random(n_paths).T
    points = np.clip(points, 2.0**-53, 1.0 - 2.0**-53)
    speeds = np.array([factor.mean_reversion_annual for factor in model.primaries])
    states = np.repeat((np.exp(-speeds * HORIZON_YEARS) * model.initial_states())[:, None], n_paths, axis=1)
    states[moving] += root @ ndtri(points[: len(moving)])
    return [HorizonScenarios(HORIZON_YEARS, states, ndtri(points[-2]), points[-1])]


def sobol_sets(model: FactorModel, n_paths: int, seed: int) -> list[HorizonScenarios]:
    """Sixteen independent scrambled sets."""
    return [sobol(model, n_paths // SETS, seed * SETS + k)[0] for k in range(SETS)]


METHODS: dict[str, Draw] = {"counter": counter, "sobol": sobol, "sobol x 16": sobol_sets}


@dataclass(frozen=True, slots=True)
class Book:
    """Assets of every kind and the market that they are valued in."""

    model: FactorModel
    book: ScheduleBook
    discount: Callable[[Array], Array]

    @classmethod
    def read(cls) -> "Book":
        """Mixed assets from the pricers of the service; of an asset with alternatives the first."""
        snapshot = read_snapshot(bundled("market/standard.toml"))
        context, model = PricingContext(read_catalogue(), snapshot), snapshot.factor_model()
        schedules: list[ExposureSchedule] = [
            price_in(Asset(f"asset-{i}", "", "", detail(i)), context).alternatives[0][1]
            for i in range(N_ASSETS)
        ]
        return cls(model, ScheduleBook.stack(schedules, model), snapshot.curve().discount_factors)

    def values(self, drawn: HorizonScenarios) -> Array:
        """Value of each asset at the horizon on each path, [n_assets, n_paths]."""
        values = self.book.values_at(self.model, self.discount, drawn.states, HORIZON_YEARS)
        for i, schedule in enumerate(self.book.schedules):
            terms = schedule.terms
            log_sd = np.sqrt(np.log1p(terms.quantity_cv**2))
            values[i] *= np.exp(log_sd * drawn.quantity_normals - 0.5 * log_sd**2)
            values[i] *= share_left(
                drawn.event_uniforms, terms.event_intensity * HORIZON_YEARS, terms.event_severity
            )
        return values

    def figures(self, drawn: HorizonScenarios) -> tuple[Array, Array]:
        """Mean and low quantiles of each asset, and the errors that one set of draws can tell, each [n_assets, 3]."""
        values = self.values(drawn)
        mean_error = values.std(axis=1, ddof=1) / np.sqrt(drawn.n_paths)
        quantiles, errors = quantiles_of_sorted(np.sort(values, axis=1), LEVELS)
        return np.column_stack([values.mean(axis=1), quantiles]), np.column_stack([mean_error, errors])

    def estimate(self, sets: list[HorizonScenarios]) -> tuple[Array, Array]:
        """The estimate of a method, and the error it can tell: from one set, or from the spread of several."""
        if len(sets) == 1:
            return self.figures(sets[0])
        each = np.array([self.figures(drawn)[0] for drawn in sets])
        return each.mean(axis=0), each.std(axis=0, ddof=1) / np.sqrt(len(sets))


def reference(book: Book) -> Array:
    """Mean and low quantiles on many paths, [n_assets, 3]."""
    values = np.concatenate(
        [
            book.values(
                HorizonScenarios.draw(book.model, HORIZON_YEARS, REFERENCE_BLOCK, 1, first_path=first)
            )
            for first in range(0, REFERENCE_PATHS, REFERENCE_BLOCK)
        ],
        axis=1,
    )
    mean = values.mean(axis=1)
    values.sort(axis=1)
    return np.column_stack([mean, quantiles_of_sorted(values, LEVELS)[0]])


def measure(book: Book, truth: Array, n_paths: int, repeats: int) -> None:
    """One line for each method: errors in % of the mean value, median over the assets."""
    scale = 100.0 / np.abs(truth[:, :1])
    for name, draw in METHODS.items():
        started = time.perf_counter()
        found, told = zip(
            *[book.estimate(draw(book.model, n_paths, 1000 + r)) for r in range(repeats)], strict=True
        )
        seconds = (time.perf_counter() - started) / repeats
        error = np.array(found) - truth
        rmse = np.sqrt(np.square(error).mean(axis=0))
        # A quantile that is the value after a sure loss has no error to tell.
        known = np.where(rmse > 0.0, rmse, np.nan)
        honest = np.nanmedian(np.sqrt(np.square(np.array(told)).mean(axis=0)) / known, axis=0)
        typical = np.median(rmse * scale, axis=0)
        worst = np.max(rmse * scale, axis=0)
        print(
            f"{n_paths:>7,}  {name:<11}"
            + "".join(
                f"{a:>8.3f} {b:>7.3f} {c:>6.2f}" for a, b, c in zip(typical, worst, honest, strict=True)
            )
            + f"{1e3 * seconds:>9.1f}"
        )


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--repeats", type=int, default=48)
    arguments.add_argument("--paths", type=int, nargs="+", default=[2_048, 16_384])
    given = arguments.parse_args()
    book = Book.read()
    truth = reference(book)
    print(
        f"{N_ASSETS} mixed assets, {given.repeats} repeats; error in % of the mean value: median asset, worst asset"
    )
    print(
        f"{'paths':>7}  {'method':<11}"
        + "".join(f"{of:>8} {'worst':>7} {'told':>6}" for of in ("mean", "P1", "P5"))
        + f"{'ms':>9}"
    )
    for n_paths in given.paths:
        measure(book, truth, n_paths, given.repeats)


if __name__ == "__main__":
    main()
