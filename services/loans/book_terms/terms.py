"""Curves of default and compensation funds that a book keeps; values only."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import msgspec

from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment import require_distinct

Entries: TypeAlias = tuple[DefaultCurve, ...] | tuple[CompensationFundTerms, ...]


class TermsKind(StrEnum):
    """Which table of terms."""

    DEFAULT_CURVES = "default_curves"  # 违约期限结构
    COMPENSATION_FUNDS = "compensation_funds"  # 风险补偿基金


_CONTENT = {
    TermsKind.DEFAULT_CURVES: tuple[DefaultCurve, ...],
    TermsKind.COMPENSATION_FUNDS: tuple[CompensationFundTerms, ...],
}


@dataclass(frozen=True, slots=True)
class TermsTable:
    """All curves, or all funds, of a book; an empty one withdraws those before.

    Attributes:
        kind: which.
        entries: each name once, up to 100; the first that has a loan is taken.

    Raises:
        ValueError: if names are too many or not distinct.
    """

    kind: TermsKind
    entries: Entries

    def __post_init__(self) -> None:
        require_distinct(self.kind.value, [entry.name for entry in self.entries])

    def text(self) -> str:
        """As it is stored: JSON that comes back as the same value."""
        return msgspec.json.encode(self.entries).decode()

    @classmethod
    def of_text(cls, kind: TermsKind, text: str) -> "TermsTable":
        """The table of a stored text."""
        return cls(kind, msgspec.json.decode(text, type=_CONTENT[kind]))

    def content_hash(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return hashlib.sha256(self.text().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """A version of a table.

    Attributes:
        as_of: first day on which it is in force.
        recorded_at: when it was recorded.
        table: curves or funds.
    """

    as_of: dt.date
    recorded_at: dt.datetime
    table: TermsTable


@dataclass(frozen=True, slots=True)
class TermsCounts:
    """What storing tables did: how many are a new version, how many were in force already."""

    stored: int
    unchanged: int


def version_in_force(versions: Sequence[TermsVersion], kind: TermsKind, day: dt.date) -> TermsVersion | None:
    """Of the versions of a kind the one with the latest day up to a day; of one day, the one recorded last.

    Args:
        versions: those of one day in order of recording, as the store lists them: a clock may stand still or be set
            back between two of them.
        kind: curves or funds.
        day: on which.
    """
    due = [version for version in versions if version.table.kind is kind and version.as_of <= day]
    # Of equal days max takes the first it meets, and the last one recorded comes first here.
    return max(reversed(due), key=lambda version: version.as_of, default=None)
