"""Section: at what rate the loan must be made, part by part, and what it then costs the borrower."""

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import APPRAISAL, chapter, heading
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import findings_of, words
from flows.reports.charts.model import Bar, BarChart
from flows.reports.document import (
    Cell,
    ColumnKind,
    Figure,
    KeyFigure,
    KeyFigures,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import in_percent, percent, wan
from services.runtime.vocabulary.names import field_zh
from services.valuation.lending.loan_price import RateBuildUp

_RATE_DECIMALS = 3


def rate_section(appraisal: PledgeAppraisal) -> Section:
    """The build-up of the rate, or why there is none."""
    rate = None if appraisal.sized is None else appraisal.sized.rate
    if rate is None:
        return chapter("rate", Paragraph(APPRAISAL.text(_why_none(appraisal))))
    mark = Mark.ASSUMPTION if any(found.is_assumption for found in rate.inputs) else Mark.PLAIN
    bars = tuple(
        Bar(APPRAISAL.word("rate_part", part.part).zh, 100.0 * part.rate_annual) for part in rate.components
    )
    return chapter(
        "rate",
        Paragraph(APPRAISAL.text("rate", amount=wan(rate.amount_cny))),
        _key_figures(rate, mark),
        Figure(APPRAISAL.title("rate"), BarChart(Bilingual("年利率（%）", "% a year"), bars, _RATE_DECIMALS)),
        _part_table(rate, mark),
        _cost_table(rate, mark),
        _loss_table(rate, mark),
        _input_table(rate),
        *findings_of("appraisal_title.rate_cautions", [(found.field, found) for found in rate.cautions]),
    )


def _why_none(appraisal: PledgeAppraisal) -> str:
    if appraisal.sized is None:
        return "rate_without_loan"
    return "no_pricing" if appraisal.pricing is None else "nothing_to_price"


def _key_figures(rate: RateBuildUp, mark: Mark) -> KeyFigures:
    figures = [
        KeyFigure(
            APPRAISAL.word("figure", "total_rate"),
            in_percent(rate.total_rate_annual, _RATE_DECIMALS),
            mark=mark,
        ),
        KeyFigure(APPRAISAL.word("figure", "loan_rate"), in_percent(rate.loan_rate_annual, _RATE_DECIMALS)),
        KeyFigure(APPRAISAL.word("figure", "lgd"), in_percent(rate.lgd), mark=mark),
        KeyFigure(
            APPRAISAL.word("figure", "risk_weight"),
            in_percent(rate.risk_weight),
            APPRAISAL.word("figure", "irb_risk_weight", weight=percent(rate.irb_risk_weight)),
            mark,
        ),
    ]
    if rate.lpr_rate_annual is not None:
        figures.append(
            KeyFigure(
                Bilingual(f"LPR {rate.lpr_tenor}", str(rate.lpr_as_of)),
                in_percent(rate.lpr_rate_annual, _RATE_DECIMALS),
                APPRAISAL.word(
                    "figure",
                    "spreads",
                    required=_points(rate.required_spread_annual),
                    offered=_points(rate.offered_spread_annual),
                ),
            )
        )
    return KeyFigures(tuple(figures))


def _points(spread_annual: float | None) -> str:
    return "—" if spread_annual is None else f"{10_000.0 * spread_annual:+.1f} BP".replace("-", "−")


def _part_table(rate: RateBuildUp, mark: Mark) -> Table:
    rows = [
        Row(
            (
                Cell(APPRAISAL.word("rate_part", part.part)),
                Cell(part.rate_annual, mark),
                Cell(Bilingual(part.explanation_zh, part.explanation_en)),
            )
        )
        for part in rate.components
    ]
    total = (
        Cell(APPRAISAL.word("row", "total")),
        Cell(rate.total_rate_annual, mark),
        Cell(APPRAISAL.word("row", "no_tax")),
    )
    return Table(
        APPRAISAL.title("rate_parts"),
        (
            heading("rate_part"),
            heading("rate_annual", ColumnKind.PERCENT, decimals=_RATE_DECIMALS),
            heading("how", is_long_text=True),
        ),
        (*rows, Row(total, is_total=True)),
    )


def _cost_table(rate: RateBuildUp, mark: Mark) -> Table:
    rows = tuple(
        Row(
            (
                Cell(APPRAISAL.word("borrower_cost", cost.basis)),
                Cell(cost.nominal_annual),
                _marked(cost.after_subsidy_annual, mark),
                _marked(cost.all_in_annual, mark),
            )
        )
        for cost in rate.borrower_costs
    )
    return Table(
        APPRAISAL.title("borrower_costs"),
        (
            heading("rate_basis"),
            *(
                heading(key, ColumnKind.PERCENT, decimals=_RATE_DECIMALS)
                for key in ("nominal", "after_subsidy", "all_in")
            ),
        ),
        rows,
        APPRAISAL.text("borrower_costs"),
    )


def _marked(value: float | None, mark: Mark) -> Cell:
    return Cell(value, Mark.PLAIN if value is None else mark)


def _loss_table(rate: RateBuildUp, mark: Mark) -> Table:
    rows = tuple(
        Row(
            (
                Cell(year.year),
                Cell(year.exposure_cny),
                Cell(year.survival),
                Cell(year.lgd),
                Cell(year.guaranteed_lgd),
                Cell(year.expected_loss_cny, mark),
                Cell(year.discount_factor),
            )
        )
        for year in rate.loss_years
    )
    return Table(
        APPRAISAL.title("loss_years"),
        (
            heading("year", ColumnKind.INTEGER),
            heading("exposure", ColumnKind.WAN),
            heading("survival", ColumnKind.PERCENT),
            heading("lgd", ColumnKind.PERCENT),
            heading("guaranteed_lgd", ColumnKind.PERCENT),
            heading("expected_loss", ColumnKind.WAN, decimals=4),
            heading("discount_factor", ColumnKind.NUMBER, decimals=4),
        ),
        rows,
        APPRAISAL.text("loss_years"),
    )


def _input_name(name: str) -> Bilingual:
    """The figure in words with its name beside it, as asset files write it."""
    return Bilingual(field_zh(name), name)


def _input_table(rate: RateBuildUp) -> Table:
    rows = tuple(
        Row(
            (
                Cell(_input_name(found.name)),
                Cell(f"{found.value:,.10g}", Mark.ASSUMPTION if found.is_assumption else Mark.PLAIN),
                Cell(words(found.source)),
            )
        )
        for found in rate.inputs
    )
    return Table(
        APPRAISAL.title("rate_inputs"),
        (heading("item"), heading("given"), heading("source", is_long_text=True)),
        rows,
    )
