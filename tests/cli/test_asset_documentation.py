"""docs/asset-files.md and examples/ keep up with the domain: no field, kind or service is missing."""

import dataclasses
from pathlib import Path

import pytest

from cli.asset_file import KINDS, read_asset_file
from services.valuation import asset as domain
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.lending.loan_price import LoanPricing
from services.valuation.valuation import LoanTerms

DOCUMENT = Path("docs/asset-files.md").read_text(encoding="utf-8")
TABLES = [
    *KINDS.values(),
    domain.Asset,
    domain.CarbonIssuance,
    domain.DiameterClass,
    domain.ResidualIncome,
    domain.ServiceChange,
    domain.ServiceIncome,
    domain.StandGrowth,
    domain.StandInventory,
    domain.StatedValue,
    domain.TermsOverride,
    domain.VepYear,
    domain.WithWithout,
    LoanPricing,
    LoanTerms,
]
STRUCTURAL = {"detail", "method"}  # chosen by the name of the table


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_field_is_documented(table: type) -> None:
    missing = {f.name for f in dataclasses.fields(table) if f.name not in DOCUMENT} - STRUCTURAL
    assert not missing


def test_every_kind_and_service_is_documented() -> None:
    catalogue = read_catalogue()
    codes = [code.partition(".")[0] for code in catalogue.kinds] + list(catalogue.services)
    assert [code for code in codes if code not in DOCUMENT] == []


def test_the_examples_show_every_kind() -> None:
    shown = {
        type(asset.detail)
        for path in Path("examples").glob("*.toml")
        if path.name != "wrong.toml"
        for asset in read_asset_file(path).assets
    }
    # Tenure alone is shown as part of tenure with carbon.
    assert shown | {domain.ForestTenure} == set(KINDS.values())
