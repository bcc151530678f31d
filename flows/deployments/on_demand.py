"""Grids of scenarios as deployed flows without a schedule: somebody fills in the form and looks at the report.

Each variant is a task of its own: one that fails for want of the service is tried again, and the others stay done.
Importing this module imports Prefect; call `flows.prefect_environment.prepare_prefect` before.
"""

from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.book_scenarios import run as book
from flows.book_scenarios.question import WHOLE_BOOK, BookGridQuestion, BookSetting, read_book_grid
from flows.deployments.parameters import BookGridParameters, FundGridParameters
from flows.fund_scenarios import run as fund
from flows.fund_scenarios.question import AS_ASKED, FundGridQuestion, FundSetting, read_fund_grid
from flows.service_tasks import service_task
from services.runtime.channel import open_channel_from
from services.runtime.settings import load_settings


@flow(name="fund-scenarios", persist_result=False)
def fund_scenarios(parameters: FundGridParameters) -> list[str]:
    """基金情景网格 · Term sheets by settings by worlds; returns the files of the report."""
    from flows.reports.fund_grid_report.assembly import write_fund_grid  # noqa: PLC0415  # loads matplotlib
    from services.fund.client import FundClient  # noqa: PLC0415  # gRPC is loaded when it is needed
    from services.valuation.client import ValuationClient  # noqa: PLC0415

    grid, folder = fund_question(parameters)
    settings = load_settings(institution_id=parameters.institution_id)
    with open_channel_from(settings, parameters.target) as channel:
        client = FundClient(channel)
        market = service_task("get market", ValuationClient(channel).get_market_snapshot)()
        plan = service_task("store projects", lambda: fund.plan_fund_grid(client, market, grid, folder))()
        variants = tuple(
            service_task(
                f"compare {sheet_id} {setting.name}", lambda i=i: fund.compare_variant(client, plan, i)
            )()
            for i, (sheet_id, setting, _) in enumerate(plan.variants)
        )
    found = fund.gather(plan, variants, grid, parameters.institution_id)
    files = [str(path) for path in write_fund_grid(found, Path(parameters.out_dir), _name(parameters.file))]
    refused = [f"{v.sheet_id} {v.setting.name}: {v.refusal}" for v in variants if v.refusal]
    _show("fund-scenarios", "基金情景网格 · The fund in a grid of scenarios", files, refused)
    return files


@flow(name="book-scenarios", persist_result=False)
def book_scenarios(parameters: BookGridParameters) -> list[str]:
    """贷款组合情景网格 · Parts of the book by worlds; returns the files of the report."""
    from flows.reports.book_grid_report.assembly import write_book_grid  # noqa: PLC0415  # loads matplotlib
    from services.loans.client import LoansClient  # noqa: PLC0415  # gRPC is loaded when it is needed
    from services.loans.simulation.client import BookStressClient  # noqa: PLC0415
    from services.valuation.client import ValuationClient  # noqa: PLC0415

    grid, folder = book_question(parameters)
    settings = load_settings(institution_id=parameters.institution_id)
    with open_channel_from(settings, parameters.target) as channel:
        loans, stresser, valuation = LoansClient(channel), BookStressClient(channel), ValuationClient(channel)
        market = service_task("get market", lambda: valuation.get_market_snapshot(grid.snapshot_id))()
        plan = service_task("choose loans", lambda: book.plan_book_grid(loans, market, grid, folder))()
        variants = tuple(
            service_task(f"stress {part.setting.name}", lambda i=i: book.stress_setting(stresser, plan, i))()
            for i, part in enumerate(plan.parts)
        )
    found = book.gather(plan, variants, parameters.institution_id)
    files = [str(path) for path in write_book_grid(found, Path(parameters.out_dir), _name(parameters.file))]
    refused = [f"{v.setting.name}: {v.refusal}" for v in variants if v.refusal]
    _show("book-scenarios", "贷款组合情景网格 · The loan book in a grid of scenarios", files, refused)
    return files


def _name(file: str) -> str:
    """What a grid's files are named after: the file that asked, or the form."""
    return Path(file).stem if file else "form"


def fund_question(parameters: FundGridParameters) -> tuple[FundGridQuestion, Path]:
    """The grid of a form, and the folder that its paths are relative to.

    Raises:
        InvalidInput: the file that it names is missing or wrong.
    """
    if parameters.file:
        return read_fund_grid(Path(parameters.file)), Path(parameters.file).parent
    settings = tuple(
        AS_ASKED
        if multiple == 1.0
        else FundSetting(
            f"x{multiple:g}",
            f"认缴 × {multiple:g}",
            f"commitments x {multiple:g}",
            commitment_multiple=multiple,
        )
        for multiple in dict.fromkeys(parameters.commitment_multiples)
    )
    grid = FundGridQuestion(
        term_sheets=tuple(dict.fromkeys(parameters.term_sheets)),
        worlds=tuple(dict.fromkeys(parameters.worlds)),
        settings=settings,
        seen_by=parameters.seen_by or None,
        n_paths=parameters.n_paths,
    )
    return grid, Path()


def book_question(parameters: BookGridParameters) -> tuple[BookGridQuestion, Path]:
    """The grid of a form, and the folder that its paths are relative to.

    Raises:
        InvalidInput: the file that it names is missing or wrong.
    """
    if parameters.file:
        return read_book_grid(Path(parameters.file)), Path(parameters.file).parent
    parts = tuple(BookSetting(product, products=(product,)) for product in dict.fromkeys(parameters.products))
    grid = BookGridQuestion(
        worlds=tuple(dict.fromkeys(parameters.worlds)),
        settings=(WHOLE_BOOK, *parts),
        as_of=parameters.as_of,
        n_quarters=parameters.n_quarters,
        n_paths=parameters.n_paths,
        snapshot_id=parameters.snapshot_id,
        default_curves=parameters.default_curves or None,
        funds=parameters.funds or None,
        without_book_terms=parameters.without_book_terms,
    )
    return grid, Path()


def _show(key: str, title: str, files: list[str], refused: list[str]) -> None:
    """The artifact on Prefect's page: where the report is, and what was refused."""
    lines = [f"# {title}", "", *(f"- `{path}`" for path in files)]
    if refused:
        lines += ["", "未能测算 · refused:", "", *(f"- {words}" for words in refused)]
    create_markdown_artifact(markdown="\n".join(lines), key=key, description=title)
