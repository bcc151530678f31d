"""The table of docs/models/catalogued-rights.md is the catalogue's."""

from pathlib import Path

from services.valuation.catalogue.catalogue import read_catalogue

PAGE = Path(__file__).resolve().parents[4] / "docs" / "models" / "catalogued-rights.md"


def test_the_table_of_the_page_is_the_catalogue() -> None:
    kinds = [kind for kind in read_catalogue().kinds.values() if kind.quantity_times_factor]
    lines = PAGE.read_text("utf-8").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("| kind "))
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines[begin + 2 :][: len(kinds)]
    ]
    assert lines[begin + 2 + len(kinds)] == ""
    for row, kind in zip(rows, kinds, strict=True):
        code, unit, factor, price, multiple, cv = row
        assert code.split()[0] == kind.code
        assert (unit, factor) == (kind.unit, kind.factor)
        assert (price == "required") == kind.price_required
        assert multiple == ("-" if kind.cash_multiple_cap is None else f"{kind.cash_multiple_cap:g}")
        assert float(cv) == kind.terms.quantity_cv
