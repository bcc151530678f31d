"""Curves of default and named funds through client and server: closed forms, sums by hand, what is refused."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.loans.client import LoansClient
from services.loans.loan import Guarantee, Loan, RepaymentKind
from services.loans.portfolio import LossShare, PortfolioLoss, PortfolioQuestion
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment import Segment
from services.loans.segments.segment_file import read_compensation_funds, read_default_curves
from services.loans.simulation.client import BookStressClient
from services.loans.translate.loss import question_from_wire, question_to_wire
from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot
from services.runtime.results import Severity

MakeLoan = Callable[..., Loan]
DAY, PATHS = dt.date(2026, 6, 30), 40_000
EXAMPLES = Path(__file__).parents[4] / "examples"
RISING = DefaultCurve("rising", "assumption of the tests", (0.02, 0.06, 0.12), Segment(counties=("甘州区",)))
SHAPE = DefaultCurve(
    "shape", "assumption of the tests", (0.02, 0.03), Segment(pd_from=0.1), scaled_to_loan=True
)


def lasting(loan: MakeLoan, loan_id: str, **changes: Any) -> Loan:
    """A loan of 1,000,000 that is repaid at once after ten years."""
    bullet = replace(loan().terms, kind=RepaymentKind.BULLET, periods=120)
    return loan(loan_id, **({"terms": bullet} | changes))


def cautions(found: PortfolioLoss) -> dict[str, str]:
    return {caution.code: caution.message_en for caution in found.cautions}


def by_name(shares: tuple[LossShare, ...]) -> dict[str, LossShare]:
    return {share.key: share for share in shares}


@pytest.mark.parametrize("quarters", [4, 6, 12, 16])
def test_defaults_follow_the_curve_of_their_loan(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot, quarters: int
) -> None:
    client.put_loans(
        DAY,
        [
            lasting(loan, "own", county="肃南县"),
            lasting(loan, "rising", asset_correlation=0.3),
            lasting(loan, "shape", county="民乐县", default_probability_annual=0.2),
        ],
    )
    found = client.simulate_portfolio(
        snapshot, n_paths=PATHS, n_quarters=quarters, default_curves=[RISING, SHAPE]
    )
    years = quarters / 4.0
    # The chance of surviving, its logarithm a straight line within a year and after the last one.
    knots = np.log([1.0, 0.98, 0.94, 0.88, 0.88 * 0.88 / 0.94])
    rising = 1.0 - math.exp(np.interp(years, range(5), knots))
    # Hazards of years one and two stand like ln(0.98) to ln(0.97 / 0.98), which stays; the level is the loan's.
    later = math.log(0.97 / 0.98) / math.log(0.98)
    shape = 1.0 - 0.8 ** (min(years, 1.0) + later * max(years - 1.0, 0.0))
    for name, chance in (("own", 1.0 - 0.95**years), ("rising", rising), ("shape", shape)):
        share = by_name(found.by_loan)[name].defaults_mean
        assert share == pytest.approx(chance, abs=3.0 * math.sqrt(chance * (1.0 - chance) / PATHS)), name
    said = cautions(found)
    basis = "'rising' is that of 1 loans; basis: assumption of the tests"
    assert any(basis in caution.message_en for caution in found.cautions)
    assert ("DEFAULT_CURVE_EXTENDED" in said) == (years > 2.0)


def test_a_curve_that_is_the_loans_own_constant_hazard_changes_nothing(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot
) -> None:
    client.put_loans(DAY, [lasting(loan, f"L{i}") for i in range(20)])
    flat = DefaultCurve("flat", "closed form", tuple(1.0 - 0.95**year for year in range(1, 4)))
    without, with_it = (
        client.simulate_portfolio(snapshot, n_paths=2_000, n_quarters=12, default_curves=curves)
        for curves in ((), (flat,))
    )
    assert with_it.expected_loss_cny == pytest.approx(without.expected_loss_cny, rel=1e-3)
    assert with_it.manifest.input_hash != without.manifest.input_hash


def test_each_fund_pays_its_share_up_to_its_own_limit(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot
) -> None:
    sure = {"default_probability_annual": 1.0}
    client.put_loans(
        DAY,
        [
            lasting(loan, "A", **sure),
            lasting(loan, "B", county="肃南县", compensation_share=0.25, **sure),
            lasting(loan, "C", county="肃南县", **sure),
            lasting(loan, "D", county="民乐县", compensation_share=0.1, **sure),
        ],
    )
    funds = [
        CompensationFundTerms("one", "agreement", Segment(counties=("甘州区",)), 100_000.0, 200_000.0, 0.5),
        CompensationFundTerms("two", "agreement", Segment(counties=("肃南县",)), cap_cny=1e6),
        CompensationFundTerms("idle", "agreement", Segment(products=("gep",)), cap_cny=1e6),
    ]
    found = client.simulate_portfolio(snapshot, n_paths=256, compensation_funds=funds)
    # 600,000 are lost of each. One: claims 300,000, pays 100,000. Two: 150,000 of B, nothing of C. D: 60,000, no cap.
    losses = {name: share.expected_loss_cny for name, share in by_name(found.by_loan).items()}
    assert losses == pytest.approx({"A": 500_000.0, "B": 450_000.0, "C": 600_000.0, "D": 540_000.0}, rel=1e-9)
    assert [(fund.name, fund.n_loans, fund.cap_cny) for fund in found.named_funds] == [
        ("one", 1, 100_000.0), ("two", 1, 1e6), ("idle", 0, 1e6),
    ]  # fmt: skip
    assert [fund.payment_mean_cny for fund in found.named_funds] == pytest.approx([100_000.0, 150_000.0, 0.0])
    assert [fund.exhausted_probability for fund in found.named_funds] == [1.0, 0.0, 0.0]
    assert found.fund is None
    said = cautions(found)
    assert "'idle'" in said["COMPENSATION_FUND_WITHOUT_LOANS"]
    assert said["COMPENSATION_WITHOUT_FUND"].endswith(": D")
    capped = client.simulate_portfolio(snapshot, n_paths=256, compensation_funds=funds, fund_cap_cny=20_000.0)
    assert by_name(capped.by_loan)["D"].expected_loss_cny == pytest.approx(580_000.0, rel=1e-9)
    assert capped.fund is not None
    assert capped.fund.payment_mean_cny == pytest.approx(20_000.0)
    assert capped.fund.exhausted_probability == 1.0
    assert "COMPENSATION_WITHOUT_FUND" not in cautions(capped)


def test_funds_are_exhausted_apart(client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot) -> None:
    apart = {"asset_correlation": 0.0, "default_probability_annual": 0.2, "compensation_share": 0.5}
    client.put_loans(
        DAY,
        [lasting(loan, "A", **apart), *(lasting(loan, f"B{i}", county="肃南县", **apart) for i in range(2))],
    )
    funds = [
        CompensationFundTerms("one", "agreement", Segment(counties=("甘州区",)), balance_cny=100_000.0),
        CompensationFundTerms("two", "agreement", balance_cny=400_000.0),
    ]
    found = client.simulate_portfolio(snapshot, n_paths=PATHS, compensation_funds=funds)
    # Every default claims 300,000: A exhausts the first fund alone, the second is exhausted where both others default.
    one, two = found.named_funds
    for fund, chance in ((one, 0.2), (two, 0.04)):
        error = math.sqrt(chance * (1.0 - chance) / PATHS)
        assert fund.exhausted_probability == pytest.approx(chance, abs=3.0 * error)
    assert one.payment_mean_cny == pytest.approx(100_000.0 * one.exhausted_probability, rel=1e-9)
    # One default of the two: 2 x 0.2 x 0.8 x 300,000; both: 0.04 x 400,000. One path's payment is at most 400,000.
    assert two.payment_mean_cny == pytest.approx(112_000.0, abs=3.0 * 150_000.0 / math.sqrt(PATHS))


def test_stress_and_wrong_way_take_curves_and_funds(
    client: LoansClient, channel: Any, loan: MakeLoan, snapshot: MarketSnapshot
) -> None:
    client.put_loans(DAY, [lasting(loan, f"L{i}", compensation_share=0.5) for i in range(20)])
    stressing = BookStressClient(channel)
    plain = PortfolioQuestion(snapshot, n_paths=4_000, n_quarters=12)
    fund = CompensationFundTerms("one", "agreement", balance_cny=0.0)
    curve = replace(RISING, cumulative_default=(0.2, 0.3, 0.4))
    without, worse = (
        stressing.wrong_way_risk(question)
        for question in (plain, replace(plain, default_curves=(curve,), compensation_funds=(fund,)))
    )
    # Nothing from the fund doubles the loss; 40 % instead of 1 - 0.95^3 = 14.3 % default.
    ratio = worse.together.expected_loss_cny / without.together.expected_loss_cny
    assert ratio == pytest.approx(2.0 * 0.4 / (1.0 - 0.95**3), rel=0.05)
    assert {"DEFAULT_CURVE_USED"} <= {caution.code for caution in worse.cautions}


def test_guarantors_who_borrow_fail_with_their_own_loans(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot
) -> None:
    circle = [
        loan("L1", borrower_id="甲公司", guarantee=Guarantee("乙公司", 1.0, 0.0)),
        loan("L2", borrower_id="乙公司", guarantee=Guarantee("甲公司", 1.0, 0.0)),
        loan("L3", borrower_id="丙公司", guarantee=Guarantee("甲公司", 0.0, 0.05)),
        loan("L4", borrower_id="丁公司", guarantee=Guarantee("担保公司", 1.0, 0.0)),
    ]
    client.put_loans(DAY, circle)
    found = client.simulate_portfolio(snapshot, n_paths=20_000)
    losses = {share.key: share.expected_loss_cny for share in found.by_loan}
    # Both fall together or neither loses; the guarantor outside the book never fails, as its guarantee says.
    assert losses["L1"] == pytest.approx(losses["L2"], rel=1e-9)
    assert losses["L4"] == 0.0 < losses["L1"] < losses["L3"]
    told = {caution.code: caution for caution in found.cautions}
    note, circle_told = told["GUARANTORS_BORROW"], told["GUARANTEE_CIRCLES"]
    assert circle_told.severity == Severity.WARNING
    assert circle_told.message_en.startswith("1 circles of mutual guarantees with loans of 200.00 wan CNY")
    assert note.severity == Severity.NOTE
    assert note.message_en.startswith("2 guarantors")
    assert {"乙公司", "甲公司"} == set(note.message_en.rpartition(": ")[2].split(", "))


def test_who_guarantees_its_own_loan_is_refused(client: LoansClient, loan: MakeLoan) -> None:
    with pytest.raises(InvalidInput) as refused:
        client.put_loans(DAY, [loan("L1", borrower_id="甲公司", guarantee=Guarantee("甲公司", 0.8, 0.05))])
    (violation,) = refused.value.violations
    assert violation.field == "loans[0].guarantee.guarantor_id"
    assert violation.description.startswith("found '甲公司', the borrower itself")


def test_questions_survive_the_wire(snapshot: MarketSnapshot) -> None:
    fund = CompensationFundTerms("one", "agreement", Segment(("L1",), ("甘州区",), ("gep",), 0.01, 0.05), 0.0)
    given = PortfolioQuestion(snapshot, default_curves=(RISING, SHAPE), compensation_funds=(fund,))
    assert question_from_wire(question_to_wire(given)) == given
    wrong = question_to_wire(given)
    wrong.default_curves[0].cumulative_default[1] = 0.01
    wrong.default_curves[1].name = "rising"
    wrong.compensation_funds[0].segment.pd_below = 0.001
    with pytest.raises(InvalidInput) as refused:
        question_from_wire(wrong)
    assert [violation.field for violation in refused.value.violations] == [
        "default_curves", "default_curves[0].cumulative_default", "compensation_funds[0].pd_below",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cumulative_default": ()}, "found 0 years"),
        ({"cumulative_default": (0.0, 0.1)}, "above 0"),
        ({"cumulative_default": (0.1, 1.0)}, "below 1"),
        ({"cumulative_default": (0.1, math.nan, 0.2)}, "never fall"),
        ({"basis": " "}, "basis"),
        ({"name": "x" * 65}, "name"),
    ],
)
def test_curves_outside_their_domain_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(RISING, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"balance_cny": None}, "found neither"),
        ({"balance_cny": -1.0}, "balance_cny: found -1.0"),
        ({"cap_cny": math.inf}, "cap_cny: found inf"),
        ({"compensation_share": 1.1}, "compensation_share: found 1.1"),
    ],
)
def test_funds_outside_their_domain_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(CompensationFundTerms("one", "agreement", balance_cny=1.0), **changes)


def test_files_are_read_and_every_mistake_is_named(tmp_path: Path) -> None:
    assert [
        curve.scaled_to_loan for curve in read_default_curves(EXAMPLES / "loans" / "default-curves.toml")
    ] == [
        False,
        True,
    ]
    funds = read_compensation_funds(EXAMPLES / "loans" / "compensation-funds.toml")
    assert [fund.pays_at_most_cny for fund in funds] == [2e6, 5e6]
    path = tmp_path / "curves.toml"
    path.write_text(
        '[[default_curves]]\nname = "a"\nbasis = "b"\ncumulative_default = [0.2, 0.1]\n'
        '[[default_curves]]\nname = "c"\nbasis = "d"\ncumulative_default = [0.2]\ncounty = "e"\n'
    )
    with pytest.raises(InvalidInput) as refused:
        read_default_curves(path)
    first, second = (str(violation) for violation in refused.value.violations)
    assert "default_curves[0]: cumulative_default: found [0.2, 0.1]" in first
    assert "default_curves[1]" in second
    assert "`county`" in second
    with pytest.raises(
        InvalidInput, match=r"found \['default_curves'\], expected \[\[compensation_funds\]\]"
    ):
        read_compensation_funds(path)
