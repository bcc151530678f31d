"""Economic capital a second time: losses as loops over paths and loans, value at risk by counting, shares by hand."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from quant.loan_losses.book import LoanBook, Pledges
from quant.schedules import Array, CollateralTerms, ExposureSchedule
from services.loans.book_terms.used import UsedTerms
from services.loans.collateral import Collateral
from services.loans.loan import Guarantee, Loan, RepaymentKind, RepaymentTerms
from services.loans.quality.capital import CapitalQuestion
from services.loans.quality.economic_capital import economic_capital
from services.loans.quality.loss_book import reported_loss_book
from services.loans.reported.book import ReportedBook
from services.loans.reported.position import LoanPosition
from services.loans.segments.compensation_fund import CompensationFundTerms, FundClaims
from services.loans.segments.segment import Segment
from services.runtime.market import MarketSnapshot
from tests.quant.loan_losses.plain_losses import PlainModel

DAY, N_PATHS, SEED = dt.date(2026, 6, 30), 1_000, 11
BULLET = RepaymentTerms(Decimal("1000000.00"), dt.date(2026, 1, 15), 60, 0.045, RepaymentKind.BULLET)
FUND = CompensationFundTerms(
    "fund", "agreement", Segment(loan_ids=("L0", "L1", "L2")), cap_cny=510_000.0, compensation_share=0.5
)
# Claims of loans in default, of the institution's fund and the named one: 300,000 of the cap are left.
FIRST = FundClaims((0.0, 260_000.0), (0.0, 210_000.0))
TERMS = UsedTerms.given(funds=(FUND,))
EXPOSURES = (1_000_000.0, 500_000.0, 1_200_000.0, 1_000_000.0, 1_000_000.0, 1_000_000.0)


def reported_book(loan: Callable[..., Loan]) -> ReportedBook:
    """Six loans: prepaid by half, 200,000 in arrears; a pledge that may be lost, a shared borrower, a guarantor."""
    given: dict[str, Any] = {"terms": BULLET, "asset_correlation": 0.3, "default_probability_annual": 0.2}
    loans = [loan(f"L{i}", **given) for i in range(6)]
    loans[3] = replace(loans[3], default_probability_annual=0.1, unsecured_lgd=0.45)
    loans[4] = replace(loans[4], borrower_id="B-L3", default_probability_annual=0.1)
    loans[5] = replace(loans[5], guarantee=Guarantee("G", 0.7, 0.3), compensation_share=0.25)
    right = CollateralTerms(
        event_intensity=0.2, event_severity=0.7, disposal_cost=0.1, disposal_lag_years=1.0
    )
    schedule = ExposureSchedule(
        "right", np.arange(1.0, 6.0), ("water_price",) * 5, np.full(5, 200_000.0), ("",) * 5, right
    )
    pledges = [
        Collateral(f"C{i}", f"L{i}", schedule, DAY, pledged_share=share) for i, share in ((0, 0.6), (3, 0.4))
    ]
    positions = [
        LoanPosition("L1", DAY, Decimal("500000.00"), 0.045),
        LoanPosition("L2", DAY, Decimal("1200000.00"), 0.045, 60),
    ]
    return ReportedBook(DAY, tuple(loans), {item.loan_id: item for item in positions}, tuple(pledges))


def plain_capital(losses: Array, confidence: float) -> tuple[float, float, Array]:
    """Expected loss, value at risk and each loan's share of capital from losses [n_paths, n_loans]."""
    of_paths = [math.fsum(row) for row in losses.tolist()]
    n = len(of_paths)
    # The smallest loss that is not exceeded on a share of the paths as large as the confidence.
    at_risk = next(
        loss
        for loss in sorted(of_paths)
        if sum(other <= loss for other in of_paths) >= round(confidence * n, 9)
    )
    tail = round((1.0 - confidence) * n, 9)
    above = [p for p in range(n) if of_paths[p] > at_risk * (1.0 + 1e-12)]
    at = [p for p in range(n) if abs(of_paths[p] - at_risk) <= at_risk * 1e-12]
    # The worst paths count whole, those at the value at risk share what they leave of the tail.
    share = (tail - len(above)) / len(at)
    shortfalls = losses[above].sum(axis=0) / tail + losses[at].sum(axis=0) * share / tail
    beyond = shortfalls - losses.mean(axis=0)
    expected = math.fsum(of_paths) / n
    return expected, at_risk, (at_risk - expected) * beyond / beyond.sum()


@pytest.mark.parametrize("with_pledges", [True, False])
def test_every_figure(loan: Callable[..., Loan], snapshot: MarketSnapshot, *, with_pledges: bool) -> None:
    book, model = reported_book(loan), snapshot.factor_model()
    one_year = np.array([1.0])
    arrays: LoanBook = reported_loss_book(book, model, one_year, TERMS).arrays
    assert arrays.exposure_cny[:, 0].tolist() == pytest.approx(EXPOSURES, rel=1e-12)
    assert arrays.compensation_share.tolist() == [0.5, 0.5, 0.5, 0.0, 0.0, 0.25]
    assert arrays.fund_cap_cny.tolist() == [math.inf, 510_000.0]
    plain = replace(arrays, fund_cap_cny=np.array([math.inf, 300_000.0]))
    if not with_pledges:
        plain = replace(plain, pledges=Pledges.none())
    discount = snapshot.curve().discount_factors
    found = PlainModel(plain, model, discount).losses(model.simulate_states(one_year, N_PATHS, SEED), SEED)
    # The cap, the guarantor and the pledges all decide something.
    assert np.count_nonzero(found.claims[:, 1] > 300_000.0) > 30
    assert len(np.unique(found.loss[:, 5])) == 3
    assert bool(np.count_nonzero(found.collateral) > 100) is with_pledges
    for confidence in (0.95, 0.99, 0.999):
        measure = economic_capital(
            book,
            CapitalQuestion(snapshot, DAY, n_paths=N_PATHS, seed=SEED),
            confidence,
            lambda: None,
            terms=TERMS,
            claimed_first=FIRST,
            with_pledges=with_pledges,
        )
        expected, at_risk, shares = plain_capital(found.loss, confidence)
        assert measure.book.expected_loss_cny == pytest.approx(expected, rel=1e-9)
        assert measure.book.value_at_risk_cny == pytest.approx(at_risk, rel=1e-9)
        assert measure.book.capital_cny == pytest.approx(at_risk - expected, rel=1e-9)
        np.testing.assert_allclose(measure.by_loan, shares, rtol=1e-9, atol=1e-4)
