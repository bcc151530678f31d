"""Projects, flags and page tokens between protobuf and Python."""

import base64
import binascii
import json
from collections.abc import Sequence
from decimal import Decimal

from ecopledge.fund.v1 import fund_pb2 as pb
from services.fund.pipeline.project import Project, ProjectFlag, ProjectPage, PutOutcome
from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations
from services.runtime.wire.results import caution_from_wire, caution_to_wire
from services.runtime.wire.values import decimal_from_money, money_from_decimal

LONGEST_ID = 64
MOST_PROJECTS = 10_000
DEFAULT_PAGE = 200
LARGEST_PAGE = 1_000
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2200
_TEXTS = ("name", "sector", "county", "owner", "content", "progress")


def projects_from_wire(messages: Sequence[pb.Project], violations: Violations) -> tuple[Project, ...]:
    """The projects that are right; everything that is wrong is noted."""
    violations.require_non_empty("projects", messages)
    if not violations.require_max_length("projects", messages, MOST_PROJECTS):
        return ()
    read = violations.each("projects", messages, project_from_wire)
    first: dict[tuple[str, str], int] = {}
    for i, message in enumerate(messages):
        earlier = first.setdefault((message.pipeline, message.project_id), i)
        violations.require(
            earlier == i,
            f"projects[{i}].project_id",
            f"found {message.project_id!r} as in projects[{earlier}], expected each once",
        )
    return read


def project_from_wire(message: pb.Project, violations: Violations) -> Project | None:
    """A project, or None after noting everything that is wrong with it."""
    good = _check_id(violations, "project_id", message.project_id)
    good &= _check_id(violations, "pipeline", message.pipeline)
    good &= violations.require_non_empty("name", message.name)
    for name in _TEXTS:
        # PostgreSQL keeps no text with a zero byte.
        good &= violations.require("\0" not in getattr(message, name), name, "holds a zero byte")
    good &= violations.require_range("start_year", message.start_year, _EARLIEST_YEAR, _LATEST_YEAR)
    good &= violations.require_range("end_year", message.end_year, _EARLIEST_YEAR, _LATEST_YEAR)
    good &= violations.require(
        message.end_year >= message.start_year,
        "end_year",
        f"found {message.end_year}, expected not before start_year ({message.start_year})",
    )
    amount = violations.collect("total_investment", decimal_from_money, message.total_investment)
    if amount is not None:
        good &= violations.require(
            amount > 0, "total_investment", f"found {amount.normalize():f}, expected an amount above 0"
        )
    return _project(message, amount) if good and amount is not None else None


def project_to_wire(project: Project) -> pb.Project:
    """The message of a project."""
    return pb.Project(
        project_id=project.project_id,
        pipeline=project.pipeline,
        name=project.name,
        sector=project.sector,
        county=project.county,
        start_year=project.start_year,
        end_year=project.end_year,
        total_investment=money_from_decimal(project.total_investment_cny),
        owner=project.owner,
        content=project.content,
        progress=project.progress,
    )


def stored_project_from_wire(message: pb.Project) -> Project:
    """A project that a server sent, taken as it is."""
    return _project(message, decimal_from_money(message.total_investment))


def flag_to_wire(flag: ProjectFlag) -> pb.ProjectFlag:
    """The message of a flag."""
    return pb.ProjectFlag(project_id=flag.project_id, warning=caution_to_wire(flag.caution))


def flag_from_wire(message: pb.ProjectFlag) -> ProjectFlag:
    """A flag."""
    return ProjectFlag(message.project_id, caution_from_wire(message.warning))


def put_outcome_to_wire(outcome: PutOutcome) -> pb.PutProjectsResponse:
    """The response of PutProjects."""
    return pb.PutProjectsResponse(
        created=outcome.created,
        updated=outcome.updated,
        unchanged=outcome.unchanged,
        flags=[flag_to_wire(flag) for flag in outcome.flags],
    )


def put_outcome_from_wire(message: pb.PutProjectsResponse) -> PutOutcome:
    """What became of projects."""
    flags = tuple(flag_from_wire(flag) for flag in message.flags)
    return PutOutcome(message.created, message.updated, message.unchanged, flags)


def list_request_from_wire(message: pb.ListProjectsRequest) -> tuple[int, tuple[str, str] | None]:
    """Page size, and the key after which the page begins.

    Raises:
        InvalidInput: a size out of range or a token that this server did not give.
    """
    violations = Violations()
    size = message.page_size if message.HasField("page_size") else DEFAULT_PAGE
    violations.require_range("page_size", size, 1, LARGEST_PAGE)
    violations.require_max_length("pipeline", message.pipeline, LONGEST_ID)
    after = violations.collect("page_token", _key_from_token, message.page_token)
    violations.raise_if_any()
    return size, after


def page_to_wire(page: ProjectPage, flags: Sequence[ProjectFlag]) -> pb.ListProjectsResponse:
    """The response of ListProjects."""
    return pb.ListProjectsResponse(
        projects=[project_to_wire(project) for project in page.projects],
        next_page_token="" if page.next_after is None else _token(page.next_after),
        total_count=page.total_count,
        total_investment=money_from_decimal(page.total_investment_cny),
        flags=[flag_to_wire(flag) for flag in flags],
    )


def _project(message: pb.Project, amount: Decimal) -> Project:
    return Project(
        message.project_id,
        message.pipeline,
        message.name,
        message.sector,
        message.county,
        message.start_year,
        message.end_year,
        amount.normalize() + 0,
        message.owner,
        message.content,
        message.progress,
    )


def _check_id(violations: Violations, field: str, value: str) -> bool:
    return (
        violations.require_non_empty(field, value)
        and violations.require_max_length(field, value, LONGEST_ID)
        and violations.require("\0" not in value, field, "holds a zero byte")
    )


def _token(key: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _key_from_token(token: str) -> tuple[str, str] | None:
    if not token:
        return None
    try:
        pipeline, project_id = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, UnicodeError, ValueError, TypeError):
        raise InvalidInput.of("", "is not a token that this service gave") from None
    if not (isinstance(pipeline, str) and isinstance(project_id, str)):
        raise InvalidInput.of("", "is not a token that this service gave")
    return pipeline, project_id
