"""Expected credit loss of a book: stages, weighted worlds, sums."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import numpy as np

from services.loans.asked_loans import require_known
from services.loans.book_terms.used import cautions_about_terms
from services.loans.columns.loan_columns import loan_columns
from services.loans.few_names import few
from services.loans.guarantee_cautions import cautions_about_borrowing_guarantors
from services.loans.guarantees import guarantor_is_borrower
from services.loans.quality.classified_book import cautions_about_positions
from services.loans.quality.credit_loss import (
    CreditLossQuestion,
    CreditLossReport,
    FundInCreditLoss,
    LoanCreditLoss,
    ScenarioLoss,
    total_of,
    totals_by,
)
from services.loans.quality.credit_loss_book import StagedBook, read_staged_book
from services.loans.quality.loss_book import part_of, years_left
from services.loans.quality.loss_scenarios import WeightedWorld, cautions_about_worlds, weighted_worlds
from services.loans.quality.rules import CreditRules
from services.loans.quality.world_losses import PerformingLoans, WorldLosses, funds_of, losses_in
from services.loans.repository import LoanStore
from services.loans.segments.cautions import cautions_about_curves, cautions_about_funds
from services.loans.segments.compensation_fund import INSTITUTION_FUND
from services.runtime.errors import InvalidInput
from services.runtime.results import Caution, Manifest, Severity
from services.runtime.scenarios.scenario import Scenario

ENGINE_VERSION = "credit-loss-4"
FUND_RULE = Caution(
    "COMPENSATION_RATIONED",
    Severity.NOTE,
    "补偿资金池按期望可支付额计：第三阶段先得，其余按全部贷款存续期预期求偿等比例分配，各笔合计不超过上限（分配规则为假设）",
    "funds count with the payment expected under their cap: stage 3 first, the rest pro rata to expected claims over "
    "the life of all loans; the loans' parts never add up to more than the cap (the rule of sharing is an assumption)",
    "compensation_funds",
)


def measure_credit_loss(
    open_store: Callable[[], AbstractContextManager[LoanStore]],
    question: CreditLossQuestion,
    rules: CreditRules,
    scenarios: Mapping[str, Scenario],
    check_alive: Callable[[], None] = lambda: None,
) -> CreditLossReport:
    """Measure the expected credit loss of a book.

    Args:
        open_store: opens a reading transaction, which ends before the simulation begins.
        question: what to measure.
        rules: all periods; those in force on the day are taken.
        scenarios: by name, as the rules weight them.
        check_alive: called after each world and block of paths; what it raises ends the measurement.

    Raises:
        NotFound: no loans, or an unknown one, among those to explain too.
        InvalidInput: a factor that the snapshot does not have, a day before the first rule.
    """
    with open_store() as store:
        require_known(store, question.explained_loan_ids)
        staged = read_staged_book(store, question, rules)
    staged.book.check_factors(question.snapshot.factor_model())
    worlds = weighted_worlds(question.snapshot, rules.credit_loss_on(question.day), scenarios)
    by_world = []
    try:
        performing = PerformingLoans.of(staged, question.snapshot)
        for world in worlds:
            by_world.append(losses_in(staged, performing, world.snapshot, question, check_alive))
            check_alive()
    except ValueError as error:
        raise InvalidInput.of("snapshot", str(error)) from error
    loans = tuple(_loans(staged, question, worlds, by_world))
    return CreditLossReport(
        loans,
        total_of("", list(loans)),
        totals_by(loans, [str(loan.stage) for loan in loans]),
        totals_by(loans, [loan.product for loan in loans]),
        totals_by(loans, [loan.county for loan in loans]),
        rules.credit_loss_on(question.day).used(),
        tuple(_cautions(staged, question, worlds)),
        _manifest(staged, question, worlds),
        tuple(_funds(staged, loans, worlds, by_world)),
    )


def _funds(
    staged: StagedBook,
    loans: Sequence[LoanCreditLoss],
    worlds: Sequence[WeightedWorld],
    by_world: Sequence[WorldLosses],
) -> Iterator[FundInCreditLoss]:
    behind = funds_of(staged, np.arange(len(loans)))
    members = Counter(behind.fund_of_loan.tolist())
    for number, terms in enumerate(staged.terms.funds.entries, start=INSTITUTION_FUND + 1):
        mine = [loan for loan, fund in zip(loans, behind.fund_of_loan, strict=True) if fund == number]
        yield FundInCreditLoss(
            terms.name,
            terms.basis,
            members[number],
            terms.pays_at_most_cny,
            _weighted(worlds, [float(losses.fund_claims_cny[number]) for losses in by_world]),
            _weighted(worlds, [float(losses.fund_payments_cny[number]) for losses in by_world]),
            math.fsum(loan.compensation_cny for loan in mine),
        )


def _weighted(worlds: Sequence[WeightedWorld], values: Sequence[float]) -> float:
    return math.fsum(world.weight * value for world, value in zip(worlds, values, strict=True))


def _loans(
    staged: StagedBook,
    question: CreditLossQuestion,
    worlds: Sequence[WeightedWorld],
    by_world: Sequence[WorldLosses],
) -> Iterator[LoanCreditLoss]:
    explained = set(question.explained_loan_ids)
    rates = staged.effective_rates.tolist()
    owed = staged.book.balances_cny([staged.book.day])[:, 0].tolist() if staged.book.loans else []
    row = {0: 0, 1: 0}
    parts_of = [(losses.performing, losses.impaired) for losses in by_world]
    sums = [[(part.twelve_month_cny, part.lifetime_cny) for part in parts] for parts in parts_of]
    paid = [
        [[part.compensation_counted_cny(lifetime=lifetime) for lifetime in (False, True)] for part in parts]
        for parts in parts_of
    ]
    for i, loan in enumerate(staged.book.loans):
        stage = staged.stages[i]
        part = 1 if stage == 3 else 0
        k = row[part]
        row[part] += 1
        scenarios = tuple(
            ScenarioLoss(
                world.name,
                world.weight,
                float(sums[w][part][0][k]),
                float(sums[w][part][1][k]),
                parts_of[w][part].quarters(k) if loan.loan_id in explained else (),
            )
            for w, world in enumerate(worlds)
        )
        twelve = math.fsum(item.weight * item.twelve_month_cny for item in scenarios)
        lifetime = math.fsum(item.weight * item.lifetime_cny for item in scenarios)
        origin = staged.origination.get(loan.loan_id)
        yield LoanCreditLoss(
            loan.loan_id,
            loan.county,
            loan.product,
            stage,
            staged.reasons[i],
            owed[i],
            rates[i],
            loan.default_probability_annual,
            None if origin is None else origin.default_probability_annual,
            "" if origin is None else origin.basis,
            twelve,
            lifetime,
            twelve if stage == 1 else lifetime,
            scenarios,
            _weighted(worlds, [float(paid[w][part][stage > 1][k]) for w in range(len(worlds))]),
        )


def _cautions(
    staged: StagedBook, question: CreditLossQuestion, worlds: tuple[WeightedWorld, ...]
) -> Iterator[Caution]:
    book = staged.book
    if question.snapshot.as_of != book.day:
        yield Caution(
            "SNAPSHOT_DATE_DIFFERS",
            Severity.NOTE,
            f"市场快照日期 {question.snapshot.as_of} 与账簿日期 {book.day} 不同，按账簿日期的市场使用",
            f"the snapshot of {question.snapshot.as_of} is taken as the market of {book.day}",
            "snapshot.as_of",
        )
    yield from cautions_about_positions(book.day, book.loans, book.positions)
    unknown = [loan.loan_id for loan in book.loans if loan.loan_id not in staged.origination]
    if unknown:
        yield Caution(
            "ORIGINATION_UNKNOWN",
            Severity.WARNING,
            f"{len(unknown)} 笔贷款没有初始违约概率，无法判断信用风险是否显著增加：{few(unknown)}",
            f"{len(unknown)} loans have no probability at origination, a significant increase cannot be seen: "
            f"{few(unknown)}",
        )
    late = staged.overdue_for_good
    if late:
        yield Caution(
            "MATURED_BUT_OWED",
            Severity.WARNING,
            f"{len(late)} 笔贷款已过到期日仍有余额，按一年存续期计（假设）：{few(late)}",
            f"{len(late)} loans are past their last instalment and owe; a life of one year is assumed: {few(late)}",
        )
    bare = staged.unbacked
    if bare:
        yield Caution(
            "GUARANTORS_IN_DEFAULT",
            Severity.WARNING,
            f"{len(bare)} 笔贷款的保证人自身贷款已不良或处于第三阶段，其保证按 0 计：{few(bare)}",
            f"the guarantors of {len(bare)} loans are in default with their own, their guarantees count as nothing: "
            f"{few(bare)}",
        )
    performing = part_of(book, staged.performing())
    longest = float(years_left(performing).max()) if performing.loans else 0.0
    columns = loan_columns(performing.loans, "")
    yield from cautions_about_borrowing_guarantors(columns, guarantor_is_borrower(columns))
    yield from cautions_about_terms(staged.terms)
    yield from cautions_about_curves(columns, staged.terms.curves.entries, longest)
    yield from cautions_about_funds(
        loan_columns(book.loans, ""), staged.terms.funds.entries, None, is_part=bool(question.loan_ids)
    )
    if staged.terms.funds.entries:
        yield FUND_RULE
    yield from cautions_about_worlds(worlds)


def _manifest(staged: StagedBook, question: CreditLossQuestion, worlds: Sequence[WeightedWorld]) -> Manifest:
    parts = (
        staged.book.content_hash(),
        repr(staged.stages),
        repr([(world.name, world.weight, world.snapshot.content_hash()) for world in worlds]),
        repr(question.debtors),
        *map(repr, staged.terms.curves.entries),
        *map(repr, staged.terms.funds.entries),
    )
    return Manifest(
        input_hash=hashlib.sha256("\n".join(parts).encode()).hexdigest(),
        snapshot_id=question.snapshot.snapshot_id,
        snapshot_hash=question.snapshot.content_hash(),
        catalogue_hash="",
        seed=question.seed,
        n_paths=question.n_paths,
        engine_version=ENGINE_VERSION,
    )
