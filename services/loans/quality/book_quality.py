"""Quality of a whole book: totals by class, the non-performing ratio, and what moved since an earlier day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.loans.quality.classification import ClassifiedLoan, is_non_performing
from services.loans.reported.position import FiveClass


@dataclass(frozen=True, slots=True)
class ClassTotal:
    """Loans of one class: how many, their balance, its share of the book (0 of an empty book)."""

    quality: FiveClass
    n_loans: int
    balance_cny: Decimal
    share: float


@dataclass(frozen=True, slots=True)
class ClassMigration:
    """Loans that were of one class on the earlier day and are of one class now.

    Attributes:
        before: class on the earlier day; None for loans that owed nothing then.
        after: class now; None for loans that owe nothing now.
        n_loans: how many.
        balance_before_cny, balance_after_cny: their balances on the two days.
    """

    before: FiveClass | None
    after: FiveClass | None
    n_loans: int
    balance_before_cny: Decimal
    balance_after_cny: Decimal


def class_totals(loans: Sequence[ClassifiedLoan]) -> tuple[ClassTotal, ...]:
    """A total for each of the five classes, best first; a loan that owes nothing is not counted."""
    owing = [loan for loan in loans if loan.facts.balance_cny > 0]
    book = sum((loan.facts.balance_cny for loan in owing), Decimal(0))
    totals = []
    for quality in FiveClass:
        members = [loan.facts.balance_cny for loan in owing if loan.quality is quality]
        balance = sum(members, Decimal(0))
        totals.append(ClassTotal(quality, len(members), balance, float(balance / book) if book else 0.0))
    return tuple(totals)


def non_performing_ratio(totals: Sequence[ClassTotal]) -> float:
    """Balance of substandard, doubtful and loss over the whole balance (不良率); 0 of an empty book."""
    book = sum((total.balance_cny for total in totals), Decimal(0))
    bad = sum((total.balance_cny for total in totals if is_non_performing(total.quality)), Decimal(0))
    return float(bad / book) if book else 0.0


def migrations(
    before: Sequence[ClassifiedLoan], after: Sequence[ClassifiedLoan]
) -> tuple[ClassMigration, ...]:
    """Every pair of classes that occurs, new and settled loans included.

    Balances before add up to the earlier book, balances after to the book now.
    """
    then = {loan.facts.loan_id: loan for loan in before if loan.facts.balance_cny > 0}
    now = {loan.facts.loan_id: loan for loan in after if loan.facts.balance_cny > 0}
    pairs: dict[tuple[FiveClass | None, FiveClass | None], list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for loan_id in sorted(then.keys() | now.keys()):
        old, new = then.get(loan_id), now.get(loan_id)
        pairs[None if old is None else old.quality, None if new is None else new.quality].append(
            (_balance(old), _balance(new))
        )
    order = {quality: i for i, quality in enumerate((*FiveClass, None))}
    return tuple(
        ClassMigration(
            old_class,
            new_class,
            len(balances),
            sum((pair[0] for pair in balances), Decimal(0)),
            sum((pair[1] for pair in balances), Decimal(0)),
        )
        for (old_class, new_class), balances in sorted(
            pairs.items(), key=lambda item: (order[item[0][0]], order[item[0][1]])
        )
    )


def _balance(loan: ClassifiedLoan | None) -> Decimal:
    return Decimal(0) if loan is None else loan.facts.balance_cny
