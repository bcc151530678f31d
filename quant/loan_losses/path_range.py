"""A range of paths of a loss simulation: simulated anywhere, added anywhere, and the sum does not tell where.

Draws are addressed by path, and sums of loans over paths are whole numbers: ranges may come from other threads,
processes or machines of the same kind, in any order.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quant.loan_losses.events import Chunks, count_events
from quant.loan_losses.fans import BookCover
from quant.loan_losses.loss_sums import LoanSums, PathSums
from quant.loan_losses.path_sampling import PathSampler
from quant.loan_losses.prepared_book import PreparedBook
from quant.schedules import Array


@dataclass(frozen=True, slots=True, eq=False)
class LossPart:
    """What a range of paths found.

    Attributes:
        first_path: number of its first path.
        paths: sums of each path.
        loans: sums of each loan over the paths, whole numbers.
        weights: of each path, [n_paths].
        ltv: loan to value, [n_paths, n_periods]; no columns where the book is not followed over time.
    """

    first_path: int
    paths: PathSums
    loans: LoanSums
    weights: Array
    ltv: Array

    @property
    def n_paths(self) -> int:
        """Paths of the range."""
        return len(self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class PathWork:
    """All that it takes to simulate any range of paths; another process can be handed it.

    Attributes:
        prepared: the book in its market.
        sampler: draws the paths.
        collateral_sampler: draws what collateral sees, where that is not what borrowers see.
        fans: whether the book is followed over time.
        per_unit: whole units in one CNY, a power of 2.
        block_paths: paths at a time.
        cover: loan to value of the book.
        chunks: borrowers in chunks.
    """

    prepared: PreparedBook
    sampler: PathSampler
    collateral_sampler: Callable[[int, int, Array], Array] | None
    fans: bool
    per_unit: float
    block_paths: int
    cover: BookCover
    chunks: Chunks

    def seen(self, first: int, n: int, states: Array) -> Array | None:
        """States that collateral sees; None where they are those of the borrowers."""
        return None if self.collateral_sampler is None else self.collateral_sampler(first, n, states)

    def simulate_block(
        self, first: int, n: int, paths: PathSums, loans: LoanSums
    ) -> tuple[Array, Array | None]:
        """Simulate a block of paths into given sums.

        Args:
            first: number of its first path.
            n: paths.
            paths: receives the sums of each of these paths.
            loans: receives what the block adds to each loan.

        Returns:
            weights [n] and loan to value [n, n_periods], None where the book is not followed over time.
        """
        states, weights = self.sampler.draw(first, n)
        block = self.prepared.block(
            np.arange(first, first + n), self.sampler.seed, states, self.seen(first, n, states),
            weights=weights, per_unit=self.per_unit,
        )  # fmt: skip
        count_events(block, self.chunks, self.fans, paths, loans)
        return weights, self.cover.ltv(block.cells) if self.fans else None

    def replay_block(
        self, first: int, path_weights: Array, loans: LoanSums, unpaid: Array, bank_share: float
    ) -> None:
        """Go through a block again and count its chosen paths alone, with other weights.

        Args:
            first: number of its first path.
            path_weights: >= 0, 0 for a path that is not chosen, [n].
            loans: receives what the chosen paths add to each loan.
            unpaid: share of its claims that each fund does not pay, [n, n_funds].
            bank_share: of the bank's loss before caps of funds that is counted.
        """
        chosen = np.flatnonzero(path_weights)
        if len(chosen) == 0:
            return
        states, _ = self.sampler.draw(first, len(path_weights))
        seen = self.seen(first, len(path_weights), states)
        block = self.prepared.block(
            first + chosen, self.sampler.seed, states[:, :, chosen], None if seen is None else seen[:, :, chosen],
            weights=path_weights[chosen], per_unit=self.per_unit, bank_share=bank_share, unpaid=unpaid[chosen],
        )  # fmt: skip
        claims_again = PathSums.zeros(len(chosen), 0, unpaid.shape[1])
        count_events(block, self.chunks, False, claims_again, loans)

    def empty_paths(self, n_paths: int) -> PathSums:
        """Sums of so many paths, nothing summed yet."""
        book = self.prepared.book
        return PathSums.zeros(n_paths, book.n_periods if self.fans else 0, len(book.fund_cap_cny))

    def empty_loans(self) -> LoanSums:
        """Sums of the loans, nothing summed yet."""
        return LoanSums.zeros(len(self.prepared.credit.loan_of_slot))


def simulate_part(work: PathWork, first_path: int, n_paths: int) -> LossPart:
    """Simulate paths first_path, first_path + 1, ... on one thread.

    Raises:
        ValueError: if n_paths is below 1.
    """
    if n_paths < 1:
        raise ValueError(f"n_paths: found {n_paths}, expected at least 1")
    paths, loans = work.empty_paths(n_paths), work.empty_loans()
    weights, ltv = np.ones(n_paths), np.zeros(paths.defaulted.shape)
    for start in range(0, n_paths, work.block_paths):
        n = min(work.block_paths, n_paths - start)
        span = slice(start, start + n)
        weights[span], cover = work.simulate_block(first_path + start, n, paths.part(span), loans)
        if cover is not None:
            ltv[span] = cover
    return LossPart(first_path, paths, loans, weights, ltv)
