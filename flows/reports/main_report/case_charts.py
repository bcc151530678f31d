"""Charts of the cases: published loan against limit, and how uncertain each pledge value is."""

from flows.published_cases.appraisal import CaseAppraisal
from flows.published_cases.mapping import Sufficiency
from flows.reports.charts.model import Pair, PairChart, Spread, SpreadChart
from flows.reports.figures import CNY_PER_WAN
from flows.reports.labels import label
from flows.reports.main_report.case_facts import name_of, published_size_limit, valuation_of

# The outermost quantiles that a valuation reports, and those of its box.
_WHISKERS, _BOX = (0.01, 0.95), (0.1, 0.9)


def loan_chart(appraisals: tuple[CaseAppraisal, ...]) -> PairChart | None:
    """What was given against what may be lent; None where no case has either."""
    pairs = []
    for appraisal in appraisals:
        granted = appraisal.loan_cny if appraisal.loan_cny is not None else appraisal.credit_line_cny
        limit = published_size_limit(appraisal)
        if granted is None and limit is None:
            continue
        pairs.append(
            Pair(
                name_of(appraisal),
                None if granted is None else granted / CNY_PER_WAN,
                None if limit is None else limit / CNY_PER_WAN,
                appraisal.sufficiency is Sufficiency.UNDER_ASSUMPTION,
            )
        )
    if not pairs:
        return None
    return PairChart(
        label("axis.amount_wan_log"), label("legend.granted"), label("legend.limit"), tuple(pairs)
    )


def value_chart(appraisals: tuple[CaseAppraisal, ...]) -> SpreadChart | None:
    """The value of each pledge at the horizon over its value today; None where none was valued."""
    spreads = []
    for appraisal in appraisals:
        valuation = valuation_of(appraisal)
        if valuation is None or valuation.value_cny <= 0.0:
            continue
        at_horizon, today = valuation.value_at_horizon, valuation.value_cny
        low, lower, middle, upper, high = (
            at_horizon.quantile(p) / today for p in (_WHISKERS[0], _BOX[0], 0.5, _BOX[1], _WHISKERS[1])
        )
        spreads.append(
            Spread(
                name_of(appraisal),
                low,
                lower,
                middle,
                upper,
                high,
                valuation.pledge_value_cny / today,
                appraisal.sufficiency is Sufficiency.UNDER_ASSUMPTION,
            )
        )
    if not spreads:
        return None
    return SpreadChart(
        label("axis.value_to_today"),
        label("legend.whisker").inline(),
        label("legend.box").inline(),
        tuple(spreads),
        label("legend.pledge_value"),
        1.0,
    )
