"""Review the fund of a question: simulate it in every world, choose projects, pace it, share with the counties."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from flows.fund_question import AskedFund
from flows.fund_review.fund_review import BenefitRun, FundReview, PaceReview
from services.fund.client import FundClient
from services.fund.fund_terms.terms import GRASSROOTS_ID
from services.fund.performance.pacing import ObservedFlows, PacingQuestion
from services.fund.pipeline.project import Project, ProjectFlag
from services.fund.simulation.outcome import FundOutcome
from services.runtime.errors import InvalidInput
from services.runtime.results import Progress

OnProgress = Callable[[Progress], None]


def review_fund(
    client: FundClient, asked: AskedFund, *, institution_id: str, question: str, on_progress: OnProgress
) -> FundReview:
    """Review a fund; the same question on the same market gives the same review.

    Args:
        client: of the fund service.
        asked: the question, made ready.
        institution_id: shown on the cover.
        question: name of the file that was asked.
        on_progress: told over the paths of all worlds.

    Raises:
        InvalidInput: terms, investments, worlds or limits that cannot be run, with the path of each field.
        DeadlineExceeded: a search for projects found nothing within its time.
    """
    # First what a wrong limit refuses at once.
    allocation = client.allocate_projects(asked.allocation)
    comparison = client.compare_scenarios(asked.simulation, asked.scenarios, on_progress=on_progress)
    left_out, flags = _lists(client, asked)
    pace, refusal = _pace(client, asked, comparison.base)
    return FundReview(
        institution_id,
        question,
        asked,
        left_out,
        flags,
        comparison,
        allocation,
        pace,
        refusal,
        _benefit(client, asked, comparison.base),
    )


def _lists(client: FundClient, asked: AskedFund) -> tuple[tuple[Project, ...], tuple[ProjectFlag, ...]]:
    """Projects of the lists that were not asked about, and what is odd about any of the lists."""
    lists = [client.list_projects(name) for name in dict.fromkeys(p.pipeline for p in asked.projects)]
    keys = {project.key for project in asked.projects}
    return (
        tuple(project for each in lists for project in each.projects if project.key not in keys),
        tuple(flag for each in lists for flag in each.flags),
    )


def _pace(client: FundClient, asked: AskedFund, outcome: FundOutcome) -> tuple[PaceReview | None, str]:
    terms = asked.simulation.terms
    called = tuple(point.called_cny.mean for point in outcome.liquidity)
    cumulated = (0.0, *(point.cumulated_cny.mean for point in outcome.j_curve))
    net = (after - before for before, after in pairwise(cumulated))
    # Differences of means: below 0 by rounding alone.
    distributed = tuple(max(change + paid, 0.0) for change, paid in zip(net, called, strict=True))
    committed = float(sum(partner.commitment_cny for partner in terms.partners))
    life = terms.last_year + 1
    yields = asked.pacing_yield_rate_annual
    try:
        observed = ObservedFlows(called, distributed)
        fitted = client.pace_commitment(PacingQuestion(committed, life, observed, yields))
        open_cny = max(committed - outcome.called_cny, 0.0)
        open_plan = None
        if open_cny > 0.0:
            open_plan = client.pace_commitment(PacingQuestion(open_cny, life, fitted.parameters, yields))
    except InvalidInput as error:
        return None, str(error)
    return PaceReview(called, distributed, fitted, open_cny, open_plan), ""


def _benefit(client: FundClient, asked: AskedFund, outcome: FundOutcome) -> BenefitRun | None:
    simulation = asked.simulation
    if GRASSROOTS_ID in simulation.terms.recipient_ids():
        return BenefitRun(simulation.terms, outcome, are_own=True)
    if asked.benefit_terms is None:
        return None
    shared = client.simulate(replace(simulation, terms=asked.benefit_terms))
    return BenefitRun(asked.benefit_terms, shared, are_own=False)
