"""What the loans service does, without gRPC: keep loans and collateral, write schedules, simulate the book."""

import datetime as dt
import hashlib
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import numpy as np

from quant.portfolio import LoanBook, LossSimulation, LossSummary
from services.loans.book import SecuredBook
from services.loans.cautions import cautions_about
from services.loans.collateral import Collateral
from services.loans.loan import Loan, LoanPage, PutCounts
from services.loans.portfolio import LossShare, PortfolioLoss, PortfolioQuestion, TailFigure
from services.loans.position import LoanMovement, LoanPosition
from services.loans.repository import LoanStore
from services.loans.schedule import RepaymentSchedule, repayment_schedule
from services.runtime.errors import InvalidInput, NotFound
from services.runtime.results import Manifest, Progress

ENGINE_VERSION = "loans-1"
_PROGRESS_EVERY_S = 0.1
_SHOWN_UNKNOWN = 5

OpenStore = Callable[[], AbstractContextManager[LoanStore]]


def put_loans(store: LoanStore, as_of: dt.date, loans: Sequence[Loan]) -> PutCounts:
    """Stores loans; one that differs from its state in force gets a new state."""
    return store.put_loans(as_of, loans)


def put_collateral(store: LoanStore, collateral: Sequence[Collateral]) -> PutCounts:
    """Stores collateral.

    Raises:
        NotFound: naming loans that do not exist.
    """
    _require_known(store, [item.loan_id for item in collateral])
    return store.put_collateral(collateral)


def record_positions(store: LoanStore, positions: Sequence[LoanPosition]) -> PutCounts:
    """Stores positions.

    Raises:
        NotFound: naming loans that do not exist.
    """
    _require_known(store, [position.loan_id for position in positions])
    return store.record_positions(positions)


def record_movements(store: LoanStore, movements: Sequence[LoanMovement]) -> PutCounts:
    """Stores movements.

    Raises:
        NotFound: naming loans that do not exist.
    """
    _require_known(store, [movement.loan_id for movement in movements])
    return store.record_movements(movements)


def list_loans(store: LoanStore, known_at: dt.datetime, after: str, page_size: int) -> LoanPage:
    """A page of the loans as they were known at a moment."""
    records = store.page(known_at, after, page_size + 1)
    page = tuple(records[:page_size])
    return LoanPage(page, page[-1].loan.loan_id if len(records) > page_size else None)


def schedule_of_loan(store: LoanStore, loan_id: str) -> RepaymentSchedule:
    """The repayment schedule of the current state of a stored loan.

    Raises:
        NotFound: no such loan.
    """
    found = store.loans_in_force(dt.date.max, [loan_id])
    if not found:
        raise NotFound(f"no loan {loan_id!r}")
    return repayment_schedule(found[0].terms)


def simulate_portfolio(
    open_store: OpenStore,
    question: PortfolioQuestion,
    check_alive: Callable[[], None] = lambda: None,
) -> Iterator[Progress | PortfolioLoss]:
    """Simulates the book; yields progress, then the result.

    Args:
        open_store: opens a reading transaction, which ends before the simulation begins.
        question: what to simulate.
        check_alive: called after each block; what it raises ends the simulation.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: a schedule or an index names a factor that the snapshot does not have.
    """
    with open_store() as store:
        book = _read_book(store, question)
    model = question.snapshot.factor_model()
    arrays = book.arrays(model, question.horizon_years)
    try:
        simulation = LossSimulation(
            arrays,
            model,
            question.snapshot.curve().discount_factors,
            horizon_years=question.horizon_years,
            n_paths=question.n_paths,
            seed=question.seed,
        )
    except ValueError as error:
        raise InvalidInput.of("snapshot", str(error)) from error
    yield Progress(0, question.n_paths)
    told_s = time.monotonic()
    for done in simulation.run():
        check_alive()
        if time.monotonic() - told_s >= _PROGRESS_EVERY_S or done == question.n_paths:
            yield Progress(done, question.n_paths)
            told_s = time.monotonic()
    yield _portfolio_loss(question, book, arrays, simulation.summary())


def _read_book(store: LoanStore, question: PortfolioQuestion) -> SecuredBook:
    day = question.book_date
    _require_known(store, question.loan_ids)
    loans = store.loans_in_force(day, question.loan_ids)
    if not loans or (question.loan_ids and len(loans) < len(question.loan_ids)):
        first = store.first_day()
        if first is None:
            raise NotFound("the institution has no loans")
        missing = sorted(set(question.loan_ids) - {loan.loan_id for loan in loans})
        raise NotFound(
            f"no state on {day} of {_some(missing) if missing else 'any loan'}; the first loan is as of {first}: "
            "expected as_of on or after the business date of the loans"
        )
    collateral = store.collateral_in_force(day, (loan.loan_id for loan in loans))
    return SecuredBook(day, tuple(loans), tuple(collateral))


def _require_known(store: LoanStore, loan_ids: Sequence[str]) -> None:
    unknown = store.unknown_loans(loan_ids)
    if unknown:
        raise NotFound(f"no such loan: {_some(unknown)}")


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN_UNKNOWN
    return ", ".join(repr(name) for name in names[:_SHOWN_UNKNOWN]) + (
        f" and {rest} more" if rest > 0 else ""
    )


def _portfolio_loss(
    question: PortfolioQuestion, book: SecuredBook, arrays: LoanBook, found: LossSummary
) -> PortfolioLoss:
    by_loan = tuple(
        LossShare(loan.loan_id, float(exposure), float(loss), float(share), float(mean), _or_none(in_default))
        for loan, exposure, loss, share, mean, in_default in zip(
            book.loans, arrays.exposure_cny, found.loan_expected_loss, found.loan_default_share,
            found.loan_collateral_mean, found.loan_collateral_in_default, strict=True,
        )
    )  # fmt: skip
    snapshot = question.snapshot
    return PortfolioLoss(
        n_loans=len(book.loans),
        exposure_cny=math.fsum(arrays.exposure_cny),
        expected_loss_cny=found.expected_loss,
        expected_loss_error_cny=found.expected_loss_error,
        unexpected_loss_cny=found.unexpected_loss,
        tail=tuple(
            TailFigure(
                tail.confidence, tail.value_at_risk, tail.value_at_risk_low, tail.value_at_risk_high,
                tail.expected_shortfall, tail.expected_shortfall_error,
            )
            for tail in found.tail
        ),
        by_loan=by_loan,
        by_county=_grouped(by_loan, [loan.county for loan in book.loans]),
        by_product=_grouped(by_loan, [loan.product for loan in book.loans]),
        cautions=cautions_about(question, book, found),
        manifest=Manifest(
            input_hash=_input_hash(question, book),
            snapshot_id=snapshot.snapshot_id,
            snapshot_hash=snapshot.content_hash(),
            catalogue_hash="",
            seed=question.seed,
            n_paths=question.n_paths,
            engine_version=ENGINE_VERSION,
        ),
    )  # fmt: skip


def _grouped(by_loan: Sequence[LossShare], keys: Sequence[str]) -> tuple[LossShare, ...]:
    groups: dict[str, list[LossShare]] = defaultdict(list)
    for key, share in zip(keys, by_loan, strict=True):
        groups[key].append(share)
    return tuple(_sum_of(key, groups[key]) for key in sorted(groups))


def _sum_of(key: str, shares: Sequence[LossShare]) -> LossShare:
    in_default = [share.collateral_mean_in_default_cny for share in shares]
    known = [value for value in in_default if value is not None]
    return LossShare(
        key,
        math.fsum(share.exposure_cny for share in shares),
        math.fsum(share.expected_loss_cny for share in shares),
        math.fsum(share.defaults_mean for share in shares),
        math.fsum(share.collateral_mean_cny for share in shares),
        math.fsum(known) if len(known) == len(shares) else None,
    )


def _or_none(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _input_hash(question: PortfolioQuestion, book: SecuredBook) -> str:
    parts = (
        book.content_hash(),
        question.snapshot.content_hash(),
        repr(question.horizon_years),
        str(question.n_paths),
        str(question.seed),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
