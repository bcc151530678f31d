"""What a rate build-up assumes where the bank states nothing of its own, from data/loan_pricing.toml."""

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import InvalidInput

PRICING_PATH = BUNDLED_DATA / "loan_pricing.toml"
ASSUMED = (
    "correlation", "risk_weight", "capital_ratio", "cost_of_capital_annual", "operating_cost_annual", "margin_annual",
    "guarantor_pd_annual", "guarantor_risk_weight",
)  # fmt: skip
"""Fields of LoanPricing that the file must have, each once."""


class AssumedFigure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure with its reasoning."""

    name: str
    value: float
    citation: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    figures: tuple[AssumedFigure, ...]


PricingAssumptions = Mapping[str, AssumedFigure]


def read_pricing_assumptions(path: Path = PRICING_PATH) -> PricingAssumptions:
    """The figures by name.

    Raises:
        InvalidInput: if the file is missing or wrong, or a figure is missing, twice, or no number.
    """
    try:
        figures = msgspec.toml.decode(path.read_bytes(), type=_File).figures
    except FileNotFoundError:
        raise InvalidInput.of(str(path), "no such file, expected assumptions of loan pricing") from None
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvalidInput.of(str(path), str(error)) from error
    names = sorted(figure.name for figure in figures)
    if names != sorted(ASSUMED):
        raise InvalidInput.of(str(path), f"found figures {names}, expected each of {sorted(ASSUMED)} once")
    for figure in figures:
        if not math.isfinite(figure.value) or figure.citation.strip() == "":
            raise InvalidInput.of(
                str(path),
                f"{figure.name}: found {figure.value} and {figure.citation!r}, expected a number and why",
            )
    return MappingProxyType({figure.name: figure for figure in figures})
