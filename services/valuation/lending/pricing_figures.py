"""Which figure a rate is built from: the bank's own, the bundled assumption, or the market's; each is listed."""

from services.runtime.evidence import Evidence
from services.valuation.lending.loan_price import LoanPricing, PricingInput
from services.valuation.lending.pricing_assumptions import PricingAssumptions
from services.valuation.prepared_market import PreparedMarket

_STATED = "贷款方给定 stated by the lender"
_STATED_AS_ASSUMPTION = "贷款方给定，标明为假设 stated by the lender as an assumption"


class PricingFigures:
    """Looks figures up and remembers each as an input of the rate.

    Args:
        pricing: what the lender states.
        assumptions: used for what it does not.
    """

    def __init__(self, pricing: LoanPricing, assumptions: PricingAssumptions) -> None:
        self._pricing = pricing
        self._assumptions = assumptions
        self._inputs: dict[str, PricingInput] = {}

    @property
    def inputs(self) -> tuple[PricingInput, ...]:
        """Every figure that was looked up, in that order."""
        return tuple(self._inputs.values())

    def value(self, name: str) -> float:
        """The lender's figure, or the bundled assumption.

        Raises:
            KeyError: neither is there.
        """
        stated = self.stated(name)
        if stated is not None:
            return stated
        figure = self._assumptions[name]
        return self._note(PricingInput(name, figure.value, is_assumption=True, source=figure.citation))

    def stated(self, name: str) -> float | None:
        """The lender's figure; None where it states none."""
        found: float | None = getattr(self._pricing, name)
        if found is None:
            return None
        assumed = name in self._pricing.assumed_fields
        return self._note(PricingInput(name, found, assumed, _STATED_AS_ASSUMPTION if assumed else _STATED))

    def funded_at(self, rate_annual: float, market: PreparedMarket) -> None:
        """Note the funding rate that the snapshot's curve gave."""
        points = market.snapshot.discount_curve
        assumed = any(point.source.evidence is Evidence.ASSUMPTION for point in points)
        citations = "; ".join(dict.fromkeys(point.source.citation for point in points))
        self._note(
            PricingInput(
                "discount_curve",
                rate_annual,
                assumed,
                f"{market.snapshot.snapshot_id}, {market.snapshot.as_of}: {citations}",
            )
        )

    def _note(self, figure: PricingInput) -> float:
        self._inputs[figure.name] = figure
        return figure.value
