"""One builder for each kind of collateral: published facts and noted assumptions in, the asset's detail out."""

from collections.abc import Callable
from decimal import Decimal

from flows.published_cases.case import CNY_PER_WAN, CollateralKind, QuantityUnit
from flows.published_cases.case_sheet import CaseSheet
from services.valuation.asset import (
    AssetDetail,
    CarbonAndTenure,
    CarbonInstrument,
    CarbonIssuance,
    CataloguedRight,
    ForestCarbonReceivable,
    ForestTenure,
    GepRevenueRight,
    ResidualIncome,
    ServiceIncome,
    ValueBasis,
    VepProject,
    VepYear,
    WaterRight,
)

NO_RIVER = "none"
"""Allocation factor of a right whose river the market has no factor of: a dry year of another river is not its own."""
_LINKED_TO_CCER = "linked to CCER development"


def _quantity(sheet: CaseSheet, unit: QuantityUnit) -> Decimal | None:
    return sheet.case.quantity_per_year if sheet.case.quantity_unit is unit else None


def right_term_years(sheet: CaseSheet) -> Decimal | None:
    """The published term, years, where it is the right's and not the loan's."""
    return _term_if(sheet, "right")


def loan_term_years(sheet: CaseSheet) -> Decimal | None:
    """The published term, years, where it is the loan's and not the right's."""
    return _term_if(sheet, "loan")


def _term_if(sheet: CaseSheet, meaning: str) -> Decimal | None:
    """The published term where it means `meaning`; what it means is asked for only where there is one."""
    case = sheet.case
    if case.term_years is None:
        return None
    return case.term_years if sheet.text("term_meaning", "", case.term_meaning) == meaning else None


def water_right(sheet: CaseSheet) -> WaterRight:
    """A permit; nothing after its end unless renewal is assumed. The one-year term of a value is no permit term.

    What arrives is the share of the river's scheme where the place has one, else a stated part of the volume.
    """
    renewal = sheet.number("renewal_probability", "water_right.renewal_probability")
    river = sheet.text("allocation_factor", "water_right.allocation_factor")
    has_river = river != NO_RIVER
    return WaterRight(
        volume_m3_per_year=sheet.number(
            "volume_m3_per_year", "water_right.volume_m3_per_year", _quantity(sheet, QuantityUnit.M3_PER_YEAR)
        ),
        remaining_term_years=sheet.number(
            "permit_term_years", "water_right.remaining_term_years", right_term_years(sheet)
        ),
        renewal_probability=renewal,
        renewals=1 if renewal > 0.0 else 0,
        transferable_share=sheet.number("transferable_share", "water_right.transferable_share"),
        allocation_factor=river if has_river else "",
        reliability=1.0 if has_river else sheet.number("reliability", "water_right.reliability"),
        price_cny_per_m3=sheet.number(
            "water_price_cny_per_m3", "water_right.price_cny_per_m3", sheet.case.price_used_cny
        ),
        cost_cny_per_m3=sheet.number("water_cost_cny_per_m3", "water_right.cost_cny_per_m3"),
    )


def _issuance(sheet: CaseSheet, path: str) -> CarbonIssuance:
    """Declared tonnes a year; a published total is spread evenly over the crediting period.

    The price is the one used in the case where it was published, else that of the market snapshot, which is not a
    fact of the case and hence not missing.
    """
    crediting_years = sheet.number("crediting_years", f"{path}.crediting_years", right_term_years(sheet))
    tonnes = _quantity(sheet, QuantityUnit.T_CO2E_PER_YEAR)
    total = _quantity(sheet, QuantityUnit.T_CO2E_TOTAL)
    if total is not None:
        tonnes = total / Decimal(str(crediting_years))
    price = sheet.case.price_used_cny
    return CarbonIssuance(
        instrument=CarbonInstrument(
            sheet.text(
                "carbon_instrument",
                f"{path}.instrument",
                CarbonInstrument.CCER if _LINKED_TO_CCER in sheet.case.structure else None,
            )
        ),
        crediting_years=crediting_years,
        tonnes_per_year=sheet.number("tonnes_per_year", f"{path}.tonnes_per_year", tonnes),
        monitoring_period_years=sheet.number("monitoring_period_years", f"{path}.monitoring_period_years"),
        issuance_lag_years=sheet.number("issuance_lag_years", f"{path}.issuance_lag_years"),
        price_cny_per_t=None if price is None else float(price),
        area_ha=_carbon_area_ha(sheet, path),
    )


def _carbon_area_ha(sheet: CaseSheet, path: str) -> float | None:
    """Area for the plausibility of the yield; asked for only where tonnes a year or in total were published."""
    if sheet.case.kind is CollateralKind.FOREST_CARBON_AND_TENURE:
        return sheet.number("tenure_area_ha", f"{path}.area_ha")
    if sheet.case.area_ha is not None:
        return float(sheet.case.area_ha)
    if sheet.case.kind is CollateralKind.RESERVE_FOREST:
        return sheet.number("forest_area_ha", f"{path}.area_ha")
    return None


def forest_carbon(sheet: CaseSheet) -> ForestCarbonReceivable:
    """Carbon revenue without the forest."""
    return ForestCarbonReceivable(_issuance(sheet, "forest_carbon.issuance"))


def carbon_and_tenure(sheet: CaseSheet) -> CarbonAndTenure:
    """Carbon revenue with the forest under it."""
    path = "carbon_and_tenure.tenure"
    return CarbonAndTenure(
        ForestTenure(
            area_ha=sheet.number("tenure_area_ha", f"{path}.area_ha"),
            years_to_harvest=sheet.number("years_to_harvest", f"{path}.years_to_harvest"),
            harvest_volume_m3_per_ha=sheet.number(
                "harvest_volume_m3_per_ha", f"{path}.harvest_volume_m3_per_ha"
            ),
            net_price_cny_per_m3=sheet.number("net_timber_price_cny_per_m3", f"{path}.net_price_cny_per_m3"),
        ),
        _issuance(sheet, "carbon_and_tenure.issuance"),
    )


def gep_revenue(sheet: CaseSheet) -> GepRevenueRight:
    """The cash part of an annual GEP; the regulating services are disclosed and bring nothing."""
    value_wan = sheet.case.published_value_wan
    total_cny = sheet.number(
        "annual_gep_cny",
        "gep_revenue.services",
        None if value_wan is None else value_wan * CNY_PER_WAN,
    )
    regulating_share = sheet.number("regulating_share", "gep_revenue.services[1].account_value_cny_per_year")
    return GepRevenueRight(
        (
            ServiceIncome(
                sheet.text("cash_service", "gep_revenue.services[0].service"),
                total_cny * (1.0 - regulating_share),
                sheet.number("realisable_share", "gep_revenue.services[0].realisable_share"),
            ),
            ServiceIncome(
                sheet.text("regulating_service", "gep_revenue.services[1].service"),
                total_cny * regulating_share,
                0.0,
            ),
        ),
        term_years=sheet.number("income_right_years", "gep_revenue.term_years", right_term_years(sheet)),
    )


def vep_project(sheet: CaseSheet) -> VepProject:
    """Net operating cash by method (A), level over the years of the right."""
    path = "vep_project.residual_income"
    term_years = sheet.number("income_right_years", "vep_project.term_years", right_term_years(sheet))
    cash_cny = _annual_net_cash_cny(sheet, term_years, f"{path}.years")
    factor = sheet.text("revenue_factor", f"{path}.revenue_factor")
    years = tuple(VepYear(year, revenue_cny=cash_cny) for year in range(1, int(term_years) + 1))
    return VepProject(float(int(term_years)), ResidualIncome(years, factor))


def _annual_net_cash_cny(sheet: CaseSheet, term_years: float, path: str) -> float:
    """Net cash a year: a share of the published sum over its years, of the investment, or an assumed amount."""
    case = sheet.case
    if case.published_value_wan is not None:
        if case.basis is not ValueBasis.PERIOD_SUM_UNDISCOUNTED:
            sheet.text("published_value_reading", path)
        total_cny = float(case.published_value_wan * CNY_PER_WAN)
        return total_cny / term_years * sheet.number("cash_share", path)
    if case.project_investment_wan is not None:
        investment_cny = float(case.project_investment_wan * CNY_PER_WAN)
        return investment_cny * sheet.number("cash_to_investment_annual", path)
    return sheet.number("annual_net_cash_cny", path)


def forest_ticket(sheet: CaseSheet) -> CataloguedRight:
    """Forest tickets as a right of the catalogue: mu of forest, each with its income a year."""
    return CataloguedRight(
        "forest_ticket",
        quantity_per_year=sheet.number(
            "ticket_area_mu", "catalogued_right.quantity_per_year", sheet.case.area_mu
        ),
        unit="mu",
        term_years=sheet.number("ticket_term_years", "catalogued_right.term_years", right_term_years(sheet)),
        unit_price_cny=sheet.number("ticket_income_cny_per_mu_year", "catalogued_right.unit_price_cny"),
    )


BUILDERS: dict[CollateralKind, Callable[[CaseSheet], AssetDetail]] = {
    CollateralKind.GEP: gep_revenue,
    CollateralKind.VEP: vep_project,
    CollateralKind.ECOLOGICAL_RIGHT: vep_project,
    CollateralKind.BAMBOO_CARBON: forest_carbon,
    CollateralKind.WATER_RIGHT: water_right,
    CollateralKind.FOREST_CARBON_AND_TENURE: carbon_and_tenure,
    CollateralKind.RESERVE_FOREST: forest_carbon,
    CollateralKind.FOREST_CARBON: forest_carbon,
    CollateralKind.FOREST_TICKET: forest_ticket,
}
