"""Turns a published case into what the valuation service can value, with everything that had to be assumed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from flows.published_cases.assumptions import Assumptions
from flows.published_cases.case import CNY_PER_WAN, PublishedCase
from flows.published_cases.case_sheet import CaseSheet, MissingInput
from flows.published_cases.pledged_assets import BUILDERS, loan_term_years
from services.runtime.errors import InvalidInput
from services.valuation.asset import Asset, AssetDetail, ForestCarbonReceivable, StatedValue, WaterRight
from services.valuation.valuation import LoanTerms

AT_MARKET_SUFFIX = ".market"


class Sufficiency(StrEnum):
    """Whether what was published is enough to value the pledge.

    Terms of the loan are never part of it: a pledge has a value whatever is lent against it.
    """

    SUFFICIENT = "sufficient"
    UNDER_ASSUMPTION = "under_assumption"
    NOT_VALUED = "not_valued"


@dataclass(frozen=True, slots=True)
class CaseMapping:
    """A case ready to be valued, or the reason why it is not.

    Attributes:
        case: as published.
        sufficiency: SUFFICIENT when no decisive input of the pledge was assumed.
        missing: every input that was not published, of the pledge and of the loan.
        note_zh, note_en: why the case is treated so.
        asset, terms: None where the case is not valued.
        asset_at_market: the same pledge at the price of the market snapshot, where a price of its own was published.
    """

    case: PublishedCase
    sufficiency: Sufficiency
    missing: tuple[MissingInput, ...]
    note_zh: str
    note_en: str
    asset: Asset | None = None
    asset_at_market: Asset | None = None
    terms: LoanTerms | None = None

    @property
    def is_illustrative(self) -> bool:
        """Whether the size of the pledge itself was assumed, so that its value is only an illustration."""
        return any(
            missing.assumption is not None and missing.assumption.illustrative for missing in self.missing
        )


def map_case(case: PublishedCase, assumptions: Assumptions) -> CaseMapping:
    """Turns one case into an asset and loan terms, or says what is missing.

    Raises:
        InvalidInput: the assumptions have no section for the case, lack an input that was not published, or state
            one that was published or is not used.
    """
    treatment = assumptions.cases.get(case.case_id)
    if treatment is None:
        raise InvalidInput.of(f"cases.{case.case_id}", "found nothing, expected a section for every case")
    sheet = CaseSheet(case, assumptions)
    if treatment.treatment == "not_valued":
        for name in treatment.missing:
            sheet.note_absent(name)
        sheet.refuse_unused()
        return CaseMapping(
            case, Sufficiency.NOT_VALUED, tuple(sheet.missing), treatment.note_zh, treatment.note_en
        )
    detail = BUILDERS[case.kind](sheet)
    of_the_pledge = tuple(missing for missing in sheet.missing if missing.asset_field)
    terms = _loan_terms(sheet)
    sheet.refuse_unused()
    asset = _asset(case, detail, of_the_pledge)
    return CaseMapping(
        case,
        _sufficiency(of_the_pledge),
        _each_once(sheet.missing),
        treatment.note_zh,
        treatment.note_en,
        asset,
        _at_market(asset) if case.price_used_cny is not None else None,
        terms,
    )


def _each_once(missing: Iterable[MissingInput]) -> tuple[MissingInput, ...]:
    """One entry an input, although it may feed several fields of the asset."""
    return tuple({entry.case_input.name: entry for entry in reversed(list(missing))}.values())[::-1]


def _sufficiency(of_the_pledge: tuple[MissingInput, ...]) -> Sufficiency:
    if any(missing.is_decisive_for_value for missing in of_the_pledge):
        return Sufficiency.UNDER_ASSUMPTION
    return Sufficiency.SUFFICIENT


def _asset(case: PublishedCase, detail: AssetDetail, of_the_pledge: tuple[MissingInput, ...]) -> Asset:
    stated = None
    if case.published_value_wan is not None:
        stated = StatedValue(float(case.published_value_wan * CNY_PER_WAN), case.basis, case.source)
    return Asset(
        asset_id=case.case_id,
        name=f"{case.case_id} {case.place}",
        place=case.place,
        detail=detail,
        stated_value=stated,
        # Several assumptions may stand behind one field; the field is marked once.
        assumed_fields=tuple(dict.fromkeys(missing.asset_field for missing in of_the_pledge)),
    )


def _at_market(asset: Asset) -> Asset:
    """The asset without the price of its own, under an id of its own."""
    detail: AssetDetail
    match asset.detail:
        case WaterRight():
            detail = replace(asset.detail, price_cny_per_m3=None)
        case ForestCarbonReceivable(issuance):
            detail = ForestCarbonReceivable(replace(issuance, price_cny_per_t=None))
        case _:
            raise TypeError(
                f"{asset.asset_id}: {type(asset.detail).__name__} has no published price of its own"
            )
    return replace(asset, asset_id=asset.asset_id + AT_MARKET_SUFFIX, detail=detail)


def _loan_terms(sheet: CaseSheet) -> LoanTerms:
    """The loan for the comparison: published tenor, rate and grace where there are any.

    A published loan-to-value ratio is not applied: it refers to the published value, not to a low quantile.
    """
    case = sheet.case
    cost_wan = case.project_investment_wan
    granted_wan = case.granted_wan
    cost_cny = None if cost_wan is None else float(cost_wan * CNY_PER_WAN)
    return LoanTerms(
        tenor_years=sheet.number("loan_tenor_years", "", loan_term_years(sheet)),
        rate_annual=sheet.number(
            "loan_rate_annual", "", None if case.rate_pct is None else case.rate_pct / 100
        ),
        grace_years=sheet.number("loan_grace_years", "", case.grace_years),
        requested_cny=None if granted_wan is None else float(granted_wan * CNY_PER_WAN),
        project_cost_cny=cost_cny,
        project_equity_cny=0.0 if cost_cny is None else cost_cny * sheet.number("project_equity_share"),
    )
