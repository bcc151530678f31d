"""What is asked of a quarter's statistics, and where they go."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from services.loans.statistics.quarter import Quarter


@dataclass(frozen=True, slots=True)
class StatisticsRequest:
    """A quarter's statistics.

    Attributes:
        quarter: the period.
        institution_id: whose statistics.
        out_dir: folder that receives the files.
        close: close the quarter first.
        accepted_breaks_reason: why to close although identity checks do not hold; empty: such a quarter is refused.
        version: of a closed quarter; None for the latest, or for the figures of an open one.
        known_at: figures as they were known at a moment, whether closed or not; None for now.

    Raises:
        ValueError: if more than one of close, version and known_at is asked for.
    """

    quarter: Quarter
    institution_id: str
    out_dir: Path
    close: bool = False
    version: int | None = None
    known_at: dt.datetime | None = None
    accepted_breaks_reason: str = ""

    def __post_init__(self) -> None:
        asked = [
            name
            for name, is_asked in (
                ("close", self.close),
                ("version", self.version is not None),
                ("known_at", self.known_at is not None),
            )
            if is_asked
        ]
        if len(asked) > 1:
            raise ValueError(f"found {' and '.join(asked)}, expected at most one of them")
