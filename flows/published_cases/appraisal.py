"""What the appraisal of one published case says, beside what the bank really gave."""

from dataclasses import dataclass

from flows.published_cases.case import CNY_PER_WAN
from flows.published_cases.mapping import CaseMapping, Sufficiency
from services.runtime.results import Caution
from services.valuation.valuation import Failure, SizedLoan, Valuation


@dataclass(frozen=True, slots=True)
class PricedPledge:
    """The value of a pledge and what may be lent on it; each may have failed without the other.

    Attributes:
        valuation: value, distribution, haircut; or why there is none.
        sized: the limit; or why there is none; None where the pledge has no value to size on.
    """

    valuation: Valuation | Failure
    sized: SizedLoan | Failure | None

    @property
    def limit_cny(self) -> float | None:
        """What may be lent, CNY; None where that is not known."""
        return self.sized.limit_cny if isinstance(self.sized, SizedLoan) else None


@dataclass(frozen=True, slots=True)
class CaseAppraisal:
    """One case with everything the report shows.

    Attributes:
        mapping: the case, what is missing, and the asset that was valued.
        pledge: None where the case is not valued.
        at_market_price: the same at the snapshot's price, where a price of its own was published.
        cautions: of the valuation, of this comparison and of the published figures.
    """

    mapping: CaseMapping
    pledge: PricedPledge | None
    at_market_price: PricedPledge | None
    cautions: tuple[Caution, ...]

    @property
    def case_id(self) -> str:
        """C01 to C29."""
        return self.mapping.case.case_id

    @property
    def sufficiency(self) -> Sufficiency:
        """Whether what was published is enough to value the pledge."""
        return self.mapping.sufficiency

    @property
    def loan_cny(self) -> float | None:
        """The published loan, CNY."""
        loan_wan = self.mapping.case.loan_wan
        return None if loan_wan is None else float(loan_wan * CNY_PER_WAN)

    @property
    def credit_line_cny(self) -> float | None:
        """The published credit line, CNY."""
        line_wan = self.mapping.case.credit_line_wan
        return None if line_wan is None else float(line_wan * CNY_PER_WAN)

    @property
    def granted_to_limit(self) -> float | None:
        """The published loan (else the credit line) over the limit; None where either is unknown or the limit 0.

        Where the size of the pledge is illustrative this is by how much the pledge must be larger than assumed.
        """
        return granted_to_limit(self.mapping, self.pledge)


def granted_to_limit(mapping: CaseMapping, pledge: PricedPledge | None) -> float | None:
    """What the bank gave over what may be lent; None where either is unknown or the limit is 0."""
    granted_wan = mapping.case.granted_wan
    limit_cny = None if pledge is None else pledge.limit_cny
    if granted_wan is None or limit_cny is None or limit_cny <= 0.0:
        return None
    return float(granted_wan * CNY_PER_WAN) / limit_cny
