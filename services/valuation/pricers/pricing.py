"""What every pricer takes and gives: the catalogue with today's market, and a priced asset."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from quant.forests.optimal_harvest import HarvestDecision
from quant.schedules import CollateralTerms, ExposureSchedule
from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot, SeasonalProfile
from services.runtime.results import Caution
from services.valuation.accounts.ecosystem_account import EcosystemAccount
from services.valuation.asset import Asset, TermsOverride
from services.valuation.catalogue.catalogue import Catalogue
from services.valuation.catalogue.kinds import Kind, assumptions_of
from services.valuation.cautions import CATALOGUE_ASSUMPTION, of_assumed_inputs, of_stated_value
from services.valuation.pricers.place_cautions import of_place


@dataclass(frozen=True, slots=True)
class LendingTerms:
    """Caps on the loan: loan over pledge value, loan over a year's cash (None: no such cap), lowest cover."""

    ltv_cap: float
    cash_multiple_cap: float | None
    min_dscr: float


@dataclass(frozen=True, slots=True, eq=False)
class PricedAsset:
    """One asset as schedules, ready to be valued.

    Attributes:
        asset_id: whose.
        kind: code in the catalogue, such as "vep_project.residual_income".
        alternatives: (name, schedule); one with an empty name, or several of which the better one counts.
        cautions: what a careful reader should know.
        disclosed_value_cny: value that is shown and never lent against; None where there is none.
        assumptions: terms and inputs that are assumptions, as text.
        annual_quantity: pledged units a year; None where there is no single unit.
        annual_quantity_unit: unit of that, empty where there is none.
        lending: caps on the loan.
        harvest: the choice of the date of felling, which the alternatives take today; None where there is none.
        account: the account behind it, its three bases apart; None where there is none.
    """

    asset_id: str
    kind: str
    alternatives: tuple[tuple[str, ExposureSchedule], ...]
    cautions: tuple[Caution, ...]
    disclosed_value_cny: float | None
    assumptions: tuple[str, ...]
    annual_quantity: float | None
    annual_quantity_unit: str
    lending: LendingTerms
    harvest: HarvestDecision | None = None
    account: EcosystemAccount | None = None


class PricingContext:
    """Catalogue and snapshot with the factors at hand, and the date that is time 0; immutable."""

    __slots__ = ("_derived", "_labels", "_levels", "catalogue", "snapshot", "valuation_date")

    def __init__(
        self, catalogue: Catalogue, snapshot: MarketSnapshot, valuation_date: dt.date | None = None
    ) -> None:
        self.catalogue = catalogue
        self.snapshot = snapshot
        self.valuation_date = snapshot.as_of if valuation_date is None else valuation_date
        self._levels = {factor.name: factor.level for factor in snapshot.primary_factors}
        self._derived = {factor.name: factor for factor in snapshot.derived_factors}
        self._labels = {factor.name: factor.label_zh for factor in snapshot.primary_factors}
        self._labels |= {factor.name: factor.label_zh for factor in snapshot.derived_factors}

    def level(self, factor: str, field: str) -> float:
        """Value today of a factor.

        Raises:
            InvalidInput: about `field`, with the known names, if the snapshot has no such factor.
        """
        level = self._levels.get(factor)
        if level is not None:
            return level
        self.require_factor(factor, field)
        derived = self._derived[factor]
        price = 1.0 if derived.price is None else self._levels[derived.price]
        return price * float(derived.payoff(self._levels[derived.driver]))

    def factor_zh(self, factor: str) -> str:
        """What Chinese readers call a factor; its code where the snapshot has no words for it."""
        return self._labels.get(factor) or factor

    def seasonal_profile(self, derived_factor: str) -> SeasonalProfile | None:
        """Monthly profile of the primary factor that drives a derived one; None where there is none."""
        derived = self._derived.get(derived_factor)
        driver = "" if derived is None else derived.driver
        return next((found for found in self.snapshot.seasonal_profiles if found.factor == driver), None)

    def require_factor(self, factor: str, field: str) -> None:
        """Refuse a factor that the snapshot does not have.

        Raises:
            InvalidInput: about `field`, with the known names.
        """
        if factor not in self._levels and factor not in self._derived:
            known = ", ".join((*self._levels, *self._derived))
            raise InvalidInput.of(
                field,
                f"found factor {factor!r}, expected one of snapshot {self.snapshot.snapshot_id}: {known}",
            )


def income_label(name_zh: str, name_en: str, *, price: float, market: float, unit: str) -> str:
    """Label of income rows, which says so where the asset's own price is carried in the quantity.

    A factor moves every asset that it prices by its own level, so income at another price is
    quantity x price / market units of it: what a reader of the row must know to find the quantity again.

    Args:
        name_zh: what the income is.
        name_en: the same in English.
        price: of the asset, CNY per `unit`.
        market: level of the factor today; 1 where the factor is an index or `cny`.
        unit: of the quantity.

    >>> income_label("签发", "Issue", price=157.0, market=96.0, unit="t")
    '签发（自有价 157 元/t，数量按市价 96 折算） Issue (own price 157 CNY/t; quantity restated at the market 96)'
    """
    if price == market:
        return f"{name_zh} {name_en}"
    if market == 1.0:
        return (
            f"{name_zh}（单价 {price:g} 元/{unit}，数量为今日价金额，元） "
            f"{name_en} (price {price:g} CNY/{unit}; quantity is CNY at today's price)"
        )
    return (
        f"{name_zh}（自有价 {price:g} 元/{unit}，数量按市价 {market:g} 折算） "
        f"{name_en} (own price {price:g} CNY/{unit}; quantity restated at the market {market:g})"
    )


def cash_label(name_zh: str, name_en: str, level: float) -> str:
    """Label of cash that is stated in CNY and carried as units of a factor, which says so where these are not CNY.

    >>> cash_label("收入", "Income", 1.0)
    '收入 Income'
    """
    if level == 1.0:
        return f"{name_zh} {name_en}"
    return f"{name_zh}（数量为现金按市价 {level:g} 折算） {name_en} (quantity is cash restated at the market {level:g})"


class Rows:
    """Collects the rows of one schedule."""

    __slots__ = ("factors", "labels", "quantities", "times")

    def __init__(self) -> None:
        self.times: list[float] = []
        self.factors: list[str] = []
        self.quantities: list[float] = []
        self.labels: list[str] = []

    def add(self, time_years: float, factor: str, quantity: float, label: str) -> None:
        """One row."""
        self.times.append(time_years)
        self.factors.append(factor)
        self.quantities.append(quantity)
        self.labels.append(label)

    def add_years(
        self, years: Sequence[tuple[float, float]], factor: str, annual_quantity: float, label: str
    ) -> None:
        """One row for each (time, share of a year)."""
        n = len(years)
        self.times += [time for time, _ in years]
        self.quantities += [annual_quantity * share for _, share in years]
        self.factors += [factor] * n
        self.labels += [label] * n

    def schedule(self, asset_id: str, terms: CollateralTerms) -> ExposureSchedule:
        """The rows in order of time; rows of one time stay in the order in which they were added."""
        times = np.array(self.times)
        if len(times) > 1 and (times[1:] < times[:-1]).any():
            order = np.argsort(times, kind="stable")
            positions = order.tolist()
            return ExposureSchedule(
                asset_id,
                times[order],
                tuple([self.factors[i] for i in positions]),
                np.array(self.quantities)[order],
                tuple([self.labels[i] for i in positions]),
                terms,
            )
        return ExposureSchedule(
            asset_id, times, tuple(self.factors), np.array(self.quantities), tuple(self.labels), terms
        )


def collateral_terms(kind: Kind, override: TermsOverride | None) -> CollateralTerms:
    """Terms of the kind with those of the asset in their place.

    Raises:
        InvalidInput: if a term of the asset is out of range.
    """
    if override is None:
        return kind.terms
    base = kind.terms

    def chosen(own: float | None, catalogued: float) -> float:
        return catalogued if own is None else own

    try:
        return CollateralTerms(
            risk_premium_annual=chosen(override.risk_premium_annual, base.risk_premium_annual),
            event_intensity=chosen(override.event_intensity_annual, base.event_intensity),
            event_severity=chosen(override.event_severity, base.event_severity),
            quantity_cv=chosen(override.quantity_cv, base.quantity_cv),
            disposal_cost=chosen(override.disposal_cost, base.disposal_cost),
            disposal_lag_years=chosen(override.disposal_lag_years, base.disposal_lag_years),
            liquidity_discount=chosen(override.liquidity_discount, base.liquidity_discount),
        )
    except ValueError as error:
        raise InvalidInput.of("terms", str(error)) from None


def _assumed_terms(kind: Kind, override: TermsOverride | None, catalogue: Catalogue) -> tuple[str, ...]:
    """Assumptions among the terms of the kind; one that the asset replaces is not used and not told."""
    if override is None:
        return catalogue.assumptions[kind.code]
    own = [field.name for field in fields(override) if getattr(override, field.name) is not None]
    return assumptions_of(kind, [name.replace("event_intensity_annual", "event_intensity") for name in own])


def lending_terms(kind: Kind, asset: Asset) -> LendingTerms:
    """Caps of the kind, with the asset's own loan-to-value cap in its place."""
    own = None if asset.terms is None else asset.terms.ltv_cap
    return LendingTerms(kind.ltv_cap if own is None else own, kind.cash_multiple_cap, kind.min_dscr)


def priced_asset(
    asset: Asset,
    kind: Kind,
    context: PricingContext,
    alternatives: Sequence[tuple[str, Rows]],
    cautions: Sequence[Caution],
    *,
    disclosed_value_cny: float | None = None,
    annual_quantity: float | None = None,
    annual_quantity_unit: str = "",
    assumptions: Sequence[str] = (),
    harvest: HarvestDecision | None = None,
    account: EcosystemAccount | None = None,
) -> PricedAsset:
    """What a pricer found, with what every kind has: terms, cautions on place and stated value, assumptions.

    Args:
        asset: whose rows these are.
        kind: its entry in the catalogue.
        context: catalogue and market.
        alternatives: (name, rows).
        cautions: of this pricer.
        disclosed_value_cny: shown and not lent against; the asset's stated value where None.
        annual_quantity: pledged units a year.
        annual_quantity_unit: unit of that.
        assumptions: terms of the pricer that are assumptions, as text.
        harvest: choice of the date of felling.
        account: behind it.

    Raises:
        InvalidInput: if the asset's own terms are out of range or a row is not a finite number.
    """
    terms = collateral_terms(kind, asset.terms)
    try:
        schedules = tuple([(name, rows.schedule(asset.asset_id, terms)) for name, rows in alternatives])
    except ValueError as error:
        raise InvalidInput.of("detail", str(error)) from None
    stated = asset.stated_value
    factors = {factor: context.factor_zh(factor) for _, rows in alternatives for factor in rows.factors}
    if disclosed_value_cny is None and stated is not None:
        disclosed_value_cny = stated.value_cny
    return PricedAsset(
        asset.asset_id,
        kind.code,
        schedules,
        (
            *cautions,
            *of_place(asset.place, factors, context.catalogue.served_places),
            *of_stated_value(stated),
            *of_assumed_inputs(asset.assumed_fields),
            CATALOGUE_ASSUMPTION,
        ),
        disclosed_value_cny,
        (*asset.assumed_fields, *assumptions, *_assumed_terms(kind, asset.terms, context.catalogue)),
        annual_quantity,
        annual_quantity_unit,
        lending_terms(kind, asset),
        harvest,
        account,
    )
