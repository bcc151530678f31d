"""Capital through client, server and database: sums, effect of the pledge, large-pool limit, what is refused."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import grpc
import numpy as np
import pytest

from quant.credit import vasicek_loss_quantile
from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.conditions import BorrowerSize
from services.loans.loan import Guarantee, Loan, RepaymentKind, RepaymentTerms
from services.loans.quality.capital import GuarantorFacts
from services.loans.quality.client import QualityClient
from services.loans.reported.position import LoanPosition
from services.runtime.errors import InvalidInput, NotFound
from services.runtime.market import MarketSnapshot, QuotedFactor
from services.runtime.results import Severity

DAY = dt.date(2026, 6, 30)
BULLET = RepaymentTerms(Decimal("1000000.00"), dt.date(2026, 1, 15), 36, 0.045, RepaymentKind.BULLET)


@pytest.fixture
def quality(channel: grpc.Channel) -> QualityClient:
    return QualityClient(channel)


@pytest.fixture
def market(snapshot: MarketSnapshot) -> MarketSnapshot:
    sure = QuotedFactor("sure", 1.0, "1", "确定", "sure", snapshot.primary_factors[0].sources)
    curve = tuple(replace(point, rate_annual=0.0) for point in snapshot.discount_curve)
    return replace(snapshot, primary_factors=(*snapshot.primary_factors, sure), discount_curve=curve)


def pledge(name: str, loan_id: str, factor: str, quantity: float) -> Collateral:
    schedule = ExposureSchedule(
        f"asset {name}", np.array([5.0]), (factor,), np.array([quantity]), ("",), CollateralTerms()
    )
    return Collateral(name, loan_id, schedule, DAY)


def test_three_ways_side_by_side(
    client: LoansClient, quality: QualityClient, loan: Callable[..., Loan], market: MarketSnapshot
) -> None:
    given: dict[str, Any] = {"terms": BULLET, "asset_correlation": 0.3}
    client.put_loans(
        DAY,
        [
            loan("L1", borrower_size=BorrowerSize.SMALL, **given),
            loan("L2", guarantee=Guarantee("G", 0.5, 0.01), **given),
            loan("L3", **given),
            loan(
                "L4", borrower_size=BorrowerSize.NOT_ENTERPRISE, guarantee=Guarantee("H", 0.5, 0.01), **given
            ),
        ],
    )
    client.put_collateral(
        [pledge("C1", "L1", "sure", 1_000_000.0), pledge("C2", "L2", "water_price", 600_000.0)]
    )
    client.record_positions([LoanPosition("L3", DAY, Decimal("1000000.00"), 0.045, 91)])
    guarantor = GuarantorFacts("G", 0.2, is_eligible=True)
    found = quality.measure_capital(market, guarantors=[guarantor], n_paths=20_000)
    first, second, third, fourth = found.loans
    weighted = [loan.weighted_cny for loan in found.loans]
    assert weighted == pytest.approx([750_000.0, 600_000.0, 1_500_000.0, 1_000_000.0], rel=1e-12)
    assert [loan.weight_class for loan in found.loans] == [
        "small_micro",
        "corporate",
        "past_due",
        "corporate",
    ]
    assert first.pledge_value_cny == pytest.approx(1_000_000.0, rel=1e-12)
    # 1,000,000 x (1 - 40 %) secured at 25 %, the rest at 40 %.
    assert first.recognised_lgd == pytest.approx(0.31, rel=1e-12)
    assert first.irb_recognised_cny < first.irb_unrecognised_cny
    totals = found.totals
    assert totals.weighted_cny == pytest.approx(3_850_000.0, rel=1e-12)
    assert totals.weight_capital_cny == pytest.approx(308_000.0, rel=1e-12)
    assert totals.irb_recognised_floored_cny == max(totals.irb_recognised_cny, 0.725 * totals.weighted_cny)
    # A sure pledge of the whole claim leaves nothing to lose; a defaulted loan is left out.
    assert first.economic_recognised_cny == pytest.approx(0.0, abs=1e-6)
    assert first.economic_unrecognised_cny > 0.0
    assert (third.economic_unrecognised_cny, third.irb_unrecognised_cny) == (0.0, 0.0)
    assert second.economic_recognised_cny < second.economic_unrecognised_cny
    assert fourth.economic_recognised_cny > 0.0
    for name in ("recognised", "unrecognised"):
        shares = sum(getattr(loan, f"economic_{name}_cny") for loan in found.loans)
        assert shares == pytest.approx(getattr(totals, f"economic_{name}").capital_cny, rel=1e-9)
    assert totals.economic_recognised.capital_cny < totals.economic_unrecognised.capital_cny
    assert {caution.code for caution in found.cautions} == {
        "IRB_IS_A_WHAT_IF", "LOANS_WITHOUT_POSITION", "DEFAULTED_LEFT_OUT", "NOT_ENTERPRISE_AS_CORPORATE",
        "GUARANTORS_UNKNOWN",
    }  # fmt: skip
    assert all(note.citation != "" for note in found.rule.notes)
    assert quality.measure_capital(market, guarantors=[guarantor], n_paths=20_000) == found


def test_facts_of_guarantors_that_change_nothing_are_told(
    client: LoansClient, quality: QualityClient, loan: Callable[..., Loan], market: MarketSnapshot
) -> None:
    given: dict[str, Any] = {"terms": BULLET, "asset_correlation": 0.3}
    client.put_loans(
        DAY,
        [
            loan("L1", guarantee=Guarantee("G", 0.5, 0.01), **given),
            loan("L2", guarantee=Guarantee("H", 0.5, 0.01), **given),
            loan("L3", guarantee=Guarantee("I", 0.5, 0.01), **given),
        ],
    )
    facts = [
        GuarantorFacts("G", 0.2, is_eligible=True),
        GuarantorFacts("H", 7.0, is_eligible=True),
        GuarantorFacts("I", 7.0, is_eligible=False),
        GuarantorFacts("NOSUCH", 0.2, is_eligible=True),
    ]
    found = quality.measure_capital(market, guarantors=facts, n_paths=256)
    told = {caution.code: caution for caution in found.cautions}
    assert told["GUARANTORS_WITHOUT_LOANS"].message_en.endswith(": NOSUCH")
    assert told["GUARANTORS_WITHOUT_LOANS"].severity is Severity.WARNING
    assert told["GUARANTOR_WEIGHTS_TOO_HIGH"].message_en.endswith(": L2")
    # A corporate of 100 %: half of it at 20 % is 60 %; 700 % takes the place of nothing.
    assert [item.weighted_cny / item.exposure_cny for item in found.loans] == pytest.approx([0.6, 1.0, 1.0])
    # Of a part of the book, the guarantor of another loan is no stranger.
    part = quality.measure_capital(market, loan_ids=["L2"], guarantors=facts, n_paths=256)
    [strangers] = [item for item in part.cautions if item.code == "GUARANTORS_WITHOUT_LOANS"]
    assert strangers.message_en.endswith(": NOSUCH")


def test_a_guarantor_in_default_spares_no_economic_capital(
    client: LoansClient, quality: QualityClient, loan: Callable[..., Loan], market: MarketSnapshot
) -> None:
    """G would bear all of L1 and could never fail by what stands beside the guarantee, but is 91 days late itself."""
    given: dict[str, Any] = {"terms": BULLET, "asset_correlation": 0.3}
    client.put_loans(
        DAY,
        [
            loan("L1", guarantee=Guarantee("G", 1.0, 0.0), **given),
            loan("L2", borrower_id="G", **given),
            loan("L3", guarantee=Guarantee("H", 1.0, 0.0), **given),
        ],
    )
    client.record_positions([LoanPosition("L2", DAY, Decimal("1000000.00"), 0.045, 91)])
    # Asked about one loan alone, the guarantor's record is known all the same.
    for found in (quality.measure_capital(market), quality.measure_capital(market, loan_ids=("L1", "L3"))):
        by_loan = {item.loan_id: item.economic_recognised_cny for item in found.loans}
        assert by_loan["L1"] > 0.0 == by_loan["L3"]
        (caution,) = [item for item in found.cautions if item.code == "GUARANTORS_IN_DEFAULT"]
        assert caution.message_en.endswith(": L1")


def test_a_share_of_a_pledge_and_the_floor_of_the_book(
    client: LoansClient, quality: QualityClient, loan: Callable[..., Loan], market: MarketSnapshot
) -> None:
    """At 0.05 % the formula says 17.47 % unsecured (Basel's table); the book weighs 72.5 % of 100 % all the same.

    Half of a sure million: 0.6 x 500,000 secured at 25 %, 700,000 at 40 %: 35.5 %.
    """
    client.put_loans(DAY, [loan("L1", terms=BULLET, default_probability_annual=0.0004)])
    client.put_collateral([replace(pledge("C1", "L1", "sure", 1_000_000.0), pledged_share=0.5)])
    found = quality.measure_capital(market, n_paths=256)
    [claim] = found.loans
    assert (claim.pledge_value_cny, claim.floored_pd) == pytest.approx((500_000.0, 0.0005), rel=1e-12)
    assert claim.recognised_lgd == pytest.approx(0.355, rel=1e-12)
    assert claim.irb_unrecognised_cny == pytest.approx(174_700.0, abs=60.0)
    assert claim.irb_recognised_cny == pytest.approx(claim.irb_unrecognised_cny * 0.355 / 0.4, rel=1e-12)
    floored = (found.totals.irb_unrecognised_floored_cny, found.totals.irb_recognised_floored_cny)
    assert floored == pytest.approx((725_000.0, 725_000.0), rel=1e-12)


def test_a_loss_that_is_certain_needs_no_economic_capital(
    client: LoansClient, quality: QualityClient, loan: Callable[..., Loan], market: MarketSnapshot
) -> None:
    """Capital is for what is not expected: of six loans the one that defaults for certain has no part in it."""
    given: dict[str, Any] = {"terms": BULLET, "asset_correlation": 0.3}
    certain = loan("L0", default_probability_annual=1.0, **given)
    others = [loan(f"L{i}", default_probability_annual=0.1, **given) for i in range(1, 6)]
    client.put_loans(DAY, [certain, *others])
    found = quality.measure_capital(market, n_paths=2_000)
    capital = found.totals.economic_unrecognised.capital_cny
    first, *rest = (claim.economic_unrecognised_cny for claim in found.loans)
    assert first == pytest.approx(0.0, abs=1e-6)
    assert capital > 100_000.0
    assert sum(rest) == pytest.approx(capital, rel=1e-9)


def test_many_equal_loans_come_near_the_large_pool(
    client: LoansClient, quality: QualityClient, loan: Callable[..., Loan], market: MarketSnapshot
) -> None:
    """600 loans of 1,000,000, loss 60 %: Vasicek's quantile at 99.9 %, 4 % for granularity, own interval beside."""
    n = 600
    client.put_loans(
        DAY,
        [
            loan(f"L{i:03d}", terms=BULLET, default_probability_annual=0.03, asset_correlation=0.15)
            for i in range(n)
        ],
    )
    totals = quality.measure_capital(market, n_paths=20_000).totals
    limit = 0.6e6 * n * float(vasicek_loss_quantile(0.999, 0.03, 0.15))
    found = totals.economic_unrecognised
    assert 0.97 * found.value_at_risk_low_cny < limit < 1.04 * found.value_at_risk_high_cny
    assert found == totals.economic_recognised  # no pledge, nothing to recognise
    assert found.expected_loss_cny == pytest.approx(0.6e6 * n * 0.03, rel=0.05)


def test_what_is_refused(
    client: LoansClient, quality: QualityClient, loan: Callable[..., Loan], market: MarketSnapshot
) -> None:
    client.put_loans(
        dt.date(2023, 1, 1), [loan("L1", terms=replace(BULLET, drawn_on=dt.date(2022, 12, 1), periods=60))]
    )
    with pytest.raises(InvalidInput, match=r"as_of: found 2023-12-31, expected 2024-01-01"):
        quality.measure_capital(market, as_of=dt.date(2023, 12, 31))
    with pytest.raises(NotFound, match="L9"):
        quality.measure_capital(market, loan_ids=["L9"])
    with pytest.raises(InvalidInput, match="n_paths"):
        quality.measure_capital(market, n_paths=1)
    twice = [GuarantorFacts("G", 0.2, is_eligible=True)] * 2
    with pytest.raises(InvalidInput, match="guarantors: found an id twice"):
        quality.measure_capital(market, guarantors=twice)
    bare = replace(market, primary_factors=market.primary_factors[1:], correlations=())
    with pytest.raises(InvalidInput, match="credit_cycle"):
        quality.measure_capital(bare)
