"""The value of one asset under several versions of one factor: what the choice of model is worth."""

from dataclasses import replace

from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot, QuotedFactor
from services.valuation.asset import Asset
from services.valuation.calibration.calibrated import Calibration, ModelRisk, ModelValue
from services.valuation.engine import ValuationEngine
from services.valuation.prepared_market import PreparedMarket
from services.valuation.valuation import Failure, Simulation


def model_risk(
    asset: Asset, calibration: Calibration, market: PreparedMarket, engine: ValuationEngine
) -> ModelRisk | Failure:
    """Value an asset with the snapshot as it stands and with each fitted model in the factor's place.

    All three see the same random numbers, so that a difference is one of models.

    Returns:
        A failure where the asset cannot be priced.

    Raises:
        InvalidInput: the factor is not a primary factor of the snapshot.
    """
    factor = calibration.mean_reverting.factor
    names = [known.name for known in market.snapshot.primary_factors]
    if factor.name not in names:
        raise InvalidInput.of(
            "factor",
            f"found {factor.name!r}, expected, as an asset is given, a primary factor of snapshot "
            f"{market.snapshot.snapshot_id}: {', '.join(names)}",
        )
    versions = (
        market,
        _with_factor(market.snapshot, factor, "mean-reverting"),
        _with_factor(market.snapshot, calibration.brownian.factor, "brownian"),
    )
    values: list[ModelValue] = []
    for version in versions:
        [outcome] = engine.value([asset], version, Simulation(), version.snapshot.as_of)
        if isinstance(outcome, Failure):
            return outcome
        values.append(ModelValue(outcome.value_cny, outcome.pledge_value_cny))
    return ModelRisk(asset.asset_id, *values)


def _with_factor(snapshot: MarketSnapshot, factor: QuotedFactor, version: str) -> PreparedMarket:
    factors = tuple(factor if known.name == factor.name else known for known in snapshot.primary_factors)
    # A name for messages; the snapshot is never stored.
    name = f"{snapshot.snapshot_id} ({version})"
    return PreparedMarket.of(replace(snapshot, snapshot_id=name, primary_factors=factors))
