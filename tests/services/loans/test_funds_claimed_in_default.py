"""Loans in default claim a compensation fund first, in every figure alike; the others have what is left of its cap.

Worked out by hand. A fund bears half of what pledge and guarantor leave, and 60 % of what is uncovered is lost.
D1 owes 500,000, D2 owes 400,000 and has half of its loss guaranteed by somebody who never fails:

    D1 claims 0.5 x 0.6 x 500,000 = 150,000, D2 claims 0.5 x 0.6 x 400,000 x 0.5 = 60,000, together 210,000.

P1, P2 and P3 owe 1,000,000 each and default for certain: they lose 600,000 and claim 300,000 each, 900,000 together.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.collateral import Collateral
from services.loans.loan import Guarantee, Loan, RepaymentKind, RepaymentTerms
from services.loans.portfolio import PortfolioLoss, PortfolioQuestion
from services.loans.quality.capital import CapitalQuestion
from services.loans.quality.capital_desk import measure_capital
from services.loans.quality.credit_loss import CreditLossQuestion
from services.loans.quality.credit_loss_desk import measure_credit_loss
from services.loans.quality.loss_scenarios import read_credit_scenarios
from services.loans.quality.rules import CreditRules
from services.loans.quality.rules_file import read_standard_rules
from services.loans.reported.position import LoanPosition
from services.loans.repository import SqlLoanStore
from services.loans.segments.compensation_fund import CompensationFundTerms, FundClaims
from services.loans.segments.segment import Segment
from services.loans.simulation.book_reading import read_book
from services.loans.simulation.simulating import simulate_portfolio
from services.loans.simulation.stress import LossLimit, PortfolioStress, StressQuestion
from services.loans.simulation.stressing import stress_portfolio
from services.runtime.database import reading, transaction
from services.runtime.market import MarketSnapshot, QuotedFactor
from services.runtime.results import Caution
from services.runtime.scenarios.scenario import LevelShock, Scenario

DAY = dt.date(2026, 6, 30)
BULLET = RepaymentTerms(Decimal("1000000.00"), dt.date(2026, 1, 15), 60, 0.045, RepaymentKind.BULLET)
LATE = (
    LoanPosition("D1", DAY, Decimal("500000.00"), 0.045, 120),
    LoanPosition("D2", DAY, Decimal("400000.00"), 0.045, 120),
)
MakeLoan = Callable[..., Loan]


def fund(cap_cny: float) -> CompensationFundTerms:
    return CompensationFundTerms("资金池", "agreement", cap_cny=cap_cny)


def book_of(loan: MakeLoan, **changes: Any) -> list[Loan]:
    given: dict[str, Any] = {
        "terms": BULLET, "default_probability_annual": 1.0, "asset_correlation": 0.0, "unsecured_lgd": 0.6,
        "compensation_share": 0.5,
    }  # fmt: skip
    of = given | changes
    backed = loan("D2", **(of | {"guarantee": Guarantee("G", 0.5, 0.0)}))
    return [loan("D1", **of), backed, *(loan(f"P{i}", **of) for i in (1, 2, 3))]


@dataclass(frozen=True)
class Bank:
    """A stored book and all that can be asked of it."""

    engine: sa.Engine
    snapshot: MarketSnapshot
    rules: CreditRules

    @contextmanager
    def opened(self) -> Iterator[SqlLoanStore]:
        with reading(self.engine) as connection:
            yield SqlLoanStore(connection, "bank-a")

    def open_store(self) -> AbstractContextManager[SqlLoanStore]:
        return self.opened()

    def put(self, loans: list[Loan], *positions: LoanPosition, pledges: tuple[Collateral, ...] = ()) -> None:
        with transaction(self.engine) as connection:
            store = SqlLoanStore(connection, "bank-a")
            store.put_loans(DAY, loans)
            store.put_collateral(pledges)
            store.record_positions(positions)

    def asked(self, *funds: CompensationFundTerms, **changes: Any) -> PortfolioQuestion:
        return PortfolioQuestion(self.snapshot, DAY, compensation_funds=funds, **({"n_paths": 256} | changes))

    def simulated(self, question: PortfolioQuestion) -> PortfolioLoss:
        *_, found = simulate_portfolio(self.open_store, question, self.rules)
        assert isinstance(found, PortfolioLoss)
        return found

    def stressed(self, question: StressQuestion) -> PortfolioStress:
        *_, found = stress_portfolio(self.open_store, question, self.rules)
        assert isinstance(found, PortfolioStress)
        return found

    def claimed_first(self, question: PortfolioQuestion) -> FundClaims:
        return read_book(self.open_store, question, self.rules).secured.claimed_first


@pytest.fixture
def bank(loans_engine: sa.Engine, snapshot: MarketSnapshot) -> Bank:
    sure = QuotedFactor("sure", 1.0, "1", "确定", "sure", snapshot.primary_factors[0].sources)
    curve = tuple(replace(point, rate_annual=0.0) for point in snapshot.discount_curve)
    market = replace(snapshot, primary_factors=(*snapshot.primary_factors, sure), discount_curve=curve)
    rules = read_standard_rules()
    base = replace(rules.credit_loss[0], scenarios=(replace(rules.credit_loss[0].scenarios[0], weight=1.0),))
    return Bank(loans_engine, market, replace(rules, credit_loss=(base,)))


def pledge(loan_id: str, factor: str, quantity: float, **terms: float) -> Collateral:
    schedule = ExposureSchedule(
        f"asset of {loan_id}",
        np.array([5.0]),
        (factor,),
        np.array([quantity]),
        ("",),
        CollateralTerms(**terms),
    )
    return Collateral(f"C-{loan_id}", loan_id, schedule, DAY)


def told(cautions: tuple[Caution, ...]) -> list[str]:
    return [caution.message_en for caution in cautions if caution.code == "FUND_CLAIMED_IN_DEFAULT"]


@pytest.mark.parametrize(
    ("cap", "left", "others"),
    [
        (200_000.0, 0.0, 0.0),
        (210_000.0, 0.0, 0.0),
        (510_000.0, 300_000.0, 300_000.0),
        (1_200_000.0, 990_000.0, 900_000.0),
    ],
)
def test_by_hand(bank: Bank, loan: MakeLoan, cap: float, left: float, others: float) -> None:
    first = cap - left
    bank.put(book_of(loan), *LATE)
    found = bank.simulated(bank.asked(fund(cap), n_quarters=4))
    [of_fund] = found.named_funds
    assert of_fund.cap_cny == cap
    assert of_fund.payment_mean_cny == pytest.approx(others, rel=1e-9)
    assert of_fund.exhausted_probability == (1.0 if others < 900_000.0 else 0.0)
    assert found.expected_loss_cny == pytest.approx(1_800_000.0 - others, rel=1e-9)
    wan = [f"{value / 1e4:,.2f}" for value in (cap, first, left)]
    said = (
        f"of compensation fund '资金池', cap {wan[0]} x 10,000 CNY, loans in default claim first (an assumption): "
        f"21.00 expected claims, {wan[1]} expected payment, {wan[2]} left for all others"
    )
    assert told(found.cautions) == [said]
    world, *_ = bank.stressed(StressQuestion(bank.asked(fund(cap), n_quarters=4), names=("rates-up",))).worlds
    assert world.expected_loss_cny == pytest.approx(1_800_000.0 - others, rel=1e-9)
    # Economic capital leaves out the same loans, whose funds have the same left.
    capital = measure_capital(
        bank.open_store,
        CapitalQuestion(bank.snapshot, DAY, n_paths=256, compensation_funds=(fund(cap),)),
        bank.rules,
    )
    for side in (capital.totals.economic_recognised, capital.totals.economic_unrecognised):
        assert side.expected_loss_cny == pytest.approx(1_800_000.0 - others, rel=1e-9)
    assert told(capital.cautions) == [said]
    # Expected credit loss says the same of loans in stage 3.
    credit = measure_credit_loss(
        bank.open_store,
        CreditLossQuestion(bank.snapshot, DAY, n_paths=256, compensation_funds=(fund(cap),)),
        bank.rules,
        read_credit_scenarios(),
    )
    in_stage_3 = math.fsum(item.compensation_cny for item in credit.loans if item.stage == 3)
    assert in_stage_3 == pytest.approx(first, rel=1e-9)
    assert credit.funds[0].payment_cny == pytest.approx(first + others, rel=1e-9)


def test_the_one_fund_of_an_institution_is_claimed_first_too(bank: Bank, loan: MakeLoan) -> None:
    bank.put(book_of(loan), *LATE)
    found = bank.simulated(bank.asked(fund_cap_cny=510_000.0))
    assert found.fund is not None
    assert found.fund.payment_mean_cny == pytest.approx(300_000.0, rel=1e-9)
    [said] = told(found.cautions)
    assert said.startswith("of compensation fund of the institution, cap 51.00 x 10,000 CNY")
    # Without a cap nothing is rationed and nobody comes first; of a part of the book its own defaults alone claim.
    assert told(bank.simulated(bank.asked()).cautions) == []
    part = bank.simulated(bank.asked(fund_cap_cny=510_000.0, loan_ids=("D2", "P1", "P2", "P3")))
    assert part.fund is not None
    assert part.fund.payment_mean_cny == pytest.approx(450_000.0, rel=1e-9)


def test_the_same_bits_as_stage_3_of_an_expected_credit_loss(bank: Bank, loan: MakeLoan) -> None:
    """Pledges sold after a while at prices that nobody knows, with a guarantor who borrows and may fail by then."""
    loans = book_of(loan, default_probability_annual=0.3)
    loans[1] = replace(loans[1], guarantee=Guarantee("B-P1", 0.5, 0.0))
    pledges = (
        pledge("D1", "water_price", 400_000.0, disposal_lag_years=1.5, quantity_cv=0.3),
        pledge("D2", "water_price", 300_000.0, disposal_lag_years=0.5, event_intensity=0.1),
        pledge("P1", "water_price", 900_000.0),
    )
    bank.put(loans, *LATE, pledges=pledges)
    alone = fund(90_000.0)
    found = bank.claimed_first(bank.asked(alone))
    credit = measure_credit_loss(
        bank.open_store,
        CreditLossQuestion(bank.snapshot, DAY, compensation_funds=(alone,)),
        bank.rules,
        read_credit_scenarios(),
    )
    in_stage_3 = [item.compensation_cny for item in credit.loans if item.stage == 3]
    assert len(in_stage_3) == 2
    assert found.payments_cny[1] == sum(in_stage_3)
    # The cap is reached on some paths and not on others.
    assert 0.5 * 90_000.0 < found.payments_cny[1] < min(90_000.0, found.claims_cny[1])


def test_pledges_that_bring_less_in_another_world_leave_less(bank: Bank, loan: MakeLoan) -> None:
    """D1 has a sure pledge of 300,000: it claims 0.3 x 200,000, and 0.3 x 350,000 where the pledge is worth half."""
    bank.put(book_of(loan), *LATE, pledges=(pledge("D1", "sure", 300_000.0),))
    half = Scenario(
        "half", "减半", "half", bank.snapshot.primary_factors[0].sources, levels=(LevelShock("sure", 0.5),)
    )
    found = bank.stressed(StressQuestion(bank.asked(fund(510_000.0), n_quarters=4), scenarios=(half,)))
    base, halved = (world.expected_loss_cny for world in found.worlds)
    assert base == pytest.approx(1_800_000.0 - (510_000.0 - 60_000.0 - 60_000.0), rel=1e-9)
    assert halved == pytest.approx(1_800_000.0 - (510_000.0 - 105_000.0 - 60_000.0), rel=1e-9)


@pytest.mark.parametrize("tail", [False, True])
def test_a_reverse_stress_moves_what_is_left(bank: Bank, loan: MakeLoan, *, tail: bool) -> None:
    """D1 has a pledge of 300,000, worth the mean of a lognormal water price in five years, which is sold at once.

    Its claim is 0.3 x (500,000 - 300,000 exp(d)); the limit is what the book loses where exp(d) = 1/2, which over one
    year is ln(1/2) / 0.3 standard deviations. Nothing else of the book moves.
    """
    quantity = 300_000.0 / (0.8 * math.exp(0.5 * 0.3**2 * 5.0))
    bank.put(book_of(loan), *LATE, pledges=(pledge("D1", "water_price", quantity),))
    limit = 1_800_000.0 - (510_000.0 - 105_000.0 - 60_000.0)
    named = {"highest_expected_shortfall_cny" if tail else "highest_expected_loss_cny": limit}
    asked = StressQuestion(bank.asked(fund(510_000.0), n_quarters=4), limit=LossLimit(**named))
    reverse = bank.stressed(asked).reverse
    assert reverse is not None
    assert reverse.figure_cny == pytest.approx(1_410_000.0, rel=1e-9)
    [move] = reverse.single
    assert move.factor == "water_price"
    assert move.standard_deviations == pytest.approx(math.log(0.5) / 0.3, abs=1e-3)


@pytest.mark.parametrize("cap", [0.0, 1.0, 60_000.0, 150_000.0, 400_000.0, 1e12])
def test_a_fund_never_pays_more_than_its_cap(bank: Bank, loan: MakeLoan, cap: float) -> None:
    loans = book_of(loan, default_probability_annual=0.4, asset_correlation=0.3)
    risky = pledge("D1", "water_price", 500_000.0, disposal_lag_years=1.0)
    bank.put(loans, *LATE, pledges=(risky,))
    other = CompensationFundTerms("另一个", "agreement", Segment(loan_ids=("D2", "P3")), balance_cny=70_000.0)
    asked = bank.asked(other, fund(cap), n_paths=1_000)
    first = bank.claimed_first(asked)
    for number, of_fund in enumerate(bank.simulated(asked).named_funds, start=1):
        paid, claimed = first.payments_cny[number], first.claims_cny[number]
        assert 0.0 <= paid <= min(of_fund.cap_cny, claimed) * (1.0 + 1e-12)
        assert paid + of_fund.payment_mean_cny <= of_fund.cap_cny * (1.0 + 1e-12)


def test_without_claims_in_default_not_a_bit_changes(bank: Bank, loan: MakeLoan) -> None:
    """Loans in default that have no share of the fund leave its cap and every figure as they are without them."""
    loans = book_of(loan, default_probability_annual=0.3, asset_correlation=0.2)
    bare = [replace(item, compensation_share=0.0) for item in loans[:2]]
    bank.put([*bare, *loans[2:]], *LATE)
    question = bank.asked(fund(400_000.0), n_paths=2_000)
    whole, part = (bank.simulated(replace(question, loan_ids=ids)) for ids in ((), ("P1", "P2", "P3")))
    assert told(whole.cautions) == []
    assert whole.by_loan[2:] == part.by_loan
    assert (whole.tail, whole.named_funds, whole.expected_loss_cny) == (
        part.tail, part.named_funds, part.expected_loss_cny,
    )  # fmt: skip
    caps = np.array([np.inf, 400_000.0, 0.0])
    assert FundClaims().left_of(caps) is caps
    assert np.array_equal(FundClaims((0.0,) * 3, (0.0,) * 3).left_of(caps), caps)
