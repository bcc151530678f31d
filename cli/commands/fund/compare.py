"""`ecopledge fund compare [FILE]`: the fund as it is and in changed worlds, side by side."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.asking import SHOWN_QUESTION, asked_fund, question_file
from cli.code_words import print_sources
from cli.connection import target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_json, print_table, progress, wan

if TYPE_CHECKING:
    from services.fund.fund_terms.terms import FundTerms
    from services.fund.simulation.outcome import FundOutcome
    from services.fund.simulation.scenario import FundScenario, ScenarioComparison


@click.command(
    "compare",
    cls=WithExamples,
    examples=(
        "ecopledge fund compare",
        f"ecopledge fund compare {SHOWN_QUESTION} --scenario tourism-shock --scenario delay",
    ),
)
@question_file
@click.option("--scenario", "names", multiple=True, metavar="NAME", help="Only this world; may be repeated.")
@click.option("--paths", type=click.IntRange(256, 1_000_000), help="Paths; otherwise as the file says.")
@target
@json_option
def command(
    file: Path | None, names: tuple[str, ...], paths: int | None, target: str | None, *, as_json: bool
) -> int:
    """情景对比 · Compare the fund with itself in changed worlds, on the same draws.

    Without FILE: the bundled question. The worlds are those of the question's file of scenarios
    (data/fund/scenarios.toml shows the form). Amounts are printed in 万元; --json prints CNY.
    """
    with asked_fund(file, target, paths) as (client, asked), progress("compare", quiet=as_json) as update:
        comparison = client.compare_scenarios(
            asked.simulation,
            _chosen(asked.scenarios, names),
            on_progress=lambda event: update(event.paths_done, event.paths_total),
        )
    if as_json:
        print_json(comparison)
    else:
        _print(asked.simulation.terms, comparison)
    return 0


def _chosen(scenarios: "tuple[FundScenario, ...]", names: tuple[str, ...]) -> "tuple[FundScenario, ...]":
    from services.runtime.errors import NotFound

    known = {scenario.market.name: scenario for scenario in scenarios}
    for name in names:
        if name not in known:
            raise NotFound(f"scenario {name!r}: known are {', '.join(known)}")
    return tuple(known[name] for name in names) if names else scenarios


def _print(terms: "FundTerms", comparison: "ScenarioComparison") -> None:
    first = next(
        (each.recipient_id for each in comparison.base.partners if each.tvpi is not None),
        terms.partners[0].partner_id,
    )
    name = next(partner.name for partner in terms.partners if partner.partner_id == first)
    base = comparison.base
    print_table(
        f"{terms.name}：情景对比 · Worlds side by side ({name}, {base.manifest.n_paths:,} paths)",
        (
            "情景 World",
            "IRR P5",
            "IRR P50",
            "IRR P95",
            "较基准 To base",
            "TVPI P50",
            "亏损概率 Loss",
            "回本年数 Payback",
            "缴款均值(万元) Called",
            "流动性峰值P95(万元) Line P95",
        ),
        [
            _row("基准 base", first, base, None),
            *(
                _row(
                    f"{each.scenario.market.label_zh} {each.scenario.market.label_en}",
                    first,
                    each.outcome,
                    base,
                )
                for each in comparison.scenarios
            ),
        ],
    )
    for each in comparison.scenarios:
        market = each.scenario.market
        print_sources(f"{market.label_zh} {market.name}", market.sources)


def _row(label: str, recipient: str, outcome: "FundOutcome", base: "FundOutcome | None") -> list[str]:
    each = outcome.partner(recipient)
    rates = each.irr_annual
    to_base = ""
    if base is not None and rates is not None:
        before = base.partner(recipient).irr_annual
        to_base = "" if before is None else f"{(rates.quantile(0.5) - before.quantile(0.5)) * 100:+.1f}pp"
    return [
        label,
        *("–" if rates is None else percent(rates.quantile(level)) for level in (0.05, 0.5, 0.95)),
        to_base,
        "–" if each.tvpi is None else f"{each.tvpi.quantile(0.5):.2f}",
        percent(each.probability_of_loss),
        "–" if each.payback_years is None else f"{each.payback_years.quantile(0.5):.0f}",
        wan(outcome.called_cny),
        wan(outcome.peak_line_cny.quantile(0.95)),
    ]
