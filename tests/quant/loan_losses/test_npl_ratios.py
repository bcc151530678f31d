"""The ratio of bad loans over time, computed by hand."""

import numpy as np

from quant.loan_losses.fans import npl_ratios


def test_the_stock_of_today_stays_and_new_defaults_join_it() -> None:
    # Today 10 are bad beside 90 and then 60 by schedule. On the first path a loan of 5, then 4, defaults in the first
    # period: 15 of 15 + 85, then 15 of 15 + 56. On the second nobody defaults: 10 of 100, then 10 of 70.
    ratios = npl_ratios(
        np.array([[5.0, 0.0], [0.0, 0.0]]), np.array([[5.0, 4.0], [0.0, 0.0]]), np.array([90.0, 60.0]), 10.0
    )
    np.testing.assert_allclose(ratios, [[15 / 100, 15 / 71], [10 / 100, 10 / 70]], rtol=1e-15)


def test_a_book_of_bad_loans_alone_stays_bad_and_an_empty_one_has_none() -> None:
    nothing = np.zeros((1, 2))
    np.testing.assert_array_equal(npl_ratios(nothing, nothing, np.zeros(2), 7.0), [[1.0, 1.0]])
    np.testing.assert_array_equal(npl_ratios(nothing, nothing, np.zeros(2), 0.0), [[0.0, 0.0]])
