"""Assets between protobuf and the domain; every violation of an asset is collected with its path below the asset."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from ecopledge.valuation.v1 import asset_pb2 as pb
from quant.seasons import MONTHS, MonthlyShares
from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations
from services.runtime.wire import date_from_wire, date_to_wire
from services.valuation.asset import (
    AccountSpecification,
    Asset,
    AssetDetail,
    CarbonAndTenure,
    CarbonInstrument,
    CarbonIssuance,
    CataloguedRight,
    DiameterClass,
    ForestCarbonReceivable,
    ForestTenure,
    GepRevenueRight,
    GrowthCurve,
    ResidualIncome,
    ServiceChange,
    ServiceIncome,
    StandGrowth,
    StandInventory,
    StatedValue,
    TermsOverride,
    ValueBasis,
    VepProject,
    VepYear,
    WaterRight,
    WithWithout,
)
from services.valuation.translate import asset_rules as rules
from services.valuation.translate.field_rules import NumberRule, positive_up_to, read_numbers

Item = TypeVar("Item")

_LONGEST_ID = 64
_LONGEST_NAME = 256
_LONGEST_SOURCE = 1024
_MOST_ASSUMED_FIELDS = 64
_MOST_CLASSES = 200
_ORIGINS = ("tonnes_per_year", "growth", "inventory")

_BASES = {
    pb.VALUE_BASIS_UNSPECIFIED: ValueBasis.UNSTATED,
    pb.VALUE_BASIS_ANNUAL_FLOW: ValueBasis.ANNUAL_FLOW,
    pb.VALUE_BASIS_PERIOD_SUM_UNDISCOUNTED: ValueBasis.PERIOD_SUM_UNDISCOUNTED,
    pb.VALUE_BASIS_PRESENT_VALUE: ValueBasis.PRESENT_VALUE,
}
_BASES_TO_WIRE = {basis: number for number, basis in _BASES.items()}
_INSTRUMENTS = {
    pb.CARBON_INSTRUMENT_CCER: CarbonInstrument.CCER,
    pb.CARBON_INSTRUMENT_TICKET: CarbonInstrument.TICKET,
}
_CURVES = {
    pb.GROWTH_CURVE_UNSPECIFIED: GrowthCurve.RICHARDS,
    pb.GROWTH_CURVE_RICHARDS: GrowthCurve.RICHARDS,
    pb.GROWTH_CURVE_LOGISTIC: GrowthCurve.LOGISTIC,
    pb.GROWTH_CURVE_GOMPERTZ: GrowthCurve.GOMPERTZ,
    pb.GROWTH_CURVE_KORF: GrowthCurve.KORF,
    pb.GROWTH_CURVE_SCHUMACHER: GrowthCurve.SCHUMACHER,
}
_CURVES_TO_WIRE = {curve: number for number, curve in _CURVES.items()}
_INSTRUMENTS_TO_WIRE = {instrument: number for number, instrument in _INSTRUMENTS.items()}


def asset_from_wire(message: pb.Asset, at: Violations) -> Asset | None:
    """The asset of a message, or None after noting everything that is wrong with it."""
    before = len(at.found)
    _check_text(message.asset_id, "asset_id", at)
    at.require_max_length("name", message.name, _LONGEST_NAME)
    at.require_max_length("place", message.place, _LONGEST_NAME)
    at.require_max_length("assumed_fields", message.assumed_fields, _MOST_ASSUMED_FIELDS)
    for i, path in enumerate(message.assumed_fields[:_MOST_ASSUMED_FIELDS]):
        at.require_max_length(f"assumed_fields[{i}]", path, _LONGEST_NAME)
    stated = (
        _stated_value(message.stated_value, at.at("stated_value"))
        if message.HasField("stated_value")
        else None
    )
    terms = (
        TermsOverride(**read_numbers(message.terms, rules.TERMS, at.at("terms")))
        if message.HasField("terms")
        else None
    )
    chosen = message.WhichOneof("detail")
    if chosen is None:
        at.add("detail", f"is missing, expected exactly one of {', '.join(_READERS)}")
        return None
    detail = _READERS[chosen](getattr(message, chosen), at.at(chosen))
    if len(at.found) > before:
        return None
    return Asset(
        message.asset_id, message.name, message.place, detail, stated, tuple(message.assumed_fields), terms
    )


def asset_to_wire(asset: Asset) -> pb.Asset:
    """The message of an asset."""
    field, write = _WRITERS[type(asset.detail)]
    return pb.Asset(
        asset_id=asset.asset_id,
        name=asset.name,
        place=asset.place,
        stated_value=None if asset.stated_value is None else _stated_value_to_wire(asset.stated_value),
        assumed_fields=asset.assumed_fields,
        terms=None if asset.terms is None else pb.TermsOverride(**_plain(asset.terms)),
        **{field: write(asset.detail)},
    )


def _check_text(value: str, field: str, at: Violations) -> None:
    if not 1 <= len(value) <= _LONGEST_ID:
        at.add(field, f"found {len(value)} characters, expected 1 to {_LONGEST_ID}")
    elif not value.isprintable():
        at.add(field, f"found {value!r}, expected printable characters only")


def _check_name(field: str, value: str, at: Violations) -> None:
    """A name of the catalogue or the snapshot: a wrong one is told back, so its length has a bound."""
    if at.require_non_empty(field, value):
        at.require_max_length(field, value, _LONGEST_ID)


def _stated_value(message: pb.StatedValue, at: Violations) -> StatedValue:
    numbers = read_numbers(message, (NumberRule("value_cny", positive_up_to(rules.LARGEST_AMOUNT)),), at)
    at.require_max_length("source", message.source, _LONGEST_SOURCE)
    at.require(
        message.basis in _BASES, "basis", f"found {message.basis}, expected a known value of ValueBasis"
    )
    return StatedValue(numbers["value_cny"], _BASES.get(message.basis, ValueBasis.UNSTATED), message.source)


def _water_right(message: pb.WaterRight, at: Violations) -> WaterRight:
    at.require_max_length("allocation_factor", message.allocation_factor, _LONGEST_ID)
    at.require_max_length("buy_back_factor", message.buy_back_factor, _LONGEST_ID)
    _check_season(message, at)
    return WaterRight(
        **read_numbers(message, rules.WATER_RIGHT, at),
        allocation_factor=message.allocation_factor,
        buy_back_factor=message.buy_back_factor,
        use_months=tuple(message.use_months),
        monthly_payments=message.monthly_payments,
        monthly_shares=tuple(message.monthly_shares),
    )


def _check_season(message: pb.WaterRight, at: Violations) -> None:
    months = list(message.use_months)
    for i, month in enumerate(months[: MONTHS + 1]):
        if not 1 <= month <= MONTHS or month in months[:i]:
            at.add(
                f"use_months[{i}]", f"found {month}, expected numbers of months from 1 to {MONTHS}, each once"
            )
    if len(message.monthly_shares) > 0:
        wrong = [i for i, share in enumerate(message.monthly_shares[: MONTHS + 1]) if not 0.0 <= share <= 1.0]
        for i in wrong:
            at.add(
                f"monthly_shares[{i}]", f"found {message.monthly_shares[i]}, expected a fraction from 0 to 1"
            )
        if not wrong:
            at.collect("monthly_shares", _monthly_shares, message)


def _monthly_shares(message: pb.WaterRight) -> None:
    try:
        MonthlyShares(tuple(message.monthly_shares))
    except ValueError as error:
        raise InvalidInput.of("", str(error)) from None


def _issuance(message: Any, at: Violations) -> CarbonIssuance:
    at.require_known_enum("instrument", message.instrument, _INSTRUMENTS, "CarbonInstrument")
    at.require_max_length("methodology", message.methodology, _LONGEST_ID)
    origins = [name for name in _ORIGINS if message.HasField(name)]
    if len(origins) != 1:
        found = " and ".join(origins) or "none"
        at.add("tonnes_per_year", f"found {found} of {', '.join(_ORIGINS)}, expected exactly one")
    return CarbonIssuance(
        instrument=_INSTRUMENTS.get(message.instrument, CarbonInstrument.CCER),
        **read_numbers(message, rules.ISSUANCE, at),
        growth=_growth(message.growth, at.at("growth")) if "growth" in origins else None,
        methodology=message.methodology,
        inventory=_inventory(message.inventory, at.at("inventory")) if "inventory" in origins else None,
    )


def _inventory(message: pb.StandInventory, at: Violations) -> StandInventory:
    _check_name("species", message.species, at)
    if at.require_non_empty("classes", message.classes):
        at.require_max_length("classes", message.classes, _MOST_CLASSES)
    before = len(at.found)
    classes = _each(message.classes[:_MOST_CLASSES], "classes", _diameter_class, at)
    grows = any(found.diameter_growth_cm_per_year + found.height_growth_m_per_year > 0.0 for found in classes)
    if classes and not grows and len(at.found) == before:
        at.add(
            "classes", "found no class that grows, expected growth of diameter or height: credits are growth"
        )
    return StandInventory(
        species=message.species, classes=classes, **read_numbers(message, rules.INVENTORY, at)
    )


def _diameter_class(message: pb.DiameterClass, at: Violations) -> DiameterClass:
    return DiameterClass(**read_numbers(message, rules.DIAMETER_CLASS, at))


def _growth(message: pb.StandGrowth, at: Violations) -> StandGrowth:
    _check_name("species", message.species, at)
    at.require(
        message.curve in _CURVES, "curve", f"found {message.curve}, expected a known value of GrowthCurve"
    )
    return StandGrowth(
        species=message.species,
        **read_numbers(message, rules.GROWTH, at),
        curve=_CURVES.get(message.curve, GrowthCurve.RICHARDS),
    )


def _forest_carbon(message: pb.ForestCarbonReceivable, at: Violations) -> ForestCarbonReceivable:
    return ForestCarbonReceivable(_issuance(message.issuance, at.at("issuance")))


def _forest_tenure(message: pb.ForestTenure, at: Violations) -> ForestTenure:
    return ForestTenure(**read_numbers(message, rules.TENURE, at))


def _carbon_and_tenure(message: pb.CarbonAndTenure, at: Violations) -> CarbonAndTenure:
    return CarbonAndTenure(
        _forest_tenure(message.tenure, at.at("tenure")), _issuance(message.issuance, at.at("issuance"))
    )


def _gep_revenue(message: pb.GepRevenueRight, at: Violations) -> GepRevenueRight:
    at.require_non_empty("services", message.services)
    at.require_max_length("specification", message.specification, _LONGEST_NAME)
    services = _each(message.services, "services", _service_income, at)
    return GepRevenueRight(
        services,
        **read_numbers(message, rules.TERM, at),
        specification=message.specification,
        account_specification=_account_specification(message, at),
        uncertainty_by_service=message.uncertainty_by_service,
    )


def _account_specification(
    message: pb.GepRevenueRight | pb.WithWithout, at: Violations
) -> AccountSpecification | None:
    if not message.HasField("account_specification"):
        return None
    stated, below = message.account_specification, at.at("account_specification")
    if below.require_non_empty("name", stated.name):
        below.require_max_length("name", stated.name, _LONGEST_NAME)
    _check_name("version", stated.version, below)
    return AccountSpecification(stated.name, stated.version)


def _service_income(message: pb.ServiceIncome, at: Violations) -> ServiceIncome:
    _check_name("service", message.service, at)
    if message.HasField("quantity_per_year") != message.HasField("unit_price_cny"):
        missing = "unit_price_cny" if message.HasField("quantity_per_year") else "quantity_per_year"
        at.add(missing, "is missing, expected both of quantity_per_year and unit_price_cny or neither")
    return ServiceIncome(service=message.service, **read_numbers(message, rules.SERVICE_INCOME, at))


def _vep_project(message: pb.VepProject, at: Violations) -> VepProject:
    numbers = read_numbers(message, rules.VEP, at)
    method: ResidualIncome | WithWithout
    match message.WhichOneof("method"):
        case "residual_income":
            method = _residual_income(message.residual_income, at.at("residual_income"))
        case "with_without":
            method = _with_without(message.with_without, at.at("with_without"))
        case _:
            at.add("method", "is missing, expected exactly one of residual_income, with_without")
            method = WithWithout(())
    return VepProject(method=method, **numbers)


def _residual_income(message: pb.ResidualIncome, at: Violations) -> ResidualIncome:
    at.require_non_empty("years", message.years)
    _check_name("revenue_factor", message.revenue_factor, at)
    years = _each(message.years, "years", _vep_year, at)
    seen: set[int] = set()
    for i, year in enumerate(years):
        at.require(
            year.year not in seen, f"years[{i}].year", f"found {year.year} again, expected each year once"
        )
        seen.add(year.year)
    return ResidualIncome(years, message.revenue_factor, **read_numbers(message, rules.RESIDUAL_INCOME, at))


def _with_without(message: pb.WithWithout, at: Violations) -> WithWithout:
    at.require_non_empty("changes", message.changes)
    return WithWithout(
        _each(message.changes, "changes", _service_change, at),
        _account_specification(message, at),
        message.uncertainty_by_service,
    )


def _vep_year(message: pb.VepYear, at: Violations) -> VepYear:
    return VepYear(**read_numbers(message, rules.VEP_YEAR, at))


def _service_change(message: pb.ServiceChange, at: Violations) -> ServiceChange:
    _check_name("service", message.service, at)
    return ServiceChange(service=message.service, **read_numbers(message, rules.SERVICE_CHANGE, at))


def _catalogued_right(message: pb.CataloguedRight, at: Violations) -> CataloguedRight:
    _check_name("kind", message.kind, at)
    at.require_max_length("unit", message.unit, _LONGEST_ID)
    as_of = None
    if message.HasField("quantity_as_of"):
        try:
            as_of = date_from_wire(message.quantity_as_of)
        except InvalidInput as error:
            at.add("quantity_as_of", error.message)
    return CataloguedRight(
        kind=message.kind,
        unit=message.unit,
        quantity_as_of=as_of,
        **read_numbers(message, rules.CATALOGUED, at),
    )


def _each(
    messages: Sequence[Any], field: str, read: Callable[[Any, Violations], Item], at: Violations
) -> tuple[Item, ...]:
    return tuple(read(message, at.at(f"{field}[{i}]")) for i, message in enumerate(messages))


_READERS: dict[str, Callable[[Any, Violations], AssetDetail]] = {
    "water_right": _water_right,
    "forest_carbon": _forest_carbon,
    "forest_tenure": _forest_tenure,
    "carbon_and_tenure": _carbon_and_tenure,
    "gep_revenue": _gep_revenue,
    "vep_project": _vep_project,
    "catalogued_right": _catalogued_right,
}


def _plain(value: Any, *without: str) -> dict[str, Any]:
    """The fields of a dataclass by name, None left out: they are named as in the message."""
    return {
        name: found
        for name in (field.name for field in fields(value))
        if name not in without and (found := getattr(value, name)) is not None
    }


def _stated_value_to_wire(stated: StatedValue) -> pb.StatedValue:
    return pb.StatedValue(
        value_cny=stated.value_cny, basis=_BASES_TO_WIRE[stated.basis], source=stated.source
    )


def _issuance_to_wire(issuance: CarbonIssuance) -> pb.CarbonIssuance:
    return pb.CarbonIssuance(
        **_plain(issuance, "instrument", "growth", "inventory"),
        instrument=_INSTRUMENTS_TO_WIRE[issuance.instrument],
        growth=None if issuance.growth is None else _growth_to_wire(issuance.growth),
        inventory=None if issuance.inventory is None else _inventory_to_wire(issuance.inventory),
    )


def _inventory_to_wire(inventory: StandInventory) -> pb.StandInventory:
    classes = [pb.DiameterClass(**_plain(found)) for found in inventory.classes]
    return pb.StandInventory(classes=classes, **_plain(inventory, "classes"))


def _growth_to_wire(growth: StandGrowth) -> pb.StandGrowth:
    return pb.StandGrowth(**_plain(growth, "curve"), curve=_CURVES_TO_WIRE[growth.curve])


def _carbon_and_tenure_to_wire(detail: CarbonAndTenure) -> pb.CarbonAndTenure:
    return pb.CarbonAndTenure(
        tenure=pb.ForestTenure(**_plain(detail.tenure)), issuance=_issuance_to_wire(detail.issuance)
    )


def _gep_revenue_to_wire(detail: GepRevenueRight) -> pb.GepRevenueRight:
    services = [pb.ServiceIncome(**_plain(service)) for service in detail.services]
    return pb.GepRevenueRight(
        services=services,
        **_plain(detail, "services", "account_specification"),
        account_specification=_specification_to_wire(detail.account_specification),
    )


def _specification_to_wire(specification: AccountSpecification | None) -> Any:
    if specification is None:
        return None
    return {"name": specification.name, "version": specification.version}


def _vep_project_to_wire(detail: VepProject) -> pb.VepProject:
    method = detail.method
    written: dict[str, Any]
    if isinstance(method, ResidualIncome):
        years = [pb.VepYear(**_plain(year)) for year in method.years]
        written = {"residual_income": pb.ResidualIncome(years=years, **_plain(method, "years"))}
    else:
        changes = [pb.ServiceChange(**_plain(change)) for change in method.changes]
        with_without = pb.WithWithout(
            changes=changes,
            account_specification=_specification_to_wire(method.account_specification),
            uncertainty_by_service=method.uncertainty_by_service,
        )
        written = {"with_without": with_without}
    return pb.VepProject(**_plain(detail, "method"), **written)


def _catalogued_right_to_wire(detail: CataloguedRight) -> pb.CataloguedRight:
    as_of = None if detail.quantity_as_of is None else date_to_wire(detail.quantity_as_of)
    return pb.CataloguedRight(**_plain(detail, "quantity_as_of"), quantity_as_of=as_of)


_WRITERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    WaterRight: ("water_right", lambda detail: pb.WaterRight(**_plain(detail))),
    ForestCarbonReceivable: (
        "forest_carbon",
        lambda detail: pb.ForestCarbonReceivable(issuance=_issuance_to_wire(detail.issuance)),
    ),
    ForestTenure: ("forest_tenure", lambda detail: pb.ForestTenure(**_plain(detail))),
    CarbonAndTenure: ("carbon_and_tenure", _carbon_and_tenure_to_wire),
    GepRevenueRight: ("gep_revenue", _gep_revenue_to_wire),
    VepProject: ("vep_project", _vep_project_to_wire),
    CataloguedRight: ("catalogued_right", _catalogued_right_to_wire),
}
