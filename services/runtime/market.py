"""A market snapshot: every factor, correlation and rate that a valuation uses, each with its source and date.

The snapshot is a value that travels between services; the numerics it feeds are `quant.factors.FactorModel`
and `quant.market.curves.DiscountCurve`.
"""

import datetime as dt
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from quant.factors import DerivedFactor, FactorModel, PrimaryFactor
from quant.market.curves import DiscountCurve
from quant.market.overlay import LogOverlay
from quant.market.piecewise import PiecewiseLinear
from quant.market.seasons import MonthlyShares
from services.runtime.errors import InvalidInput
from services.runtime.evidence import Evidence, Source
from services.runtime.scheme import SharingScheme
from services.runtime.toml_file import toml_content

__all__ = [
    "CurvePoint",
    "Evidence",
    "MarketSnapshot",
    "QuotedCorrelation",
    "QuotedDerivedFactor",
    "QuotedFactor",
    "SeasonalProfile",
    "Source",
    "read_snapshot",
]


@dataclass(frozen=True, slots=True)
class QuotedFactor:
    """A primary factor as it is quoted; see `quant.factors.PrimaryFactor` for the dynamics.

    Attributes:
        name: how schedules refer to it.
        level: value today in `unit`, > 0; the median level is level / exp(deviation).
        unit: such as "CNY/m3".
        label_zh, label_en: for people.
        sources: where each parameter comes from.
        growth_annual, mean_reversion_annual, volatility_annual, deviation: of the log.
        overlay: shift of the log over time that a scenario laid on it; None for none.
    """

    name: str
    level: float
    unit: str
    label_zh: str
    label_en: str
    sources: tuple[Source, ...]
    growth_annual: float = 0.0
    mean_reversion_annual: float = 0.0
    volatility_annual: float = 0.0
    deviation: float = 0.0
    overlay: LogOverlay | None = None

    def primary(self) -> PrimaryFactor:
        """The factor as the numerics know it."""
        return PrimaryFactor(
            self.name,
            math.log(self.level) - self.deviation,
            self.growth_annual,
            self.mean_reversion_annual,
            self.volatility_annual,
            self.deviation,
            self.overlay,
        )


@dataclass(frozen=True, slots=True)
class QuotedDerivedFactor:
    """A primary price (or 1) times a piecewise-linear function of a primary driver."""

    name: str
    driver: str
    payoff: PiecewiseLinear
    unit: str
    label_zh: str
    label_en: str
    sources: tuple[Source, ...]
    price: str | None = None


@dataclass(frozen=True, slots=True)
class QuotedCorrelation:
    """Correlation of the shocks of two primary factors."""

    first: str
    second: str
    value: float
    source: Source


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Effective annual rate of a payment at a tenor."""

    tenor_years: float
    rate_annual: float
    source: Source


@dataclass(frozen=True, slots=True)
class SeasonalProfile:
    """How the yearly amount of a primary factor is spread over the calendar months.

    Attributes:
        factor: primary factor, such as an inflow.
        monthly_shares: twelve, January first, with sum 1.
        sources: where they come from.

    Raises:
        ValueError: if the shares make no profile.
    """

    factor: str
    monthly_shares: tuple[float, ...]
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        try:
            MonthlyShares(self.monthly_shares)
        except ValueError as error:
            raise ValueError(f"seasonal profile of {self.factor}: {error}") from None


@dataclass(frozen=True, slots=True)
class MarketSnapshot:
    """Everything about the market that a valuation uses; immutable once stored.

    `sharing_schemes` say how derived factors of rivers arise; valuation does not read them, scenarios do.
    `seasonal_profiles` spread a year's amount over its months, for assets that ask for it.

    Raises:
        ValueError: if a factor, correlation or curve point makes no model, or a scheme names an unknown factor.
    """

    snapshot_id: str
    as_of: dt.date
    primary_factors: tuple[QuotedFactor, ...]
    derived_factors: tuple[QuotedDerivedFactor, ...]
    correlations: tuple[QuotedCorrelation, ...]
    discount_curve: tuple[CurvePoint, ...]
    sharing_schemes: tuple[SharingScheme, ...] = ()
    seasonal_profiles: tuple[SeasonalProfile, ...] = ()

    def __post_init__(self) -> None:
        for factor in self.primary_factors:
            if not (math.isfinite(factor.level) and factor.level > 0.0):
                raise ValueError(
                    f"factor {factor.name}: level found {factor.level}, expected a number above 0"
                )
        self.factor_model()
        self.curve()
        self._check_schemes()
        self._check_profiles()

    def _check_profiles(self) -> None:
        names = [profile.factor for profile in self.seasonal_profiles]
        known = {factor.name for factor in self.primary_factors}
        for name in names:
            if name not in known or names.count(name) > 1:
                raise ValueError(
                    f"seasonal profile: found factor {name!r}, expected a primary factor, each at most once"
                )

    def _check_schemes(self) -> None:
        drivers = {factor.name: factor.driver for factor in self.derived_factors}
        for scheme in self.sharing_schemes:
            for name, _ in scheme.payoffs():
                if drivers.get(name) != scheme.driver:
                    raise ValueError(
                        f"scheme {scheme.name}: found factor {name!r}, expected a derived factor of {scheme.driver}"
                    )

    def factor_model(self) -> FactorModel:
        """The factor model of the snapshot.

        Raises:
            ValueError: if the factors or correlations make no model.
        """
        names = [factor.name for factor in self.primary_factors]
        matrix = np.eye(len(names))
        for pair in self.correlations:
            for name in (pair.first, pair.second):
                if name not in names:
                    raise ValueError(
                        f"correlation of {pair.first} and {pair.second}: no primary factor {name}"
                    )
            i, j = names.index(pair.first), names.index(pair.second)
            if i == j:
                raise ValueError(f"correlation of {pair.first} with itself, expected two factors")
            matrix[i, j] = matrix[j, i] = pair.value
        derived = tuple(DerivedFactor(d.name, d.driver, d.payoff, d.price) for d in self.derived_factors)
        return FactorModel(tuple(factor.primary() for factor in self.primary_factors), derived, matrix)

    def curve(self) -> DiscountCurve:
        """The discount curve of the snapshot.

        Raises:
            ValueError: if the points make no curve.
        """
        return DiscountCurve(
            tuple(point.tenor_years for point in self.discount_curve),
            tuple(point.rate_annual for point in self.discount_curve),
        )

    def level(self, factor: str) -> float:
        """Value today of a factor, primary or derived.

        Raises:
            KeyError: if there is no such factor.
        """
        model = self.factor_model()
        return float(model.forward(np.zeros(1))[model.index(factor), 0])

    def content_hash(self) -> str:
        """SHA-256 of the canonical content, hexadecimal.

        What a snapshot does not have is left out, so that a snapshot of an earlier version keeps its hash.
        """
        content: dict[str, Any] = msgspec.to_builtins(self)
        for factor in content["primary_factors"]:
            if factor["overlay"] is None:
                del factor["overlay"]
        if not content["sharing_schemes"]:
            del content["sharing_schemes"]
        if not content["seasonal_profiles"]:
            del content["seasonal_profiles"]
        return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def read_snapshot(path: Path) -> MarketSnapshot:
    """Read a snapshot from a TOML file.

    Raises:
        InvalidInput: if the file is missing or wrong, naming the place.
    """
    try:
        return msgspec.convert(toml_content(path, "a market snapshot in TOML"), MarketSnapshot)
    except (msgspec.ValidationError, ValueError) as error:
        raise InvalidInput.of(str(path), str(error)) from error
