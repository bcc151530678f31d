"""Whatever stands in a cell: rows, or a refusal that names a place; never another error."""

from pathlib import Path

import pytest

from flows.loan_files.reading import read_loan_files
from services.runtime.errors import InvalidInput

CELLS = {
    "贷款编号": "L1", "客户号": "B1", "产品": "gep", "贷款金额（万元）": "500.01",
    "发放日": "2026-01-31", "到期日": "2028-02-29",
    "年利率（%）": "4.35", "还款方式": "等额本息", "违约概率": "0.02",
    "资产相关系数": "0.15", "违约损失率": "0.4",
    "担保方式": "质押", "景气指数": "credit_cycle:1", "LPR期限": "1Y", "LPR加点（bp）": "10", "重定价周期（月）": "12",
    "LPR报价": "2026-12-20:0.03", "贴息（百分点）": "1", "保证比例": "0.5",
    "保证人违约概率": "0.01", "审批日": "2026-01-02",
    "宽限期数": "2", "期数": "25",
}  # fmt: skip
ODD = (
    "", "0", "-1", "1e400", "NaN", "inf", "-inf", "9" * 40, "0001-01-01", "9999-12-31", "2026/13/45", "等额", "a:b",
    "credit_cycle:0", "x:1e999", "x:1;x:2", "2026-01-01:0.03;2025-01-01:0.02", "2026-01-01:3", "600",
    "1.5", "'", "=1+1",
    "，", "１２", "万", "x" * 500,
)  # fmt: skip


def test_the_row_itself_is_right(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv"
    path.write_text(f"{','.join(CELLS)}\n{','.join(CELLS.values())}\n", encoding="utf-8")
    assert len(read_loan_files([path])[0].rows) == 1


@pytest.mark.parametrize("column", CELLS)
def test_an_odd_cell_is_read_or_told(tmp_path: Path, column: str) -> None:
    path = tmp_path / "loans.csv"
    for odd in ODD:
        cells = CELLS | {column: odd}
        quoted = ",".join(f'"{cell}"' for cell in cells.values())
        path.write_text(f"{','.join(CELLS)}\n{quoted}\n", encoding="utf-8")
        told = _told(path)
        assert all("loans.csv, row 2" in place for place in told)


def _told(path: Path) -> list[str]:
    """Places that a refusal names; none where the row was read."""
    try:
        n_rows = len(read_loan_files([path])[0].rows)
    except InvalidInput as error:
        return [violation.field for violation in error.violations] or ["nowhere"]
    return [] if n_rows == 1 else [f"{n_rows} rows"]
