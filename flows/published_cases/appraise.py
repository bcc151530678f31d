"""Values the published cases through the valuation service: one batch for the values, one call a loan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from flows.published_cases.appraisal import CaseAppraisal, PricedPledge
from flows.published_cases.assumptions import Assumptions
from flows.published_cases.case import PublishedCase
from flows.published_cases.case_cautions import of_comparison, of_service
from flows.published_cases.mapping import CaseMapping, map_case
from flows.published_cases.oddity import Oddity
from services.runtime.errors import EcopledgeError, FailedPrecondition, InvalidInput
from services.valuation.asset import Asset
from services.valuation.valuation import Failure, LoanTerms, SizedLoan, Valuation


class Appraiser(Protocol):
    """What is needed of the valuation service's client."""

    def value_assets(
        self, assets: Sequence[Asset], *, request_id: str = "", explain: bool = False
    ) -> Sequence[Valuation | Failure]:
        """One outcome for each asset, in their order."""

    def size_loan(self, asset: Asset, terms: LoanTerms) -> SizedLoan:
        """How much may be lent; raises InvalidInput where the asset cannot be priced."""


def appraise(
    cases: Iterable[PublishedCase],
    assumptions: Assumptions,
    client: Appraiser,
    oddities: Iterable[Oddity] = (),
    *,
    request_id: str = "",
) -> tuple[CaseAppraisal, ...]:
    """Appraises every case, in their order.

    A case that the service refuses carries the failure and leaves the others alone.

    Args:
        cases: as read.
        assumptions: for what was not published.
        client: of the valuation service.
        oddities: those that name a case are added to its cautions.
        request_id: stores the valuations, so that they can be listed and replayed; a repeat returns the first
            answer. Empty: nothing is stored.

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
    outcomes = client.value_assets(assets, request_id=request_id, explain=True) if assets else ()
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
    appraisal = CaseAppraisal(mapping, pledge, at_market, published)
    return replace(appraisal, cautions=(*published, *of_comparison(appraisal), *of_service(pledge)))


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
