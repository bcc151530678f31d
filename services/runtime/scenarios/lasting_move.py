"""What a reverse stress finds, as scenarios of the language that a stress test reads.

A lasting move of a factor is its level times a multiplier from today on, which is what `LevelShock` says.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.runtime.evidence import Evidence, Source
from services.runtime.market import MarketSnapshot
from services.runtime.scenarios.rules import HIGHEST_MULTIPLIER, LONGEST_NAME
from services.runtime.scenarios.scenario import LevelShock, Scenario

_FARTHEST_LOG = math.log(HIGHEST_MULTIPLIER)


@dataclass(frozen=True, slots=True)
class FactorMove:
    """A lasting move of one factor: its log by so many standard deviations, its level times the multiplier."""

    factor: str
    standard_deviations: float
    multiplier: float


@dataclass(frozen=True, slots=True)
class BrokenLimit:
    """Which limit was asked about, for the people who read the scenarios.

    Attributes:
        subject: the asset, empty for a book of loans.
        words: of a figure that reaches its limit, such as "the expected loss reaches 5,000,000 CNY".
        basis: what the search stood on: snapshot, horizon, paths, seed.
    """

    subject: str
    words: str
    basis: str


def worlds_at_limit(
    limit: BrokenLimit,
    snapshot: MarketSnapshot,
    single: Iterable[FactorMove],
    joint: Iterable[FactorMove],
    joint_distance: float | None,
) -> tuple[Scenario, ...]:
    """The worlds in which the limit is reached: the joint move first, then each factor alone, the smallest first.

    Args:
        limit: that is reached.
        snapshot: of the base market, which says what people call its factors.
        single: moves of one factor, the others at rest, the smallest first.
        joint: the moves of all factors together.
        joint_distance: size of the joint move; None where there is none.

    Returns:
        Scenarios named "reverse-joint", "reverse-1-<factor>", "reverse-2-<factor>", ...; none where no move was found.
    """
    words = {factor.name: (factor.label_zh, factor.label_en) for factor in snapshot.primary_factors}
    return tuple(_worlds(limit, words, tuple(single), tuple(joint), joint_distance))


def _worlds(
    limit: BrokenLimit,
    words: Mapping[str, tuple[str, str]],
    single: tuple[FactorMove, ...],
    joint: tuple[FactorMove, ...],
    joint_distance: float | None,
) -> Iterator[Scenario]:
    if joint_distance is not None:
        size = f"the joint move, distance {joint_distance:.2f}"
        yield _world("reverse-joint", ("联合变动", "joint move"), limit, size, joint)
    for rank, move in enumerate(single, start=1):
        size = f"{move.factor} alone, {move.standard_deviations:+.2f} standard deviations"
        zh, en = (name or move.factor for name in words.get(move.factor, ("", "")))
        alone = (f"{zh}单独变动", f"{en} alone")
        yield _world(f"reverse-{rank}-{move.factor}"[:LONGEST_NAME], alone, limit, size, (move,))


def _world(
    name: str, words: tuple[str, str], limit: BrokenLimit, size: str, moves: Iterable[FactorMove]
) -> Scenario:
    of = f" {limit.subject}" if limit.subject else ""
    return Scenario(
        name,
        f"反向压力{of}：{words[0]}",
        f"reverse stress{of}: {words[1]}",
        (
            Source(
                "levels",
                Evidence.DERIVED,
                f"smallest lasting move at which {limit.words}: {size}; {limit.basis}",
            ),
        ),
        levels=tuple(shock for move in moves for shock in _shocks(move)),
    )


def _shocks(move: FactorMove) -> Iterator[LevelShock]:
    """One shock, or equal ones after each other where a single one may not say as much."""
    log_shift = math.log(move.multiplier)
    n_shocks = max(1, math.ceil(abs(log_shift) / _FARTHEST_LOG))
    step = move.multiplier if n_shocks == 1 else math.exp(log_shift / n_shocks)
    for _ in range(n_shocks):
        yield LevelShock(move.factor, step)
