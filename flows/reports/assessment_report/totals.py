"""Sections: totals and growth by year, and the services behind them."""

from flows.assessment.assessment import Assessment, YearFigures
from flows.reports.assessment_report.blocks import chapter, heading
from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import Bar, BarChart, Layer, StackChart
from flows.reports.document import Cell, Column, ColumnKind, Figure, Paragraph, Row, Section, Table
from flows.reports.figures import CNY_PER_YI
from flows.reports.labels import label
from services.valuation.catalogue.catalogue import read_catalogue

CATEGORIES = ("provisioning", "regulating", "cultural")
_YI = Bilingual("亿元", "1e8 CNY")


def years_section(assessment: Assessment) -> Section:
    """Every year's total by class, with growth and realisation."""
    chart = StackChart(
        label("assessment_column.year"),
        _YI,
        tuple(str(year.year) for year in assessment.years),
        tuple(
            Layer(
                label(f"category.{category}").inline(),
                tuple(year.by_category.get(category, 0.0) / CNY_PER_YI for year in assessment.years),
            )
            for category in CATEGORIES
        ),
    )
    table = Table(
        label("assessment_title.years"),
        (
            heading("year"),
            *(_category_heading(category) for category in CATEGORIES),
            heading("total", ColumnKind.YI),
            heading("growth", ColumnKind.PERCENT, decimals=2),
            heading("realised", ColumnKind.YI),
            heading("realisation", ColumnKind.PERCENT, decimals=2),
        ),
        tuple(_year_row(year) for year in assessment.years),
    )
    return chapter(
        "years",
        Paragraph(label("assessment_text.years")),
        Figure(label("assessment_title.chart_years"), chart),
        table,
    )


def _category_heading(category: str) -> Column:
    return Column(label(f"category.{category}"), ColumnKind.YI)


def _year_row(year: YearFigures) -> Row:
    return Row(
        (
            Cell(str(year.year)),
            *(Cell(year.by_category.get(category, 0.0)) for category in CATEGORIES),
            Cell(year.total_cny),
            Cell(year.growth_annual),
            Cell(year.realised_cny),
            Cell(year.realisation_rate),
        )
    )


def services_section(assessment: Assessment) -> Section:
    """Services of the latest year as a chart, and of every year as a table with the last change."""
    latest, years = assessment.latest, assessment.years
    names = {
        service.code: Bilingual(service.name_zh, service.name_en)
        for service in read_catalogue().services.values()
    }
    codes = sorted(
        {code for year in years for code in year.by_service},
        key=lambda code: (-latest.by_service.get(code, 0.0), code),
    )
    bars = tuple(
        Bar(names.get(code, Bilingual(code)).zh, latest.by_service[code] / CNY_PER_YI)
        for code in codes
        if code in latest.by_service
    )
    rows = [_service_row(names.get(code, Bilingual(code)), code, years) for code in codes]
    rows.append(_total_row(years))
    table = Table(
        label("assessment_title.services"),
        (
            heading("service"),
            *(Column(Bilingual(str(year.year)), ColumnKind.YI) for year in years),
            heading("change", ColumnKind.YI),
            heading("share", ColumnKind.PERCENT),
        ),
        tuple(rows),
    )
    return chapter(
        "services",
        Paragraph(label("assessment_text.services")),
        Figure(label("assessment_title.chart_services", year=str(latest.year)), BarChart(_YI, bars)),
        table,
    )


def _service_row(name: Bilingual, code: str, years: tuple[YearFigures, ...]) -> Row:
    values = [year.by_service.get(code) for year in years]
    latest, before = values[-1], values[-2] if len(values) > 1 else None
    change = latest - before if latest is not None and before is not None else None
    total = years[-1].total_cny
    share = latest / total if latest is not None and total > 0.0 else None
    return Row((Cell(name), *(Cell(value) for value in values), Cell(change), Cell(share)))


def _total_row(years: tuple[YearFigures, ...]) -> Row:
    change = years[-1].total_cny - years[-2].total_cny if len(years) > 1 else None
    totals = [Cell(year.total_cny) for year in years]
    return Row((Cell(label("row.total")), *totals, Cell(change), Cell(1.0)), is_total=True)
