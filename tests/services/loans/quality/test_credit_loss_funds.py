"""Expected credit loss with risk-compensation funds: binomial pools, stage 3 first, identities, no cap at all.

Loans of 1,000,000 without pledges and without correlation: what is claimed of a fund is c times a binomial number of
defaults, c = share x LGD x 1,000,000, so that E min(C, cap) is a finite sum.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from scipy.stats import binom

from services.loans.loan import Guarantee, Loan, RepaymentKind, RepaymentTerms
from services.loans.quality.credit_loss import CreditLossQuestion, CreditLossReport
from services.loans.quality.credit_loss_desk import measure_credit_loss
from services.loans.quality.loss_scenarios import read_credit_scenarios
from services.loans.quality.rules_file import read_standard_rules
from services.loans.reported.position import LoanPosition
from services.loans.repository import SqlLoanStore
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.segment import Segment
from services.runtime.database import reading, transaction
from services.runtime.market import MarketSnapshot

# Three years of 365 days before the last instalment on 2029-06-30.
DRAWN, DAY = dt.date(2024, 6, 30), dt.date(2026, 7, 1)
PD, LGD, SHARE, YEARS, PATHS = 0.1, 0.6, 0.5, 3.0, 8_192
GONE = 1.0 - (1.0 - PD) ** YEARS
CLAIM = SHARE * LGD * 1e6
BULLET = RepaymentTerms(Decimal("1000000.00"), DRAWN, 5, 0.05, RepaymentKind.BULLET, months_per_period=12)
FUND = CompensationFundTerms("资金池", "agreement", cap_cny=CLAIM)
Measure = Callable[..., CreditLossReport]
MakeLoan = Callable[..., Loan]


@pytest.fixture
def measure(loans_engine: sa.Engine, snapshot: MarketSnapshot) -> Measure:
    """Stores loans and positions and measures them in the base scenario alone."""
    rules = read_standard_rules()
    base = replace(rules.credit_loss[0], scenarios=(replace(rules.credit_loss[0].scenarios[0], weight=1.0),))

    def run(loans: list[Loan], *positions: LoanPosition, **question: Any) -> CreditLossReport:
        @contextmanager
        def open_store() -> Iterator[SqlLoanStore]:
            with reading(loans_engine) as connection:
                yield SqlLoanStore(connection, "bank-a")

        with transaction(loans_engine) as connection:
            store = SqlLoanStore(connection, "bank-a")
            store.put_loans(DRAWN, loans)
            store.record_positions(positions)
        asked = CreditLossQuestion(snapshot, DAY, **({"n_paths": PATHS} | question))
        rules_of_base = replace(rules, credit_loss=(base,))
        return measure_credit_loss(open_store, asked, rules_of_base, read_credit_scenarios())

    return run


def pool(loan: MakeLoan, n: int, **changes: Any) -> list[Loan]:
    given: dict[str, Any] = {
        "terms": BULLET, "default_probability_annual": PD, "asset_correlation": 0.0, "unsecured_lgd": LGD,
        "compensation_share": SHARE,
    }  # fmt: skip
    return [loan(f"L{i:02}", **(given | changes)) for i in range(n)]


@pytest.mark.parametrize(("n", "defaults_paid"), [(1, 0.5), (10, 1.0), (10, 3.0), (40, 4.0)])
def test_one_fund_and_many_loans(measure: Measure, loan: MakeLoan, n: int, defaults_paid: float) -> None:
    cap = defaults_paid * CLAIM
    free = measure(pool(loan, n), compensation_funds=(replace(FUND, cap_cny=1e12),))
    found = measure(pool(loan, n), compensation_funds=(replace(FUND, cap_cny=cap),))
    claims = CLAIM * np.arange(n + 1)
    chance = binom.pmf(np.arange(n + 1), n, GONE)
    paid = chance @ np.minimum(claims, cap)
    error = np.sqrt(chance @ (np.minimum(claims, cap) - paid) ** 2 / PATHS)
    [fund] = found.funds
    assert fund.claims_cny == pytest.approx(n * GONE * CLAIM, rel=1e-6)
    assert fund.payment_cny == pytest.approx(paid, abs=5.0 * error)
    # Taken at their mean the claims would seem to be paid in full more often than they are.
    assert fund.payment_cny < min(fund.claims_cny, cap)
    # Every loan has the same share of its claims paid; without a cap half of the loss is.
    share = fund.payment_cny / fund.claims_cny
    for capped, whole in zip(found.loans, free.loans, strict=True):
        assert capped.stage == 1
        assert capped.lifetime_cny == pytest.approx(
            2.0 * whole.lifetime_cny * (1.0 - SHARE * share), rel=1e-9
        )
        assert capped.twelve_month_cny == pytest.approx(
            2.0 * whole.twelve_month_cny * (1.0 - SHARE * share), rel=1e-9
        )
        assert capped.compensation_cny + capped.allowance_cny == pytest.approx(
            2.0 * whole.allowance_cny, rel=1e-9
        )
    assert fund.counted_cny == pytest.approx(sum(item.compensation_cny for item in found.loans), rel=1e-12)
    assert fund.counted_cny < fund.payment_cny <= cap


@pytest.mark.parametrize("cap", [0.0, 1.0, 50_000.0, 400_000.0, 2e6, 1e12])
def test_what_loans_count_on_is_never_more_than_the_cap(measure: Measure, loan: MakeLoan, cap: float) -> None:
    # One index for all: in bad years everybody claims; L08 and L09 are in stage 2, L00 is in stage 3.
    loans = pool(loan, 10, asset_correlation=0.3)
    positions = (
        LoanPosition("L00", DAY, Decimal("400000.00"), 0.05, 120),
        *(LoanPosition(f"L{i:02}", DAY, Decimal("1000000.00"), 0.05, 40) for i in (8, 9)),
    )
    other = CompensationFundTerms("另一个", "agreement", Segment(loan_ids=("L09",)), balance_cny=20_000.0)
    found = measure(loans, *positions, n_paths=64, compensation_funds=(other, replace(FUND, cap_cny=cap)))
    assert [item.stage for item in found.loans] == [3, *[1] * 7, 2, 2]
    for fund in found.funds:
        assert 0.0 <= fund.counted_cny <= fund.payment_cny * (1.0 + 1e-12)
        assert fund.payment_cny <= min(fund.cap_cny, fund.claims_cny) * (1.0 + 1e-12)
    assert [fund.n_loans for fund in found.funds] == [1, 9]
    assert sum(item.compensation_cny for item in found.loans) <= (cap + 20_000.0) * (1.0 + 1e-12)


def test_funds_that_can_pay_everything_change_nothing(measure: Measure, loan: MakeLoan) -> None:
    loans = [*pool(loan, 3, asset_correlation=0.2), *pool(loan, 4, compensation_share=1.0)[3:]]
    late = LoanPosition("L00", DAY, Decimal("1000000.00"), 0.05, 120)
    without = measure(loans, late, n_paths=64)
    rich = replace(FUND, cap_cny=4e6)  # the whole exposure: no path can ask for more
    found = measure(loans, late, n_paths=64, compensation_funds=(rich,))
    assert [(a.allowance_cny, a.compensation_cny) for a in found.loans] == [
        (b.allowance_cny, b.compensation_cny) for b in without.loans
    ]
    assert found.loans[3].allowance_cny == 0.0
    assert found.loans[3].compensation_cny > 0.0
    codes = {caution.code for caution in without.cautions}, {caution.code for caution in found.cautions}
    assert "COMPENSATION_WITHOUT_FUND" in codes[0] - codes[1]
    assert {"COMPENSATION_FUND_USED", "COMPENSATION_RATIONED"} <= codes[1] - codes[0]
    assert without.manifest.input_hash != found.manifest.input_hash


def test_loans_in_stage_3_claim_first(measure: Measure, loan: MakeLoan) -> None:
    """Two in stage 3 without pledges claim 0.5 x 0.6 x 500,000, one of them half of that behind a guarantor."""
    sure = Guarantee("G", 0.5, 0.0)
    loans = [*pool(loan, 1), *pool(loan, 2, guarantee=sure)[1:], *pool(loan, 3)[2:]]
    late = [LoanPosition(f"L{i:02}", DAY, Decimal("500000.00"), 0.05, 120) for i in (0, 1)]
    for cap, first, second, third in (
        (90_000.0, 60_000.0, 30_000.0, 0.0),
        (225_000.0, 150_000.0, 75_000.0, 0.0),
        (325_000.0, 150_000.0, 75_000.0, 100_000.0),
    ):
        found = measure(loans, *late, compensation_funds=(replace(FUND, cap_cny=cap),))
        assert [item.compensation_cny for item in found.loans[:2]] == pytest.approx([first, second], rel=1e-9)
        assert found.loans[0].allowance_cny == pytest.approx(300_000.0 - first, rel=1e-9)
        assert found.loans[1].allowance_cny == pytest.approx(150_000.0 - second, rel=1e-9)
        # The third claims 300,000 if it defaults, of which the fund then has what is left.
        paid = found.funds[0].payment_cny - first - second
        error = third * np.sqrt(GONE * (1.0 - GONE) / PATHS)
        assert paid == pytest.approx(GONE * third, abs=5.0 * error + 1e-6)


def test_a_fund_with_a_share_of_its_own_and_loans_of_no_fund(measure: Measure, loan: MakeLoan) -> None:
    loans = pool(loan, 3)
    fund = replace(FUND, segment=Segment(loan_ids=("L00",)), compensation_share=0.8, cap_cny=1e7)
    found = measure(loans, n_paths=64, compensation_funds=(fund,))
    own, *others = found.loans
    gross = own.allowance_cny / 0.2
    assert own.compensation_cny == pytest.approx(0.8 * gross, rel=1e-9)
    for other in others:
        assert other.allowance_cny == other.compensation_cny == pytest.approx(0.5 * gross, rel=1e-9)
    [said] = [c for c in found.cautions if c.code == "COMPENSATION_WITHOUT_FUND"]
    assert said.message_en.startswith("2 loans have a compensation share and no named fund")
