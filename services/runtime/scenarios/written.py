"""Writes scenarios in the form that `services.runtime.scenarios.file` reads."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import MISSING, fields
from typing import Any

import msgspec
import tomlkit

from services.runtime.scenarios.scenario import Scenario


def scenarios_toml(scenarios: Iterable[Scenario], heading: str) -> str:
    """The text of a scenario file; what a shock leaves as it is stays unsaid.

    Args:
        scenarios: at least one, each name once.
        heading: comment above them, a line or several.
    """
    document = tomlkit.document()
    for line in heading.splitlines():
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    tables = tomlkit.aot()
    for scenario in scenarios:
        tables.append(_table(scenario))
    document.add("scenarios", tables)
    return tomlkit.dumps(document)


def _table(scenario: Scenario) -> Any:
    table = tomlkit.table()
    for key, value in _said(scenario).items():
        table.add(key, _rows(value) if isinstance(value, tuple) else value)
    return table


def _rows(items: tuple[Any, ...]) -> Any:
    rows = tomlkit.array().multiline(multiline=True)
    for item in items:
        row = tomlkit.inline_table()
        for key, value in _said(item).items():
            row.append(key, list(value) if isinstance(value, tuple) else value)
        rows.append(row)
    return rows


def _said(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that say something, enumerations and numbers as TOML has them."""
    return {
        field.name: _plain(getattr(value, field.name))
        for field in fields(value)
        if field.default is MISSING or getattr(value, field.name) != field.default
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, tuple) else msgspec.to_builtins(value, builtin_types=(dt.date,))
