"""The refresh as Prefect's page shows it: a text in Markdown and a table of the batches."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from flows.refresh.job import BatchSummary, RefreshResult
from flows.refresh.pledge_events import worst_first
from flows.reports.refresh_report.pledge_events import event_lines

SHOWN_CAUTIONS = 20


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
        "## 押品事件 · Pledge events",
        "",
        *event_lines(worst_first(result.level_changes)),
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
