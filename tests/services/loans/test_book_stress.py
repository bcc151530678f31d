"""A book in other worlds through client and server: dry years and crashes move defaults and collateral alike."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace

import grpc
import numpy as np
import pytest

from ecopledge.loans.v1 import stress_pb2 as pb
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.loan import IndexWeight, Loan
from services.loans.portfolio import PortfolioQuestion, Sampling
from services.loans.simulation.client import BookStressClient
from services.loans.simulation.stress import LossLimit, StressQuestion
from services.loans.simulation.translate import stress_question_to_wire
from services.runtime.channel import calling
from services.runtime.errors import InvalidInput, NotFound
from services.runtime.evidence import Evidence, Source
from services.runtime.market import MarketSnapshot, QuotedCorrelation
from services.runtime.results import Progress
from services.runtime.scenarios.file import read_standard_scenarios
from services.runtime.scenarios.scenario import EventShock, LevelShock, PathShock, Scenario, VolatilityShock
from services.valuation.standard_market import read_standard_snapshot

JUNE = dt.date(2026, 6, 30)
SOURCES = (Source("all", Evidence.ASSUMPTION, "a test"),)
TIMES = np.array([1.0, 2.0, 4.0])
MakeLoan = Callable[..., Loan]
MakeCollateral = Callable[..., Collateral]
ON_WATER = (IndexWeight("credit_cycle", 1.0), IndexWeight("water_price", 1.0))


@pytest.fixture
def stress_client(channel: grpc.Channel) -> BookStressClient:
    return BookStressClient(channel)


@pytest.fixture
def filled(client: LoansClient, loan: MakeLoan, collateral: MakeCollateral) -> None:
    """One borrower lives on the price of water, the other on the credit cycle alone."""
    client.put_loans(JUNE, [loan("L1", index_weights=ON_WATER), loan("L2")])
    client.put_collateral([collateral("C1", "L1"), collateral("C2", "L2")])


def question(snapshot: MarketSnapshot, **changes: object) -> PortfolioQuestion:
    given: dict[str, object] = {"n_paths": 2_000, "n_quarters": 8}
    return PortfolioQuestion(snapshot, **(given | changes))  # type: ignore[arg-type]  # changes of any field


@pytest.mark.usefixtures("filled")
def test_a_crash_makes_those_default_who_live_on_the_price(
    stress_client: BookStressClient, snapshot: MarketSnapshot
) -> None:
    crash = Scenario("crash", "水价腰斩", "half", SOURCES, levels=(LevelShock("water_price", 0.5),))
    both = {}
    for loan_id in ("L1", "L2"):
        asked = StressQuestion(question(snapshot, loan_ids=(loan_id,)), scenarios=(crash,))
        base, stressed = stress_client.stress(asked).worlds
        both[loan_id] = stressed.default_rate / base.default_rate
        assert (base.scenario, stressed.scenario, stressed.label_zh) == ("", "crash", "水价腰斩")
        assert stressed.collateral_mean_cny < 0.6 * base.collateral_mean_cny
        assert base.expected_loss_change_cny == 0.0
        assert stressed.expected_loss_change_cny > 4 * stressed.expected_loss_change_error_cny
    assert both["L1"] > 1.2
    # Its index is the credit cycle: the very same paths default.
    assert both["L2"] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.usefixtures("filled")
def test_dry_years_raise_defaults_in_their_quarters_and_events_hit_rights_alone(
    stress_client: BookStressClient, snapshot: MarketSnapshot
) -> None:
    year = Scenario("year", "", "", SOURCES, paths=(PathShock("water_price", 0.5, 0.0, 1.0),))
    lasting = Scenario("lasting", "", "", SOURCES, paths=(PathShock("water_price", 0.5, 0.0, 9.0),))
    wild = Scenario("wild", "", "", SOURCES, volatilities=(VolatilityShock("water_price", 2.0),))
    revoked = Scenario("revoked", "", "", SOURCES, events=(EventShock(1_000.0),))
    asked = StressQuestion(question(snapshot, loan_ids=("L1",)), scenarios=(year, lasting, wild, revoked))
    base, one, all_years, volatile, lost = stress_client.stress(asked).worlds
    assert base.default_rate < one.default_rate < all_years.default_rate
    assert volatile.default_rate > base.default_rate
    assert lost.default_rate == base.default_rate  # the right has no losses to multiply: intensity 0
    assert lost.collateral_mean_cny == base.collateral_mean_cny


@pytest.mark.usefixtures("filled")
def test_the_smallest_move_breaks_the_limit_and_no_smaller_one_does(
    stress_client: BookStressClient, snapshot: MarketSnapshot
) -> None:
    asked = question(snapshot)
    base = stress_client.stress(StressQuestion(asked, limit=LossLimit(1e12))).reverse
    assert base is not None
    assert not base.broken_already
    assert base.single == ()
    limit = LossLimit(highest_expected_loss_cny=2.0 * base.figure_cny)
    found = stress_client.stress(StressQuestion(asked, limit=limit)).reverse
    assert found is not None
    assert found.joint_distance is not None
    nearest = min(abs(move.standard_deviations) for move in found.single)
    # The joint move may use every factor, so that it is no longer than the shortest single one.
    assert 0.0 < found.joint_distance <= nearest * 1.02
    water = next(move for move in found.single if move.factor == "water_price")
    assert water.multiplier < 1.0
    for share, breaks in ((1.02, True), (0.98, False)):
        level = water.multiplier**share
        world = Scenario("moved", "", "", SOURCES, levels=(LevelShock("water_price", level),))
        moved = stress_client.stress(
            StressQuestion(replace(asked, n_paths=60_000), scenarios=(world,))
        ).worlds[1]
        error = 4 * moved.expected_loss_error_cny + 0.03 * limit.highest_cny
        assert (
            (moved.expected_loss_cny > limit.highest_cny - error)
            if breaks
            else (moved.expected_loss_cny < limit.highest_cny + error)
        )
    broken = stress_client.stress(StressQuestion(asked, limit=LossLimit(1.0))).reverse
    assert broken is not None
    assert broken.broken_already


@pytest.mark.usefixtures("filled")
def test_the_link_costs_and_the_price_is_named(
    stress_client: BookStressClient, snapshot: MarketSnapshot
) -> None:
    found = stress_client.wrong_way_risk(question(snapshot, n_paths=10_000))
    assert found.expected_loss_difference_cny > 4 * found.expected_loss_difference_error_cny
    assert found.together.expected_shortfall_cny > found.apart.expected_shortfall_cny
    assert found.together.collateral_in_default_ratio is not None
    assert found.apart.collateral_in_default_ratio is not None
    assert found.together.collateral_in_default_ratio < 0.97 * found.apart.collateral_in_default_ratio
    assert [share.factor for share in found.drivers] == ["water_price"]
    error = 5 * found.expected_loss_difference_error_cny
    assert found.drivers[0].expected_loss_cny == pytest.approx(found.expected_loss_difference_cny, abs=error)


@pytest.mark.usefixtures("filled")
def test_without_a_link_there_is_no_difference(
    stress_client: BookStressClient, snapshot: MarketSnapshot
) -> None:
    unlinked = replace(
        snapshot, correlations=(QuotedCorrelation("credit_cycle", "water_price", 0.0, SOURCES[0]),)
    )
    found = stress_client.wrong_way_risk(question(unlinked, loan_ids=("L2",), n_paths=10_000))
    assert abs(found.expected_loss_difference_cny) < 4 * found.expected_loss_difference_error_cny


def test_every_named_scenario_runs_on_a_book(
    client: LoansClient, stress_client: BookStressClient, loan: MakeLoan
) -> None:
    snapshot = read_standard_snapshot()
    names = [factor.name for factor in snapshot.primary_factors if factor.volatility_annual > 0.0]
    loans = [loan(f"L{i}", index_weights=(IndexWeight(name, 1.0),)) for i, name in enumerate(names)]
    client.put_loans(JUNE, loans)
    factors = [*names, *(factor.name for factor in snapshot.derived_factors)]
    client.put_collateral(
        [
            Collateral(
                f"C{i}",
                f"L{i % len(names)}",
                ExposureSchedule(
                    f"a{i}",
                    TIMES,
                    (factor,) * 3,
                    TIMES * 1e4,
                    ("",) * 3,
                    CollateralTerms(),
                ),
                JUNE,
            )
            for i, factor in enumerate(factors)
        ]
    )
    asked = StressQuestion(question(snapshot, as_of=JUNE, n_paths=256, n_quarters=4))
    found = stress_client.stress(asked)
    assert found.skipped == ()
    assert [world.scenario for world in found.worlds] == ["", *read_standard_scenarios()]
    by_name = {world.scenario: world for world in found.worlds}
    for name in ("dry-run", "ccer-crash"):
        assert by_name[name].expected_loss_change_cny > 0.0, name


@pytest.mark.usefixtures("filled")
def test_what_is_wrong_is_named(stress_client: BookStressClient, snapshot: MarketSnapshot) -> None:
    with pytest.raises(InvalidInput, match="no-such"):
        stress_client.stress(StressQuestion(question(snapshot), names=("no-such",)))
    with pytest.raises(NotFound, match="'X'"):
        stress_client.wrong_way_risk(question(snapshot, loan_ids=("X",)))
    with pytest.raises(
        ValueError, match="limit: found neither, expected one of highest_expected_loss_cny and"
    ):
        LossLimit()
    with pytest.raises(ValueError, match="limit: found both, expected one of"):
        LossLimit(1.0, 1.0)


@pytest.mark.parametrize("field", ["highest_expected_loss_cny", "highest_expected_shortfall_cny"])
@pytest.mark.parametrize("figure", [math.nan, math.inf, 0.0, -1.0])
def test_a_limit_that_is_no_amount_is_told_by_its_field(
    channel: grpc.Channel, snapshot: MarketSnapshot, field: str, figure: float
) -> None:
    request = stress_question_to_wire(StressQuestion(question(snapshot), limit=LossLimit(1.0)))
    request.limit.CopyFrom(pb.LossLimit(**{field: figure}))
    with pytest.raises(InvalidInput) as refused, calling():
        list(LoansServiceStub(channel).StressPortfolio(request))
    [found] = refused.value.violations
    assert found.field == f"limit.{field}"
    assert found.description == f"found {figure}, expected a finite figure above 0"


@pytest.mark.usefixtures("filled")
def test_quarters_fans_and_tail_over_the_wire(client: LoansClient, snapshot: MarketSnapshot) -> None:
    found = client.simulate_portfolio(
        snapshot, n_quarters=8, n_paths=4_000, sampling=Sampling.TOWARDS_TAIL, fund_cap_cny=1e5
    )
    assert found.n_quarters == 8
    assert [point.end_years for point in found.npl] == [0.25 * k for k in range(1, 9)]
    for points in (found.npl, found.ltv):
        for point in points:
            values = [value for _, value in point.quantiles]
            assert values == sorted(values)
    shortfall = found.tail[1].expected_shortfall_cny
    for shares in (found.by_loan, found.by_county, found.by_guarantee_mode):
        assert sum(share.tail_contribution_cny or 0.0 for share in shares) == pytest.approx(
            shortfall, rel=1e-9
        )
    assert found.effective_paths is not None
    assert found.effective_paths < 4_000
    assert found.fund is not None
    assert found.fund.payment_mean_cny == 0.0
    with pytest.raises(InvalidInput, match="n_quarters"):
        client.simulate_portfolio(snapshot, n_quarters=41)


@pytest.mark.usefixtures("filled")
def test_the_fan_of_cover_ends_with_the_last_payment_of_the_pledges(
    client: LoansClient, snapshot: MarketSnapshot
) -> None:
    found = client.simulate_portfolio(snapshot, n_quarters=24, n_paths=256)
    assert len(found.npl) == 24
    # The pledges pay at the end of each of five years: at the end of the fifth nothing is left to come.
    assert [point.end_years for point in found.ltv] == [0.25 * k for k in range(1, 20)]


@pytest.mark.usefixtures("filled")
def test_who_leaves_ends_the_simulation(client: LoansClient, snapshot: MarketSnapshot) -> None:
    told = []

    def leave(progress: Progress) -> None:
        told.append(progress)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        client.simulate_portfolio(snapshot, n_paths=10_000_000, on_progress=leave)
    assert len(told) == 1
    assert told[0].paths_done < told[0].paths_total
