"""Parameters of the deployed flows; Prefect's page shows each class as a form, titles in Chinese first."""

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field


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
