"""The assessment from folder to files, with the loans of a quarter where they are asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.accounts.problems import in_folder
from flows.assessment.account_years import read_account_years
from flows.assessment.assessment import Assessment, assess
from flows.assessment.pledge_loans import PledgeLoans, pledge_loans
from flows.assessment.targets import read_targets, targets_of
from flows.reports.assessment_report import write_assessment

if TYPE_CHECKING:
    import grpc


@dataclass(frozen=True, slots=True)
class PlaceAssessment:
    """What was assessed and written.

    Attributes:
        loans: against GEP and VEP; None where no quarter was asked for.
        files: the report.
    """

    assessment: Assessment
    loans: PledgeLoans | None
    files: tuple[Path, ...]


def assess_place(
    accounts_dir: Path, place: str, out_dir: Path, ask_loans: Callable[[], PledgeLoans] | None = None
) -> PlaceAssessment:
    """Assess a place's accounts and write the report.

    Args:
        accounts_dir: accounts by year.
        place: as data/policy_targets.csv names it.
        out_dir: folder of the report.
        ask_loans: gives the loans of a quarter; called once the accounts were found right.

    Raises:
        InvalidInput: with everything that is wrong; nothing was written then.
        OSError: the folder cannot be written or the disk is full; the files before stay.
    """
    targets = targets_of(place, read_targets())
    with in_folder(accounts_dir):
        accounts = read_account_years(accounts_dir)
    assessment = assess(place.strip(), accounts, targets)
    loans = None if ask_loans is None else ask_loans()
    files = write_assessment(assessment, accounts, loans, out_dir)
    return PlaceAssessment(assessment, loans, files)


def loans_of_quarter(channel: "grpc.Channel", period: str) -> PledgeLoans:
    """The loans against GEP and VEP of a quarter such as "2026Q3", from the loans service behind a channel.

    Raises:
        ValueError: the period is no quarter.
        Unavailable: the service is not there.
    """
    from services.loans.statistics.client import StatisticsClient  # noqa: PLC0415  # gRPC when it is needed
    from services.loans.statistics.quarter import Quarter  # noqa: PLC0415

    return pledge_loans(StatisticsClient(channel).report(Quarter.read(period)).statistics)
