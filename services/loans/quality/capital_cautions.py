"""What a careful reader of the capital of a book should know."""

from collections.abc import Iterator, Sequence

from services.loans.book_terms.used import cautions_about_terms
from services.loans.columns.loan_columns import loan_columns
from services.loans.conditions import BorrowerSize
from services.loans.few_names import few
from services.loans.quality.capital import CapitalQuestion, LoanCapital
from services.loans.quality.capital_book import CapitalBook
from services.loans.quality.classified_book import cautions_about_positions
from services.loans.segments.cautions import (
    cautions_about_claims_in_default,
    cautions_about_curves,
    cautions_about_funds,
)
from services.loans.segments.compensation_fund import FundClaims
from services.runtime.results import Caution, Severity


def cautions_about_capital(
    read: CapitalBook, question: CapitalQuestion, first: FundClaims, loans: Sequence[LoanCapital]
) -> Iterator[Caution]:
    """What a careful reader of an answer should know; `first` are the claims of loans in default on funds."""
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
    yield from _about_guarantors(read, question, loans)
    yield from _about_terms(read, question)
    yield from cautions_about_claims_in_default(first, read.terms.funds.entries, None)


def _about_guarantors(
    read: CapitalBook, question: CapitalQuestion, loans: Sequence[LoanCapital]
) -> Iterator[Caution]:
    """Guarantees that nothing is known of, facts of nobody who guarantees, and weights that change nothing."""
    book, given = read.book, {facts.guarantor_id: facts for facts in question.guarantors}
    silent = [
        loan.loan_id for loan in book.loans
        if loan.guarantee is not None and loan.guarantee.guarantor_id not in given
    ]  # fmt: skip
    if silent:
        yield Caution(
            "GUARANTORS_UNKNOWN",
            Severity.NOTE,
            f"{len(silent)} 笔贷款的保证人资格和权重未给出，保证未计：{few(silent)}",
            f"nothing is known of the guarantors of {len(silent)} loans, their guarantees do not count: {few(silent)}",
        )
    strangers = [guarantor_id for guarantor_id in given if guarantor_id not in read.guarantors]
    if strangers:
        yield Caution(
            "GUARANTORS_WITHOUT_LOANS",
            Severity.WARNING,
            f"给出的 {len(strangers)} 个保证人没有为任何贷款保证，未起作用：{few(strangers)}",
            f"{len(strangers)} guarantors that were given guarantee no loan and change nothing: {few(strangers)}",
            "guarantors",
        )
    guarantor_of = {
        loan.loan_id: given.get(loan.guarantee.guarantor_id)
        for loan in book.loans
        if loan.guarantee is not None
    }
    heavy = [
        loan.loan_id
        for loan in loans
        if (facts := guarantor_of.get(loan.loan_id)) is not None
        and facts.is_eligible
        and facts.risk_weight >= loan.weight
    ]
    if heavy:
        yield Caution(
            "GUARANTOR_WEIGHTS_TOO_HIGH",
            Severity.NOTE,
            f"{len(heavy)} 笔贷款的保证人权重不低于贷款权重，保证未起作用（权重为小数，20% 为 0.2）：{few(heavy)}",
            f"the guarantors of {len(heavy)} loans weigh no less than the loans and change nothing (weights are "
            f"fractions, 20 % is 0.2): {few(heavy)}",
            "guarantors",
        )


def _about_terms(read: CapitalBook, question: CapitalQuestion) -> Iterator[Caution]:
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
