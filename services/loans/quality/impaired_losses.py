"""Losses of loans in default, and what risk-compensation funds are expected to pay of them before anything else.

A fund pays once. Loans in default claim now and come first, `E min(C3, cap)` over the sale of their pledges; what is
expected to be left of the cap is for the loans that perform. Expected credit loss, economic capital and the simulations
of the book all ask here, so that they leave the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from quant.credit_risk.impaired_recovery import Claimants, PledgeSales
from quant.factors import FactorModel
from quant.loan_losses.fund_payments import FundPayments
from quant.schedules import Array, DiscountFactors, ExposureSchedule
from services.loans.book_terms.used import NO_TERMS, UsedTerms
from services.loans.columns.loan_columns import loan_columns
from services.loans.loan import Loan
from services.loans.quality.credit_loss import DEFAULT_PATHS, QUARTERS_PER_YEAR
from services.loans.quality.loss_book import effective_rates
from services.loans.quality.present_losses import PresentLosses
from services.loans.reported.book import ReportedBook
from services.loans.segments.compensation_fund import NO_CLAIMS, FundClaims, FundsOfLoans, funds_of_loans


@dataclass(frozen=True, slots=True, eq=False)
class FundedLosses:
    """Losses of some loans, and what they claim of funds."""

    losses: PresentLosses
    claims: FundClaims


@dataclass(frozen=True, slots=True, eq=False)
class ImpairedLoans:
    """The loans in default of a book.

    Attributes:
        book: these loans alone; the guarantee of a borrower who is in default is taken out of it.
        standing: annual probability of default of each borrower that still performs, the highest of its loans: as
            guarantor it fails with it, not with that beside the guarantee.
        terms: the named funds.
        institution_cap_cny: most that the fund behind all other loans with a share pays; None for no cap.
    """

    book: ReportedBook
    standing: Mapping[str, float] = field(default_factory=dict)
    terms: UsedTerms = NO_TERMS
    institution_cap_cny: float | None = None

    def funds(self) -> FundsOfLoans:
        """The fund behind each of the loans."""
        return funds_of_loans(
            loan_columns(self.book.loans, ""), self.terms.funds.entries, self.institution_cap_cny
        )

    def claim_of_capped_funds(self) -> bool:
        """Whether any of the loans has a share of a fund that has a cap."""
        funds = self.funds()
        behind = funds.fund_of_loan[funds.fund_of_loan >= 0]
        return bool(np.any(np.isfinite(funds.cap_cny[behind])))


def standing_of(loans: Iterable[Loan]) -> dict[str, float]:
    """Annual probability of default of each borrower of loans that perform: of its loans the highest."""
    found: dict[str, float] = {}
    for loan in loans:
        found[loan.borrower_id] = max(found.get(loan.borrower_id, 0.0), loan.default_probability_annual)
    return found


def claims_in_default(
    loans: ImpairedLoans,
    model: FactorModel,
    discount: DiscountFactors,
    seed: int,
    schedules: Sequence[ExposureSchedule] | None = None,
) -> FundClaims:
    """What loans in default claim of capped funds and are expected to be paid; nothing where none of them does.

    The figures are those of stage 3 in an expected credit loss of as many paths as one has that says nothing of them.

    Args:
        loans: in default, whose schedules name only factors of the model.
        model: the market.
        discount: discount factors of its curve.
        seed: of the scenario universe.
        schedules: of their pledges in a changed market; None where they are the same.
    """
    if not loans.claim_of_capped_funds():
        return NO_CLAIMS
    return impaired_losses(loans, PledgeSales(model, discount, DEFAULT_PATHS, seed), schedules).claims


def impaired_losses(
    loans: ImpairedLoans, sales: PledgeSales, schedules: Sequence[ExposureSchedule] | None = None
) -> FundedLosses:
    """One line a loan: what is missing once the pledges are sold, discounted by the sale itself.

    Args:
        loans: in default.
        sales: market and draws of the sale.
        schedules: of their pledges in a changed market; None where they are the same.
    """
    book, funds = loans.book, loans.funds()
    owed = book.balances_cny([book.day])[:, 0] if book.loans else np.zeros(0)
    position = {loan.loan_id: i for i, loan in enumerate(book.loans)}
    before_fund = np.array([loan.unsecured_lgd for loan in book.loans]) * _left_by_guarantors(loans)
    found = sales.recovery(
        owed,
        effective_rates(book),
        [item.schedule_from(book.day) for item in book.collateral] if schedules is None else schedules,
        np.array([position[item.loan_id] for item in book.collateral], dtype=np.intp),
        np.array([item.pledged_share for item in book.collateral], dtype=np.float64),
        claimants=Claimants(before_fund * funds.compensation_share, funds.fund_of_loan, len(funds.cap_cny)),
    )
    gross = before_fund * found.shortfall_cny
    claimed = funds.compensation_share * gross
    expected = funds.sums(claimed)
    share = FundPayments.of_paths(found.claims_cny.T, funds.cap_cny).paid_share(expected)
    paid = claimed * funds.of_loans(share)
    ones = np.ones((len(owed), 1))
    lines = PresentLosses(
        found.latest_lag_years[:, None],
        ones,
        owed[:, None],
        found.recovered_cny[:, None],
        (gross - paid)[:, None],
        ones,
        QUARTERS_PER_YEAR,
        paid[:, None],
    )
    return FundedLosses(lines, FundClaims.of(expected, funds.sums(paid)))


def _left_by_guarantors(loans: ImpairedLoans) -> Array:
    """Share of each loan's loss that a guarantor, if it still stands when the pledges are sold, leaves, [n_loans]."""
    book = loans.book
    lags = dict.fromkeys((loan.loan_id for loan in book.loans), 0.0)
    for item in book.collateral:
        lags[item.loan_id] = max(lags[item.loan_id], item.schedule.terms.disposal_lag_years)
    return np.array(
        [1.0 - _guaranteed(loan, lags[loan.loan_id], loans.standing) for loan in book.loans], dtype=np.float64
    )


def _guaranteed(loan: Loan, lag_years: float, standing: Mapping[str, float]) -> float:
    guarantee = loan.guarantee
    if guarantee is None:
        return 0.0
    probability = standing.get(guarantee.guarantor_id, guarantee.default_probability_annual)
    share: float = guarantee.share * (1.0 - probability) ** lag_years
    return share
