"""`ecopledge fund`: the green fund, from its terms to the money of its partners."""

import click

from cli.lazy_group import LazyGroup

SUMMARIES = {
    "simulate": "基金模拟 · What each partner may get back, when, and what must be bridged",
    "compare": "情景对比 · The fund in changed worlds, side by side",
    "grid": "情景网格 · Term sheets by settings by worlds, in one run, with a report",
    "allocate": "选项目 · Which projects to choose under limits, and what a limit costs",
    "terms": "条款清单 · Term sheets: list, show, store",
    "waterfall": "瀑布分配，精确到分 · Share cash by terms, to the cent",
    "performance": "业绩：收益率、倍数、对标指数 · Measure a ledger, by itself and beside an index",
    "pacing": "出资与分配节奏 · Pace a commitment, or fit the pace to observed flows",
}
EXAMPLES = (
    "ecopledge fund terms show qilian",
    "ecopledge fund waterfall examples/fund/flows.csv --terms american",
)


@click.group("fund", cls=LazyGroup, package=__name__, summaries=SUMMARIES, examples=EXAMPLES)
def command() -> None:
    """绿色基金 · The green fund: terms, waterfall to the cent, performance, pacing."""
