"""Capital of a book three ways, side by side, with the effect of recognising the pledges."""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np

from quant.schedules import Array, ScheduleBook
from services.loans.book_terms.choosing import terms_used
from services.loans.book_terms.used import UsedTerms, cautions_about_terms
from services.loans.columns.loan_columns import loan_columns
from services.loans.conditions import BorrowerSize
from services.loans.few_names import few
from services.loans.quality.capital import (
    ALLOCATION,
    CapitalQuestion,
    CapitalReport,
    CapitalTotals,
    LoanCapital,
)
from services.loans.quality.classification import classify
from services.loans.quality.classified_book import cautions_about_positions, loan_facts
from services.loans.quality.economic_capital import EconomicMeasure, economic_capital
from services.loans.quality.impaired_losses import ImpairedLoans, claims_in_default, standing_of
from services.loans.quality.loss_book import part_of
from services.loans.quality.risk_weights import foundation_claim, weighted_claim
from services.loans.quality.rules import CreditRules, RulePeriod
from services.loans.reported.book import ReportedBook, read_reported, read_reported_book
from services.loans.repository import LoanStore
from services.loans.segments.cautions import (
    cautions_about_claims_in_default,
    cautions_about_curves,
    cautions_about_funds,
)
from services.loans.segments.compensation_fund import FundClaims
from services.runtime.results import Caution, Manifest, Severity

ENGINE_VERSION = "capital-3"


@dataclass(frozen=True, slots=True, eq=False)
class _CapitalBook:
    """The loans that owe something, which of them are in default (past due or non-performing), curves and funds.

    Who owes a loan in default, of the book or beside it, has fallen: in economic capital it guarantees nothing.
    """

    book: ReportedBook
    defaulted: frozenset[str]
    fallen: frozenset[str]
    terms: UsedTerms

    def performing(self) -> ReportedBook:
        return self._performing()[0]

    def unbacked(self) -> tuple[str, ...]:
        """The performing loans whose guarantor has fallen."""
        return self._performing()[1]

    def in_default(self) -> ImpairedLoans:
        """The loans in default with what decides their claims on funds."""
        members = [i for i, loan in enumerate(self.book.loans) if loan.loan_id in self.defaulted]
        loans, _ = part_of(self.book, np.array(members, dtype=np.intp)).without_guarantees_of(self.fallen)
        return ImpairedLoans(loans, standing_of(self.performing().loans), self.terms)

    def _performing(self) -> tuple[ReportedBook, tuple[str, ...]]:
        members = [i for i, loan in enumerate(self.book.loans) if loan.loan_id not in self.defaulted]
        return part_of(self.book, np.array(members, dtype=np.intp)).without_guarantees_of(self.fallen)


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
        read = _read(store, question, rules)
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
        tuple(_cautions(read, question, first)),
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


def _read(store: LoanStore, question: CapitalQuestion, rules: CreditRules) -> _CapitalBook:
    day = question.day
    book = read_reported_book(store, day, question.loan_ids).owing()
    everything = read_reported(store, day) if question.loan_ids else (list(book.loans), dict(book.positions))
    classified = classify(loan_facts(*everything), day, rules.classification_on(day))
    limit = rules.capital_on(day).value("past_due_above_days")
    bad = [item.facts for item in classified if item.is_non_performing or item.facts.overdue_days > limit]
    return _CapitalBook(
        book,
        frozenset(facts.loan_id for facts in bad),
        # One that owes nothing any more (repaid, written off) says nothing of its borrower.
        frozenset(facts.borrower_id for facts in bad if facts.balance_cny > 0),
        terms_used(
            store,
            day,
            question.default_curves,
            question.compensation_funds,
            without_book_terms=question.without_book_terms,
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
    read: _CapitalBook,
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


def _cautions(read: _CapitalBook, question: CapitalQuestion, first: FundClaims) -> Iterator[Caution]:
    book = read.book
    yield Caution(
        "IRB_IS_A_WHAT_IF",
        Severity.NOTE,
        "权重法下 GEP、水权、碳汇等质押不作为合格缓释；内评法与经济资本仅供比较，不用于监管报送",
        "under the weight method these pledges are no eligible mitigants; the foundation approach and economic capital "
        "are for comparison, not for regulatory reporting",
    )
    yield from cautions_about_positions(book.day, book.loans, book.positions)
    left_out = [loan.loan_id for loan in book.loans if loan.loan_id in read.defaulted]
    if left_out:
        yield Caution(
            "DEFAULTED_LEFT_OUT",
            Severity.NOTE,
            f"{len(left_out)} 笔逾期90天以上或不良贷款不计入内评法和经济资本，其损失见预期信用损失："
            f"{few(left_out)}",
            f"{len(left_out)} loans past due or non-performing weigh nothing in the foundation approach and in "
            f"economic capital; see their expected credit loss: {few(left_out)}",
        )
    bare = read.unbacked()
    if bare:
        yield Caution(
            "GUARANTORS_IN_DEFAULT",
            Severity.WARNING,
            f"{len(bare)} 笔贷款的保证人自身已违约，经济资本中其保证按 0 计：{few(bare)}",
            f"the guarantors of {len(bare)} loans are in default themselves, in economic capital their guarantees "
            f"count as nothing: {few(bare)}",
        )
    people = [loan.loan_id for loan in book.loans if loan.borrower_size is BorrowerSize.NOT_ENTERPRISE]
    if people:
        yield Caution(
            "NOT_ENTERPRISE_AS_CORPORATE",
            Severity.WARNING,
            f"{len(people)} 笔贷款的借款人不是企业，暂按一般公司权重计：{few(people)}",
            f"{len(people)} borrowers are no enterprises and were given the weight of a corporate: {few(people)}",
        )
    known = {facts.guarantor_id for facts in question.guarantors}
    silent = [
        loan.loan_id for loan in book.loans
        if loan.guarantee is not None and loan.guarantee.guarantor_id not in known
    ]  # fmt: skip
    if silent:
        yield Caution(
            "GUARANTORS_UNKNOWN",
            Severity.NOTE,
            f"{len(silent)} 笔贷款的保证人资格和权重未给出，保证未计：{few(silent)}",
            f"nothing is known of the guarantors of {len(silent)} loans, their guarantees do not count: {few(silent)}",
        )
    yield from _about_terms(read, question)
    yield from cautions_about_claims_in_default(first, read.terms.funds.entries, None)


def _about_terms(read: _CapitalBook, question: CapitalQuestion) -> Iterator[Caution]:
    """Curves and funds of the economic capital; the other two measures go by the loans' own probabilities."""
    loans, terms = loan_columns(read.performing().loans, ""), read.terms
    yield from cautions_about_terms(terms)
    yield from cautions_about_curves(loans, terms.curves.entries, 1.0)
    yield from cautions_about_funds(loans, terms.funds.entries, None, is_part=bool(question.loan_ids))
    if terms.curves.entries or terms.funds.entries:
        yield Caution(
            "TERMS_IN_ECONOMIC_CAPITAL_ALONE",
            Severity.NOTE,
            "违约期限结构和补偿基金只进入经济资本（一年、未违约贷款，使用已违约贷款预期求偿后的余额）；权重法与内评法不用",
            "curves and funds count in economic capital alone (one year, loans not in default, whose funds have what "
            "loans in default are expected to leave); the weight method and the foundation approach know neither",
        )


def _input_hash(read: _CapitalBook, question: CapitalQuestion) -> str:
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
