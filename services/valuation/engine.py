"""The valuation engine: assets, a market and a simulation in; a valuation or a failure for each asset out. No I/O.

An asset's figures depend on the asset, the market, the catalogue and the simulation alone: not on the other assets
of the call, not on what was valued before, not on threads. That is what lets a stored valuation be replayed to the
last bit.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from quant.pledges.cell_bank import CellBank
from quant.pledges.distribution import REPORTED_PROBABILITIES, HorizonScenarios
from quant.pledges.pledge_values import value_assets
from quant.schedules import CollateralTerms, ExposureSchedule
from services.runtime.errors import InvalidInput
from services.valuation.appraisal import Appraisal, Task, appraise
from services.valuation.asset import Asset
from services.valuation.catalogue.catalogue import Catalogue
from services.valuation.prepared_market import PreparedMarket
from services.valuation.pricers import PricedAsset, PricingContext, price_in
from services.valuation.recent import Recent
from services.valuation.same_inputs import inputs_key
from services.valuation.valuation import Failure, Simulation, Valuation

Pricer = Callable[[Asset, PricingContext], PricedAsset]

_ROWS_AT_ONCE = 4096
_VALUES_AT_ONCE = 2**24
_VALUES_OF_ONE_ASSET = 2**27
_MARKETS_KEPT = 16
_BANKS_KEPT = 4


class ValuationEngine:
    """Values assets; keeps scenarios and cells of the last few markets, and may be shared by threads.

    Args:
        catalogue: terms of the kinds.
        price: turns one asset into schedules; raises InvalidInput for an asset that makes no sense.
    """

    def __init__(self, catalogue: Catalogue, price: Pricer = price_in) -> None:
        self.catalogue = catalogue
        self._price = price
        self._contexts: Recent[tuple[str, dt.date], PricingContext] = Recent(_MARKETS_KEPT)
        self._banks: Recent[tuple[str, int, int, float], CellBank] = Recent(_BANKS_KEPT)

    def warm_up(self, market: PreparedMarket) -> None:
        """Load the kernels and draw the default scenarios, so that the first caller does not wait for them."""
        one, factor = np.ones(1), market.model.names[0]
        schedule = ExposureSchedule("", one, (factor,), one, ("",), CollateralTerms())
        value_assets([[schedule]], self._bank(market, Simulation()), REPORTED_PROBABILITIES)

    def value(
        self,
        assets: Sequence[Asset],
        market: PreparedMarket,
        simulation: Simulation,
        valuation_date: dt.date,
        *,
        explain: bool = False,
        batch_id: str = "",
    ) -> list[Valuation | Failure]:
        """A valuation or a failure for each asset, in order.

        Args:
            assets: what is valued.
            market: factors and curve.
            simulation: paths, seed, horizon and confidence.
            valuation_date: date for which the value is meant.
            explain: add the cash-flow tables.
            batch_id: what the ids of valuations that will be stored begin with; empty for none.
        """
        return [
            outcome if isinstance(outcome, Failure) else outcome.valuation
            for outcome in self.appraise(
                assets, market, simulation, valuation_date, explain=explain, batch_id=batch_id
            )
        ]

    def inputs_keys(
        self,
        assets: Sequence[Asset],
        market: PreparedMarket,
        simulation: Simulation,
        valuation_date: dt.date,
        *,
        explain: bool = False,
    ) -> list[str]:
        """What would decide the valuation of each asset, in order; equal keys, equal valuations."""
        task = Task.of(market, simulation, valuation_date, self.catalogue.content_hash, explain=explain)
        return [inputs_key(task.manifest(asset), explained=explain) for asset in assets]

    def appraise(
        self,
        assets: Sequence[Asset],
        market: PreparedMarket,
        simulation: Simulation,
        valuation_date: dt.date,
        *,
        explain: bool = False,
        batch_id: str = "",
    ) -> list[Appraisal | Failure]:
        """As `value`, with what the pricer said."""
        return self.appraise_priced(
            assets,
            self.priced(assets, market, valuation_date),
            market,
            simulation,
            valuation_date,
            explain=explain,
            batch_id=batch_id,
        )

    def priced(
        self, assets: Sequence[Asset], market: PreparedMarket, valuation_date: dt.date
    ) -> list[PricedAsset | Failure]:
        """What the pricers say of each asset in a market at a date, or a failure, in order."""
        context = self._contexts.get(
            (market.content_hash, valuation_date),
            lambda: PricingContext(self.catalogue, market.snapshot, valuation_date),
        )
        return [self._priced(asset, market, context) for asset in assets]

    def appraise_priced(
        self,
        assets: Sequence[Asset],
        priced_assets: Sequence[PricedAsset | Failure],
        market: PreparedMarket,
        simulation: Simulation,
        valuation_date: dt.date,
        *,
        explain: bool = False,
        batch_id: str = "",
    ) -> list[Appraisal | Failure]:
        """As `appraise`, for assets that were priced before, in this market or in another with the same factors."""
        task = Task.of(
            market,
            simulation,
            valuation_date,
            self.catalogue.content_hash,
            explain=explain,
            batch_id=batch_id,
        )
        outcomes: list[Appraisal | Failure | PricedAsset] = [
            _fitting(item, simulation.n_paths) for item in priced_assets
        ]
        for block in _blocks(outcomes, simulation.n_paths):
            priced = [item for _, item in block]
            # What overflows becomes that asset's failure below.
            with np.errstate(over="ignore", invalid="ignore"):
                values = value_assets(
                    [[schedule for _, schedule in item.alternatives] for item in priced],
                    self._bank(market, simulation),
                    task.probabilities,
                )
            for position, (i, item) in enumerate(block):
                outcomes[i] = appraise(assets[i], item, task, values=values, i=position, number=i)
        return [outcome for outcome in outcomes if not isinstance(outcome, PricedAsset)]

    def exposures(self, assets: Sequence[Asset], market: PreparedMarket) -> list[ExposureSchedule | Failure]:
        """The schedule of each asset, of the alternative with the largest V(0), or a failure."""
        outcomes = self.appraise(assets, market, Simulation(n_paths=256), market.snapshot.as_of)
        return [outcome if isinstance(outcome, Failure) else outcome.schedule for outcome in outcomes]

    def _priced(self, asset: Asset, market: PreparedMarket, context: PricingContext) -> PricedAsset | Failure:
        try:
            priced = self._price(asset, context)
            for _, schedule in priced.alternatives:
                _check_rows(schedule, market)
        except InvalidInput as error:
            return Failure(asset.asset_id, "INVALID_ARGUMENT", error.message, error.violations)
        except (ArithmeticError, ValueError, KeyError) as error:
            return Failure(asset.asset_id, "INVALID_ARGUMENT", f"{type(error).__name__}: {error}")
        return priced

    def _bank(self, market: PreparedMarket, simulation: Simulation) -> CellBank:
        key = (market.content_hash, simulation.seed, simulation.n_paths, simulation.horizon_years)
        return self._banks.get(key, lambda: _new_bank(market, simulation))


def _fitting(priced: PricedAsset | Failure, n_paths: int) -> PricedAsset | Failure:
    """The asset, or why its rows on so many paths would not fit into memory."""
    if isinstance(priced, Failure):
        return priced
    n_rows = sum(len(schedule) for _, schedule in priced.alternatives)
    if n_rows * n_paths <= _VALUES_OF_ONE_ASSET:
        return priced
    return Failure(
        priced.asset_id,
        "INVALID_ARGUMENT",
        f"found {n_rows} payments on {n_paths} paths, expected at most {_VALUES_OF_ONE_ASSET // n_rows} paths "
        "for so many payments",
    )


def _new_bank(market: PreparedMarket, simulation: Simulation) -> CellBank:
    scenarios = HorizonScenarios.draw(
        market.model, simulation.horizon_years, simulation.n_paths, simulation.seed
    )
    return CellBank(market.model, market.curve.discount_factors, scenarios)


def _check_rows(schedule: ExposureSchedule, market: PreparedMarket) -> None:
    if len(schedule) == 0:
        raise InvalidInput("the asset brings no cash flow, expected at least one")
    for factor in set(schedule.factors):
        if factor not in market.model:
            raise InvalidInput(
                f"factor {factor!r} is not in snapshot {market.snapshot.snapshot_id}, "
                f"expected one of {', '.join(market.model.names)}"
            )


def _blocks(outcomes: Sequence[object], n_paths: int) -> Iterator[list[tuple[int, PricedAsset]]]:
    """Consecutive priced assets with a bounded number of rows, fewer for many paths, so that memory stays bounded.

    An asset has at least one row, so that the rows bound the values on paths as well. Assets that end together come
    together, because they share the cells of their last payment; figures do not depend on the order.
    """
    most_rows = min(_ROWS_AT_ONCE, _VALUES_AT_ONCE // n_paths)
    block: list[tuple[int, PricedAsset]] = []
    rows = 0
    priced = [(i, outcome) for i, outcome in enumerate(outcomes) if isinstance(outcome, PricedAsset)]
    priced.sort(key=lambda pair: _end_of_term(pair[1]))
    for i, outcome in priced:
        n = sum(len(schedule) for _, schedule in outcome.alternatives)
        if block and rows + n > most_rows:
            yield block
            block, rows = [], 0
        block.append((i, outcome))
        rows += n
    if block:
        yield block


def _end_of_term(priced: PricedAsset) -> float:
    """Year of the last row; assets that end together share their cells."""
    return float(priced.alternatives[0][1].times_years[-1])
