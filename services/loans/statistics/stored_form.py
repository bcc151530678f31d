"""The statistics of a closed quarter as stored text, and the hash by which versions are told apart."""

import hashlib
from dataclasses import replace

import msgspec

from services.loans.statistics.result import QuarterStatistics


def statistics_to_text(statistics: QuarterStatistics) -> str:
    """The statistics as JSON."""
    return msgspec.json.encode(statistics, order="deterministic").decode()


def statistics_from_text(text: str) -> QuarterStatistics:
    """The statistics of a stored text."""
    return msgspec.json.decode(text, type=QuarterStatistics)


def content_hash(statistics: QuarterStatistics) -> str:
    """SHA-256 of figures, checks and breaks, hexadecimal.

    Hashes of the sources are left out: a correction that changes no figure makes no new version.
    """
    figures = replace(statistics, input_hash="", taxonomy_hash="")
    return hashlib.sha256(statistics_to_text(figures).encode()).hexdigest()
