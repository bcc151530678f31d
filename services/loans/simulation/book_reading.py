"""The book that a question is about, as it stands in the store, and what its loans in default leave of its funds."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from quant.factors import FactorModel
from quant.schedules import Array, DiscountFactors
from services.loans.asked_loans import require_in_force, require_known
from services.loans.book import SecuredBook
from services.loans.book_terms.choosing import terms_used
from services.loans.columns.loan_columns import LoanColumns
from services.loans.portfolio import PortfolioQuestion
from services.loans.quality.impaired_losses import ImpairedLoans, claims_in_default
from services.loans.quality.rules import CreditRules
from services.loans.reported.position import LoanPosition
from services.loans.repository import LoanStore
from services.loans.segments.compensation_fund import funds_of_loans
from services.loans.simulation.bad_loans import bad_loans, impaired_loans
from services.runtime.scenarios.scenario import Scenario, apply_to_schedule

OpenStore = Callable[[], AbstractContextManager[LoanStore]]


@dataclass(frozen=True, slots=True, eq=False)
class BookToSimulate:
    """A book whose funds have left what its loans in default leave them in the base market.

    Attributes:
        secured: the book.
        in_default: the loans that claim first.
        seed: of the scenario universe.
    """

    secured: SecuredBook
    in_default: ImpairedLoans
    seed: int

    def fund_caps(
        self, model: FactorModel, discount: DiscountFactors, scenario: Scenario | None = None
    ) -> Array:
        """What loans in default are expected to leave of every cap in another market, [n_funds].

        Args:
            model: the changed market.
            discount: discount factors of its curve.
            scenario: changes the schedules of pledges as well.
        """
        of_funds = funds_of_loans(
            self.secured.loans, self.secured.terms.funds.entries, self.secured.fund_cap_cny
        )
        schedules = [item.schedule_from(self.secured.day) for item in self.in_default.book.collateral]
        if scenario is not None:
            schedules = [apply_to_schedule(schedule, scenario) for schedule in schedules]
        claims = claims_in_default(self.in_default, model, discount, self.seed, schedules)
        return claims.left_of(of_funds.cap_cny)


def read_book(open_store: OpenStore, question: PortfolioQuestion, rules: CreditRules) -> BookToSimulate:
    """Loans, collateral, curves and funds in force on a day; the reading transaction ends before anything is computed.

    Args:
        open_store: opens a reading transaction.
        question: which loans on which day, and what it says of curves and funds.
        rules: of classification, which say who is in default already.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: a loan is reported as bad on a day before the first rule; there are loans in default, and a
            schedule or an index names a factor that the snapshot does not have.
    """
    day, loan_ids = question.book_date, question.loan_ids
    with open_store() as store:
        require_known(store, loan_ids)
        loans = store.loan_columns_in_force(day, loan_ids)
        require_in_force(store, day, loans.loan_ids, loan_ids)
        collateral = store.collateral_in_force(day, loans.loan_ids)
        terms = terms_used(
            store,
            day,
            question.default_curves,
            question.compensation_funds,
            without_book_terms=question.without_book_terms,
        )
        # A debtor's claims outside the question count for its class as well.
        remarkable = store.settled_or_bad(day)
        everything = store.loan_columns_in_force(day, ()) if loan_ids and remarkable else loans
        bad = bad_loans(store, day, everything, remarkable, rules)
        book = SecuredBook(
            day,
            loans,
            tuple(collateral),
            question.fund_cap_cny,
            terms,
            settled=_settled(loans, remarkable),
            bad=bad.within(loans.loan_ids),
        )
        in_default = impaired_loans(store, book)
    return _to_simulate(question, book, in_default)


def _to_simulate(question: PortfolioQuestion, book: SecuredBook, in_default: ImpairedLoans) -> BookToSimulate:
    model = question.snapshot.factor_model()
    if in_default.book.loans:
        book.check_factors(model)
    discount = question.snapshot.curve().discount_factors
    first = claims_in_default(in_default, model, discount, question.seed)
    return BookToSimulate(replace(book, claimed_first=first), in_default, question.seed)


def _settled(loans: LoanColumns, remarkable: Sequence[LoanPosition]) -> frozenset[str]:
    """Loans that owe nothing any more; nothing owed before the first drawing says nothing."""
    nothing_on = {position.loan_id: position.as_of for position in remarkable if position.balance_cny == 0}
    if not nothing_on:
        return frozenset()
    return frozenset(
        loan_id
        for loan_id, drawn_on in zip(loans.loan_ids, loans.terms.drawn_on.tolist(), strict=True)
        if loan_id in nothing_on and nothing_on[loan_id] >= drawn_on
    )
