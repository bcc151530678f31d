"""The files of a refresh: page and workbook, CSV tables for a spreadsheet, one JSON summary for a program."""

import csv
import dataclasses
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from flows.accounts.reconciliation import LineCheck
from flows.refresh.job import RefreshResult
from flows.reports.html import render_html
from flows.reports.refresh_report.document import build_refresh_document
from flows.reports.refresh_report.pledge_events import EVENT_COLUMNS, event_rows
from flows.reports.refresh_report.summary import summarise
from flows.reports.whole_files import replace_together
from flows.reports.workbook import render_workbook
from services.valuation.valuation import Valuation

# A cell that begins so is a formula to a spreadsheet; an apostrophe keeps it a text.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Beyond this a page is slow to open and nobody reads it; the workbook and the CSV tables have everything.
ROWS_ON_THE_PAGE = 1_000
VALUATION_COLUMNS = (
    "asset_id",
    "name",
    "place",
    "kind",
    "valuation_id",
    "valuation_date",
    "value_cny",
    "haircut",
    "pledge_value_cny",
    "annual_cash_cny",
    "undiscounted_sum_cny",
    "disclosed_value_cny",
    "loan_id",
    "pledged_share",
    "assumptions",
    "cautions",
    "source",
)
FAILURE_COLUMNS = ("asset_id", "code", "message")
CAUTION_COLUMNS = ("about", "code", "severity", "message_zh", "message_en")
LINE_COLUMNS = (
    "row",
    "category",
    "service",
    "indicator",
    "quantity",
    "quantity_unit",
    "unit_price",
    "price_unit",
    "value_cny",
    "quantity_times_price_cny",
    "relative_difference",
    "tolerance",
    "agrees",
)


def write(result: RefreshResult, out_dir: Path) -> dict[str, Path]:
    """Write the report; every file is there in full or the files before stay.

    Returns:
        Paths by name: html, xlsx, valuations, failures, cautions, events, reconciliation, summary.
    """
    page = build_refresh_document(result, most_rows=ROWS_ON_THE_PAGE)
    tables = {
        "valuations": _csv(VALUATION_COLUMNS, _valuation_rows(result)),
        "failures": _csv(FAILURE_COLUMNS, _failure_rows(result)),
        "cautions": _csv(CAUTION_COLUMNS, _caution_rows(result)),
        "events": _csv(EVENT_COLUMNS, event_rows(result.level_changes)),
        "reconciliation": _csv(
            LINE_COLUMNS, [_line_row(check) for check in result.accounts.reconciliation.lines]
        ),
    }
    contents = {
        "refresh.html": render_html(page).encode(),
        "refresh.xlsx": render_workbook(build_refresh_document(result)),
    }
    contents |= {f"{name}.csv": content for name, content in tables.items()}
    paths = {
        "html": out_dir / "refresh.html",
        "xlsx": out_dir / "refresh.xlsx",
        **{name: out_dir / f"{name}.csv" for name in tables},
        "summary": out_dir / "summary.json",
    }
    summary = msgspec.json.format(msgspec.json.encode(dataclasses.asdict(summarise(result, paths))), indent=2)
    replace_together(out_dir, contents | {"summary.json": summary + b"\n"})
    return paths


def _valuation_rows(result: RefreshResult) -> list[dict[str, Any]]:
    return [
        {
            "asset_id": value.asset_id,
            "name": item.pledge.asset.name,
            "place": item.pledge.asset.place,
            "kind": value.kind,
            "valuation_id": value.valuation_id,
            "valuation_date": value.valuation_date.isoformat(),
            "value_cny": value.value_cny,
            "haircut": value.haircut,
            "pledge_value_cny": value.pledge_value_cny,
            "annual_cash_cny": value.annual_cash_cny,
            "undiscounted_sum_cny": value.undiscounted_sum_cny,
            "disclosed_value_cny": "" if value.disclosed_value_cny is None else value.disclosed_value_cny,
            "loan_id": item.pledge.loan_id,
            "pledged_share": item.pledge.pledged_share,
            "assumptions": "; ".join(value.assumptions),
            "cautions": "; ".join(caution.code for caution in value.cautions),
            "source": item.pledge.source,
        }
        for item in result.valued
        if isinstance(value := item.outcome, Valuation)
    ]


def _failure_rows(result: RefreshResult) -> list[dict[str, Any]]:
    return [
        {"asset_id": item.asset_id, "code": item.code, "message": item.message} for item in result.failures()
    ]


def _caution_rows(result: RefreshResult) -> list[dict[str, Any]]:
    return [
        {
            "about": about,
            "code": item.code,
            "severity": str(item.severity),
            "message_zh": item.message_zh,
            "message_en": item.message_en,
        }
        for about, item in result.cautions()
    ]


def _line_row(check: LineCheck) -> dict[str, Any]:
    line = check.line
    return {
        "row": line.row,
        "category": line.category,
        "service": line.service,
        "indicator": line.indicator,
        "quantity": "" if line.quantity is None else line.quantity,
        "quantity_unit": line.quantity_unit,
        "unit_price": "" if line.unit_price is None else line.unit_price,
        "price_unit": line.price_unit,
        "value_cny": line.value_cny,
        "quantity_times_price_cny": "" if check.computed_cny is None else check.computed_cny,
        "relative_difference": "" if check.relative_difference is None else check.relative_difference,
        "tolerance": check.tolerance,
        "agrees": "" if check.agrees is None else check.agrees,
    }


def _csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> bytes:
    """A table as CSV; the mark at its start tells a spreadsheet that it is UTF-8, without which Chinese is garbled."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
