"""Which inputs are assumptions: the column `assumed_fields` names columns, an asset names paths."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

from flows.accounts.checked import CheckedRow
from flows.accounts.columns import TABLES
from flows.accounts.problems import Problem, nearest, shown
from services.valuation.asset import (
    CarbonAndTenure,
    CataloguedRight,
    ForestCarbonReceivable,
    ForestTenure,
    GepRevenueRight,
    ResidualIncome,
    VepProject,
    WaterRight,
)

# Columns whose field has another name, or sits in a part of the asset.
_RENAMED = {
    ("water_right", "expires_on"): "water_right.remaining_term_years",
    ("forest_tenure", "tenure_expires_on"): "forest_tenure.tenure_term_years",
    ("gep_revenue", "reference"): "gep_revenue.services",
    ("gep_revenue", "cost_cny_per_year"): "gep_revenue.services",
    ("vep_project", "restoration_cost_cny_per_year"): "vep_project.restoration_cost_cny_per_year",
}
_OF_THE_ASSET = {
    "name": "name",
    "place": "place",
    "stated_value_cny": "stated_value.value_cny",
    "stated_value_basis": "stated_value.basis",
}
# A unit that was assumed makes the figure an assumption.
_UNITS = {"area_unit": "area_ha", "volume_unit": "volume_m3_per_year", "quantity_unit": "unit"}
# Scales every quantity of the pledge, so the pledge as a whole rests on it.
_SHARE = "pledged_share"
_DETAILS: Mapping[str, type] = {
    "water_right": WaterRight,
    "forest_carbon": ForestCarbonReceivable,
    "forest_tenure": ForestTenure,
    "carbon_and_tenure": CarbonAndTenure,
    "gep_revenue": GepRevenueRight,
    "vep_project": VepProject,
    "catalogued_right": CataloguedRight,
}
_RESIDUAL = "residual_income."
_YEAR_COLUMNS = ("year", "revenue_cny", "operating_cost_cny", "wages_cny", "capital_cny")
_TENURE_COLUMNS = (
    "years_to_harvest",
    "harvest_volume_m3_per_ha",
    "net_price_cny_per_m3",
    "cost_cny_per_ha_year",
    "stand_adjustment",
)
_GROWTH_COLUMNS = ("species", "age_years", "asymptotic_volume_m3_per_ha", "rate_per_year", "shape")


def assumed_columns(row: CheckedRow, stem: str, problems: list[Problem]) -> tuple[str, ...]:
    """Columns that a row declares as assumptions; an unknown name is a problem."""
    known = [column.name for column in TABLES[stem]]
    names = [name.strip() for name in row.text("assumed_fields").replace("；", ";").split(";")]
    for name in names:
        if name and name not in known:
            near = nearest(name, known)
            expected = f"the column {near}" if near else "names of columns, separated by ;"
            problems.append(row.problem("assumed_fields", shown(name), expected))
    return tuple(name for name in names if name in known)


def assumed_paths(kind: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Paths of the contract's message Asset for the columns, each once, in order.

    A column that says nothing of the asset's value (an identifier, a source, a figure that this kind does not use) has
    no path: the valuation service refuses one that leads to no field.
    """
    paths = (_path(kind, column) for column in columns)
    return tuple(dict.fromkeys(path for path in paths if path is not None))


def _path(kind: str, column: str) -> str | None:
    if column in _OF_THE_ASSET:
        return _OF_THE_ASSET[column]
    detail = kind if kind in _DETAILS else "catalogued_right"
    if column == _SHARE:
        return detail
    path = _path_in_detail(kind, _UNITS.get(column, column))
    table, rest = _DETAILS[detail], path.partition(".")[2]
    if rest.startswith(_RESIDUAL):
        table, rest = ResidualIncome, rest.removeprefix(_RESIDUAL)
    return path if _exists(table, rest.split(".")) else None


def _exists(table: type, steps: list[str]) -> bool:
    """Whether a path leads to a field of a dataclass, through optional ones, alternatives and lists."""
    for step in steps:
        hints = [hint for part in _dataclasses_in(table) for hint in [get_type_hints(part).get(step)] if hint]
        if not hints:
            return False
        table = hints[0]
    return True


def _dataclasses_in(hint: Any) -> list[type]:
    if is_dataclass(hint) and isinstance(hint, type):
        return [hint]
    return [found for part in get_args(hint) for found in _dataclasses_in(part)]


def _path_in_detail(kind: str, column: str) -> str:
    renamed: Mapping[tuple[str, str], str] = _RENAMED
    if (kind, column) in renamed:
        return renamed[kind, column]
    if kind == "carbon_and_tenure":
        if column == "tenure_expires_on":
            return "carbon_and_tenure.tenure.tenure_term_years"
        if column in _TENURE_COLUMNS:
            return f"carbon_and_tenure.tenure.{column}"
    if kind in {"forest_carbon", "carbon_and_tenure"}:
        return (
            f"{kind}.issuance.growth.{column}" if column in _GROWTH_COLUMNS else f"{kind}.issuance.{column}"
        )
    if kind == "vep_project":
        if column in _YEAR_COLUMNS:
            return f"vep_project.residual_income.years.{column}"
        return "vep_project.term_years" if column == "expires_on" else f"vep_project.residual_income.{column}"
    if kind in {"water_right", "forest_tenure", "gep_revenue"}:
        return f"{kind}.term_years" if column == "expires_on" else f"{kind}.{column}"
    return "catalogued_right.term_years" if column == "expires_on" else f"catalogued_right.{column}"
