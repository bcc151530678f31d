"""Loans of one unit with nothing behind them: tests replace the fields that they are about."""

import numpy as np

from quant.loan_losses.book import NO_FUND, LoanBook, Pledges

ONE_YEAR = np.array([1.0])


def bare_book(
    n: int = 1,
    *,
    ends: np.ndarray = ONE_YEAR,
    pd: float | np.ndarray = 0.05,
    rho: float = 0.2,
    lgd: float = 1.0,
    exposure: float = 1.0,
    weights: tuple[float, ...] = (1.0, 0.0),
) -> LoanBook:
    """A borrower a loan, at risk over the whole horizon; no pledge, guarantor or compensation fund.

    Args:
        n: how many loans.
        ends: of the periods, years.
        pd: yearly probability of default, of all loans or of each.
        rho: asset correlation.
        lgd: what is lost of an unsecured exposure.
        exposure: of each loan in every period, CNY.
        weights: of the factors in the one index.
    """
    return LoanBook(
        exposure_cny=np.full((n, len(ends)), exposure),
        default_probability_annual=np.full(n, pd),
        years_at_risk=np.full(n, 50.0),
        asset_correlation=np.full(n, rho),
        index_of_loan=np.zeros(n, dtype=np.intp),
        borrower_of_loan=np.arange(n),
        unsecured_lgd=np.full(n, lgd),
        guarantee_share=np.zeros(n),
        guarantor_of_loan=np.arange(n),
        guarantor_default_probability_annual=np.zeros(n),
        compensation_share=np.zeros(n),
        fund_of_loan=np.full(n, NO_FUND),
        index_weights=np.array([weights]),
        period_ends_years=ends,
        fund_cap_cny=np.empty(0),
        pledges=Pledges.none(),
    )
