"""End to end: a real client against a real server in this process, on both databases."""

import datetime as dt
import math
import time
from collections.abc import Callable
from dataclasses import replace

import grpc
import numpy as np
import pytest
from google.type.date_pb2 import Date

from ecopledge.loans.v1 import loans_pb2 as pb
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from quant.credit import expected_loss_lognormal_collateral
from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.conditions import GuaranteeMode
from services.loans.loan import Guarantee, IndexWeight, Loan, PutCounts, RepaymentKind
from services.loans.portfolio import PortfolioLoss, PortfolioQuestion
from services.loans.repayment.schedule import repayment_schedule
from services.loans.simulation.client import BookStressClient
from services.loans.simulation.stress import StressQuestion
from services.loans.translate.loan import collateral_to_wire, loan_to_wire
from services.loans.translate.loss import question_to_wire
from services.runtime.channel import calling, open_channel
from services.runtime.errors import Conflict, DeadlineExceeded, InvalidInput, NotFound
from services.runtime.market import MarketSnapshot
from services.runtime.results import Progress, Severity
from services.runtime.server import RunningServer

JUNE = dt.date(2026, 6, 30)
MakeLoan = Callable[..., Loan]
MakeCollateral = Callable[..., Collateral]


def fill(client: LoansClient, loan: MakeLoan, collateral: MakeCollateral) -> None:
    client.put_loans(
        JUNE,
        [
            loan("L1"),
            loan("L2", county="肃南县", index_weights=(IndexWeight("water_price", 1.0),)),
            loan("L3", product="forest_carbon", guarantee=Guarantee("G1", 0.8, 0.02)),
        ],
    )
    client.put_collateral([collateral("C1", "L1"), collateral("C2", "L2"), collateral("C3", "L2")])


def test_loans_go_in_and_come_back(client: LoansClient, loan: MakeLoan, collateral: MakeCollateral) -> None:
    given = [
        loan("L2", guarantee=Guarantee("", 0.5, 0.0), index_weights=(IndexWeight("inflow", -0.3),)),
        loan("L1", terms=replace(loan().terms, kind=RepaymentKind.BULLET, months_per_period=3)),
        loan("L3"),
    ]
    assert client.put_loans(JUNE, given) == PutCounts(3, 0, 0)
    # A share of 0 is not the one that was left out: what was released is no pledge.
    pledges = [collateral("C1", "L1"), collateral("C2", "L1", pledged_share=0.0)]
    assert client.put_collateral(pledges) == PutCounts(2, 0, 0)
    records = list(client.list_loans(page_size=2))
    assert [record.loan for record in records] == sorted(given, key=lambda item: item.loan_id)
    assert [record.collateral_ids for record in records] == [("C1",), (), ()]
    assert {record.as_of for record in records} == {JUNE}
    assert list(client.list_loans(known_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))) == []


def test_pages_show_one_moment(client: LoansClient, channel: grpc.Channel, loan: MakeLoan) -> None:
    client.put_loans(JUNE, [loan("L1"), loan("L2")])
    pages = client.list_loans(page_size=1)
    assert next(pages).loan.loan_id == "L1"
    client.put_loans(JUNE, [loan("L2", unsecured_lgd=0.1), loan("L3")])
    rest = list(pages)
    assert [(record.loan.loan_id, record.loan.unsecured_lgd) for record in rest] == [("L2", 0.6)]


def test_a_repeated_request_gets_the_first_answer(client: LoansClient, loan: MakeLoan) -> None:
    first = client.put_loans(JUNE, [loan("L1")], request_id="r1")
    assert client.put_loans(JUNE, [loan("L1")], request_id="r1") == first == PutCounts(1, 0, 0)
    with pytest.raises(Conflict, match="r1"):
        client.put_loans(JUNE, [loan("L2")], request_id="r1")
    assert [record.loan.loan_id for record in client.list_loans()] == ["L1"]


def test_collateral_of_unknown_loans_is_refused_whole(
    client: LoansClient, loan: MakeLoan, collateral: MakeCollateral
) -> None:
    client.put_loans(JUNE, [loan("L1")])
    items = [collateral("C0", "L1"), *(collateral(f"C{i}", f"X{i}") for i in range(1, 9))]
    with pytest.raises(NotFound, match="'X1', 'X2', 'X3', 'X4', 'X5' and 3 more"):
        client.put_collateral(items, request_id="r")
    assert next(client.list_loans()).collateral_ids == ()


def test_a_schedule_of_a_stored_loan_is_that_of_its_terms(client: LoansClient, loan: MakeLoan) -> None:
    client.put_loans(JUNE, [loan("L1")])
    expected = repayment_schedule(loan().terms)
    assert client.get_schedule("L1") == expected == client.get_schedule(terms=loan().terms)
    assert expected.total_interest_cny > 0
    with pytest.raises(NotFound, match="X"):
        client.get_schedule("X")
    with pytest.raises(InvalidInput, match="exactly one"):
        client.get_schedule()


def test_a_portfolio_is_simulated_with_progress(
    client: LoansClient, loan: MakeLoan, collateral: MakeCollateral, snapshot: MarketSnapshot
) -> None:
    fill(client, loan, collateral)
    told: list[Progress] = []
    found = client.simulate_portfolio(snapshot, n_paths=20_000, on_progress=told.append)
    assert (told[0].paths_done, told[-1].paths_done, told[-1].paths_total) == (0, 20_000, 20_000)
    assert found.n_loans == 3
    assert [share.key for share in found.by_loan] == ["L1", "L2", "L3"]
    assert [share.key for share in found.by_county] == ["甘州区", "肃南县"]
    assert [share.key for share in found.by_product] == ["forest_carbon", "water_right"]
    for shares in (found.by_loan, found.by_county, found.by_product):
        assert sum(share.expected_loss_cny for share in shares) == pytest.approx(
            found.expected_loss_cny, rel=1e-12
        )
        assert sum(share.exposure_cny for share in shares) == pytest.approx(found.exposure_cny, rel=1e-12)
    secured = found.by_loan[0]
    assert secured.collateral_mean_in_default_cny is not None
    assert secured.collateral_mean_in_default_cny < secured.collateral_mean_cny
    var = [tail.value_at_risk_cny for tail in found.tail]
    assert var == sorted(var)
    assert found.manifest.snapshot_hash == snapshot.content_hash()
    assert found.manifest.n_paths == 20_000
    # A loan against forest carbon that nobody stored a pledge of.
    assert [caution.code for caution in found.cautions] == ["LOANS_WITHOUT_PLEDGE"]
    assert found.cautions[0].message_en.endswith(": L3")


def test_a_repeat_agrees_to_the_last_bit_and_other_input_does_not(
    client: LoansClient, loan: MakeLoan, collateral: MakeCollateral, snapshot: MarketSnapshot
) -> None:
    fill(client, loan, collateral)
    first, again = (client.simulate_portfolio(snapshot, n_paths=1_000, seed=5) for _ in range(2))
    assert first == again
    other = client.simulate_portfolio(snapshot, n_paths=1_000, seed=6)
    assert other.expected_loss_cny != first.expected_loss_cny
    assert other.manifest.input_hash != first.manifest.input_hash


def test_the_book_reaches_the_closed_form_through_all_layers(
    client: LoansClient, loan: MakeLoan, collateral: MakeCollateral, snapshot: MarketSnapshot
) -> None:
    bullet = replace(loan().terms, kind=RepaymentKind.BULLET, periods=120)
    client.put_loans(JUNE, [loan("L1", terms=bullet, unsecured_lgd=1.0, default_probability_annual=0.1)])
    curve = snapshot.curve().discount_factors
    log_sd, years = 0.3, 5.0
    price = 0.8 * np.exp(log_sd**2 * (years - 1.0) / 2) * curve(years) / curve(1.0)
    one_row = ExposureSchedule(
        "a", np.array([years]), ("water_price",), np.array([0.9e6 / price]), ("",), CollateralTerms()
    )
    client.put_collateral([collateral("C1", schedule=one_row)])
    found = client.simulate_portfolio(snapshot, n_paths=200_000)
    step = snapshot.factor_model().step_covariance(1.0)
    correlation = np.sqrt(0.2) * step[0, 1] / np.sqrt(step[0, 0] * step[1, 1])
    expected = 1e6 * float(expected_loss_lognormal_collateral(0.1, 0.9, log_sd, correlation))
    assert abs(found.expected_loss_cny - expected) < 4 * found.expected_loss_error_cny


def test_exposure_and_probability_follow_the_time_at_risk(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot
) -> None:
    base = replace(loan().terms, kind=RepaymentKind.BULLET, rate_annual=0.0)
    half = replace(base, drawn_on=dt.date(2025, 12, 31), periods=12)  # matures 2026-12-31: 184 days
    matured = replace(base, drawn_on=dt.date(2025, 1, 31), periods=12)
    client.put_loans(
        JUNE,
        [
            loan("half", terms=half, default_probability_annual=0.5),
            loan("matured", terms=matured, default_probability_annual=1.0),
            loan("year", terms=base, default_probability_annual=0.5),
        ],
    )
    found = client.simulate_portfolio(snapshot, n_paths=50_000)
    exposure = [share.exposure_cny for share in found.by_loan]
    assert exposure == [1e6, 0.0, 1e6]
    expected = [1.0 - 0.5 ** (184 / 365), 0.0, 0.5]
    for share, probability in zip(found.by_loan, expected, strict=True):
        error = np.sqrt(probability * (1 - probability) / 50_000)
        assert abs(share.defaults_mean - probability) <= 4 * error
    assert [caution.code for caution in found.cautions] == ["LOANS_WITHOUT_PLEDGE", "LOANS_MATURED"]


def test_cautions_say_what_to_look_at(
    client: LoansClient, loan: MakeLoan, collateral: MakeCollateral, snapshot: MarketSnapshot
) -> None:
    august = dt.date(2026, 8, 31)
    client.put_loans(
        JUNE,
        [
            loan("L1", borrower_id="B"),
            loan("L2", borrower_id="B", default_probability_annual=0.2),
        ],
    )
    client.put_collateral(
        [
            collateral("C1", valuation_date=dt.date(2025, 1, 1)),
            collateral("C2", valuation_date=dt.date(2026, 12, 1), snapshot_id="S0"),
        ]
    )
    found = client.simulate_portfolio(snapshot, as_of=august, n_paths=256)
    assert [caution.code for caution in found.cautions] == [
        "SNAPSHOT_DATE_DIFFERS",
        "COLLATERAL_VALUATION_OLD",
        "COLLATERAL_VALUED_AFTER_BOOK",
        "COLLATERAL_OTHER_SNAPSHOT",
        "LOANS_WITHOUT_PLEDGE",
        "BORROWER_TERMS_DIFFER",
        "TAIL_NEEDS_MORE_PATHS",
    ]
    assert "62" in found.cautions[0].message_zh


def test_loans_that_should_have_a_pledge_and_have_none_are_named_wherever_losses_are_simulated(
    client: LoansClient,
    channel: grpc.Channel,
    loan: MakeLoan,
    collateral: MakeCollateral,
    snapshot: MarketSnapshot,
) -> None:
    client.put_loans(
        JUNE,
        [
            loan("by-mode", product="", guarantee_mode=GuaranteeMode.PLEDGE),
            loan("by-product"),
            loan("combined", guarantee_mode=GuaranteeMode.COMBINED),
            loan(
                "guaranteed", guarantee_mode=GuaranteeMode.GUARANTEE
            ),  # the bank knows better than the product
            loan(
                "over", terms=replace(loan().terms, drawn_on=dt.date(2020, 1, 1))
            ),  # 36 months, owes nothing
            loan("pledged"),
            loan("unsaid", product=""),
        ],
    )
    client.put_collateral([collateral("C1", "pledged")])
    stress = BookStressClient(channel)
    asked = PortfolioQuestion(snapshot, n_paths=256, n_quarters=4)
    for cautions in (
        client.simulate_portfolio(snapshot, n_paths=256).cautions,
        stress.stress(StressQuestion(asked)).cautions,
        stress.wrong_way_risk(asked).cautions,
    ):
        [missing] = [caution for caution in cautions if caution.code == "LOANS_WITHOUT_PLEDGE"]
        assert missing.severity is Severity.WARNING
        assert missing.message_zh.startswith("3 笔质押类贷款没有押品")
        assert missing.message_en.endswith(": by-mode, by-product, combined")


def test_collateral_that_has_run_out_covers_nothing(
    client: LoansClient, loan: MakeLoan, collateral: MakeCollateral, snapshot: MarketSnapshot
) -> None:
    client.put_loans(JUNE, [loan("L1"), loan("L2", borrower_id="B-L1")])
    client.put_collateral([collateral("C1", valuation_date=dt.date(2019, 1, 1))])  # last row: 2024
    found = client.simulate_portfolio(snapshot, n_paths=5_000)
    secured, unsecured = found.by_loan
    assert secured.collateral_mean_cny == secured.collateral_mean_in_default_cny == 0.0
    assert secured.expected_loss_cny == unsecured.expected_loss_cny > 0.0
    assert [caution.code for caution in found.cautions] == [
        "COLLATERAL_VALUATION_OLD",
        "COLLATERAL_ENDS_BEFORE_HORIZON",
        "LOANS_WITHOUT_PLEDGE",
    ]


def test_only_the_loans_asked_for(
    client: LoansClient, loan: MakeLoan, collateral: MakeCollateral, snapshot: MarketSnapshot
) -> None:
    fill(client, loan, collateral)
    found = client.simulate_portfolio(snapshot, loan_ids=["L2"], n_paths=500)
    whole = client.simulate_portfolio(snapshot, n_paths=500)
    alone, among = found.by_loan[0], whole.by_loan[1]
    assert (alone.key, alone.exposure_cny) == (among.key, among.exposure_cny)
    assert alone.collateral_mean_cny == among.collateral_mean_cny
    with pytest.raises(NotFound, match="'X'"):
        client.simulate_portfolio(snapshot, loan_ids=["L2", "X"])


def test_a_book_without_loans_on_its_day_is_not_found(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot
) -> None:
    with pytest.raises(NotFound, match="no loans"):
        client.simulate_portfolio(snapshot)
    client.put_loans(dt.date(2026, 7, 31), [loan("L1")])
    with pytest.raises(NotFound, match=r"no state on 2026-06-30.*as of 2026-07-31"):
        client.simulate_portfolio(snapshot)


def test_the_day_of_the_loan_that_was_asked_for_is_told(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot
) -> None:
    client.put_loans(JUNE, [loan("L1")])
    client.put_loans(dt.date(2026, 8, 31), [loan("L2")])
    client.put_loans(dt.date(2026, 9, 30), [loan("L2", name="another"), loan("L3")])
    with pytest.raises(
        NotFound, match=r"no state on 2026-06-30 of 'L2', 'L3', of which the first is as of 2026-08-31"
    ):
        client.simulate_portfolio(snapshot, loan_ids=["L1", "L2", "L3"])


def test_factors_that_the_snapshot_lacks_are_named(
    client: LoansClient, loan: MakeLoan, collateral: MakeCollateral, snapshot: MarketSnapshot
) -> None:
    gold = replace(collateral().schedule, factors=("gold",) * 5)
    client.put_loans(JUNE, [loan("L1"), loan("L2", index_weights=(IndexWeight("inflow", 1.0),))])
    client.put_collateral([collateral("C1", schedule=gold)])
    with pytest.raises(InvalidInput) as caught:
        client.simulate_portfolio(snapshot)
    said = [violation.description for violation in caught.value.violations]
    assert ["gold" in said[0], "C1" in said[0], "inflow" in said[1], "L2" in said[1]] == [True] * 4


def test_an_index_without_randomness_is_refused(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot
) -> None:
    client.put_loans(JUNE, [loan("L1")])
    still = tuple(replace(factor, volatility_annual=0.0) for factor in snapshot.primary_factors)
    with pytest.raises(InvalidInput, match="credit_cycle has no randomness"):
        client.simulate_portfolio(replace(snapshot, primary_factors=still))


def test_a_caller_that_leaves_stops_the_simulation(
    server: RunningServer,
    client: LoansClient,
    loan: MakeLoan,
    collateral: MakeCollateral,
    snapshot: MarketSnapshot,
) -> None:
    fill(client, loan, collateral)

    class LeftError(Exception):
        pass

    def leave(progress: Progress) -> None:
        if progress.paths_done > 0:
            raise LeftError

    started_s = time.monotonic()
    with pytest.raises(LeftError):
        client.simulate_portfolio(snapshot, n_paths=10_000_000, on_progress=leave)
    # 10 million paths take tens of seconds; stop() says whether the handler has returned.
    assert server.stop(0)
    assert time.monotonic() - started_s < 5.0


def test_a_deadline_ends_the_simulation(
    client: LoansClient, loan: MakeLoan, collateral: MakeCollateral, snapshot: MarketSnapshot
) -> None:
    fill(client, loan, collateral)
    with pytest.raises(DeadlineExceeded):
        client.simulate_portfolio(snapshot, n_paths=10_000_000, timeout_s=0.5)


def test_institutions_are_apart(
    client: LoansClient, server: RunningServer, loan: MakeLoan, snapshot: MarketSnapshot
) -> None:
    client.put_loans(JUNE, [loan("L1")])
    with open_channel(server.address, institution_id="bank-b") as other_channel:
        other = LoansClient(other_channel)
        assert list(other.list_loans()) == []
        with pytest.raises(NotFound):
            other.get_schedule("L1")
        with pytest.raises(NotFound, match="no loans"):
            other.simulate_portfolio(snapshot)


def _change_loan(**changes: object) -> Callable[[pb.Loan], None]:
    def change(message: pb.Loan) -> None:
        for path, value in changes.items():
            target: object = message
            *parents, last = path.split("__")
            for parent in parents:
                target = getattr(target, parent)
            setattr(target, last, value)

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_change_loan(loan_id=""), "loans[1].loan_id"),
        (_change_loan(loan_id="x" * 65), "loans[1].loan_id"),
        (_change_loan(borrower_id=" "), "loans[1].borrower_id"),
        (_change_loan(county="x" * 201), "loans[1].county"),
        (_change_loan(terms__principal__currency_code="USD"), "loans[1].terms.principal.currency_code"),
        (_change_loan(terms__principal__units=0), "loans[1].terms.principal"),
        (_change_loan(terms__principal__nanos=5_000_000), "loans[1].terms.principal"),
        (_change_loan(terms__principal__units=10**14), "loans[1].terms.principal"),
        (_change_loan(terms__drawn_on__month=13), "loans[1].terms.drawn_on"),
        (_change_loan(terms__drawn_on__year=9999), "loans[1].terms"),
        (_change_loan(terms__periods=0), "loans[1].terms.periods"),
        (_change_loan(terms__periods=601), "loans[1].terms.periods"),
        (_change_loan(terms__months_per_period=5), "loans[1].terms.months_per_period"),
        (_change_loan(terms__grace_periods=36), "loans[1].terms.grace_periods"),
        (_change_loan(terms__rate_annual=1.5), "loans[1].terms.rate_annual"),
        (_change_loan(terms__rate_annual=float("nan")), "loans[1].terms.rate_annual"),
        (_change_loan(terms__kind=0), "loans[1].terms.kind"),
        (_change_loan(terms__kind=9), "loans[1].terms.kind"),
        (_change_loan(terms__day_count=9), "loans[1].terms.day_count"),
        (_change_loan(default_probability_annual=-0.1), "loans[1].default_probability_annual"),
        (_change_loan(asset_correlation=1.0), "loans[1].asset_correlation"),
        (_change_loan(unsecured_lgd=float("inf")), "loans[1].unsecured_lgd"),
        (_change_loan(guarantee__share=2.0), "loans[1].guarantee.share"),
        (_change_loan(guarantee__guarantor_id="x" * 65), "loans[1].guarantee.guarantor_id"),
        (
            _change_loan(guarantee__default_probability_annual=float("nan")),
            "loans[1].guarantee.default_probability_annual",
        ),
        (lambda m: m.index_weights.add(factor="a"), "loans[1].index_weights[0].weight"),
        (lambda m: m.index_weights.add(factor="a", weight=1e308), "loans[1].index_weights[0].weight"),
        (lambda m: m.index_weights.add(weight=1.0), "loans[1].index_weights[0].factor"),
        (
            lambda m: m.index_weights.extend([pb.IndexWeight(factor="a", weight=1.0)] * 2),
            "loans[1].index_weights[1].factor",
        ),
        (_change_loan(loan_id="L1"), "loans[1].loan_id"),
        (_change_loan(product="carbon loan"), "loans[1].product"),
    ],
)
def test_bad_fields_of_loans_are_named_and_nothing_is_stored(
    client: LoansClient, channel: grpc.Channel, loan: MakeLoan, change: Callable[[pb.Loan], None], field: str
) -> None:
    bad = loan_to_wire(loan("L2"))
    change(bad)
    request = pb.PutLoansRequest(
        request_id="r", as_of=Date(year=2026, month=6, day=30), loans=[loan_to_wire(loan("L1")), bad]
    )
    with pytest.raises(InvalidInput) as caught, calling():
        LoansServiceStub(channel).PutLoans(request)
    assert [violation.field for violation in caught.value.violations] == [field]
    assert list(client.list_loans()) == []


def _change_collateral(message: pb.Collateral, what: str) -> None:
    match what:
        case "id":
            message.collateral_id = ""
        case "share":
            message.pledged_share = 1.5
        case "rows":
            del message.schedule.exposures[:]
        case "time":
            message.schedule.exposures[2].time_years = -1.0
        case "terms":
            message.schedule.terms.disposal_cost = 1.1
        case "date":
            message.ClearField("valuation_date")


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ("id", "collateral[0].collateral_id"),
        ("share", "collateral[0].pledged_share"),
        ("rows", "collateral[0].schedule.exposures"),
        ("time", "collateral[0].schedule.exposures[2].time_years"),
        ("terms", "collateral[0].schedule.terms.disposal_cost"),
        ("date", "collateral[0].valuation_date"),
    ],
)
def test_bad_fields_of_collateral_are_named(
    channel: grpc.Channel, collateral: MakeCollateral, what: str, field: str
) -> None:
    message = collateral_to_wire(collateral())
    _change_collateral(message, what)
    with pytest.raises(InvalidInput) as caught, calling():
        LoansServiceStub(channel).PutCollateral(pb.PutCollateralRequest(request_id="r", collateral=[message]))
    assert [violation.field for violation in caught.value.violations] == [field]


def test_everything_wrong_with_the_other_requests_is_named(channel: grpc.Channel) -> None:
    stub = LoansServiceStub(channel)
    bad_token, other_token = "?", "MQ=="
    cases: list[tuple[Callable[[], object], set[str]]] = [
        (lambda: stub.PutLoans(pb.PutLoansRequest(request_id="r")), {"as_of", "loans"}),
        (lambda: stub.PutCollateral(pb.PutCollateralRequest(request_id="r")), {"collateral"}),
        (lambda: stub.GetSchedule(pb.GetScheduleRequest()), {"of"}),
        (
            lambda: stub.ListLoans(pb.ListLoansRequest(known_at="yesterday", page_size=0, page_token=bad_token)),
            {"known_at", "page_size", "page_token"},
        ),
        (lambda: stub.ListLoans(pb.ListLoansRequest(known_at="2026-06-30T08:00:00")), {"known_at"}),
        (
            lambda: stub.ListLoans(pb.ListLoansRequest(page_size=10_001, page_token=other_token)),
            {"page_size", "page_token"},
        ),
        (
            lambda: list(
                stub.SimulatePortfolio(
                    pb.SimulatePortfolioRequest(
                        as_of=Date(year=2026),
                        loan_ids=["a", "a"],
                        horizon_years=11.0,
                        n_paths=255,
                        seed=2**63,
                    )
                )
            ),
            {
                "snapshot.snapshot_id", "snapshot.as_of", "snapshot.primary_factors", "snapshot.discount_curve",
                "as_of", "loan_ids", "horizon_years", "n_paths", "seed",
            },
        ),
    ]  # fmt: skip
    for call, fields in cases:
        with pytest.raises(InvalidInput) as caught, calling():
            call()
        assert {violation.field for violation in caught.value.violations} == fields


@pytest.mark.parametrize("horizon_years", [1e-100, 0.9 / 365.0, 0.0, math.nan])
def test_a_horizon_is_a_day_or_more(
    channel: grpc.Channel, snapshot: MarketSnapshot, horizon_years: float
) -> None:
    asked = question_to_wire(PortfolioQuestion(snapshot))
    asked.horizon_years = horizon_years
    with (
        pytest.raises(
            InvalidInput, match=r"horizon_years: found .*, expected a number from a day \(1 / 365\) to 10"
        ),
        calling(),
    ):
        list(LoansServiceStub(channel).SimulatePortfolio(asked))


def test_a_loss_is_never_below_zero_nor_above_the_exposure(
    client: LoansClient, loan: MakeLoan, collateral: MakeCollateral, snapshot: MarketSnapshot
) -> None:
    fill(client, loan, collateral)
    found: PortfolioLoss = client.simulate_portfolio(snapshot, n_paths=5_000)
    for share in found.by_loan:
        assert 0.0 <= share.expected_loss_cny <= share.exposure_cny * share.defaults_mean * 0.6 + 1e-6
    assert found.tail[-1].expected_shortfall_cny <= found.exposure_cny
