"""Expected credit loss through client, server and database: closed forms, identities, stages, what is refused."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import grpc
import numpy as np
import pytest
import sqlalchemy as sa

from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.loan import Guarantee, Loan, RepaymentKind, RepaymentTerms
from services.loans.quality.client import QualityClient
from services.loans.quality.credit_loss import CreditLossQuestion, CreditLossReport
from services.loans.quality.credit_loss_desk import measure_credit_loss
from services.loans.quality.loss_scenarios import fit_to, read_credit_scenarios
from services.loans.quality.rules import CreditRules
from services.loans.quality.rules_file import read_standard_rules
from services.loans.reported.position import FiveClass, LoanPosition
from services.loans.repository import SqlLoanStore
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment import Segment
from services.runtime.database import reading, transaction
from services.runtime.errors import Cancelled, InvalidInput, NotFound
from services.runtime.market import MarketSnapshot, QuotedFactor

# Three years of 365 days before the last instalment on 2029-06-30.
DRAWN, DAY = dt.date(2024, 6, 30), dt.date(2026, 7, 1)
PD, LGD, RATE = 0.04, 0.6, 0.05
# Interest once a year, so that the effective rate is the nominal one.
BULLET = RepaymentTerms(Decimal("1000000.00"), DRAWN, 5, RATE, RepaymentKind.BULLET, months_per_period=12)


def book_loan(loan: Callable[..., Loan], loan_id: str = "L1", **changes: Any) -> Loan:
    given: dict[str, Any] = {
        "terms": BULLET, "default_probability_annual": PD, "asset_correlation": 0.0, "unsecured_lgd": LGD,
    }  # fmt: skip
    return loan(loan_id, **(given | changes))


def sure_payment(name: str, amount_cny: float, **terms: float) -> ExposureSchedule:
    return ExposureSchedule(
        name, np.array([9.0]), ("sure",), np.array([amount_cny]), ("",), CollateralTerms(**terms)
    )


@pytest.fixture
def market(snapshot: MarketSnapshot) -> MarketSnapshot:
    """Beside cycle and price a factor that is 1 for ever, and a curve without interest."""
    sure = QuotedFactor("sure", 1.0, "1", "确定", "sure", snapshot.primary_factors[0].sources)
    curve = tuple(replace(point, rate_annual=0.0) for point in snapshot.discount_curve)
    return replace(snapshot, primary_factors=(*snapshot.primary_factors, sure), discount_curve=curve)


def base_only() -> CreditRules:
    rules = read_standard_rules()
    [period] = rules.credit_loss
    base = replace(period.scenarios[0], weight=1.0)
    return replace(rules, credit_loss=(replace(period, scenarios=(base,)),))


Measure = Callable[..., CreditLossReport]


@pytest.fixture
def measure(loans_engine: sa.Engine, market: MarketSnapshot) -> Measure:
    """Stores loans, pledges and positions and measures them, by default in the base scenario alone."""

    def run(
        loans: list[Loan],
        collateral: list[Collateral] | None = None,
        positions: list[LoanPosition] | None = None,
        rules: CreditRules | None = None,
        *,
        check_alive: Callable[[], None] = lambda: None,
        recorded_on: dt.date = DRAWN,
        **question: Any,
    ) -> CreditLossReport:
        with transaction(loans_engine) as connection:
            store = SqlLoanStore(connection, "bank-a")
            store.put_loans(recorded_on, loans)
            store.put_collateral(collateral or [])
            store.record_positions(positions or [])
        asked = CreditLossQuestion(
            market, DAY, explained_loan_ids=tuple(item.loan_id for item in loans), **question
        )

        def open_store() -> Any:
            from contextlib import contextmanager

            @contextmanager
            def opened() -> Any:
                with reading(loans_engine) as connection:
                    yield SqlLoanStore(connection, "bank-a")

            return opened()

        return measure_credit_loss(
            open_store, asked, rules or base_only(), read_credit_scenarios(), check_alive
        )

    return run


def closed_form(years: float, quarters: int | None = None, loss_given_default: float = LGD) -> float:
    """Constant hazard, constant exposure: sum of marginal PD x LGD x 1,000,000, discounted at the quarters' ends."""
    total, start = 0.0, 0.0
    for k in range(1, (math.ceil(years * 4.0) if quarters is None else quarters) + 1):
        end = min(k / 4.0, years)
        marginal = (1.0 - PD) ** start - (1.0 - PD) ** end
        total += marginal * loss_given_default * 1e6 * (1.0 + RATE) ** -end
        start = end
    return total


YEARS_LEFT = 3.0


def test_lifetime_losses_follow_the_curve_of_the_loan(measure: Measure, loan: Callable[..., Loan]) -> None:
    curve = DefaultCurve("rising", "assumption of the tests", (0.02, 0.06, 0.12), Segment(loan_ids=("L1",)))
    loans = [book_loan(loan, "L1"), book_loan(loan, "L2")]
    asked: dict[str, Any] = {"origination": (("L1", 0.001), ("L2", 0.001))}
    without, found = measure(loans, **asked), measure(loans, **asked, default_curves=(curve,))
    gone = 1.0 - np.exp(np.interp(np.arange(13) / 4.0, range(4), np.log([1.0, 0.98, 0.94, 0.88])))
    counted = np.diff(gone) * LGD * 1e6 * (1.0 + RATE) ** -(np.arange(1, 13) / 4.0)
    on_curve, off_curve = found.loans
    assert (on_curve.stage, off_curve.stage) == (2, 2)
    assert on_curve.twelve_month_cny == pytest.approx(counted[:4].sum(), rel=1e-6)
    assert on_curve.lifetime_cny == on_curve.allowance_cny == pytest.approx(counted.sum(), rel=1e-6)
    assert off_curve.lifetime_cny == pytest.approx(without.loans[1].lifetime_cny, rel=1e-6)
    assert on_curve.default_probability_annual == PD
    assert found.manifest.input_hash != without.manifest.input_hash
    [said] = [caution for caution in found.cautions if caution.code == "DEFAULT_CURVE_USED"]
    assert "'rising' is that of 1 loans" in said.message_en


def test_constant_probability_and_loss_of_a_bullet(measure: Measure, loan: Callable[..., Loan]) -> None:
    [found] = measure([book_loan(loan)], n_paths=64).loans
    assert found.stage == 1
    assert found.twelve_month_cny == pytest.approx(closed_form(YEARS_LEFT, 4), rel=1e-6)
    assert found.lifetime_cny == pytest.approx(closed_form(YEARS_LEFT), rel=1e-6)
    assert found.allowance_cny == found.twelve_month_cny
    assert found.effective_rate_annual == pytest.approx(RATE)
    [scenario] = found.scenarios
    assert sum(line.discounted_loss_cny for line in scenario.quarters) == pytest.approx(
        found.lifetime_cny, rel=1e-12
    )
    assert sum(line.marginal_pd for line in scenario.quarters) == pytest.approx(
        1.0 - (1.0 - PD) ** YEARS_LEFT, rel=1e-6
    )


def test_full_and_partial_collateral_without_volatility(measure: Measure, loan: Callable[..., Loan]) -> None:
    loans = [book_loan(loan, name) for name in ("L1", "L2")]
    pledges = [
        Collateral("C1", "L1", sure_payment("a", 1_000_000.0), DAY),
        Collateral("C2", "L2", sure_payment("b", 400_000.0), DAY),
    ]
    full, part = measure(loans, pledges, n_paths=64).loans
    assert full.lifetime_cny == 0.0
    assert part.lifetime_cny == pytest.approx(closed_form(YEARS_LEFT, loss_given_default=LGD * 0.6), rel=1e-6)


def test_collateral_on_the_same_factors_costs_more(measure: Measure, loan: Callable[..., Loan]) -> None:
    """A price that falls when defaults are frequent: E[p L] is above E[p] E[L]; without R2 it is not."""
    schedule = ExposureSchedule(
        "a", np.array([9.0]), ("water_price",), np.array([1_250_000.0]), ("",), CollateralTerms()
    )
    loans = [book_loan(loan, "L1"), book_loan(loan, "L2", asset_correlation=0.5)]
    pledges = [Collateral(f"C{i}", f"L{i}", replace_id(schedule, f"a{i}"), DAY) for i in (1, 2)]
    plain, linked = measure(loans, pledges, n_paths=4_096).loans
    assert linked.lifetime_cny > 1.3 * plain.lifetime_cny
    assert sum(q.marginal_pd for q in linked.scenarios[0].quarters) == pytest.approx(
        sum(q.marginal_pd for q in plain.scenarios[0].quarters), rel=0.05
    )


def replace_id(schedule: ExposureSchedule, asset_id: str) -> ExposureSchedule:
    return ExposureSchedule(
        asset_id, schedule.times_years, schedule.factors, schedule.quantities, schedule.labels, schedule.terms
    )


def test_stage_3_by_hand(measure: Measure, loan: Callable[..., Loan]) -> None:
    """800,000 owed, a sure pledge of 500,000 sold in 2 years at 10 % cost: 450,000 / 1.05^2; a guarantor of half."""
    guarantee = Guarantee("G", 0.5, 0.0)
    loans = [book_loan(loan, "L1"), book_loan(loan, "L2", guarantee=guarantee, compensation_share=0.2)]
    pledges = [
        Collateral(
            f"C{i}", f"L{i}", sure_payment(f"a{i}", 500_000.0, disposal_lag_years=2.0, disposal_cost=0.1), DAY
        )
        for i in (1, 2)
    ]
    positions = [LoanPosition(f"L{i}", DAY, Decimal("800000.00"), RATE, 120) for i in (1, 2)]
    first, second = measure(loans, pledges, positions, n_paths=64).loans
    missing = LGD * (800_000.0 - 450_000.0 / 1.05**2)
    assert first.stage == second.stage == 3
    assert first.allowance_cny == pytest.approx(missing, rel=1e-9)
    assert second.allowance_cny == pytest.approx(missing * 0.5 * 0.8, rel=1e-9)
    assert first.twelve_month_cny == first.lifetime_cny
    [line] = first.scenarios[0].quarters
    assert (line.until_years, line.marginal_pd, line.exposure_cny) == (2.0, 1.0, 800_000.0)
    assert line.collateral_cny == pytest.approx(450_000.0 / 1.05**2, rel=1e-9)


def test_the_guarantee_of_a_borrower_in_default_counts_for_nothing(
    measure: Measure, loan: Callable[..., Loan]
) -> None:
    """G owes on another loan and is 120 days late: L1 and L2 lose as without a guarantee, L3 keeps that of H."""
    loans = [
        book_loan(loan, "L1", guarantee=Guarantee("G", 1.0, 0.0)),
        book_loan(loan, "L2", guarantee=Guarantee("G", 1.0, 0.0)),
        book_loan(loan, "L3", guarantee=Guarantee("H", 1.0, 0.0)),
        book_loan(loan, "L4", borrower_id="G"),
        book_loan(loan, "L5"),
    ]
    positions = [
        LoanPosition(f"L{i}", DAY, Decimal("1000000.00"), RATE, days) for i, days in ((2, 120), (4, 120))
    ]
    report = measure(loans, positions=positions, n_paths=64)
    first, second, third, of_guarantor, bare = report.loans
    assert [item.stage for item in report.loans] == [1, 3, 1, 3, 1]
    assert first.allowance_cny == pytest.approx(bare.allowance_cny, rel=1e-12)
    assert second.allowance_cny == pytest.approx(of_guarantor.allowance_cny, rel=1e-12)
    assert third.allowance_cny == 0.0 < bare.allowance_cny
    (caution,) = [item for item in report.cautions if item.code == "GUARANTORS_IN_DEFAULT"]
    assert caution.message_en.endswith(": L1, L2")
    assert not [item for item in report.cautions if item.code == "GUARANTORS_BORROW"]
    # Asked about one loan alone, the guarantor's record is known all the same.
    alone = measure([], n_paths=64, loan_ids=("L1",))
    assert alone.loans[0].allowance_cny == pytest.approx(first.allowance_cny, rel=1e-12)
    standing = measure([], positions=[LoanPosition("L4", DAY, Decimal("1000000.00"), RATE, 0)], n_paths=64)
    (note,) = [item for item in standing.cautions if item.code == "GUARANTORS_BORROW"]
    assert note.message_en.endswith(": G")


def test_a_guarantor_that_owes_nothing_any_more_is_judged_alike_for_a_book_and_a_part(
    measure: Measure, loan: Callable[..., Loan]
) -> None:
    """G's own loan was reported as a loss and owes nothing: G still stands, whoever asks about how many loans."""
    loans = [
        book_loan(loan, "L1", guarantee=Guarantee("G", 1.0, 0.0)),
        book_loan(loan, "L2", borrower_id="G"),
    ]
    positions = [LoanPosition("L2", DAY, Decimal("0.00"), RATE, 400, quality=FiveClass.LOSS)]
    whole = measure(loans, positions=positions, n_paths=64)
    alone = measure([], n_paths=64, loan_ids=("L1",))
    assert [item.loan_id for item in whole.loans] == ["L1"]
    assert whole.loans[0].allowance_cny == alone.loans[0].allowance_cny == 0.0


def test_losses_are_discounted_at_the_rate_in_force(measure: Measure, loan: Callable[..., Loan]) -> None:
    positions = [LoanPosition("L1", DAY, Decimal("1000000.00"), 0.07)]
    reported, contract = measure(
        [book_loan(loan), book_loan(loan, "L2")], positions=positions, n_paths=64
    ).loans
    assert reported.effective_rate_annual == pytest.approx(0.07, rel=1e-12)
    assert contract.effective_rate_annual == pytest.approx(RATE, rel=1e-12)
    ends = [line.until_years for line in reported.scenarios[0].quarters]
    assert [line.discount_factor for line in reported.scenarios[0].quarters] == pytest.approx(
        [1.07**-end for end in ends], rel=1e-12
    )


def test_a_guarantor_may_fail_before_the_pledge_is_sold(measure: Measure, loan: Callable[..., Loan]) -> None:
    """A tenth of guarantors fails in a year: of a half, 0.9^2 is left after the two years of the sale."""
    loans = [book_loan(loan, guarantee=Guarantee("G", 0.5, 0.1))]
    pledges = [Collateral("C1", "L1", sure_payment("a", 500_000.0, disposal_lag_years=2.0), DAY)]
    positions = [LoanPosition("L1", DAY, Decimal("800000.00"), RATE, 120)]
    [found] = measure(loans, pledges, positions, n_paths=64).loans
    missing = LGD * (800_000.0 - 500_000.0 / 1.05**2)
    assert found.allowance_cny == pytest.approx(missing * (1.0 - 0.5 * 0.81), rel=1e-9)


def test_a_guarantor_who_borrows_fails_with_the_probability_of_its_own_loans(
    measure: Measure, loan: Callable[..., Loan]
) -> None:
    """Its worse loan says 0.2 a year, beside the guarantee stands 0.1: of a half, 0.8^2 is left after two years."""
    loans = [
        book_loan(loan, guarantee=Guarantee("G", 0.5, 0.1)),
        book_loan(loan, "L2", borrower_id="G", default_probability_annual=0.2),
        book_loan(loan, "L3", borrower_id="G", default_probability_annual=0.05),
    ]
    pledges = [Collateral("C1", "L1", sure_payment("a", 500_000.0, disposal_lag_years=2.0), DAY)]
    positions = [LoanPosition("L1", DAY, Decimal("800000.00"), RATE, 120)]
    found = measure(loans, pledges, positions, n_paths=64).loans
    assert [item.stage for item in found] == [3, 1, 1]
    missing = LGD * (800_000.0 - 500_000.0 / 1.05**2)
    assert found[0].allowance_cny == pytest.approx(missing * (1.0 - 0.5 * 0.64), rel=1e-9)


def test_arrears_are_owed_no_longer_than_the_loan_lives(measure: Measure, loan: Callable[..., Loan]) -> None:
    """A loan of 1.4 years beside one of three: six lines, the last at the end of the life."""
    short = replace(BULLET, periods=17, months_per_period=3, drawn_on=dt.date(2023, 8, 20))
    loans = [book_loan(loan, "L1", terms=short), book_loan(loan, "L2")]
    positions = [LoanPosition("L1", DAY, Decimal("1200000.00"), RATE, 20)]
    first, second = measure(loans, positions=positions, n_paths=64).loans
    assert [len(found.scenarios[0].quarters) for found in (first, second)] == [6, 12]
    last = first.scenarios[0].quarters[-1]
    # Maturity is 17 quarters after 2023-08-20, on 2027-11-20: 507 days after the day of the book.
    assert last.until_years == pytest.approx(507 / 365, rel=1e-12)
    assert last.exposure_cny == pytest.approx(1_200_000.0, rel=1e-12)


def test_a_state_recorded_before_the_drawing_says_so(measure: Measure, loan: Callable[..., Loan]) -> None:
    # Stored with the day 2024-06-30, drawn three months later.
    later = replace(BULLET, drawn_on=dt.date(2024, 9, 30))
    [found] = measure([book_loan(loan, terms=later)], n_paths=64).loans
    assert found.origination_basis == "the state of 2024-06-30, recorded before it was drawn on 2024-09-30"


@pytest.mark.parametrize("recorded_on", [DAY - dt.timedelta(days=1), DAY])
def test_a_state_first_recorded_on_the_day_itself_is_no_origination(
    measure: Measure, loan: Callable[..., Loan], recorded_on: dt.date
) -> None:
    """Today's probability is compared with one recorded on an earlier day, never with itself.

    Of a loan first recorded on the day of the book none is known, and that is told.
    """
    [found] = (report := measure([book_loan(loan)], n_paths=64, recorded_on=recorded_on)).loans
    known = recorded_on < DAY
    assert (found.origination_pd, found.stage) == ((PD if known else None), 1)
    assert found.origination_basis == (
        f"first recorded state of {recorded_on}, drawn {DRAWN}" if known else ""
    )
    assert [reason.code for reason in found.reasons] == [
        "NO_SIGNIFICANT_INCREASE" if known else "NO_INCREASE_KNOWN"
    ]
    assert ("ORIGINATION_UNKNOWN" in [caution.code for caution in report.cautions]) is not known


def test_stages_and_sums(measure: Measure, loan: Callable[..., Loan]) -> None:
    loans = [book_loan(loan, f"L{i}", county=f"county {i % 2}") for i in range(1, 6)]
    positions = [
        LoanPosition("L1", DAY, Decimal("1000000.00"), RATE),
        LoanPosition("L2", DAY, Decimal("1000000.00"), RATE, 31),
        LoanPosition("L3", DAY, Decimal("1000000.00"), RATE, 91),
        LoanPosition("L4", DAY, Decimal("0.00"), RATE),
        LoanPosition("L5", DAY, Decimal("500000.00"), RATE),
    ]
    origination = (("L5", 0.001),)
    report = measure(
        loans, positions=positions, rules=read_standard_rules(), origination=origination, n_paths=256
    )
    assert [(found.loan_id, found.stage) for found in report.loans] == [
        ("L1", 1),
        ("L2", 2),
        ("L3", 3),
        ("L5", 2),
    ]
    for total, parts in (
        (report.total, report.by_stage), (report.total, report.by_product), (report.total, report.by_county)
    ):  # fmt: skip
        assert sum(part.n_loans for part in parts) == total.n_loans == 4
        assert sum(part.exposure_cny for part in parts) == pytest.approx(total.exposure_cny, rel=1e-12)
        assert sum(part.allowance_cny for part in parts) == pytest.approx(total.allowance_cny, rel=1e-12)
    for found in report.loans:
        assert found.twelve_month_cny <= found.lifetime_cny
        assert sum(item.weight for item in found.scenarios) == pytest.approx(1.0)
        weighted = sum(item.weight * item.lifetime_cny for item in found.scenarios)
        assert found.lifetime_cny == pytest.approx(weighted, rel=1e-12)
    # A prepaid loan owes half of what its schedule says at every date to come.
    assert report.loans[3].scenarios[0].quarters[-1].exposure_cny == 500_000.0
    assert report.loans[0].origination_basis == "first recorded state of 2024-06-30, drawn 2024-06-30"
    assert report.loans[3].origination_basis == "given"
    assert {caution.code for caution in report.cautions} == {
        "SCENARIO_PARTLY_APPLIED",
        "SNAPSHOT_DATE_DIFFERS",
    }


def test_scenarios_are_in_order_of_their_names(measure: Measure, loan: Callable[..., Loan]) -> None:
    [found] = measure(
        [book_loan(loan, asset_correlation=0.2)], rules=read_standard_rules(), n_paths=2_048
    ).loans
    by_name = {item.scenario: item.lifetime_cny for item in found.scenarios}
    assert by_name["optimistic"] < by_name["base"] < by_name["pessimistic"]


def test_a_loan_past_its_end_still_has_a_life(measure: Measure, loan: Callable[..., Loan]) -> None:
    ended = replace(BULLET, drawn_on=dt.date(2021, 6, 1))
    positions = [LoanPosition("L1", DAY, Decimal("1000000.00"), RATE, 29)]
    report = measure([book_loan(loan, terms=ended)], positions=positions, n_paths=64)
    assert report.loans[0].stage == 1
    assert report.loans[0].allowance_cny == pytest.approx(closed_form(1.0), rel=1e-6)
    assert "MATURED_BUT_OWED" in {caution.code for caution in report.cautions}


def test_shocks_that_a_market_does_not_have_are_left_out(market: MarketSnapshot) -> None:
    fitting, left_out = fit_to(market, read_credit_scenarios()["pessimistic"])
    assert [shock.factor for shock in fitting.paths] == [
        "credit_cycle",
        "credit_cycle",
        "water_price",
    ]
    assert left_out == ("inflow.yingluoxia", "ccer_price", "tourism_demand", "timber_price")


def test_who_leaves_ends_the_measurement_within_a_world(loan: Callable[..., Loan], measure: Measure) -> None:
    asked = 0

    def leave_at_the_third() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise Cancelled("the caller went away")

    # One world of four blocks of 256 paths.
    with pytest.raises(Cancelled):
        measure([book_loan(loan)], n_paths=1_024, check_alive=leave_at_the_third)
    assert asked == 3


def test_through_the_wire(
    client: LoansClient, channel: grpc.Channel, loan: Callable[..., Loan], market: MarketSnapshot
) -> None:
    quality = QualityClient(channel)
    client.put_loans(DRAWN, [book_loan(loan, "L1"), book_loan(loan, "L2")])
    found = quality.measure_credit_loss(market, loan_ids=["L1"], explained_loan_ids=["L1"], n_paths=64)
    assert [item.loan_id for item in found.loans] == ["L1"]
    assert len(found.loans[0].scenarios[0].quarters) == 13
    assert {note.parameter for note in found.rule.notes} >= {
        "credit_loss.scenarios.base",
        "credit_loss.increase_ratio",
    }
    assert "LOANS_WITHOUT_POSITION" in {caution.code for caution in found.cautions}
    again = quality.measure_credit_loss(market, loan_ids=["L1"], explained_loan_ids=["L1"], n_paths=64)
    assert again == found
    with pytest.raises(NotFound, match="L9"):
        quality.measure_credit_loss(market, loan_ids=["L9"])
    with pytest.raises(InvalidInput, match="n_paths"):
        quality.measure_credit_loss(market, n_paths=63)
    with pytest.raises(InvalidInput, match="origination"):
        quality.measure_credit_loss(market, origination={"L1": 1.5})
