"""Capital of a book three ways, side by side, with the effect of recognising the pledges."""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import numpy as np

from quant.schedules import Array, ScheduleBook
from services.loans.quality.capital import (
    ALLOCATION,
    CapitalQuestion,
    CapitalReport,
    CapitalTotals,
    LoanCapital,
)
from services.loans.quality.capital_book import CapitalBook, read_capital_book
from services.loans.quality.capital_cautions import cautions_about_capital
from services.loans.quality.economic_capital import EconomicMeasure, economic_capital
from services.loans.quality.impaired_losses import claims_in_default
from services.loans.quality.risk_weights import foundation_claim, weighted_claim
from services.loans.quality.rules import CreditRules, RulePeriod
from services.loans.reported.book import ReportedBook
from services.loans.repository import LoanStore
from services.runtime.results import Manifest

ENGINE_VERSION = "capital-3"


def measure_capital(
    open_store: Callable[[], AbstractContextManager[LoanStore]],
    question: CapitalQuestion,
    rules: CreditRules,
    check_alive: Callable[[], None] = lambda: None,
) -> CapitalReport:
    """Measure the capital of a book.

    Args:
        open_store: opens a reading transaction, which ends before the simulation begins.
        question: what to measure.
        rules: all periods; those in force on the day are taken.
        check_alive: called after each block; what it raises ends the measurement.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: a factor that the snapshot does not have, a day before the first rule.
    """
    period = rules.capital_on(question.day)
    with open_store() as store:
        read = read_capital_book(store, question, rules)
    book = read.book
    model = question.snapshot.factor_model()
    book.check_factors(model)
    confidence, performing = period.value("economic_confidence"), read.performing()
    first = claims_in_default(
        read.in_default(), model, question.snapshot.curve().discount_factors, question.seed
    )
    bare, pledged = (
        economic_capital(
            performing,
            question,
            confidence,
            check_alive,
            terms=read.terms,
            claimed_first=first,
            with_pledges=with_pledges,
        )
        for with_pledges in (False, True)
    )
    loans = tuple(_loans(read, question, period, _pledge_values(book, question), (bare, pledged)))
    return CapitalReport(
        loans,
        _totals(loans, period, bare, pledged),
        ALLOCATION,
        period.used(),
        tuple(cautions_about_capital(read, question, first, loans)),
        Manifest(
            input_hash=_input_hash(read, question),
            snapshot_id=question.snapshot.snapshot_id,
            snapshot_hash=question.snapshot.content_hash(),
            catalogue_hash="",
            seed=question.seed,
            n_paths=question.n_paths,
            engine_version=ENGINE_VERSION,
        ),
    )


def _pledge_values(book: ReportedBook, question: CapitalQuestion) -> Array:
    """Value of the pledges of each loan on the snapshot, [n_loans]."""
    position = {loan.loan_id: i for i, loan in enumerate(book.loans)}
    values = np.zeros(len(book.loans))
    if book.collateral:
        model = question.snapshot.factor_model()
        schedules = ScheduleBook.stack([item.schedule_from(book.day) for item in book.collateral], model)
        worth = schedules.present_values(model, question.snapshot.curve().discount_factors)
        share = np.array([item.pledged_share for item in book.collateral])
        np.add.at(
            values, [position[item.loan_id] for item in book.collateral], share * np.maximum(worth, 0.0)
        )
    return values


def _loans(
    read: CapitalBook,
    question: CapitalQuestion,
    period: RulePeriod,
    pledge_values: Array,
    measures: tuple[EconomicMeasure, EconomicMeasure],
) -> Iterator[LoanCapital]:
    book = read.book
    guarantors = {facts.guarantor_id: facts for facts in question.guarantors}
    owed = book.balances_cny([book.day])[:, 0].tolist() if book.loans else []
    shares = iter(zip(*(measure.by_loan.tolist() for measure in measures), strict=True))
    for loan, exposure, pledge in zip(book.loans, owed, pledge_values.tolist(), strict=True):
        is_defaulted = loan.loan_id in read.defaulted
        claim = weighted_claim(loan, guarantors, period, is_defaulted=is_defaulted)
        irb = foundation_claim(
            loan, exposure, pledge, question.irb_collateral, period, is_defaulted=is_defaulted
        )
        bare, pledged = (0.0, 0.0) if is_defaulted else next(shares)
        yield LoanCapital(
            loan.loan_id,
            exposure,
            pledge,
            claim.weight_class,
            claim.weight,
            claim.covered_share,
            claim.guarantor_weight,
            claim.weighted_cny(exposure),
            irb.floored_pd,
            irb.unrecognised_cny,
            irb.recognised_lgd,
            irb.recognised_cny,
            bare,
            pledged,
        )


def _totals(
    loans: Sequence[LoanCapital], period: RulePeriod, bare: EconomicMeasure, pledged: EconomicMeasure
) -> CapitalTotals:
    weighted = math.fsum(loan.weighted_cny for loan in loans)
    floor = period.value("output_floor") * weighted
    unrecognised = math.fsum(loan.irb_unrecognised_cny for loan in loans)
    recognised = math.fsum(loan.irb_recognised_cny for loan in loans)
    return CapitalTotals(
        math.fsum(loan.exposure_cny for loan in loans),
        math.fsum(loan.pledge_value_cny for loan in loans),
        weighted,
        weighted * period.value("minimum_ratio"),
        unrecognised,
        max(unrecognised, floor),
        recognised,
        max(recognised, floor),
        bare.book,
        pledged.book,
    )


def _input_hash(read: CapitalBook, question: CapitalQuestion) -> str:
    parts = (
        read.book.content_hash(),
        repr(sorted(read.defaulted)),
        repr(read.unbacked()),
        repr(question.guarantors),
        question.irb_collateral.value,
        *map(repr, read.terms.curves.entries),
        *map(repr, read.terms.funds.entries),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
