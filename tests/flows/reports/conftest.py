"""A small document with every kind of block, and one with text that tries to do harm."""

import datetime as dt
from decimal import Decimal

import pytest

from flows.reports.bilingual import Bilingual
from flows.reports.charts.breakdown_model import Breakdown, BreakdownChart, Part
from flows.reports.charts.grid_model import (
    BandGridChart,
    BandPanel,
    BarGridChart,
    BarPanel,
    CurveGridChart,
    CurvePanel,
    PanelSpread,
    SpreadGridChart,
    SpreadPanel,
)
from flows.reports.charts.model import (
    Band,
    Bar,
    BarChart,
    ChangeChart,
    Chart,
    Curve,
    CurveChart,
    Estimate,
    EstimateChart,
    FanChart,
    Layer,
    Pair,
    PairChart,
    Spread,
    SpreadChart,
    StackChart,
)
from flows.reports.document import (
    Cell,
    Column,
    ColumnKind,
    Document,
    Fact,
    Figure,
    Finding,
    Findings,
    KeyFigure,
    KeyFigures,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from services.runtime.results import Severity

HARMFUL_NAME = '=HYPERLINK("http://a.example")<script>alert(1)</script>'

CHARTS: dict[str, Chart] = {
    "bars": BarChart(
        Bilingual("价值（亿元）", "value, 1e8 CNY"),
        (
            Bar("水源涵养", 2269.7074, "调节"),
            Bar("净化工业粉尘", 0.0014, "调节"),
            Bar("景观游憩", 70.6669, "文化"),
        ),
    ),
    "changes": ChangeChart(
        Bilingual("变动（万元）", "change, 10,000 CNY"),
        (Bar("估值误差", 10.44), Bar("权利灭失", -7.01), Bar("水价", 0.0)),
    ),
    "pairs": PairChart(
        Bilingual("金额（万元）", "10,000 CNY"),
        Bilingual("公布的贷款", "published loan"),
        Bilingual("测算额度", "limit"),
        (
            Pair("C01 浙江嵊州贵门", 95000, 80000),
            Pair("C11 江西资溪", 200, 150, True),
            Pair("C20 陕西黄陵", 800, None),
        ),
    ),
    "spreads": SpreadChart(
        Bilingual("与现值之比", "ratio to V(0)"),
        "1%–99%",
        "10%–90%",
        (
            Spread("C13 湖北郧西", 0.6, 0.8, 1.0, 1.3, 1.6, 0.65),
            Spread("C26 江西武宁", 0.3, 0.6, 0.9, 1.5, 2.4, 0.4, True),
        ),
        Bilingual("押品价值", "pledge value"),
        1.0,
    ),
    "estimates": EstimateChart(
        Bilingual("损失（万元）", "loss, 10,000 CNY"),
        (
            Estimate("预期损失", 1200, 1150, 1250, "均值"),
            Estimate("99.9% 在险价值", 25000, 23000, 28000, "分位数"),
        ),
    ),
    "fan": FanChart(
        Bilingual("年", "year"),
        Bilingual("累计净现金流（亿元）", "cumulated net cash, 1e8 CNY"),
        (0, 1, 2, 3, 4),
        Bilingual("中位数", "median"),
        (-0.4, -0.9, -0.6, 0.1, 0.9),
        (
            Band("5%–95%", (-0.4, -1.0, -1.0, -0.8, -0.4), (-0.4, -0.8, -0.1, 1.0, 2.4)),
            Band("25%–75%", (-0.4, -0.95, -0.8, -0.3, 0.3), (-0.4, -0.85, -0.3, 0.5, 1.5)),
        ),
    ),
    "stack": StackChart(
        Bilingual("年", "year"),
        Bilingual("分配（亿元）", "distribution, 1e8 CNY"),
        ("1", "2", "3"),
        (Layer("市财政", (0.1, 0.4, 0.3)), Layer("管理人", (0.0, 0.1, 0.2))),
    ),
    "band grid": BandGridChart(
        Bilingual("年", "year"),
        Bilingual("累计（亿元）", "cumulated, 1e8 CNY"),
        (0.0, 1.0, 2.0),
        Bilingual("中位数", "median"),
        "5%–95%",
        Bilingual("基准", "as it is"),
        tuple(
            BandPanel(
                Bilingual(f"情景{i}", f"world {i}"),
                (0.0, -1.0, 1.0),
                (0.0, -2.0, 0.0),
                (0.0, 0.0, 2.0),
                (0.0, 0.0, 0.0) if i else None,
            )
            for i in range(5)
        ),
    ),
    "breakdowns": BreakdownChart(
        Bilingual("余额（万元）", "balance, 10,000 CNY"),
        (
            Breakdown(Bilingual("按产品", "by product"), (Part("水权", 1200.0), Part("碳汇", 0.0))),
            Breakdown(Bilingual("按县区", "by county"), (Part("甘州", 1200.0),)),
            Breakdown(Bilingual("按行业", "by industry"), (Part("农业", 700.0), Part("林业", 500.0))),
        ),
    ),
    "curves": CurveChart(
        Bilingual("年份", "year"),
        Bilingual("金额（亿元）", "amount, 1e8 CNY"),
        (
            Curve("模拟", (2026.0, 2027.0), (1.0, 2.0), point_labels=("甲", "乙")),
            Curve("拟合", (2026.0, 2027.0), (1.2, 1.8), is_modelled=True),
        ),
    ),
    "spread grid": SpreadGridChart(
        Bilingual("收益率", "rate"),
        ("基准", "旱年"),
        "5%–95%",
        "10%–90%",
        tuple(
            SpreadPanel(Bilingual(f"方案{i}", f"variant {i}"), (PanelSpread(-1.0, 0.0, 2.0, 4.0, 5.0), None))
            for i in range(4)
        ),
    ),
    "bar grid": BarGridChart(
        Bilingual("占敞口（%）", "% of exposure"),
        ("基准", "旱年"),
        Bilingual("预期损失", "expected"),
        Bilingual("VaR", "VaR"),
        (BarPanel(Bilingual("全部", "whole"), (0.5, 0.0), (4.0, 0.0)),),
    ),
    "curve grid": CurveGridChart(
        Bilingual("年", "year"),
        Bilingual("累计（亿元）", "cumulated, 1e8 CNY"),
        tuple(f"情景{i}" for i in range(12)),
        (CurvePanel(Bilingual("方案", "variant"), tuple((0.0, -1.0 - i, float(i)) for i in range(12))),),
    ),
}


def a_document(name: str = "黑河灌区水权") -> Document:
    """A document with every kind of block; `name` is an asset's name as a user wrote it."""
    table = Table(
        Bilingual("押品", "Pledges"),
        (
            Column(Bilingual("名称", "name"), is_long_text=True),
            Column(Bilingual("价值", "value"), ColumnKind.WAN),
            Column(Bilingual("总投资", "investment"), ColumnKind.YI),
            Column(Bilingual("折扣率", "haircut"), ColumnKind.PERCENT),
            Column(Bilingual("水量", "volume"), ColumnKind.NUMBER, "m³/年", 0),
            Column(Bilingual("日期", "date"), ColumnKind.DATE),
        ),
        (
            Row(
                (
                    Cell(name),
                    Cell(Decimal(20_400_000)),
                    Cell(1.6e9),
                    Cell(0.325),
                    Cell(136_000_000),
                    Cell(dt.date(2025, 3, 1)),
                )
            ),
            Row(
                (
                    Cell(Bilingual("武宁碳汇", "Wuning carbon")),
                    Cell(
                        5_000_000.0,
                        Mark.ASSUMPTION,
                        Bilingual("年限未公布，假设 10 年", "term assumed: 10 years"),
                    ),
                    Cell(None),
                    Cell(-0.001),
                    Cell(None),
                    Cell(None),
                )
            ),
            Row(
                (Cell("合计"), Cell(25_400_000), Cell(1.6e9), Cell(None), Cell(None), Cell(None)),
                is_total=True,
            ),
        ),
        Bilingual("表注", "A caption."),
    )
    blocks = (
        Paragraph(Bilingual("两处押品。", "Two pledges.")),
        KeyFigures((KeyFigure(Bilingual("合计", "total"), "2,540.00 万元", mark=Mark.ASSUMPTION),)),
        Findings(
            Bilingual("提示", "Findings"),
            (
                Finding(Severity.NOTE, Bilingual("仅供参考", "for information"), "C01"),
                Finding(
                    Severity.IMPLAUSIBLE, Bilingual("单价远高于市场", "price far above the market"), "C26"
                ),
            ),
        ),
        table,
    )
    charts = tuple(
        Section(key, Bilingual("图表", key), "图表", (Figure(Bilingual("图", key), chart),))
        for key, chart in CHARTS.items()
    )
    return Document(
        Bilingual("生态资产质押报告", "Ecological pledges"),
        Bilingual("样例", "sample"),
        dt.date(2026, 6, 30),
        (Fact(Bilingual("行情快照", "snapshot"), "zhangye-2026"),),
        (Bilingual("示例来源", "an example source"),),
        (Section("pledges", Bilingual("押品估值", "Pledges"), "押品", blocks), *charts),
    )


@pytest.fixture(scope="session")
def document() -> Document:
    """The document with a harmless name."""
    return a_document()


@pytest.fixture
def harmful_document() -> Document:
    """The document in which an asset's name tries to become a script and a formula."""
    return a_document(HARMFUL_NAME)
