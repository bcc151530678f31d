"""What the service calls a field, and the heading that a person reads."""

import pytest

from flows.loan_files.columns import COLUMNS
from flows.loan_files.fields import column_of


@pytest.mark.parametrize(
    ("kind", "field", "column"),
    [
        ("loans", "terms.principal", "principal_cny"),
        ("loans", "terms.rate_annual", "rate_annual"),
        ("loans", "terms.rate_reset.fixings[3].rate_annual", "lpr_fixings"),
        ("loans", "terms.rate_reset.tenor", "lpr_tenor"),
        ("loans", "index_weights[0].factor", "index"),
        ("loans", "guarantee.default_probability_annual", "guarantor_default_probability_annual"),
        ("loans", "default_probability_annual", "default_probability_annual"),
        ("loans", "subsidy.interest_share", "subsidy_interest_share"),
        ("positions", "balance", "balance_cny"),
        ("movements", "amount", "amount_cny"),
        ("movements", "day", "day"),
        ("pledges", "loan_id", "loan_id"),
    ],
)
def test_a_field_has_a_column(kind: str, field: str, column: str) -> None:
    assert column_of(kind, field) == column
    assert column in {found.name for found in COLUMNS[kind]}
