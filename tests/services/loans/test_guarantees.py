"""Circles of guarantees: by hand, and by asking who can be reached from whom; addresses of guarantors."""

import itertools
from collections.abc import Callable

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant.draws.sparse_draws import lane_of_name
from services.loans.columns.loan_columns import LoanColumns, loan_columns
from services.loans.guarantees import addresses, circles, guarantor_addresses, guarantor_is_borrower
from services.loans.loan import Guarantee, Loan

MakeLoan = Callable[..., Loan]
Pair = tuple[str, str]


def book(loan: MakeLoan, pairs: list[Pair], share: float = 0.5) -> LoanColumns:
    """A loan for each pair of borrower and guarantor; no guarantor for an empty name."""
    return loan_columns(
        [
            loan(f"L{i}", borrower_id=borrower, guarantee=Guarantee(guarantor, share, 0.05))
            for i, (borrower, guarantor) in enumerate(pairs)
        ],
        "",
    )


def test_a_pair_and_a_ring_of_three_are_circles_and_a_chain_is_none(loan: MakeLoan) -> None:
    pairs = [
        ("甲", "乙"), ("乙", "甲"),
        ("丙", "丁"), ("丁", "戊"), ("戊", "丙"), ("丙", "担保公司"),
        ("己", "庚"), ("庚", "丙"), ("辛", "辛"), ("壬", ""),
    ]  # fmt: skip
    first, second = circles(book(loan, pairs))
    assert (first.borrowers, first.loans) == (("乙", "甲"), (0, 1))
    # 庚 leans on the second circle without standing behind it.
    assert (second.borrowers, second.loans) == (tuple(sorted("丙丁戊")), (2, 3, 4))


def test_a_guarantee_that_bears_nothing_makes_no_circle(loan: MakeLoan) -> None:
    assert circles(book(loan, [("甲", "乙"), ("乙", "甲")], share=0.0)) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdefxy")), max_size=14))
def test_members_are_those_who_reach_each_other(loan: MakeLoan, pairs: list[Pair]) -> None:
    reach = {(a, b) for a, b in pairs if a != b and b in {borrower for borrower, _ in pairs}}
    for middle, a, b in itertools.product("abcdef", repeat=3):
        if (a, middle) in reach and (middle, b) in reach:
            reach.add((a, b))
    together = {
        frozenset({a} | {b for b in "abcdef" if {(a, b), (b, a)} <= reach})
        for a in "abcdef"
        if (a, a) in reach
    }
    found = circles(book(loan, pairs)) if pairs else []
    assert {frozenset(circle.borrowers) for circle in found} == together
    inside = {
        i for i, (a, b) in enumerate(pairs) if a != b and any({a, b} <= members for members in together)
    }
    assert {i for circle in found for i in circle.loans} == inside


def test_who_borrows_guarantees_at_the_address_of_the_borrower(loan: MakeLoan) -> None:
    loans = book(loan, [("甲", "乙"), ("乙", "丙"), ("丁", "")])
    borrows = guarantor_is_borrower(loans)
    assert borrows.tolist() == [True, False, False]
    found = guarantor_addresses(loans, borrows)
    assert found[0] == addresses(loans.borrower)[1] == lane_of_name("乙")
    assert len(np.unique(found)) == 3
    assert not np.isin(found[1:], addresses(loans.borrower)).any()
