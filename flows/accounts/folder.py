"""Reads an accounts folder as a whole: all of it is right, or every problem is told and nothing is used."""

import datetime as dt
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from flows.accounts.checked import CheckedRow, CheckedTable, read_checked
from flows.accounts.columns import REQUIRED_TABLES, TABLES
from flows.accounts.gep_account import GepAccount, read_gep_account
from flows.accounts.pledges import Pledge, ReferredRows, build_pledge
from flows.accounts.problems import Problem, refusal
from flows.accounts.reconciliation import LineCheck, Reconciliation, reconcile
from flows.accounts.tables import find_table
from services.runtime.errors import FailedPrecondition, FieldViolation, InvalidInput
from services.runtime.results import Caution, Severity
from services.valuation.asset import Asset

# A column that no table knows is told, because somebody may have meant it to count.
_IGNORED_HEADING = "COLUMN_IGNORED"


@dataclass(frozen=True, slots=True)
class Accounts:
    """An accounts folder that was found right.

    Attributes:
        as_of: day from which terms are counted.
        content_hash: SHA-256 of the files, hexadecimal.
        gep_account: as read; `reconciliation` says whether it adds up.
        pledges: in the order of the list.
        cautions: what a careful reader should know.
    """

    folder: Path
    as_of: dt.date
    content_hash: str
    gep_account: GepAccount
    reconciliation: Reconciliation
    pledges: tuple[Pledge, ...]
    cautions: tuple[Caution, ...]

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The pledged assets, in order."""
        return tuple(pledge.asset for pledge in self.pledges)


def read_accounts(folder: Path, as_of: dt.date) -> Accounts:
    """Read and check a folder.

    Args:
        folder: with gep_account, water_account, forest_inventory and pledges, and perhaps vep_years; CSV or XLSX.
        as_of: day of the valuation; whatever has ended by then is a problem.

    Raises:
        InvalidInput: with every problem found, each naming file, sheet, row, column, found and expected.
        FailedPrecondition: a file changed while it was read.
    """
    if not folder.is_dir():
        raise refusal([Problem(str(folder), "no such folder", "a folder of account files")])
    violations: list[FieldViolation] = []
    paths = _find(folder, violations)
    content_hash = _content_hash(paths)
    account: GepAccount | None = None
    tables: dict[str, CheckedTable] = {}
    for stem, path in paths.items():
        try:
            if stem == "gep_account":
                account = read_gep_account(path)
            else:
                tables[stem] = read_checked(path, stem)
        except InvalidInput as error:
            violations += error.violations
    reconciliation = None if account is None else reconcile(account)
    if account is not None and reconciliation is not None:
        violations += [problem.violation() for problem in _account_problems(account, reconciliation)]
    if violations or account is None or reconciliation is None:
        raise InvalidInput.from_violations(violations)
    pledges = _pledges(tables, account, as_of)
    cautions = (
        *reconciliation.cautions,
        *(caution for table in tables.values() for caution in _ignored(table)),
    )
    # The request ids of a refresh are made from the hash, so it must be that of what was read.
    if _content_hash(paths) != content_hash:
        raise FailedPrecondition(
            f"{folder}: a file changed while it was read; start again when it is complete"
        )
    return Accounts(folder, as_of, content_hash, account, reconciliation, pledges, cautions)


def _find(folder: Path, violations: list[FieldViolation]) -> dict[str, Path]:
    paths = {}
    for stem in TABLES:
        try:
            path = find_table(folder, stem)
        except InvalidInput as error:
            violations += error.violations
            continue
        if path is not None:
            paths[stem] = path
        elif stem in REQUIRED_TABLES:
            expected = f"{stem}.csv or {stem}.xlsx in {folder.name}"
            violations.append(Problem(f"{stem}.csv", "no such file", expected).violation())
    return paths


def _account_problems(account: GepAccount, reconciliation: Reconciliation) -> list[Problem]:
    problems = []
    for check in reconciliation.lines:
        if check.refused:
            problems.append(_mismatch(account, check))
        elif (
            check.computed_cny is None
            and check.line.quantity is not None
            and check.line.unit_price is not None
        ):
            found = f"{check.line.price_unit!r} for a quantity in {check.line.quantity_unit!r}"
            expected = f"a price per {check.line.quantity_unit}"
            problems.append(
                Problem(account.file, found, expected, account.sheet, check.line.row, "price_unit")
            )
    return problems


def _mismatch(account: GepAccount, check: LineCheck) -> Problem:
    line, computed = check.line, check.computed_cny or 0.0
    product = f"{line.printed_quantity} {line.quantity_unit} x {line.printed_price} {line.price_unit}"
    expected = f"about {computed / line.value_unit_cny:.6g} ({computed / 1e8:.6g}e8 CNY)"
    return Problem(
        account.file,
        f"{line.printed_value} ({line.value_cny / 1e8:.6g}e8 CNY)",
        f"{expected} = {product}, apart from rounding; is a unit wrong?",
        account.sheet,
        line.row,
        "value_1e8_cny",
    )


def _pledges(tables: dict[str, CheckedTable], account: GepAccount, as_of: dt.date) -> tuple[Pledge, ...]:
    years: defaultdict[str, list[CheckedRow]] = defaultdict(list)
    if "vep_years" in tables:
        for row in tables["vep_years"].rows:
            years[row.text("project_id")].append(row)
    referred = ReferredRows(
        account,
        {row.text("permit_id"): row for row in tables["water_account"].rows},
        {row.text("stand_id"): row for row in tables["forest_inventory"].rows},
        years,
    )
    problems: list[Problem] = []
    pledges = [build_pledge(row, referred, as_of, problems) for row in tables["pledges"].rows]
    if problems:
        raise refusal(dict.fromkeys(problems))
    return tuple(pledge for pledge in pledges if pledge is not None)


def _ignored(table: CheckedTable) -> list[Caution]:
    return [
        Caution(
            _IGNORED_HEADING,
            Severity.NOTE,
            f"{table.file}：列“{heading}”不在规定的列中，未使用",
            f"{table.file}: column {heading!r} is none of the table's and was not used",
            f"{table.file}.{heading}",
        )
        for heading in table.ignored
    ]


def _content_hash(paths: dict[str, Path]) -> str:
    """One hash of all files; file names are part of it, so content cannot move from one to another unseen."""
    digest = hashlib.sha256()
    for stem, path in sorted(paths.items()):
        digest.update(f"{stem}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return digest.hexdigest()
