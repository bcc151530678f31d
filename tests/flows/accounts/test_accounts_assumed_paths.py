"""Whatever column a row declares as an assumption, the valuation service knows the path that comes of it."""

import pytest

from flows.accounts.assumptions import assumed_paths
from flows.accounts.columns import TABLES
from services.runtime.violations import Violations
from services.valuation.translate.asset import asset_to_wire
from services.valuation.translate.assumed_paths import check_assumed_fields
from tests.services.valuation.valuation_cases import asset

CASES = {
    "water_right": "water_right",
    "forest_carbon": "forest_carbon",
    "carbon_and_tenure": "carbon_and_tenure",
    "forest_tenure": "forest_tenure",
    "gep_revenue": "gep_revenue",
    "vep_project": "vep_residual_income",
    "carbon_ticket": "catalogued_right",
}
COLUMNS = tuple(dict.fromkeys(column.name for table in TABLES.values() for column in table))


@pytest.mark.parametrize("kind", CASES)
def test_every_column_leads_to_a_field_or_nowhere(kind: str) -> None:
    paths = assumed_paths(kind, COLUMNS)
    message = asset_to_wire(asset(CASES[kind]))
    message.assumed_fields[:] = paths
    violations = Violations()
    check_assumed_fields(message, violations)
    assert violations.found == ()
    assert len(paths) > 5


@pytest.mark.parametrize(
    ("kind", "column", "path"),
    [
        ("water_right", "volume_unit", "water_right.volume_m3_per_year"),
        ("water_right", "expires_on", "water_right.remaining_term_years"),
        ("water_right", "pledged_share", "water_right"),
        ("water_right", "place", "place"),
        ("forest_carbon", "area_unit", "forest_carbon.issuance.area_ha"),
        ("forest_carbon", "rate_per_year", "forest_carbon.issuance.growth.rate_per_year"),
        ("carbon_and_tenure", "years_to_harvest", "carbon_and_tenure.tenure.years_to_harvest"),
        ("vep_project", "revenue_cny", "vep_project.residual_income.years.revenue_cny"),
        ("vep_project", "capital_return_annual", "vep_project.residual_income.capital_return_annual"),
        ("carbon_ticket", "quantity_unit", "catalogued_right.unit"),
        ("carbon_ticket", "stated_value_cny", "stated_value.value_cny"),
    ],
)
def test_a_column_is_the_field_that_it_fills(kind: str, column: str, path: str) -> None:
    assert assumed_paths(kind, (column,)) == (path,)


def test_what_is_no_input_has_no_path() -> None:
    assert assumed_paths("water_right", ("permit_id", "source", "loan_id")) == ()
