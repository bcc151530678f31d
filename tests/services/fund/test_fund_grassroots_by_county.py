"""The simulated share of the grass roots by county: adds up, costs what it gives, and travels over the wire."""

from dataclasses import replace

import pytest

from quant.waterfall.steps import CarrySplit, GrassrootsShare
from services.fund.fund_terms.terms import GRASSROOTS_ID, PreferredReturn, ReturnOfCapital, Step
from services.fund.simulation.outcome import FundOutcome, FundSimulation
from services.fund.simulation.simulating import simulate
from services.fund.simulation.translate_outcome import outcome_from_wire, outcome_to_wire
from tests.services.fund.fund_cases import investment, market, project, terms

RULE: tuple[Step, ...] = (ReturnOfCapital(), PreferredReturn(0.04), GrassrootsShare(0.1), CarrySplit(0.2))
PROJECTS = [
    replace(project("A"), county="甘州区、肃南县"),
    replace(project("B"), county="肃南裕固族自治县"),
    replace(project("C"), county="某地"),
]


def outcome(steps: tuple[Step, ...] = RULE) -> FundOutcome:
    request = FundSimulation(
        market(0.3),
        terms(steps=steps),
        tuple(investment(each.project_id) for each in PROJECTS),
        2026,
        512,
    )
    *_, last = simulate(request, PROJECTS)
    assert isinstance(last, FundOutcome)
    return last


def test_counties_add_up_to_the_grass_roots_and_to_what_partners_give_up() -> None:
    found = outcome()
    benefit = found.grassroots
    assert benefit is not None
    received = sum(each.received_cny.mean for each in benefit.counties)
    assert received > 0.0
    # Each path and year is rounded to cents, three projects and six years: within 20 cents.
    assert received == pytest.approx(found.partner(GRASSROOTS_ID).received_cny.mean, abs=0.2)
    assert sum(each.cost_cny.mean for each in benefit.costs) == pytest.approx(received, abs=0.2)
    # Three projects alike but for chance: A is halved, and the county of C is not known.
    means = {each.county: each.received_cny.mean for each in benefit.counties}
    assert list(means) == ["甘州区", "肃南县", ""]
    assert means["肃南县"] == pytest.approx(3.0 * means["甘州区"], rel=0.02)
    assert [each.partner_id for each in benefit.costs] == ["investor", "manager"]


def test_terms_without_the_step_have_no_benefit() -> None:
    assert outcome((ReturnOfCapital(), CarrySplit(0.2))).grassroots is None


def test_the_benefit_travels_over_the_wire() -> None:
    found = outcome()
    assert outcome_from_wire(outcome_to_wire(found)) == found
