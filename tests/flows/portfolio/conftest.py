"""One server with books: four loans without collateral, twelve synthetic ones with pledges, a loan, one with a fund."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from cli.loan_quality import market
from flows.portfolio.book_review import BookReview
from flows.portfolio.request import ReviewRequest
from flows.portfolio.review_book import BookClients, review_book
from flows.synthetic_book.drawing import read_recipe
from flows.synthetic_book.storing import store_book
from services.loans.book_terms.client import BookTermsClient
from services.loans.book_terms.terms import TermsKind, TermsTable
from services.loans.importing.client import ImportClient
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.synthetic.book import synthetic_loans
from services.runtime.channel import open_channel
from services.valuation.client import ValuationClient
from tests.flows.running_book import AS_OF, INSTITUTION, Book, running_book

SYNTHETIC, SINGLE, EMPTY, FUNDED = "synthetic", "single", "empty", "funded"
SEED = 20260821
FUND = CompensationFundTerms("资金池", "agreement", cap_cny=20_000.0, compensation_share=0.5)
Clients = Callable[[str], BookClients]


def request_for(institution_id: str, **changes: object) -> ReviewRequest:
    """A small review of an institution's book, on the day of the standard market."""
    return ReviewRequest(institution_id, AS_OF, **({"n_quarters": 4, "n_paths": 512} | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """The services with the books."""
    with running_book(tmp_path_factory.mktemp("portfolio")) as book:
        recipe = read_recipe(dt.date(2026, 6, 30), 4)
        with open_channel(book.address, institution_id=SYNTHETIC) as channel:
            clients = BookClients.on(channel)
            store_book(
                recipe,
                lambda: synthetic_loans(recipe.recipe, 12, SEED),
                ValuationClient(channel),
                ImportClient(channel),
                clients.loans,
            )
        loan = next(iter(book.loans.list_loans())).loan
        with open_channel(book.address, institution_id=SINGLE) as channel:
            BookClients.on(channel).loans.put_loans(AS_OF, [loan])
        with open_channel(book.address, institution_id=FUNDED) as channel:
            BookClients.on(channel).loans.put_loans(AS_OF, [loan])
            BookTermsClient(channel).put(AS_OF, [TermsTable(TermsKind.COMPENSATION_FUNDS, (FUND,))])
        yield book


@pytest.fixture(scope="session")
def clients(served: Book) -> Iterator[Clients]:
    """Clients of an institution."""
    with ExitStack() as stack:
        yield lambda institution_id: BookClients.on(
            stack.enter_context(open_channel(served.address, institution_id=institution_id))
        )


@pytest.fixture(scope="session")
def synthetic_review(clients: Clients) -> BookReview:
    """The review of the synthetic book."""
    return review_book(clients(SYNTHETIC), request_for(SYNTHETIC), market(None))


@pytest.fixture(scope="session")
def bare_review(clients: Clients) -> BookReview:
    """The review of the book without collateral and without positions."""
    return review_book(clients(INSTITUTION), request_for(INSTITUTION), market(None))
