"""Projects of a pipeline: what is to be built, when, for how much, and what is odd about the entry."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from services.runtime.results import Caution


@dataclass(frozen=True, slots=True)
class Project:
    """One project as its owner reports it; nothing about it is assumed to be right.

    Attributes:
        project_id: unique in its pipeline.
        pipeline: such as "reserve_2026".
        name: of the project.
        sector: sector or category.
        county: county or counties.
        start_year: first calendar year of construction.
        end_year: last calendar year of construction.
        total_investment_cny: exact.
        owner: who builds it.
        content: what is built.
        progress: what has been done.
    """

    project_id: str
    pipeline: str
    name: str
    sector: str
    county: str
    start_year: int
    end_year: int
    total_investment_cny: Decimal
    owner: str = ""
    content: str = ""
    progress: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Pipeline and id."""
        return self.pipeline, self.project_id


@dataclass(frozen=True, slots=True)
class ProjectFlag:
    """Something odd about the data of a project."""

    project_id: str
    caution: Caution


@dataclass(frozen=True, slots=True)
class ProjectState:
    """A project as it was reported for a date; states are added, never replaced."""

    as_of: dt.date
    recorded_at: dt.datetime
    project: Project


@dataclass(frozen=True, slots=True)
class PutOutcome:
    """What became of projects that were put: numbers, and oddities in the pipelines that were touched."""

    created: int
    updated: int
    unchanged: int
    flags: tuple[ProjectFlag, ...]


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """A page of a pipeline; totals are over all pages.

    Attributes:
        projects: in order of pipeline and id.
        next_after: key of the last project when there are more.
        total_count: number of projects.
        total_investment_cny: their sum.
    """

    projects: tuple[Project, ...]
    next_after: tuple[str, str] | None
    total_count: int
    total_investment_cny: Decimal


@dataclass(frozen=True, slots=True)
class ProjectList:
    """A whole pipeline with its totals and oddities."""

    projects: tuple[Project, ...]
    total_count: int
    total_investment_cny: Decimal
    flags: tuple[ProjectFlag, ...]
