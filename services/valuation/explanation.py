"""What explains a value beside its cash flows: sensitivities, the inputs that matter most, what is paid in the end."""

import math
from dataclasses import dataclass

import numpy as np

from quant.pledges.distribution import REPORTED_PROBABILITIES, quantiles_of_sorted, realised_present_values
from quant.pledges.sensitivities import (
    Revaluation,
    behind_rows,
    right_loss_deviation,
    valuation_error_deviation,
)
from quant.schedules import CollateralTerms, ExposureSchedule, ScheduleBook
from services.runtime.results import Distribution, Quantile
from services.valuation.prepared_market import PreparedMarket
from services.valuation.pricers.pricing import PricedAsset
from services.valuation.valuation import (
    DISCOUNT_RATE,
    LOSS_OF_RIGHT,
    VALUATION_ERROR,
    Bump,
    Sensitivity,
    Simulation,
)

_LEVEL_SHARE, _VOLATILITY_POINTS, _RATE_CHANGE, _INTENSITY_SHARE = 0.01, 0.01, 0.01, 0.1
_MOST_DRIVERS = 5
_MOST_PATHS = 16_384
_VALUES_AT_ONCE = 2**22
_MOST_EXPECTED_EVENTS = 100.0


@dataclass(frozen=True, slots=True)
class Explanation:
    """The fields of a valuation that are there only where an explanation was asked for."""

    sensitivities: tuple[Sensitivity, ...] = ()
    main_drivers: tuple[Sensitivity, ...] = ()
    realised_value_cny: Distribution | None = None

    @property
    def is_finite(self) -> bool:
        """Whether every change is a number; a value near the end of the floats may have changes beyond it."""
        changes = [found.change_cny for found in (*self.sensitivities, *self.main_drivers)]
        realised = self.realised_value_cny
        if realised is not None:
            changes.append(realised.standard_deviation)
        return all(map(math.isfinite, changes))


def explain(
    priced: PricedAsset, schedule: ExposureSchedule, market: PreparedMarket, simulation: Simulation
) -> Explanation:
    """Explain the value of one asset.

    Args:
        priced: what the pricer said; changes are those of the better alternative, before and after.
        schedule: the better alternative today, which the distribution of what is paid keeps to.
        market: factors and curve.
        simulation: horizon of the main drivers; paths and seed of the distribution.
    """
    schedules = [alternative for _, alternative in priced.alternatives]
    # What overflows is refused by the caller.
    with np.errstate(over="ignore", invalid="ignore"):
        value = Revaluation.of(schedules, market.model, market.curve)
        return Explanation(
            tuple(_sensitivities(value, schedule.terms)),
            tuple(_main_drivers(value, schedule.terms, simulation.horizon_years)),
            _realised(schedule, market, simulation),
        )


def _sensitivities(value: Revaluation, terms: CollateralTerms) -> list[Sensitivity]:
    found = [
        Sensitivity(factor.name, Bump.LEVEL_1_PERCENT, value.level(factor.name, _LEVEL_SHARE))
        for factor in value.model.primaries
    ]
    found += [
        Sensitivity(factor.name, Bump.VOLATILITY_1_POINT, value.volatility(factor.name, _VOLATILITY_POINTS))
        for factor in value.model.primaries
        if factor.volatility_annual > 0.0
    ]
    found.append(Sensitivity(DISCOUNT_RATE, Bump.DISCOUNT_RATE_100_BP, value.discount_rate(_RATE_CHANGE)))
    if terms.event_intensity > 0.0:
        change = value.event_intensity(_INTENSITY_SHARE)
        found.append(Sensitivity(LOSS_OF_RIGHT, Bump.EVENT_INTENSITY_10_PERCENT, change))
    return found


def _main_drivers(value: Revaluation, terms: CollateralTerms, horizon_years: float) -> list[Sensitivity]:
    """Largest first; equal ones by name, so that the order never depends on anything else."""
    changes = value.standard_deviations(horizon_years)
    changes[VALUATION_ERROR] = value.value * valuation_error_deviation(terms.quantity_cv)
    # A loss takes: what is counted is one standard deviation down.
    changes[LOSS_OF_RIGHT] = -value.value * right_loss_deviation(
        terms.event_intensity, terms.event_severity, horizon_years
    )
    ranked = sorted(changes.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [
        Sensitivity(driver, Bump.ONE_STANDARD_DEVIATION, change)
        for driver, change in ranked[:_MOST_DRIVERS]
        if change != 0.0
    ]


def _realised(
    schedule: ExposureSchedule, market: PreparedMarket, simulation: Simulation
) -> Distribution | None:
    """Distribution of the present value of what is paid on each path; None where losses are beyond simulation."""
    terms = schedule.terms
    last = float(schedule.times_years.max())
    if terms.event_severity > 0.0 and not terms.event_intensity * last <= _MOST_EXPECTED_EVENTS:
        return None
    model = behind_rows([schedule], market.model)
    book = ScheduleBook.stack([schedule], model)
    n_paths = min(simulation.n_paths, _MOST_PATHS)
    n_values = len(model.names) * len(np.unique(book.cell_time)) + len(schedule)
    block = max(1, _VALUES_AT_ONCE // n_values)
    paid = np.concatenate(
        [
            realised_present_values(
                book,
                model,
                market.curve.discount_factors,
                min(block, n_paths - first),
                simulation.seed,
                first_path=first,
            )[0]
            for first in range(0, n_paths, block)
        ]
    )
    quantiles, errors = quantiles_of_sorted(np.sort(paid)[None, :], REPORTED_PROBABILITIES)
    sd = float(paid.std(ddof=1))
    return Distribution(
        float(paid.mean()),
        sd / math.sqrt(n_paths),
        sd,
        tuple(
            Quantile(*point)
            for point in zip(REPORTED_PROBABILITIES, quantiles[0].tolist(), errors[0].tolist(), strict=True)
        ),
    )
