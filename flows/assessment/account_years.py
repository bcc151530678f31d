"""Reads the accounts of a place year by year, with what was realised of them; all right, or every problem told."""

import re
from dataclasses import dataclass
from pathlib import Path

from flows.accounts.checked import read_checked
from flows.accounts.gep_account import GepAccount, read_gep_account
from flows.accounts.problems import Problem, refusal
from flows.accounts.reconciliation import Reconciliation, reconcile
from flows.accounts.tables import SUFFIXES, find_table
from services.runtime.errors import FieldViolation, InvalidInput

_ACCOUNT_NAME = re.compile(r"gep_account_(\d{4})")
_CNY_PER_1E8 = 1e8


@dataclass(frozen=True, slots=True)
class RealisedValue:
    """What of a year's account became income, as the place reports it; CNY."""

    value_cny: float
    source: str


@dataclass(frozen=True, slots=True)
class AccountYear:
    """The account of one year.

    Attributes:
        year: of the flow.
        account, reconciliation: as read, and whether it adds up.
        realised: None where nobody reported it.
    """

    year: int
    account: GepAccount
    reconciliation: Reconciliation
    realised: RealisedValue | None


def read_account_years(folder: Path) -> tuple[AccountYear, ...]:
    """Accounts in order of year.

    Args:
        folder: with gep_account_<year>.csv or .xlsx, at least one, and perhaps realised_value.csv or .xlsx.

    Raises:
        InvalidInput: with every problem found, each naming file, sheet, row, column, found and expected.
    """
    if not folder.is_dir():
        raise refusal([Problem(str(folder), "no such folder", "a folder of accounts by year")])
    violations: list[FieldViolation] = []
    accounts: dict[int, GepAccount] = {}
    for year, stem in sorted(_stems(folder).items()):
        try:
            path = find_table(folder, stem)
            if path is not None:
                accounts[year] = read_gep_account(path)
        except InvalidInput as error:
            violations += error.violations
    realised: dict[int, RealisedValue] = {}
    try:
        realised = _realised(folder)
    except InvalidInput as error:
        violations += error.violations
    if not accounts and not violations:
        expected = "at least one gep_account_<year>.csv or .xlsx, such as gep_account_2023.xlsx"
        violations.append(Problem(str(folder), "none", expected).violation())
    if violations:
        raise InvalidInput.from_violations(violations)
    return tuple(
        AccountYear(year, account, reconcile(account), realised.get(year))
        for year, account in accounts.items()
    )


def _stems(folder: Path) -> dict[int, str]:
    found = {}
    for path in folder.iterdir():
        match = _ACCOUNT_NAME.fullmatch(path.stem)
        if match is not None and path.suffix in SUFFIXES:
            found[int(match.group(1))] = path.stem
    return found


def _realised(folder: Path) -> dict[int, RealisedValue]:
    path = find_table(folder, "realised_value")
    if path is None:
        return {}
    rows = read_checked(path, "realised_value").rows
    return {
        int(row.figure("year") or 0): RealisedValue(
            (row.figure("realised_1e8_cny") or 0.0) * _CNY_PER_1E8, row.text("source")
        )
        for row in rows
    }
