"""Which column of a file a field of the service or of a value came from."""

import re

_INDEX = re.compile(r"\[\d+\]")
_RESET = {
    "tenor": "lpr_tenor",
    "spread_bp": "lpr_spread_bp",
    "months_between": "lpr_months_between",
    "first_on": "lpr_first_on",
    "fixings": "lpr_fixings",
    "fixings.published_on": "lpr_fixings",
    "fixings.rate_annual": "lpr_fixings",
}
_SUBSIDY = {
    "payer": "subsidy_payer",
    "rate_points_annual": "subsidy_rate_points",
    "interest_share": "subsidy_interest_share",
    "until": "subsidy_until",
}
_GUARANTEE = {
    "guarantor_id": "guarantor_id",
    "share": "guarantee_share",
    "default_probability_annual": "guarantor_default_probability_annual",
}
# Fields of a value are named without what holds it; those of the service are looked up first.
_COLUMNS = {
    "loans": {
        **{f"rate_reset.{field}": column for field, column in _RESET.items()},
        **{f"subsidy.{field}": column for field, column in _SUBSIDY.items()},
        **{f"guarantee.{field}": column for field, column in _GUARANTEE.items()},
        **_RESET,
        **_SUBSIDY,
        "share": "guarantee_share",
        "principal": "principal_cny",
        "index_weights": "index",
        "index_weights.factor": "index",
        "index_weights.weight": "index",
        "factor": "index",
        "weight": "index",
    },
    "positions": {"balance": "balance_cny", "overdue_principal": "overdue_principal_cny"},
    "movements": {"amount": "amount_cny"},
    "pledges": {},
}


def column_of(kind: str, field: str) -> str:
    """The column of a table of a kind that a field stands in.

    Args:
        kind: loans, positions, movements or pledges.
        field: such as "amount" or "terms.rate_reset.fixings[0].rate_annual"; one that has no other name in files is
            returned as it is.
    """
    path = _INDEX.sub("", field).removeprefix("terms.")
    return _COLUMNS[kind].get(path, path)
