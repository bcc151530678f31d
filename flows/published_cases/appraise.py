"""Values the published cases through the valuation service: one batch for the values, one call a loan."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from flows.published_cases.appraisal import CaseAppraisal, PricedPledge, granted_to_limit
from flows.published_cases.assumptions import Assumptions
from flows.published_cases.case import PublishedCase
from flows.published_cases.mapping import CaseMapping, Sufficiency, map_case
from flows.published_cases.oddity import Oddity
from services.runtime.errors import EcopledgeError, FailedPrecondition, InvalidInput
from services.runtime.results import Caution, Severity
from services.valuation.asset import Asset
from services.valuation.valuation import Failure, LoanTerms, SizedLoan, Valuation


class Appraiser(Protocol):
    """What is needed of the valuation service's client."""

    def value_assets(
        self, assets: Sequence[Asset], *, explain: bool = False
    ) -> Sequence[Valuation | Failure]:
        """One outcome for each asset, in their order."""

    def size_loan(self, asset: Asset, terms: LoanTerms) -> SizedLoan:
        """How much may be lent; raises InvalidInput where the asset cannot be priced."""


def appraise(
    cases: Iterable[PublishedCase],
    assumptions: Assumptions,
    client: Appraiser,
    oddities: Iterable[Oddity] = (),
) -> tuple[CaseAppraisal, ...]:
    """Appraises every case, in their order.

    A case that the service refuses carries the failure and leaves the others alone.

    Args:
        cases: as read.
        assumptions: for what was not published.
        client: of the valuation service.
        oddities: those that name a case are added to its cautions.

    Raises:
        InvalidInput: the assumptions do not fit the cases.
        EcopledgeError: the service as a whole does not answer.
    """
    mappings = tuple(map_case(case, assumptions) for case in cases)
    found = tuple(oddities)
    assets = [
        asset
        for mapping in mappings
        for asset in (mapping.asset, mapping.asset_at_market)
        if asset is not None
    ]
    # A batch needs at least one asset; all cases may be without one.
    outcomes = client.value_assets(assets, explain=True) if assets else ()
    priced = {asset.asset_id: outcome for asset, outcome in zip(assets, outcomes, strict=True)}
    return tuple(_appraisal(mapping, priced, client, found) for mapping in mappings)


def _appraisal(
    mapping: CaseMapping,
    priced: Mapping[str, Valuation | Failure],
    client: Appraiser,
    oddities: tuple[Oddity, ...],
) -> CaseAppraisal:
    pledge = _priced_pledge(mapping.asset, mapping.terms, priced, client)
    at_market = _priced_pledge(mapping.asset_at_market, mapping.terms, priced, client)
    published = tuple(oddity.caution for oddity in oddities if mapping.case.case_id in oddity.case_ids)
    return CaseAppraisal(mapping, pledge, at_market, (*published, *_own(mapping, pledge), *_service(pledge)))


def _priced_pledge(
    asset: Asset | None,
    terms: LoanTerms | None,
    priced: Mapping[str, Valuation | Failure],
    client: Appraiser,
) -> PricedPledge | None:
    if asset is None or terms is None:
        return None
    valuation = priced[asset.asset_id]
    if isinstance(valuation, Failure):
        return PricedPledge(valuation, None)
    try:
        return PricedPledge(valuation, client.size_loan(asset, terms))
    except (InvalidInput, FailedPrecondition) as error:
        return PricedPledge(valuation, _failure(asset, error))


def _failure(asset: Asset, error: EcopledgeError) -> Failure:
    if isinstance(error, InvalidInput):
        return Failure(asset.asset_id, "INVALID_ARGUMENT", error.message, error.violations)
    return Failure(asset.asset_id, "FAILED_PRECONDITION", error.message)


def _service(pledge: PricedPledge | None) -> tuple[Caution, ...]:
    if pledge is None or isinstance(pledge.valuation, Failure):
        return ()
    return pledge.valuation.cautions


def _own(mapping: CaseMapping, pledge: PricedPledge | None) -> tuple[Caution, ...]:
    """What this comparison itself has to say: not valued, illustrative, under assumptions, beyond the limit."""
    cautions = [_of_sufficiency(mapping)] if mapping.sufficiency is not Sufficiency.SUFFICIENT else []
    ratio = granted_to_limit(mapping, pledge)
    if mapping.is_illustrative:
        cautions.append(_illustrative(ratio))
    elif ratio is not None and ratio > 1.0:
        cautions.append(
            Caution(
                "GRANTED_ABOVE_LIMIT",
                Severity.WARNING,
                f"银行实际给予的金额是本模型限额的 {ratio:.1f} 倍",
                f"the bank gave {ratio:.1f} times the limit of this model",
            )
        )
    if pledge is not None and pledge.limit_cny is not None and pledge.limit_cny <= 0.0:
        cautions.append(Caution("NOTHING_MAY_BE_LENT", Severity.WARNING, "限额为零", "the limit is zero"))
    return tuple(cautions)


def _of_sufficiency(mapping: CaseMapping) -> Caution:
    if mapping.sufficiency is Sufficiency.NOT_VALUED:
        names_zh = "、".join(missing.case_input.label_zh for missing in mapping.missing)
        names_en = ", ".join(missing.case_input.label_en for missing in mapping.missing)
        return Caution(
            "NOT_VALUED",
            Severity.WARNING,
            f"未估值：{mapping.note_zh}。缺：{names_zh}",
            f"not valued: {mapping.note_en}. Missing: {names_en}",
        )
    decisive = [missing.case_input for missing in mapping.missing if missing.is_decisive_for_value]
    return Caution(
        "VALUED_UNDER_ASSUMPTION",
        Severity.NOTE,
        f"在假设下估值，未公布：{'、'.join(entry.label_zh for entry in decisive)}",
        f"valued under assumptions; not published: {', '.join(entry.label_en for entry in decisive)}",
    )


def _illustrative(ratio: float | None) -> Caution:
    """The size of the pledge was assumed: value and limit grow with it, so the ratio says which size is needed."""
    needed_zh = "" if ratio is None else f"；要撑起公布的贷款，规模须为假设的 {ratio:.2f} 倍"
    needed_en = (
        "" if ratio is None else f"; to carry the published loan it must be {ratio:.2f} times as large"
    )
    return Caution(
        "ILLUSTRATIVE_SIZE",
        Severity.WARNING,
        f"押品规模未公布，按单位规模示意，不是对该押品的估值{needed_zh}",
        f"the size of the pledge was not published; a unit of size is shown, not a value of the pledge{needed_en}",
    )
