"""Which curves and funds a question uses: its own, those that the book keeps, or none."""

import datetime as dt
from collections.abc import Sequence

from services.loans.book_terms.store import TermsStore
from services.loans.book_terms.terms import TermsKind, TermsVersion
from services.loans.book_terms.used import ChosenTerms, T, UsedTerms
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve


def terms_used(
    store: TermsStore,
    day: dt.date,
    curves: Sequence[DefaultCurve],
    funds: Sequence[CompensationFundTerms],
    *,
    without_book_terms: bool,
) -> UsedTerms:
    """What a question of a day uses: what it gives, else what the book keeps, unless it leaves that out.

    Args:
        store: of the book.
        day: of the book.
        curves: given by the question; none for those of the book.
        funds: the same.
        without_book_terms: leave out what the book keeps.
    """
    kept_curves = store.terms_in_force(TermsKind.DEFAULT_CURVES, day)
    kept_funds = store.terms_in_force(TermsKind.COMPENSATION_FUNDS, day)
    own_curves, own_funds = tuple(curves), tuple(funds)
    of_book = not without_book_terms
    return UsedTerms(
        _chosen(TermsKind.DEFAULT_CURVES, own_curves, DefaultCurve, kept_curves, of_book=of_book),
        _chosen(TermsKind.COMPENSATION_FUNDS, own_funds, CompensationFundTerms, kept_funds, of_book=of_book),
    )


def _chosen(
    kind: TermsKind, own: tuple[T, ...], form: type[T], kept: TermsVersion | None, *, of_book: bool
) -> ChosenTerms[T]:
    entries = () if kept is None else tuple(e for e in kept.table.entries if isinstance(e, form))
    # A version without entries withdraws the one before: nothing is kept then.
    since = kept.as_of if kept is not None and entries else None
    if own or not of_book or not entries:
        return ChosenTerms(kind, own, since)
    return ChosenTerms(kind, entries, since, is_book=True)
