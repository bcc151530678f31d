"""Biomass of trees by diameter and height: the equations of each species, from data/tree_biomass_equations.csv."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from quant.forests.carbon import PowerEquation
from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import InvalidInput

TREE_EQUATIONS_PATH = BUNDLED_DATA / "tree_biomass_equations.csv"
_COLUMNS = "species_zh, species, site, part, a, b, source, status, carbon_fraction, carbon_fraction_source"


@dataclass(frozen=True, slots=True)
class TreeSpecies:
    """What a tree of a species weighs by its size.

    Attributes:
        name_zh, name_en: for people.
        site: where the trees were weighed.
        parts: names of the parts, one for each equation.
        equations: dry biomass of each part in kg, D in cm and H in m.
        carbon_fraction: of dry biomass.
        source: of the equations and of the fraction.
    """

    name_zh: str
    name_en: str
    site: str
    parts: tuple[str, ...]
    equations: tuple[PowerEquation, ...]
    carbon_fraction: float
    source: str


def decode_tree_equations(path: Path, content: bytes) -> Mapping[str, TreeSpecies]:
    """The species of a file's content by Chinese and English name.

    Raises:
        InvalidInput: a column is missing, a figure is no number or out of range, or rows of a species disagree.
    """
    rows: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in enumerate(csv.DictReader(content.decode("utf-8-sig").splitlines()), start=2):
        rows.setdefault(row.get("species_zh") or "", []).append((line, row))
    found: dict[str, TreeSpecies] = {}
    for group in rows.values():
        line, first = group[0]
        try:
            species = _species([row for _, row in group])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput.of(
                f"{path}, line {line}",
                f"{type(error).__name__} {error}, expected {_COLUMNS}, alike for {first}",
            ) from None
        found |= {species.name_zh: species, species.name_en: species}
    return MappingProxyType(found)


def _species(rows: list[dict[str, str]]) -> TreeSpecies:
    """One species; its rows are its parts.

    Raises:
        KeyError: a column is missing.
        ValueError: a figure is wrong, or the rows differ in what they share.
    """
    shared = {
        tuple(
            row[name]
            for name in ("species_zh", "species", "site", "carbon_fraction", "carbon_fraction_source")
        )
        for row in rows
    }
    if len(shared) != 1:
        raise ValueError(f"found {sorted(shared)}, expected one name, site and carbon fraction for all parts")
    [(name_zh, name_en, site, fraction, fraction_source)] = shared
    equations = tuple(PowerEquation(float(row["a"]), float(row["b"])) for row in rows)
    carbon_fraction = float(fraction)
    if not (0.0 < carbon_fraction < 1.0 and all(0.0 < a < 10.0 and 0.0 < b < 10.0 for a, b in equations)):
        raise ValueError(f"found {carbon_fraction}, {equations}, expected a fraction and a, b from 0 to 10")
    sources = "; ".join(dict.fromkeys([*(row["source"] for row in rows), fraction_source]))
    parts = tuple(row["part"] for row in rows)
    return TreeSpecies(name_zh, name_en, site, parts, equations, carbon_fraction, sources)
