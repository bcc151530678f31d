"""Pledges on a snapshot: loan to value now and over the next months, levels, margin calls, what to value again."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import numpy as np

from quant.pledges.pledge_fan import PledgedLoans, PledgeFan, PledgeSimulation
from quant.schedules import Array
from services.loans.few_names import few
from services.loans.loan import due_date
from services.loans.pledges.levels import MonitoringRules, ProductLevels
from services.loans.pledges.margin import margin_call
from services.loans.pledges.monitored import (
    GRID,
    MONTHS_AHEAD,
    PROBABILITIES,
    FanDate,
    MonitoredLoan,
    MonitoringQuestion,
    PledgeReport,
    PledgeValue,
    RevaluationDue,
)
from services.loans.pledges.revaluations import revaluations_due
from services.loans.reported.book import ReportedBook, read_reported_book
from services.loans.repository import LoanStore
from services.runtime.errors import InvalidInput
from services.runtime.results import Caution, Manifest, Severity

ENGINE_VERSION = "pledges-1"


def monitor_pledges(
    open_store: Callable[[], AbstractContextManager[LoanStore]],
    question: MonitoringQuestion,
    rules: MonitoringRules,
    check_alive: Callable[[], None] = lambda: None,
) -> PledgeReport:
    """Monitor the pledges of a book.

    Args:
        open_store: opens a reading transaction, which ends before the simulation begins.
        question: what to monitor.
        rules: levels and rule of re-valuation.
        check_alive: called after each block; what it raises ends the simulation.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: a schedule names a factor that the snapshot does not have.
    """
    with open_store() as store:
        book = read_reported_book(store, question.day, question.loan_ids).owing()
    model = question.snapshot.factor_model()
    book.check_factors(model)
    dates = [question.day, *(due_date(question.day, month) for month in range(1, MONTHS_AHEAD + 1))]
    levels = [rules.levels_of(loan.product) for loan in book.loans]
    loans = _pledged_loans(book, dates, levels)
    try:
        simulation = PledgeSimulation(
            loans,
            model,
            question.snapshot.curve().discount_factors,
            # Months of equal length: the grid is the same for every book of a snapshot.
            dates_years=np.arange(MONTHS_AHEAD + 1) / 12.0,
            probabilities=PROBABILITIES,
            n_paths=question.n_paths,
            seed=question.seed,
        )
    except ValueError as error:
        raise InvalidInput.of("snapshot", str(error)) from error
    for _ in simulation.run():
        check_alive()
    fan = simulation.fan()
    return PledgeReport(
        tuple(_monitored(book, levels, dates, loans, fan)),
        PROBABILITIES,
        tuple(_revaluations(book, fan.asset_values, rules)),
        GRID,
        tuple(_cautions(book, question, levels, rules)),
        Manifest(
            input_hash=hashlib.sha256(f"{book.content_hash()}\n{levels!r}".encode()).hexdigest(),
            snapshot_id=question.snapshot.snapshot_id,
            snapshot_hash=question.snapshot.content_hash(),
            catalogue_hash="",
            seed=question.seed,
            n_paths=question.n_paths,
            engine_version=ENGINE_VERSION,
        ),
    )


def _pledged_loans(
    book: ReportedBook, dates: Sequence[dt.date], levels: Sequence[ProductLevels]
) -> PledgedLoans:
    position = {loan.loan_id: i for i, loan in enumerate(book.loans)}
    limits = np.array([(level.warning, level.call, level.liquidation) for level in levels]).reshape(-1, 3)
    balances = book.balances_cny(dates) if book.loans else np.zeros((0, len(dates)))
    return PledgedLoans(
        balances,
        limits,
        tuple(item.schedule_from(book.day) for item in book.collateral),
        np.array([position[item.loan_id] for item in book.collateral], dtype=np.intp),
        np.array([item.pledged_share for item in book.collateral], dtype=np.float64),
    )


def _monitored(
    book: ReportedBook,
    levels: Sequence[ProductLevels],
    dates: Sequence[dt.date],
    loans: PledgedLoans,
    fan: PledgeFan,
) -> Iterator[MonitoredLoan]:
    pledges: dict[str, list[PledgeValue]] = {}
    for item, value in zip(book.collateral, fan.asset_values.tolist(), strict=True):
        pledges.setdefault(item.loan_id, []).append(
            PledgeValue(item.collateral_id, value, item.valuation_date, item.pledged_value_cny)
        )
    for i, loan in enumerate(book.loans):
        balance, value = float(loans.balance_cny[i, 0]), float(fan.value_today[i])
        cash, pledge = margin_call(balance, value, levels[i])
        yield MonitoredLoan(
            loan.loan_id,
            loan.county,
            loan.product,
            balance,
            loan.loan_id in book.positions,
            tuple(pledges.get(loan.loan_id, ())),
            value,
            float(fan.ltv_today[i]),
            levels[i].level_of(balance, value),
            levels[i],
            tuple(_fan_dates(i, dates, loans, fan)),
            _three(fan.reached_error[i, :, -1]),
            cash,
            pledge,
        )


def _fan_dates(i: int, dates: Sequence[dt.date], loans: PledgedLoans, fan: PledgeFan) -> Iterator[FanDate]:
    for k, day in enumerate(dates):
        yield FanDate(
            day,
            float(loans.balance_cny[i, k]),
            tuple(fan.value_quantiles[i, k].tolist()),
            tuple(fan.ltv_quantiles[i, k].tolist()),
            *_three(fan.reached[i, :, k]),
        )


def _three(figures: Array) -> tuple[float, float, float]:
    warning, call, liquidation = figures.tolist()
    return warning, call, liquidation


def _revaluations(book: ReportedBook, values: Array, rules: MonitoringRules) -> Iterator[RevaluationDue]:
    for item, value in zip(book.collateral, values.tolist(), strict=True):
        yield from revaluations_due(item, value, book.day, rules.revaluation)


def _cautions(
    book: ReportedBook, question: MonitoringQuestion, levels: Sequence[ProductLevels], rules: MonitoringRules
) -> Iterator[Caution]:
    if rules.revaluation.is_assumption or any(level.is_assumption for level in levels):
        yield Caution(
            "LEVELS_ARE_ASSUMPTIONS",
            Severity.NOTE,
            "预警、补仓、处置线和重估规则为假设，见 data/loans/pledge_levels.toml",
            "the levels and the rule of re-valuation are assumptions, see data/loans/pledge_levels.toml",
        )
    if question.snapshot.as_of != book.day:
        yield Caution(
            "SNAPSHOT_DATE_DIFFERS",
            Severity.NOTE,
            f"市场快照日期 {question.snapshot.as_of} 与监测日期 {book.day} 不同，按监测日期的市场使用",
            f"the snapshot of {question.snapshot.as_of} is taken as the market of {book.day}",
            "snapshot.as_of",
        )
    silent = [loan.loan_id for loan in book.loans if loan.loan_id not in book.positions]
    if silent:
        yield Caution(
            "BALANCES_FROM_SCHEDULE",
            Severity.NOTE,
            f"{len(silent)} 笔贷款没有报送余额，按还款计划计：{few(silent)}",
            f"{len(silent)} loans have no reported balance and follow their schedule: {few(silent)}",
        )
    pledged = {item.loan_id for item in book.collateral if item.is_pledged}
    bare = [loan.loan_id for loan in book.loans if loan.loan_id not in pledged]
    if bare:
        yield Caution(
            "LOANS_WITHOUT_PLEDGE",
            Severity.WARNING,
            f"{len(bare)} 笔贷款没有押品：{few(bare)}",
            f"{len(bare)} loans have no pledge: {few(bare)}",
        )
