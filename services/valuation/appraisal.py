"""From the engine's arrays to the valuation of one asset: distribution, haircut, pledge value, table, manifest."""

import datetime as dt
import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import msgspec

from quant.market.curves import DiscountCurve
from quant.pledges.distribution import REPORTED_PROBABILITIES
from quant.pledges.pledge_values import AssetValues
from quant.schedules import ExposureSchedule
from services.runtime.results import Caution, Distribution, Manifest, Quantile
from services.valuation.asset import Asset
from services.valuation.cautions import of_horizon, of_market_age, of_negative_value
from services.valuation.explanation import Explanation, explain
from services.valuation.harvest_option import harvest_option
from services.valuation.prepared_market import PreparedMarket
from services.valuation.pricers.pricing import PricedAsset
from services.valuation.valuation import CashFlowLine, Failure, Simulation, Valuation

ENGINE_VERSION = "valuation-7"
"""Changes whenever a figure may change in any bit; replay compares it."""

_CANONICAL = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What all assets of a call share.

    Attributes:
        market, simulation, valuation_date, catalogue_hash, explain, batch_id: of the call.
        probabilities: reported levels, the one of the confidence among them.
        low: position of that one.
        cautions: about the dates of the call.
    """

    market: PreparedMarket
    simulation: Simulation
    valuation_date: dt.date
    catalogue_hash: str
    explain: bool
    batch_id: str
    probabilities: tuple[float, ...]
    low: int
    cautions: tuple[Caution, ...]

    @classmethod
    def of(
        cls,
        market: PreparedMarket,
        simulation: Simulation,
        valuation_date: dt.date,
        catalogue_hash: str,
        *,
        explain: bool,
        batch_id: str = "",
    ) -> Self:
        """The task of a call."""
        levels, low = _levels(simulation.confidence)
        cautions = tuple(of_market_age(valuation_date, market.snapshot.as_of))
        return cls(
            market, simulation, valuation_date, catalogue_hash, explain, batch_id, levels, low, cautions
        )

    def manifest(self, asset: Asset) -> Manifest:
        """What it takes to compute this asset's valuation again."""
        content = (type(asset.detail).__name__, asset, self.simulation, self.valuation_date)
        return Manifest(
            hashlib.sha256(_CANONICAL.encode(content)).hexdigest(),
            self.market.snapshot.snapshot_id,
            self.market.content_hash,
            self.catalogue_hash,
            self.simulation.seed,
            self.simulation.n_paths,
            ENGINE_VERSION,
        )

    def disposal_share(self, schedule: ExposureSchedule) -> float:
        """What a forced sale at the horizon brings per CNY of going value then, waiting discounted."""
        return disposal_share_at(schedule, self.market, self.simulation.horizon_years)


def disposal_share_at(schedule: ExposureSchedule, market: PreparedMarket, horizon_years: float) -> float:
    """What a forced sale at a horizon brings per CNY of going value then, waiting discounted."""
    terms = schedule.terms
    paid = _discount_over_lag(
        market.curve, horizon_years, terms.disposal_lag_years, terms.risk_premium_annual
    )
    return terms.disposal_share(paid)


def low_probability(confidence: float) -> float:
    """The level of the low quantile, rounded so that 0.95 asks for 0.05 and not for the nearest float of 1 - 0.95."""
    return round(1.0 - confidence, 12)


@lru_cache(maxsize=64)
def _levels(confidence: float) -> tuple[tuple[float, ...], int]:
    """Reported levels, the one of the confidence among them, and its position."""
    low = low_probability(confidence)
    levels = tuple(sorted({*REPORTED_PROBABILITIES, low}))
    return levels, levels.index(low)


@lru_cache(maxsize=4096)
def _discount_over_lag(curve: DiscountCurve, begin: float, lag: float, premium: float) -> float:
    """Value at the horizon of 1 paid a lag later, at the curve plus the risk premium."""
    paid = curve.discount_factors([begin, begin + lag])
    return float(paid[1] / paid[0]) * math.exp(-premium * lag)


@dataclass(frozen=True, slots=True, eq=False)
class Appraisal:
    """A valuation with what the pricer said and the schedule of the better alternative."""

    priced: PricedAsset
    schedule: ExposureSchedule
    valuation: Valuation


def appraise(
    asset: Asset, priced: PricedAsset, task: Task, *, values: AssetValues, i: int, number: int
) -> Appraisal | Failure:
    """The valuation of one asset; a failure where the figures overflow.

    Args:
        asset: what is valued.
        priced: what the pricer said.
        task: what all assets of the call share.
        values: figures of a block of assets.
        i: position of the asset in them.
        number: its position in the call.
    """
    name, schedule = priced.alternatives[values.best[i]]
    value = float(values.value[i])
    at_horizon = _distribution(values, i)
    low_quantile = at_horizon.quantiles[task.low].value
    pledge_value = max(0.0, low_quantile) * task.disposal_share(schedule)
    if not (math.isfinite(value) and math.isfinite(at_horizon.standard_deviation + pledge_value)):
        return _overflow(asset, value)
    simulation = task.simulation
    explanation = explain(priced, schedule, task.market, simulation) if task.explain else Explanation()
    if not explanation.is_finite:
        return _overflow(asset, value)
    valuation = Valuation(
        valuation_id=f"{task.batch_id}-{number:05d}" if task.batch_id else "",
        asset_id=asset.asset_id,
        kind=priced.kind,
        valuation_date=task.valuation_date,
        value_cny=value,
        horizon_years=simulation.horizon_years,
        confidence=simulation.confidence,
        value_at_horizon=at_horizon,
        haircut=haircut(value, low_quantile),
        pledge_value_cny=pledge_value,
        undiscounted_sum_cny=float(values.undiscounted[i]),
        annual_cash_cny=float(values.first_year[i]),
        disclosed_value_cny=priced.disclosed_value_cny,
        best_alternative=name,
        cautions=(
            *priced.cautions,
            *of_negative_value(value),
            *of_horizon(float(schedule.times_years[-1]), simulation.horizon_years),
            *task.cautions,
        ),
        assumptions=priced.assumptions,
        cash_flows=_cash_flows(schedule, values, i) if task.explain else (),
        manifest=task.manifest(asset),
        harvest_option=harvest_option(priced, task.market, simulation) if task.explain else None,
        sensitivities=explanation.sensitivities,
        main_drivers=explanation.main_drivers,
        realised_value_cny=explanation.realised_value_cny,
        ecosystem_account=priced.account,
    )
    return Appraisal(priced, schedule, valuation)


def _overflow(asset: Asset, value: float) -> Failure:
    return Failure(
        asset.asset_id, "INVALID_ARGUMENT", f"the value overflows, found {value}; expected smaller inputs"
    )


def haircut(value: float, low_quantile: float) -> float:
    """Share of V(0) that is lost at the low quantile, 0 to 1; 1 where there is no value to lose."""
    return min(1.0, max(0.0, 1.0 - low_quantile / value)) if value > 0.0 else 1.0


def _distribution(values: AssetValues, i: int) -> Distribution:
    of = values.at_horizon
    points = zip(of.probabilities, of.quantiles[i].tolist(), of.quantile_errors[i].tolist(), strict=True)
    return Distribution(
        float(of.mean[i]),
        float(of.mean_error[i]),
        float(of.sd[i]),
        tuple([Quantile(probability, value, error) for probability, value, error in points]),
    )


def _cash_flows(schedule: ExposureSchedule, values: AssetValues, i: int) -> tuple[CashFlowLine, ...]:
    rows = slice(values.row_start[i], values.row_start[i] + len(schedule))
    lines = zip(
        schedule.times_years.tolist(),
        schedule.factors,
        schedule.quantities.tolist(),
        values.expected_factor[rows].tolist(),
        values.expected_amount[rows].tolist(),
        values.present_value[rows].tolist(),
        schedule.labels,
        strict=True,
    )
    return tuple(CashFlowLine(*line) for line in lines)
