"""The use case of a simulation: the book of an institution, its losses, and who makes the tail."""

import hashlib
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from quant.loan_losses.contributions import TailContributions, tail_contributions
from quant.loan_losses.fans import FAN_PROBABILITIES, Fan
from quant.loan_losses.path_range import simulate_part
from quant.loan_losses.simulation import LossSimulation, LossSummary
from quant.portfolio import loss_simulation
from quant.schedules import Array
from services.loans.book import SecuredBook
from services.loans.cautions import cautions_about
from services.loans.portfolio import (
    CompensationFund,
    FanPoint,
    LossShare,
    PortfolioLoss,
    PortfolioQuestion,
    Sampling,
    TailFigure,
)
from services.loans.quality.rules import CreditRules
from services.loans.segments.cautions import loans_of_funds
from services.loans.segments.compensation_fund import INSTITUTION_FUND, funds_of_loans
from services.loans.simulation.book_reading import OpenStore, read_book
from services.runtime.errors import InvalidInput
from services.runtime.results import Manifest, Progress
from services.runtime.workers.port import PathWorkers

ENGINE_VERSION = "loans-6"
_PROGRESS_EVERY_S = 0.1
_MOST_THREADS = 4


def simulate_portfolio(
    open_store: OpenStore,
    question: PortfolioQuestion,
    rules: CreditRules,
    check_alive: Callable[[], None] = lambda: None,
    workers: PathWorkers | None = None,
) -> Iterator[Progress | PortfolioLoss]:
    """Simulates the book; yields progress, then the result.

    Args:
        open_store: opens a reading transaction, which ends before the simulation begins.
        question: what to simulate.
        rules: of classification: which loans are in default already.
        check_alive: called after each block; what it raises ends the simulation.
        workers: simulate in place of threads of this process.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: a schedule or an index names a factor that the snapshot does not have.
    """
    book = read_book(open_store, question, rules).secured
    model = question.snapshot.factor_model()
    loans = book.loss_book(model, question.period_ends_years)
    try:
        simulation = loss_simulation(
            loans,
            model,
            question.snapshot.curve().discount_factors,
            n_paths=question.n_paths,
            seed=question.seed,
            towards_tail=question.sampling is Sampling.TOWARDS_TAIL,
            fans=question.n_quarters is not None,
            n_threads=threads(),
        )
    except ValueError as error:
        raise InvalidInput.of("snapshot", str(error)) from error
    yield from run_with_progress(simulation, question.n_paths, check_alive, workers=workers)
    found = simulation.summary()
    check_alive()
    contributions = tail_contributions(simulation, found, question.contribution_confidence)
    yield _portfolio_loss(question, book, loans.exposure_cny[:, 0], found, contributions)


def run_with_progress(
    simulation: LossSimulation,
    n_paths: int,
    check_alive: Callable[[], None],
    *,
    done_before: int = 0,
    total: int | None = None,
    workers: PathWorkers | None = None,
) -> Iterator[Progress]:
    """Run a simulation to its end and tell how far it is.

    Args:
        simulation: not yet run.
        n_paths: its paths.
        check_alive: called after each block; what it raises ends the simulation.
        done_before: paths of simulations before this one.
        total: paths of all of them; those of this one when absent.
        workers: simulate in place of threads of this process.
    """
    everything = n_paths if total is None else total
    yield Progress(done_before, everything)
    told_s = time.monotonic()
    running = simulation.run() if workers is None else _on_workers(simulation, n_paths, check_alive, workers)
    for done in running:
        check_alive()
        if time.monotonic() - told_s >= _PROGRESS_EVERY_S or done == n_paths:
            yield Progress(done_before + done, everything)
            told_s = time.monotonic()


def _on_workers(
    simulation: LossSimulation, n_paths: int, check_alive: Callable[[], None], workers: PathWorkers
) -> Iterator[int]:
    """How many paths are done after each range."""
    for first, n, part in workers.run(simulate_part, simulation.work, n_paths, check_alive=check_alive):
        simulation.add(part)
        yield first + n


def threads() -> int:
    """Threads of a simulation; they do not change a bit of its result."""
    return min(os.cpu_count() or 1, _MOST_THREADS)


def _portfolio_loss(
    question: PortfolioQuestion,
    book: SecuredBook,
    exposure_cny: Array,
    found: LossSummary,
    contributions: TailContributions,
) -> PortfolioLoss:
    by_loan = tuple(
        LossShare(
            loan_id, float(exposure), float(loss), float(share), float(mean), _or_none(in_default), float(tail)
        )
        for loan_id, exposure, loss, share, mean, in_default, tail in zip(
            book.loans.loan_ids, exposure_cny, found.loan_expected_loss, found.loan_default_share,
            found.loan_collateral_mean, found.loan_collateral_in_default, contributions.by_loan, strict=True,
        )
    )  # fmt: skip
    return PortfolioLoss(
        n_loans=len(book.loans),
        exposure_cny=math.fsum(exposure_cny),
        expected_loss_cny=found.expected_loss,
        expected_loss_error_cny=found.expected_loss_error,
        unexpected_loss_cny=found.unexpected_loss,
        tail=tuple(
            TailFigure(
                tail.confidence, tail.value_at_risk, tail.value_at_risk_low, tail.value_at_risk_high,
                tail.expected_shortfall, tail.expected_shortfall_error, tail.effective_paths,
            )
            for tail in found.tail
        ),
        by_loan=by_loan,
        by_county=_grouped(by_loan, book.loans.county.texts()),
        by_product=_grouped(by_loan, book.loans.product.texts()),
        cautions=cautions_about(question, book, found),
        manifest=manifest_of(question, book),
        by_guarantee_mode=_grouped(by_loan, book.loans.guarantee_mode.texts()),
        npl=_points(found.npl),
        ltv=_points(found.ltv),
        n_quarters=question.n_quarters,
        effective_paths=found.effective_paths,
        contribution_confidence=contributions.confidence,
        fund=None
        if question.fund_cap_cny is None
        else CompensationFund(
            question.fund_cap_cny, float(found.fund_payments[INSTITUTION_FUND]),
            float(found.fund_exhausted[INSTITUTION_FUND]),
        ),
        named_funds=_named_funds(book, found),
    )  # fmt: skip


def _named_funds(book: SecuredBook, found: LossSummary) -> tuple[CompensationFund, ...]:
    behind = funds_of_loans(book.loans, book.terms.funds.entries, book.fund_cap_cny)
    first = INSTITUTION_FUND + 1
    return tuple(
        CompensationFund(terms.pays_at_most_cny, float(paid), float(exhausted), terms.name, n, terms.basis)
        for terms, n, paid, exhausted in zip(
            book.terms.funds.entries, loans_of_funds(behind), found.fund_payments[first:],
            found.fund_exhausted[first:], strict=True,
        )
    )  # fmt: skip


def manifest_of(question: PortfolioQuestion, book: SecuredBook) -> Manifest:
    """What it takes to compute a result again."""
    snapshot = question.snapshot
    return Manifest(
        input_hash=_input_hash(question, book),
        snapshot_id=snapshot.snapshot_id,
        snapshot_hash=snapshot.content_hash(),
        catalogue_hash="",
        seed=question.seed,
        n_paths=question.n_paths,
        engine_version=ENGINE_VERSION,
    )


def _points(fan: Fan | None) -> tuple[FanPoint, ...]:
    """The fan up to the last period in which the ratio exists on every path."""
    if fan is None:
        return ()
    return tuple(
        FanPoint(float(end), float(mean), tuple(zip(FAN_PROBABILITIES, map(float, values), strict=True)))
        for end, mean, values in zip(fan.ends_years, fan.mean, fan.quantiles.T, strict=True)
        if not np.isnan(values).any()
    )


def _grouped(by_loan: Sequence[LossShare], keys: Sequence[str]) -> tuple[LossShare, ...]:
    groups: dict[str, list[LossShare]] = defaultdict(list)
    for key, share in zip(keys, by_loan, strict=True):
        groups[key].append(share)
    return tuple(_sum_of(key, groups[key]) for key in sorted(groups))


def _sum_of(key: str, shares: Sequence[LossShare]) -> LossShare:
    in_default = [share.collateral_mean_in_default_cny for share in shares]
    known = [value for value in in_default if value is not None]
    in_tail = [share.tail_contribution_cny for share in shares]
    return LossShare(
        key,
        math.fsum(share.exposure_cny for share in shares),
        math.fsum(share.expected_loss_cny for share in shares),
        math.fsum(share.defaults_mean for share in shares),
        math.fsum(share.collateral_mean_cny for share in shares),
        math.fsum(known) if len(known) == len(shares) else None,
        math.fsum(value for value in in_tail if value is not None),
    )


def _or_none(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _input_hash(question: PortfolioQuestion, book: SecuredBook) -> str:
    parts = (
        book.content_hash(),
        question.snapshot.content_hash(),
        repr(question.horizon_years),
        repr(question.n_quarters),
        str(question.sampling),
        repr(question.fund_cap_cny),
        repr(question.contribution_confidence),
        str(question.n_paths),
        str(question.seed),
        # Nothing where there is none: a question without them keeps the hash that it had before they could be given.
        *map(repr, book.terms.curves.entries),
        *map(repr, book.terms.funds.entries),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
