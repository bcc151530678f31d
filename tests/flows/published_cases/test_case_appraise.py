"""The appraisal of the cases against a handwritten service: one batch, a loan each, failures kept apart."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from flows.published_cases.appraisal import CaseAppraisal
from flows.published_cases.appraise import appraise
from flows.published_cases.assumptions import Assumptions
from flows.published_cases.case import PublishedCase
from flows.published_cases.cited_figures import Yardsticks
from flows.published_cases.mapping import Sufficiency
from flows.published_cases.oddities import find_oddities
from services.runtime.errors import FailedPrecondition, FieldViolation, InvalidInput, Unavailable
from services.runtime.results import Caution, Distribution, Manifest, Severity
from services.valuation.asset import Asset, WaterRight
from services.valuation.valuation import Failure, Limit, LimitRule, LoanTerms, SizedLoan, Valuation

ROUND_VALUE_CNY = 4_000_000.0
SERVICE_CAUTION = Caution("SERVICE", Severity.NOTE, "服务", "service")
LOAN_CAUTION = Caution(
    "PLEDGE_BELOW_DEBT", Severity.WARNING, "低于余额", "below the debt", "terms.tenor_years"
)


def _valuation(asset: Asset) -> Valuation:
    """Water by volume x price x term, everything else a round value."""
    detail = asset.detail
    value = ROUND_VALUE_CNY
    if isinstance(detail, WaterRight):
        price = 0.1 if detail.price_cny_per_m3 is None else detail.price_cny_per_m3
        value = detail.volume_m3_per_year * price * detail.remaining_term_years
    return Valuation(
        valuation_id="",
        asset_id=asset.asset_id,
        kind="fake",
        valuation_date=dt.date(2026, 8, 21),
        value_cny=value,
        horizon_years=1.0,
        confidence=0.95,
        value_at_horizon=Distribution(value, 0.0, 0.0, ()),
        haircut=0.25,
        pledge_value_cny=0.5 * value,
        undiscounted_sum_cny=value,
        annual_cash_cny=value,
        disclosed_value_cny=None,
        best_alternative="",
        cautions=(SERVICE_CAUTION,),
        assumptions=asset.assumed_fields,
        cash_flows=(),
        manifest=Manifest("", "", "", "", 1, 256, "fake"),
    )


@dataclass
class FakeService:
    """Values by `_valuation`, lends half the pledge value, and refuses what it is told to refuse."""

    refused: frozenset[str] = frozenset()
    not_sized: dict[str, Exception] = field(default_factory=dict)
    no_cash: frozenset[str] = frozenset()
    batches: list[tuple[str, ...]] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    sized: list[str] = field(default_factory=list)

    def value_assets(
        self, assets: Sequence[Asset], *, request_id: str = "", explain: bool = False
    ) -> list[Valuation | Failure]:
        assert explain
        self.batches.append(tuple(asset.asset_id for asset in assets))
        self.request_ids.append(request_id)
        return [
            Failure(asset.asset_id, "INVALID_ARGUMENT", "no such service")
            if asset.asset_id in self.refused
            else _valuation(asset)
            for asset in assets
        ]

    def size_loan(self, asset: Asset, terms: LoanTerms) -> SizedLoan:
        self.sized.append(asset.asset_id)
        if asset.asset_id in self.not_sized:
            raise self.not_sized[asset.asset_id]
        valuation = _valuation(asset)
        limits = [Limit(LimitRule.PLEDGE_VALUE, 0.5 * valuation.pledge_value_cny, "", "")]
        if asset.asset_id in self.no_cash:
            limits.append(Limit(LimitRule.DEBT_SERVICE, 0.0, "", ""))
        binding = min(limits, key=lambda limit: limit.limit_cny)
        requested = terms.requested_cny
        within = None if requested is None else requested <= binding.limit_cny
        return SizedLoan(
            valuation,
            tuple(limits),
            binding.rule,
            binding.limit_cny,
            within,
            None,
            None,
            cautions=(LOAN_CAUTION,),
        )


def _by_id(appraisals: Sequence[CaseAppraisal]) -> dict[str, CaseAppraisal]:
    return {appraisal.case_id: appraisal for appraisal in appraisals}


def _codes(appraisal: CaseAppraisal) -> list[str]:
    return [caution.code for caution in appraisal.cautions]


def test_one_batch_and_a_loan_for_each_priced_asset(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    service = FakeService()
    appraisals = appraise(cases.values(), assumptions, service, request_id="cases-1")
    assert [appraisal.case_id for appraisal in appraisals] == list(cases)
    [batch] = service.batches
    # 27 cases that are valued and the market twins of the 4 with a published price.
    assert len(batch) == 31
    assert service.sized == list(batch)
    assert service.request_ids == ["cases-1"]


def test_the_comparison_with_the_bank(cases: dict[str, PublishedCase], assumptions: Assumptions) -> None:
    """Yunxi by hand: 136e6 m3 x 0.15 x 5 years = 102e6, half is the pledge value, half of that the limit."""
    yunxi = _by_id(appraise(cases.values(), assumptions, FakeService()))["C13"]
    assert yunxi.sufficiency is Sufficiency.UNDER_ASSUMPTION
    assert yunxi.pledge is not None
    assert yunxi.pledge.limit_cny == pytest.approx(25_500_000)
    assert yunxi.pledge.pledge_limit_cny == pytest.approx(25_500_000)
    assert yunxi.loan_cny == 10_000_000
    assert yunxi.credit_line_cny is None
    assert yunxi.granted_to_limit == pytest.approx(10 / 25.5)
    assert yunxi.at_market_price is not None
    assert yunxi.at_market_price.limit_cny == pytest.approx(17_000_000)
    assert "GRANTED_ABOVE_PLEDGE_LIMIT" not in _codes(yunxi)
    assert _codes(yunxi)[-2:] == ["SERVICE", "PLEDGE_BELOW_DEBT"]


def test_a_credit_line_stands_in_where_no_loan_was_published(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    guimen = _by_id(appraise(cases.values(), assumptions, FakeService()))["C01"]
    assert guimen.loan_cny is None
    assert guimen.credit_line_cny == guimen.granted_cny == 950_000_000
    assert guimen.granted_to_pledge_limit == pytest.approx(950_000_000 / (ROUND_VALUE_CNY / 4))
    assert "GRANTED_ABOVE_PLEDGE_LIMIT" in _codes(guimen)


def test_a_case_that_is_not_valued_says_what_is_missing(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    town = _by_id(appraise(cases.values(), assumptions, FakeService()))["C08"]
    assert town.pledge is None
    assert town.granted_to_limit is None
    [caution] = [caution for caution in town.cautions if caution.code == "NOT_VALUED"]
    assert "无抵押" in caution.message_zh
    assert "the pledged right" in caution.message_en


def test_an_illustrative_size_says_how_large_the_pledge_must_be(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    """Minle: 1e6 m3 x 0.15 x 5 / 4 = 187,500 for a unit of a million m3; 500 wan need 26.67 of them."""
    minle = _by_id(appraise(cases.values(), assumptions, FakeService()))["C21"]
    [caution] = [caution for caution in minle.cautions if caution.code == "ILLUSTRATIVE_SIZE"]
    assert "26.67" in caution.message_zh
    assert "26.67" in caution.message_en
    assert "GRANTED_ABOVE_PLEDGE_LIMIT" not in _codes(minle)


def test_a_sufficient_case_is_not_called_an_assumption(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    wuning = _by_id(appraise(cases.values(), assumptions, FakeService()))["C26"]
    assert wuning.sufficiency is Sufficiency.SUFFICIENT
    assert "VALUED_UNDER_ASSUMPTION" not in _codes(wuning)


def test_one_refused_asset_leaves_the_others(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    violation = FieldViolation("terms.tenor_years", "found 99, expected at most 50")
    service = FakeService(
        refused=frozenset({"C01", "C26.market"}),
        not_sized={
            "C02": InvalidInput.from_violations([violation]),
            "C03": FailedPrecondition("closed"),
        },
    )
    appraisals = _by_id(appraise(cases.values(), assumptions, service))
    assert len(appraisals) == 29
    refused = appraisals["C01"].pledge
    assert refused is not None
    assert isinstance(refused.valuation, Failure)
    assert refused.sized is None
    assert refused.pledge_limit_cny is None
    assert "REFUSED_BY_SERVICE" in _codes(appraisals["C01"])
    not_sized = appraisals["C02"].pledge
    assert not_sized is not None
    assert isinstance(not_sized.valuation, Valuation)
    assert isinstance(not_sized.sized, Failure)
    assert not_sized.sized.violations == (violation,)
    closed = appraisals["C03"].pledge
    assert closed is not None
    assert isinstance(closed.sized, Failure)
    assert closed.sized.code == "FAILED_PRECONDITION"
    wuning = appraisals["C26"]
    assert wuning.pledge is not None
    assert wuning.pledge.limit_cny is not None
    assert wuning.at_market_price is not None
    assert isinstance(wuning.at_market_price.valuation, Failure)


def test_a_zero_limit_shows_what_the_pledge_value_would_allow(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    service = FakeService(no_cash=frozenset({"C26"}))
    wuning = _by_id(appraise(cases.values(), assumptions, service))["C26"]
    assert wuning.granted_to_limit is None
    assert wuning.granted_to_pledge_limit == pytest.approx(3.0)
    [caution] = [caution for caution in wuning.cautions if caution.code == "NOTHING_MAY_BE_LENT"]
    assert "100.0" in caution.message_zh


def test_a_loan_with_another_pledge_is_not_held_against_this_one(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    """C16 names fixed assets, C10 a sewage-fee pledge."""
    appraisals = _by_id(appraise(cases.values(), assumptions, FakeService()))
    with_other = {key for key, found in appraisals.items() if "OTHER_PLEDGE_TOO" in _codes(found)}
    assert with_other == {"C10", "C16"}
    assert appraisals["C16"].granted_to_pledge_limit is not None
    assert appraisals["C16"].granted_to_pledge_limit > 1
    assert "GRANTED_ABOVE_PLEDGE_LIMIT" not in _codes(appraisals["C16"])


def test_cautions_of_the_limit_stand_after_those_of_the_value(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    [sized] = appraise([cases["C20"]], assumptions, FakeService())
    assert sized.cautions[-2:] == (SERVICE_CAUTION, LOAN_CAUTION)
    [without] = appraise(
        [cases["C20"]], assumptions, FakeService(not_sized={"C20": FailedPrecondition("no price")})
    )
    assert LOAN_CAUTION not in without.cautions
    assert SERVICE_CAUTION in without.cautions


def test_a_service_that_is_gone_is_not_a_finding_about_a_case(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    with pytest.raises(Unavailable):
        appraise(cases.values(), assumptions, FakeService(not_sized={"C05": Unavailable("gone")}))


def test_oddities_stand_first_among_the_cautions_of_their_cases(
    cases: dict[str, PublishedCase], assumptions: Assumptions, yardsticks: Yardsticks
) -> None:
    oddities = find_oddities(cases.values(), yardsticks)
    appraisals = _by_id(appraise(cases.values(), assumptions, FakeService(), oddities))
    assert _codes(appraisals["C26"])[:2] == ["PRICE_FAR_ABOVE_MARKET", "UNDISCOUNTED_SUM"]
    assert _codes(appraisals["C08"])[0] == "WHOLE_TOWN_GEP"
    assert "IMPLAUSIBLE_YIELD" in _codes(appraisals["C23"])


def test_nothing_is_asked_of_the_service_when_no_case_has_an_asset(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    service = FakeService()
    [town] = appraise([cases["C08"]], assumptions, service)
    assert town.sufficiency is Sufficiency.NOT_VALUED
    assert service.batches == []
