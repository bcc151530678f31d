"""The assessment from folder to files, with the loans of a quarter where one is named."""

from pathlib import Path

from flows.assessment.account_years import read_account_years
from flows.assessment.assessment import assess
from flows.assessment.pledge_loans import PledgeLoans, pledge_loans
from flows.assessment.targets import read_targets, targets_of
from flows.reports.assessment_report import build_assessment_document, write_assessment


def assess_place(
    accounts_dir: Path, place: str, out_dir: Path, *, period: str, target: str, institution_id: str
) -> tuple[Path, ...]:
    """Assess a place's accounts and write the report.

    Args:
        accounts_dir: accounts by year.
        place: as data/policy_targets.csv names it.
        out_dir: folder of the report.
        period: quarter of the loans; empty for none.
        target: `host:port` of the loans service; asked only where a quarter is named.
        institution_id: whose loans.

    Raises:
        InvalidInput: with everything that is wrong.
    """
    targets = targets_of(place, read_targets())
    accounts = read_account_years(accounts_dir)
    loans = _loans(period, target, institution_id) if period else None
    assessment = assess(place.strip(), accounts, targets)
    return write_assessment(build_assessment_document(assessment, accounts, loans), out_dir)


def _loans(period: str, target: str, institution_id: str) -> PledgeLoans:
    from services.loans.statistics.client import StatisticsClient  # noqa: PLC0415  # gRPC when it is needed
    from services.loans.statistics.quarter import Quarter  # noqa: PLC0415
    from services.runtime.channel import open_channel_from  # noqa: PLC0415
    from services.runtime.settings import load_settings  # noqa: PLC0415

    with open_channel_from(load_settings(institution_id=institution_id), target) as channel:
        return pledge_loans(StatisticsClient(channel).report(Quarter.read(period)).statistics)
