"""Simulation of the fund: a certain fund worked by hand, block sizes, and what is refused."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from quant.fund_paths.projects import ConstructionRisk, ProjectExit
from quant.schedules import CollateralTerms
from quant.waterfall.steps import CarrySplit, Clawback
from services.fund.fund_terms.terms import Distribution, FundTerms, PartnerClass, ReturnOfCapital
from services.fund.simulation.outcome import FundOutcome, FundSimulation
from services.fund.simulation.simulating import simulate
from services.runtime.errors import InvalidInput
from services.runtime.market import QuotedFactor
from services.runtime.results import Progress
from tests.services.fund.fund_cases import EUROPEAN, investment, market, partner, project, terms
from tests.services.runtime.path_cases import RangesHere

RISKY = replace(
    investment(risks=CollateralTerms(quantity_cv=0.3)),
    risk=ConstructionRisk((0.2, 0.1), 0.1, 0.2, 0.5, 0.05, 2),
    exit=ProjectExit(3.0),
)
CERTAIN = FundSimulation(market(), terms(), (investment(),), 2026, 256, 1)


def run(request: FundSimulation, *projects: Any, **options: Any) -> FundOutcome:
    *_, outcome = simulate(request, projects or [project()], **options)
    assert isinstance(outcome, FundOutcome)
    return outcome


def test_a_certain_fund_equals_the_case_worked_by_hand() -> None:
    # The case of tests/quant/test_fund_paths.py: calls 100, 100; instalment 42 / (1 - 1.1**-3) = 168.8882; cash
    # 115.5559, 165.5559, 215.5559 in years 2 to 4. The fund ends above the full catch-up: 20 % of all profit.
    instalment = 42.0 / (1.0 - 1.1**-3)
    flows = [-100.0, -100.0, *((x - instalment) / 2.0 for x in (400.0, 500.0, 600.0)), 0.0]
    profit = sum(flows)
    outcome = run(CERTAIN)
    investor, manager = outcome.partners
    # Amounts are shared in whole cents: a few cents over the years.
    assert investor.received_cny.mean == pytest.approx(200.0 + 0.8 * profit, abs=0.03)
    assert investor.tvpi is not None
    assert investor.tvpi.quantile(0.5) == pytest.approx(1.0 + 0.8 * profit / 200.0, abs=1.5e-4)
    assert investor.probability_of_loss == 0.0
    assert investor.received_cny.standard_deviation == pytest.approx(0.0, abs=1e-9)
    assert (manager.irr_annual, manager.tvpi, manager.share_without_irr) == (None, None, 1.0)
    assert manager.received_cny.mean == pytest.approx(0.2 * profit, abs=0.03)
    cumulated = [sum(flows[: year + 1]) for year in range(6)]
    assert [point.cumulated_cny.quantile(0.05) for point in outcome.j_curve] == pytest.approx(
        cumulated, abs=0.03
    )
    assert outcome.called_cny == pytest.approx(200.0)
    assert outcome.leverage_project_to_fund == pytest.approx(4.0)
    assert outcome.conservation_error_cny < 0.011
    assert outcome.cautions == ()
    assert (outcome.probability_line_needed, outcome.peak_line_cny.mean) == (0.0, 0.0)
    # -200 + 115.5559 + 149.3335 in year 3: paid back.
    assert investor.payback_years is not None
    assert investor.payback_years.mean == 3.0
    (only,) = outcome.projects
    assert (only.mean_cost_multiple, only.mean_delay_years, only.probability_abandoned) == (1.0, 0.0, 0.0)
    assert outcome.assumptions == ("terms are assumed", "A: cash is assumed")


def test_a_fund_that_earns_nothing_loses_on_every_path_and_has_no_rate() -> None:
    outcome = run(replace(CERTAIN, investments=(investment(units=(0.0, 0.0, 0.0)),)))
    investor = outcome.partner("investor")
    assert (investor.irr_annual, investor.share_without_irr, investor.probability_of_loss) == (None, 1.0, 1.0)


def test_the_result_is_the_same_for_any_block_size_and_another_for_another_seed() -> None:
    request = replace(
        CERTAIN,
        snapshot=market(0.4),
        investments=(investment(risks=CollateralTerms(quantity_cv=0.3)),),
        n_paths=1100,
    )
    whole = run(request, paths_per_block=2048)
    assert run(request, paths_per_block=256) == whole
    assert run(request, paths_per_block=512) == whole
    assert run(replace(request, seed=2)).partners != whole.partners


def test_the_result_is_the_same_for_any_number_of_threads() -> None:
    request = replace(CERTAIN, snapshot=market(0.4), investments=(RISKY,), n_paths=3000)
    alone = run(request, threads=1)
    assert run(request, threads=3) == alone
    assert run(request, threads=2, paths_per_block=256) == alone


def test_classes_join_their_partners_and_leverage_is_told_three_ways() -> None:
    # City 400, two social partners 300 and 100: calls of 200 are 100, 75, 25. Projects 800: 4 per fund, 8 per city.
    partners = (
        partner("city", 400, PartnerClass.CITY_FINANCE),
        partner("a", 300, PartnerClass.SOCIAL_CAPITAL),
        partner("b", 100, PartnerClass.SOCIAL_CAPITAL),
    )
    plain = FundTerms("T", partners, (ReturnOfCapital(), CarrySplit(0.0)), 0.0, 5)
    outcome = run(replace(CERTAIN, terms=plain))
    assert [each.recipient_id for each in outcome.classes] == ["city_finance", "social_capital"]
    city, social = outcome.classes
    assert city.paid_in_cny.mean == pytest.approx(100.0)
    assert social.paid_in_cny.mean == pytest.approx(100.0)
    assert social.received_cny.mean == pytest.approx(city.received_cny.mean, abs=0.03)
    assert outcome.leverage_fund_to_fiscal == pytest.approx(2.0)
    assert outcome.leverage_project_to_fund == pytest.approx(4.0)
    assert outcome.leverage_project_to_fiscal == pytest.approx(8.0)
    assert run(CERTAIN).leverage_fund_to_fiscal is None  # no city, no ratio


def test_a_manager_who_pays_nothing_in_has_no_rate_even_if_carry_is_paid_back() -> None:
    # The first deal earns carry, the second loses everything: with a clawback the manager pays carry back.
    two = (investment("A"), investment("B", units=(0.0, 0.0, 0.0)))
    sheet = replace(
        terms(), distribution=Distribution.DEAL_BY_DEAL, carries_losses=False, clawback=Clawback()
    )
    outcome = run(replace(CERTAIN, terms=sheet, investments=two), project("A"), project("B"))
    manager = outcome.partner("manager")
    assert (manager.irr_annual, manager.share_without_irr, manager.tvpi) == (None, 1.0, None)
    assert outcome.conservation_error_cny < 0.011


def test_an_overrun_beyond_the_commitments_draws_on_the_line() -> None:
    # 10 % of 800 on half of the equity: 40 more than the commitments of 200: 20 in each year. The line takes 40 in year
    # 1 with 5 %: 42 after year 2 are repaid from 115.5559 - (interest on the overdrawn year 1 alone: 40 drawn there).
    dear = replace(investment(), risk=ConstructionRisk(overrun_mean=0.1))
    request = replace(CERTAIN, terms=terms(commitment=200), investments=(dear,), liquidity_rate_annual=0.05)
    outcome = run(request)
    assert [point.gap_cny.mean for point in outcome.liquidity] == pytest.approx(
        [0.0, 40.0, 0.0, 0.0, 0.0, 0.0]
    )
    assert [point.line_cny.mean for point in outcome.liquidity] == pytest.approx(
        [0.0, 40.0, 0.0, 0.0, 0.0, 0.0]
    )
    assert outcome.called_cny == pytest.approx(200.0)
    assert outcome.peak_line_cny.mean == pytest.approx(42.0)
    assert outcome.probability_line_needed == 1.0
    assert outcome.probability_line_unpaid == 0.0
    assert "LIQUIDITY_LINE_NEEDED" in [caution.code for caution in outcome.cautions]
    distributed = sum(each.received_cny.mean for each in outcome.partners)
    assert distributed == pytest.approx(115.5559 + 165.5559 + 215.5559 - 42.0, abs=0.03)


def test_jobs_and_ecosystem_product_count_for_projects_that_come_into_operation() -> None:
    given_up = ConstructionRisk(abandonment_intensity_annual=0.5)
    stated = replace(investment(), risk=given_up, jobs=120.0, gep_cny_per_year=5e6)
    outcome = run(replace(CERTAIN, investments=(stated,), n_paths=4096))
    # Two building years: e^-1 of the paths come through.
    through = 0.36788
    assert outcome.jobs is not None
    assert outcome.gep_cny_per_year is not None
    assert abs(outcome.jobs.mean - 120.0 * through) < 4.0 * outcome.jobs.mean_standard_error
    assert outcome.gep_cny_per_year.mean == pytest.approx(5e6 / 120.0 * outcome.jobs.mean)
    assert outcome.projects[0].probability_abandoned == pytest.approx(1.0 - outcome.jobs.mean / 120.0)
    assert run(CERTAIN).jobs is None


def test_report_years_tell_paid_out_from_residual() -> None:
    outcome = run(
        replace(CERTAIN, investments=(replace(investment(), exit=ProjectExit(1.0)),), report_years=(1, 5))
    )
    first, last = outcome.partner("investor").at_years
    assert first.dpi is not None
    assert first.rvpi is not None
    assert last.rvpi is not None
    # Finished in year 1: 800 less 420 of debt, half of it: 190 of 200.
    assert first.dpi.mean == 0.0
    assert first.rvpi.mean == pytest.approx(0.95)
    assert last.rvpi.mean == 0.0


def test_many_paths_keep_their_memory_bounded() -> None:
    request = replace(CERTAIN, snapshot=market(0.4), investments=(RISKY,), n_paths=150_000)
    outcome = run(request, paths_per_block=8192)
    few = run(replace(request, n_paths=20_000))
    assert "QUANTILES_FROM_SOME_PATHS" in [caution.code for caution in outcome.cautions]
    many_, few_ = outcome.partner("investor").received_cny, few.partner("investor").received_cny
    assert abs(many_.mean - few_.mean) < 4.0 * few_.mean_standard_error
    for point, other in zip(many_.quantiles, few_.quantiles, strict=True):
        assert abs(point.value - other.value) <= 5.0 * other.standard_error


def test_progress_is_told_after_each_block_and_stopping_stops_the_work() -> None:
    events = simulate(replace(CERTAIN, n_paths=600), [project()], paths_per_block=256)
    assert [event for event in events if isinstance(event, Progress)] == [
        Progress(256, 600), Progress(512, 600), Progress(600, 600),
    ]  # fmt: skip


def test_the_manifest_changes_with_the_input_and_only_then() -> None:
    first, again = run(CERTAIN).manifest, run(CERTAIN).manifest
    assert first == again
    other = run(replace(CERTAIN, investments=(investment(units=(40.0, 50.0, 61.0)),))).manifest
    assert other.input_hash != first.input_hash
    assert run(CERTAIN, project(cny="800.01")).manifest.input_hash != first.input_hash


def test_cautions_speak_about_rows_after_the_life_and_about_the_first_year() -> None:
    late = replace(
        CERTAIN,
        first_year=2025,
        terms=terms(life=4),
        investments=(investment(risks=CollateralTerms(event_intensity=0.1)),),
    )
    assert [caution.code for caution in run(late).cautions] == [
        "ROWS_AFTER_FUND_LIFE",
        "FIRST_YEAR_IS_NOT_THE_MARKETS",
        "LOSS_OF_RIGHT_NOT_SIMULATED",
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"terms": terms(commitment="199.98")}, "terms.partners"),
        ({"terms": terms(commitment=200, fee=0.01)}, "terms.partners"),
        ({"terms": terms(steps=EUROPEAN[:3])}, "terms.steps[2]"),
        ({"terms": terms(life=0)}, "terms.life_years"),
        ({"first_year": 2027}, "investments[0].project_id"),
        ({"first_year": 2020}, "investments[0].project_id"),
        ({"investments": (investment(factor="gold"),)}, "investments[0].operations.exposures[0].factor"),
        ({"investments": (investment(times=(0.0,), units=(1.0,)),)}, "investments[0].operations.exposures"),
        ({"investments": (investment(share=0.6),)}, "investments[0].debt_share"),
        (
            {"investments": (replace(investment(), risk=ConstructionRisk((0.6, 0.5))),)},
            "investments[0].risk.delay_probabilities",
        ),
        (
            {"investments": (replace(investment(), risk=ConstructionRisk(overrun_mean=-1.0)),)},
            "investments[0].risk.overrun_mean",
        ),
        (
            {"investments": (replace(investment(), exit=ProjectExit(-1.0)),)},
            "investments[0].exit.years_of_cash",
        ),
        ({"report_years": (6,)}, "report_years[0]"),
        ({"report_years": (1, 1)}, "report_years[1]"),
        (
            {"investments": (investment(times=[i / 1000 for i in range(1001)], units=[1.0] * 1001),)},
            "investments",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_the_place(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        run(replace(CERTAIN, **change))
    assert field in [violation.field for violation in caught.value.violations]


def test_more_factor_values_than_fit_are_refused() -> None:
    # 900 different times within a year, each of them at 21 completions: 18,900 cells; with a second factor too many.
    times = [1.0 + i / 1000 for i in range(900)]
    late = ConstructionRisk((0.01,) * 20)
    rows = replace(investment(times=times, units=[1.0] * 900), risk=late)
    request = replace(CERTAIN, terms=terms(life=40), investments=(rows,))
    run(request)
    second = QuotedFactor("gate", 1.0, "CNY", "门", "gate", market().primary_factors[0].sources)
    wider = replace(market(), primary_factors=(*market().primary_factors, second))
    other = replace(investment("B", times=times, units=[1.0] * 900, factor="gate"), risk=late)
    too_many = replace(request, snapshot=wider, investments=(rows, other), terms=terms(life=40))
    with pytest.raises(InvalidInput, match="investments: found 37,800 pairs of factor and time"):
        run(too_many, project("A"), project("B"))


def test_a_project_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InvalidInput, match="expected an end not before the start"):
        run(CERTAIN, project(start=2028, end=2027))


def test_a_project_named_twice_is_refused() -> None:
    twice = replace(CERTAIN, investments=(investment(), investment()))
    with pytest.raises(InvalidInput, match=r"investments\[1\].project_id: found 'A' twice"):
        run(twice, project(), project())


def test_terms_name_a_second_manager_a_repeated_partner_and_the_grass_roots() -> None:
    investor, manager = terms().partners
    odd = FundTerms(
        "T",
        (investor, investor, manager, replace(manager, partner_id="grassroots", commitment_cny=Decimal(1))),
        EUROPEAN,
        0.2,
        5,
    )
    assert [flaw.field for flaw in odd.find_flaws()] == [
        "partners[1].partner_id",
        "partners[3].partner_id",
        "partners[3].partner_class",
        "fee_rate_annual",
    ]


def test_more_partners_than_anybody_has_are_refused() -> None:
    investor, manager = terms().partners
    many = tuple(replace(investor, partner_id=f"p{i}") for i in range(100))
    crowd = replace(terms(), partners=(*many, manager))
    assert [flaw.field for flaw in crowd.find_flaws()] == ["partners"]
    assert replace(crowd, partners=crowd.partners[1:]).find_flaws() == ()


@pytest.mark.parametrize("n_ranges", [1, 2, 3])
def test_workers_change_no_bit(n_ranges: int) -> None:
    request = FundSimulation(market(0.3), terms(), (RISKY,), 2026, 1_500, 1)
    projects = [project()]
    expected = list(simulate(request, projects))[-1]
    workers = RangesHere(n_ranges)
    assert repr(list(simulate(request, projects, workers=workers))[-1]) == repr(expected)
    assert len(workers.ranges) == n_ranges
