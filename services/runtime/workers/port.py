"""Where ranges of paths are simulated: the port that the engines see.

An engine that is given no workers simulates on threads of its own process. Workers change nothing but the time: a
range is a pure function of what it is handed, draws are addressed by path, and parts add up to the same bits.
"""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

Shared = TypeVar("Shared")
Part = TypeVar("Part")

Step = Callable[[Shared, int, int], Part]
"""Simulates a range: (what all ranges share, first path, number of paths) -> its part; a function of a module."""


class PathWorkers(Protocol):
    """Threads, processes or machines that simulate ranges of paths."""

    def run(
        self,
        step: "Step[Shared, Part]",
        shared: Shared,
        n_paths: int,
        *,
        multiple: int = 1,
        largest: int | None = None,
        check_alive: Callable[[], None] = lambda: None,
    ) -> Iterator[tuple[int, int, Part]]:
        """Simulate paths 0 to n_paths - 1; whoever closes the iterator stops the work.

        Args:
            step: simulates one range.
            shared: handed to every range.
            n_paths: of all ranges.
            multiple: every range but the last has a multiple of so many paths.
            largest: most paths of a range; None for no limit.
            check_alive: called while waiting; what it raises ends the work.

        Yields:
            first path, number of paths and part of each range, in order of the paths.

        Raises:
            Unavailable: there are no workers, or they went away.
            FailedPrecondition: a worker would compute other bits.
            ResourceExhausted: a range ended worker after worker.
        """
        ...


def path_ranges(
    n_paths: int, n_ranges: int, *, multiple: int = 1, largest: int | None = None
) -> tuple[tuple[int, int], ...]:
    """First path and number of paths of about so many equal ranges.

    Args:
        n_paths: of all ranges, >= 1.
        n_ranges: wanted, >= 1; more where a range would be too large, fewer where it would be smaller than `multiple`.
        multiple: every range but the last has a multiple of so many paths.
        largest: most paths of a range, at least `multiple`; None for no limit.

    Raises:
        ValueError: if a number is outside its domain.
    """
    for name, number in (("n_paths", n_paths), ("n_ranges", n_ranges), ("multiple", multiple)):
        if number < 1:
            raise ValueError(f"{name}: found {number}, expected at least 1")
    if largest is not None and largest < multiple:
        raise ValueError(f"largest: found {largest}, expected at least the multiple, {multiple}")
    groups = -(-n_paths // multiple)
    size = -(-groups // n_ranges) * multiple
    if largest is not None:
        size = min(size, largest // multiple * multiple)
    return tuple((first, min(size, n_paths - first)) for first in range(0, n_paths, size))
