"""The published cases as the product bundles them: one call from files to findings."""

from dataclasses import dataclass
from pathlib import Path

from flows.published_cases.appraisal import CaseAppraisal
from flows.published_cases.appraise import Appraiser, appraise
from flows.published_cases.assumptions import read_assumptions
from flows.published_cases.case_file import read_cases
from flows.published_cases.cited_figures import read_yardsticks
from flows.published_cases.oddities import find_oddities
from flows.published_cases.oddity import Oddity
from services.runtime.bundled import BUNDLED_DATA

ASSUMPTIONS_TOML = BUNDLED_DATA / "published_cases" / "assumptions.toml"


@dataclass(frozen=True, slots=True)
class PublishedCasesFindings:
    """What the report shows of the published cases.

    Attributes:
        appraisals: one a case, in the order of the file.
        oddities: of single cases and of all together, the gravest kinds first.
    """

    appraisals: tuple[CaseAppraisal, ...]
    oddities: tuple[Oddity, ...]


def appraise_published_cases(
    client: Appraiser,
    *,
    data_folder: Path = BUNDLED_DATA,
    assumptions_toml: Path = ASSUMPTIONS_TOML,
    request_id: str = "",
) -> PublishedCasesFindings:
    """Reads the bundled files, finds the oddities and values every case.

    Args:
        client: of the valuation service.
        data_folder: with published_pledge_cases.csv, carbon_prices_published.csv and published_cases/.
        assumptions_toml: the assumptions; an edited copy may stand anywhere.
        request_id: stores the valuations; a repeat returns the first answer. Empty: nothing is stored.

    Raises:
        InvalidInput: a file is missing or wrong, naming file, place, found and expected.
        EcopledgeError: the service as a whole does not answer.
    """
    cases = read_cases(data_folder / "published_pledge_cases.csv")
    assumptions = read_assumptions(assumptions_toml)
    yardsticks = read_yardsticks(
        data_folder / "carbon_prices_published.csv", data_folder / "published_cases" / "cited_figures.csv"
    )
    oddities = find_oddities(cases, yardsticks)
    appraisals = appraise(cases, assumptions, client, oddities, request_id=request_id)
    return PublishedCasesFindings(appraisals, oddities)
