"""Section: what is pledged, field by field as it was given, assumptions marked."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from enum import StrEnum

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import chapter, heading
from flows.reports.bilingual import Bilingual
from flows.reports.document import Block, Cell, CellValue, Mark, Row, Section, Table
from flows.reports.factor_names import factor_names, name_of_factor
from flows.reports.figures import wan
from flows.reports.labels import catalogue, label
from services.runtime.vocabulary.names import choice_zh, field_zh


def inputs_section(appraisal: PledgeAppraisal) -> Section:
    """Every field of the asset that was given, and the value that others state."""
    asset = appraisal.asset
    common = [Row((Cell(_field_name(name)), Cell(getattr(asset, name)))) for name in _COMMON]
    root, factors = _snake(type(asset.detail).__name__), factor_names(appraisal.snapshot)
    rows = []
    for path, value in _fields(asset.detail):
        is_assumed = _is_assumed(path, root, asset.assumed_fields)
        mark = Mark.ASSUMPTION if is_assumed else Mark.PLAIN
        rows.append(Row((Cell(_field_name(path)), Cell(_in_words(path, value, factors), mark))))
    tables: list[Block] = [
        Table(
            label("appraisal_title.inputs"),
            (heading("field"), heading("given", is_long_text=True)),
            (*common, *rows),
        )
    ]
    stated = asset.stated_value
    if stated is not None:
        basis = label(f"basis.{stated.basis}")
        tables.append(
            Table(
                label("appraisal_title.stated"),
                (heading("value_published"), heading("basis"), heading("source", is_long_text=True)),
                (Row((Cell(wan(stated.value_cny)), Cell(basis), Cell(stated.source))),),
            )
        )
    return chapter("asset", *tables)


_COMMON = ("asset_id", "name", "place")


def _fields(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every field that holds something, with its path; tables within tables are walked."""
    if not dataclasses.is_dataclass(value):
        yield path, value
        return
    for field in dataclasses.fields(value):
        found = getattr(value, field.name)
        here = f"{path}.{field.name}" if path else field.name
        if isinstance(found, tuple):
            for i, item in enumerate(found):
                yield from _fields(item, f"{here}[{i}]")
        elif found not in (None, ""):
            yield from _fields(found, here)


def _field_name(path: str) -> Bilingual:
    """The field in words with its path beside it, as asset files write it."""
    return Bilingual(field_zh(path.rpartition(".")[2].partition("[")[0]), path)


def _in_words(path: str, value: object, factors: Mapping[str, Bilingual]) -> CellValue:
    """A value for people: services and factors by their names; a name that is no code stands as it was given."""
    field = path.rpartition(".")[2]
    if field == "service":
        return catalogue().get(f"appraisal_service.{value}", Bilingual(str(value)))
    return name_of_factor(factors, str(value)) if field.endswith("factor") else _shown(value)


def _shown(value: object) -> CellValue:
    if isinstance(value, bool):
        return label("status.yes" if value else "status.no")
    if isinstance(value, float | int):
        return f"{value:,.10g}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return choice_zh(value.value) if isinstance(value, StrEnum) else str(value)


def _is_assumed(path: str, root: str, assumed_fields: tuple[str, ...]) -> bool:
    """Whether the field or a table around it is named among the assumed fields."""
    whole = f"{root}.{path}"
    return any(whole == named or whole.startswith((f"{named}.", f"{named}[")) for named in assumed_fields)


def _snake(name: str) -> str:
    """Name of a kind as asset files write it: WaterRight -> water_right."""
    names = {"ForestCarbonReceivable": "forest_carbon", "GepRevenueRight": "gep_revenue"}
    return names.get(name) or "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
