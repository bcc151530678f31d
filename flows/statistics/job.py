"""The quarter's statistics without Prefect: ask the service, render, write every file in full or none.

A closed quarter is written from its stored version alone, so a second run gives the same bytes.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from flows.reports.statistics_workbook.assembly import StatisticsEdition, build_statistics_document
from flows.reports.statistics_workbook.layout import Layout, read_layout
from flows.reports.statistics_workbook.names import Names
from flows.reports.statistics_workbook.tidy_tables import breaks_csv, differences_csv, lines_csv
from flows.reports.whole_files import replace_together
from flows.reports.workbook import render_workbook
from flows.statistics.request import StatisticsRequest
from services.loans.statistics.differences import differences_between
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import StatisticsReport, StatisticsVersion, VersionFacts
from services.loans.statistics.taxonomy import Taxonomy, read_taxonomy
from services.runtime.bundled import bundled


class StatisticsPort(Protocol):
    """The calls of the loans service that the statistics make; its client satisfies it."""

    def report(self, quarter: Quarter, *, known_at: dt.datetime | None = None) -> StatisticsReport:
        """The figures as they were known at a moment."""
        ...

    def close(self, quarter: Quarter, *, accepted_breaks_reason: str = "") -> tuple[VersionFacts, bool]:
        """Closes a quarter; the latest version, and whether it is new."""
        ...

    def closed(self, quarter: Quarter, version: int | None = None) -> StatisticsVersion:
        """A version of a closed quarter."""
        ...


@dataclass(frozen=True, slots=True)
class StatisticsResult:
    """What was written.

    Attributes:
        edition: what the workbook shows.
        is_new_version: whether this run closed the quarter or corrected it.
        is_corrected_since: whether figures differ by now from the closed version that was written; None where that
            was not asked.
        files: paths by name.
    """

    edition: StatisticsEdition
    is_new_version: bool
    is_corrected_since: bool | None
    files: Mapping[str, Path]


def write_statistics(request: StatisticsRequest, service: StatisticsPort) -> StatisticsResult:
    """Asks for a quarter's statistics and writes workbook, tables and manifest.

    Raises:
        InvalidInput: the quarter has not ended, or a table of data/statistics is wrong; nothing was written.
        FailedPrecondition: the quarter cannot be closed while identity checks do not hold; nothing was written.
        NotFound: a version that is not there.
        OSError: the folder cannot be written or the disk is full; the files before stay.
    """
    taxonomy, layout = read_tables()
    edition, is_new, corrected = _edition(request, service)
    contents = render_files(edition, taxonomy, layout)
    replace_together(request.out_dir, contents)
    files = {_kind(name): request.out_dir / name for name in contents}
    return StatisticsResult(edition, is_new, corrected, files)


def read_tables(folder: Path | None = None) -> tuple[Taxonomy, Layout]:
    """The table of purposes and the layout, from data/statistics unless a folder is given.

    Raises:
        InvalidInput: one is missing or wrong.
    """
    tables = bundled("statistics") if folder is None else folder
    return read_taxonomy(tables / "purposes.toml"), read_layout(tables)


def render_files(edition: StatisticsEdition, taxonomy: Taxonomy, layout: Layout) -> dict[str, bytes]:
    """Every file by name; the same edition and tables give the same bytes."""
    stem, names = stem_of(edition), Names(taxonomy, layout)
    contents = {
        f"{stem}.xlsx": render_workbook(build_statistics_document(edition, taxonomy, layout)),
        f"{stem}.csv": lines_csv(edition.statistics, names),
        edition.file_of_breaks: breaks_csv(edition.statistics),
    }
    if edition.before is not None:
        found = differences_between(edition.before, edition.statistics)
        contents[f"{stem}-differences.csv"] = differences_csv(found)
    contents[f"{stem}-manifest.json"] = _manifest(edition, layout, contents)
    return contents


def stem_of(edition: StatisticsEdition) -> str:
    """How the names of the files begin: green-loans-2026Q3-v1, or -draft while the quarter is open."""
    return _stem(edition.statistics.quarter, edition.version)


def _edition(
    request: StatisticsRequest, service: StatisticsPort
) -> tuple[StatisticsEdition, bool, bool | None]:
    quarter = request.quarter
    if request.close:
        facts, is_new = service.close(quarter, accepted_breaks_reason=request.accepted_breaks_reason)
        return _closed_edition(request, service, facts.version), is_new, False
    if request.version is not None:
        return _closed_edition(request, service, request.version), False, None
    report = service.report(quarter, known_at=request.known_at)
    if request.known_at is None and report.closed is not None:
        corrected = report.content_hash != report.closed.content_hash
        return _closed_edition(request, service, report.closed.version), False, corrected
    known_at = "" if request.known_at is None else report.known_at.isoformat(timespec="seconds")
    edition = StatisticsEdition(
        request.institution_id,
        report.statistics,
        report.content_hash,
        None,
        None,
        known_at,
        f"{_stem(quarter, None)}-breaks.csv",
    )
    return edition, False, None


def _closed_edition(request: StatisticsRequest, service: StatisticsPort, number: int) -> StatisticsEdition:
    found = service.closed(request.quarter, number)
    before = service.closed(request.quarter, number - 1).statistics if number > 1 else None
    return StatisticsEdition(
        request.institution_id,
        found.statistics,
        found.facts.content_hash,
        found.facts,
        before,
        "",
        f"{_stem(request.quarter, found.facts)}-breaks.csv",
    )


def _stem(quarter: Quarter, version: VersionFacts | None) -> str:
    return f"green-loans-{quarter}-" + ("draft" if version is None else f"v{version.version}")


def _kind(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    last = stem.rpartition("-")[2]
    return last if last in {"breaks", "differences", "manifest"} else {"csv": "lines"}.get(suffix, suffix)


def _manifest(edition: StatisticsEdition, layout: Layout, contents: Mapping[str, bytes]) -> bytes:
    """What it takes to trace the files: what they rest on, and what they are."""
    version, statistics = edition.version, edition.statistics
    manifest = {
        "institution_id": edition.institution_id,
        "period": str(statistics.quarter),
        "version": None if version is None else version.version,
        "recorded_at": None if version is None else version.recorded_at.isoformat(),
        "accepted_breaks_reason": None if version is None else version.accepted_breaks_reason or None,
        "known_at": edition.known_at or None,
        "content_hash": edition.content_hash,
        "input_hash": statistics.input_hash,
        "taxonomy_hash": statistics.taxonomy_hash,
        "layout_hash": layout.content_hash,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
