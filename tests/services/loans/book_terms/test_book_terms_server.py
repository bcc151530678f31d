"""Curves and funds of a book through client and server: every question uses them, says so, and can leave them out."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc
import pytest

from ecopledge.loans.v1 import book_terms_pb2 as pb
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.book_terms.client import BookTermsClient
from services.loans.book_terms.terms import TermsCounts, TermsKind, TermsTable
from services.loans.client import LoansClient
from services.loans.loan import Loan, RepaymentKind
from services.loans.portfolio import PortfolioQuestion
from services.loans.quality.client import QualityClient
from services.loans.reported.position import LoanPosition
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.simulation.client import BookStressClient
from services.loans.simulation.stress import LossLimit, StressQuestion
from services.runtime.channel import calling
from services.runtime.errors import Conflict, InvalidInput
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution

DAY = dt.date(2026, 6, 30)
CURVE = DefaultCurve("rising", "assumption of the tests", (0.08, 0.2, 0.3))
FUND = CompensationFundTerms("资金池", "agreement", cap_cny=150_000.0, compensation_share=0.5)
TABLES = (
    TermsTable(TermsKind.DEFAULT_CURVES, (CURVE,)),
    TermsTable(TermsKind.COMPENSATION_FUNDS, (FUND,)),
)
GIVEN: dict[str, Any] = {"default_curves": (CURVE,), "compensation_funds": (FUND,)}
LEFT_OUT: dict[str, Any] = {"without_book_terms": True}


class Desk:
    """Every question that depends on curves and funds: its answer and what the answer says of itself."""

    def __init__(self, channel: grpc.Channel, snapshot: MarketSnapshot) -> None:
        self.channel, self.snapshot = channel, snapshot

    def ask(self, what: str, **terms: Any) -> Any:
        book = PortfolioQuestion(self.snapshot, n_paths=1_024, n_quarters=8, **terms)
        match what:
            case "simulate":
                return LoansClient(self.channel).simulate_portfolio(self.snapshot, n_paths=1_024, **terms)
            case "stress":
                question = StressQuestion(book, limit=LossLimit(500_000.0))
                return BookStressClient(self.channel).stress(question)
            case "wrong-way":
                return BookStressClient(self.channel).wrong_way_risk(book)
            case "credit-loss":
                quality = QualityClient(self.channel)
                return quality.measure_credit_loss(self.snapshot, n_paths=64, **terms)
            case _:
                return QualityClient(self.channel).measure_capital(self.snapshot, n_paths=2_048, **terms)


@pytest.fixture
def desk(
    client: LoansClient, channel: grpc.Channel, loan: Callable[..., Loan], snapshot: MarketSnapshot
) -> Desk:
    bullet = replace(loan().terms, kind=RepaymentKind.BULLET, periods=60)
    client.put_loans(DAY, [loan(f"L{i}", terms=bullet) for i in range(8)])
    client.record_positions([LoanPosition("L7", DAY, bullet.principal_cny, 0.045, 120)])
    return Desk(channel, snapshot)


def told(found: Any) -> set[str]:
    return {caution.code for caution in found.cautions}


def figures(found: Any) -> Any:
    """An answer without the words about where its terms come from."""
    words: tuple[Caution, ...] = tuple(
        caution for caution in found.cautions if not caution.code.endswith(("_OF_THE_BOOK", "_SET_ASIDE"))
    )
    return replace(found, cautions=words)


@pytest.mark.parametrize("what", ["simulate", "stress", "wrong-way", "credit-loss", "capital"])
def test_every_question_uses_what_the_book_keeps(desk: Desk, channel: grpc.Channel, what: str) -> None:
    before, given = desk.ask(what), desk.ask(what, **GIVEN)
    assert BookTermsClient(channel).put(DAY, TABLES) == TermsCounts(2, 0)
    kept, left_out, again = desk.ask(what), desk.ask(what, **LEFT_OUT), desk.ask(what, **GIVEN)
    # The same terms give the same figures and the same input hash, wherever they come from.
    assert figures(kept) == figures(given) == figures(again)
    assert figures(left_out) == before
    assert kept.manifest.input_hash != before.manifest.input_hash
    assert told(kept) >= {
        "DEFAULT_CURVES_OF_THE_BOOK", "COMPENSATION_FUNDS_OF_THE_BOOK", "DEFAULT_CURVE_USED", "COMPENSATION_FUND_USED",
    }  # fmt: skip
    for other in (left_out, again):
        assert told(other) >= {"DEFAULT_CURVES_SET_ASIDE", "COMPENSATION_FUNDS_SET_ASIDE"}
    for one in (before, given):
        assert not {code for code in told(one) if code.endswith(("_OF_THE_BOOK", "_SET_ASIDE"))}


def test_one_kind_is_replaced_and_the_other_stays(desk: Desk, channel: grpc.Channel) -> None:
    BookTermsClient(channel).put(DAY, TABLES)
    found = desk.ask("simulate", compensation_funds=(replace(FUND, name="其他"),))
    assert told(found) >= {"DEFAULT_CURVES_OF_THE_BOOK", "COMPENSATION_FUNDS_SET_ASIDE"}
    assert [fund.name for fund in found.named_funds] == ["其他"]


def test_terms_count_from_their_day_on_until_they_are_withdrawn(desk: Desk, channel: grpc.Channel) -> None:
    terms = BookTermsClient(channel)
    terms.put(DAY + dt.timedelta(days=1), TABLES)
    assert desk.ask("simulate").named_funds == ()
    terms.put(DAY, TABLES)
    assert [fund.name for fund in desk.ask("simulate").named_funds] == ["资金池"]
    terms.put(DAY, [TermsTable(TermsKind.COMPENSATION_FUNDS, ())])
    found = desk.ask("simulate")
    assert found.named_funds == ()
    assert "DEFAULT_CURVES_OF_THE_BOOK" in told(found)
    assert "COMPENSATION_FUNDS_SET_ASIDE" not in told(desk.ask("simulate", **LEFT_OUT))
    assert [(v.as_of, v.table.kind.value, len(v.table.entries)) for v in terms.versions()] == [
        (DAY, "compensation_funds", 1),
        (DAY, "compensation_funds", 0),
        (DAY + dt.timedelta(days=1), "compensation_funds", 1),
        (DAY, "default_curves", 1),
        (DAY + dt.timedelta(days=1), "default_curves", 1),
    ]


def test_writes_are_idempotent_and_mistakes_are_named(channel: grpc.Channel) -> None:
    terms = BookTermsClient(channel)
    assert (
        terms.put(DAY, TABLES, request_id="r1")
        == terms.put(DAY, TABLES, request_id="r1")
        == TermsCounts(2, 0)
    )
    with pytest.raises(Conflict):
        terms.put(DAY, TABLES[:1], request_id="r1")
    with pytest.raises(InvalidInput, match="found neither default_curves nor compensation_funds"):
        terms.put(DAY, ())
    request = pb.PutBookTermsRequest(request_id="r2")
    request.default_curves.default_curves.add(name="a", basis="b", cumulative_default=[0.2, 0.1])
    request.compensation_funds.compensation_funds.add(name="c", basis="")
    with pytest.raises(InvalidInput) as refused, calling():
        LoansServiceStub(channel).PutBookTerms(request)
    assert [violation.field for violation in refused.value.violations] == [
        "as_of",
        "default_curves.default_curves[0].cumulative_default",
        "compensation_funds.compensation_funds[0].basis",
    ]
    assert len(terms.versions()) == 2


def test_reverse_stress_starts_from_the_loss_that_the_caps_leave(desk: Desk) -> None:
    """Its figure in the base market is the expected loss of the stress test, which simulates the caps.

    Of every cap L7, in default, claims 0.5 x 0.6 x 1,000,000 = 300,000 first.
    """
    figure = {}
    for cap in (0.0, 300_000.0, 450_000.0, 1e9):
        found = desk.ask("stress", compensation_funds=(replace(FUND, cap_cny=cap),))
        base = found.worlds[0]
        figure[cap] = found.reverse.figure_cny
        assert figure[cap] == pytest.approx(base.expected_loss_cny, abs=5.0 * base.expected_loss_error_cny)
    # With nothing in the fund it is what it is without any share, with plenty half of that: 4,000 paths, 8 loans.
    assert figure[0.0] == pytest.approx(2.0 * figure[1e9], rel=0.1)
    assert figure[1e9] < figure[450_000.0] < figure[300_000.0] == figure[0.0]
