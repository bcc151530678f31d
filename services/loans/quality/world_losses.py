"""Losses of a staged book in one world, with what risk-compensation funds are expected to pay of them.

A fund pays once. Loans in stage 3 claim now and come first, `E min(C3, cap)`; what is expected to be left is for the
lifetime claims of all other loans, drawn on paths. Each loan of a fund has the same share of its claims paid, that of
the fund as a whole, so that what the loans count on adds up to what the fund pays, and never to more than its cap.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from quant.credit_risk.conditional_loss import expected_losses
from quant.credit_risk.impaired_recovery import Claimants, PledgeSales
from quant.draws.sparse_draws import Lanes
from quant.loan_losses.fund_payments import FundPayments, drawn_payments, largest_claims
from quant.loan_losses.path_sampling import PathSampler
from quant.loan_losses.prepared_book import PreparedBook
from quant.loan_losses.simulation import LossSimulation
from quant.schedules import Array
from services.loans.columns.loan_columns import loan_columns
from services.loans.loan import Loan
from services.loans.quality.credit_loss import QUARTERS_PER_YEAR, CreditLossQuestion
from services.loans.quality.credit_loss_book import StagedBook
from services.loans.quality.loss_book import part_of, reported_loss_book, years_left
from services.loans.quality.present_losses import PresentLosses, discount_factors, quarter_ends
from services.loans.reported.book import ReportedBook
from services.loans.segments.compensation_fund import FundsOfLoans, funds_of_loans
from services.runtime.market import MarketSnapshot

_FEWEST_FUND_PATHS = 4_096
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class WorldLosses:
    """Losses in one world.

    Attributes:
        performing: of the loans in stages 1 and 2.
        impaired: of those in stage 3.
        fund_claims_cny: expected claims on each fund, stage 3 and the life of the others, undiscounted, [n_funds].
        fund_payments_cny: what each is expected to pay of them, [n_funds].
    """

    performing: PresentLosses
    impaired: PresentLosses
    fund_claims_cny: Array
    fund_payments_cny: Array


@dataclass(frozen=True, slots=True)
class _Asked:
    """The world, the question, and what is called between blocks."""

    world: MarketSnapshot
    question: CreditLossQuestion
    check_alive: Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """Losses of some loans, and what they claim of funds."""

    losses: PresentLosses
    claims_cny: Array
    payments_cny: Array


def funds_of(staged: StagedBook, members: Lanes) -> FundsOfLoans:
    """The fund behind each of some loans."""
    loans = [staged.book.loans[i] for i in members]
    return funds_of_loans(loan_columns(loans, ""), staged.terms.funds.entries, None)


@dataclass(frozen=True, slots=True, eq=False)
class PerformingLoans:
    """The loans in stages 1 and 2, made ready once for all worlds: who defaults when is set by the base market.

    Attributes:
        prepared: in the base market; None where there are no such loans.
        until_years, discount: of every quarter, see `PresentLosses`, [n_loans, n_quarters].
    """

    prepared: PreparedBook | None
    until_years: Array
    discount: Array

    @classmethod
    def of(cls, staged: StagedBook, base: MarketSnapshot) -> "PerformingLoans":
        """The loans of a book.

        Raises:
            InvalidInput: if a schedule or an index names a factor that the market does not have.
            ValueError: an index has no randomness.
        """
        part = part_of(staged.book, staged.performing())
        left = years_left(part) if part.loans else np.zeros(0)
        ends = quarter_ends(float(left.max(initial=1.0)))
        until, discount = discount_factors(ends, left, staged.effective_rates[staged.performing()])
        if not part.loans:
            return cls(None, until, discount)
        model = base.factor_model()
        arrays = reported_loss_book(part, model, ends, staged.terms).arrays
        return cls(PreparedBook.of(arrays, model, base.curve().discount_factors), until, discount)


def losses_in(
    staged: StagedBook,
    loans: PerformingLoans,
    world: MarketSnapshot,
    question: CreditLossQuestion,
    check_alive: Callable[[], None] = lambda: None,
) -> WorldLosses:
    """Losses in one world."""
    asked = _Asked(world, question, check_alive)
    impaired = _impaired_losses(staged, asked)
    performing = _performing_losses(loans, asked, impaired.payments_cny)
    return WorldLosses(
        performing.losses,
        impaired.losses,
        impaired.claims_cny + performing.claims_cny,
        impaired.payments_cny + performing.payments_cny,
    )


def _performing_losses(loans: PerformingLoans, asked: _Asked, paid_already_cny: Array) -> _Shared:
    if loans.prepared is None:
        nothing = np.zeros_like(loans.until_years)
        lines = PresentLosses(
            nothing, nothing, nothing, nothing, nothing, nothing, QUARTERS_PER_YEAR, nothing
        )
        return _Shared(lines, np.zeros_like(paid_already_cny), np.zeros_like(paid_already_cny))
    whole = loans.prepared.book
    share_promised, left_cny = whole.compensation_share, _left_of(whole.fund_cap_cny, paid_already_cny)
    here = loans.prepared.in_market(asked.world.factor_model(), asked.world.curve().discount_factors)
    # Losses before funds: what each loan claims of its fund is known before it is known what the fund can pay.
    found = expected_losses(
        here.with_funds(np.zeros(len(whole)), left_cny), asked.question.n_paths, asked.question.seed
    )
    claimed = share_promised[:, None] * found.expected_loss_cny
    funds = FundsOfLoans(share_promised, whole.fund_of_loan, left_cny)
    claims = _by_fund(funds, claimed.sum(axis=1))
    share = _drawn(here.with_funds(share_promised, left_cny), asked).paid_share(claims)
    paid = claimed * _of_loans(funds, share)[:, None]
    lines = PresentLosses(
        loans.until_years,
        found.marginal_pd,
        found.exposure_cny,
        found.expected_collateral_cny,
        found.expected_loss_cny - paid,
        loans.discount,
        QUARTERS_PER_YEAR,
        paid,
    )
    return _Shared(lines, claims, _by_fund(funds, paid.sum(axis=1)))


def _drawn(prepared: PreparedBook, asked: _Asked) -> FundPayments:
    """What funds are asked for where defaults are drawn; drawn only where that decides what a fund pays.

    It does not where a cap cannot be reached, nor where nothing is left of it.
    """
    book = prepared.book
    if not np.any((largest_claims(book) > book.fund_cap_cny) & (book.fund_cap_cny > 0.0)):
        return FundPayments.none(book.fund_cap_cny)
    n_paths, seed = max(asked.question.n_paths, _FEWEST_FUND_PATHS), asked.question.seed
    sampler = PathSampler(prepared.model, book.period_ends_years, seed)
    simulation = LossSimulation(prepared, sampler, n_paths, fans=False, n_threads=2)
    return drawn_payments(simulation, book, asked.check_alive)


def _impaired_losses(staged: StagedBook, asked: _Asked) -> _Shared:
    """One line a loan: what is missing once the pledges are sold, discounted by the sale itself."""
    part = part_of(staged.book, staged.impaired())
    claims = part.balances_cny([part.day])[:, 0] if part.loans else np.zeros(0)
    position = {loan.loan_id: i for i, loan in enumerate(part.loans)}
    funds = funds_of(staged, staged.impaired())
    before_fund = np.array([loan.unsecured_lgd for loan in part.loans]) * _left_by_guarantors(
        part, _own_probabilities(staged)
    )
    sales = PledgeSales(
        asked.world.factor_model(),
        asked.world.curve().discount_factors,
        asked.question.n_paths,
        asked.question.seed,
    )
    found = sales.recovery(
        claims,
        staged.effective_rates[staged.impaired()],
        [item.schedule_from(part.day) for item in part.collateral],
        np.array([position[item.loan_id] for item in part.collateral], dtype=np.intp),
        np.array([item.pledged_share for item in part.collateral], dtype=np.float64),
        claimants=Claimants(before_fund * funds.compensation_share, funds.fund_of_loan, len(funds.cap_cny)),
    )
    gross = before_fund * found.shortfall_cny
    claimed = funds.compensation_share * gross
    expected = _by_fund(funds, claimed)
    share = FundPayments.of_paths(found.claims_cny.T, funds.cap_cny).paid_share(expected)
    paid = claimed * _of_loans(funds, share)
    ones = np.ones((len(claims), 1))
    lines = PresentLosses(
        found.latest_lag_years[:, None],
        ones,
        claims[:, None],
        found.recovered_cny[:, None],
        (gross - paid)[:, None],
        ones,
        QUARTERS_PER_YEAR,
        paid[:, None],
    )
    return _Shared(lines, expected, _by_fund(funds, paid))


def _left_of(cap_cny: Array, paid_cny: Array) -> Array:
    """What is left of each cap; what is less than rounding leaves is nothing, [n_funds]."""
    return np.where(paid_cny < cap_cny * (1.0 - _ROUNDING), cap_cny - paid_cny, 0.0)


def _own_probabilities(staged: StagedBook) -> dict[str, float]:
    """Annual probability of default of each borrower that still performs: of its loans the highest."""
    found: dict[str, float] = {}
    for i in staged.performing().tolist():
        loan = staged.book.loans[i]
        found[loan.borrower_id] = max(found.get(loan.borrower_id, 0.0), loan.default_probability_annual)
    return found


def _left_by_guarantors(part: ReportedBook, own_probabilities: Mapping[str, float]) -> Array:
    """Share of each loan's loss that a guarantor, if it still stands when the pledges are sold, leaves, [n_loans].

    A guarantor who borrows fails with the probability of its own loans, not with that beside the guarantee.
    """
    lags = dict.fromkeys((loan.loan_id for loan in part.loans), 0.0)
    for item in part.collateral:
        lags[item.loan_id] = max(lags[item.loan_id], item.schedule.terms.disposal_lag_years)
    return np.array(
        [1.0 - _guaranteed(loan, lags[loan.loan_id], own_probabilities) for loan in part.loans],
        dtype=np.float64,
    )


def _guaranteed(loan: Loan, lag_years: float, own_probabilities: Mapping[str, float]) -> float:
    guarantee = loan.guarantee
    if guarantee is None:
        return 0.0
    probability = own_probabilities.get(guarantee.guarantor_id, guarantee.default_probability_annual)
    share: float = guarantee.share * (1.0 - probability) ** lag_years
    return share


def _by_fund(funds: FundsOfLoans, of_loans: Array) -> Array:
    """Sums of the loans of each fund, [n_funds]."""
    funded = funds.fund_of_loan >= 0
    sums: Array = np.bincount(
        funds.fund_of_loan[funded], of_loans[funded], minlength=len(funds.cap_cny)
    ).astype(np.float64)
    return sums


def _of_loans(funds: FundsOfLoans, of_funds: Array) -> Array:
    """The figure of each loan's fund, 0 for a loan without one, [n_loans]."""
    return np.where(funds.fund_of_loan >= 0, of_funds[funds.fund_of_loan], 0.0)
