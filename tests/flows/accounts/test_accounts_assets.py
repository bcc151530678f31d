"""What the example folder becomes: assets as the valuation service knows them."""

import csv
import datetime as dt
import tomllib
from pathlib import Path

import pytest

from flows.accounts.columns import TABLES
from flows.accounts.folder import Accounts, read_accounts
from flows.accounts.gep_account import service_code
from flows.accounts.pledges import Pledge, pledge_kinds
from flows.accounts.terms import years_between
from flows.published_cases.assumptions import read_assumptions
from flows.published_cases.case_file import read_cases
from flows.published_cases.mapping import map_case
from services.valuation.asset import (
    CarbonAndTenure,
    CataloguedRight,
    ForestCarbonReceivable,
    GepRevenueRight,
    ResidualIncome,
    ValueBasis,
    VepProject,
    WaterRight,
)

ROOT = Path(__file__).resolve().parents[3]
AS_OF = dt.date(2026, 8, 21)


@pytest.fixture(scope="module")
def accounts() -> Accounts:
    return read_accounts(ROOT / "data" / "example_accounts", AS_OF)


def _pledge(accounts: Accounts, asset_id: str) -> Pledge:
    [found] = [pledge for pledge in accounts.pledges if pledge.asset.asset_id == asset_id]
    return found


def _published(case_id: str) -> dict[str, str]:
    with (ROOT / "data" / "published_pledge_cases.csv").open(encoding="utf-8", newline="") as file:
        return next(row for row in csv.DictReader(file) if row["case_id"] == case_id)


@pytest.mark.parametrize("case_id", ["C13", "C14", "C15", "C16", "C18"])
def test_water_volumes_and_prices_are_the_published_ones(accounts: Accounts, case_id: str) -> None:
    asset, published = _pledge(accounts, case_id).asset, _published(case_id)
    detail = asset.detail
    assert isinstance(detail, WaterRight)
    assert detail.volume_m3_per_year == float(published["quantity_per_year"])
    stated_price = published["price_used_cny"]
    if stated_price:
        assert detail.price_cny_per_m3 == float(stated_price)
    is_assumed = "water_right.price_cny_per_m3" in asset.assumed_fields
    assert is_assumed == (stated_price == "")


@pytest.mark.parametrize("case_id", ["C23", "C26"])
def test_carbon_is_the_published(accounts: Accounts, case_id: str) -> None:
    detail, published = _pledge(accounts, case_id).asset.detail, _published(case_id)
    assert isinstance(detail, ForestCarbonReceivable)
    assert detail.issuance.tonnes_per_year == float(published["quantity_per_year"])
    assert detail.issuance.price_cny_per_t == float(published["price_used_cny"])
    assert detail.issuance.crediting_years == float(published["term_years"])


def test_what_was_not_published_is_declared_an_assumption(accounts: Accounts) -> None:
    assert "water_right.volume_m3_per_year" in _pledge(accounts, "C21").asset.assumed_fields
    assert (
        "carbon_and_tenure.tenure.harvest_volume_m3_per_ha" in _pledge(accounts, "C22").asset.assumed_fields
    )
    assert "gep_revenue.services" in _pledge(accounts, "GARZE-CASH").asset.assumed_fields


def test_terms_are_counted_from_the_day(accounts: Accounts) -> None:
    detail = _pledge(accounts, "C13").asset.detail
    assert isinstance(detail, WaterRight)
    assert detail.remaining_term_years == 5.0


def test_mu_become_ha(accounts: Accounts) -> None:
    """20,800 亩 are 1,386.67 ha."""
    detail = _pledge(accounts, "C26").asset.detail
    assert isinstance(detail, ForestCarbonReceivable)
    assert detail.issuance.area_ha == pytest.approx(20_800 / 15, rel=1e-12)


def test_stated_values_keep_their_basis(accounts: Accounts) -> None:
    stated = _pledge(accounts, "C26").asset.stated_value
    assert stated is not None
    assert (stated.value_cny, stated.basis) == (2e7, ValueBasis.PERIOD_SUM_UNDISCOUNTED)


def test_both_rights_of_one_forest_are_one_asset(accounts: Accounts) -> None:
    assert isinstance(_pledge(accounts, "C22").asset.detail, CarbonAndTenure)


def test_the_cash_of_a_gep_account(accounts: Accounts) -> None:
    detail = _pledge(accounts, "GARZE-CASH").asset.detail
    assert isinstance(detail, GepRevenueRight)
    # Lines of the account: hydropower 50.5090e8, tourism 70.6669e8.
    assert [service.account_value_cny_per_year / 1e8 for service in detail.services] == pytest.approx(
        [50.509, 70.6669]
    )
    assert sum(service.cost_cny_per_year for service in detail.services) == pytest.approx(6e7)


def test_a_quantity_times_factor(accounts: Accounts) -> None:
    detail = _pledge(accounts, "JIANGLE-TICKET").asset.detail
    assert detail == CataloguedRight(
        "carbon_ticket", 16_500.0, 1.0, unit_price_cny=15.0, realisable_share=1.0
    )


def test_a_vep_project_has_its_years_in_a_file_of_its_own(folder: Path) -> None:
    (folder / "vep_years.csv").write_text(
        "project_id,year,revenue_cny,wages_cny,revenue_factor,capital_return_annual,source\n"
        "V1,1,1000000,200000,tourism_demand,0.05,an invented project\n"
        "V1,2,1200000,200000,tourism_demand,0.05,an invented project\n",
        encoding="utf-8",
    )
    with (folder / "pledges.csv").open("a", encoding="utf-8") as file:
        file.write("V,vep_project,某项目,张掖,V1,,1,2028-08-21,,,,,,,,,an invented project\n")
    detail = read_accounts(folder, AS_OF).pledges[-1].asset.detail
    assert isinstance(detail, VepProject)
    assert isinstance(detail.method, ResidualIncome)
    assert [year.revenue_cny for year in detail.method.years] == [1e6, 1.2e6]
    assert (detail.term_years, detail.method.capital_return_annual) == (2.0, 0.05)


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2026-08-21", "2027-08-21", 1.0),
        ("2026-08-21", "2026-08-22", 1 / 365),
        ("2027-08-21", "2028-02-21", 184 / 366),
        ("2024-02-29", "2025-03-01", 1.0),
        ("2024-02-29", "2028-02-29", 4.0),
    ],
)
def test_years_between(start: str, end: str, years: float) -> None:
    assert years_between(dt.date.fromisoformat(start), dt.date.fromisoformat(end)) == pytest.approx(
        years, abs=1e-12
    )


def test_kinds_and_services_are_those_of_the_catalogue() -> None:
    catalogue = tomllib.loads(
        (ROOT / "services" / "valuation" / "catalogue" / "catalogue.toml").read_text(encoding="utf-8")
    )
    of_catalogue = {kind["code"].partition(".")[0] for kind in catalogue["kinds"]}
    assert {kind.kind for kind in pledge_kinds().values()} == of_catalogue
    codes = {service["code"] for service in catalogue["services"]}
    names = (ROOT / "data" / "accounts" / "service_names.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {service_code(name.partition(",")[0]) for name in names} <= codes


def test_every_column_is_documented() -> None:
    text = (ROOT / "docs" / "accounts-folder.md").read_text(encoding="utf-8")
    missing = [
        f"{stem}.{column.name}"
        for stem, columns in TABLES.items()
        for column in columns
        if f"`{column.name}`" not in text
    ]
    assert missing == []


def test_a_published_case_is_the_same_pledge_in_the_folder_and_in_the_main_job(
    accounts: Accounts,
) -> None:
    """One id, one value: a refresh of the folder on the market's day changes no pledge of the demonstration."""
    assumed = read_assumptions(ROOT / "data" / "published_cases" / "assumptions.toml")
    cases = {case.case_id: case for case in read_cases(ROOT / "data" / "published_pledge_cases.csv")}
    shared = {p.asset.asset_id: p.asset.detail for p in accounts.pledges if p.asset.asset_id in cases}
    assert len(shared) == 10
    for case_id, detail in shared.items():
        mapped = map_case(cases[case_id], assumed).asset
        assert mapped is not None
        assert detail == mapped.detail, case_id
