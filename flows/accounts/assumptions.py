"""Which inputs are assumptions: the column `assumed_fields` names columns, an asset names paths."""

from collections.abc import Mapping

from flows.accounts.checked import CheckedRow
from flows.accounts.columns import TABLES
from flows.accounts.problems import Problem, nearest, shown

# Columns whose field has another name, or sits in a part of the asset.
_RENAMED = {
    ("water_right", "expires_on"): "water_right.remaining_term_years",
    ("forest_tenure", "tenure_expires_on"): "forest_tenure.tenure_term_years",
    ("gep_revenue", "reference"): "gep_revenue.services",
    ("gep_revenue", "cost_cny_per_year"): "gep_revenue.services",
    ("vep_project", "restoration_cost_cny_per_year"): "vep_project.restoration_cost_cny_per_year",
}
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
    """Paths of the contract's message Asset for the columns, each once, in order."""
    return tuple(dict.fromkeys(_path(kind, column) for column in columns))


def _path(kind: str, column: str) -> str:
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
        return "vep_project.term_years" if column == "expires_on" else f"vep_project.residual_income.{column}"
    if kind in {"water_right", "forest_tenure", "gep_revenue"}:
        return f"{kind}.term_years" if column == "expires_on" else f"{kind}.{column}"
    return "catalogued_right.term_years" if column == "expires_on" else f"catalogued_right.{column}"
