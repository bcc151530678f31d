"""Section: the fund: terms, one exact run of the waterfall, the simulated outcome by class, liquidity, worlds."""

from collections import defaultdict
from decimal import Decimal

from flows.main_job_result import FundRun
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell, column, findings_of
from flows.reports.charts.model import Layer, StackChart
from flows.reports.document import (
    Block,
    Cell,
    Column,
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
from flows.reports.figures import CNY_PER_YI, in_percent, in_unit, in_yi
from flows.reports.fund_tables.cash import j_curve, leverage_table, liquidity_table
from flows.reports.fund_tables.classes import class_table, multiple_table
from flows.reports.fund_tables.terms import partner_table, step_table
from flows.reports.fund_tables.wording import assumption_words, recipient_name
from flows.reports.fund_tables.worlds import world_panels, world_table
from flows.reports.labels import label
from services.fund.fund_terms.terms import FundTerms
from services.fund.simulation.outcome import FundOutcome, PartnerOutcome
from services.runtime.results import Distribution


def fund_section(run: FundRun) -> Section:
    """Terms, waterfall, simulation; neither split nor revenue was published, so all of it rests on assumptions."""
    outcome = run.outcome
    return Section(
        "fund",
        label("section.fund"),
        label("sheet.fund").zh,
        (
            Paragraph(label("text.fund", name=run.terms.name, paths=f"{outcome.manifest.n_paths:,}")),
            _key_figures(run),
            *findings_of("title.fund_findings", (("", caution) for caution in outcome.cautions)),
            partner_table(run.terms),
            step_table(run.terms),
            Figure(label("title.waterfall_chart"), _waterfall_chart(run), label("caption.waterfall_chart")),
            _payment_table(run),
            _result_table(run),
            Figure(label("title.j_curve"), j_curve(outcome, run.first_year), label("caption.j_curve")),
            _outcome_table(run),
            class_table(outcome),
            *_only(multiple_table(outcome, run.first_year)),
            leverage_table(outcome),
            liquidity_table(outcome, run.first_year),
            *_worlds(run),
            _assumption_table(outcome),
        ),
    )


def _only(table: Table | None) -> tuple[Table, ...]:
    return () if table is None else (table,)


def _worlds(run: FundRun) -> tuple[Block, ...]:
    """The worlds briefly; `ecopledge report fund` shows them at length."""
    comparison = run.comparison
    paths = f"{comparison.base.manifest.n_paths:,}"
    return (
        Paragraph(label("text.fund_worlds", paths=paths)),
        *_only(world_table(comparison)),
        Figure(label("fund_title.world_panels"), world_panels(comparison), label("fund_text.world_panels")),
    )


def _key_figures(run: FundRun) -> KeyFigures:
    outcome = run.outcome
    committed = sum((partner.commitment_cny for partner in run.terms.partners), Decimal())
    figures = [
        KeyFigure(label("figure.committed"), in_yi(committed), mark=Mark.ASSUMPTION),
        KeyFigure(label("figure.called"), in_yi(outcome.called_cny), mark=Mark.ASSUMPTION),
        KeyFigure(
            label("figure.leverage"),
            in_unit(outcome.leverage_project_to_fund, "倍", 1),
            label("detail.leverage"),
            Mark.ASSUMPTION,
        ),
    ]
    first = outcome.partners[0] if outcome.partners else None
    if first is not None and first.irr_annual is not None:
        name = Bilingual(recipient_name(run.terms, first.recipient_id))
        median = in_percent(first.irr_annual.quantile(0.5))
        figures.append(KeyFigure(label("figure.median_irr"), median, name, Mark.ASSUMPTION))
    return KeyFigures(tuple(figures))


def _paid(run: FundRun) -> dict[tuple[int, str], Decimal]:
    paid: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for payment in run.waterfall.payments:
        paid[payment.year, payment.recipient_id] += payment.amount_cny
    return dict(paid)


def _waterfall_chart(run: FundRun) -> StackChart:
    years = [flow.year for flow in run.flows if flow.distributable_cny > 0] or [
        flow.year for flow in run.flows
    ]
    paid = _paid(run)
    return StackChart(
        label("axis.year"),
        label("axis.distributed_yi"),
        tuple(f"{run.first_year + year}" for year in years),
        tuple(
            Layer(
                recipient_name(run.terms, recipient_id),
                tuple(float(paid.get((year, recipient_id), Decimal()) / CNY_PER_YI) for year in years),
            )
            for recipient_id in run.terms.recipient_ids()
        ),
    )


def _payment_table(run: FundRun) -> Table:
    recipients = run.terms.recipient_ids()
    paid = _paid(run)
    rows = [
        Row(
            (
                Cell(f"{run.first_year + flow.year}"),
                cell(flow.called_cny, assumed=True),
                cell(flow.distributable_cny, assumed=True),
                *(
                    cell(paid.get((flow.year, recipient), Decimal()), assumed=True)
                    for recipient in recipients
                ),
            )
        )
        for flow in run.flows
    ]
    totals = [
        sum((flow.called_cny for flow in run.flows), Decimal()),
        sum((flow.distributable_cny for flow in run.flows), Decimal()),
        *(
            sum((paid.get((flow.year, recipient), Decimal()) for flow in run.flows), Decimal())
            for recipient in recipients
        ),
    ]
    rows.append(
        Row((Cell(label("row.total")), *(cell(total, assumed=True) for total in totals)), is_total=True)
    )
    return Table(
        label("title.waterfall"),
        (
            column("year"),
            column("called", ColumnKind.WAN),
            column("distributable", ColumnKind.WAN),
            *(Column(Bilingual(recipient_name(run.terms, r)), ColumnKind.WAN) for r in recipients),
        ),
        tuple(rows),
        label("caption.waterfall"),
    )


def _result_table(run: FundRun) -> Table:
    return Table(
        label("title.waterfall_partners"),
        (
            column("partner"),
            column("paid_in", ColumnKind.WAN),
            column("received", ColumnKind.WAN),
            column("irr", ColumnKind.PERCENT, decimals=2),
            column("tvpi", ColumnKind.NUMBER, unit="倍"),
        ),
        tuple(
            Row(
                (
                    Cell(recipient_name(run.terms, partner.recipient_id)),
                    cell(partner.paid_in_cny, assumed=True),
                    cell(partner.received_cny, assumed=True),
                    cell(partner.irr_annual, assumed=True),
                    cell(partner.tvpi, assumed=True),
                )
            )
            for partner in run.waterfall.partners
        ),
    )


def _outcome_table(run: FundRun) -> Table:
    return Table(
        label("title.fund_outcome"),
        (
            column("partner"),
            column("irr_p5", ColumnKind.PERCENT),
            column("irr_median", ColumnKind.PERCENT),
            column("irr_p95", ColumnKind.PERCENT),
            column("no_irr", ColumnKind.PERCENT),
            column("tvpi_median", ColumnKind.NUMBER, unit="倍"),
            column("received_mean", ColumnKind.WAN),
            column("received_error", ColumnKind.WAN),
            column("probability_of_loss", ColumnKind.PERCENT),
        ),
        tuple(_outcome_row(run.terms, partner) for partner in run.outcome.partners),
    )


def _outcome_row(terms: FundTerms, partner: PartnerOutcome) -> Row:
    def quantile(distribution: Distribution | None, probability: float) -> Cell:
        return cell(None if distribution is None else distribution.quantile(probability), assumed=True)

    pays_in = partner.tvpi is not None
    return Row(
        (
            Cell(recipient_name(terms, partner.recipient_id)),
            quantile(partner.irr_annual, 0.05),
            quantile(partner.irr_annual, 0.5),
            quantile(partner.irr_annual, 0.95),
            cell(partner.share_without_irr if pays_in else None, assumed=True),
            quantile(partner.tvpi, 0.5),
            cell(partner.received_cny.mean, assumed=True),
            cell(partner.received_cny.mean_standard_error, assumed=True),
            cell(partner.probability_of_loss if pays_in else None, assumed=True),
        )
    )


def _assumption_table(outcome: FundOutcome) -> Table:
    return Table(
        label("title.fund_assumptions"),
        (column("assumption", is_long_text=True),),
        tuple(
            Row((Cell(assumption_words(assumption), Mark.ASSUMPTION),)) for assumption in outcome.assumptions
        ),
    )
