"""Flows that a fund shares by its terms, and what became of them."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class DealCashFlow:
    """What one deal took and brought in a year, CNY, whole cents, >= 0.

    Attributes:
        deal_id: of the deal.
        called_cny: called from the partners for it.
        distributable_cny: its cash.
        realised: nothing more comes of it after this year; what it did not pay back is lost.
    """

    deal_id: str
    called_cny: Decimal
    distributable_cny: Decimal
    realised: bool = False


@dataclass(frozen=True, slots=True)
class FundCashFlow:
    """Cash of the fund in one year, CNY, whole cents, >= 0.

    Attributes:
        year: years from the first closing.
        called_cny: called from the partners; what is not called for a deal is expenses.
        distributable_cny: to be distributed; where deals are named, the sum of theirs.
        deals: needed where the fund distributes deal by deal or the grass roots are told by county.
    """

    year: int
    called_cny: Decimal
    distributable_cny: Decimal
    deals: tuple[DealCashFlow, ...] = ()


@dataclass(frozen=True, slots=True)
class Deal:
    """Where a deal is."""

    deal_id: str
    county: str


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment to a recipient, exact cents.

    Attributes:
        year: of the flow.
        recipient_id: partner, "grassroots" or "escrow".
        step: position in the terms; the number of steps stands for the settlement at the end.
        amount_cny: below 0 only in the settlement, for what the manager or the escrow gives.
    """

    year: int
    recipient_id: str
    step: int
    amount_cny: Decimal


@dataclass(frozen=True, slots=True)
class PartnerResult:
    """What one recipient paid and received; rates are None where there are none.

    Attributes:
        grassroots_cost_cny: received by the same terms without the share of the grass roots, less received.
    """

    recipient_id: str
    paid_in_cny: Decimal
    received_cny: Decimal
    irr_annual: float | None
    tvpi: float | None
    grassroots_cost_cny: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class CountyBenefit:
    """What the grass roots of a county receive: "" where no county is told."""

    county: str
    amount_cny: Decimal


@dataclass(frozen=True, slots=True)
class YearlyFee:
    """The management fee that the terms allow in a year on the flows before it; it is part of what is called.

    Attributes:
        year: of the fund; every one from the first flow to the last.
        base_cny: paid in, or paid in and not yet returned, before the year.
        rate_annual: of the year.
        fee_cny: to the cent.
    """

    year: int
    base_cny: Decimal
    rate_annual: float
    fee_cny: Decimal


@dataclass(frozen=True, slots=True)
class WaterfallResult:
    """Payments in order of year, step and recipient, and totals in order of the partners.

    Attributes:
        payments: other than 0.
        partners: totals.
        counties: what the grass roots receive, in the order in which the deals come up.
        carry_cny: paid to the manager beyond its part as a partner, before anything is given back.
        given_back_cny: of it, at the end.
        fees: what the terms allow, year by year, also where there is no flow.
    """

    payments: tuple[Payment, ...]
    partners: tuple[PartnerResult, ...]
    counties: tuple[CountyBenefit, ...] = ()
    carry_cny: Decimal = Decimal(0)
    given_back_cny: Decimal = Decimal(0)
    fees: tuple[YearlyFee, ...] = ()
