"""The quarter's statistics as a Prefect flow, for a schedule: one task that asks, closes and writes.

Importing this module imports Prefect; call `flows.prefect_environment.prepare_prefect` before.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.reports.statistics_workbook.assembly import checks_in_words
from flows.service_tasks import service_task
from flows.statistics.job import StatisticsResult, write_statistics
from flows.statistics.request import StatisticsRequest
from services.loans.statistics.client import StatisticsClient
from services.loans.statistics.quarter import Quarter
from services.runtime.channel import open_channel_from
from services.runtime.china_time import CHINA
from services.runtime.settings import load_settings

ARTIFACT_KEY = "quarterly-statistics"


@dataclass(frozen=True, slots=True)
class StatisticsSummary:
    """What the flow hands over: small, and enough to find the rest.

    Attributes:
        version: of the closed quarter; None for a draft.
        n_breaks: loans behind checks that do not hold.
        files: paths by name.
    """

    period: str
    version: int | None
    is_new_version: bool
    content_hash: str
    closing_cents: int
    n_breaks: int
    files: dict[str, str]


@flow(name="quarterly-statistics", validate_parameters=False, persist_result=False)
def quarterly_statistics(
    target: str,
    out_dir: str,
    *,
    institution_id: str,
    period: str = "",
    close: bool = False,
    accepted_breaks_reason: str = "",
) -> StatisticsSummary:
    """Write the workbook of a quarter, and close it if asked to; started twice, it makes one version.

    Args:
        target: `host:port` of the loans service.
        out_dir: folder that receives the files.
        institution_id: whose statistics.
        period: quarter such as "2026Q3"; the last one that has ended unless given.
        close: close the quarter first.
        accepted_breaks_reason: why to close although identity checks do not hold.

    Raises:
        ValueError: the period is no quarter.
        InvalidInput: the quarter has not ended.
        FailedPrecondition: identity checks do not hold and no reason is given.
        Unavailable: the service stays away through the retries.
    """
    quarter = Quarter.read(period) if period else Quarter.last_ended(dt.datetime.now(CHINA).date())
    request = StatisticsRequest(
        quarter, institution_id, Path(out_dir), close, accepted_breaks_reason=accepted_breaks_reason
    )

    def write() -> StatisticsSummary:
        with open_channel_from(load_settings(institution_id=institution_id), target) as channel:
            result = write_statistics(request, StatisticsClient(channel))
        create_markdown_artifact(
            markdown=markdown(result), key=ARTIFACT_KEY, description="Green-loan statistics"
        )
        return summarise(result)

    return service_task("write statistics", write)()


def summarise(result: StatisticsResult) -> StatisticsSummary:
    """A result in short."""
    edition = result.edition
    return StatisticsSummary(
        str(edition.statistics.quarter),
        None if edition.version is None else edition.version.version,
        result.is_new_version,
        edition.content_hash,
        edition.statistics.total.closing_cents,
        len(edition.statistics.breaks),
        {name: str(path) for name, path in result.files.items()},
    )


def markdown(result: StatisticsResult) -> str:
    """What Prefect's page shows of a run."""
    edition = result.edition
    statistics, total = edition.statistics, edition.statistics.total
    state = "未结账 draft" if edition.version is None else f"第 {edition.version.version} 版 version"
    return "\n".join(
        [
            f"# 绿色贷款专项统计 · Green-loan statistics {statistics.quarter}（{state}）",
            "",
            "| 项目 | item | 数值 value |",
            "|---|---|---:|",
            f"| 期末余额 | closing balance | {total.closing_cents / 1e6:,.2f} 万元 |",
            f"| 本期发放 | drawn | {total.drawn_cents / 1e6:,.2f} 万元 |",
            f"| 贷款笔数 | loans | {total.n_loans:,} |",
            f"| 校验 | checks | {checks_in_words(statistics).inline()} |",
            "",
            *(f"- `{path}`" for path in result.files.values()),
        ]
    )
