"""The carbon of a project: whole tonnes to be issued for each monitoring period, and what stands on the site.

Credits of a period = floor(dCO2 x area x (1 - U) x (1 - K) x verification ratio), K the risk deduction, U the
deduction for uncertainty. Declared tonnes are taken as net of baseline and leakage and before K and U; an asset whose
figure is already net of K states `risk_deduction` 0.

On the site stands all the carbon of the trees, credited or not: that is what a fire takes. Of declared tonnes only
what was added since the beginning is known.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from quant.forestry import GROWTH_CURVES, buffer_cover, carbon_dioxide_t, carbon_tc, period_credits_t
from quant.forests.stand_table import stand_table_biomass_t
from services.runtime.errors import InvalidInput
from services.valuation.asset import CarbonIssuance, GrowthCurve, StandGrowth, StandInventory
from services.valuation.catalogue.catalogue import Catalogue
from services.valuation.catalogue.species import Species

_SAME_YEARS = 1e-9
_SAME_TONNES = 1e-6


@dataclass(frozen=True, slots=True)
class ProjectCarbon:
    """Carbon of a project over its crediting period.

    Attributes:
        edges_years: begin of the first monitoring period and the end of each.
        tonnes: whole tCO2e of each period if registered.
        risk_deduction: K that was taken off.
        on_site_t: tCO2 that stand on the whole area at each edge.
        stock_known: whether the stock at the beginning is in it.
        annual_t: declared tonnes a year, or the mean of a growing stand's.
        area_ha: None where it is not known.
    """

    edges_years: tuple[float, ...]
    tonnes: tuple[int, ...]
    risk_deduction: float
    on_site_t: tuple[float, ...]
    stock_known: bool
    annual_t: float
    area_ha: float | None

    @property
    def buffer_t(self) -> float:
        """Credits set aside by the risk deduction, tCO2e; 0 where nothing is taken off or everything."""
        kept = 1.0 - self.risk_deduction
        return sum(self.tonnes) * self.risk_deduction / kept if kept > 0.0 else 0.0

    def buffer_cover(self, reversal_intensity_annual: float, reversal_severity: float) -> float:
        """Buffer over the reversal that is expected of the carbon on site; inf where none is expected."""
        return buffer_cover(
            self.edges_years,
            self.on_site_t,
            buffer_t=self.buffer_t,
            reversal_intensity_annual=reversal_intensity_annual,
            reversal_severity=reversal_severity,
        )


def project_carbon(issuance: CarbonIssuance, risk: float, field: str, catalogue: Catalogue) -> ProjectCarbon:
    """The carbon of a project.

    Args:
        issuance: as the asset states it.
        risk: deduction K.
        field: path of the issuance in the asset.
        catalogue: holds the species.

    Raises:
        InvalidInput: for an unknown species or growth that makes no curve, or not exactly one of growth and tonnes.
    """
    _require_one_source(issuance, field)
    edges = _period_edges(issuance)
    if issuance.inventory is not None:
        return _counted(issuance, issuance.inventory, edges, risk=risk, field=field, catalogue=catalogue)
    if issuance.growth is None:
        return _declared(issuance, edges, risk)
    return _grown(issuance, issuance.growth, edges, risk=risk, field=field, catalogue=catalogue)


def _period_edges(issuance: CarbonIssuance) -> tuple[float, ...]:
    """Begin of the first monitoring period and the end of each; the last one may be short."""
    start, length = issuance.start_years, issuance.monitoring_period_years
    end = start + issuance.crediting_years
    whole = math.ceil(issuance.crediting_years / length - _SAME_YEARS)
    return (*[start + length * i for i in range(whole)], end)


def _declared(issuance: CarbonIssuance, edges: tuple[float, ...], risk: float) -> ProjectCarbon:
    kept = (1.0 - issuance.uncertainty_deduction) * (1.0 - risk) * issuance.verification_ratio
    declared = issuance.tonnes_per_year or 0.0
    return ProjectCarbon(
        edges,
        tuple([math.floor(declared * kept * (end - begin) + _SAME_TONNES) for begin, end in pairwise(edges)]),
        risk,
        tuple([declared * (edge - edges[0]) for edge in edges]),
        stock_known=False,
        annual_t=declared,
        area_ha=issuance.area_ha,
    )


def _grown(
    issuance: CarbonIssuance,
    growth: StandGrowth,
    edges: tuple[float, ...],
    *,
    risk: float,
    field: str,
    catalogue: Catalogue,
) -> ProjectCarbon:
    species = _species(growth, field, catalogue)
    if growth.curve is GrowthCurve.SCHUMACHER and growth.rate_per_year != 1.0:
        raise InvalidInput.of(
            f"{field}.growth.rate_per_year",
            f"found {growth.rate_per_year:g}, expected 1: the Schumacher curve has no rate",
        )
    try:
        volume = _stem_volume(growth, np.array(edges))
        gained = np.diff(volume) * (species.co2_t_per_m3 * issuance.verification_ratio)
        stock_t = volume * (species.co2_t_per_m3 * growth.area_ha)
        return _credited(issuance, edges, risk, gained, stock_t, area_ha=growth.area_ha)
    except ValueError as error:
        raise InvalidInput.of(f"{field}.growth", str(error)) from None


def _counted(
    issuance: CarbonIssuance,
    inventory: StandInventory,
    edges: tuple[float, ...],
    *,
    risk: float,
    field: str,
    catalogue: Catalogue,
) -> ProjectCarbon:
    """Of counted trees: what stands by the tree equations, credits for what it gains.

    What dies may outweigh what grows. A gain counts only above the most that has stood before: regrowth of what was
    lost was credited when it first grew, or was there already.
    """
    try:
        co2_t_per_ha = inventory_co2_t_per_ha(inventory, np.array(edges), f"{field}.inventory", catalogue)
        gained = np.diff(np.maximum.accumulate(co2_t_per_ha)) * issuance.verification_ratio
        stock_t = co2_t_per_ha * inventory.area_ha
        return _credited(issuance, edges, risk, gained, stock_t, area_ha=inventory.area_ha)
    except ValueError as error:
        raise InvalidInput.of(f"{field}.inventory", str(error)) from None


def _credited(
    issuance: CarbonIssuance,
    edges: tuple[float, ...],
    risk: float,
    gained_t_per_ha: NDArray[np.float64],
    stock_t: NDArray[np.float64],
    *,
    area_ha: float,
) -> ProjectCarbon:
    """What a stand of an area gains in each period, as credits."""
    whole = period_credits_t(
        gained_t_per_ha,
        area_ha,
        uncertainty_deduction=issuance.uncertainty_deduction,
        risk_deduction=risk,
    )
    tonnes = tuple(whole.tolist())
    return ProjectCarbon(
        edges,
        tonnes,
        risk,
        tuple(stock_t.tolist()),
        stock_known=True,
        annual_t=sum(tonnes) / issuance.crediting_years,
        area_ha=area_ha if issuance.area_ha is None else issuance.area_ha,
    )


def inventory_co2_t_per_ha(
    inventory: StandInventory, years: NDArray[np.float64], field: str, catalogue: Catalogue
) -> NDArray[np.float64]:
    """Carbon dioxide in the living trees, t/ha, `years` from today.

    Raises:
        InvalidInput: about `field`, for an unknown species.
        ValueError: if the figures make no stand.
    """
    species = catalogue.trees.get(inventory.species)
    if species is None:
        known = ", ".join(dict.fromkeys(entry.name_zh for entry in catalogue.trees.values()))
        raise InvalidInput.of(
            f"{field}.species",
            f"found {inventory.species!r}, expected a species with tree equations: {known}",
        )
    fraction = species.carbon_fraction if inventory.carbon_fraction is None else inventory.carbon_fraction
    classes = inventory.classes
    biomass = stand_table_biomass_t(
        years,
        [found.diameter_cm for found in classes],
        [found.height_m for found in classes],
        [found.trees_per_ha for found in classes],
        species.equations,
        diameter_growth_cm=[found.diameter_growth_cm_per_year for found in classes],
        height_growth_m=[found.height_growth_m_per_year for found in classes],
        mortality_annual=inventory.mortality_annual,
    )
    return np.asarray(carbon_dioxide_t(carbon_tc(biomass, fraction)))


def _species(growth: StandGrowth, field: str, catalogue: Catalogue) -> Species:
    species = catalogue.species.get(growth.species) or catalogue.species.get(growth.species.lower())
    if species is None:
        known = ", ".join(dict.fromkeys(entry.name_zh for entry in catalogue.species.values()))
        raise InvalidInput.of(
            f"{field}.growth.species", f"found unknown species {growth.species!r}, expected one of {known}"
        )
    return species


def _stem_volume(growth: StandGrowth, years: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stem volume in m3/ha, `years` from today.

    Raises:
        ValueError: if the parameters make no curve.
    """
    rate, shape = growth.rate_per_year, growth.shape
    # Richards has the rate before the shape, the others the shape before the rate.
    second, third = (rate, shape) if growth.curve is GrowthCurve.RICHARDS else (shape, rate)
    curve = GROWTH_CURVES[growth.curve.value]
    return np.asarray(curve(years + growth.age_years, growth.asymptotic_volume_m3_per_ha, second, third))


def _require_one_source(issuance: CarbonIssuance, field: str) -> None:
    stated = [
        name for name in ("tonnes_per_year", "growth", "inventory") if getattr(issuance, name) is not None
    ]
    if len(stated) != 1:
        raise InvalidInput.of(
            field,
            "expected exactly one of tonnes_per_year, growth and inventory, found "
            + (" and ".join(stated) or "none"),
        )
