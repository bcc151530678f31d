"""Ingest: model results or a global table become an account, whole or not at all."""

from pathlib import Path

from flows.accounts.problems import Problem, in_folder, refusal
from flows.ingest.account_file import AccountEntry, WrittenAccount, write_account
from flows.ingest.global_tables import read_global_table
from flows.ingest.prices import read_prices, value_cny
from flows.ingest.quantities import read_quantities
from services.runtime.errors import FieldViolation, InvalidInput


def ingest_models(
    folder: Path, prices_path: Path, out_dir: Path, *, carbon_years: float | None = None
) -> WrittenAccount:
    """From InVEST result tables and prices to an account.

    Args:
        folder: with the result tables.
        prices_path: output, unit_price, price_unit and source of every quantity that the tables hold.
        out_dir: where the account is written.
        carbon_years: years between the two dates of the carbon model.

    Raises:
        InvalidInput: with every problem found; nothing is written then.
    """
    if not folder.is_dir():
        raise refusal([Problem(str(folder), "no such folder", "a folder of result tables")])
    with in_folder(folder):
        quantities = read_quantities(folder, carbon_years=carbon_years)
    with in_folder(prices_path.parent):
        prices = read_prices(prices_path)
    violations: list[FieldViolation] = []
    entries = []
    for quantity in quantities:
        output = quantity.output
        price = prices.get(output.output)
        if price is None:
            found = f"no price of {output.output} ({output.indicator_zh}), which {quantity.file} holds"
            violations.append(Problem(str(prices_path), found, "a row for it").violation())
            continue
        try:
            value = value_cny(quantity, price)
        except InvalidInput as error:
            violations += error.violations
            continue
        entries.append(
            AccountEntry(
                output.category,
                output.service,
                output.indicator_zh,
                quantity.amount,
                output.quantity_unit,
                price.unit_price,
                price.price_unit,
                value,
                f"{quantity.file}; {price.source}",
            )
        )
    if violations:
        raise InvalidInput.from_violations(violations)
    inputs = (*(folder / quantity.file for quantity in quantities), prices_path)
    return write_account(tuple(entries), out_dir, tuple(dict.fromkeys(inputs)))


def ingest_global_table(
    path: Path, out_dir: Path, *, place: str, year: int, cny_per_unit: float, rate_source: str
) -> WrittenAccount:
    """From a row of a global table to an account.

    Args:
        path: of the table.
        out_dir: where the account is written.
        place: as the table names it.
        year: of the flow.
        cny_per_unit: exchange rate of the table's currency, > 0.
        rate_source: where the rate comes from and its date.

    Raises:
        InvalidInput: with every problem found; nothing is written then.
    """
    if not cny_per_unit > 0.0:
        raise InvalidInput.of("cny_per_unit", f"found {cny_per_unit}, expected above 0")
    with in_folder(path.parent):
        values = read_global_table(path, place, year)
    entries = tuple(
        AccountEntry(
            found.category,
            found.service,
            found.name,
            None,
            "",
            None,
            "",
            found.value * cny_per_unit,
            f"{path.name}, {place}, {year}; {cny_per_unit:g} CNY: {rate_source}",
        )
        for found in values
    )
    return write_account(entries, out_dir, (path,))
