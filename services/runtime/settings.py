"""What the environment decides, read once by :func:`load_settings`; nothing is read at import."""

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.runtime.addresses import is_loopback, split_address
from services.runtime.errors import FieldViolation, InvalidInput

PREFIX = "ECOPLEDGE_"
# Read by the command line before there are settings: where services run already.
TARGET_VARIABLE = "ECOPLEDGE_TARGET"
INSTITUTION_PATTERN = re.compile(r"[a-z0-9-]{1,64}")
MIB = 1024 * 1024


class Settings(BaseSettings):
    """Settings of a server and of a client, each from the variable ``ECOPLEDGE_<NAME>``.

    Attributes:
        database_url: ``sqlite:///path`` or ``postgresql://user@host/name``.
        listen_address: ``host:port``; port 0 takes a free one; a host beyond loopback needs TLS and a token.
        institution_id: the institution a client speaks for.
        log_level: level from which log lines are written.
        max_threads: calls that run at the same time; further ones wait.
        max_request_bytes: largest request; a larger one ends in RESOURCE_EXHAUSTED before it is read.
        max_response_bytes: largest response or part of a response stream; the same.
        stop_grace_s: seconds that running calls may take to finish after SIGTERM.
        default_deadline_s: limit of a call without a deadline, and the client's default deadline.
        tls_certificate_path: PEM chain of the server.
        tls_key_path: PEM key of the server.
        tls_ca_path: PEM roots by which a client trusts the server; set it to make a client use TLS.
        auth_token: shared secret that every call carries as ``authorization: Bearer``.
        sqlite_synchronous: FULL keeps each commit through a power cut, NORMAL through a killed process.
        database_wait_s: how long a writer waits for another before the call fails with UNAVAILABLE.
        ready_path: file that receives the announcement line once the server listens.
        dask_scheduler: ``tcp://127.0.0.1:8786`` or ``tls://host:8786``: simulations run on the workers of this Dask
            scheduler; on threads of the server when absent.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True, extra="forbid")

    database_url: SecretStr = SecretStr("sqlite:///var/ecopledge.db")
    listen_address: str = "127.0.0.1:50551"
    institution_id: str = "demo"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    max_threads: int = Field(default=16, ge=1, le=1024)
    max_request_bytes: int = Field(default=32 * MIB, ge=64 * 1024, le=2**31 - 1)
    max_response_bytes: int = Field(default=128 * MIB, ge=64 * 1024, le=2**31 - 1)
    stop_grace_s: float = Field(default=10.0, ge=0, le=3600, allow_inf_nan=False)
    default_deadline_s: float = Field(default=300.0, gt=0, le=86_400, allow_inf_nan=False)
    tls_certificate_path: Path | None = None
    tls_key_path: Path | None = None
    tls_ca_path: Path | None = None
    auth_token: SecretStr | None = Field(default=None, min_length=16)
    sqlite_synchronous: Literal["FULL", "NORMAL"] = "FULL"
    database_wait_s: float = Field(default=30.0, gt=0, le=600, allow_inf_nan=False)
    ready_path: Path | None = None
    dask_scheduler: str | None = None

    @field_validator("institution_id")
    @classmethod
    def _check_institution_id(cls, value: str) -> str:
        if INSTITUTION_PATTERN.fullmatch(value) is None:
            raise ValueError("expected 1 to 64 of a-z, 0-9 and -")
        return value

    @field_validator("listen_address")
    @classmethod
    def _check_listen_address(cls, value: str) -> str:
        try:
            split_address(value)
        except InvalidInput:
            raise ValueError("expected host:port with a port from 0 to 65535") from None
        return value

    @field_validator("dask_scheduler")
    @classmethod
    def _check_dask_scheduler(cls, value: str | None) -> str | None:
        if value is None:
            return None
        protocol, _, address = value.partition("://")
        expected = "expected tcp://127.0.0.1:port, or tls://host:port for a scheduler on another machine"
        try:
            host, port = split_address(address)
        except InvalidInput:
            raise ValueError(expected) from None
        # A scheduler runs what it is sent: beyond this machine it must know by certificate who sends.
        if port == 0 or not (protocol == "tls" or (protocol == "tcp" and is_loopback(host))):
            raise ValueError(expected)
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower_log_level(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value


def load_settings(**overrides: Any) -> Settings:
    """Reads the environment; ``overrides`` (by attribute name) win over it.

    Raises:
        InvalidInput: naming each variable that is wrong or that no setting reads, what was found and what is
            expected.
    """
    violations = _unknown_variables(os.environ)
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        violations += [
            FieldViolation(_variable(item["loc"]), _description(item))
            for item in error.errors(include_url=False)
        ]
        raise InvalidInput.from_violations(violations) from None
    if violations:
        raise InvalidInput.from_violations(violations)
    return settings


def _unknown_variables(names: Iterable[str]) -> list[FieldViolation]:
    """A misspelt variable would leave the default in force, a token unset, a database elsewhere: none passes."""
    known = [*(_variable((name,)) for name in Settings.model_fields), TARGET_VARIABLE]
    unknown = sorted(name for name in names if name.upper().startswith(PREFIX) and name.upper() not in known)
    return [FieldViolation(name, f"no such setting; {_hint(name, known)}") for name in unknown]


def _hint(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name.upper(), known, n=1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"


def _variable(location: tuple[int | str, ...]) -> str:
    return PREFIX + "_".join(str(part) for part in location).upper()


def _description(item: Any) -> str:
    # A wrong token or a database password must not reach a log.
    secret = item["loc"] and item["loc"][0] in {"auth_token", "database_url"}
    found = "a value that is not shown" if secret else repr(item["input"])
    return f"found {found}: {item['msg'].removeprefix('Value error, ')}"
