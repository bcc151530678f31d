"""Books to measure: every loan has its own borrower, guarantor and noisy collateral; nothing is switched off."""

import numpy as np

from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.book import NO_FUND, LoanBook, Pledges
from quant.market.curves import DiscountCurve
from quant.schedules import CollateralTerms, ExposureSchedule

ROWS = 15
DISCOUNT = DiscountCurve.flat(0.03).discount_factors
MODEL = FactorModel(
    (
        PrimaryFactor("credit_cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0),
        PrimaryFactor("water_price", 0.0, mean_reversion_annual=0.1, volatility_annual=0.3),
    ),
    (),
    np.array([[1.0, 0.5], [0.5, 1.0]]),
)


def book(
    n_loans: int,
    *,
    default_probability: float = 0.03,
    n_quarters: int | None = None,
    n_schedules: int | None = None,
    own_days: bool = False,
) -> LoanBook:
    """A book over one year, or over quarters with loans that amortise.

    Args:
        n_loans: loans, each with a pledge.
        default_probability: a year.
        n_quarters: None for one period of a year.
        n_schedules: distinct schedules that the pledges share; one each when absent.
        own_days: whether every schedule was made on a day of its own, so that no two share a date.
    """
    generator = np.random.default_rng(1)
    terms = CollateralTerms(0.02, 0.01, 1.0, 0.2, 0.05, 1.0, 0.1)
    n = n_loans if n_schedules is None else n_schedules
    schedules = tuple(
        ExposureSchedule(
            f"a{i}",
            np.arange(1.0, ROWS + 1.0) + own_days * i / n,
            ("water_price",) * ROWS,
            generator.uniform(0.5, 1.5, ROWS) * 1e5,
            ("",) * ROWS,
            terms,
        )
        for i in range(n)
    )
    ends = np.array([1.0]) if n_quarters is None else np.arange(1, n_quarters + 1) / 4.0
    each = np.arange(n_loans)
    paid = np.linspace(1.0, 0.2, len(ends)) if len(ends) > 1 else np.ones(1)
    return LoanBook(
        exposure_cny=np.full((n_loans, 1), 1e6) * paid,
        default_probability_annual=np.full(n_loans, default_probability),
        years_at_risk=np.full(n_loans, 30.0),
        asset_correlation=np.full(n_loans, 0.2),
        index_of_loan=np.zeros(n_loans, dtype=np.intp),
        borrower_of_loan=each,
        unsecured_lgd=np.full(n_loans, 0.6),
        guarantee_share=np.full(n_loans, 0.3),
        guarantor_of_loan=each,
        guarantor_default_probability_annual=np.full(n_loans, 0.01),
        compensation_share=np.zeros(n_loans),
        fund_of_loan=np.full(n_loans, NO_FUND),
        index_weights=np.array([[1.0, 0.0]]),
        period_ends_years=ends,
        fund_cap_cny=np.empty(0),
        pledges=Pledges(schedules, each % n, each, np.ones(n_loans), each),
    )
