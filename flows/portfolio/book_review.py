"""What a review of a book holds before anyone decides how it looks."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from flows.portfolio.request import ReviewRequest
from services.loans.loan import LoanRecord
from services.loans.pledges.event import PledgeEvent
from services.loans.pledges.monitored import PledgeReport
from services.loans.portfolio import PortfolioLoss
from services.loans.quality.capital import CapitalReport
from services.loans.quality.classification_report import BookQuality
from services.loans.quality.credit_loss import CreditLossReport
from services.loans.simulation.link import WrongWayRisk
from services.loans.simulation.stress import PortfolioStress, ReverseStress
from services.loans.synthetic.book import MARK
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Manifest


@dataclass(frozen=True, slots=True)
class ReverseReview:
    """The smallest moves that break a limit.

    Attributes:
        highest_expected_loss_cny: the limit.
        is_assumption: whether nobody gave it, so that twice the expected loss was taken.
        found: the moves.
    """

    highest_expected_loss_cny: float
    is_assumption: bool
    found: ReverseStress


@dataclass(frozen=True, slots=True)
class BookFigures:
    """What the loans service says of a book.

    Attributes:
        loss: distribution of the loss with the share of every loan.
        wrong_way: the book with its collateral linked to its borrowers and cut loose.
        stress: the book in every bundled scenario that fits the snapshot.
        reverse: None where nothing can be lost.
        credit_loss: in three stages.
        capital: three ways.
        quality: five classes; None where no loan has a reported position.
        pledges: levels, fans, margin calls, what to value again.
    """

    loss: PortfolioLoss
    wrong_way: WrongWayRisk
    stress: PortfolioStress
    reverse: ReverseReview | None
    credit_loss: CreditLossReport
    capital: CapitalReport
    quality: BookQuality | None
    pledges: PledgeReport

    def manifests(self) -> Iterator[tuple[str, Manifest]]:
        """Every calculation that has a manifest, by the name of its section."""
        yield "losses", self.loss.manifest
        yield "wrong_way", self.wrong_way.manifest
        yield "stress", self.stress.manifest
        yield "credit_loss", self.credit_loss.manifest
        yield "capital", self.capital.manifest
        yield "monitoring", self.pledges.manifest

    def cautions(self) -> Iterator[tuple[str, Caution]]:
        """Every caution with the name of the section that it is about."""
        for name, cautions in (
            ("losses", self.loss.cautions),
            ("wrong_way", self.wrong_way.cautions),
            ("stress", self.stress.cautions),
            ("credit_loss", self.credit_loss.cautions),
            ("capital", self.capital.cautions),
            ("classes", () if self.quality is None else self.quality.cautions),
            ("monitoring", self.pledges.cautions),
        ):
            for caution in cautions:
                yield name, caution


@dataclass(frozen=True, slots=True)
class BookReview:
    """A book of loans, reviewed.

    Attributes:
        request: what was asked.
        snapshot: market of all figures.
        loans: every loan of the book, in order of id.
        figures: None for an empty book.
        events: re-valuations that moved a loan through a level, the latest last.
    """

    request: ReviewRequest
    snapshot: MarketSnapshot
    loans: tuple[LoanRecord, ...]
    figures: BookFigures | None
    events: tuple[PledgeEvent, ...]

    @property
    def n_synthetic(self) -> int:
        """Loans that were drawn for a demonstration."""
        return sum(1 for record in self.loans if record.loan.name.startswith(MARK))

    def replay_id(self) -> str:
        """Names question and answers: the same book on the same market gives the same id, another figure another.

        Moments of recording and events are left out, for they are told and not computed.
        """
        content = msgspec.json.encode(
            (self.request, self.snapshot.content_hash(), self.figures), order="deterministic"
        )
        return f"portfolio-{hashlib.sha256(content).hexdigest()[:32]}"
