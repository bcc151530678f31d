"""The recipe of the synthetic book, from the published cases and two files of assumptions."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from flows.loan_book import BookAssumptions, read_book_assumptions
from flows.published_cases.assumptions import read_assumptions
from flows.published_cases.bundled import ASSUMPTIONS_TOML
from flows.published_cases.case import CNY_PER_WAN
from flows.published_cases.case_file import read_cases
from flows.published_cases.mapping import CaseMapping, map_case
from services.loans.products import read_products
from services.loans.synthetic.recipe import BookRecipe, LoanTemplate
from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import InvalidInput
from services.valuation.asset import Asset

SYNTHETIC_TOML = BUNDLED_DATA / "demonstration" / "synthetic_book.toml"
_MONTHS = 12


class KindLabels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Industry and purpose of the loans against a kind of pledge."""

    industry: str
    purpose: str


class SyntheticAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """data/demonstration/synthetic_book.toml, where each figure is explained."""

    amount_log_sd: float
    damped_above_cny: float
    damping_power: float
    rate_spread_bp: float
    default_probability_log_sd: float
    longest_tenor_years: int
    oldest_loan_months: int
    overdue_share: float
    overdue_longest_months: int
    prepaid_share: float
    written_off_share: float
    guarantee_share: float
    guarantor_default_probability_annual: float
    compensation_share: float
    variants: dict[str, float]
    borrower_sizes: dict[str, float]
    repayment_kinds: dict[str, float]
    kinds: dict[str, KindLabels]


@dataclass(frozen=True, slots=True)
class DrawnFrom:
    """What the book is drawn from.

    Attributes:
        recipe: templates and assumptions.
        assets: what was pledged in the case of each template.
    """

    recipe: BookRecipe
    assets: tuple[Asset, ...]


def read_recipe(as_of: dt.date, n_quarters: int) -> DrawnFrom:
    """The recipe of the bundled cases.

    Raises:
        InvalidInput: a file is missing or wrong, or the day is not the end of a quarter.
    """
    given = _read_synthetic(SYNTHETIC_TOML)
    book = read_book_assumptions(BUNDLED_DATA / "demonstration" / "loan_book.toml")
    case_assumptions = read_assumptions(ASSUMPTIONS_TOML)
    mappings = [
        map_case(case, case_assumptions) for case in read_cases(BUNDLED_DATA / "published_pledge_cases.csv")
    ]
    used = [
        (mapping, mapping.asset)
        for mapping in mappings
        if mapping.asset is not None and mapping.terms is not None and mapping.case.loan_wan is not None
    ]
    try:
        recipe = BookRecipe(
            templates=tuple(_template(mapping, given, book) for mapping, _ in used),
            as_of=as_of,
            n_quarters=n_quarters,
            default_probability_annual=book.default_probability_annual.value,
            asset_correlation=book.asset_correlation.value,
            unsecured_lgd=book.unsecured_lgd.value,
            **_shared(given),
        )
    except ValueError as error:
        raise InvalidInput.of("recipe", str(error)) from error
    return DrawnFrom(recipe, tuple(asset for _, asset in used))


def _template(mapping: CaseMapping, given: SyntheticAssumptions, book: BookAssumptions) -> LoanTemplate:
    case, terms, kind = mapping.case, mapping.terms, mapping.case.kind.value
    assert terms is not None  # noqa: S101  # the caller chose those that have it; tells mypy
    assert case.loan_wan is not None  # noqa: S101  # as above
    if kind not in given.kinds:
        raise InvalidInput.of(
            f"{SYNTHETIC_TOML}: kinds.{kind}", "found nothing, expected industry and purpose"
        )
    years = min(max(1, round(terms.tenor_years)), given.longest_tenor_years)
    return LoanTemplate(
        case_id=case.case_id,
        product=kind,
        county=case.place,
        industry=given.kinds[kind].industry,
        purpose=given.kinds[kind].purpose,
        has_variants=f"{kind}+guarantee" in read_products(),
        amount_cny=float(case.loan_wan * CNY_PER_WAN),
        tenor_months=years * _MONTHS,
        rate_annual=terms.rate_annual,
        index_weights=book.weights(kind, case.case_id),
    )


def _shared(given: SyntheticAssumptions) -> dict[str, Any]:
    """The assumptions that the recipe takes as they are."""
    left_out = {"kinds", "longest_tenor_years"}
    return {name: getattr(given, name) for name in given.__struct_fields__ if name not in left_out}


def _read_synthetic(path: Path) -> SyntheticAssumptions:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=SyntheticAssumptions)
    except OSError as error:
        raise InvalidInput.of(str(path), f"cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise InvalidInput.of(str(path), str(error)) from error
