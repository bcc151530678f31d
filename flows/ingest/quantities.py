"""From InVEST result tables to annual quantities of ecosystem services."""

import csv
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows.accounts.attribute_tables import VECTOR_SUFFIXES
from flows.accounts.checked import CheckedRow, CheckedTable, read_checked_as
from flows.accounts.problems import Problem, refusal, shown
from flows.accounts.tables import SUFFIXES
from flows.accounts.units import DATA_FOLDER, UnitError, factor_between
from flows.ingest.model_tables import MODEL_TABLES, ModelTable
from services.runtime.errors import FieldViolation, InvalidInput

_SUFFIXES = (*SUFFIXES, *VECTOR_SUFFIXES)


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """What an output of a model is in an account; a row of data/accounts/model_outputs.csv."""

    output: str
    model: str
    category: str
    service: str
    indicator_zh: str
    quantity_unit: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """An annual quantity.

    Attributes:
        output: what it is in an account.
        amount: in the unit of the output, a year.
        file: where it was read.
        n_places: watersheds or rasters that it adds up.
    """

    output: ModelOutput
    amount: float
    file: str
    n_places: int


@functools.cache
def model_outputs() -> dict[str, ModelOutput]:
    """Every known output by its name."""
    with (DATA_FOLDER / "model_outputs.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["output"]: ModelOutput(
                row["output"],
                row["model"],
                row["category"],
                row["service"],
                row["indicator_zh"],
                row["quantity_unit"],
            )
            for row in csv.DictReader(file)
        }


def read_quantities(folder: Path, *, carbon_years: float | None = None) -> tuple[Quantity, ...]:
    """Quantities of every result table of a folder, in the order of data/accounts/model_outputs.csv.

    Args:
        folder: with result tables in CSV, XLSX, Parquet, shapefile or GeoPackage.
        carbon_years: years between the two dates of the carbon model.

    Raises:
        InvalidInput: with every problem found, each naming file, row, column, found and expected.
    """
    violations: list[FieldViolation] = []
    amounts: dict[str, Quantity] = {}
    for model, table in MODEL_TABLES.items():
        try:
            path = _find(folder, table)
            if path is not None:
                amounts |= _amounts(model, _read(path, table), carbon_years)
        except InvalidInput as error:
            violations += error.violations
    if violations:
        raise InvalidInput.from_violations(violations)
    if not amounts:
        known = ", ".join(table.stem for table in MODEL_TABLES.values())
        raise refusal([Problem(str(folder), "no result table", f"at least one of {known}")])
    return tuple(amounts[name] for name in model_outputs() if name in amounts)


def _find(folder: Path, table: ModelTable) -> Path | None:
    """The one table of a model; a run may have added its suffix to the name."""
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix in _SUFFIXES and (path.stem == table.stem or path.stem.startswith(f"{table.stem}_"))
    )
    # A run writes the same table as CSV and as vector: the CSV is enough.
    by_stem: dict[str, Path] = {}
    for path in sorted(found, key=lambda path: _SUFFIXES.index(path.suffix)):
        by_stem.setdefault(path.stem, path)
    if len(by_stem) > 1:
        names = ", ".join(path.name for path in by_stem.values())
        raise refusal([Problem(table.stem, names, "the table of one run")])
    return next(iter(by_stem.values()), None)


def _read(path: Path, table: ModelTable) -> CheckedTable:
    checked = read_checked_as(path, table.stem, table.columns)
    problems = list(table.problems(checked.rows))
    if problems:
        raise refusal(problems)
    return checked


def _amounts(model: str, table: CheckedTable, carbon_years: float | None) -> dict[str, Quantity]:
    found = {}
    for name, output in model_outputs().items():
        if output.model == model:
            amount = _carbon(table, carbon_years) if model == "carbon" else _sum(table, _PARTS[name])
            if amount is not None:
                found[name] = Quantity(output, amount, table.file, len(table.rows))
    return found


def _sum(table: CheckedTable, part: Callable[[CheckedRow], float | None]) -> float | None:
    """Sum over the watersheds; None where the model was run without this part."""
    parts = [part(row) for row in table.rows]
    known = [amount for amount in parts if amount is not None]
    if known and len(known) < len(parts):
        row = table.rows[parts.index(None)]
        raise refusal(
            [row.problem("ws_id", "a watershed without the figure that others have", "all or none")]
        )
    return sum(known) if known else None


def _kept(row: CheckedRow, loads: tuple[str, ...], export: str) -> float | None:
    figures = [row.figure(name) for name in (*loads, export)]
    known = [figure for figure in figures if figure is not None]
    return None if len(known) < len(figures) else sum(known[:-1]) - known[-1]


_PARTS: dict[str, Callable[[CheckedRow], float | None]] = {
    "water_yield": lambda row: row.figure("wyield_vol"),
    "hydropower": lambda row: row.figure("hp_energy"),
    "soil_retention": lambda row: row.figure("avoid_eros"),
    "phosphorus_retention": lambda row: _kept(row, ("p_surface_load",), "p_surface_export"),
    "nitrogen_retention": lambda row: _kept(row, ("n_surface_load", "n_subsurface_load"), "n_total_export"),
}


def _carbon(table: CheckedTable, years: float | None) -> float:
    """Tonnes of CO2 a year: the change between two dates; the stock itself is no flow."""
    changes = [
        row for row in table.rows if "change" in row.text("label").lower() or "change" in row.text("filename")
    ]
    if len(changes) != 1:
        found = f"{len(changes)} rows about a change"
        expected = "exactly one: run the model for two dates; a carbon stock is no annual flow"
        raise refusal([Problem(table.file, found, expected, table.sheet)])
    row = changes[0]
    if years is None or not years > 0.0:
        raise refusal([row.problem("total", "a change over an unknown time", "--carbon-years, above 0")])
    return _figure(row) * _tonnes_co2(row) / years


def _figure(row: CheckedRow) -> float:
    total = row.figure("total") or 0.0
    if total < 0.0:
        raise refusal([row.problem("total", f"{total:g}", "a gain of carbon; a loss is no service")])
    return total


def _tonnes_co2(row: CheckedRow) -> float:
    """Tonnes of CO2 in one of the row's unit; the model counts elemental carbon."""
    unit = row.text("units")
    plain = {"metric tons": "t", "metric_ton": "t", "Mg": "t", "t": "t", "tonnes": "t"}.get(unit)
    try:
        return factor_between(f"{plain} C" if plain is not None else unit, "t CO2")
    except UnitError:
        raise refusal(
            [row.problem("units", shown(unit), "metric tons of carbon in all, not per hectare")]
        ) from None
