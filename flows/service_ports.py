"""What the flows need of the services: small ports that the services' clients satisfy."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from services.valuation.asset import Asset
from services.valuation.valuation import Failure, Simulation, Valuation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quant.schedules import ExposureSchedule
    from services.loans.collateral import Collateral
    from services.loans.loan import LoanRecord, PutCounts
    from services.loans.pledges.event import PledgeEvent
    from services.runtime.market import MarketSnapshot
    from services.valuation.catalogue.asset_kind import AssetKind


class ValuationPort(Protocol):
    """The calls of the valuation service that a refresh makes."""

    def get_market_snapshot(self, snapshot_id: str = "") -> "MarketSnapshot":
        """The snapshot with an id; the standard one for none."""
        ...

    def value_assets(
        self,
        assets: Sequence[Asset],
        *,
        valuation_date: dt.date | None = None,
        snapshot_id: str = "",
        simulation: Simulation | None = None,
        request_id: str = "",
    ) -> Sequence[Valuation | Failure]:
        """A valuation or a failure for each asset; stored under the request id, and a repeat gives the first answer."""
        ...

    def find_valuations(
        self,
        assets: Sequence[Asset],
        *,
        valuation_date: dt.date | None = None,
        snapshot_id: str = "",
        simulation: Simulation | None = None,
    ) -> Sequence[Valuation | None]:
        """For each asset the newest stored valuation on the same inputs, None where there is none."""
        ...

    def get_exposures(
        self, assets: Sequence[Asset], *, snapshot_id: str = ""
    ) -> "Sequence[ExposureSchedule | Failure]":
        """A schedule or a failure for each asset."""
        ...

    def list_asset_kinds(self) -> "Sequence[AssetKind]":
        """Every kind with its names."""
        ...


class LoansPort(Protocol):
    """The calls of the loans service that a refresh makes."""

    def list_loans(self) -> "Iterable[LoanRecord]":
        """Every loan of the institution."""
        ...

    def put_collateral(self, collateral: "Sequence[Collateral]", *, request_id: str) -> "PutCounts":
        """Store collateral, all or nothing; a repeat gives the first answer."""
        ...


class PledgeEventsPort(Protocol):
    """What a refresh asks of the monitoring of pledges."""

    def events(self, *, as_of: dt.date | None = None) -> "Iterable[PledgeEvent]":
        """Loans that a valuation of the day moved through a level, in the order of recording."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The services that a refresh talks to."""

    valuation: ValuationPort
    loans: LoansPort
    pledges: PledgeEventsPort


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the services are.

    Attributes:
        valuation, loans: `host:port`; the same one where one server offers both.
        institution_id: whom the calls are made for.
    """

    valuation: str
    loans: str
    institution_id: str


Connect = Callable[[Targets], AbstractContextManager[Services]]


@contextmanager
def connect_services(targets: Targets) -> "Iterator[Services]":
    """Open the channels, and close them at the end."""
    from services.loans.client import LoansClient  # noqa: PLC0415  # gRPC is loaded when it is needed
    from services.loans.pledges.client import PledgeClient  # noqa: PLC0415
    from services.runtime.channel import open_channel_from  # noqa: PLC0415
    from services.runtime.settings import load_settings  # noqa: PLC0415
    from services.valuation.client import ValuationClient  # noqa: PLC0415

    settings = load_settings(institution_id=targets.institution_id)
    with (
        open_channel_from(settings, targets.valuation) as valuation,
        open_channel_from(settings, targets.loans) as loans,
    ):
        yield Services(ValuationClient(valuation), LoansClient(loans), PledgeClient(loans))
