"""How a warning is shown in the terminal: how much it weighs, what it is about, then both languages."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from services.runtime.results import Caution, Severity


def print_cautions(cautions: "Iterable[Caution]", about: str = "") -> None:
    """Print warnings, all of one thing that is named before each of them."""
    for caution in cautions:
        head = caution_head(caution.severity, caution.code)
        click.echo(f"  {about} {head}：{caution.message_zh}" if about else f"  {head}：{caution.message_zh}")
        click.echo(f"      {caution.message_en}")


def print_brief_cautions(cautions: "Iterable[Caution]", about: str = "") -> None:
    """Print warnings, each on a line of its own."""
    for caution in cautions:
        click.echo(f"  ! {about and about + ': '}{caution.message_zh} · {caution.message_en}")


def print_assumption_count(number: int) -> None:
    """Say on how many assumptions a result of the fund rests."""
    click.echo(
        f"  以上结果建立在 {number} 条假设之上（--json 列出全部）· "
        f"All of this rests on {number} assumptions; --json lists them"
    )


def caution_head(severity: "Severity", code: str) -> str:
    """Weight and subject: "[注意 warning] 输入含假设 assumed input"; --json has the code itself."""
    from flows.reports.labels import label
    from services.runtime.vocabulary.names import caution_en, caution_zh

    return f"[{label(f'severity.{severity}').zh} {severity}] {caution_zh(code)} {caution_en(code)}"
