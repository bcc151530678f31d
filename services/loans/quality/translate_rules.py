"""What all results of quality have on the wire: the rule used, debtors, classes."""

from decimal import Decimal

from google.type.money_pb2 import Money

from ecopledge.loans.v1 import position_pb2
from ecopledge.loans.v1 import quality_pb2 as pb
from services.loans.quality.classification import DebtorFacts
from services.loans.quality.rules import RuleNote, RuleUsed
from services.loans.reported.position import FiveClass
from services.loans.translate.position import FIVE_CLASS_TO_WIRE, FIVE_CLASSES
from services.runtime.violations import Violations
from services.runtime.wire.values import date_from_wire, date_to_wire, decimal_from_money, money_from_decimal

MAX_ROWS = 100_000


def rule_to_wire(rule: RuleUsed) -> pb.RuleUsed:
    """The message of a rule."""
    return pb.RuleUsed(
        title_zh=rule.title_zh,
        title_en=rule.title_en,
        in_force_from=date_to_wire(rule.in_force_from),
        notes=[
            pb.RuleNote(
                parameter=note.parameter,
                value=note.value,
                is_assumption=note.is_assumption,
                citation=note.citation,
            )
            for note in rule.notes
        ],
    )


def rule_from_wire(message: pb.RuleUsed) -> RuleUsed:
    """The rule of a message."""
    return RuleUsed(
        message.title_zh,
        message.title_en,
        date_from_wire(message.in_force_from),
        tuple(
            RuleNote(note.parameter, note.value, note.is_assumption, note.citation) for note in message.notes
        ),
    )


def debtors_from_wire(
    messages: "pb.ClassifyLoansRequest | pb.MeasureCreditLossRequest", violations: Violations
) -> tuple[DebtorFacts, ...]:
    """The debtors of a request; everything wrong with them is noted."""
    rows = messages.debtors
    violations.require_max_length("debtors", rows, MAX_ROWS)
    first: dict[str, int] = {}
    found = []
    for i, row in enumerate(rows):
        at = violations.at(f"debtors[{i}]")
        at.require_non_empty("borrower_id", row.borrower_id)
        if first.setdefault(row.borrower_id, i) != i:
            at.add("borrower_id", f"found {row.borrower_id!r} again, expected each debtor once")
        debt = at.collect("debt", decimal_from_money, row.debt)
        overdue = at.collect("overdue_debt", decimal_from_money, row.overdue_debt)
        if debt is None or overdue is None:
            continue
        try:
            found.append(DebtorFacts(row.borrower_id, debt, overdue))
        except ValueError as error:
            field, _, what = str(error).partition(": ")
            at.add(field, what)
    return tuple(found)


def debtor_to_wire(facts: DebtorFacts) -> pb.DebtorFacts:
    """The message of a debtor."""
    return pb.DebtorFacts(
        borrower_id=facts.borrower_id,
        debt=money_from_decimal(facts.debt_cny),
        overdue_debt=money_from_decimal(facts.overdue_debt_cny),
    )


def class_to_wire(quality: FiveClass | None) -> "position_pb2.FiveClass.ValueType":
    """The number of a class; unspecified for none."""
    return FIVE_CLASS_TO_WIRE[quality]


def class_from_wire(number: "position_pb2.FiveClass.ValueType") -> FiveClass:
    """The class of a number that must not be unspecified."""
    quality = FIVE_CLASSES[number]
    assert quality is not None  # noqa: S101  # the server always says a class; tells mypy
    return quality


def cents_from_wire(money: Money) -> Decimal:
    """An amount with its two places, as the domain writes it."""
    return round(decimal_from_money(money), 2)
