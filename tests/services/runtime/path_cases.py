"""Workers for tests: ranges of paths in this process, handed over and back as another process would get them."""

import pickle
from collections.abc import Callable, Iterator
from typing import Any

from services.runtime.workers.port import path_ranges


class RangesHere:
    """Simulates so many ranges one after the other, and remembers them."""

    def __init__(self, n_ranges: int) -> None:
        self.n_ranges = n_ranges
        self.ranges: list[tuple[int, int]] = []

    def run(
        self,
        step: Callable[[Any, int, int], Any],
        shared: Any,
        n_paths: int,
        *,
        multiple: int = 1,
        largest: int | None = None,
        check_alive: Callable[[], None] = lambda: None,
    ) -> Iterator[tuple[int, int, Any]]:
        work, taken = pickle.dumps((step, shared)), []
        self.ranges = list(path_ranges(n_paths, self.n_ranges, multiple=multiple, largest=largest))
        for first, n in self.ranges:
            check_alive()
            here, everything = pickle.loads(work)  # noqa: S301  # written above
            taken.append((first, n, pickle.dumps(here(everything, first, n))))
        for first, n, part in taken:
            yield first, n, pickle.loads(part)  # noqa: S301  # written above
