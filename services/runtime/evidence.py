"""Where a figure comes from."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Evidence(StrEnum):
    """Whether a figure was read somewhere or is an assumption."""

    PUBLISHED = "published"
    DERIVED = "derived"
    ASSUMPTION = "assumption"


@dataclass(frozen=True, slots=True)
class Source:
    """Where one parameter comes from.

    Attributes:
        parameter: which one, such as "level".
        evidence: published, derived from published figures, or an assumption.
        citation: publication, file or reasoning.
        as_of: date of the figure, None when the source gives none.
    """

    parameter: str
    evidence: Evidence
    citation: str
    as_of: dt.date | None = None
