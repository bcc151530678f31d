"""The use cases of the fund on what it keeps: the pipeline, term sheets, simulation of stored projects."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa

from services.fund.allocation.choosing import allocate
from services.fund.allocation.question import AllocationAnswer, AllocationRequest
from services.fund.fund_terms.store import TermsRepository
from services.fund.fund_terms.terms import FundTerms, StoredTerms
from services.fund.pipeline.flags import find_flags
from services.fund.pipeline.project import Project, ProjectFlag, ProjectPage, PutOutcome
from services.fund.pipeline.repository import ProjectRepository
from services.fund.simulation.comparison import compare
from services.fund.simulation.outcome import FundOutcome, FundSimulation, Investment
from services.fund.simulation.scenario import FundScenario, ScenarioComparison
from services.fund.simulation.simulating import simulate
from services.runtime.results import Progress
from services.runtime.workers.port import PathWorkers


class FundEngine:
    """What the service does; stateless but for its repositories.

    Args:
        repository: keeps projects.
        term_sheets: keeps terms.
        workers: simulate paths; threads of this process where there are none.
    """

    def __init__(
        self,
        repository: ProjectRepository,
        term_sheets: TermsRepository,
        workers: PathWorkers | None = None,
    ) -> None:
        self._repository = repository
        self._term_sheets = term_sheets
        self._workers = workers

    def put_terms(
        self,
        connection: sa.Connection,
        institution_id: str,
        as_of: dt.date,
        terms_id: str,
        terms: FundTerms,
    ) -> bool:
        """Add a version of a term sheet within a writing transaction; False where it is in force already."""
        return self._term_sheets.put(connection, institution_id, as_of, terms_id, terms)

    def get_terms(self, institution_id: str, terms_id: str, as_of: dt.date | None = None) -> StoredTerms:
        """The version of a term sheet in force on a day, None for the latest.

        Raises:
            NotFound: there is none.
        """
        return self._term_sheets.get(institution_id, terms_id, as_of)

    def list_terms(self, institution_id: str) -> tuple[StoredTerms, ...]:
        """The newest version of every term sheet, in order of the id."""
        return self._term_sheets.newest(institution_id)

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
        projects = self._projects(institution_id, request.investments)
        return simulate(request, projects, workers=self._workers)

    def compare_scenarios(
        self, institution_id: str, request: FundSimulation, scenarios: Sequence[FundScenario]
    ) -> Iterator[Progress | ScenarioComparison]:
        """Simulate the fund as it is and in changed worlds: progress over all of them, then the comparison.

        Raises:
            NotFound: a project is not stored.
            InvalidInput: terms, investments or worlds that cannot be simulated, with the path of each field.
        """
        projects = self._projects(institution_id, request.investments)
        return compare(request, projects, scenarios, self._workers)

    def allocate_projects(
        self, institution_id: str, request: AllocationRequest, time_left_s: Callable[[], float]
    ) -> AllocationAnswer:
        """Choose among stored projects under limits; see `services.fund.allocation.choosing.allocate`.

        Raises:
            NotFound: a project is not stored.
            InvalidInput: candidates or limits that make no question, with the path of each field.
            DeadlineExceeded: a search found nothing within its time.
        """
        projects = self._projects(institution_id, request.candidates)
        return allocate(request, projects, time_left_s=time_left_s)

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
