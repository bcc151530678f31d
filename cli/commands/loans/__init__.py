"""`ecopledge loans`: the loan book, from the file of a core banking system to its losses and its statistics."""

import click

from cli.lazy_group import LazyGroup

SUMMARIES = {
    "import": "导入贷款文件 · Loans, positions or movements of a CSV, XLSX or Parquet file, all or none",
    "generate": "生成合成贷款簿 · A synthetic book seeded by the published cases, to import or to store",
    "list": "贷款清单 · The loans of the book as they are known now, or were at a moment",
    "statistics": "季度统计 · Green-loan statistics of a quarter by one grouping",
    "classify": "风险分类 · The book in five classes, with the reason for each",
    "credit-loss": "预期信用损失 · Expected credit loss in three stages",
    "capital": "资本 · Weight method, foundation approach, economic capital, side by side",
    "monitor": "押品监测 · Loan to value now and to come, margin calls, what to value again, events",
    "simulate": "组合损失 · Loss of the book on simulated paths, and who makes its tail",
    "stress": "压力测试 · The book in other worlds, and the smallest move that breaks a limit",
    "grid": "情景网格 · The book and parts of it by worlds, in one run, with a report",
    "wrong-way": "错向风险 · What it costs that collateral falls where borrowers default",
    "terms": "期限结构与补偿基金 · Default curves and risk-compensation funds that the book keeps for every question",
    "schedule": "还款计划 · The repayment schedule of a loan or of terms, to the cent",
}
EXAMPLES = ("ecopledge loans list", "ecopledge loans schedule LOAN_ID")


@click.group("loans", cls=LazyGroup, package=__name__, summaries=SUMMARIES, examples=EXAMPLES)
def command() -> None:
    """贷款簿 · The loan book: import, schedules, losses, classification, monitoring, statistics."""
