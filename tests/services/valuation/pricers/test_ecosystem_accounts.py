"""Accounts by specification, their three bases, quantity times price, and the error that services build together."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services.runtime.errors import InvalidInput
from services.valuation.accounts.rules import AccountRules
from services.valuation.accounts.service_errors import SERVICE_ERRORS_PATH
from services.valuation.accounts.specifications import (
    CONFIRMED,
    SPECIFICATIONS_PATH,
    decode_specifications,
    stated_specification,
)
from services.valuation.asset import (
    AccountSpecification,
    GepRevenueRight,
    ServiceChange,
    ServiceIncome,
    TermsOverride,
    VepProject,
    WithWithout,
)
from services.valuation.catalogue.catalogue import Catalogue
from services.valuation.pricers import PricingContext, price_in
from tests.services.valuation.pricers.conftest import FLAT_RATE, MakeAsset, Value

SEEA = AccountSpecification("SEEA EA", "2021")
NATIONAL = AccountSpecification("《生态产品总值核算规范》", "2022")
GUIDE = AccountSpecification("陆地生态系统生产总值(GEP)核算技术指南", "2020")
GEP = GepRevenueRight(
    (
        ServiceIncome("water_supply", 2_000_000.0, 0.5, 100_000.0, pledgor_share=0.6),
        ServiceIncome("water_retention", 9_000_000.0, 0.0),
        ServiceIncome("recreation", 1_000_000.0, 0.5),
    ),
    10.0,
)


def named(right: GepRevenueRight, specification: AccountSpecification, *names: str) -> GepRevenueRight:
    services = tuple(
        replace(income, service=name) for income, name in zip(right.services, names, strict=True)
    )
    return replace(right, services=services, account_specification=specification)


@pytest.mark.parametrize(
    ("specification", "names"),
    [
        (SEEA, ("Water supply", "baseline flow maintenance", "recreation-related")),
        (NATIONAL, ("淡水资源", "水源涵养", "自然景观游憩")),
        (GUIDE, ("水资源", "水源涵养", "休闲旅游")),
        (NATIONAL, ("water_supply", "water_retention", "recreation")),
    ],
)
def test_a_name_of_the_specification_means_the_same_service(
    context: PricingContext,
    make_asset: MakeAsset,
    specification: AccountSpecification,
    names: tuple[str, ...],
) -> None:
    by_code = price_in(make_asset(GEP), context).alternatives[0][1]
    by_name = price_in(make_asset(named(GEP, specification, *names)), context)
    schedule = by_name.alternatives[0][1]
    assert schedule.factors == by_code.factors
    assert schedule.quantities.tolist() == by_code.quantities.tolist()
    assert by_name.account is not None
    assert [service.stated_as for service in by_name.account.services] == list(names)
    assert [service.service for service in by_name.account.services] == [
        income.service for income in GEP.services
    ]


def test_an_error_beyond_what_can_be_used_is_told(context: PricingContext, make_asset: MakeAsset) -> None:
    # 500,000 of cash with an error of 12.5 % less a cost of 499,000: an error of 62.5 times the 1,000 that is left.
    services = (ServiceIncome("water_supply", 1e6, 0.5, 499_000.0),)
    right = GepRevenueRight(services, 5.0, uncertainty_by_service=True)
    priced = price_in(replace(make_asset(right), terms=None), context)
    assert priced.account is not None
    assert priced.account.error is not None
    assert priced.account.error.cv == pytest.approx(62.5, rel=1e-9)
    [(_, schedule)] = priced.alternatives
    assert schedule.terms.quantity_cv == 10.0
    told = next(c for c in priced.cautions if c.code == "ERROR_BY_SERVICE_CAPPED")
    assert "62.5 times" in told.message_en
    assert "uses 10 times" in told.message_en


def test_names_that_nobody_has_confirmed_are_told(context: PricingContext, make_asset: MakeAsset) -> None:
    # Every row of data/accounts/service_specifications.csv is to be confirmed; codes of the catalogue are our own.
    names = ("Water supply", "baseline flow maintenance", "recreation")
    right = named(GEP, SEEA, *names)
    told = [c for c in price_in(make_asset(right), context).cautions if c.code == "SERVICE_NAMES_UNCONFIRMED"]
    [caution] = told
    assert caution.field == "gep_revenue.account_specification"
    assert "water supply, baseline flow maintenance (" in caution.message_en
    assert "to be confirmed against the official text" in caution.message_en
    assert "recreation" not in caution.message_en
    by_code = price_in(make_asset(GEP), context)
    assert all(c.code != "SERVICE_NAMES_UNCONFIRMED" for c in by_code.cautions)


def test_a_confirmed_name_is_not_doubted(context: PricingContext) -> None:
    confirmed = SPECIFICATIONS_PATH.read_text(encoding="utf-8").replace(
        "general knowledge; to be confirmed against the official text", CONFIRMED
    )
    mappings = decode_specifications(SPECIFICATIONS_PATH, confirmed.encode())
    rules = replace(context.catalogue.accounts, specifications=mappings)
    assert rules.unconfirmed(["water supply"], SEEA, "at") == ()
    assert [entry.name for entry in rules.unconfirmed(["淡水资源", "淡水资源"], NATIONAL, "at")] == [
        "淡水资源"
    ]


@pytest.mark.parametrize(
    ("specification", "name", "field", "expected"),
    [
        (replace(NATIONAL, version="2019"), "水源涵养", "account_specification.version", "2022"),
        (AccountSpecification("某县规范", "1"), "水源涵养", "account_specification.name", "SEEA EA 2021"),
        (SEEA, "水源涵养", "services[0].service", "baseline flow maintenance"),
        (SEEA, "oxygen_release", "services[0].service", "crop provisioning"),
        (SEEA, "pollination", "services[0].service", "no counterpart"),
        (NATIONAL, "固碳释氧", "services[0].service", "carbon_sequestration, oxygen_release"),
    ],
)
def test_what_the_specification_does_not_have_is_refused_with_what_was_expected(  # noqa: PLR0917  # parameters
    context: PricingContext,
    make_asset: MakeAsset,
    specification: AccountSpecification,
    name: str,
    field: str,
    expected: str,
) -> None:
    right = GepRevenueRight((ServiceIncome(name, 1.0, 1.0),), 3.0, account_specification=specification)
    with pytest.raises(InvalidInput) as refused:
        price_in(make_asset(right), context)
    [violation] = refused.value.violations
    assert violation.field == f"gep_revenue.{field}"
    assert expected in violation.description


def test_the_three_bases_are_kept_apart(context: PricingContext, value: Value, make_asset: MakeAsset) -> None:
    priced = price_in(make_asset(GEP), context)
    account = priced.account
    assert account is not None
    # By hand: 2 + 9 + 1 million; half of 2 and of 1 million; 0.6 of the first million and the half, less 0.1.
    assert account.gross_cny_per_year == 12_000_000.0
    assert account.realisable_cny_per_year == 1_500_000.0
    assert account.cash_to_pledgor_cny_per_year == 1_000_000.0
    annuity = (1.0 - (1.0 + FLAT_RATE) ** -10) / FLAT_RATE
    assert value(priced.alternatives[0][1]) == pytest.approx(1_000_000.0 * annuity, rel=1e-12)
    assert priced.disclosed_value_cny == 12_000_000.0
    assert account.error is None


def test_nothing_changes_where_nothing_is_asked_for(context: PricingContext, make_asset: MakeAsset) -> None:
    asset = replace(make_asset(GEP), terms=None)
    kind = context.catalogue.kind("gep_revenue")
    assert price_in(asset, context).alternatives[0][1].terms == kind.terms


def test_the_error_of_two_services_by_hand(context: PricingContext, make_asset: MakeAsset) -> None:
    # Flood storage and water retention share half of the quantity's log variance (water yield) and all of the price's
    # (reservoir cost): v = ln 1.09 each, so c = v / 2 + v and own variance 2 v (data/service_errors.toml).
    right = GepRevenueRight(
        (ServiceIncome("water_retention", 1_000.0, 0.06), ServiceIncome("flood_storage", 1_000.0, 0.04)),
        5.0,
        uncertainty_by_service=True,
    )
    priced = price_in(replace(make_asset(right), terms=None), context)
    v = math.log(1.09)
    variance = (60.0**2 + 40.0**2) * (1.09**2 - 1.0) + 2 * 60 * 40 * math.expm1(1.5 * v)
    assert priced.account is not None
    assert priced.account.error is not None
    assert priced.account.error.cv == pytest.approx(math.sqrt(variance) / 100.0, rel=1e-12)
    assert priced.account.error.cv_if_one == pytest.approx(math.sqrt(1.09**2 - 1.0), rel=1e-12)
    assert priced.alternatives[0][1].terms.quantity_cv == priced.account.error.cv
    assert [service.error_cv for service in priced.account.services] == pytest.approx([0.43370508] * 2)
    assert {cause.cause for cause in priced.account.error.causes} == {
        "water_yield",
        "vegetation",
        "reservoir_cost",
    }
    assert "ERROR_BY_SERVICE" in {caution.code for caution in priced.cautions}
    assert any("water_yield" in line for line in priced.assumptions)
    # The kind's own error and cap are not used where the asset has others, and are not told.
    kind_lines = [line for line in priced.assumptions if "gep_revenue:" in line]
    assert not any("quantity_cv" in line for line in kind_lines)
    assert any("liquidity_discount = 0.35" in line for line in kind_lines)


def test_an_own_quantity_error_replaces_the_table(context: PricingContext, make_asset: MakeAsset) -> None:
    right = GepRevenueRight(
        (ServiceIncome("recreation", 100.0, 1.0, quantity_cv=0.1),), 5.0, uncertainty_by_service=True
    )
    priced = price_in(replace(make_asset(right), terms=TermsOverride(ltv_cap=0.4)), context)
    assert priced.alternatives[0][1].terms.quantity_cv == pytest.approx(0.1, rel=1e-12)
    assert priced.lending.ltv_cap == 0.4


def test_two_errors_for_one_asset_are_refused(context: PricingContext, make_asset: MakeAsset) -> None:
    asset = replace(
        make_asset(replace(GEP, uncertainty_by_service=True)), terms=TermsOverride(quantity_cv=0.1)
    )
    with pytest.raises(InvalidInput, match=r"terms\.quantity_cv: found 0\.1 beside gep_revenue"):
        price_in(asset, context)


def test_a_project_without_cash_keeps_the_error_of_its_kind(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    changes = (ServiceChange("recreation", 1.0, 2.0, 10.0, 1.0),)
    project = VepProject(3.0, WithWithout(changes, uncertainty_by_service=True))
    priced = price_in(replace(make_asset(project), terms=None), context)
    kind = context.catalogue.kind("vep_project.with_without")
    assert priced.alternatives[0][1].terms.quantity_cv == kind.terms.quantity_cv
    assert priced.account is not None
    assert priced.account.cash_to_pledgor_cny_per_year == -10.0
    assert priced.account.error is None


def test_a_project_names_services_by_its_specification(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    changes = (ServiceChange("固碳", 300.0, 100.0, 90.0, 0.5, pledgor_share=0.5),)
    project = VepProject(3.0, WithWithout(changes, NATIONAL), restoration_cost_cny_per_year=500.0)
    account = price_in(make_asset(project), context).account
    assert account is not None
    # (300 - 100) x 90 = 18,000; half is paid; half of that is the pledgor's, less 500.
    assert account.gross_cny_per_year == 18_000.0
    assert account.realisable_cny_per_year == 9_000.0
    assert account.cash_to_pledgor_cny_per_year == 4_000.0


@pytest.mark.parametrize(
    ("quantity", "price", "codes"),
    [
        (1_000_000.0, 2.0, set()),
        (1_014_000.0, 2.0, set()),
        (1_050_000.0, 2.0, {"VALUE_IS_NOT_QUANTITY_TIMES_PRICE"}),
    ],
)
def test_quantity_times_price_is_checked(
    context: PricingContext, make_asset: MakeAsset, quantity: float, price: float, codes: set[str]
) -> None:
    income = ServiceIncome("water_supply", 2_000_000.0, 0.5, quantity_per_year=quantity, unit_price_cny=price)
    priced = price_in(make_asset(GepRevenueRight((income,), 3.0)), context)
    assert {caution.code for caution in priced.cautions if "QUANTITY_TIMES" in caution.code} == codes


@pytest.mark.parametrize(
    ("quantity", "slip"),
    [
        (100.0, "万 (1e4)"),
        (0.01, "亿 (1e8)"),
        (15e6, "亩与公顷"),
        (1e6 * 12 / 44, "碳与二氧化碳"),
        (2.5e6, ""),
    ],
)
def test_a_value_that_is_not_quantity_times_price_is_refused_and_a_slip_of_units_named(
    context: PricingContext, make_asset: MakeAsset, quantity: float, slip: str
) -> None:
    income = ServiceIncome("water_supply", 2_000_000.0, 0.5, quantity_per_year=quantity, unit_price_cny=2.0)
    with pytest.raises(InvalidInput) as refused:
        price_in(make_asset(GepRevenueRight((income,), 3.0)), context)
    [violation] = refused.value.violations
    assert violation.field == "gep_revenue.services[0].account_value_cny_per_year"
    assert ("a unit may be meant otherwise" in violation.description) == bool(slip)
    assert slip in violation.description


def test_every_mapping_leads_into_the_catalogue_and_every_row_has_its_source(catalogue: Catalogue) -> None:
    rules = catalogue.accounts
    assert len(rules.specifications) == 3
    for mapping in rules.specifications.values():
        covered = {code for service in mapping.services.values() for code in service.services}
        assert covered <= set(catalogue.services)
        assert all(service.source and service.status for service in mapping.services.values())
    assert set(rules.errors.services) == set(catalogue.services)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("生态产品总值核算规范（试行）2022", "生态产品总值核算规范（试行） 2022"),
        ("SEEA EA 2021", "SEEA EA 2021"),
        ("SEEA EA 2012", "None"),
        ("张掖市 GEP 核算技术规范", "None"),
    ],
)
def test_a_text_names_a_specification_with_its_version(
    catalogue: Catalogue, text: str, expected: str
) -> None:
    assert str(stated_specification(catalogue.accounts.specifications, text)) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace(",water_retention,", ",rain,", 1), "found service 'rain'"),
        (lambda text: text + text.splitlines()[1] + "\n", "twice"),
        (lambda text: text + "SEEA EA,2021,air,air_purification,,\n", "found nothing in source, status"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place(
    catalogue: Catalogue, tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    copy = tmp_path / "names.csv"
    copy.write_text(change(SPECIFICATIONS_PATH.read_text("utf-8")), "utf-8")
    with pytest.raises(InvalidInput, match=message):
        AccountRules.read(catalogue.services, specifications_path=copy)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('service = "wellness"', 'service = "sleep"', "sleep"),
        ("visitors = 0.5", "guests = 0.5", "found cause 'guests'"),
        ("quantity_cv = 0.125", "quantity_cv = -1", "quantity_cv"),
        ("water_yield = 0.5, vegetation = 0.25", "water_yield = 0.8, vegetation = 0.25", "shares of 1.05"),
    ],
)
def test_wrong_errors_are_refused_with_their_place(
    catalogue: Catalogue, tmp_path: Path, old: str, new: str, message: str
) -> None:
    copy = tmp_path / "errors.toml"
    copy.write_text(SERVICE_ERRORS_PATH.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(InvalidInput, match=message):
        AccountRules.read(catalogue.services, errors_path=copy)


def test_lines_of_one_service_have_one_error(context: PricingContext, make_asset: MakeAsset) -> None:
    whole = GepRevenueRight((ServiceIncome("recreation", 100.0, 1.0),), 5.0, uncertainty_by_service=True)
    parts = replace(
        whole, services=(ServiceIncome("recreation", 40.0, 1.0), ServiceIncome("recreation", 60.0, 1.0))
    )
    found = [price_in(replace(make_asset(right), terms=None), context) for right in (whole, parts)]
    cvs = [priced.alternatives[0][1].terms.quantity_cv for priced in found]
    assert cvs == pytest.approx([0.25, 0.25], rel=1e-12)


def test_a_change_that_decides_a_project_is_told(context: PricingContext, make_asset: MakeAsset) -> None:
    # 10 x 100 lost against 2 x 100 gained: five sixths of what changes is one price.
    changes = (
        ServiceChange("recreation", 0.0, 100.0, 10.0, 0.5),
        ServiceChange("water_supply", 100.0, 0.0, 2.0, 0.5),
    )
    priced = price_in(make_asset(VepProject(3.0, WithWithout(changes))), context)
    [dominant] = [caution for caution in priced.cautions if caution.code == "DOMINANT_SERVICE"]
    assert "83%" in dominant.message_en
    even = (changes[0], replace(changes[1], unit_price_cny=10.0))
    priced = price_in(make_asset(VepProject(3.0, WithWithout(even))), context)
    assert "DOMINANT_SERVICE" not in {caution.code for caution in priced.cautions}
