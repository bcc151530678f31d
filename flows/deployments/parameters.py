"""Parameters of the deployed flows; Prefect's page shows each class as a form, titles in Chinese first."""

import datetime as dt
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from services.fund.simulation.outcome import DEFAULT_PATHS
from services.loans.simulation.stress import DEFAULT_STRESS_PATHS, DEFAULT_STRESS_QUARTERS

# What a page can offer to choose from must stand here; tests compare the names with the bundled files.
TermSheet: TypeAlias = Literal["qilian", "european", "benefit_sharing", "american", "qilian_first_phase"]
FundWorld: TypeAlias = Literal[
    "slow-ramp-up", "tourism-shock", "carbon-crash", "cost-overrun", "delay", "weak-exit", "all-at-once"
]
BookWorld: TypeAlias = Literal[
    "dry-run", "dry-run-shared", "dry-phase", "paleo-drought", "scheme-enforced", "scheme-enforced-wet", "ccer-crash",
    "methodology-change", "tourism-stop", "floor-removed", "water-price-fall", "farm-slump", "rates-up",
]  # fmt: skip
SeenBy: TypeAlias = Literal[
    "", "city_finance", "provincial_company", "social_capital", "manager", "grassroots"
]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    target: str = Field(
        "127.0.0.1:50551", title="服务地址 · Services", description="host:port", pattern=r"^[^:\s]+:\d+$"
    )
    institution_id: str = Field("demo", title="机构 · Institution", min_length=1, max_length=64)


class RefreshParameters(_Form):
    """A refresh of the pledges."""

    accounts_dir: str = Field(title="核算成果文件夹 · Accounts folder", min_length=1)
    out_dir: str = Field("out/refresh", title="报告文件夹 · Folder of the report")
    as_of: dt.date | None = Field(None, title="估值日（空为当日） · Day of the valuation, today when empty")
    snapshot_id: str = Field("", title="行情快照（空为标准） · Market snapshot, the standard one when empty")


class CalibrationParameters(_Form):
    """A calibration of the market."""

    series_dir: str = Field(
        title="序列文件夹 · Folder of series", description="<factor>.csv: date, value", min_length=1
    )
    out_dir: str = Field("out/calibration", title="结果文件夹 · Folder of the table")
    as_of: dt.date | None = Field(None, title="基准日（空为当日） · Day of the candidate, today when empty")
    snapshot_id: str = Field("", title="在用快照（空为标准） · Market in use, the standard one when empty")


class StatisticsParameters(_Form):
    """The quarter's statistics."""

    period: str = Field(
        "", title="季度（空为上季度） · Quarter, the last one when empty", pattern=r"^(\d{4}Q[1-4])?$"
    )
    close: bool = Field(False, title="结账 · Close the quarter")
    accepted_breaks_reason: str = Field(
        "",
        title="带差异结账的理由 · Why to close although identity checks do not hold",
        description="空 · empty: such a quarter is refused",
    )
    out_dir: str = Field("out/statistics", title="报表文件夹 · Folder of the workbook")


class AssessmentParameters(_Form):
    """The assessment of a place's accounts."""

    accounts_dir: str = Field(title="历年账户文件夹 · Folder of accounts by year", min_length=1)
    place: str = Field(title="地区 · Place", min_length=1)
    period: str = Field(
        "",
        title="贷款季度（空为不统计） · Quarter of the loans, none when empty",
        pattern=r"^(\d{4}Q[1-4])?$",
    )
    out_dir: str = Field("out/assessment", title="报告文件夹 · Folder of the report")


class FundGridParameters(_Form):
    """A grid of scenarios for the fund."""

    file: str = Field(
        "",
        title="网格文件（空则按以下选项） · Grid file, the choices below when empty",
        description="examples/grids/fund.toml",
    )
    term_sheets: list[TermSheet] = Field(["qilian"], title="条款 · Term sheets", min_length=1, max_length=5)
    worlds: list[FundWorld] = Field([], title="情景（空为全部） · Worlds, all when empty")
    commitment_multiples: list[float] = Field(
        [1.0], title="认缴额倍数 · Commitments times", min_length=1, max_length=4
    )
    seen_by: SeenBy = Field("", title="收益以谁计（空为首个共同出资类别） · Whose outcome")
    n_paths: int = Field(DEFAULT_PATHS, title="每格路径 · Paths a cell", ge=256, le=1_000_000)
    out_dir: str = Field("out/fund-scenarios", title="报告文件夹 · Folder of the report")


class BookGridParameters(_Form):
    """A grid of scenarios for the loan book."""

    file: str = Field(
        "",
        title="网格文件（空则按以下选项） · Grid file, the choices below when empty",
        description="examples/grids/book.toml",
    )
    worlds: list[BookWorld] = Field([], title="情景（空为全部适用的） · Worlds, all that fit when empty")
    products: list[str] = Field(
        [], title="另单列的产品 · Products shown as parts beside the whole book", max_length=12
    )
    as_of: dt.date | None = Field(
        None, title="账簿日（空为行情日） · Day of the book, the market's when empty"
    )
    n_quarters: int = Field(DEFAULT_STRESS_QUARTERS, title="季度数 · Quarters", ge=1, le=40)
    n_paths: int = Field(DEFAULT_STRESS_PATHS, title="每格路径 · Paths a cell", ge=256, le=1_000_000)
    snapshot_id: str = Field("", title="行情快照（空为标准） · Market snapshot, the standard one when empty")
    default_curves: str = Field(
        "",
        title="违约期限结构文件（空为贷款簿自有的） · File of default curves, those of the book when empty",
        description="examples/loans/default-curves.toml",
    )
    funds: str = Field(
        "",
        title="风险补偿基金文件（空为贷款簿自有的） · File of compensation funds, those of the book when empty",
        description="examples/loans/compensation-funds.toml",
    )
    without_book_terms: bool = Field(
        False, title="不用贷款簿自有的期限结构和基金 · Leave out the book's own curves and funds"
    )
    out_dir: str = Field("out/book-scenarios", title="报告文件夹 · Folder of the report")
