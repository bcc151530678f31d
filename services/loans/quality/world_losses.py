"""Losses of a staged book in one world, with what risk-compensation funds are expected to pay of them.

A fund pays once. Loans in stage 3 claim now and come first, `E min(C3, cap)`; what is expected to be left is for the
lifetime claims of all other loans, drawn on paths. Each loan of a fund has the same share of its claims paid, that of
the fund as a whole, so that what the loans count on adds up to what the fund pays, and never to more than its cap.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quant.credit_risk.conditional_loss import expected_losses
from quant.credit_risk.impaired_recovery import PledgeSales
from quant.draws.sparse_draws import Lanes
from quant.loan_losses.fund_payments import FundPayments, drawn_payments, largest_claims
from quant.loan_losses.path_sampling import PathSampler
from quant.loan_losses.prepared_book import PreparedBook
from quant.loan_losses.simulation import LossSimulation
from quant.schedules import Array
from services.loans.columns.loan_columns import loan_columns
from services.loans.quality.credit_loss import QUARTERS_PER_YEAR, CreditLossQuestion
from services.loans.quality.credit_loss_book import StagedBook
from services.loans.quality.impaired_losses import (
    FundedLosses,
    ImpairedLoans,
    impaired_losses,
    standing_of,
)
from services.loans.quality.loss_book import part_of, reported_loss_book, years_left
from services.loans.quality.present_losses import PresentLosses, discount_factors, quarter_ends
from services.loans.segments.compensation_fund import FundClaims, FundsOfLoans, funds_of_loans
from services.runtime.market import MarketSnapshot

_FEWEST_FUND_PATHS = 4_096


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
    sales = PledgeSales(world.factor_model(), world.curve().discount_factors, question.n_paths, question.seed)
    impaired = impaired_losses(_impaired(staged), sales)
    performing = _performing_losses(loans, asked, impaired.claims)
    both = impaired.claims, performing.claims
    return WorldLosses(
        performing.losses,
        impaired.losses,
        np.sum([claims.claims_cny for claims in both], axis=0),
        np.sum([claims.payments_cny for claims in both], axis=0),
    )


def _impaired(staged: StagedBook) -> ImpairedLoans:
    """The loans in stage 3, whose guarantors stand as their own loans in stages 1 and 2 do."""
    performing = (staged.book.loans[i] for i in staged.performing())
    return ImpairedLoans(part_of(staged.book, staged.impaired()), standing_of(performing), staged.terms)


def _performing_losses(loans: PerformingLoans, asked: _Asked, first: FundClaims) -> FundedLosses:
    if loans.prepared is None:
        nothing = np.zeros_like(loans.until_years)
        lines = PresentLosses(
            nothing, nothing, nothing, nothing, nothing, nothing, QUARTERS_PER_YEAR, nothing
        )
        none = np.zeros(len(first.claims_cny))
        return FundedLosses(lines, FundClaims.of(none, none))
    whole = loans.prepared.book
    share_promised, left_cny = whole.compensation_share, first.left_of(whole.fund_cap_cny)
    here = loans.prepared.in_market(asked.world.factor_model(), asked.world.curve().discount_factors)
    # Losses before funds: what each loan claims of its fund is known before it is known what the fund can pay.
    found = expected_losses(
        here.with_funds(np.zeros(len(whole)), left_cny),
        asked.question.n_paths,
        asked.question.seed,
        check_alive=asked.check_alive,
    )
    claimed = share_promised[:, None] * found.expected_loss_cny
    funds = FundsOfLoans(share_promised, whole.fund_of_loan, left_cny)
    claims = funds.sums(claimed.sum(axis=1))
    share = _drawn(here.with_funds(share_promised, left_cny), asked).paid_share(claims)
    paid = claimed * funds.of_loans(share)[:, None]
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
    return FundedLosses(lines, FundClaims.of(claims, funds.sums(paid.sum(axis=1))))


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
