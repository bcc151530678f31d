"""The catalogue of kinds: terms, caps and thresholds that are data, each with where it comes from.

The file is catalogue.toml beside it. Nothing in it is a default of the code: a term that is missing or
misspelt is refused with its place. Loading reads data/forest_species.csv, data/carbon_methodologies.toml and the tables
of ecosystem accounts as well, so that one hash covers them all.
"""

import csv
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import msgspec

from quant.forestry import carbon_dioxide_t, carbon_tc, stand_biomass_t
from quant.schedules import CollateralTerms
from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import InvalidInput
from services.runtime.market import Evidence, Source
from services.valuation.accounts.rules import AccountRules
from services.valuation.asset import CarbonInstrument
from services.valuation.catalogue.carbon_rules import CARBON_RULES_PATH, CarbonRules, decode_carbon_rules
from services.valuation.catalogue.tree_equations import (
    TREE_EQUATIONS_PATH,
    TreeSpecies,
    decode_tree_equations,
)

K = TypeVar("K")
V = TypeVar("V")

CATALOGUE_PATH = Path(__file__).with_name("catalogue.toml")
SPECIES_PATH = BUNDLED_DATA / "forest_species.csv"
SOURCED_TERMS = (
    "realisable_share", "ltv_cap", "min_dscr", "cash_multiple_cap", "risk_premium_annual", "event_intensity",
    "event_severity", "quantity_cv", "disposal_cost", "disposal_lag_years", "liquidity_discount",
)  # fmt: skip
"""Terms of a kind that must each be named by one of its sources."""


class ServiceClass(StrEnum):
    """The three classes of an ecosystem account."""

    PROVISIONING = "provisioning"
    REGULATING = "regulating"
    CULTURAL = "cultural"


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry of the file; unknown keys are refused because a misspelt term would silently keep its default."""


class Kind(_Entry, frozen=True):
    """One kind of asset, with its method where there are several.

    Attributes:
        code: such as "water_right" or "vep_project.residual_income".
        name_zh, name_en: for people.
        unit: unit of the annual quantity; empty where there is no single one.
        factor: factor that prices it; empty for kinds with several.
        quantity_times_factor: priced as a CataloguedRight; other kinds have a message of their own.
        price_required: the factor is an index (or constant), so the asset must state its own price.
        realisable_share: share of the quantity that is the pledgor's to sell, where the asset does not say.
        terms: behaviour as security.
        ltv_cap: highest loan over pledge value.
        cash_multiple_cap: highest loan over a year's cash; None where there is none.
        min_dscr: lowest debt-service cover.
        sources: where each term comes from; `parameter` may name several, comma-separated.
    """

    code: str
    name_zh: str
    name_en: str
    unit: str
    factor: str
    quantity_times_factor: bool
    price_required: bool
    realisable_share: float
    terms: CollateralTerms
    ltv_cap: float
    min_dscr: float
    sources: tuple[Source, ...]
    cash_multiple_cap: float | None = None

    def __post_init__(self) -> None:
        for name in ("realisable_share", "ltv_cap"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{self.code}.{name}: found {value}, expected a fraction from 0 to 1")
        for name in ("min_dscr", "cash_multiple_cap"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < float("inf"):
                raise ValueError(f"{self.code}.{name}: found {value}, expected a finite number above 0")
        sourced = {name.strip() for source in self.sources for name in source.parameter.split(",")}
        missing = [name for name in SOURCED_TERMS if name not in sourced]
        if missing:
            raise ValueError(
                f"{self.code}.sources: none for {', '.join(missing)}, expected one for every term"
            )


class EcosystemService(_Entry, frozen=True):
    """One service of an account: its class, the unit of its quantity and the factor that moves its cash."""

    code: str
    name_zh: str
    name_en: str
    service_class: ServiceClass
    unit: str
    factor: str


class CarbonTerms(_Entry, frozen=True):
    """Terms of one carbon instrument.

    Attributes:
        instrument: what is issued.
        factor: price of one tonne.
        risk_deduction: K where the asset does not say; None for a CCER, whose methodology sets it.
        registration_probability: where the asset does not say.
        stop_intensity_annual: expected stops of the registry a year, after which nothing more is issued; taken off
            credits that are pledged with the forest. A kind of carbon alone has it in its event intensity.
        sources: where each of them comes from, one for each.
    """

    instrument: CarbonInstrument
    factor: str
    registration_probability: float
    stop_intensity_annual: float
    sources: tuple[Source, ...]
    risk_deduction: float | None = None

    def __post_init__(self) -> None:
        if (self.risk_deduction is None) != (self.instrument is CarbonInstrument.CCER):
            raise ValueError(
                f"{self.instrument}.risk_deduction: found {self.risk_deduction}, expected one for any instrument but "
                "CCER, whose methodology sets it"
            )
        for name in ("risk_deduction", "registration_probability"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(f"{self.instrument}.{name}: found {value}, expected a fraction from 0 to 1")
        if not 0.0 <= self.stop_intensity_annual < float("inf"):
            raise ValueError(
                f"{self.instrument}.stop_intensity_annual: found {self.stop_intensity_annual}, "
                "expected a finite number from 0"
            )
        sourced = sorted(source.parameter for source in self.sources)
        expected = ["registration_probability", "risk_deduction", "stop_intensity_annual"]
        if self.risk_deduction is None:
            expected.remove("risk_deduction")
        if sourced != expected:
            raise ValueError(f"{self.instrument}.sources: found {sourced}, expected one for each term")


class Thresholds(_Entry, frozen=True):
    """Where cautions begin.

    Attributes:
        price_ratio_warning, price_ratio_implausible: price used over market price.
        yield_t_per_ha_year_warning, yield_t_per_ha_year_implausible: forest carbon, tCO2e.
        dominant_share: share of one service in an account total.
        regulating_cash_share: realisable share of a regulating service.
        permit_term_years: longest usual water permit.
        quantity_age_years: age at which a quantity is out of date.
        sources: where each of them comes from.
    """

    price_ratio_warning: float
    price_ratio_implausible: float
    yield_t_per_ha_year_warning: float
    yield_t_per_ha_year_implausible: float
    dominant_share: float
    regulating_cash_share: float
    permit_term_years: float
    quantity_age_years: float
    sources: tuple[Source, ...]


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


class _File(_Entry, frozen=True):
    thresholds: Thresholds
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
        species=_read_species(species_path, species_content),
        trees=decode_tree_equations(trees_path, trees_content),
        thresholds=file.thresholds,
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


def assumptions_of(kind: Kind, replaced: Collection[str] = ()) -> tuple[str, ...]:
    """Terms of a kind that are assumptions, as text, without those that the asset replaces by its own."""
    lines = []
    for source in kind.sources:
        if source.evidence is Evidence.ASSUMPTION:
            figures = [
                f"{name} = {figure:g}"
                for name in (part.strip() for part in source.parameter.split(","))
                if name not in replaced and (figure := _figure(kind, name)) is not None
            ]
            if figures:
                lines.append(f"{kind.name_zh} {kind.code}: {', '.join(figures)} ({source.citation})")
    return tuple(lines)


def _figure(kind: Kind, name: str) -> float | None:
    """The term as it is used, None where the kind does not use it."""
    if name == "realisable_share" and not kind.quantity_times_factor:
        return None
    figure: float | None = getattr(kind, name) if hasattr(kind, name) else getattr(kind.terms, name)
    return figure


def _read_species(path: Path, content: bytes) -> Mapping[str, Species]:
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
