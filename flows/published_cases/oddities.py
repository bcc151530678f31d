"""The published oddities, each recomputed from the cases."""

from collections.abc import Iterable, Mapping

from flows.published_cases.case import PublishedCase
from flows.published_cases.cited_figures import Yardsticks
from flows.published_cases.forest_oddities import (
    ganzhou_debt,
    ganzhou_yield,
    ninger_price,
    wuning_price,
    wuning_sum,
)
from flows.published_cases.loan_oddities import (
    loan_to_value_spread,
    lower_bounds,
    sum_over_operation,
    ticket_loan_per_mu,
    total_lent_in_full,
    township_flow,
    water_loan_per_m3,
    whole_town,
    yunxi_one_year,
)
from flows.published_cases.oddity import Oddity


def find_oddities(cases: Iterable[PublishedCase], yardsticks: Yardsticks) -> tuple[Oddity, ...]:
    """All oddities, the gravest kinds first.

    Raises:
        InvalidInput: a case or a number that an oddity rests on is not there.
    """
    by_id: Mapping[str, PublishedCase] = {case.case_id: case for case in cases}
    return (
        wuning_price(by_id["C26"], yardsticks),
        ganzhou_yield(by_id["C23"], by_id["C26"], yardsticks),
        ganzhou_debt(by_id["C23"]),
        whole_town(by_id["C08"]),
        township_flow(by_id["C01"]),
        wuning_sum(by_id["C26"], yardsticks),
        sum_over_operation(by_id["C03"]),
        total_lent_in_full(by_id["C12"]),
        yunxi_one_year(by_id["C13"]),
        ninger_price(by_id["C27"], yardsticks),
        lower_bounds(by_id.values()),
        ticket_loan_per_mu(by_id["C25"]),
        water_loan_per_m3(by_id.values()),
        loan_to_value_spread(by_id.values()),
    )
