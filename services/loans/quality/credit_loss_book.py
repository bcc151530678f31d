"""The book of an expected credit loss: what is owed, in which stage, and its losses in one world."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quant.conditional_loss import conditional_expected_losses
from quant.factors import FactorModel
from quant.impaired_recovery import PledgeSales
from quant.schedules import Array
from quant.sparse_draws import Lanes
from services.loans.loan import Loan
from services.loans.quality.classification import ClassifiedLoan, classify
from services.loans.quality.classified_book import loan_facts
from services.loans.quality.credit_loss import QUARTERS_PER_YEAR, CreditLossQuestion
from services.loans.quality.loss_book import part_of, reported_loss_book, years_left
from services.loans.quality.present_losses import (
    PresentLosses,
    discount_factors,
    effective_rate,
    quarter_ends,
)
from services.loans.quality.rules import CreditRules
from services.loans.quality.staging import Origination, StageReason, StagingFacts, stage_of
from services.loans.reported_book import ReportedBook, read_reported, read_reported_book
from services.loans.repository import LoanStore
from services.runtime.market import MarketSnapshot


@dataclass(frozen=True, slots=True, eq=False)
class StagedBook:
    """The loans that owe something, with stage and reasons.

    Attributes:
        book: loans, positions, collateral.
        origination: probability at origination by loan, where known.
        stages: 1 to 3, in order of the loans.
        reasons: of each stage, in the same order.
    """

    book: ReportedBook
    origination: Mapping[str, Origination]
    stages: tuple[int, ...]
    reasons: tuple[tuple[StageReason, ...], ...]

    @property
    def effective_rates(self) -> Array:
        """Effective rate of each loan, [n_loans]; the reported rate where there is one."""
        return np.array(
            [effective_rate(self._rate(loan), loan.terms.months_per_period) for loan in self.book.loans]
        )

    @property
    def overdue_for_good(self) -> list[str]:
        """Loans past their last instalment that are not in stage 3."""
        return [
            loan.loan_id
            for loan, stage in zip(self.book.loans, self.stages, strict=True)
            if stage < 3 and loan.terms.matures_on <= self.book.day
        ]

    def performing(self) -> Lanes:
        """Positions of the loans in stages 1 and 2."""
        return np.flatnonzero(np.array(self.stages, dtype=np.int64) < 3)

    def impaired(self) -> Lanes:
        """Positions of the loans in stage 3."""
        return np.flatnonzero(np.array(self.stages, dtype=np.int64) == 3)

    def _rate(self, loan: Loan) -> float:
        position = self.book.positions.get(loan.loan_id)
        return loan.terms.rate_annual if position is None else position.rate_annual


def read_staged_book(store: LoanStore, question: CreditLossQuestion, rules: CreditRules) -> StagedBook:
    """Read and stage the book of a question.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: a day before the first rule.
    """
    day = question.day
    losses, classes = rules.credit_loss_on(day), rules.classification_on(day)
    book = read_reported_book(store, day, question.loan_ids).owing()
    # The class of a claim hangs on all claims on its debtor.
    everything = read_reported(store, day) if question.loan_ids else (list(book.loans), dict(book.positions))
    debtors = {facts.borrower_id: facts for facts in question.debtors}
    classified = {
        item.facts.loan_id: item for item in classify(loan_facts(*everything), day, classes, debtors)
    }
    origination = _origination(store, question, book)
    staged = [
        stage_of(
            _facts(loan, origination.get(loan.loan_id), classified.get(loan.loan_id)), day, losses, classes
        )
        for loan in book.loans
    ]
    return StagedBook(
        book, origination, tuple(stage for stage, _ in staged), tuple(reasons for _, reasons in staged)
    )


def _facts(loan: Loan, origination: Origination | None, classified: ClassifiedLoan | None) -> StagingFacts:
    return StagingFacts(loan.default_probability_annual, origination, loan.restructured_on, classified)


def _origination(
    store: LoanStore, question: CreditLossQuestion, book: ReportedBook
) -> dict[str, Origination]:
    given = dict(question.origination)
    first = store.first_states([loan.loan_id for loan in book.loans if loan.loan_id not in given])
    known = {
        loan_id: Origination(probability, "given", "随请求给出") for loan_id, probability in given.items()
    }
    for loan_id, (day, loan) in first.items():
        if day < book.day:
            known[loan_id] = _first_recorded(day, loan)
    return known


def _first_recorded(day: dt.date, loan: Loan) -> Origination:
    drawn = loan.terms.drawn_on
    return Origination(
        loan.default_probability_annual,
        f"first recorded state of {day}, drawn {drawn}",
        f"首次记录 {day}，放款 {drawn}",
    )


def losses_in(
    staged: StagedBook, base: MarketSnapshot, world: MarketSnapshot, question: CreditLossQuestion
) -> tuple[PresentLosses, PresentLosses]:
    """Losses of the loans in stages 1 and 2, and of those in stage 3, in one world.

    Raises:
        ValueError: an index has no randomness.
    """
    return (
        _performing_losses(staged, base.factor_model(), world, question),
        _impaired_losses(staged, world, question),
    )


def _performing_losses(
    staged: StagedBook, base: FactorModel, world: MarketSnapshot, question: CreditLossQuestion
) -> PresentLosses:
    part = part_of(staged.book, staged.performing())
    left = years_left(part) if part.loans else np.zeros(0)
    ends = quarter_ends(float(left.max(initial=1.0)))
    if not part.loans:
        nothing = np.zeros((0, len(ends)))
        return PresentLosses(nothing, nothing, nothing, nothing, nothing, nothing, QUARTERS_PER_YEAR)
    book = reported_loss_book(part, base, ends, question.default_curves)
    until, discount = discount_factors(ends, left, staged.effective_rates[staged.performing()])
    found = conditional_expected_losses(
        book.arrays,
        world.factor_model(),
        world.curve().discount_factors,
        n_paths=question.n_paths,
        seed=question.seed,
        base=base,
    )
    return PresentLosses(
        until,
        found.marginal_pd,
        found.exposure_cny,
        found.expected_collateral_cny,
        found.expected_loss_cny,
        discount,
        QUARTERS_PER_YEAR,
    )


def _impaired_losses(
    staged: StagedBook, world: MarketSnapshot, question: CreditLossQuestion
) -> PresentLosses:
    """One line a loan: what is missing once the pledges are sold, discounted by the sale itself."""
    part = part_of(staged.book, staged.impaired())
    claims = part.balances_cny([part.day])[:, 0] if part.loans else np.zeros(0)
    position = {loan.loan_id: i for i, loan in enumerate(part.loans)}
    sales = PledgeSales(world.factor_model(), world.curve().discount_factors, question.n_paths, question.seed)
    found = sales.recovery(
        claims,
        staged.effective_rates[staged.impaired()],
        [item.schedule_from(part.day) for item in part.collateral],
        np.array([position[item.loan_id] for item in part.collateral], dtype=np.intp),
        np.array([item.pledged_share for item in part.collateral], dtype=np.float64),
    )
    kept = np.array([_kept(loan, lag) for loan, lag in zip(part.loans, found.latest_lag_years, strict=True)])
    lgd = np.array([loan.unsecured_lgd for loan in part.loans])
    losses = lgd * found.shortfall_cny * kept
    ones = np.ones((len(claims), 1))
    return PresentLosses(
        found.latest_lag_years[:, None],
        ones,
        claims[:, None],
        found.recovered_cny[:, None],
        losses[:, None],
        ones,
        QUARTERS_PER_YEAR,
    )


def _kept(loan: Loan, lag_years: float) -> float:
    """Share of the loss that the bank keeps after a guarantor that still stands and the compensation fund."""
    guarantee = loan.guarantee
    share = 0.0
    if guarantee is not None:
        share = guarantee.share * (1.0 - guarantee.default_probability_annual) ** lag_years
    return (1.0 - share) * (1.0 - loan.compensation_share)
