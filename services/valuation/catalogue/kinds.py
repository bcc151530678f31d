"""Entries of the catalogue: kinds, ecosystem services, carbon instruments, thresholds; every term with its source."""

from collections.abc import Collection
from enum import StrEnum

import msgspec

from quant.schedules import CollateralTerms
from services.runtime.market import Evidence, Source
from services.runtime.vocabulary.assumption_lines import assumption_line
from services.valuation.asset import CarbonInstrument

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


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry of the file; unknown keys are refused because a misspelt term would silently keep its default."""


class Kind(Entry, frozen=True):
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


class EcosystemService(Entry, frozen=True):
    """One service of an account: its class, the unit of its quantity and the factor that moves its cash."""

    code: str
    name_zh: str
    name_en: str
    service_class: ServiceClass
    unit: str
    factor: str


class CarbonTerms(Entry, frozen=True):
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


class Thresholds(Entry, frozen=True):
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


def assumptions_of(kind: Kind, replaced: Collection[str] = ()) -> tuple[str, ...]:
    """Terms of a kind that are assumptions, as text, without those that the asset replaces by its own."""
    lines = []
    for source in kind.sources:
        if source.evidence is Evidence.ASSUMPTION:
            figures = [
                (name, f"{figure:g}")
                for name in (part.strip() for part in source.parameter.split(","))
                if name not in replaced and (figure := _figure(kind, name)) is not None
            ]
            if figures:
                lines.append(assumption_line(kind.name_zh, kind.code, figures, source.citation))
    return tuple(lines)


def _figure(kind: Kind, name: str) -> float | None:
    """The term as it is used, None where the kind does not use it."""
    if name == "realisable_share" and not kind.quantity_times_factor:
        return None
    figure: float | None = getattr(kind, name) if hasattr(kind, name) else getattr(kind.terms, name)
    return figure
