"""What a document refuses, how figures are written, and that no word is missing from the catalogue."""

import ast
import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from flows.published_cases.case import CollateralKind
from flows.published_cases.mapping import Sufficiency
from flows.reports import labels
from flows.reports.bilingual import Bilingual
from flows.reports.document import Cell, Column, ColumnKind, Mark, Row, Table
from flows.reports.figures import percent, wan, written, yi
from flows.reports.labels import MissingLabelError, catalogue, label
from services.fund.fund_terms.terms import PartnerClass, Step
from services.runtime.market import Evidence
from services.runtime.results import Severity
from services.valuation.asset import ValueBasis
from services.valuation.catalogue.kinds import ServiceClass
from services.valuation.valuation import LimitRule

SOURCES = Path(labels.__file__).parent


def keys_in(source: str) -> set[str]:
    """Keys of the calls label("...") and column("..."); a key that is put together at run time is not among them."""
    prefixes = {"label": "", "column": "column.", "findings_of": "", "_estimate": "", "_share_table": ""}
    return {
        prefixes[node.func.id] + argument.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in prefixes
        for argument in node.args[: 2 if node.func.id == "_share_table" else 1]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    used = set().union(*(keys_in(path.read_text(encoding="utf-8")) for path in SOURCES.rglob("*.py")))
    assert {"cover.contents", "column.haircut", "title.loss_by_loan"} <= used
    assert sorted(used - set(catalogue())) == []


def test_every_key_in_the_template_is_in_the_catalogue() -> None:
    template = (SOURCES / "page" / "report.html.j2").read_text(encoding="utf-8")
    used = set(re.findall(r"""label\(["']([a-z_.]+)["']\)""", template))
    assert "mark.assumption" in used
    assert sorted(used - set(catalogue())) == []


@pytest.mark.parametrize(
    "key",
    [
        *(f"severity.{item}" for item in Severity),
        *(f"mark.{item}" for item in (Mark.ASSUMPTION, Mark.FLAGGED)),
        *(f"cover.legend_{item}" for item in (Mark.ASSUMPTION, Mark.FLAGGED)),
        *(f"sufficiency.{item}" for item in Sufficiency),
        *(f"detail.{item}" for item in Sufficiency),
        *(f"basis.{item}" for item in ValueBasis),
        *(f"rule.{item}" for item in LimitRule),
        *(f"column.limit_{item}" for item in LimitRule),
        *(f"collateral.{item}" for item in CollateralKind),
        *(f"category.{item}" for item in ServiceClass),
        *(f"evidence.{item}" for item in Evidence),
        *(f"partner.{item}" for item in PartnerClass),
        *(f"step.{item.__name__}" for item in get_args(Step)),
        *(f"step_term.{field.name}" for item in get_args(Step) for field in fields(item)),
        "sufficiency.illustrative",
        "title.projects_by_sector",
        "title.projects_by_county",
        "status.agrees",
        "status.differs",
        "status.not_computed",
    ],
)
def test_keys_put_together_at_run_time_are_in_the_catalogue(key: str) -> None:
    assert label(key).zh
    assert label(key).en


def test_missing_label_fails() -> None:
    with pytest.raises(MissingLabelError, match=r"no\.such"):
        label("no.such")


@pytest.mark.parametrize(
    ("value", "kind", "decimals", "expected"),
    [
        (11_691_550_100, ColumnKind.WAN, 2, "1,169,155.01"),  # the published total of the reserve projects
        (Decimal(122_544_000_000), ColumnKind.YI, 2, "1,225.44"),  # and of the eco-industry projects
        (0.0465, ColumnKind.PERCENT, 2, "4.65"),
        (-0.00001, ColumnKind.NUMBER, 2, "0.00"),
        (-1234.5, ColumnKind.NUMBER, 1, "−1,234.5"),
        (0, ColumnKind.INTEGER, 0, "0"),
    ],
)
def test_figures_are_written_as_people_read_them(
    value: float | Decimal, kind: ColumnKind, decimals: int, expected: str
) -> None:
    assert written(value, kind, decimals) == expected


def test_amounts_carry_their_units() -> None:
    assert (wan(12_000_000), yi(754_559_800_000), percent(0.167)) == (
        "1,200.00 万元",
        "7,545.60 亿元",
        "16.7%",
    )


def table_with(value: object, kind: ColumnKind = ColumnKind.WAN) -> Table:
    heading = Bilingual("价值", "value")
    return Table(heading, (Column(heading, kind),), (Row((Cell(value, Mark.PLAIN),)),))  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "12", True])
def test_numeric_column_refuses_what_is_no_number(value: object) -> None:
    with pytest.raises(ValueError, match="row 1, column value"):
        table_with(value)


def test_zero_and_nothing_are_different_values() -> None:
    assert table_with(0).rows[0].cells[0].value == 0
    assert table_with(None).rows[0].cells[0].value is None


def test_row_that_does_not_fit_is_refused() -> None:
    heading = Bilingual("价值", "value")
    with pytest.raises(ValueError, match="found 2 cells, expected 1"):
        Table(heading, (Column(heading),), (Row((Cell("a"), Cell("b"))),))
