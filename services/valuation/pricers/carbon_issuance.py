"""When carbon credits are issued, how many and at which price: at the end of each monitoring period, plus the lag.

Each issuance happens if the project is registered at all, so the expected quantity is the whole tonnes times the
registration probability. A carbon ticket may become a CCER: from a stated year on its price is
(1 - p) ticket + p CCER, p the probability of conversion.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from services.runtime.errors import InvalidInput
from services.runtime.results import Caution
from services.runtime.vocabulary.assumption_lines import assumption_line
from services.runtime.vocabulary.names import choice_zh
from services.valuation.asset import CarbonInstrument, CarbonIssuance
from services.valuation.catalogue.carbon_rules import Methodology
from services.valuation.catalogue.kinds import CarbonTerms
from services.valuation.cautions import of_price, of_yield
from services.valuation.pricers.carbon_cautions import (
    of_buffer,
    of_counted_trees,
    of_crediting_period,
    of_losing_stand,
    of_methodology,
    of_monitoring_period,
)
from services.valuation.pricers.carbon_stock import ProjectCarbon, project_carbon
from services.valuation.pricers.pricing import PricingContext, Rows, income_label


@dataclass(frozen=True, slots=True)
class Conversion:
    """Sale of a carbon ticket as another instrument: factor of its price, probability, first year."""

    factor: str
    probability: float
    from_years: float


@dataclass(frozen=True, slots=True)
class IssuedCredits:
    """What a project is expected to be issued.

    Attributes:
        factor: price of one tonne in the snapshot.
        price, market: the project's own price and the snapshot's, CNY/t; their ratio multiplies every quantity.
        conversion: sale as another instrument; None where there is none.
        registration_probability: whether anything is issued at all.
        stop_intensity_annual: expected stops of the registry a year.
        times_years: of each issuance, increasing.
        tonnes: whole tCO2e of each issuance if registered.
        annual_t: declared tonnes a year, or the mean of a growing stand's.
        cost_cny_per_issuance: monitoring and verification.
        cautions: on price, yield, periods, methodology and buffer.
        assumptions: terms of catalogue and methodology that were used for want of the asset's own.
    """

    factor: str
    price: float
    market: float
    conversion: Conversion | None
    registration_probability: float
    stop_intensity_annual: float
    times_years: tuple[float, ...]
    tonnes: tuple[int, ...]
    annual_t: float
    cost_cny_per_issuance: float
    cautions: tuple[Caution, ...]
    assumptions: tuple[str, ...]

    def add_to(self, rows: Rows, *, until_years: float = math.inf, take_off_stops: bool = False) -> float:
        """Add income and cost of the issuances.

        Args:
            rows: of the schedule.
            until_years: issuances after it are left out.
            take_off_stops: multiply by the probability that the registry has not stopped; False leaves that to the
                loss of the whole right.

        Returns:
            Credits that are expected to be issued by then, tCO2e.
        """
        added = 0.0
        for number, (time, tonnes) in enumerate(zip(self.times_years, self.tonnes, strict=True), start=1):
            if time > until_years:
                break
            issued = self.registration_probability
            if take_off_stops:
                issued *= math.exp(-self.stop_intensity_annual * time)
            credits_t = tonnes * issued
            self._sell(rows, time, credits_t, number)
            added += credits_t
            if self.cost_cny_per_issuance > 0.0:
                cost = self.cost_cny_per_issuance * issued
                rows.add(time, "cny", -cost, f"第{number}期监测与核证 Verification {number}")
        return added

    def market_parts(self, time_years: float) -> Iterator[tuple[str, float]]:
        """Factors whose prices a tonne has on the market at a time, with the share of each."""
        converted = self._converted(time_years)
        if converted < 1.0:
            yield self.factor, 1.0 - converted
        if self.conversion is not None and converted > 0.0:
            yield self.conversion.factor, converted

    def _sell(self, rows: Rows, time: float, credits_t: float, number: int) -> None:
        converted = self._converted(time)
        label = income_label(
            f"第{number}期碳汇签发", f"Issuance {number}", price=self.price, market=self.market, unit="t"
        )
        if converted < 1.0:
            rows.add(time, self.factor, credits_t * (1.0 - converted) * (self.price / self.market), label)
        if self.conversion is not None and converted > 0.0:
            sold = f"第{number}期转为CCER出售（概率 {converted:g}） Issuance {number} sold as CCER"
            rows.add(time, self.conversion.factor, credits_t * converted, sold)

    def _converted(self, time_years: float) -> float:
        conversion = self.conversion
        return 0.0 if conversion is None or time_years < conversion.from_years else conversion.probability


def issued_credits(issuance: CarbonIssuance, field: str, context: PricingContext) -> IssuedCredits:
    """The issuances of a project.

    Args:
        issuance: as the asset states it.
        field: path of the issuance in the asset.
        context: catalogue and market.

    Raises:
        InvalidInput: as `project_carbon`, for an unknown version of the methodology, or a conversion of what is no
            carbon ticket.
    """
    terms = context.catalogue.carbon[issuance.instrument]
    methodology = _methodology(issuance, field, context)
    market = context.level(terms.factor, f"{field}.instrument")
    price = market if issuance.price_cny_per_t is None else issuance.price_cny_per_t
    registered = issuance.registration_probability
    carbon = project_carbon(issuance, _risk(issuance, terms, methodology), field, context.catalogue)
    return IssuedCredits(
        terms.factor,
        price,
        market,
        _conversion(issuance, field, context),
        terms.registration_probability if registered is None else registered,
        terms.stop_intensity_annual,
        tuple([edge + issuance.issuance_lag_years for edge in carbon.edges_years[1:]]),
        carbon.tonnes,
        carbon.annual_t,
        issuance.cost_cny_per_issuance,
        (
            *of_price(price, market, "CNY/t", f"{field}.price_cny_per_t", context.catalogue.thresholds),
            *_cautions_of_carbon(carbon, field, context),
            *_cautions_of_trees(issuance, carbon, field),
            *_cautions_of_methodology(issuance, methodology, field),
        ),
        _assumptions(issuance, terms, methodology),
    )


def _methodology(issuance: CarbonIssuance, field: str, context: PricingContext) -> Methodology | None:
    """The version a CCER is counted by; of a carbon ticket no rule is known, its text is for people."""
    if issuance.instrument is not CarbonInstrument.CCER:
        return None
    return context.catalogue.carbon_rules.methodology(issuance.methodology, f"{field}.methodology")


def _risk(issuance: CarbonIssuance, terms: CarbonTerms, methodology: Methodology | None) -> float:
    if issuance.risk_deduction is not None:
        return issuance.risk_deduction
    if methodology is not None:
        return methodology.risk_deduction
    return 0.0 if terms.risk_deduction is None else terms.risk_deduction


def _conversion(issuance: CarbonIssuance, field: str, context: PricingContext) -> Conversion | None:
    if issuance.conversion_probability == 0.0:
        return None
    if issuance.instrument is not CarbonInstrument.TICKET:
        raise InvalidInput.of(
            f"{field}.conversion_probability",
            f"found {issuance.conversion_probability:g} for {issuance.instrument.value}, expected 0: only a carbon "
            "ticket can become a CCER",
        )
    factor = context.catalogue.carbon[CarbonInstrument.CCER].factor
    context.require_factor(factor, f"{field}.conversion_probability")
    return Conversion(factor, issuance.conversion_probability, issuance.conversion_from_years)


def _cautions_of_carbon(carbon: ProjectCarbon, field: str, context: PricingContext) -> list[Caution]:
    found: list[Caution] = []
    if carbon.area_ha is not None:
        found += of_yield(carbon.annual_t, carbon.area_ha, f"{field}.area_ha", context.catalogue.thresholds)
    if carbon.buffer_t > 0.0:  # without a deduction the buffer is in the declared figure, unknown
        reversal = context.catalogue.carbon_rules.reversal
        found += of_buffer(
            carbon.buffer_cover(reversal.intensity_annual, reversal.severity),
            carbon.buffer_t,
            least_cover=reversal.least_buffer_cover,
            stock_known=carbon.stock_known,
            field=f"{field}.risk_deduction",
        )
    return found


def _cautions_of_trees(issuance: CarbonIssuance, carbon: ProjectCarbon, field: str) -> list[Caution]:
    if issuance.inventory is None:
        return []
    trees = f"{field}.inventory"
    return [
        of_counted_trees(carbon.on_site_t[0] / issuance.inventory.area_ha, trees),
        *of_losing_stand(carbon.on_site_t, trees),
    ]


def _cautions_of_methodology(
    issuance: CarbonIssuance, methodology: Methodology | None, field: str
) -> list[Caution]:
    if methodology is None:
        return []
    return [
        *of_crediting_period(issuance.crediting_years, f"{field}.crediting_years", methodology),
        *of_monitoring_period(
            issuance.monitoring_period_years, f"{field}.monitoring_period_years", methodology
        ),
        of_methodology(methodology, f"{field}.methodology"),
    ]


def _assumptions(
    issuance: CarbonIssuance, terms: CarbonTerms, methodology: Methodology | None
) -> tuple[str, ...]:
    of_terms = [
        assumption_line(
            choice_zh(terms.instrument),
            terms.instrument,
            [(source.parameter, f"{getattr(terms, source.parameter):g}")],
            source.citation,
        )
        for source in terms.sources
        if getattr(issuance, source.parameter, None) is None
    ]
    if methodology is None or issuance.risk_deduction is not None:
        return tuple(of_terms)
    return (*of_terms, *methodology.assumptions("risk_deduction"))
