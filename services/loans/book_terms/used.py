"""Curves and funds that a question uses, and where they come from; values only."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.loans.book_terms.terms import TermsKind
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.runtime.results import Caution, Severity

T = TypeVar("T", DefaultCurve, CompensationFundTerms)
_LABELS = {
    TermsKind.DEFAULT_CURVES: ("违约期限结构", "default curves"),
    TermsKind.COMPENSATION_FUNDS: ("风险补偿基金", "risk-compensation funds"),
}


@dataclass(frozen=True, slots=True)
class ChosenTerms(Generic[T]):
    """Curves, or funds, that a question uses.

    Attributes:
        kind: curves or funds.
        entries: in order; none where there are none.
        in_force_from: first day of the version that the book keeps for the day; None where it keeps none.
        is_book: whether the entries are those of the book.
    """

    kind: TermsKind
    entries: tuple[T, ...] = ()
    in_force_from: dt.date | None = None
    is_book: bool = False


@dataclass(frozen=True, slots=True)
class UsedTerms:
    """What a question uses, and where it comes from."""

    curves: ChosenTerms[DefaultCurve]
    funds: ChosenTerms[CompensationFundTerms]

    @classmethod
    def given(
        cls, curves: Sequence[DefaultCurve] = (), funds: Sequence[CompensationFundTerms] = ()
    ) -> "UsedTerms":
        """What is given, beside a book that keeps nothing."""
        return cls(
            ChosenTerms(TermsKind.DEFAULT_CURVES, tuple(curves)),
            ChosenTerms(TermsKind.COMPENSATION_FUNDS, tuple(funds)),
        )


NO_TERMS = UsedTerms.given()


def cautions_about_terms(used: UsedTerms) -> Iterator[Caution]:
    """Where the curves and funds of a result come from; that those of the book were set aside."""
    for chosen in (used.curves, used.funds):
        if chosen.in_force_from is None:
            continue
        label_zh, label_en = _LABELS[chosen.kind]
        since, is_curves = chosen.in_force_from, chosen.kind is TermsKind.DEFAULT_CURVES
        if chosen.is_book:
            yield Caution(
                "DEFAULT_CURVES_OF_THE_BOOK" if is_curves else "COMPENSATION_FUNDS_OF_THE_BOOK",
                Severity.NOTE,
                f"{label_zh} {len(chosen.entries)} 项取自贷款簿，自 {since} 起生效",
                f"{len(chosen.entries)} {label_en} are those of the book, in force from {since}",
                chosen.kind.value,
            )
        else:
            instead_zh = f"改用本次给出的 {len(chosen.entries)} 项" if chosen.entries else "本次不用"
            instead_en = f"the {len(chosen.entries)} given instead" if chosen.entries else "none is used"
            yield Caution(
                "DEFAULT_CURVES_SET_ASIDE" if is_curves else "COMPENSATION_FUNDS_SET_ASIDE",
                Severity.WARNING,
                f"贷款簿自 {since} 起生效的{label_zh}未用，{instead_zh}；结果与按贷款簿计算的报告不可直接比较",
                f"the {label_en} of the book, in force from {since}, are set aside, {instead_en}; figures differ from "
                "reports that use them",
                chosen.kind.value,
            )
