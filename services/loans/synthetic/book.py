"""Synthetic loans with what core banking would report of them; balances roll forward by their movements to the cent.

Every draw is addressed by the seed and the number of the loan, so that a book does not depend on how it is cut into
blocks, and a larger book begins with the smaller one. Every fourth loan is a further loan of the borrower before it.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from quant.draws.random_numbers import Purpose, standard_normals, uniforms
from services.loans.conditions import BorrowerSize, GuaranteeMode
from services.loans.loan import Guarantee, Loan, RepaymentKind, RepaymentTerms
from services.loans.repayment.schedule import balances_after_payments, due_dates
from services.loans.reported.position import LoanMovement, LoanPosition
from services.loans.synthetic.history import Draws, Plan, report_loan
from services.loans.synthetic.recipe import BookRecipe, LoanTemplate

MARK = "合成数据 synthetic"
BLOCK = 4_000
_LOANS_OF_BORROWERS = 4
_SMALLEST_CNY = 10_000.0
_LARGEST_CNY = 1e10
# Draws of a loan by lane.
_TEMPLATE, _AMOUNT, _AGE, _DAY, _RATE, _VARIANT, _SIZE, _KIND, _PROBABILITY, _FATE, _WHEN, _WRITTEN_OFF = (
    range(12)
)


@dataclass(frozen=True, slots=True)
class SyntheticLoan:
    """A loan, the number of its template, and its reports in order of day."""

    loan: Loan
    template: int
    positions: tuple[LoanPosition, ...]
    movements: tuple[LoanMovement, ...]


def synthetic_loans(recipe: BookRecipe, n_loans: int, seed: int) -> Iterator[SyntheticLoan]:
    """The loans of a book one after the other; blocks are drawn together.

    Raises:
        ValueError: fewer than one loan.
    """
    if n_loans < 1:
        raise ValueError(f"n_loans: found {n_loans}, expected at least 1")
    for begin in range(0, n_loans, BLOCK):
        n = min(BLOCK, n_loans - begin)
        draws = _Draws(seed, begin, n)
        templates = [int(uniform * len(recipe.templates)) for uniform in draws.template]
        terms = [_terms(recipe, recipe.templates[template], draws, k) for k, template in enumerate(templates)]
        due, closing_cents = due_dates(terms), balances_after_payments(terms)
        for k, term in enumerate(terms):
            loan = _loan(recipe, recipe.templates[templates[k]], term, draws, (begin + k, k))
            plan = Plan(due[k, 1 : term.periods + 1], closing_cents[k, : term.periods])
            reports = report_loan(
                loan, plan, recipe, Draws(draws.fate[k], draws.when[k], draws.written_off[k])
            )
            yield SyntheticLoan(loan, templates[k], *reports)


class _Draws:
    """Uniforms of a block of loans by lane, [n]; those of a borrower are the same for all of its loans."""

    def __init__(self, seed: int, begin: int, n: int) -> None:
        def of(lane: int, draw: Callable[..., NDArray[np.float64]] = uniforms) -> NDArray[np.float64]:
            return draw(seed, Purpose.DEMONSTRATION, n, first_path=begin, lane=lane)

        # Blocks are whole numbers of fours, so that the borrower before the fourth loan is in the block.
        borrower = np.arange(n)
        borrower[_LOANS_OF_BORROWERS - 1 :: _LOANS_OF_BORROWERS] -= 1
        self.template = of(_TEMPLATE)[borrower]
        self.size = of(_SIZE)[borrower]
        self.probability = of(_PROBABILITY, standard_normals)[borrower]
        self.amount = of(_AMOUNT, standard_normals)
        self.age, self.day, self.rate = of(_AGE), of(_DAY), of(_RATE)
        self.variant, self.kind = of(_VARIANT), of(_KIND)
        self.fate, self.when, self.written_off = of(_FATE), of(_WHEN), of(_WRITTEN_OFF)


def _loan(
    recipe: BookRecipe, case: LoanTemplate, terms: RepaymentTerms, draws: _Draws, place: tuple[int, int]
) -> Loan:
    """The loan of a number, which is the k-th of its block."""
    number, k = place
    variant = _chosen(recipe.variants, draws.variant[k]) if case.has_variants else ""
    borrower = number - (number % _LOANS_OF_BORROWERS == _LOANS_OF_BORROWERS - 1)
    probability = recipe.default_probability_annual * np.exp(
        recipe.default_probability_log_sd * draws.probability[k] - recipe.default_probability_log_sd**2 / 2
    )
    return Loan(
        loan_id=f"SYN-{number + 1:07d}",
        borrower_id=f"SYN-B{borrower + 1:07d}",
        name=f"{MARK} {number + 1} · {case.case_id} {case.county}",
        county=case.county,
        industry=case.industry,
        product=case.product + variant,
        terms=terms,
        default_probability_annual=round(float(min(probability, 1.0)), 6),
        asset_correlation=recipe.asset_correlation,
        unsecured_lgd=recipe.unsecured_lgd,
        index_weights=case.index_weights,
        guarantee=_guarantee(recipe, case) if variant == "+guarantee" else None,
        purpose=case.purpose,
        approved_on=terms.drawn_on - dt.timedelta(days=14),
        guarantee_mode=GuaranteeMode.COMBINED if variant else GuaranteeMode.PLEDGE,
        borrower_size=BorrowerSize(_chosen(recipe.borrower_sizes, draws.size[k])),
        compensation_share=recipe.compensation_share if variant == "+credit" else 0.0,
    )


def _terms(recipe: BookRecipe, case: LoanTemplate, draws: _Draws, k: int) -> RepaymentTerms:
    amount = _damped(recipe, case.amount_cny * float(np.exp(recipe.amount_log_sd * draws.amount[k])))
    whole_wan = round(min(max(amount, _SMALLEST_CNY), _LARGEST_CNY) / 1e4) * 10_000
    # The oldest must not have matured long ago: a loan is at most as old as its tenor.
    age = int(draws.age[k] * min(recipe.oldest_loan_months, case.tenor_months))
    year, month = divmod(recipe.as_of.year * 12 + recipe.as_of.month - 1 - age, 12)
    rate_bp = round(case.rate_annual * 1e4 + (2.0 * draws.rate[k] - 1.0) * recipe.rate_spread_bp)
    return RepaymentTerms(
        Decimal(max(whole_wan, 10_000)).quantize(Decimal("0.01")),
        dt.date(year, month + 1, 1 + int(draws.day[k] * 28)),
        case.tenor_months,
        max(rate_bp, 1) / 1e4,
        RepaymentKind(_chosen(recipe.repayment_kinds, draws.kind[k])),
    )


def _damped(recipe: BookRecipe, amount_cny: float) -> float:
    """An amount above the recipe's a becomes a (amount / a)^power, so that no single loan decides a quarter."""
    above = recipe.damped_above_cny
    return amount_cny if amount_cny <= above else above * (amount_cny / above) ** recipe.damping_power


def _guarantee(recipe: BookRecipe, case: LoanTemplate) -> Guarantee:
    """One synthetic guarantor for each place."""
    return Guarantee(
        f"SYN-G {case.county}"[:64], recipe.guarantee_share, recipe.guarantor_default_probability_annual
    )


def _chosen(shares: Mapping[str, float], uniform: float) -> str:
    """The choice whose part of the unit interval a draw falls in; shares need not add up to 1."""
    left = uniform * sum(shares.values())
    for name, share in shares.items():
        left -= share
        if left < 0.0:
            return name
    return list(shares)[-1]
