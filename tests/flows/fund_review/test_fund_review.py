"""The review of a fund is what the service says: the same draws everywhere, the commitments accounted for."""

import pytest

from tests.flows.reviewed_fund import reviewed

OWN_BENEFIT = ('term_sheet = "qilian"', 'term_sheet = "benefit_sharing"')
NO_BENEFIT = ('benefit_term_sheet = "benefit_sharing"', "")


def test_what_was_asked_and_what_was_left_out() -> None:
    review = reviewed()
    assert len(review.asked.projects) == 19
    assert [project.project_id for project in review.left_out] == ["R13"]
    # Published oddity: R12 and R13 have one content and investments that differ 11.9 times.
    assert "R13" in {flag.project_id for flag in review.flags}
    assert [each.scenario.market.name for each in review.comparison.scenarios] == [
        each.market.name for each in review.asked.scenarios
    ]


def test_the_pace_rests_on_the_flows_of_the_fund() -> None:
    review = reviewed()
    pace = review.pace
    assert pace is not None
    assert sum(pace.called_cny) == pytest.approx(review.outcome.called_cny, rel=1e-9)
    received = sum(each.received_cny.mean for each in review.outcome.partners)
    assert sum(pace.distributed_cny) == pytest.approx(received, rel=1e-9)
    committed = sum(float(partner.commitment_cny) for partner in review.terms.partners)
    assert pace.open_cny == pytest.approx(committed - review.outcome.called_cny)
    assert pace.open_plan is not None
    assert sum(year.contribution_cny for year in pace.open_plan.years) <= pace.open_cny * (1.0 + 1e-9)


def test_the_benefit_is_that_of_the_same_projects_under_other_terms() -> None:
    review = reviewed()
    run = review.benefit
    assert run is not None
    assert not run.are_own
    assert run.outcome.grassroots is not None
    # The same draws: what is called for projects does not hang on how cash is shared (both fees are 1 % of paid-in).
    assert run.outcome.called_cny == pytest.approx(review.outcome.called_cny, rel=1e-12)


def test_terms_that_pay_the_grass_roots_are_their_own_benefit() -> None:
    review = reviewed(OWN_BENEFIT)
    assert review.benefit is not None
    assert review.benefit.are_own
    assert review.benefit.outcome is review.outcome


def test_without_terms_that_pay_them_there_is_no_benefit() -> None:
    assert reviewed(NO_BENEFIT).benefit is None
