"""The deployed flows: each takes one form, calls one job, and shows what it did.

Importing this module imports Prefect; call `flows.prefect_environment.prepare_prefect` before.
"""

import datetime as dt
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.deployments.parameters import (
    AssessmentParameters,
    CalibrationParameters,
    RefreshParameters,
    StatisticsParameters,
)
from flows.market_calibration.job import MarketCalibration, calibrate_market
from flows.market_calibration.report import markdown, write_calibration
from flows.refresh.flow import compose
from flows.refresh.request import RefreshRequest
from flows.reports.refresh_report.summary import RefreshSummary
from flows.service_ports import Targets, connect_services
from flows.service_tasks import service_task
from flows.statistics.flow import StatisticsSummary, quarterly_statistics
from services.runtime.channel import open_channel_from
from services.runtime.china_time import CHINA
from services.runtime.settings import load_settings


@flow(name="monthly-refresh", persist_result=False)
def monthly_refresh(parameters: RefreshParameters) -> RefreshSummary:
    """押品重估 · Value an accounts folder, push the schedules to the loans, write the report."""
    request = RefreshRequest(
        Path(parameters.accounts_dir),
        _day(parameters.as_of),
        Path(parameters.out_dir),
        parameters.institution_id,
        parameters.snapshot_id,
    )
    targets = Targets(parameters.target, parameters.target, parameters.institution_id)
    return compose(request, targets, connect_services)


@flow(name="nightly-calibration", persist_result=False)
def nightly_calibration(parameters: CalibrationParameters) -> str:
    """行情校准 · Fit every factor that has a series; stores a candidate snapshot, returns its id."""

    def calibrate() -> MarketCalibration:
        from services.valuation.client import ValuationClient  # noqa: PLC0415  # gRPC is loaded when it is needed

        settings = load_settings(institution_id=parameters.institution_id)
        with open_channel_from(settings, parameters.target) as channel:
            return calibrate_market(
                ValuationClient(channel),
                Path(parameters.series_dir),
                _day(parameters.as_of),
                snapshot_id=parameters.snapshot_id,
            )

    found = service_task("calibrate market", calibrate)()
    write_calibration(found, Path(parameters.out_dir))
    create_markdown_artifact(markdown=markdown(found), key="market-calibration", description="行情校准")
    return found.candidate_id


@flow(name="quarterly-statistics-form", persist_result=False)
def quarterly_statistics_form(parameters: StatisticsParameters) -> StatisticsSummary:
    """绿色贷款专项统计 · The quarter's workbook; closes the quarter if asked to."""
    return quarterly_statistics(
        parameters.target,
        parameters.out_dir,
        institution_id=parameters.institution_id,
        period=parameters.period,
        close=parameters.close,
        accepted_breaks_reason=parameters.accepted_breaks_reason,
    )


@flow(name="yearly-assessment", persist_result=False)
def yearly_assessment(parameters: AssessmentParameters) -> list[str]:
    """GEP 评估 · Totals, growth, realisation and targets of a place's accounts; returns the files."""
    from flows.assessment.pledge_loans import PledgeLoans  # noqa: PLC0415
    from flows.assessment.run import assess_place, loans_of_quarter  # noqa: PLC0415  # loads pandas

    def loans() -> PledgeLoans:
        settings = load_settings(institution_id=parameters.institution_id)
        with open_channel_from(settings, parameters.target) as channel:
            return loans_of_quarter(channel, parameters.period)

    def assessed() -> list[str]:
        accounts_dir, out_dir = Path(parameters.accounts_dir), Path(parameters.out_dir)
        done = assess_place(accounts_dir, parameters.place, out_dir, loans if parameters.period else None)
        return [str(path) for path in done.files]

    files = service_task("assess accounts", assessed)()
    listed = "\n".join(f"- `{path}`" for path in files)
    create_markdown_artifact(
        markdown=f"# {parameters.place} GEP 评估\n\n{listed}", key="gep-assessment", description="GEP 评估"
    )
    return files


def _day(given: dt.date | None) -> dt.date:
    """The given day, or today where the users are."""
    return dt.datetime.now(CHINA).date() if given is None else given
