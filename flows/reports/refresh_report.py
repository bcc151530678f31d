"""The report of a refresh: CSV tables for a spreadsheet, one JSON summary for a program, Markdown for Prefect."""

import csv
import dataclasses
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from flows.accounts.reconciliation import LineCheck
from flows.refresh_job import BatchSummary, RefreshResult
from flows.reports.html import render_html
from flows.reports.refresh_document import build_refresh_document
from flows.reports.whole_files import replace_together
from flows.reports.workbook import render_workbook
from services.valuation.valuation import Valuation

# A cell that begins so is a formula to a spreadsheet; an apostrophe keeps it a text.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SHOWN_CAUTIONS = 20
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


@dataclass(frozen=True, slots=True)
class RefreshSummary:
    """A refresh in short; amounts CNY.

    Attributes:
        key: the same for a repeat of the same refresh.
        valuation_ids: stored valuations in the order of the pledge list.
        failed: asset id and message of what could not be valued.
        loans_missing: loan ids of pledges whose loan the loans service does not have.
        files: the report, by name.
    """

    key: str
    as_of: str
    institution_id: str
    snapshot_id: str
    accounts_hash: str
    account_total_cny: float
    class_totals_cny: dict[str, float]
    pledges: int
    valued: int
    value_cny: float
    pledge_value_cny: float
    valuation_ids: tuple[str, ...]
    failed: dict[str, str]
    collateral_created: int
    collateral_updated: int
    collateral_unchanged: int
    loans_missing: tuple[str, ...]
    cautions: dict[str, int]
    files: dict[str, str]


def write(result: RefreshResult, out_dir: Path) -> dict[str, Path]:
    """Write the report; every file is there in full or the files before stay.

    Returns:
        Paths by name: html, xlsx, valuations, failures, cautions, reconciliation, summary.
    """
    document = build_refresh_document(result)
    tables = {
        "valuations": _csv(VALUATION_COLUMNS, _valuation_rows(result)),
        "failures": _csv(FAILURE_COLUMNS, _failure_rows(result)),
        "cautions": _csv(CAUTION_COLUMNS, _caution_rows(result)),
        "reconciliation": _csv(
            LINE_COLUMNS, [_line_row(check) for check in result.accounts.reconciliation.lines]
        ),
    }
    contents = {"refresh.html": render_html(document).encode(), "refresh.xlsx": render_workbook(document)}
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


def summarise(result: RefreshResult, paths: dict[str, Path]) -> RefreshSummary:
    """The refresh in short."""
    values = result.valuations()
    account = result.accounts
    return RefreshSummary(
        result.key,
        result.request.as_of.isoformat(),
        result.request.institution_id,
        result.snapshot_id,
        account.content_hash,
        account.reconciliation.total_cny,
        {item.category: item.value_cny for item in account.reconciliation.classes},
        len(account.pledges),
        len(values),
        sum(value.value_cny for value in values),
        sum(value.pledge_value_cny for value in values),
        tuple(value.valuation_id for value in values),
        {failure.asset_id: failure.message for failure in result.failures()},
        result.collateral.created,
        result.collateral.updated,
        result.collateral.unchanged,
        result.collateral.loans_missing,
        dict(Counter(caution.code for _, caution in result.cautions())),
        {name: str(path) for name, path in paths.items()},
    )


def markdown(result: RefreshResult) -> str:
    """The refresh as a Prefect artifact."""
    values = result.valuations()
    account = result.accounts.reconciliation
    lines = [
        f"# 押品重估 · Refreshed valuations, {result.request.as_of}",
        "",
        f"机构 institution `{result.request.institution_id}` · 市场快照 snapshot `{result.snapshot_id}`",
        "",
        "| 项目 | item | 数值 value |",
        "|---|---|---:|",
        f"| GEP 年流量（仅披露） | account total, a flow, disclosed only | {account.total_cny / 1e8:,.2f} 亿元 |",
        f"| 押品 | pledges | {len(result.valued)} |",
        f"| 已估值 | valued | {len(values)} |",
        f"| 现值合计 | present value | {sum(value.value_cny for value in values) / 1e4:,.2f} 万元 |",
        f"| 质押价值合计 | pledge value | {sum(value.pledge_value_cny for value in values) / 1e4:,.2f} 万元 |",
        f"| 新增担保 | collateral created | {result.collateral.created} |",
        f"| 更新担保 | collateral updated | {result.collateral.updated} |",
        f"| 未变担保 | collateral unchanged | {result.collateral.unchanged} |",
        "",
        "## 未能估值 · Not valued",
        "",
        *([f"- `{failure.asset_id}`: {failure.message}" for failure in result.failures()] or ["无 none"]),
        "",
        "## 提示 · Cautions",
        "",
        *_caution_lines(result),
    ]
    return "\n".join(lines)


def batch_rows(batches: Iterable[BatchSummary]) -> list[dict[str, Any]]:
    """Rows of the Prefect table artifact."""
    return [dataclasses.asdict(batch) for batch in batches]


def _caution_lines(result: RefreshResult) -> list[str]:
    cautions = result.cautions()
    shown = [
        f"- `{about}` {item.message_zh}（{item.message_en}）" for about, item in cautions[:SHOWN_CAUTIONS]
    ]
    rest = len(cautions) - SHOWN_CAUTIONS
    return [*(shown or ["无 none"]), *([f"- 另有 {rest} 条，见 cautions.csv"] if rest > 0 else [])]


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
