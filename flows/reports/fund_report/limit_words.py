"""What a limit of the choice is called: from its path in the request to words."""

import re

from flows.reports.bilingual import Bilingual
from flows.reports.figures import percent, wan
from flows.reports.labels import label
from services.fund.allocation.question import AllocationLimits, Unit

_PLACED = re.compile(r"^(?P<name>[a-z_]+)\[(?P<place>\d+)\](?:\.(?P<field>[a-z_]+))?$")


def limit_name(limits: AllocationLimits, path: str) -> Bilingual:
    """Words for a path such as "limits.groups[2].min_share"; the path itself where it has none."""
    short = path.removeprefix("limits.")
    found = _PLACED.match(short)
    if found is None:
        known = ("max_total", "min_total", "min_leverage", "min_projects", "max_projects")
        return label(f"fund_limit.{short}") if short in known else Bilingual(short)
    place = int(found["place"])
    match found["name"]:
        case "budgets":
            key = "budget_cumulated" if limits.carry_forward else "budget"
            return label(f"fund_limit.{key}", year=str(limits.budgets[place].year))
        case "groups":
            return label(f"fund_limit.{found['field']}", name=limits.groups[place].name)
        case "required":
            return label("fund_limit.required", name=limits.required[place])
        case "exclusive":
            return label("fund_limit.exclusive", name="、".join(limits.exclusive[place]))
        case _:
            return Bilingual(short)


def amount_words(value: float, unit: Unit) -> str:
    """An amount of a limit with its unit."""
    match unit:
        case Unit.CNY:
            return wan(value)
        case Unit.SHARE:
            return percent(value)
        case Unit.MULTIPLE:
            return f"{value:.1f} 倍"
        case Unit.PROJECTS:
            return f"{value:.0f} 个"
