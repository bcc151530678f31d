"""The use cases of the fund: keep the pipeline, share given cash exactly, simulate the fund."""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal

import sqlalchemy as sa

from quant.cashflows import irr
from quant.waterfall import Waterfall
from quant.waterfall_cents import CentFlow, run_cents
from quant.waterfall_steps import WaterfallError
from services.fund.comparison import compare
from services.fund.fund_scenario import FundScenario, ScenarioComparison
from services.fund.outcome import FundOutcome, FundSimulation, Investment
from services.fund.project import Project, ProjectFlag, ProjectPage, PutOutcome
from services.fund.project_flags import find_flags
from services.fund.repository import ProjectRepository
from services.fund.simulation import simulate
from services.fund.terms import LATEST_FLOW_YEAR, FundTerms
from services.fund.waterfall_result import FundCashFlow, PartnerResult, Payment, WaterfallResult
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.results import Progress
from services.runtime.violations import Violations


class FundEngine:
    """What the service does; stateless but for its repository."""

    def __init__(self, repository: ProjectRepository) -> None:
        self._repository = repository

    def put_projects(
        self, connection: sa.Connection, institution_id: str, as_of: dt.date, projects: Sequence[Project]
    ) -> PutOutcome:
        """Add states of projects within a writing transaction."""
        created, updated, unchanged = self._repository.put(connection, institution_id, as_of, projects)
        pipelines = {project.pipeline for project in projects}
        touched = self._repository.in_pipelines(connection, institution_id, pipelines)
        return PutOutcome(created, updated, unchanged, flags_by_pipeline(touched))

    def list_projects(
        self, institution_id: str, pipeline: str, page_size: int, after: tuple[str, str] | None
    ) -> tuple[ProjectPage, tuple[ProjectFlag, ...]]:
        """A page of a pipeline ("" for all); flags of the whole pipeline on the first page only."""
        page = self._repository.page(institution_id, pipeline, page_size, after)
        if after is not None:
            return page, ()
        whole = (
            page.projects if page.next_after is None else self._repository.pipeline(institution_id, pipeline)
        )
        return page, flags_by_pipeline(whole)

    def simulate_fund(self, institution_id: str, request: FundSimulation) -> Iterator[Progress | FundOutcome]:
        """Simulate the fund: progress after each block of paths, then the outcome.

        Raises:
            NotFound: a project is not stored.
            InvalidInput: terms or investments that cannot be simulated, with the path of each field.
        """
        return simulate(request, self._projects(institution_id, request.investments))

    def compare_scenarios(
        self, institution_id: str, request: FundSimulation, scenarios: Sequence[FundScenario]
    ) -> Iterator[Progress | ScenarioComparison]:
        """Simulate the fund as it is and in changed worlds: progress over all of them, then the comparison.

        Raises:
            NotFound: a project is not stored.
            InvalidInput: terms, investments or worlds that cannot be simulated, with the path of each field.
        """
        return compare(request, self._projects(institution_id, request.investments), scenarios)

    def _projects(self, institution_id: str, investments: Sequence[Investment]) -> list[Project]:
        keys = [(investment.pipeline, investment.project_id) for investment in investments]
        return self._repository.find(institution_id, keys)


def flags_by_pipeline(projects: Sequence[Project]) -> tuple[ProjectFlag, ...]:
    """Oddities among the projects of each pipeline."""
    pipelines = sorted({project.pipeline for project in projects})
    return tuple(
        flag
        for pipeline in pipelines
        for flag in find_flags([project for project in projects if project.pipeline == pipeline])
    )


def run_waterfall(terms: FundTerms, flows: Sequence[FundCashFlow]) -> WaterfallResult:
    """Share given cash by given terms, exact to the cent.

    Raises:
        InvalidInput: terms or flows that cannot be run, with the path of each field.
    """
    waterfall = waterfall_of(terms)
    violations = Violations()
    for i, flow in enumerate(flows):
        expected = f"found {flow.year}, expected at most {LATEST_FLOW_YEAR}"
        violations.require(flow.year <= LATEST_FLOW_YEAR, f"flows[{i}].year", expected)
    violations.raise_if_any()
    try:
        years = run_cents(
            waterfall, [CentFlow(flow.year, flow.called_cny, flow.distributable_cny) for flow in flows]
        )
    except WaterfallError as error:
        raise invalid_input(error) from error
    payments = tuple(
        Payment(paid.year, terms.recipient_id(paid.recipient), paid.step, paid.amount)
        for year in years
        for paid in year.payments
    )
    paid_in = {
        (partner.partner_id, year.year): amount
        for year in years
        for partner, amount in zip(terms.partners, year.paid_in, strict=True)
    }
    last = flows[-1].year if flows else 0
    results = tuple(
        _partner_result(recipient_id, last, paid_in, payments) for recipient_id in terms.recipient_ids()
    )
    return WaterfallResult(payments, results)


def waterfall_of(terms: FundTerms) -> Waterfall:
    """The interpreter's form of terms.

    Raises:
        InvalidInput: with the path of every wrong field, below "terms".
    """
    try:
        return terms.waterfall()
    except WaterfallError as error:
        raise invalid_input(error, "terms.") from error


def invalid_input(error: WaterfallError, prefix: str = "") -> InvalidInput:
    """The domain error of what the numerics refuse."""
    return InvalidInput.from_violations(
        FieldViolation(prefix + flaw.field, flaw.description) for flaw in error.flaws
    )


def _partner_result(
    recipient_id: str,
    last_year: int,
    paid_in: dict[tuple[str, int], Decimal],
    payments: Sequence[Payment],
) -> PartnerResult:
    paid = {year: amount for (partner, year), amount in paid_in.items() if partner == recipient_id}
    net = [-float(paid.get(year, 0)) for year in range(last_year + 1)]
    received = Decimal(0)
    for payment in payments:
        if payment.recipient_id == recipient_id:
            received += payment.amount_cny
            net[payment.year] += float(payment.amount_cny)
    total = sum(paid.values(), Decimal(0))
    rate = float(irr(net))
    return PartnerResult(
        recipient_id,
        total,
        received,
        None if math.isnan(rate) else rate,
        None if total == 0 else float(received / total),
    )
