"""The statistics of a closed quarter as stored text, and the hash by which versions are told apart."""

import hashlib
from dataclasses import MISSING, fields, replace

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

    Hashes of the sources are left out: a correction that changes no figure makes no new version. So is a field that
    has its default: one that is added to the statistics later makes no new versions of old quarters.
    """
    figures = replace(statistics, input_hash="", taxonomy_hash="")
    content = {
        field.name: getattr(figures, field.name)
        for field in fields(figures)
        if field.default is MISSING or getattr(figures, field.name) != field.default
    }
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
