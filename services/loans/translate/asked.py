"""What every question about the losses of a book has on the wire: market, day, loans, paths and seed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ecopledge.loans.v1 import loans_pb2, monitoring_pb2, quality_pb2, stress_pb2
from services.loans.portfolio import DEFAULT_SEED, MAX_SEED
from services.loans.translate.loan import MAX_ROWS, as_of_to_wire
from services.runtime.market import MarketSnapshot
from services.runtime.violations import Violations
from services.runtime.wire.market import snapshot_from_wire, snapshot_to_wire
from services.runtime.wire.values import date_from_wire

LAST_DAY = dt.date(9899, 12, 31)
"""Horizons, due dates and days of new valuations that are counted from a day up to it are within the calendar."""

Asking = (
    loans_pb2.SimulatePortfolioRequest
    | monitoring_pb2.MonitorPledgesRequest
    | quality_pb2.MeasureCapitalRequest
    | quality_pb2.MeasureCreditLossRequest
    | stress_pb2.BookSimulation
)


class Question(Protocol):
    """A question as the domain knows it."""

    @property
    def snapshot(self) -> MarketSnapshot:
        """The market."""

    @property
    def as_of(self) -> dt.date | None:
        """Day of the book; None for the snapshot's."""

    @property
    def loan_ids(self) -> tuple[str, ...]:
        """Only these; empty for all."""

    @property
    def n_paths(self) -> int:
        """Number of paths."""

    @property
    def seed(self) -> int:
        """Of the scenario universe."""


@dataclass(frozen=True, slots=True)
class Draws:
    """How many paths a question may ask for, and how many it gets where it says nothing.

    Attributes:
        default_paths, fewest_paths, most_paths: number of paths.
        in_pairs: whether the paths must be even in number.
    """

    default_paths: int
    fewest_paths: int
    most_paths: int
    in_pairs: bool = False


@dataclass(frozen=True, slots=True)
class AskedBook:
    """What was read; without a snapshot there is a violation that says why."""

    read_snapshot: MarketSnapshot | None
    as_of: dt.date | None
    loan_ids: tuple[str, ...]
    n_paths: int
    seed: int

    @property
    def snapshot(self) -> MarketSnapshot:
        """The market, once the violations have been raised."""
        assert self.read_snapshot is not None  # noqa: S101  # every reason for None is a violation; tells mypy
        return self.read_snapshot


def asked_from_wire(message: Asking, violations: Violations, draws: Draws) -> AskedBook:
    """What a message asks; everything wrong with it is noted.

    Args:
        message: a request, or the part of it that is about a book.
        violations: at the place of the message.
        draws: what may be asked for.
    """
    snapshot = snapshot_from_wire(message.snapshot, violations.at("snapshot"))
    as_of = violations.collect("as_of", date_from_wire, message.as_of) if message.HasField("as_of") else None
    _require_within_calendar(violations, snapshot, as_of)
    require_ids(violations, "loan_ids", message.loan_ids, MAX_ROWS)
    n_paths = message.n_paths if message.HasField("n_paths") else draws.default_paths
    fits = violations.require_range("n_paths", n_paths, draws.fewest_paths, draws.most_paths)
    if fits and draws.in_pairs:
        violations.require(n_paths % 2 == 0, "n_paths", f"found {n_paths}, expected an even number")
    seed = message.seed if message.HasField("seed") else DEFAULT_SEED
    violations.require(seed <= MAX_SEED, "seed", f"found {seed}, expected at most {MAX_SEED}")
    return AskedBook(snapshot, as_of, tuple(message.loan_ids), n_paths, seed)


def _require_within_calendar(
    violations: Violations, snapshot: MarketSnapshot | None, as_of: dt.date | None
) -> None:
    """Note a day of the book whose years ahead leave the calendar."""
    day, field = (
        (snapshot.as_of, "snapshot.as_of") if as_of is None and snapshot is not None else (as_of, "as_of")
    )
    if day is not None:
        violations.require(day <= LAST_DAY, field, f"found {day}, expected a day up to {LAST_DAY}")


def asked_to_wire(question: Question) -> dict[str, Any]:
    """The fields that say the same in every message of a question."""
    return {
        "snapshot": snapshot_to_wire(question.snapshot),
        "as_of": as_of_to_wire(question.as_of),
        "loan_ids": question.loan_ids,
        "n_paths": question.n_paths,
        "seed": question.seed,
    }


def require_ids(violations: Violations, field: str, ids: Sequence[str], most: int) -> None:
    """Note ids that are too many or not distinct."""
    violations.require_max_length(field, ids, most)
    violations.require(len(set(ids)) == len(ids), field, "found an id twice, expected each once")
