"""What an appraisal of one pledge holds before anyone decides how it looks."""

from dataclasses import dataclass

from flows.published_cases.case import PublishedCase
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution
from services.valuation.asset import Asset
from services.valuation.lending.loan_price import LoanPricing
from services.valuation.stress.report import StressedAsset, StressReport
from services.valuation.valuation import LoanTerms, SizedLoan, Valuation


@dataclass(frozen=True, slots=True)
class PledgeAppraisal:
    """One pledge, appraised; amounts CNY.

    Attributes:
        institution_id: for whom.
        asset: as it was valued.
        valuation: stored and explained; its id replays it.
        loan: terms that were asked for; None where no loan was.
        sized: how much may be lent on these terms, and at what rate where `pricing` was given; None where no loan
            was asked for.
        stress: the pledge in every bundled scenario that fits the snapshot.
        comparables: published cases of the same kind.
        snapshot: market of all figures.
        pricing: what the rate was to be built from; None where it was not to be built up.
    """

    institution_id: str
    asset: Asset
    valuation: Valuation
    loan: LoanTerms | None
    sized: SizedLoan | None
    stress: StressReport
    comparables: tuple[PublishedCase, ...]
    snapshot: MarketSnapshot
    pricing: LoanPricing | None = None

    @property
    def stressed(self) -> StressedAsset | None:
        """The pledge in every scenario; None where it could not be stressed."""
        outcome = self.stress.outcomes[0]
        return outcome if isinstance(outcome, StressedAsset) else None

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Of the pledge, then of the loan against it; those of the rate stand beside the rate."""
        return self.valuation.cautions + (() if self.sized is None else self.sized.cautions)
