"""Biomass and carbon parameters of tree species, from data/forest_species.csv."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from quant.forestry import carbon_dioxide_t, carbon_tc, stand_biomass_t
from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import InvalidInput

SPECIES_PATH = BUNDLED_DATA / "forest_species.csv"


@dataclass(frozen=True, slots=True)
class Species:
    """Biomass and carbon parameters of a tree species.

    Attributes:
        name_zh, name_en: for people.
        bef: biomass expansion factor.
        svd: basic wood density, t dry matter per m3.
        rsr: root-to-shoot ratio.
        cf: carbon fraction of dry matter.
        co2_t_per_m3: carbon dioxide bound for each m3 of stem volume, from the four.
        source, status: where the four come from, and how sure that is.
    """

    name_zh: str
    name_en: str
    bef: float
    svd: float
    rsr: float
    cf: float
    co2_t_per_m3: float
    source: str
    status: str


def decode_species(path: Path, content: bytes) -> Mapping[str, Species]:
    """The table by Chinese name, full English name, and its part before the bracket in lower case.

    Raises:
        InvalidInput: a row that is wrong, naming the line.
    """
    found: dict[str, Species] = {}
    for line, row in enumerate(csv.DictReader(content.decode("utf-8-sig").splitlines()), start=2):
        try:
            svd, bef, rsr, cf = (float(row[name]) for name in ("svd", "bef", "rsr", "cf"))
            species = Species(
                row["species_zh"],
                row["species"],
                bef=bef,
                svd=svd,
                rsr=rsr,
                cf=cf,
                co2_t_per_m3=float(carbon_dioxide_t(carbon_tc(stand_biomass_t(1.0, svd, bef, rsr), cf))),
                source=row["source"],
                status=row["status"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput.of(
                f"{path}, line {line}",
                f"{type(error).__name__} {error}, expected species_zh, species, bef, svd, rsr, cf, source, status",
            ) from None
        short = species.name_en.partition("(")[0].strip().lower()
        found |= {species.name_zh: species, species.name_en: species, short: species}
    return MappingProxyType(found)
