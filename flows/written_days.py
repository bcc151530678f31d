"""Calendar days as people and their programs write them in tables."""

import datetime as dt
import re

_DAY = re.compile(
    r"(?:(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2}))"
    # A spreadsheet's day comes with its midnight.
    r"(?:[ T]00:00:00)?"
)


def written_day(text: str) -> dt.date | None:
    """The day of 2026-09-30, 2026/9/30, 2026.9.30, 2026年9月30日 or 20260930; None for anything else."""
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
