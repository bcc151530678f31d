"""Paths of assumed inputs: every field that an asset has, and no other."""

import pytest

from services.runtime.violations import Violations
from services.valuation.translate.asset import asset_to_wire
from services.valuation.translate.assumed_paths import check_assumed_fields
from services.valuation.translate.request import entries_from_wire
from services.valuation.valuation import Failure
from tests.services.valuation.valuation_cases import asset


def said(name: str, *paths: str) -> list[tuple[str, str]]:
    message = asset_to_wire(asset(name))
    message.assumed_fields[:] = paths
    violations = Violations()
    check_assumed_fields(message, violations)
    return [(found.field, found.description) for found in violations.found]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("water_right", "water_right"),
        ("water_right", "water_right.reliability"),
        ("water_right", "water_right.use_months"),
        ("water_right", "stated_value.value_cny"),
        ("water_right", "terms.ltv_cap"),
        ("forest_carbon_grown", "forest_carbon.issuance.growth.rate_per_year"),
        ("forest_carbon", "forest_carbon.issuance.growth.rate_per_year"),
        ("vep_residual_income", "vep_project.residual_income.years"),
        ("vep_residual_income", "vep_project.residual_income.years.revenue_cny"),
        ("vep_residual_income", "vep_project.residual_income.years[2].revenue_cny"),
        ("catalogued_right", "catalogued_right.quantity_as_of"),
    ],
)
def test_a_field_that_the_asset_has_is_taken(name: str, path: str) -> None:
    assert said(name, path) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("water_right", ""),
        ("water_right", "water_right."),
        ("water_right", "water_right.x"),
        ("water_right", "water_right[0]"),
        ("water_right", "asset_id"),
        ("water_right", "assumed_fields"),
        ("water_right", "forest_tenure"),
        ("water_right", "water_right.reliability.value"),
        ("water_right", "剩余年限"),
        ("vep_residual_income", "vep_project.with_without"),
        ("vep_residual_income", "vep_project.residual_income.years[3].revenue_cny"),
        ("vep_residual_income", "vep_project.residual_income.years[-1]"),
        ("water_right", "x" * 10_000),
    ],
)
def test_a_path_that_leads_nowhere_is_told(name: str, path: str) -> None:
    [(field, description)] = said(name, path)
    assert field == "assumed_fields[0]"
    assert "expected the path of a field of the asset" in description
    assert len(description) < 250


def test_a_misspelt_path_is_told_the_nearest_and_fails_its_asset_alone() -> None:
    [(field, description)] = said("water_right", "water_right", "water_right.remaining_term_year")
    assert field == "assumed_fields[1]"
    assert "did you mean 'water_right.remaining_term_years'?" in description
    wrong, right = asset_to_wire(asset()), asset_to_wire(asset(asset_id="asset-2"))
    wrong.assumed_fields[:] = ["water_right.term"]
    entries = entries_from_wire([wrong, right])
    assert isinstance(entries[0], Failure)
    assert not isinstance(entries[1], Failure)
