"""The review of a book: what the services answer, the same id again, books that have little to tell."""

from collections.abc import Callable

import pytest

from cli.loan_quality import market
from flows.portfolio.book_review import BookFigures, BookReview
from flows.portfolio.review_book import T, review_book
from services.loans.book_terms.given import GivenTerms
from services.loans.portfolio import Sampling
from services.runtime.errors import Unavailable
from tests.flows.portfolio.conftest import EMPTY, FUND, FUNDED, SINGLE, SYNTHETIC, Clients, request_for


def figures_of(review: BookReview) -> BookFigures:
    assert review.figures is not None
    return review.figures


def test_figures_are_the_services_answers(synthetic_review: BookReview, clients: Clients) -> None:
    request, found, asked = synthetic_review.request, figures_of(synthetic_review), clients(SYNTHETIC)
    assert found.loss == asked.loans.simulate_portfolio(
        market(None), as_of=request.as_of, n_paths=512, n_quarters=4, sampling=Sampling.TOWARDS_TAIL
    )
    assert found.capital == asked.quality.measure_capital(market(None), as_of=request.as_of, n_paths=512)
    assert found.quality == asked.quality.classify_loans(request.as_of)
    assert found.pledges == asked.pledges.monitor(market(None), as_of=request.as_of, n_paths=256)
    assert synthetic_review.events == tuple(asked.pledges.events())


def test_both_sides_of_the_link_are_those_of_the_loss(synthetic_review: BookReview) -> None:
    found = figures_of(synthetic_review)
    # The linked side draws the same paths towards the tail as the simulation of the loss.
    assert found.wrong_way.together.expected_loss_cny == pytest.approx(found.loss.expected_loss_cny, rel=1e-9)
    assert len(found.stress.worlds) > 5


def test_limit_is_twice_the_expected_loss_where_none_is_given(
    synthetic_review: BookReview, clients: Clients
) -> None:
    found = figures_of(synthetic_review)
    assert found.reverse is not None
    assert found.reverse.is_assumption
    assert found.reverse.highest_expected_loss_cny == 2.0 * found.stress.worlds[0].expected_loss_cny
    low = request_for(SYNTHETIC, highest_expected_loss_cny=1.0)
    given = figures_of(review_book(clients(SYNTHETIC), low, market(None))).reverse
    assert given is not None
    assert not given.is_assumption
    assert given.found.broken_already


def test_the_same_book_has_the_same_id(clients: Clients) -> None:
    first, again, other = (
        review_book(clients(SINGLE), request_for(SINGLE, seed=seed), market(None)).replay_id()
        for seed in (7, 7, 8)
    )
    assert first == again != other


def test_every_figure_stands_on_the_terms_of_the_book(clients: Clients) -> None:
    """A fund kept by the book, the same one given, and none: one answer twice, and another everywhere."""
    kept = figures_of(review_book(clients(FUNDED), request_for(FUNDED), market(None)))
    given_terms, nothing = GivenTerms(compensation_funds=(FUND,)), GivenTerms(without_book_terms=True)
    given = figures_of(review_book(clients(FUNDED), request_for(FUNDED, terms=given_terms), market(None)))
    without = figures_of(review_book(clients(FUNDED), request_for(FUNDED, terms=nothing), market(None)))
    hashes = [dict(found.manifests()) for found in (kept, given, without)]
    for name in ("losses", "wrong_way", "stress", "credit_loss", "capital"):
        first, second, third = (manifests[name].input_hash for manifests in hashes)
        assert first == second != third, name
        codes = [
            {caution.code for section, caution in found.cautions() if section == name}
            for found in (kept, given, without)
        ]
        assert "COMPENSATION_FUNDS_OF_THE_BOOK" in codes[0], name
        assert {"COMPENSATION_FUNDS_SET_ASIDE"} <= codes[1] & codes[2], name
    assert kept.loss.expected_loss_cny == given.loss.expected_loss_cny < without.loss.expected_loss_cny
    assert kept.reverse is not None
    assert given.reverse is not None
    assert kept.reverse.found == given.reverse.found
    assert (
        kept.credit_loss.total.allowance_cny
        == given.credit_loss.total.allowance_cny
        < without.credit_loss.total.allowance_cny
    )
    bare, pledged = (found.capital.totals.economic_unrecognised for found in (kept, without))
    assert bare.expected_loss_cny < pledged.expected_loss_cny


def test_synthetic_loans_are_counted(synthetic_review: BookReview, bare_review: BookReview) -> None:
    assert (synthetic_review.n_synthetic, len(synthetic_review.loans)) == (12, 12)
    assert (bare_review.n_synthetic, len(bare_review.loans)) == (0, 4)


def test_a_book_without_collateral_has_no_link(bare_review: BookReview) -> None:
    found = figures_of(bare_review)
    assert found.wrong_way.expected_loss_difference_cny == 0.0
    assert all(not loan.pledges for loan in found.pledges.loans)
    # None of its loans has a reported position, so nothing can be classified.
    assert found.quality is None
    # 10,000,000 + 5,000,000 + 3,000,000 + 3,000,000 CNY, drawn on the day of the book.
    assert found.credit_loss.total.exposure_cny == 21_000_000.0


def test_an_empty_book_has_no_figures(clients: Clients) -> None:
    review = review_book(clients(EMPTY), request_for(EMPTY), market(None))
    assert review.loans == ()
    assert review.figures is None
    assert review.replay_id().startswith("portfolio-")


def test_one_loan_makes_the_whole_tail(clients: Clients) -> None:
    found = figures_of(review_book(clients(SINGLE), request_for(SINGLE), market(None)))
    (share,) = found.loss.by_loan
    tail = next(tail for tail in found.loss.tail if tail.confidence == 0.99)
    assert share.tail_contribution_cny == pytest.approx(tail.expected_shortfall_cny, rel=1e-9)


def test_every_question_is_a_step_of_its_own(clients: Clients) -> None:
    """A step that failed for want of the service is asked again alone; those before it are not."""
    asked: list[str] = []

    def run(name: str, step: Callable[[], T], /) -> T:
        asked.append(name)
        if name == "measure capital" and asked.count(name) == 1:
            with pytest.raises(Unavailable):
                raise Unavailable("away")
            return run(name, step)
        return step()

    review_book(clients(SINGLE), request_for(SINGLE), market(None), run)
    assert asked.count("measure capital") == 2
    assert len(set(asked)) == len(asked) - 1 == 10


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"n_quarters": 0}, "n_quarters"),
        ({"n_paths": 255}, "n_paths"),
        ({"highest_expected_loss_cny": 0.0}, "highest_expected_loss_cny"),
    ],
)
def test_a_wrong_request_names_its_field(changes: dict[str, float], field: str) -> None:
    with pytest.raises(ValueError, match=f"{field}: found"):
        request_for(SINGLE, **changes)
