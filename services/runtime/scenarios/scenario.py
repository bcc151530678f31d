"""A scenario: a named change of the market, as a value that valuation, loans and the fund understand alike.

`apply` turns a snapshot into the snapshot of the changed world; `apply_to_schedule` does what no snapshot can hold, the
loss of the right itself. Schedules are made before a scenario is applied: a shock meets what was agreed, it does not
renegotiate it. Figures are those of the contract protos/ecopledge/type/v1/scenario.proto.
"""

from dataclasses import dataclass, replace

from quant.schedules import ExposureSchedule
from services.runtime.evidence import Source


@dataclass(frozen=True, slots=True)
class LevelShock:
    """A primary or derived factor times a multiplier from now on."""

    factor: str
    multiplier: float


@dataclass(frozen=True, slots=True)
class PathShock:
    """A primary factor times a multiplier in the years (from_years, until_years]; None means for ever."""

    factor: str
    multiplier: float
    from_years: float = 0.0
    until_years: float | None = None


@dataclass(frozen=True, slots=True)
class VolatilityShock:
    """The volatility of a primary factor times a multiplier."""

    factor: str
    multiplier: float


@dataclass(frozen=True, slots=True)
class InflowRegime:
    """Long-run mean and coefficient of variation of a log-normal factor with mean reversion."""

    name: str
    factor: str
    mean: float
    cv: float


@dataclass(frozen=True, slots=True)
class SchemeShock:
    """Another enforcement, variant or price response of a sharing scheme; None and "" leave it as it is."""

    scheme: str
    enforcement: float | None = None
    variant: str = ""
    scarcity_beta: float | None = None


@dataclass(frozen=True, slots=True)
class EventShock:
    """The intensity of losing the right times a multiplier; for assets exposed to one of the factors, or for all."""

    multiplier: float
    factors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FloorShock:
    """A derived factor that is a price floor becomes max(strike - price, 0); None removes the floor."""

    factor: str
    strike: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A changed world; the shocks are applied in the order of the fields.

    Attributes:
        name: 1 to 64 characters.
        label_zh, label_en: for people.
        sources: where the figures come from, at least one.
        regimes, schemes, floors, levels, paths, volatilities, events: see the classes.
        curve_shift_bp: parallel shift of the discount curve, basis points of the effective annual rate.
    """

    name: str
    label_zh: str
    label_en: str
    sources: tuple[Source, ...]
    regimes: tuple[InflowRegime, ...] = ()
    schemes: tuple[SchemeShock, ...] = ()
    floors: tuple[FloorShock, ...] = ()
    levels: tuple[LevelShock, ...] = ()
    paths: tuple[PathShock, ...] = ()
    volatilities: tuple[VolatilityShock, ...] = ()
    curve_shift_bp: float = 0.0
    events: tuple[EventShock, ...] = ()

    def changes_the_market(self) -> bool:
        """Whether anything but the loss of rights is changed."""
        return self.curve_shift_bp != 0.0 or any(
            len(getattr(self, section)) > 0 for section in SECTIONS if section != "events"
        )


SECTIONS: dict[str, type] = {
    "regimes": InflowRegime,
    "schemes": SchemeShock,
    "floors": FloorShock,
    "levels": LevelShock,
    "paths": PathShock,
    "volatilities": VolatilityShock,
    "events": EventShock,
}
"""The repeated fields of a scenario and what they hold."""


def apply_to_schedule(schedule: ExposureSchedule, scenario: Scenario) -> ExposureSchedule:
    """The schedule with the scenario's intensity of losing the right; itself where nothing changes."""
    factors = set(schedule.factors)
    multiplier = 1.0
    for shock in scenario.events:
        if len(shock.factors) == 0 or not factors.isdisjoint(shock.factors):
            multiplier *= shock.multiplier
    if multiplier == 1.0:
        return schedule
    terms = replace(schedule.terms, event_intensity=schedule.terms.event_intensity * multiplier)
    return ExposureSchedule(
        schedule.asset_id, schedule.times_years, schedule.factors, schedule.quantities, schedule.labels, terms
    )
