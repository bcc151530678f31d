"""What the fund puts into projects, and what came of it on the simulated paths."""

from dataclasses import dataclass

from quant.schedules import ExposureSchedule
from services.fund.terms import FundTerms
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Distribution, Manifest

DEFAULT_SEED = 20260821
DEFAULT_PATHS = 5_000
FEWEST_PATHS = 256
MOST_PATHS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Investment:
    """What the fund puts into one project and what it expects from it.

    Attributes:
        project_id, pipeline: the stored project.
        fund_equity_share: of the total investment, paid by the fund as equity.
        debt_share: of the total investment; the rest is equity of others.
        debt_rate_annual: interest, >= 0.
        operations: operating cash of the whole project after cost, as exposures counted from its completion.
        assumptions: behind it, in plain words.
    """

    project_id: str
    pipeline: str
    fund_equity_share: float
    debt_share: float
    debt_rate_annual: float
    operations: ExposureSchedule
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FundSimulation:
    """What is to be simulated.

    Attributes:
        snapshot: factors; its date counts as the first closing.
        terms: of the fund.
        investments: at least one.
        first_year: calendar year of year 0.
        n_paths: 256 to 1,000,000.
        seed: of the scenario universe.
    """

    snapshot: MarketSnapshot
    terms: FundTerms
    investments: tuple[Investment, ...]
    first_year: int
    n_paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED


@dataclass(frozen=True, slots=True)
class PartnerOutcome:
    """Outcome of one recipient over the paths.

    Attributes:
        recipient_id: partner, or "grassroots".
        irr_annual: over the paths on which there is one; None where there is none on any.
        share_without_irr: of the paths.
        tvpi: None where nothing is paid in.
        received_cny: over all years.
        probability_of_loss: share of paths on which less is received than paid in.
    """

    recipient_id: str
    irr_annual: Distribution | None
    share_without_irr: float
    tvpi: Distribution | None
    received_cny: Distribution
    probability_of_loss: float


@dataclass(frozen=True, slots=True)
class JCurvePoint:
    """Net cash of all partners up to a year, CNY."""

    year: int
    cumulated_cny: Distribution


@dataclass(frozen=True, slots=True)
class FundOutcome:
    """Outcome of the fund.

    Attributes:
        partners: recipients in order of the partners.
        j_curve: one point a year.
        called_cny: over all years, fee included.
        leverage_project_to_fund: total investment of the projects over capital called.
        conservation_error_cny: largest difference between cash in and out; 0 up to rounding.
        cautions: warnings.
        manifest: what it takes to compute this again.
        assumptions: behind the figures.
    """

    partners: tuple[PartnerOutcome, ...]
    j_curve: tuple[JCurvePoint, ...]
    called_cny: float
    leverage_project_to_fund: float
    conservation_error_cny: float
    cautions: tuple[Caution, ...]
    manifest: Manifest
    assumptions: tuple[str, ...]

    def partner(self, recipient_id: str) -> PartnerOutcome:
        """The outcome of one recipient.

        Raises:
            KeyError: if there is no such recipient.
        """
        for outcome in self.partners:
            if outcome.recipient_id == recipient_id:
                return outcome
        raise KeyError(
            f"recipient {recipient_id!r}: known are {[outcome.recipient_id for outcome in self.partners]}"
        )
