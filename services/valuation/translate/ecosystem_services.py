"""Income from ecosystem services between protobuf and the domain: GEP revenue rights and VEP projects."""

from typing import Any

from ecopledge.valuation.v1 import asset_pb2 as pb
from services.runtime.violations import Violations
from services.valuation.asset import (
    AccountSpecification,
    GepRevenueRight,
    ResidualIncome,
    ServiceChange,
    ServiceIncome,
    VepProject,
    VepYear,
    WithWithout,
)
from services.valuation.translate import asset_rules as rules
from services.valuation.translate.field_rules import read_numbers
from services.valuation.translate.message_fields import (
    LONGEST_NAME,
    check_name,
    read_each,
    stated_fields,
    written,
)


def gep_revenue_from_wire(message: pb.GepRevenueRight, at: Violations) -> GepRevenueRight:
    """The revenue right of a message; notes everything that is wrong with it."""
    at.require_non_empty("services", message.services)
    at.require_max_length("specification", message.specification, LONGEST_NAME)
    services = read_each(message.services, "services", _service_income, at)
    return GepRevenueRight(
        services,
        **read_numbers(message, rules.TERM, at),
        specification=message.specification,
        account_specification=_account_specification(message, at),
        uncertainty_by_service=message.uncertainty_by_service,
    )


def vep_project_from_wire(message: pb.VepProject, at: Violations) -> VepProject:
    """The project of a message; notes everything that is wrong with it."""
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
    check_name("revenue_factor", message.revenue_factor, at)
    years = read_each(message.years, "years", _vep_year, at)
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
        read_each(message.changes, "changes", _service_change, at),
        _account_specification(message, at),
        message.uncertainty_by_service,
    )


def _account_specification(
    message: pb.GepRevenueRight | pb.WithWithout, at: Violations
) -> AccountSpecification | None:
    if not message.HasField("account_specification"):
        return None
    stated, below = message.account_specification, at.at("account_specification")
    if below.require_non_empty("name", stated.name):
        below.require_max_length("name", stated.name, LONGEST_NAME)
    check_name("version", stated.version, below)
    return AccountSpecification(stated.name, stated.version)


def _service_income(message: pb.ServiceIncome, at: Violations) -> ServiceIncome:
    check_name("service", message.service, at)
    if message.HasField("quantity_per_year") != message.HasField("unit_price_cny"):
        missing = "unit_price_cny" if message.HasField("quantity_per_year") else "quantity_per_year"
        at.add(missing, "is missing, expected both of quantity_per_year and unit_price_cny or neither")
    return ServiceIncome(service=message.service, **read_numbers(message, rules.SERVICE_INCOME, at))


def _vep_year(message: pb.VepYear, at: Violations) -> VepYear:
    return VepYear(**read_numbers(message, rules.VEP_YEAR, at))


def _service_change(message: pb.ServiceChange, at: Violations) -> ServiceChange:
    check_name("service", message.service, at)
    return ServiceChange(service=message.service, **read_numbers(message, rules.SERVICE_CHANGE, at))


def gep_revenue_to_wire(detail: GepRevenueRight, _at: str) -> pb.GepRevenueRight:
    """The message of a revenue right."""
    services = [pb.ServiceIncome(**stated_fields(service)) for service in detail.services]
    return pb.GepRevenueRight(
        services=services,
        **stated_fields(detail, "services", "account_specification"),
        account_specification=_specification_to_wire(detail.account_specification),
    )


def vep_project_to_wire(detail: VepProject, at: str) -> pb.VepProject:
    """The message of a project.

    Raises:
        InvalidInput: a year that no field can hold, below `at`.
    """
    method = detail.method
    by_method: dict[str, Any]
    if isinstance(method, ResidualIncome):
        years = [
            written(pb.VepYear, stated_fields(year), f"{at}.residual_income.years[{i}]")
            for i, year in enumerate(method.years)
        ]
        by_method = {"residual_income": pb.ResidualIncome(years=years, **stated_fields(method, "years"))}
    else:
        changes = [pb.ServiceChange(**stated_fields(change)) for change in method.changes]
        with_without = pb.WithWithout(
            changes=changes,
            account_specification=_specification_to_wire(method.account_specification),
            uncertainty_by_service=method.uncertainty_by_service,
        )
        by_method = {"with_without": with_without}
    return pb.VepProject(**stated_fields(detail, "method"), **by_method)


def _specification_to_wire(specification: AccountSpecification | None) -> Any:
    if specification is None:
        return None
    return {"name": specification.name, "version": specification.version}
