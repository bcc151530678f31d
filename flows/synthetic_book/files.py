"""Writes a synthetic book as files that `ecopledge loans import` reads; every row says that it is synthetic."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from services.loans.loan import Loan
from services.loans.reported.position import LoanMovement, LoanPosition
from services.loans.synthetic.book import MARK, SyntheticLoan
from services.runtime.errors import InvalidInput

NOTE = "说明 Note"
TABLES = ("loans", "positions", "movements")
SUFFIXES = (".xlsx", ".csv", ".parquet")
_XLSX_ROWS = 1_000_000
_LOANS_AT_ONCE = 20_000
Row = Mapping[str, Any]


class TableWriter(Protocol):
    """Takes the rows of the tables block by block."""

    def write(self, table: str, rows: list[Row]) -> None:
        """Add rows to a table."""

    def close(self) -> None:
        """Finish the files."""


def write_book(out: Path, loans: Iterable[SyntheticLoan]) -> tuple[dict[str, int], tuple[Path, ...]]:
    """Write a book; returns the rows of each table, and the files.

    Args:
        out: `x.xlsx`, a workbook of three sheets; `x.csv` or `x.parquet`, three files `x-loans.csv` and so on.
        loans: of the book.

    Raises:
        InvalidInput: another suffix, or more rows than a sheet holds.
    """
    if out.suffix not in SUFFIXES:
        raise InvalidInput.of(
            "--out", f"found {out.name!r}, expected a name that ends in {', '.join(SUFFIXES)}"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    paths = (out,) if out.suffix == ".xlsx" else tuple(_path(out, table) for table in TABLES)
    counts = dict.fromkeys(TABLES, 0)
    writer: TableWriter = _Workbook(out) if out.suffix == ".xlsx" else _Files(out)
    try:
        for block in _batched(loans):
            for table, rows in _rows(block).items():
                counts[table] += len(rows)
                writer.write(table, rows)
    finally:
        writer.close()
    return counts, paths


def _batched(loans: Iterable[SyntheticLoan]) -> Iterator[tuple[SyntheticLoan, ...]]:
    rest = iter(loans)
    while block := tuple(itertools.islice(rest, _LOANS_AT_ONCE)):
        yield block


def _rows(block: Iterable[SyntheticLoan]) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {table: [] for table in TABLES}
    for item in block:
        rows["loans"].append(_loan_row(item.loan))
        rows["positions"] += map(_position_row, item.positions)
        rows["movements"] += map(_movement_row, item.movements)
    return rows


def _loan_row(loan: Loan) -> Row:
    terms, guarantee = loan.terms, loan.guarantee
    index = "; ".join(f"{weight.factor}:{weight.weight:g}" for weight in loan.index_weights)
    return {
        NOTE: MARK, "贷款编号": loan.loan_id, "客户号": loan.borrower_id, "贷款名称": loan.name, "县区": loan.county,
        "行业": loan.industry, "产品": loan.product, "贷款金额（元）": f"{terms.principal_cny:.2f}",
        "发放日": terms.drawn_on.isoformat(), "期数": terms.periods, "到期日": terms.matures_on.isoformat(),
        "每期月数": terms.months_per_period, "利率": f"{terms.rate_annual:.6g}", "还款方式": terms.kind.value,
        "违约概率": f"{loan.default_probability_annual:.6g}", "资产相关系数": f"{loan.asset_correlation:g}",
        "无抵押违约损失率": f"{loan.unsecured_lgd:g}", "景气指数": index, "用途": loan.purpose,
        "审批日": "" if loan.approved_on is None else loan.approved_on.isoformat(),
        "担保方式": "" if loan.guarantee_mode is None else loan.guarantee_mode.value,
        "企业规模": "" if loan.borrower_size is None else loan.borrower_size.value,
        "保证人": "" if guarantee is None else guarantee.guarantor_id,
        "保证比例": "" if guarantee is None else f"{guarantee.share:g}",
        "保证人违约概率": "" if guarantee is None else f"{guarantee.default_probability_annual:g}",
        "风险补偿比例": f"{loan.compensation_share:g}",
    }  # fmt: skip


def _position_row(position: LoanPosition) -> Row:
    return {
        NOTE: MARK,
        "贷款编号": position.loan_id,
        "报告日": position.as_of.isoformat(),
        "余额（元）": f"{position.balance_cny:.2f}",
        "利率": f"{position.rate_annual:.6g}",
        "逾期天数": position.overdue_days,
        "逾期本金（元）": f"{position.overdue_principal_cny:.2f}",
        "五级分类": "" if position.quality is None else position.quality.value,
        "是否减值": "是" if position.is_credit_impaired else "否",
    }


def _movement_row(movement: LoanMovement) -> Row:
    return {
        NOTE: MARK,
        "流水号": movement.movement_id,
        "贷款编号": movement.loan_id,
        "发生日": movement.day.isoformat(),
        "类型": movement.kind.value,
        "金额（元）": f"{movement.amount_cny:.2f}",
    }


def _path(out: Path, table: str) -> Path:
    return out.with_name(f"{out.stem}-{table}{out.suffix}")


class _Files:
    """One CSV or Parquet file a table."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._parquet: dict[str, Any] = {}
        for table in TABLES:
            _path(out, table).unlink(missing_ok=True)

    def write(self, table: str, rows: list[Row]) -> None:
        """Add rows to a table."""
        import pandas as pd  # noqa: PLC0415  # the command line must answer before pandas is loaded

        path = _path(self._out, table)
        frame = pd.DataFrame(rows)
        if self._out.suffix == ".csv":
            is_new = not path.exists()
            # With its mark a spreadsheet takes the file for UTF-8.
            frame.to_csv(
                path, mode="a", header=is_new, index=False, encoding="utf-8-sig" if is_new else "utf-8"
            )
        elif rows:
            import pyarrow as pa  # noqa: PLC0415
            import pyarrow.parquet as pq  # noqa: PLC0415

            content = pa.Table.from_pandas(frame, preserve_index=False)
            if table not in self._parquet:
                self._parquet[table] = pq.ParquetWriter(path, content.schema)
            self._parquet[table].write_table(content.cast(self._parquet[table].schema))

    def close(self) -> None:
        """Finish the files."""
        for writer in self._parquet.values():
            writer.close()


class _Workbook:
    """One workbook with a sheet a table."""

    def __init__(self, out: Path) -> None:
        import xlsxwriter  # noqa: PLC0415  # only workbooks need it

        self._workbook = xlsxwriter.Workbook(str(out), {"constant_memory": True})
        self._workbook.set_properties({"title": f"{MARK} loan book", "comments": MARK})
        self._sheets = {table: self._workbook.add_worksheet(table) for table in TABLES}
        self._rows = dict.fromkeys(TABLES, 0)

    def write(self, table: str, rows: list[Row]) -> None:
        """Add rows to a table."""
        if self._rows[table] + len(rows) > _XLSX_ROWS:
            raise InvalidInput.of(
                "--out",
                f"found more than {_XLSX_ROWS:,} {table}, expected a .csv or .parquet name for so many",
            )
        sheet = self._sheets[table]
        for row in rows:
            if self._rows[table] == 0:
                sheet.write_row(0, 0, list(row))
            self._rows[table] += 1
            sheet.write_row(self._rows[table], 0, list(row.values()))

    def close(self) -> None:
        """Finish the file."""
        self._workbook.close()
