"""Markets and catalogue for the pricers: the bundled ones, and the same market without any risk at a flat rate."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quant.schedules import ExposureSchedule, ScheduleBook
from services.runtime.market import CurvePoint, Evidence, MarketSnapshot, Source, read_snapshot
from services.valuation.asset import Asset, AssetDetail, TermsOverride
from services.valuation.catalogue.catalogue import Catalogue, read_catalogue
from services.valuation.pricers import PricingContext

FLAT_RATE = 0.06
NO_RISK = TermsOverride(risk_premium_annual=0.0, event_intensity_annual=0.0, quantity_cv=0.0)
STANDARD = Path(__file__).resolve().parents[4] / "data" / "market" / "standard.toml"

Value = Callable[[ExposureSchedule], float]
MakeAsset = Callable[[AssetDetail], Asset]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return read_catalogue()


@pytest.fixture(scope="session")
def standard() -> MarketSnapshot:
    return read_snapshot(STANDARD)


@pytest.fixture(scope="session")
def certain(standard: MarketSnapshot) -> MarketSnapshot:
    """Every factor stays at today's level; every rate is 6 %."""
    source = Source("rate_annual", Evidence.ASSUMPTION, "flat for hand computation")
    factors = tuple(
        replace(factor, volatility_annual=0.0, mean_reversion_annual=0.0, growth_annual=0.0, deviation=0.0)
        for factor in standard.primary_factors
    )
    return replace(standard, primary_factors=factors, discount_curve=(CurvePoint(1.0, FLAT_RATE, source),))


@pytest.fixture(scope="session")
def context(catalogue: Catalogue, certain: MarketSnapshot) -> PricingContext:
    return PricingContext(catalogue, certain)


@pytest.fixture(scope="session")
def value(certain: MarketSnapshot) -> Value:
    """Present value in the certain market."""
    model, curve = certain.factor_model(), certain.curve()

    def present_value(schedule: ExposureSchedule) -> float:
        book = ScheduleBook.stack([schedule], model)
        return float(np.asarray(book.present_values(model, curve.discount_factors))[0])

    return present_value


@pytest.fixture(scope="session")
def make_asset() -> MakeAsset:
    """An asset without any premium or loss of the right, so that only the schedule speaks."""

    def make(detail: AssetDetail) -> Asset:
        return Asset("A1", "测试", "张掖", detail, terms=NO_RISK)

    return make
