"""The simulation: blocks of paths on several threads, sums that leave no trace of either.

Sums of loans over paths are whole numbers of a tiny unit (`loss_sums`), so that they come out the same in any order;
sums of a path belong to one block. A block size or a number of threads therefore does not change a bit of any result.
"""

import math
import queue
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from quant.credit_risk.tail_risk import TailEstimate, tail_estimate, weighted_tail_estimate
from quant.loan_losses.block_size import fitting_block
from quant.loan_losses.book import Flags
from quant.loan_losses.events import Chunks
from quant.loan_losses.expected_collateral import expected_collateral
from quant.loan_losses.fans import BookCover, Fan, npl_ratios
from quant.loan_losses.loss_sums import MOST_PATHS, WEIGHT_UNIT, LoanSums, units_per_cny
from quant.loan_losses.path_range import LossPart, PathWork
from quant.loan_losses.path_sampling import PathSampler
from quant.loan_losses.prepared_book import PreparedBook
from quant.schedules import Array

_ROUNDING = 1e-12
REPORTED_CONFIDENCES = (0.95, 0.99, 0.999)


@dataclass(frozen=True, slots=True, eq=False)
class LossSummary:
    """What a simulation found; CNY, undiscounted, over all periods.

    Attributes:
        n_paths: paths it stands on.
        expected_loss, expected_loss_error: mean of the bank's loss and its standard error.
        unexpected_loss: standard deviation of the loss.
        tail: at 95, 99 and 99.9 %.
        effective_paths: (sum w)^2 / sum w^2; the number of paths where all weigh 1.
        loan_expected_loss: [n_loans]; adds up to the expected loss.
        loan_default_share: probability that each loan defaults, [n_loans].
        loan_collateral_mean: expected collateral, weighted by when the loan would default, [n_loans].
        loan_collateral_in_default: mean collateral where it defaults, nan if it never did, [n_loans].
        npl, ltv: fans of the ratio of non-performing to all exposure and of loan to value; None where not asked for.
        fund_payments: mean payment of each compensation fund with a cap, [n_funds]; 0 for one without.
        fund_exhausted: probability that the cap of each is reached, [n_funds].
        n_defaults: defaults of loans that were simulated.
        path_losses: the bank's loss on every path, [n_paths].
        path_weights: of every path, mean 1, [n_paths].
    """

    n_paths: int
    expected_loss: float
    expected_loss_error: float
    unexpected_loss: float
    tail: tuple[TailEstimate, ...]
    effective_paths: float
    loan_expected_loss: Array
    loan_default_share: Array
    loan_collateral_mean: Array
    loan_collateral_in_default: Array
    npl: Fan | None
    ltv: Fan | None
    fund_payments: Array
    fund_exhausted: Array
    n_defaults: int
    path_losses: Array
    path_weights: Array


class LossSimulation:
    """A simulation that runs block by block.

    Args:
        prepared: the book in its market.
        sampler: draws the paths.
        n_paths: number of paths, 1 to MOST_PATHS.
        collateral_sampler: draws what collateral sees, where that is not what borrowers see.
        fans: whether to follow the book over time; costs about a tenth.
        n_threads: blocks at work at a time.
        block_paths: paths at a time; chosen for the processor's cache when absent.

    Attributes:
        work: what it takes to simulate any of its paths elsewhere.

    Raises:
        ValueError: if a number is below 1, or there are more paths than sums of loans have bits for.
    """

    def __init__(
        self,
        prepared: PreparedBook,
        sampler: PathSampler,
        n_paths: int,
        *,
        collateral_sampler: Callable[[int, int, Array], Array] | None = None,
        fans: bool = True,
        n_threads: int = 1,
        block_paths: int | None = None,
    ) -> None:
        for name, number in (("n_paths", n_paths), ("n_threads", n_threads), ("block_paths", block_paths)):
            if number is not None and number < 1:
                raise ValueError(f"{name}: found {number}, expected at least 1")
        if n_paths > MOST_PATHS:
            raise ValueError(f"n_paths: found {n_paths}, expected at most {MOST_PATHS}")
        self._prepared, self._sampler, self._n_paths = prepared, sampler, n_paths
        self._fans, self._n_threads = fans, n_threads
        self._per_unit = units_per_cny(prepared.exposure.max(axis=1, initial=0.0))
        self._block_paths = fitting_block(prepared) if block_paths is None else block_paths
        self.work = PathWork(
            prepared, sampler, collateral_sampler, fans, self._per_unit, self._block_paths,
            BookCover.of(prepared), Chunks.of(prepared.credit),
        )  # fmt: skip
        self._paths = self.work.empty_paths(n_paths)
        self._ltv = np.zeros(self._paths.defaulted.shape)
        self._weights = np.ones(n_paths)
        self._free: queue.SimpleQueue[LoanSums] = queue.SimpleQueue()
        self._loans = [self.work.empty_loans() for _ in range(n_threads)]
        for sums in self._loans:
            self._free.put(sums)

    def run(self) -> Generator[int, None, None]:
        """Simulate block after block; yields how many paths are done after each. Closing it ends the work."""
        waiting: list[tuple[int, Future[None]]] = []
        done = 0
        with ThreadPoolExecutor(self._n_threads) as pool:
            try:
                for first in range(0, self._n_paths, self._block_paths):
                    n = min(self._block_paths, self._n_paths - first)
                    waiting.append((n, pool.submit(self._simulate_block, first, n)))
                    if len(waiting) > self._n_threads:
                        done += _finished(waiting.pop(0))
                        yield done
                while waiting:
                    done += _finished(waiting.pop(0))
                    yield done
            finally:
                for _, future in waiting:
                    future.cancel()

    def add(self, part: LossPart) -> None:
        """Take up a range of paths that was simulated elsewhere by `work`, in place of `run`; each path once.

        Ranges may come in any order: which they were leaves no trace in the result.
        """
        span = slice(part.first_path, part.first_path + part.n_paths)
        for mine, found in zip(self._paths.part(span), part.paths, strict=True):
            mine[...] = found
        self._weights[span], self._ltv[span] = part.weights, part.ltv
        for mine, found in zip(self._loans[0], part.loans, strict=True):
            np.add(mine, found, out=mine)

    def summary(self) -> LossSummary:
        """The result, once `run` has ended."""
        prepared, n = self._prepared, self._n_paths
        losses, weights = self.path_losses(), self._weights
        weighted = losses * weights
        whole = LoanSums.total(self._loans)
        defaults = whole.defaults / WEIGHT_UNIT
        collateral = whole.collateral / prepared.slots["collateral_units"]
        in_default = np.full(len(defaults), np.nan)
        np.divide(collateral, defaults, out=in_default, where=defaults > 0.0)
        plain = self._sampler.direction is None
        # Shares are taken of the weight that was drawn: of n paths, few tilted ones could tell a share above 1.
        weight = float(weights.sum())
        mean = float(weighted.mean())
        ordered = np.sort(losses) if plain else losses
        return LossSummary(
            n_paths=n,
            expected_loss=mean,
            expected_loss_error=float(weighted.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0,
            unexpected_loss=_deviation(losses, weights, mean),
            tail=tuple(
                tail_estimate(ordered, confidence)
                if plain
                else weighted_tail_estimate(losses, weights, confidence)
                for confidence in REPORTED_CONFIDENCES
            ),
            effective_paths=float(weights.sum() ** 2 / (weights**2).sum()),
            loan_expected_loss=prepared.by_loan(self._loan_losses() / n),
            loan_default_share=prepared.by_loan(np.minimum(defaults / weight, 1.0)),
            loan_collateral_mean=expected_collateral(prepared, self._sampler.seed),
            loan_collateral_in_default=prepared.by_loan(in_default, np.nan),
            npl=self._npl() if self._fans else None,
            ltv=self._ltv_fan() if self._fans else None,
            fund_payments=self._fund_payments(),
            fund_exhausted=(self._is_exhausted() * weights[:, None]).sum(axis=0) / weight,
            n_defaults=int(self._paths.events.sum()),
            path_losses=losses,
            path_weights=weights,
        )

    def fund_claims(self) -> Array:
        """Claims on every fund with a cap on every path, whatever it can pay; 0 for one without, [n_paths, n_funds]."""
        return self._paths.claims

    def path_losses(self) -> Array:
        """The bank's loss on every path, what funds could not pay included, [n_paths]."""
        short = np.maximum(self._paths.claims - self._prepared.book.fund_cap_cny, 0.0)
        losses: Array = self._paths.loss / self._per_unit + short.sum(axis=1)
        return losses

    def weighted_loan_losses(self, path_weights: Array, *, bank_share: float = 1.0) -> Array:
        """Sum of weight times loss of every loan over chosen paths, by replay, [n_loans].

        Args:
            path_weights: of every path, >= 0, 0 where it does not count, [n_paths].
            bank_share: 0 leaves only what funds could not pay.
        """
        whole = float(path_weights.sum())
        if not whole > 0.0:
            return np.zeros(len(self._prepared.book))
        # Counted as finely as in the run: on the whole a path weighs 1 there.
        scale = self._n_paths / whole
        over = np.maximum(self._paths.claims - self._prepared.book.fund_cap_cny, 0.0)
        unpaid = np.divide(over, self._paths.claims, out=np.zeros_like(over), where=over > 0.0)
        spare: queue.SimpleQueue[LoanSums] = queue.SimpleQueue()
        parts = [self.work.empty_loans() for _ in range(self._n_threads)]
        for part in parts:
            spare.put(part)

        def replay(first: int) -> None:
            span = slice(first, first + self._block_paths)
            sums = spare.get()
            try:
                self.work.replay_block(first, path_weights[span] * scale, sums, unpaid[span], bank_share)
            finally:
                spare.put(sums)

        with ThreadPoolExecutor(self._n_threads) as pool:
            list(pool.map(replay, range(0, self._n_paths, self._block_paths)))
        losses: Array = LoanSums.total(parts).loss / (self._per_unit * scale)
        return self._prepared.by_loan(losses)

    def _simulate_block(self, first: int, n: int) -> None:
        span = slice(first, first + n)
        sums = self._free.get()
        try:
            self._weights[span], ltv = self.work.simulate_block(first, n, self._paths.part(span), sums)
        finally:
            self._free.put(sums)
        if ltv is not None:
            self._ltv[span] = ltv

    def _loan_losses(self) -> Array:
        """Weighted sum of the losses of every slot, [n_slots]."""
        losses: Array = LoanSums.total(self._loans).loss / self._per_unit
        exhausted = self._is_exhausted().any(axis=1)
        if exhausted.any():
            short = self.weighted_loan_losses(np.where(exhausted, self._weights, 0.0), bank_share=0.0)
            losses = losses + short[self._prepared.credit.loan_of_slot]
        return losses

    def _is_exhausted(self) -> Flags:
        """Which funds cannot pay all, [n_paths, n_funds]; the sum of claims that just fill a cap may round above it."""
        beyond: Flags = self._paths.claims > self._prepared.book.fund_cap_cny * (1.0 + _ROUNDING)
        return beyond

    def _fund_payments(self) -> Array:
        cap = self._prepared.book.fund_cap_cny
        paid: Array = (np.minimum(self._paths.claims, cap) * self._weights[:, None]).mean(axis=0)
        return paid

    def _npl(self) -> Fan:
        book = self._prepared.book
        scheduled = book.exposure_cny.sum(axis=0)
        ratios = npl_ratios(self._paths.defaulted, self._paths.vanished, scheduled, book.npl_stock_cny)
        return Fan.of(book.period_ends_years, ratios, self._weights)

    def _ltv_fan(self) -> Fan | None:
        if len(self._prepared.book.pledges) == 0:
            return None
        return Fan.of(self._prepared.book.period_ends_years, self._ltv, self._weights)


def _finished(task: tuple[int, "Future[None]"]) -> int:
    task[1].result()
    return task[0]


def _deviation(losses: Array, weights: Array, mean: float) -> float:
    n = len(losses)
    return math.sqrt(float((weights * (losses - mean) ** 2).sum()) / (n - 1)) if n > 1 else 0.0
