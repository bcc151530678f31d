"""Rows of the account files as the detail of an asset: one function for each kind that has a file of its own."""

import datetime as dt
from collections.abc import Sequence

from flows.accounts.checked import CheckedRow
from flows.accounts.gep_account import GepAccount, service_code
from flows.accounts.problems import Problem, shown
from flows.accounts.terms import remaining_years, require, stated_fields, whole_number
from services.valuation.asset import (
    CarbonAndTenure,
    CarbonInstrument,
    CarbonIssuance,
    ForestCarbonReceivable,
    ForestTenure,
    GepRevenueRight,
    ResidualIncome,
    ServiceIncome,
    StandGrowth,
    VepProject,
    VepYear,
    WaterRight,
)

MU_PER_HA = 15
# A forest that yields less than this, and fifteen times as much within reason, was measured in 亩. Published yields:
# 6.0 tCO2e/ha a year on Sanming carbon tickets, 4.6 in Wuning (assumption: the bounds).
LEAST_YIELD_T_PER_HA = 0.5
PLAUSIBLE_YIELD_T_PER_HA = 1.0
# Timber per ha below this is timber per 亩 (assumption).
LEAST_HARVEST_M3_PER_HA = 15.0
_GROWTH = ("species", "area_ha", "age_years", "asymptotic_volume_m3_per_ha", "rate_per_year", "shape")
_TENURE = ("area_ha", "years_to_harvest", "harvest_volume_m3_per_ha", "net_price_cny_per_m3")


def water_right(row: CheckedRow, as_of: dt.date, problems: list[Problem]) -> WaterRight | None:
    """The permit of a row; an expired one is a problem."""
    term = remaining_years(row, "expires_on", as_of, problems)
    renewals = whole_number(row, "renewals", problems)
    if term is None:
        return None
    fields = stated_fields(row, WaterRight) | {"remaining_term_years": term, "renewals": renewals or 0}
    return WaterRight(**fields)


def forest_carbon(row: CheckedRow, problems: list[Problem]) -> ForestCarbonReceivable | None:
    """The carbon of a stand without the forest."""
    issuance = _issuance(row, problems)
    return None if issuance is None else ForestCarbonReceivable(issuance)


def forest_tenure(row: CheckedRow, as_of: dt.date, problems: list[Problem]) -> ForestTenure | None:
    """The forest of a stand; a tenure that has ended is a problem."""
    term = remaining_years(row, "tenure_expires_on", as_of, problems)
    if not require(row, _TENURE, "a forest tenure", problems) or _per_mu_harvest(row, problems):
        return None
    return ForestTenure(**stated_fields(row, ForestTenure) | {"tenure_term_years": term})


def carbon_and_tenure(row: CheckedRow, as_of: dt.date, problems: list[Problem]) -> CarbonAndTenure | None:
    """Both."""
    tenure, issuance = forest_tenure(row, as_of, problems), _issuance(row, problems)
    return None if tenure is None or issuance is None else CarbonAndTenure(tenure, issuance)


def gep_revenue(
    row: CheckedRow, account: GepAccount, as_of: dt.date, problems: list[Problem]
) -> GepRevenueRight | None:
    """The services that the pledge's reference names, each with the share of its account value that is paid in cash.

    The reference reads "energy_supply=0.10;工业用水量=0.02": a service or an indicator of the account, and a share. The
    cost of the pledge is split in proportion to the cash.
    """
    term = remaining_years(row, "expires_on", as_of, problems)
    complete = require(row, ("reference", "expires_on"), "a GEP revenue right", problems)
    parts = [
        _service_share(row, part, account, problems)
        for part in row.text("reference").split(";")
        if part.strip()
    ]
    named = [part for part in parts if part is not None]
    if term is None or not complete or len(named) < len(parts):
        return None
    cash_cny = sum(value * share for _, value, share in named)
    cost_share = (row.figure("cost_cny_per_year") or 0.0) / cash_cny if cash_cny > 0.0 else 0.0
    services = tuple(
        ServiceIncome(code, value, share, cost_share * value * share) for code, value, share in named
    )
    return GepRevenueRight(
        services,
        term,
        account.specification,
        account.account_specification,
        uncertainty_by_service=row.text("valuation_error") == "by_service",
    )


def vep_project(
    row: CheckedRow, years: Sequence[CheckedRow], as_of: dt.date, problems: list[Problem]
) -> VepProject | None:
    """The project whose years are given, by residual income; facts about the whole stand in its first row."""
    term = remaining_years(row, "expires_on", as_of, problems)
    complete = require(row, ("expires_on",), "a VEP project", problems)
    numbers = [whole_number(year, "year", problems) for year in years]
    for year, number in zip(years, numbers, strict=True):
        if number is not None and numbers.count(number) > 1:
            problems.append(
                year.problem("year", f"year {number} a second time", "each year of a project once")
            )
    if term is None or not complete or None in numbers or len(set(numbers)) < len(numbers):
        return None
    income = tuple(
        VepYear(**stated_fields(year, VepYear) | {"year": number})
        for year, number in zip(years, numbers, strict=True)
        if number is not None
    )
    whole = years[0]
    facts = {
        name: value
        for name, value in stated_fields(whole, ResidualIncome).items()
        if name in {"revenue_factor", "capital_return_annual", "ecological_share"}
    }
    cost = whole.figure("restoration_cost_cny_per_year")
    return VepProject(term, ResidualIncome(income, **facts), 0.0 if cost is None else cost)


def _issuance(row: CheckedRow, problems: list[Problem]) -> CarbonIssuance | None:
    complete = require(row, ("instrument", "crediting_years"), "forest carbon", problems)
    tonnes = row.figure("tonnes_per_year")
    growth = None
    if tonnes is None:
        purpose = "forest carbon without tonnes_per_year, which then grows by the Richards curve"
        complete = require(row, _GROWTH, purpose, problems) and complete
        growth = StandGrowth(**stated_fields(row, StandGrowth)) if complete else None
    if not complete or (tonnes is not None and _area_in_mu(row, tonnes, problems)):
        return None
    fields = stated_fields(row, CarbonIssuance) | {
        "instrument": CarbonInstrument(row.text("instrument")),
        "growth": growth,
    }
    return CarbonIssuance(**fields)


def _area_in_mu(row: CheckedRow, tonnes_per_year: float, problems: list[Problem]) -> bool:
    area_ha = row.figure("area_ha")
    if area_ha is None or "area_ha" in row.confirmed:
        return False
    yield_t_per_ha = tonnes_per_year / area_ha
    if not (yield_t_per_ha < LEAST_YIELD_T_PER_HA and yield_t_per_ha * MU_PER_HA >= PLAUSIBLE_YIELD_T_PER_HA):
        return False
    problems.append(
        row.problem(
            "area_ha",
            f"{area_ha:g} ha for {tonnes_per_year:g} t a year, {yield_t_per_ha:.2f} t/ha",
            f"an area in ha; {area_ha:g} 亩 would be {area_ha / MU_PER_HA:g} ha and "
            f"{yield_t_per_ha * MU_PER_HA:.1f} t/ha; if it is right, state the column area_mu too",
        )
    )
    return True


def _per_mu_harvest(row: CheckedRow, problems: list[Problem]) -> bool:
    volume = row.figure("harvest_volume_m3_per_ha")
    if volume is None or volume >= LEAST_HARVEST_M3_PER_HA or "harvest_volume_m3_per_ha" in row.confirmed:
        return False
    problems.append(
        row.problem(
            "harvest_volume_m3_per_ha",
            f"{volume:g} m3/ha",
            f"at least {LEAST_HARVEST_M3_PER_HA:g}; {volume:g} m3/亩 would be {volume * MU_PER_HA:g} m3/ha; "
            "if it is right, state the column harvest_volume_m3_per_mu too",
        )
    )
    return True


def _service_share(
    row: CheckedRow, part: str, account: GepAccount, problems: list[Problem]
) -> tuple[str, float, float] | None:
    name, _, share_text = (text.strip() for text in part.partition("="))
    code = service_code(name)
    lines = [line for line in account.lines if line.indicator == name] or [
        line for line in account.lines if code is not None and line.service == code
    ]
    if not lines:
        problems.append(
            row.problem(
                "reference",
                shown(name),
                f"a service or an indicator of {account.file}, such as energy_supply=0.1",
            )
        )
        return None
    try:
        share = float(share_text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        problems.append(
            row.problem("reference", shown(part), f"{name}=a share from 0 to 1, such as {name}=0.1")
        )
        return None
    return lines[0].service, sum(line.value_cny for line in lines), share
