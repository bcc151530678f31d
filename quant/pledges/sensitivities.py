"""How V(0) changes with one input at a time: exact revaluation in closed form, no simulation.

The holder of an asset with alternatives takes the better one, before and after the change: V(0) is the largest of the
present values of the schedules (docs/models/sensitivities.md). A change is small work, because only the factors behind
the rows are valued again.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from quant.factors import DerivedFactor, FactorModel, PrimaryFactor
from quant.market.curves import DiscountCurve
from quant.pledges.right_loss import expected_share
from quant.schedules import Array, DiscountFactors, ExposureSchedule, ScheduleBook

_BASIS_POINT = 1e-4


def behind_rows(schedules: Sequence[ExposureSchedule], model: FactorModel) -> FactorModel:
    """The part of a model that prices some schedules: their factors and the primary factors of those.

    Raises:
        KeyError: a row names a factor that the model does not have.
    """
    used = {model.index(factor) for schedule in schedules for factor in schedule.factors}
    derived = tuple(factor for i, factor in enumerate(model.derived, model.n_primary) if i in used)
    for factor in derived:
        used |= {model.index(name) for name in (factor.driver, factor.price) if name is not None}
    primary = sorted(i for i in used if i < model.n_primary)
    return FactorModel(
        tuple(model.primaries[i] for i in primary), derived, model.correlation[np.ix_(primary, primary)]
    )


@dataclass(frozen=True, slots=True, eq=False)
class Revaluation:
    """V(0) of the better of some schedules, and how it changes.

    Attributes:
        model: the factors behind the rows.
        value: V(0), CNY.
    """

    model: FactorModel
    value: float
    _book: ScheduleBook
    _curve: DiscountCurve

    @classmethod
    def of(cls, schedules: Sequence[ExposureSchedule], model: FactorModel, curve: DiscountCurve) -> Self:
        """Prepare the alternatives of one asset, at least one.

        Raises:
            KeyError: a row names a factor that the model does not have.
        """
        behind = behind_rows(schedules, model)
        book = ScheduleBook.stack(schedules, behind)
        return cls(behind, _best(book, behind, curve.discount_factors), book, curve)

    def level(self, factor: str, share: float) -> float:
        """Change of V(0) if a primary factor is higher by a share of its level, today and at every later time."""
        return self._with_factor(
            factor, lambda was: replace(was, log_level=was.log_level + math.log1p(share))
        )

    def volatility(self, factor: str, points: float) -> float:
        """Change of V(0) if a primary factor's volatility is higher by `points`, its median unchanged."""
        return self._with_factor(
            factor, lambda was: replace(was, volatility_annual=was.volatility_annual + points)
        )

    def discount_rate(self, change_annual: float) -> float:
        """Change of V(0) for a parallel move of the zero rates, in proportion to one of a basis point.

        Half the difference between a basis point up and one down, whose error is of second order in a basis point.
        """
        up, down = (
            _best(self._book, self.model, self._curve.shifted(points).discount_factors)
            for points in (1.0, -1.0)
        )
        return (up - down) / 2.0 * (change_annual / _BASIS_POINT)

    def event_intensity(self, share: float) -> float:
        """Change of V(0) if losses of the right are expected more often by a share, 0.1 for a tenth more."""
        book = self._book
        _, present = book.row_values(self.model, self._curve.discount_factors)
        intensity = book.terms_array("event_intensity")[book.row_asset]
        severity = book.terms_array("event_severity")[book.row_asset]
        kept = present * expected_share(intensity * share, severity, book.cell_time[book.row_cell])
        return float(np.bincount(book.row_asset, kept, len(book)).max()) - self.value

    def states(self, shifts: Array) -> Array:
        """V(0) if the deviations of the primary factors today were moved.

        Args:
            shifts: of the logs, [n_primary, n_moves].

        Returns:
            [n_moves].
        """
        states = self.model.initial_states()[:, None] + shifts
        discount = self._curve.discount_factors
        values: Array = self._book.values_at(self.model, discount, states, 0.0).max(axis=0)
        return values

    def standard_deviations(self, horizon_years: float) -> dict[str, float]:
        """Change of V(0) for one standard deviation of each random factor at the horizon, by factor.

        Half the difference between today's log one such deviation up and one down; the other factors stay, and a
        factor that reverts to its mean comes back as it does in the model.
        """
        deviations = np.sqrt(np.diag(self.model.step_covariance(horizon_years)))
        values = self.states(np.hstack([np.diag(deviations), -np.diag(deviations)]))
        n = self.model.n_primary
        changes = (values[:n] - values[n:]) / 2.0
        return {
            factor.name: float(change)
            for factor, change, deviation in zip(self.model.primaries, changes, deviations, strict=True)
            if deviation > 0.0
        }

    def _with_factor(self, name: str, change: Callable[[PrimaryFactor], PrimaryFactor]) -> float:
        primaries = tuple(
            change(factor) if factor.name == name else factor for factor in self.model.primaries
        )
        derived: tuple[DerivedFactor, ...] = self.model.derived
        changed = FactorModel(primaries, derived, self.model.correlation)
        return _best(self._book, changed, self._curve.discount_factors) - self.value


def _best(book: ScheduleBook, model: FactorModel, discount: DiscountFactors) -> float:
    return float(book.present_values(model, discount).max())


def valuation_error_deviation(quantity_cv: float) -> float:
    """Share of the value that one standard deviation of the lognormal valuation error (mean 1) moves it by.

    Half the difference between the error one standard deviation of its log up and one down.
    """
    variance = math.log1p(quantity_cv**2)
    return math.exp(-0.5 * variance) * math.sinh(math.sqrt(variance))


def right_loss_deviation(intensity: float, severity: float, span_years: float) -> float:
    """Standard deviation of the share (1 - s)^N of a right that is left after a span.

    N is Poisson with mean h d, so E (1 - s)^N = exp(-h s d) and E (1 - s)^2N = exp(-h s (2 - s) d).
    """
    # exp(-h s (2 - s) d) - exp(-2 h s d), written so that nothing cancels or overflows.
    lost = intensity * severity * span_years
    return math.exp(-lost * (1.0 - 0.5 * severity)) * math.sqrt(-math.expm1(-lost * severity))
