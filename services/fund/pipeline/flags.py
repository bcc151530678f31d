"""What a careful reader would ask about a list of projects before using its figures."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from services.fund.pipeline.county import counties_of
from services.fund.pipeline.project import Project, ProjectFlag
from services.runtime.results import Caution, Severity

TWIN_RATIO = Decimal("1.5")
"""Twins (same name, same content) whose investments differ by more than this factor are flagged."""
PEER_RATIO = 3.0
"""Investment per unit of capacity beyond this multiple of the median of the peers, or below its inverse, is flagged."""
FEWEST_PEERS = 2

_WAN = Decimal(10_000)
_CAPACITY = re.compile(r"(?:(\d+)\s*[×xX]\s*)?(\d+(?:\.\d+)?)\s*万千瓦")
_ASIDE = re.compile(r"【[^】]*】|[(\uff08][^)\uff09]*[)\uff09]")


def find_flags(projects: Sequence[Project]) -> tuple[ProjectFlag, ...]:
    """Oddities among the projects of one pipeline, in order of project and kind."""
    found = [
        *(flag for project in projects for flag in _of_one(project)),
        *_twins(projects),
        *_far_from_peers(projects),
    ]
    order = {project.project_id: i for i, project in enumerate(projects)}
    return tuple(sorted(found, key=lambda flag: order[flag.project_id]))


def capacity_wan_kw(content: str) -> float | None:
    """Installed capacity in 10,000 kW that a description states, None where it states none.

    Capacities side by side are added (40 万千瓦 of solar and 60 万千瓦 of wind are 100); those in brackets explain
    another one and are left out.

    Example:
        >>> capacity_wan_kw("建设40万千瓦光伏及60万千瓦风电基地")
        100.0
    """
    stated = _CAPACITY.findall(_ASIDE.sub("", content))
    return sum(float(times or 1) * float(size) for times, size in stated) if stated else None


def _of_one(project: Project) -> Iterator[ProjectFlag]:
    name = f"《{project.name}》"
    if project.end_year < project.start_year:
        yield _flag(
            project,
            "PROJECT_ENDS_BEFORE_START",
            f"{name}的完工年份 {project.end_year} 早于开工年份 {project.start_year}",
            f"construction ends in {project.end_year}, before it starts in {project.start_year}",
            "end_year",
        )
    if project.total_investment_cny <= 0:
        yield _flag(
            project,
            "PROJECT_INVESTMENT_NOT_POSITIVE",
            f"{name}的总投资为 {_wan(project.total_investment_cny)} 万元，应大于零",
            f"total investment is {_wan(project.total_investment_cny)} x 10,000 CNY, expected above 0",
            "total_investment",
        )
    if not counties_of(project.county):
        yield _flag(
            project,
            "PROJECT_COUNTY_UNKNOWN",
            f"{name}的所在县区“{project.county}”无法识别，按县区统计和限额时不计入",
            f"county {project.county!r} is not one of Zhangye's: the project counts for no county",
            "county",
            Severity.WARNING,
        )


def _twins(projects: Sequence[Project]) -> Iterator[ProjectFlag]:
    alike: dict[tuple[str, str], list[Project]] = defaultdict(list)
    for project in projects:
        if project.total_investment_cny > 0 and project.content.strip():
            alike["".join(project.name.split()), "".join(project.content.split())].append(project)
    for group in alike.values():
        # The two ends say it; naming every pair of a large group would not say more.
        ends = {min(group, key=_investment).project_id, max(group, key=_investment).project_id}
        if len(ends) == 2:
            first, second = (project for project in group if project.project_id in ends)
            low, high = sorted((first.total_investment_cny, second.total_investment_cny))
            if high > TWIN_RATIO * low:
                yield _twin_flag(first, second, high / low)
        yield from _repeated(group)


def _repeated(alike: Sequence[Project]) -> Iterator[ProjectFlag]:
    """Entries with the same name, content, investment and years as an earlier one."""
    first: dict[tuple[Decimal, int, int], Project] = {}
    for project in alike:
        key = (project.total_investment_cny, project.start_year, project.end_year)
        earlier = first.setdefault(key, project)
        if earlier is not project:
            yield _flag(
                project,
                "PROJECT_ENTERED_TWICE",
                f"{project.project_id} 与 {earlier.project_id}（《{project.name}》）名称、建设内容、投资和年限"
                "完全相同，请核对是否重复填报",
                f"{project.project_id} and {earlier.project_id} have the same name, content, investment and years: one "
                "of them may be entered twice",
                "name",
            )


def _twin_flag(first: Project, second: Project, ratio: Decimal) -> ProjectFlag:
    one, other = _wan(first.total_investment_cny), _wan(second.total_investment_cny)
    return _flag(
        second,
        "PROJECT_TWINS_DIFFER",
        f"{first.project_id} 与 {second.project_id}（《{first.name}》）名称和建设内容相同，但总投资分别为 {one} 万元和 "
        f"{other} 万元，相差 {ratio:.1f} 倍，请核对是否填报有误",
        f"{first.project_id} and {second.project_id} have the same name and content, but total investments of "
        f"{one} and {other} x 10,000 CNY, a factor of {ratio:.1f}: one of them may be a slip",
        "total_investment",
    )


def _far_from_peers(projects: Sequence[Project]) -> Iterator[ProjectFlag]:
    sized: list[tuple[float, Project]] = []
    for project in projects:
        capacity = capacity_wan_kw(project.content)
        if capacity is not None and capacity > 0.0 and project.total_investment_cny > 0:
            per_kw = float(project.total_investment_cny) / (capacity * float(_WAN))
            sized.append((per_kw, project))
    sized.sort(key=lambda pair: pair[0])
    if len(sized) <= FEWEST_PEERS:
        return
    for place, (per_kw, project) in enumerate(sized):
        # Median of the others: the sorted list without this place.
        low, high = ((len(sized) - 2) // 2, (len(sized) - 1) // 2)
        below, above = (sized[k if k < place else k + 1] for k in (low, high))
        median = 0.5 * (below[0] + above[0])
        if not 1.0 / PEER_RATIO <= per_kw / median <= PEER_RATIO:
            yield _peer_flag(project, per_kw, median, above)


def _peer_flag(project: Project, own: float, median: float, peer: tuple[float, Project]) -> ProjectFlag:
    reference, example = peer[0], peer[1].project_id
    total = _wan(project.total_investment_cny)
    return _flag(
        project,
        "PROJECT_UNIT_INVESTMENT_FAR_FROM_PEERS",
        f"《{project.name}》总投资 {total} 万元，折合每千瓦 {own:,.0f} 元；同类项目中位数为 "
        f"{median:,.0f} 元（如 {example} 为 {reference:,.0f} 元），请核对",
        f"total investment of {total} x 10,000 CNY is {own:,.0f} CNY a kW; the median of its "
        f"peers is {median:,.0f} ({example}: {reference:,.0f})",
        "total_investment",
    )


def _investment(project: Project) -> Decimal:
    return project.total_investment_cny


def _flag(  # noqa: PLR0917  # the parts of a caution
    project: Project,
    code: str,
    message_zh: str,
    message_en: str,
    field: str,
    severity: Severity = Severity.IMPLAUSIBLE,
) -> ProjectFlag:
    return ProjectFlag(project.project_id, Caution(code, severity, message_zh, message_en, field))


def _wan(amount_cny: Decimal) -> str:
    return f"{amount_cny / _WAN:,.2f}"
