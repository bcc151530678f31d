"""What the appraisal of one published case says, beside what the bank really gave."""

from dataclasses import dataclass

from flows.published_cases.case import CNY_PER_WAN
from flows.published_cases.mapping import CaseMapping, Sufficiency
from services.runtime.results import Caution
from services.valuation.valuation import Failure, LimitRule, SizedLoan, Valuation


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
        """What may be lent by all rules, CNY; None where that is not known."""
        return self.sized.limit_cny if isinstance(self.sized, SizedLoan) else None

    @property
    def pledge_limit_cny(self) -> float | None:
        """What the pledge value alone allows, CNY; None where that is not known."""
        if not isinstance(self.sized, SizedLoan):
            return None
        return next(
            (limit.limit_cny for limit in self.sized.limits if limit.rule is LimitRule.PLEDGE_VALUE), None
        )


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
    def granted_cny(self) -> float | None:
        """What the bank gave, CNY: the loan where published, else the credit line."""
        return self.loan_cny if self.loan_cny is not None else self.credit_line_cny

    @property
    def granted_to_limit(self) -> float | None:
        """What the bank gave over the limit by all rules; None where either is unknown or the limit is 0."""
        return _ratio(self.granted_cny, None if self.pledge is None else self.pledge.limit_cny)

    @property
    def granted_to_pledge_limit(self) -> float | None:
        """What the bank gave over what the pledge value alone allows.

        None where either is unknown or the limit is 0. Banks publish loan over value, so this compares like with
        like. Value is proportional to size: where the size of the pledge is illustrative, this is how many times as
        large the pledge must be to carry the loan.
        """
        return _ratio(self.granted_cny, None if self.pledge is None else self.pledge.pledge_limit_cny)


def _ratio(granted_cny: float | None, limit_cny: float | None) -> float | None:
    if granted_cny is None or limit_cny is None or limit_cny <= 0.0:
        return None
    return granted_cny / limit_cny
