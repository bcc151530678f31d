"""When carbon credits are issued and how many: whole tonnes at the end of each monitoring period, plus the lag.

Credits of a period = floor(dCO2 x area x (1 - U) x (1 - K) x verification ratio), K the risk deduction, U the
deduction for uncertainty. Declared tonnes are taken as net of baseline and leakage and before K and U; an asset whose
figure is already net of K states `risk_deduction` 0. Each issuance happens if the project is registered at all, so
the expected quantity is the whole tonnes times the registration probability.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from quant.forestry import period_credits_t, richards
from services.runtime.errors import InvalidInput
from services.runtime.results import Caution
from services.valuation.asset import CarbonInstrument, CarbonIssuance, StandGrowth
from services.valuation.catalogue import Catalogue, Thresholds
from services.valuation.cautions import of_crediting_period, of_methodology, of_price, of_yield
from services.valuation.pricers.pricing import PricingContext, Rows, income_label

_SAME_YEARS = 1e-9
_SAME_TONNES = 1e-6


@dataclass(frozen=True, slots=True)
class IssuedCredits:
    """What a project is expected to be issued.

    Attributes:
        factor: price of one tonne in the snapshot.
        price, market: the project's own price and the snapshot's, CNY/t; their ratio multiplies every quantity.
        registration_probability: whether anything is issued at all.
        stop_intensity_annual: expected stops of the registry a year.
        times_years: of each issuance, increasing.
        tonnes: whole tCO2e of each issuance if registered.
        annual_t: declared tonnes a year, or the mean of a growing stand's.
        cost_cny_per_issuance: monitoring and verification.
        cautions: on price, yield, period and methodology.
        assumptions: catalogue terms that were used for want of the asset's own.
    """

    factor: str
    price: float
    market: float
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
            label = income_label(
                f"第{number}期碳汇签发", f"Issuance {number}", price=self.price, market=self.market, unit="t"
            )
            rows.add(time, self.factor, credits_t * (self.price / self.market), label)
            added += credits_t
            if self.cost_cny_per_issuance > 0.0:
                cost = self.cost_cny_per_issuance * issued
                rows.add(time, "cny", -cost, f"第{number}期监测与核证 Verification {number}")
        return added


def issued_credits(issuance: CarbonIssuance, field: str, context: PricingContext) -> IssuedCredits:
    """The issuances of a project.

    Args:
        issuance: as the asset states it.
        field: path of the issuance in the asset.
        context: catalogue and market.

    Raises:
        InvalidInput: for an unknown species or growth that makes no curve, or not exactly one of growth and tonnes.
    """
    _require_one_source(issuance, field)
    terms = context.catalogue.carbon[issuance.instrument]
    market = context.level(terms.factor, f"{field}.instrument")
    price = market if issuance.price_cny_per_t is None else issuance.price_cny_per_t
    risk = terms.risk_deduction if issuance.risk_deduction is None else issuance.risk_deduction
    registered = issuance.registration_probability
    edges = _period_edges(issuance)
    if issuance.growth is None:
        tonnes = _declared_tonnes(issuance, edges, risk)
        annual = issuance.tonnes_per_year or 0.0
        area = issuance.area_ha
    else:
        tonnes = _grown_tonnes(
            issuance, issuance.growth, edges, risk=risk, field=field, catalogue=context.catalogue
        )
        annual = sum(tonnes) / issuance.crediting_years
        area = issuance.growth.area_ha if issuance.area_ha is None else issuance.area_ha
    return IssuedCredits(
        terms.factor,
        price,
        market,
        terms.registration_probability if registered is None else registered,
        terms.stop_intensity_annual,
        tuple([edge + issuance.issuance_lag_years for edge in edges[1:]]),
        tonnes,
        annual,
        issuance.cost_cny_per_issuance,
        _cautions(
            issuance,
            field,
            price=price,
            market=market,
            annual_t=annual,
            area_ha=area,
            limits=context.catalogue.thresholds,
        ),
        _assumptions(issuance, context.catalogue),
    )


def _period_edges(issuance: CarbonIssuance) -> list[float]:
    """Begin of the first monitoring period and the end of each; the last one may be short."""
    start, length = issuance.start_years, issuance.monitoring_period_years
    end = start + issuance.crediting_years
    whole = math.ceil(issuance.crediting_years / length - _SAME_YEARS)
    return [start + length * i for i in range(whole)] + [end]


def _declared_tonnes(issuance: CarbonIssuance, edges: list[float], risk: float) -> tuple[int, ...]:
    kept = (1.0 - issuance.uncertainty_deduction) * (1.0 - risk) * issuance.verification_ratio
    annual = (issuance.tonnes_per_year or 0.0) * kept
    return tuple([math.floor(annual * (end - begin) + _SAME_TONNES) for begin, end in pairwise(edges)])


def _grown_tonnes(
    issuance: CarbonIssuance,
    growth: StandGrowth,
    edges: list[float],
    *,
    risk: float,
    field: str,
    catalogue: Catalogue,
) -> tuple[int, ...]:
    species = catalogue.species.get(growth.species) or catalogue.species.get(growth.species.lower())
    if species is None:
        known = ", ".join(dict.fromkeys(entry.name_zh for entry in catalogue.species.values()))
        raise InvalidInput.of(
            f"{field}.growth.species", f"found unknown species {growth.species!r}, expected one of {known}"
        )
    try:
        volume = richards(
            np.array(edges) + growth.age_years,
            growth.asymptotic_volume_m3_per_ha,
            growth.rate_per_year,
            growth.shape,
        )
        whole = period_credits_t(
            np.diff(volume) * (species.co2_t_per_m3 * issuance.verification_ratio),
            growth.area_ha,
            uncertainty_deduction=issuance.uncertainty_deduction,
            risk_deduction=risk,
        )
    except ValueError as error:
        raise InvalidInput.of(f"{field}.growth", str(error)) from None
    return tuple(whole.tolist())


def _cautions(
    issuance: CarbonIssuance,
    field: str,
    *,
    price: float,
    market: float,
    annual_t: float,
    area_ha: float | None,
    limits: Thresholds,
) -> tuple[Caution, ...]:
    found = of_price(price, market, "CNY/t", f"{field}.price_cny_per_t", limits)
    if area_ha is not None:
        found += of_yield(annual_t, area_ha, f"{field}.area_ha", limits)
    if issuance.instrument is CarbonInstrument.CCER:
        found += of_crediting_period(issuance.crediting_years, f"{field}.crediting_years", limits)
        found.append(of_methodology(f"{field}.methodology"))
    return tuple(found)


def _assumptions(issuance: CarbonIssuance, catalogue: Catalogue) -> tuple[str, ...]:
    terms = catalogue.carbon[issuance.instrument]
    return tuple(
        [
            f"{terms.instrument}: {source.parameter} = {getattr(terms, source.parameter):g} ({source.citation})"
            for source in terms.sources
            if getattr(issuance, source.parameter, None) is None
        ]
    )


def _require_one_source(issuance: CarbonIssuance, field: str) -> None:
    if (issuance.growth is None) == (issuance.tonnes_per_year is None):
        raise InvalidInput.of(
            field,
            "expected exactly one of tonnes_per_year and growth, found "
            + ("neither" if issuance.growth is None else "both"),
        )
