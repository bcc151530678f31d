"""Versions of the forest-carbon methodology and the risk of reversal, from data/carbon_methodologies.toml.

The version is a parameter of an asset: it sets the risk deduction K and the bounds within which crediting and
monitoring periods are usual. A version under comment is a scenario, whose figures are assumptions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import msgspec

from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import InvalidInput
from services.runtime.evidence import Evidence, Source
from services.runtime.vocabulary.assumption_lines import assumption_line

CARBON_RULES_PATH = BUNDLED_DATA / "carbon_methodologies.toml"


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry of the file; unknown keys are refused because a misspelt figure would silently be left out."""


class Methodology(_Entry, frozen=True):
    """One version of a methodology.

    Attributes:
        version: such as "CCER-14-001-V01".
        name_zh, name_en: for people.
        scenario: a stress, whose figures are assumptions, rather than a rule in force.
        crediting_years_low, crediting_years_high: bounds of the crediting period.
        monitoring_years_low, monitoring_years_high: bounds of a monitoring period.
        risk_deduction: K, the non-permanence deduction, a fraction.
        sources: where each of them comes from.
    """

    version: str
    name_zh: str
    name_en: str
    scenario: bool
    crediting_years_low: float
    crediting_years_high: float
    monitoring_years_low: float
    monitoring_years_high: float
    risk_deduction: float
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        if not 0.0 <= self.risk_deduction <= 1.0:
            raise ValueError(
                f"{self.version}.risk_deduction: found {self.risk_deduction}, expected a fraction from 0 to 1"
            )
        for name in ("crediting_years", "monitoring_years"):
            low, high = getattr(self, f"{name}_low"), getattr(self, f"{name}_high")
            if not 0.0 < low <= high < float("inf"):
                raise ValueError(
                    f"{self.version}.{name}: found {low} to {high}, expected ascending bounds above 0"
                )
        _require_sources(self.version, self.sources, _METHODOLOGY_FIGURES)

    def assumptions(self, *figures: str) -> tuple[str, ...]:
        """Those of the named figures that are assumptions, as text."""
        return tuple(
            assumption_line(self.name_zh, self.version, [(name, f"{getattr(self, name):g}")], source.citation)
            for source in self.sources
            if source.evidence is Evidence.ASSUMPTION
            for name in _named(source)
            if name in figures
        )


class ReversalRisk(_Entry, frozen=True):
    """What a forest loses, and how large a buffer should be beside it.

    Attributes:
        fire_intensity_annual, pest_intensity_annual: expected losses of the stand a year.
        severity: share of the carbon on site that a loss takes.
        least_buffer_cover: buffer over expected reversal below which a caution is raised.
        sources: where each of them comes from.
    """

    fire_intensity_annual: float
    pest_intensity_annual: float
    severity: float
    least_buffer_cover: float
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        for name in ("fire_intensity_annual", "pest_intensity_annual", "least_buffer_cover"):
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise ValueError(
                    f"reversal.{name}: found {getattr(self, name)}, expected a finite number from 0"
                )
        if not 0.0 <= self.severity <= 1.0:
            raise ValueError(f"reversal.severity: found {self.severity}, expected a fraction from 0 to 1")
        _require_sources("reversal", self.sources, _REVERSAL_FIGURES)

    @property
    def intensity_annual(self) -> float:
        """Expected losses of the stand a year, of any cause."""
        return self.fire_intensity_annual + self.pest_intensity_annual


class _File(_Entry, frozen=True):
    in_force: str
    methodologies: tuple[Methodology, ...]
    reversal: ReversalRisk


@dataclass(frozen=True, slots=True)
class CarbonRules:
    """Methodologies by version, the one that an asset without a version is taken under, and the risk of reversal."""

    in_force: str
    methodologies: Mapping[str, Methodology]
    reversal: ReversalRisk

    def methodology(self, version: str, field: str) -> Methodology:
        """The methodology of a version; empty means the one in force.

        Raises:
            InvalidInput: about `field`, with the known versions, if there is none.
        """
        found = self.methodologies.get(version or self.in_force)
        if found is None:
            raise InvalidInput.of(
                field, f"found unknown version {version!r}, expected one of {', '.join(self.methodologies)}"
            )
        return found


def decode_carbon_rules(path: Path, content: bytes) -> CarbonRules:
    """The rules of a file's content.

    Raises:
        InvalidInput: if it is wrong, naming the place.
    """
    try:
        file = msgspec.toml.decode(content, type=_File)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvalidInput.of(str(path), str(error)) from error
    versions = [methodology.version for methodology in file.methodologies]
    if len(set(versions)) < len(versions) or file.in_force not in versions:
        raise InvalidInput.of(
            str(path), f"found versions {versions}, expected each once and {file.in_force!r} among them"
        )
    by_version = {methodology.version: methodology for methodology in file.methodologies}
    return CarbonRules(file.in_force, MappingProxyType(by_version), file.reversal)


_METHODOLOGY_FIGURES = (
    "crediting_years_low", "crediting_years_high", "monitoring_years_low", "monitoring_years_high", "risk_deduction",
)  # fmt: skip
_REVERSAL_FIGURES = ("fire_intensity_annual", "pest_intensity_annual", "severity", "least_buffer_cover")


def _named(source: Source) -> list[str]:
    return [name.strip() for name in source.parameter.split(",")]


def _require_sources(owner: str, sources: tuple[Source, ...], figures: tuple[str, ...]) -> None:
    sourced = {name for source in sources for name in _named(source)}
    missing = [name for name in figures if name not in sourced]
    if missing:
        raise ValueError(f"{owner}.sources: none for {', '.join(missing)}, expected one for every figure")
