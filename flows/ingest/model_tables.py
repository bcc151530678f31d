"""Result tables of InVEST models: their columns, and the checks by which unit mistakes are found.

Names of files and columns are those that the models write (InVEST user's guide, sections on annual water yield, SDR,
NDR and carbon): sums over a watershed, never values per hectare or per pixel.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flows.accounts.checked import CheckedRow
from flows.accounts.columns import Column, Content, Need
from flows.accounts.problems import Problem

_TOLERANCE = 0.01


def _number(name: str, need: Need = Need.NOTHING, *, minimum: float | None = 0.0) -> Column:
    return Column(name, Content.NUMBER, need, minimum=minimum)


WATER_YIELD = (
    Column("ws_id", need=Need.CELL, unique=True),
    _number("num_pixels"),
    _number("precip_mn", Need.CELL),
    _number("pet_mn"),
    _number("aet_mn", Need.CELL),
    _number("wyield_mn", Need.CELL),
    _number("wyield_vol", Need.CELL),
    _number("hp_energy"),
    _number("hp_val", minimum=None),
)
SEDIMENT = (
    Column("ws_id", need=Need.CELL, unique=True),
    _number("usle_tot", Need.CELL),
    _number("sed_export", Need.CELL),
    _number("sed_dep"),
    _number("avoid_exp", Need.CELL),
    _number("avoid_eros", Need.CELL),
)
NUTRIENTS = (
    Column("ws_id", need=Need.CELL, unique=True),
    _number("p_surface_load", Need.COLUMN),
    _number("p_surface_export", Need.COLUMN),
    _number("n_surface_load"),
    _number("n_subsurface_load"),
    _number("n_surface_export"),
    _number("n_subsurface_export"),
    _number("n_total_export"),
)
CARBON = (
    Column("label", need=Need.CELL),
    _number("total", Need.CELL, minimum=None),
    Column("units", need=Need.CELL),
    Column("filename", need=Need.COLUMN),
)


def water_yield_problems(rows: tuple[CheckedRow, ...]) -> Iterator[Problem]:
    """Yield is precipitation less evapotranspiration; volume is depth times the same pixel area in every watershed."""
    volumes = []
    for row in rows:
        rain, evaporated, depth = (_figure(row, name) for name in ("precip_mn", "aet_mn", "wyield_mn"))
        if abs(depth - (rain - evaporated)) > _TOLERANCE * rain + 0.5:
            yield row.problem(
                "wyield_mn",
                f"{depth:g} mm",
                f"precip_mn less aet_mn, {rain - evaporated:g} mm; is a unit wrong?",
            )
        pixels = row.figure("num_pixels")
        if pixels and depth > 0.0:
            volumes.append((row, _figure(row, "wyield_vol") / (pixels * depth / 1000.0)))
    area = _middle([found for _, found in volumes])
    for row, found in volumes:
        if not math.isclose(found, area, rel_tol=_TOLERANCE):
            yield row.problem(
                "wyield_vol",
                f"{_figure(row, 'wyield_vol'):g} m3, which makes a pixel of {found:g} m2",
                f"a volume that makes the pixel of {area:g} m2 of the other watersheds; is it mm or per hectare?",
            )


def sediment_problems(rows: tuple[CheckedRow, ...]) -> Iterator[Problem]:
    """What leaves a watershed eroded in it; what is kept out of the stream is part of what is not eroded."""
    for row in rows:
        yield from _at_most(row, "sed_export", "usle_tot", "t")
        yield from _at_most(row, "avoid_exp", "avoid_eros", "t")


def nutrient_problems(rows: tuple[CheckedRow, ...]) -> Iterator[Problem]:
    """No more leaves than is applied; the total is its two ways."""
    for row in rows:
        for nutrient in ("p_surface", "n_surface", "n_subsurface"):
            if None not in (row.figure(f"{nutrient}_export"), row.figure(f"{nutrient}_load")):
                yield from _at_most(row, f"{nutrient}_export", f"{nutrient}_load", "kg")
        parts = [row.figure(name) for name in ("n_surface_export", "n_subsurface_export")]
        total = row.figure("n_total_export")
        known = [part for part in parts if part is not None]
        if (
            total is not None
            and len(known) == 2
            and not math.isclose(sum(known), total, rel_tol=_TOLERANCE, abs_tol=1e-6)
        ):
            yield row.problem("n_total_export", f"{total:g} kg", f"its two parts, {sum(known):g} kg")


def no_problems(_rows: tuple[CheckedRow, ...]) -> Iterator[Problem]:
    """A table without a check of its own."""
    return iter(())


@dataclass(frozen=True, slots=True)
class ModelTable:
    """A result table.

    Attributes:
        stem: name of the file up to its suffix; a run may add "_<suffix>".
        columns: that it has.
        problems: what the figures say against each other.
    """

    stem: str
    columns: tuple[Column, ...]
    problems: Callable[[tuple[CheckedRow, ...]], Iterator[Problem]]


MODEL_TABLES = {
    "water_yield": ModelTable("watershed_results_wyield", WATER_YIELD, water_yield_problems),
    "sediment": ModelTable("watershed_results_sdr", SEDIMENT, sediment_problems),
    "nutrients": ModelTable("watershed_results_ndr", NUTRIENTS, nutrient_problems),
    "carbon": ModelTable("raster_values_summary", CARBON, no_problems),
}


def _figure(row: CheckedRow, name: str) -> float:
    return row.figure(name) or 0.0


def _at_most(row: CheckedRow, part: str, whole: str, unit: str) -> Iterator[Problem]:
    if _figure(row, part) > _figure(row, whole) * (1.0 + 1e-6):
        yield row.problem(
            part,
            f"{_figure(row, part):g} {unit}",
            f"at most {whole}, {_figure(row, whole):g} {unit}; is one of them per hectare?",
        )


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
