"""The ecosystem account behind a value between protobuf and the domain."""

from dataclasses import fields
from typing import Any

from ecopledge.valuation.v1 import account_pb2 as pb
from services.valuation.accounts.ecosystem_account import (
    AccountError,
    AccountService,
    CauseOfError,
    EcosystemAccount,
)
from services.valuation.asset import AccountSpecification
from services.valuation.translate.explanation import fields_of

_SPECIFICATION = ("name", "version")
_SERVICE = tuple(field.name for field in fields(AccountService))
_CAUSE = tuple(field.name for field in fields(CauseOfError))
_BASES = ("gross_cny_per_year", "realisable_cny_per_year", "cash_to_pledgor_cny_per_year")


def account_fields(account: EcosystemAccount | None) -> dict[str, Any] | None:
    """The fields of the message, as nested dicts."""
    if account is None:
        return None
    specification, error = account.specification, account.error
    return {
        **fields_of(account, _BASES),
        "specification": None if specification is None else fields_of(specification, _SPECIFICATION),
        "services": [fields_of(service, _SERVICE) for service in account.services],
        "error": None if error is None else _error_fields(error),
    }


def account_from_wire(message: pb.EcosystemAccount) -> EcosystemAccount:
    """The account of a message."""
    specification = None
    if message.HasField("specification"):
        specification = AccountSpecification(message.specification.name, message.specification.version)
    return EcosystemAccount(
        specification,
        message.gross_cny_per_year,
        message.realisable_cny_per_year,
        message.cash_to_pledgor_cny_per_year,
        tuple(_service_from_wire(service) for service in message.services),
        _error_from_wire(message.error) if message.HasField("error") else None,
    )


def _error_fields(error: AccountError) -> dict[str, Any]:
    return {
        **fields_of(error, ("cv", "cv_if_independent", "cv_if_one")),
        "causes": [fields_of(cause, _CAUSE) for cause in error.causes],
    }


def _service_from_wire(message: pb.AccountService) -> AccountService:
    return AccountService(
        message.service,
        message.stated_as,
        message.gross_cny_per_year,
        message.realisable_cny_per_year,
        message.pledgor_cny_per_year,
        message.error_cv if message.HasField("error_cv") else None,
    )


def _error_from_wire(message: pb.AccountError) -> AccountError:
    causes = tuple(
        CauseOfError(found.cause, found.name_zh, found.name_en, found.cv) for found in message.causes
    )
    return AccountError(message.cv, message.cv_if_independent, message.cv_if_one, causes)
