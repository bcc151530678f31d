"""The refresh without Prefect: read, value in batches what has changed, push schedules to the loans.

Nothing here keeps state on disk: the valuation service knows which assets it has valued on the same inputs, and the
loans service which collateral is the same already. A refresh that was killed is started again from the beginning,
finds what it had done and does the rest; nothing is there twice.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.accounts.folder import Accounts, read_accounts
from flows.accounts.pledges import Pledge
from flows.recorded_value import recorded_value
from flows.refresh.pledge_events import LevelChange, changes_of
from flows.refresh.request import RefreshRequest, run_key, valuation_request_id
from flows.service_ports import Services
from services.runtime.results import Caution
from services.valuation.valuation import Failure, Valuation

if TYPE_CHECKING:
    from services.runtime.market import MarketSnapshot
    from services.valuation.catalogue.asset_kind import AssetKind


@dataclass(frozen=True, slots=True)
class Valued:
    """A pledge and what came of valuing it; `is_reused` where it had been valued on the same inputs before."""

    pledge: Pledge
    outcome: Valuation | Failure
    is_reused: bool = False


@dataclass(frozen=True, slots=True)
class PushedCollateral:
    """What the loans service got.

    Attributes:
        created, updated, unchanged: collateral stored for the first time, with a new schedule, the same already.
        failures: schedules that could not be made.
        loans_missing: loan ids of pledges whose loan the service does not have.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failures: tuple[Failure, ...] = ()
    loans_missing: tuple[str, ...] = ()

    def plus(self, other: "PushedCollateral") -> "PushedCollateral":
        """Both together."""
        return PushedCollateral(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.failures + other.failures,
            self.loans_missing + other.loans_missing,
        )


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """Everything that a refresh found, for the report.

    Attributes:
        key: SHA-256 of what decides the answer; the same for a repeat.
        valued: in the order of the pledge list.
        kinds: the names of the kinds of asset.
        level_changes: loans that valuations of the day moved through a level, by this run or another.
    """

    request: RefreshRequest
    accounts: Accounts
    snapshot_id: str
    snapshot_hash: str
    key: str
    valued: tuple[Valued, ...]
    collateral: PushedCollateral
    kinds: "tuple[AssetKind, ...]"
    level_changes: tuple[LevelChange, ...]

    def valuations(self) -> tuple[Valuation, ...]:
        """What could be valued."""
        return tuple(item.outcome for item in self.valued if isinstance(item.outcome, Valuation))

    @property
    def reused(self) -> int:
        """Pledges that had been valued on the same inputs before."""
        return sum(item.is_reused for item in self.valued)

    def failures(self) -> tuple[Failure, ...]:
        """What could not be valued, and schedules that could not be made."""
        failed = (item.outcome for item in self.valued if isinstance(item.outcome, Failure))
        return (*failed, *self.collateral.failures)

    def cautions(self) -> tuple[tuple[str, Caution], ...]:
        """What each caution is about, and the caution; the accounts' come first."""
        of_accounts = (("accounts", caution) for caution in self.accounts.cautions)
        of_pledges = ((value.asset_id, item) for value in self.valuations() for item in value.cautions)
        return (*of_accounts, *of_pledges)


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """How one batch went; what tasks hand over to Prefect."""

    batch: int
    valued: int
    reused: int
    failed: int
    value_cny: float


class RefreshJob:
    """One refresh, step by step: `read`, `value_batch` for each batch, `push_batch` for each, `result`."""

    def __init__(self, request: RefreshRequest, services: Services) -> None:
        self._request = request
        self._services = services
        self._accounts: Accounts | None = None
        self._snapshot: MarketSnapshot | None = None
        self._key = ""
        self._outcomes: dict[int, tuple[Valued, ...]] = {}
        self._pushed: dict[int, PushedCollateral] = {}
        self._loan_ids: frozenset[str] | None = None

    def read(self) -> int:
        """Read and check the folder, and the market.

        Returns:
            Number of batches.

        Raises:
            InvalidInput: with everything that is wrong with the folder; nothing was sent then.
        """
        self._accounts = read_accounts(self._request.accounts_dir, self._request.as_of)
        self._snapshot = self._services.valuation.get_market_snapshot(self._request.snapshot_id)
        self._key = run_key(
            self._request,
            self._accounts.content_hash,
            self._snapshot.snapshot_id,
            self._snapshot.content_hash(),
        )
        return -(-len(self._accounts.pledges) // self._request.batch_size)

    def value_batch(self, batch: int) -> BatchSummary:
        """Value what of a batch was never valued on the same inputs; a repeat finds all of it."""
        pledges = self._batch(batch)
        assets = [pledge.asset for pledge in pledges]
        how: dict[str, Any] = {
            "valuation_date": self._request.as_of,
            "snapshot_id": self._read_snapshot().snapshot_id,
            "simulation": self._request.simulation,
        }
        found = self._services.valuation.find_valuations(assets, **how)
        missing = [asset for asset, valuation in zip(assets, found, strict=True) if valuation is None]
        fresh: Iterator[Valuation | Failure] = iter(())
        if missing:
            request_id = valuation_request_id(self._key, batch, missing)
            fresh = iter(self._services.valuation.value_assets(missing, **how, request_id=request_id))
        valued = tuple(
            Valued(pledge, next(fresh)) if valuation is None else Valued(pledge, valuation, is_reused=True)
            for pledge, valuation in zip(pledges, found, strict=True)
        )
        self._outcomes[batch] = valued
        values = [item.outcome.value_cny for item in valued if isinstance(item.outcome, Valuation)]
        reused = sum(item.is_reused for item in valued)
        return BatchSummary(batch, len(values), reused, len(valued) - len(values), sum(values))

    def push_batch(self, batch: int) -> PushedCollateral:
        """Push the schedules of one batch's pledges to the loans that exist."""
        valued = [
            item
            for item in self._outcomes[batch]
            if isinstance(item.outcome, Valuation) and item.pledge.loan_id
        ]
        known = self._known_loans()
        missing = tuple(item.pledge.loan_id for item in valued if item.pledge.loan_id not in known)
        known_loans = [item for item in valued if item.pledge.loan_id in known]
        pushed = self._push(known_loans).plus(PushedCollateral(loans_missing=missing))
        self._pushed[batch] = pushed
        return pushed

    def result(self) -> RefreshResult:
        """Everything, once every batch was valued and pushed."""
        collateral = PushedCollateral()
        for batch in sorted(self._pushed):
            collateral = collateral.plus(self._pushed[batch])
        snapshot = self._read_snapshot()
        return RefreshResult(
            self._request,
            self._read_accounts(),
            snapshot.snapshot_id,
            snapshot.content_hash(),
            self._key,
            tuple(valued for batch in sorted(self._outcomes) for valued in self._outcomes[batch]),
            collateral,
            tuple(self._services.valuation.list_asset_kinds()),
            changes_of(self._services.pledges.events(as_of=self._request.as_of)),
        )

    def _push(self, valued: Sequence[Valued]) -> PushedCollateral:
        from services.loans.collateral import Collateral  # noqa: PLC0415  # loads numpy

        if not valued:
            return PushedCollateral()
        snapshot_id = self._read_snapshot().snapshot_id
        schedules = self._services.valuation.get_exposures(
            [item.pledge.asset for item in valued], snapshot_id=snapshot_id
        )
        collateral: list[Collateral] = []
        failures = []
        for item, schedule in zip(valued, schedules, strict=True):
            if isinstance(schedule, Failure):
                failures.append(schedule)
                continue
            pledge, recorded = item.pledge, recorded_value(item.outcome)
            collateral.append(
                Collateral(
                    pledge.asset.asset_id,
                    pledge.loan_id,
                    schedule,
                    self._request.as_of,
                    snapshot_id,
                    pledge.pledged_share,
                    recorded.value_cny,
                    recorded.warning_codes,
                )
            )
        if not collateral:
            return PushedCollateral(failures=tuple(failures))
        # What is the same already is told as unchanged: the content decides, and each run tells what it did.
        counts = self._services.loans.put_collateral(collateral, request_id=uuid.uuid4().hex)
        return PushedCollateral(counts.created, counts.updated, counts.unchanged, tuple(failures))

    def _known_loans(self) -> frozenset[str]:
        if self._loan_ids is None:
            self._loan_ids = frozenset(record.loan.loan_id for record in self._services.loans.list_loans())
        return self._loan_ids

    def _batch(self, batch: int) -> tuple[Pledge, ...]:
        first = batch * self._request.batch_size
        return self._read_accounts().pledges[first : first + self._request.batch_size]

    def _read_accounts(self) -> Accounts:
        if self._accounts is None:
            raise RuntimeError("read() comes first")
        return self._accounts

    def _read_snapshot(self) -> "MarketSnapshot":
        if self._snapshot is None:
            raise RuntimeError("read() comes first")
        return self._snapshot
