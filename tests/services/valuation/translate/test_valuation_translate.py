import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecopledge.valuation.v1 import asset_pb2, valuation_pb2
from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations
from services.valuation.asset import (
    Asset,
    AssetDetail,
    CarbonInstrument,
    CarbonIssuance,
    ForestCarbonReceivable,
    ResidualIncome,
    VepProject,
    VepYear,
    WaterRight,
)
from services.valuation.page import PageKey
from services.valuation.stored_form import asset_from_json, asset_to_json
from services.valuation.translate import asset_rules
from services.valuation.translate import request as translate_request
from services.valuation.translate.asset import asset_from_wire, asset_to_wire, assets_to_wire
from services.valuation.translate.field_rules import NumberRule
from services.valuation.translate.request import (
    entries_from_wire,
    loan_terms_from_wire,
    page_key_from_token,
    page_token,
    simulation_from_wire,
)
from services.valuation.valuation import Failure
from tests.services.valuation.valuation_cases import DETAILS, asset, plain

NAN, INF = math.nan, math.inf

MESSAGES: dict[str, tuple[tuple[NumberRule, ...], type]] = {
    "terms": (asset_rules.TERMS, asset_pb2.TermsOverride),
    "water_right": (asset_rules.WATER_RIGHT, asset_pb2.WaterRight),
    "issuance": (asset_rules.ISSUANCE, asset_pb2.CarbonIssuance),
    "growth": (asset_rules.GROWTH, asset_pb2.StandGrowth),
    "inventory": (asset_rules.INVENTORY, asset_pb2.StandInventory),
    "diameter_class": (asset_rules.DIAMETER_CLASS, asset_pb2.DiameterClass),
    "tenure": (asset_rules.TENURE, asset_pb2.ForestTenure),
    "service_income": (asset_rules.SERVICE_INCOME, asset_pb2.ServiceIncome),
    "gep": (asset_rules.TERM, asset_pb2.GepRevenueRight),
    "vep": (asset_rules.VEP, asset_pb2.VepProject),
    "vep_year": (asset_rules.VEP_YEAR, asset_pb2.VepYear),
    "residual_income": (asset_rules.RESIDUAL_INCOME, asset_pb2.ResidualIncome),
    "service_change": (asset_rules.SERVICE_CHANGE, asset_pb2.ServiceChange),
    "catalogued": (asset_rules.CATALOGUED, asset_pb2.CataloguedRight),
    "simulation": (translate_request._SIMULATION, valuation_pb2.Simulation),
    "loan_terms": (translate_request._LOAN_TERMS, valuation_pb2.LoanTerms),
}


def read(message: asset_pb2.Asset) -> tuple[Asset | None, list[str]]:
    at = Violations()
    found = asset_from_wire(message, at)
    return found, [violation.field for violation in at.found]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_numeric_field_of_the_contract_has_a_rule_that_knows_its_presence(name: str) -> None:
    rules, message = MESSAGES[name]
    descriptor = message.DESCRIPTOR  # type: ignore[attr-defined]  # generated classes have it
    numeric = {
        field.name: field.has_presence
        for field in descriptor.fields
        if field.type in {field.TYPE_DOUBLE, field.TYPE_UINT32, field.TYPE_UINT64} and not field.is_repeated
    }
    assert {rule.field: rule.optional for rule in rules} == numeric


@pytest.mark.parametrize("make", [asset, plain])
@pytest.mark.parametrize("name", DETAILS)
def test_an_asset_survives_the_wire_and_the_store(name: str, make: Any) -> None:
    given_asset = make(name)
    message = asset_pb2.Asset.FromString(asset_to_wire(given_asset).SerializeToString())
    assert read(message) == (given_asset, [])
    assert asset_from_json(asset_to_json(given_asset)) == given_asset


fractions = st.floats(0.0, 1.0)
positive = st.floats(1e-9, 1e12)


@given(
    st.builds(
        WaterRight, positive, st.floats(0.01, 50.0), fractions, st.floats(1e-9, 50.0), st.integers(0, 10), fractions,
        fractions, st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=64), fractions,
        st.none() | st.floats(0.0, 1e3), st.floats(0.0, 1e3),
    )
)  # fmt: skip
def test_any_water_right_survives_the_wire_and_the_store(detail: WaterRight) -> None:
    given_asset = Asset("a", "", "", detail)
    message = asset_pb2.Asset.FromString(asset_to_wire(given_asset).SerializeToString())
    assert read(message) == (given_asset, [])
    assert asset_from_json(asset_to_json(given_asset)) == given_asset


@given(
    st.builds(
        CarbonIssuance, st.sampled_from(CarbonInstrument), st.floats(0.01, 60.0), positive, st.none(),
        st.floats(0.25, 60.0), st.floats(0.0, 9.0), st.none() | fractions, fractions, st.none() | fractions, fractions,
        st.none() | positive, st.floats(0.0, 1e9), st.none() | st.floats(1e-9, 1e9), st.just("V01"),
        st.floats(0.0, 9.0),
    )
)  # fmt: skip
def test_any_carbon_issuance_survives_the_wire_and_the_store(issuance: CarbonIssuance) -> None:
    given_asset = Asset("a", "", "", ForestCarbonReceivable(issuance))
    message = asset_pb2.Asset.FromString(asset_to_wire(given_asset).SerializeToString())
    assert read(message) == (given_asset, [])
    assert asset_from_json(asset_to_json(given_asset)) == given_asset


def numeric_paths() -> list[tuple[str, str]]:
    """(case, path below the asset) of every numeric field that is set in the cases."""
    found = []
    for name in DETAILS:
        message = asset_to_wire(asset(name))
        for field, value in message.ListFields():
            if field.type == field.TYPE_MESSAGE:
                found += [(name, path) for path in _paths(value, field.name)]
    return found


def _paths(message: Any, prefix: str) -> list[str]:
    found = []
    for field, value in message.ListFields():
        path = f"{prefix}.{field.name}"
        if field.type == field.TYPE_DOUBLE:
            found.append(path)
        elif field.type == field.TYPE_MESSAGE and field.name != "quantity_as_of":
            many = not hasattr(value, "ListFields")
            for i, item in enumerate(value if many else [value]):
                found += _paths(item, f"{path}[{i}]" if many else path)
    return found


def _owner(message: Any, path: str) -> tuple[Any, str]:
    """The message that holds the last step of a path, and that step."""
    *steps, last = path.split(".")
    for step in steps:
        name, _, index = step.partition("[")
        message = getattr(message, name)
        if index:
            message = message[int(index.rstrip("]"))]
    return message, last


def _set(message: Any, path: str, value: Any) -> None:
    owner, last = _owner(message, path)
    setattr(owner, last, value)


@pytest.mark.parametrize("value", [NAN, INF, -INF])
@pytest.mark.parametrize(("name", "path"), numeric_paths())
def test_every_number_that_is_no_number_is_refused_with_its_path(name: str, path: str, value: float) -> None:
    message = asset_to_wire(asset(name))
    _set(message, path, value)
    assert read(message) == (None, [path])


SPOILT: list[tuple[str, str, Any]] = [
    ("water_right", "asset_id", ""),
    ("water_right", "asset_id", "x" * 65),
    ("water_right", "asset_id", "a\0b"),
    ("water_right", "stated_value.value_cny", 0.0),
    ("water_right", "stated_value.basis", 9),
    ("water_right", "terms.ltv_cap", 1.1),
    ("water_right", "terms.event_intensity_annual", -0.1),
    ("water_right", "terms.quantity_cv", 1e200),
    ("water_right", "terms.risk_premium_annual", -800.0),
    ("water_right", "terms.disposal_lag_years", 1e308),
    ("water_right", "water_right.renewal_term_years", 1e7),
    ("forest_carbon", "forest_carbon.issuance.monitoring_period_years", 1e-5),
    ("forest_carbon", "forest_carbon.issuance.issuance_lag_years", 1e308),
    ("forest_carbon", "forest_carbon.issuance.start_years", 1e18),
    ("forest_carbon", "forest_carbon.issuance.tonnes_per_year", 1e308),
    ("forest_carbon_grown", "forest_carbon.issuance.growth.area_ha", 1e300),
    ("forest_carbon_grown", "forest_carbon.issuance.growth.asymptotic_volume_m3_per_ha", 1e300),
    ("catalogued_right", "catalogued_right.start_years", 1e9),
    ("water_right", "water_right.volume_m3_per_year", 0.0),
    ("water_right", "water_right.remaining_term_years", 51.0),
    ("water_right", "water_right.renewals", 11),
    ("water_right", "water_right.renewal_probability", 1.5),
    ("water_right", "water_right.price_cny_per_m3", -1.0),
    ("forest_carbon", "forest_carbon.issuance.instrument", 0),
    ("forest_carbon", "forest_carbon.issuance.instrument", 7),
    ("forest_carbon", "forest_carbon.issuance.crediting_years", 61.0),
    ("forest_carbon_grown", "forest_carbon.issuance.tonnes_per_year", 5.0),
    ("forest_carbon_grown", "forest_carbon.issuance.growth.species", ""),
    ("forest_carbon_grown", "forest_carbon.issuance.growth.shape", 0.0),
    ("forest_carbon_grown", "forest_carbon.issuance.growth.curve", 6),
    ("forest_carbon_grown", "forest_carbon.issuance.conversion_probability", 1.01),
    ("forest_carbon_grown", "forest_carbon.issuance.conversion_probability", -0.01),
    ("forest_carbon_grown", "forest_carbon.issuance.conversion_from_years", 70.5),
    ("forest_tenure", "forest_tenure.years_to_harvest", 121.0),
    ("carbon_and_tenure", "carbon_and_tenure.tenure.area_ha", -1.0),
    ("gep_revenue", "gep_revenue.services[0].service", " "),
    ("gep_revenue", "gep_revenue.services[0].realisable_share", 2.0),
    ("vep_residual_income", "vep_project.residual_income.revenue_factor", ""),
    ("vep_residual_income", "vep_project.residual_income.years[1].year", 1),
    ("vep_residual_income", "vep_project.residual_income.years[0].year", 0),
    ("vep_with_without", "vep_project.with_without.changes[0].unit_price_cny", -1.0),
    ("catalogued_right", "catalogued_right.kind", ""),
    ("catalogued_right", "catalogued_right.kind", "x" * 65),
    ("catalogued_right", "catalogued_right.unit", "(" * 65),
    ("water_right", "name", "x" * 257),
    ("water_right", "stated_value.source", "x" * 1025),
    ("water_right", "water_right.allocation_factor", "x" * 65),
    ("forest_carbon_grown", "forest_carbon.issuance.growth.species", "x" * 65),
    ("vep_residual_income", "vep_project.residual_income.revenue_factor", "x" * 65),
    ("catalogued_right", "catalogued_right.quantity_per_year", 0.0),
]
CLEARED: list[tuple[str, str, str]] = [
    ("water_right", "water_right", "detail"),
    ("forest_carbon", "forest_carbon.issuance.tonnes_per_year", "forest_carbon.issuance.tonnes_per_year"),
    ("gep_revenue", "gep_revenue.services", "gep_revenue.services"),
    ("vep_residual_income", "vep_project.residual_income", "vep_project.method"),
    (
        "vep_residual_income",
        "vep_project.residual_income.years",
        "vep_project.residual_income.years",
    ),
    ("vep_with_without", "vep_project.with_without.changes", "vep_project.with_without.changes"),
    (
        "catalogued_right",
        "catalogued_right.quantity_as_of.month",
        "catalogued_right.quantity_as_of",
    ),
]


@pytest.mark.parametrize(("name", "path", "value"), SPOILT)
def test_a_value_outside_the_contract_is_named_by_its_path(name: str, path: str, value: Any) -> None:
    message = asset_to_wire(asset(name))
    _set(message, path, value)
    assert read(message) == (None, [path])


@pytest.mark.parametrize(("name", "cleared", "path"), CLEARED)
def test_what_is_missing_is_named_by_its_path(name: str, cleared: str, path: str) -> None:
    message = asset_to_wire(asset(name))
    owner, last = _owner(message, cleared)
    owner.ClearField(last)
    assert read(message) == (None, [path])


@pytest.mark.parametrize(
    ("detail", "path"),
    [
        (WaterRight(1.0, 1.0, renewals=-1), "water_right.renewals"),
        (WaterRight(1.0, 1.0, renewals=2**32), "water_right.renewals"),
        (WaterRight(1.0, 1.0, use_months=(3, -4)), "water_right.use_months"),
        (
            VepProject(1.0, ResidualIncome((VepYear(1, 1.0), VepYear(-2, 1.0)), "cny")),
            "vep_project.residual_income.years[1].year",
        ),
    ],
)
def test_a_whole_number_that_the_contract_cannot_hold_is_named(detail: AssetDetail, path: str) -> None:
    good = Asset("A", "", "", WaterRight(1.0, 1.0))
    with pytest.raises(InvalidInput) as refused:
        assets_to_wire([good, Asset("B", "", "", detail)])
    [violation] = refused.value.violations
    assert violation.field == f"assets[1].{path}"
    assert "found" in violation.description


@pytest.mark.parametrize("path", ["asset_id", "name", "place", "stated_value.source"])
def test_what_no_report_can_print_is_refused_by_its_path(path: str) -> None:
    message = asset_to_wire(asset())
    _set(message, path, "甲\x07县")
    assert read(message) == (None, [path])


def test_all_violations_of_an_asset_are_told_at_once() -> None:
    message = asset_to_wire(asset("water_right"))
    message.asset_id = ""
    message.terms.ltv_cap = -1.0
    message.water_right.volume_m3_per_year = NAN
    message.water_right.remaining_term_years = 0.0
    assert read(message)[1] == [
        "asset_id",
        "terms.ltv_cap",
        "water_right.volume_m3_per_year",
        "water_right.remaining_term_years",
    ]


def test_a_repeated_asset_id_fails_the_later_asset_only() -> None:
    first, second = entries_from_wire(
        [asset_to_wire(plain("water_right")), asset_to_wire(plain("forest_tenure"))]
    )
    assert isinstance(first, Asset)
    assert isinstance(second, Failure)
    assert [violation.field for violation in second.violations] == ["asset_id"]
    assert "assets[0]" in second.message


@pytest.mark.parametrize(
    ("field", "value"),
    [("n_paths", 255), ("n_paths", 2**20 + 1), ("horizon_years", 0.0), ("horizon_years", NAN), ("confidence", 0.4),
     ("confidence", 1.0), ("seed", 2**63)],
)  # fmt: skip
def test_a_wrong_simulation_is_named(field: str, value: float) -> None:
    request = valuation_pb2.ValueAssetsRequest(simulation={field: value})  # type: ignore[arg-type]  # protobuf takes dicts
    violations = Violations()
    simulation_from_wire(request, violations)
    assert [violation.field for violation in violations.found] == [f"simulation.{field}"]


def test_wrong_loan_terms_are_named() -> None:
    violations = Violations()
    message = valuation_pb2.LoanTerms(tenor_years=3.0, grace_years=3.0, rate_annual=-0.1, min_dscr=0.0)
    loan_terms_from_wire(message, violations.at("terms"))
    assert [violation.field for violation in violations.found] == [
        "terms.rate_annual", "terms.min_dscr", "terms.grace_years",
    ]  # fmt: skip


@given(
    st.integers(0, 2**63 - 1),
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=64),
)
def test_a_page_token_comes_back(recorded: int, valuation_id: str) -> None:
    key = PageKey(recorded, valuation_id)
    assert page_key_from_token(page_token(key)) == key
