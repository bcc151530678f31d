"""The catalogue of kinds: terms, caps and thresholds that are data, each with where it comes from.

The file is catalogue.toml beside it. Nothing in it is a default of the code: a term that is missing or
misspelt is refused with its place. Loading reads data/forest_species.csv, data/carbon_methodologies.toml and the tables
of ecosystem accounts as well, so that one hash covers them all.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import msgspec

from services.runtime.errors import InvalidInput
from services.valuation.accounts.rules import AccountRules
from services.valuation.asset import CarbonInstrument
from services.valuation.catalogue.carbon_rules import CARBON_RULES_PATH, CarbonRules, decode_carbon_rules
from services.valuation.catalogue.kinds import (
    CarbonTerms,
    EcosystemService,
    Entry,
    Kind,
    Thresholds,
    assumptions_of,
)
from services.valuation.catalogue.served_places import ServedPlaces
from services.valuation.catalogue.species import SPECIES_PATH, Species, decode_species
from services.valuation.catalogue.tree_equations import (
    TREE_EQUATIONS_PATH,
    TreeSpecies,
    decode_tree_equations,
)

K = TypeVar("K")
V = TypeVar("V")
CATALOGUE_PATH = Path(__file__).with_name("catalogue.toml")


class _File(Entry, frozen=True):
    thresholds: Thresholds
    served_places: tuple[ServedPlaces, ...]
    carbon: tuple[CarbonTerms, ...]
    services: tuple[EcosystemService, ...]
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Everything that the pricers know about kinds; one value for the life of a server.

    Attributes:
        kinds: in the order of the file.
        services: ecosystem services by code.
        carbon: terms by instrument.
        carbon_rules: versions of the methodology, and the risk of reversal.
        species: by Chinese name, full English name, and its part before the bracket in lower case.
        trees: species with tree equations, by Chinese and English name.
        thresholds: where cautions begin.
        served_places: places that the factors of a river speak of.
        accounts: names and errors of ecosystem services.
        content_hash: SHA-256 of all the files, hexadecimal.
        assumptions: for each kind the terms that are assumptions, as text, by code.
    """

    kinds: Mapping[str, Kind]
    services: Mapping[str, EcosystemService]
    carbon: Mapping[CarbonInstrument, CarbonTerms]
    carbon_rules: CarbonRules
    species: Mapping[str, Species]
    trees: Mapping[str, TreeSpecies]
    thresholds: Thresholds
    served_places: tuple[ServedPlaces, ...]
    accounts: AccountRules
    content_hash: str
    assumptions: Mapping[str, tuple[str, ...]]

    def kind(self, code: str, field: str = "kind") -> Kind:
        """The kind with a code.

        Raises:
            InvalidInput: with the known codes, if there is none.
        """
        try:
            return self.kinds[code]
        except KeyError:
            raise InvalidInput.of(
                field, f"found unknown kind {code!r}, expected one of {', '.join(self.kinds)}"
            ) from None


def read_catalogue(
    path: Path = CATALOGUE_PATH,
    species_path: Path = SPECIES_PATH,
    rules_path: Path = CARBON_RULES_PATH,
    trees_path: Path = TREE_EQUATIONS_PATH,
) -> Catalogue:
    """Read the catalogue, the species table, the carbon rules and the tree equations.

    Raises:
        InvalidInput: if a file is missing or wrong, naming the place.
    """
    content, species_content, rules_content, trees_content = (
        _bytes_of(part) for part in (path, species_path, rules_path, trees_path)
    )
    try:
        file = msgspec.toml.decode(content, type=_File)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvalidInput.of(str(path), str(error)) from error
    kinds = _by_code(path, [(kind.code, kind) for kind in file.kinds])
    services = _by_code(path, [(service.code, service) for service in file.services])
    accounts = AccountRules.read(services)
    return Catalogue(
        kinds=kinds,
        services=services,
        carbon=_by_code(path, [(terms.instrument, terms) for terms in file.carbon]),
        carbon_rules=decode_carbon_rules(rules_path, rules_content),
        species=decode_species(species_path, species_content),
        trees=decode_tree_equations(trees_path, trees_content),
        thresholds=file.thresholds,
        served_places=file.served_places,
        accounts=accounts,
        content_hash=hashlib.sha256(
            b"\0".join((content, species_content, rules_content, trees_content, accounts.content))
        ).hexdigest(),
        assumptions=MappingProxyType({code: assumptions_of(kind) for code, kind in kinds.items()}),
    )


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InvalidInput.of(str(path), "no such file, expected part of the catalogue") from None


def _by_code(path: Path, pairs: list[tuple[K, V]]) -> Mapping[K, V]:
    found: dict[K, V] = {}
    for code, entry in pairs:
        if code in found:
            raise InvalidInput.of(str(path), f"found {code!r} twice, expected each code once")
        found[code] = entry
    return MappingProxyType(found)
