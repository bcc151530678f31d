"""Monitoring and events through client, server and database."""

import datetime as dt
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import grpc
import numpy as np
import pytest
from scipy.special import ndtr

from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.loan import Loan, RepaymentKind, RepaymentTerms
from services.loans.pledges.client import PledgeClient
from services.loans.pledges.levels import PledgeLevel
from services.loans.pledges.monitored import RevaluationReason
from services.loans.reported.position import LoanPosition
from services.runtime.channel import open_channel
from services.runtime.errors import InvalidInput, NotFound
from services.runtime.market import MarketSnapshot
from services.runtime.server import RunningServer

DAY = dt.date(2026, 6, 30)
BULLET = RepaymentTerms(Decimal("1000000.00"), dt.date(2026, 1, 15), 36, 0.045, RepaymentKind.BULLET)


@pytest.fixture
def pledges(channel: grpc.Channel) -> PledgeClient:
    return PledgeClient(channel)


def far_payment(name: str, quantity: float) -> ExposureSchedule:
    return ExposureSchedule(
        name, np.array([10.0]), ("water_price",), np.array([quantity]), ("",), CollateralTerms()
    )


def test_a_loan_is_monitored(
    client: LoansClient,
    pledges: PledgeClient,
    loan: Callable[..., Loan],
    collateral: Callable[..., Collateral],
    snapshot: MarketSnapshot,
) -> None:
    """The bullet owes 1,000,000; its pledge is one payment on a price without mean reversion, so V is lognormal."""
    client.put_loans(DAY, [loan("L1", terms=BULLET, product="forest_ticket"), loan("L2", terms=BULLET)])
    discount = float(snapshot.curve().discount_factors(np.array([10.0]))[0])
    forward = 0.8 * math.exp(0.5 * 0.3**2 * 10.0)
    quantity = 1_000_000.0 / 0.60 / (forward * discount)
    pledge = collateral(
        schedule=far_payment("right", quantity), value_cny=2_000_000.0, valuation_date=dt.date(2025, 6, 29)
    )
    client.put_collateral([pledge.__class__("C1", "L1", pledge.schedule, DAY, "S1", 1.0, 2_000_000.0)])
    found = pledges.monitor(snapshot, n_paths=8_000)
    first, second = found.loans
    assert first.value_cny == pytest.approx(1_000_000.0 / 0.60, rel=1e-9)
    assert first.loan_to_value == pytest.approx(0.60, rel=1e-9)
    assert (first.level, first.is_balance_reported) == (PledgeLevel.NORMAL, False)
    assert first.margin_cash_cny == 0
    assert [date.day for date in first.fan][:2] == [DAY, dt.date(2026, 7, 30)]
    assert len(first.fan) == 13
    # P(V(1) <= B / 0.7): drift r - s^2/2 with r the forward rate of the curve over the year.
    rate = math.log(float(snapshot.curve().discount_factors(np.array([1.0]))[0])) * -1.0
    at_end = float(ndtr((math.log(0.60 / 0.70) - rate + 0.5 * 0.3**2) / 0.3))
    low = first.fan[-1].warning_probability
    assert at_end < low < 2.0 * at_end  # a path may come back; by reflection at most about twice
    assert (
        first.fan[-1].warning_probability
        > first.fan[-1].call_probability
        > first.fan[-1].liquidation_probability
    )
    # Recorded 2,000,000, worth 1,666,667 now.
    assert [(due.collateral_id, due.reason) for due in found.revaluations] == [
        ("C1", RevaluationReason.MARKET_MOVED)
    ]
    assert (second.loan_to_value, second.level) == (10.0, PledgeLevel.LIQUIDATION)
    assert second.margin_cash_cny == Decimal("1000000.00")
    assert {"LEVELS_ARE_ASSUMPTIONS", "LOANS_WITHOUT_PLEDGE", "BALANCES_FROM_SCHEDULE"} == {
        caution.code for caution in found.cautions
    }
    again = pledges.monitor(snapshot, n_paths=8_000)
    assert again == found


def test_a_reported_balance_counts(
    client: LoansClient,
    pledges: PledgeClient,
    loan: Callable[..., Loan],
    collateral: Callable[..., Collateral],
    snapshot: MarketSnapshot,
) -> None:
    client.put_loans(DAY, [loan("L1", terms=BULLET), loan("L2", terms=BULLET), loan("L3", terms=BULLET)])
    client.put_collateral([collateral()])
    client.record_positions(
        [
            LoanPosition("L1", DAY, Decimal("400000.00"), 0.045),
            LoanPosition("L2", DAY, Decimal("0.00"), 0.045),
        ]
    )
    found = pledges.monitor(snapshot, n_paths=256)
    assert [(item.loan_id, item.balance_cny, item.is_balance_reported) for item in found.loans] == [
        ("L1", 400_000.0, True),
        ("L3", 1_000_000.0, False),
    ]
    assert [date.balance_cny for date in found.loans[0].fan] == [400_000.0] * 13
    with pytest.raises(NotFound, match="no such loan: 'L9'"):
        pledges.monitor(snapshot, loan_ids=["L9"])
    with pytest.raises(InvalidInput, match="n_paths"):
        pledges.monitor(snapshot, n_paths=10)
    unpriced = collateral(
        "C9",
        schedule=ExposureSchedule(
            "a", np.array([1.0]), ("no_such",), np.array([1.0]), ("",), CollateralTerms()
        ),
    )
    client.put_collateral([unpriced])
    with pytest.raises(InvalidInput, match="collateral C9 needs factor 'no_such'"):
        pledges.monitor(snapshot)


def valued(
    value_cny: float | None, day: dt.date, collateral_id: str = "C1", loan_id: str = "L1", **more: Any
) -> Collateral:
    return Collateral(
        collateral_id, loan_id, far_payment(collateral_id, 1.0), day, "S1", 1.0, value_cny, **more
    )


def months(number: int) -> dt.date:
    return dt.date(2026, number, 28)


def crossings(pledges: PledgeClient, **more: Any) -> list[tuple[str, PledgeLevel | None, PledgeLevel]]:
    return [(e.crossing.loan_id, e.crossing.before, e.crossing.after) for e in pledges.events(**more)]


def test_a_revaluation_through_a_level_is_an_event(
    client: LoansClient, pledges: PledgeClient, loan: Callable[..., Loan]
) -> None:
    """Levels of a product that is not listed: 70, 80, 90 % of 1,000,000 against the recorded values."""
    client.put_loans(months(1), [loan("L1", terms=BULLET, product="forest_ticket")])
    client.put_collateral([valued(2e6, months(2))])
    assert crossings(pledges) == []
    client.put_collateral([valued(1.2e6, months(3))], request_id="fall")
    down = ("L1", PledgeLevel.NORMAL, PledgeLevel.CALL)
    assert crossings(pledges) == [down]
    # The same request again, and the same valuation in another request: no second event.
    client.put_collateral([valued(1.2e6, months(3))], request_id="fall")
    client.put_collateral([valued(1.2e6, months(3))], request_id="fall again")
    assert crossings(pledges) == [down]
    client.put_collateral([valued(1.9e6, months(4))])
    client.put_collateral([valued(1.2e6, months(5))])
    up = ("L1", PledgeLevel.CALL, PledgeLevel.NORMAL)
    assert crossings(pledges) == [down, up, down]
    assert crossings(pledges, as_of=months(4)) == [up]
    assert crossings(pledges, as_of=months(6)) == []
    event = next(pledges.events())
    assert (event.crossing.value_before_cny, event.crossing.value_after_cny) == (2e6, 1.2e6)
    assert event.crossing.balance_cny == 1e6
    assert event.crossing.levels.call == 0.80


def test_two_valuations_of_one_request_are_met_in_order_of_their_days(
    client: LoansClient, pledges: PledgeClient, loan: Callable[..., Loan]
) -> None:
    client.put_loans(
        months(1),
        [
            loan("L1", terms=BULLET, product="forest_ticket"),
            loan("L2", terms=BULLET, product="forest_ticket"),
        ],
    )
    client.put_collateral([valued(8e5, months(2)), valued(8e5, months(2), "C2")])
    # The later day comes first in the request.
    client.put_collateral([valued(7e5, months(4), "C2"), valued(5e5, months(3))])
    found = list(pledges.events())
    assert [(e.crossing.as_of, e.crossing.before, e.crossing.after) for e in found] == [
        (months(3), PledgeLevel.NORMAL, PledgeLevel.WARNING),  # 1,000,000 / 1,300,000 = 76.9 %
        (months(4), PledgeLevel.WARNING, PledgeLevel.CALL),  # 1,000,000 / 1,200,000 = 83.3 %
    ]


def test_a_later_valuation_does_not_count_on_an_earlier_day(
    client: LoansClient, pledges: PledgeClient, loan: Callable[..., Loan]
) -> None:
    """In March C1, first valued in June, had no value that anybody knew: 1,000,000 / 1,050,000 = 95.2 %.

    In June both count, C2 since March and C1 on the very day: 1,000,000 / (100,000 + 1,050,000) = 87.0 %.
    """
    client.put_loans(months(1), [loan("L1", terms=BULLET, product="forest_ticket")])
    client.put_collateral([valued(5e6, months(6))])
    client.put_collateral([valued(1.05e6, months(3), "C2")])
    client.put_collateral([valued(1e5, months(6))])
    found = [event.crossing for event in pledges.events()]
    assert [(one.as_of, one.before, one.after) for one in found] == [
        (months(3), None, PledgeLevel.LIQUIDATION),
        (months(6), PledgeLevel.NORMAL, PledgeLevel.CALL),
    ]
    assert [(one.value_before_cny, one.value_after_cny) for one in found] == [
        (None, 1.05e6),
        (6.05e6, 1.15e6),
    ]


def test_a_pledge_that_moves_leaves_its_loan_bare(
    client: LoansClient, pledges: PledgeClient, loan: Callable[..., Loan]
) -> None:
    client.put_loans(
        months(1),
        [
            loan("L1", terms=BULLET, product="forest_ticket"),
            loan("L2", terms=BULLET, product="forest_ticket"),
        ],
    )
    client.put_collateral([valued(2e6, months(2))])
    client.put_collateral([valued(2e6, months(3), loan_id="L2")])
    assert crossings(pledges) == [("L1", PledgeLevel.NORMAL, PledgeLevel.LIQUIDATION)]


def test_unknown_values_cross_nothing_and_a_first_value_at_a_level_does(
    client: LoansClient, pledges: PledgeClient, loan: Callable[..., Loan]
) -> None:
    client.put_loans(months(1), [loan("L1", terms=BULLET, product="forest_ticket")])
    client.put_collateral([valued(None, months(2))])
    client.put_collateral([valued(1.05e6, months(3))])
    client.put_collateral([valued(None, months(4))])
    assert crossings(pledges) == [("L1", None, PledgeLevel.LIQUIDATION)]


def test_equal_revaluations_at_one_time_are_one_event(
    client: LoansClient, pledges: PledgeClient, loan: Callable[..., Loan]
) -> None:
    client.put_loans(months(1), [loan("L1", terms=BULLET, product="forest_ticket")])
    client.put_collateral([valued(2e6, months(2))])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.put_collateral([valued(1.2e6, months(3))]), range(8)))
    assert crossings(pledges) == [("L1", PledgeLevel.NORMAL, PledgeLevel.CALL)]


def test_a_refused_request_tells_nothing(
    client: LoansClient, pledges: PledgeClient, loan: Callable[..., Loan]
) -> None:
    client.put_loans(months(1), [loan("L1", terms=BULLET, product="forest_ticket")])
    with pytest.raises(NotFound):
        client.put_collateral([valued(1.05e6, months(2)), valued(1.0, months(3), "C2", "L9")])
    assert crossings(pledges) == []


def test_pages_moments_and_institutions(
    client: LoansClient, pledges: PledgeClient, loan: Callable[..., Loan], server: RunningServer
) -> None:
    client.put_loans(months(1), [loan(f"L{i}", terms=BULLET, product="forest_ticket") for i in range(5)])
    before = dt.datetime.now(dt.UTC)
    client.put_collateral([valued(1.1e6, months(2), f"C{i}", f"L{i}") for i in range(5)])
    assert len(crossings(pledges, page_size=2)) == 5
    assert [item[0] for item in crossings(pledges, loan_ids=["L3", "L1"])] == ["L1", "L3"]
    assert crossings(pledges, known_at=before) == []
    with open_channel(server.address, institution_id="bank-b", timeout_s=20.0) as other:
        assert crossings(PledgeClient(other)) == []
    with pytest.raises(InvalidInput, match="page_size"):
        crossings(pledges, page_size=0)


def test_a_day_whose_years_ahead_leave_the_calendar_is_refused(
    client: LoansClient,
    pledges: PledgeClient,
    loan: Callable[..., Loan],
    collateral: Callable[..., Collateral],
    snapshot: MarketSnapshot,
) -> None:
    client.put_loans(DAY, [loan()])
    client.put_collateral([collateral()])
    for day in (dt.date(9999, 6, 30), dt.date(9900, 1, 1)):
        said = rf"as_of: found {day}, expected a day up to 9899-12-31"
        with pytest.raises(InvalidInput, match="^" + said):
            pledges.monitor(snapshot, as_of=day)
        with pytest.raises(InvalidInput, match=r"^snapshot\." + said):
            pledges.monitor(replace(snapshot, as_of=day))
    # The last day that is taken: the loan is repaid, and nothing is left to monitor.
    assert pledges.monitor(snapshot, as_of=dt.date(9899, 12, 31), n_paths=256).loans == ()


def test_a_pledge_valued_at_the_end_of_the_calendar_is_not_old(
    client: LoansClient,
    pledges: PledgeClient,
    loan: Callable[..., Loan],
    collateral: Callable[..., Collateral],
    snapshot: MarketSnapshot,
) -> None:
    client.put_loans(DAY, [loan(terms=BULLET)])
    client.put_collateral([collateral(valuation_date=dt.date(9999, 12, 31))])
    found = pledges.monitor(snapshot, n_paths=256)
    assert RevaluationReason.OLD not in {due.reason for due in found.revaluations}


def test_a_pledge_that_was_released_is_none(
    client: LoansClient,
    pledges: PledgeClient,
    loan: Callable[..., Loan],
    collateral: Callable[..., Collateral],
    snapshot: MarketSnapshot,
) -> None:
    """A share of 0 secures nothing: it is not counted, not valued again, and its loan has no pledge."""
    client.put_loans(DAY, [loan("L1", terms=BULLET), loan("L2", terms=BULLET)])
    client.put_collateral([collateral("C1", "L1"), collateral("C2", "L2"), collateral("C3", "L2")])
    client.put_collateral(
        [collateral("C1", "L1", pledged_share=0.0), collateral("C3", "L2", pledged_share=0.0)]
    )
    assert [record.collateral_ids for record in client.list_loans()] == [(), ("C2",)]
    report = pledges.monitor(snapshot, n_paths=256)
    assert {due.collateral_id for due in report.revaluations} == {"C2"}
    for cautions in (report.cautions, client.simulate_portfolio(snapshot, n_paths=256).cautions):
        [bare] = [caution for caution in cautions if caution.code == "LOANS_WITHOUT_PLEDGE"]
        assert bare.message_zh.endswith("：L1")
