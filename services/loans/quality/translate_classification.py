"""Classification between protobuf and the domain."""

from ecopledge.loans.v1 import position_pb2
from ecopledge.loans.v1 import quality_pb2 as pb
from services.loans.quality.book_quality import ClassMigration, ClassTotal
from services.loans.quality.classification import ClassifiedLoan, ClassReason, ClassRule, LoanFacts
from services.loans.quality.classification_report import BookQuality, ClassificationQuestion
from services.loans.quality.translate_rules import (
    cents_from_wire,
    class_from_wire,
    class_to_wire,
    debtor_to_wire,
    debtors_from_wire,
    rule_from_wire,
    rule_to_wire,
)
from services.loans.reported.position import FiveClass
from services.loans.translate.position import FIVE_CLASSES
from services.runtime.violations import Violations
from services.runtime.wire.results import caution_from_wire, caution_to_wire
from services.runtime.wire.values import date_from_wire, date_to_wire, money_from_decimal

_RULES = {
    pb.CLASS_RULE_OVERDUE: ClassRule.OVERDUE,
    pb.CLASS_RULE_CREDIT_IMPAIRED: ClassRule.CREDIT_IMPAIRED,
    pb.CLASS_RULE_RESTRUCTURED: ClassRule.RESTRUCTURED,
    pb.CLASS_RULE_BANK: ClassRule.BANK,
    pb.CLASS_RULE_CONTAGION_IN_BANK: ClassRule.CONTAGION_IN_BANK,
    pb.CLASS_RULE_CONTAGION_ACROSS_BANKS: ClassRule.CONTAGION_ACROSS_BANKS,
}
_RULE_TO_WIRE = {rule: number for number, rule in _RULES.items()}


def classification_question_from_wire(request: pb.ClassifyLoansRequest) -> ClassificationQuestion:
    """What a ClassifyLoansRequest asks.

    Raises:
        InvalidInput: with everything that is wrong.
    """
    violations = Violations()
    as_of = violations.collect("as_of", date_from_wire, request.as_of)
    debtors = debtors_from_wire(request, violations)
    earlier = None
    if request.HasField("compare_with"):
        earlier = violations.collect("compare_with", date_from_wire, request.compare_with)
        if earlier is not None and as_of is not None:
            violations.require_date_order("compare_with", earlier, as_of, "as_of")
    violations.raise_if_any()
    assert as_of is not None  # noqa: S101  # a missing date is a violation; tells mypy
    return ClassificationQuestion(as_of, debtors, earlier)


def classification_question_to_wire(question: ClassificationQuestion) -> pb.ClassifyLoansRequest:
    """The request of a question."""
    return pb.ClassifyLoansRequest(
        as_of=date_to_wire(question.as_of),
        debtors=[debtor_to_wire(facts) for facts in question.debtors],
        compare_with=None if question.compare_with is None else date_to_wire(question.compare_with),
    )


def book_quality_to_wire(quality: BookQuality) -> pb.ClassifyLoansResponse:
    """The answer of ClassifyLoans."""
    return pb.ClassifyLoansResponse(
        loans=[_loan_to_wire(loan) for loan in quality.loans],
        totals=[
            pb.ClassTotal(
                quality=class_to_wire(total.quality),
                n_loans=total.n_loans,
                balance=money_from_decimal(total.balance_cny),
                share=total.share,
            )
            for total in quality.totals
        ],
        non_performing_ratio=quality.non_performing_ratio,
        non_performing_ratio_before=quality.non_performing_ratio_before,
        migrations=[
            pb.ClassMigration(
                before=class_to_wire(move.before),
                after=class_to_wire(move.after),
                n_loans=move.n_loans,
                balance_before=money_from_decimal(move.balance_before_cny),
                balance_after=money_from_decimal(move.balance_after_cny),
            )
            for move in quality.migrations
        ],
        rule=rule_to_wire(quality.rule),
        warnings=[caution_to_wire(caution) for caution in quality.cautions],
    )


def book_quality_from_wire(message: pb.ClassifyLoansResponse) -> BookQuality:
    """The answer as the domain knows it."""
    compared = message.HasField("non_performing_ratio_before")
    return BookQuality(
        tuple(_loan_from_wire(loan) for loan in message.loans),
        tuple(
            ClassTotal(
                class_from_wire(total.quality), total.n_loans, cents_from_wire(total.balance), total.share
            )
            for total in message.totals
        ),
        message.non_performing_ratio,
        message.non_performing_ratio_before if compared else None,
        tuple(
            ClassMigration(
                FIVE_CLASSES[move.before],
                FIVE_CLASSES[move.after],
                move.n_loans,
                cents_from_wire(move.balance_before),
                cents_from_wire(move.balance_after),
            )
            for move in message.migrations
        ),
        rule_from_wire(message.rule),
        tuple(caution_from_wire(warning) for warning in message.warnings),
    )


def _loan_to_wire(loan: ClassifiedLoan) -> pb.ClassifiedLoan:
    facts = loan.facts
    return pb.ClassifiedLoan(
        loan_id=facts.loan_id,
        borrower_id=facts.borrower_id,
        balance=money_from_decimal(facts.balance_cny),
        overdue_days=facts.overdue_days,
        quality=class_to_wire(loan.quality),
        bank_quality=class_to_wire(facts.bank_quality),
        reasons=[
            pb.ClassReason(
                rule=_RULE_TO_WIRE[reason.rule],
                at_least=class_to_wire(reason.at_least),
                message_zh=reason.message_zh,
                message_en=reason.message_en,
            )
            for reason in loan.reasons
        ],
        position_as_of=None if facts.reported_on is None else date_to_wire(facts.reported_on),
        is_credit_impaired=facts.is_credit_impaired,
        restructured_on=None if facts.restructured_on is None else date_to_wire(facts.restructured_on),
    )


def _loan_from_wire(message: pb.ClassifiedLoan) -> ClassifiedLoan:
    restructured = message.HasField("restructured_on")
    reported = message.HasField("position_as_of")
    facts = LoanFacts(
        message.loan_id,
        message.borrower_id,
        cents_from_wire(message.balance),
        message.overdue_days,
        message.is_credit_impaired,
        _bank_class(message.bank_quality),
        date_from_wire(message.restructured_on) if restructured else None,
        date_from_wire(message.position_as_of) if reported else None,
    )
    reasons = tuple(
        ClassReason(_RULES[r.rule], class_from_wire(r.at_least), r.message_zh, r.message_en)
        for r in message.reasons
    )
    return ClassifiedLoan(facts, class_from_wire(message.quality), reasons)


def _bank_class(number: "position_pb2.FiveClass.ValueType") -> FiveClass | None:
    return FIVE_CLASSES[number]
