"""What the catalogue knows of ecosystem accounts: names of services by specification, and errors of their values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from services.runtime.errors import InvalidInput
from services.valuation.accounts.service_errors import (
    SERVICE_ERRORS_PATH,
    ServiceErrors,
    decode_service_errors,
)
from services.valuation.accounts.specifications import (
    SPECIFICATIONS_PATH,
    Mappings,
    SpecifiedService,
    decode_specifications,
    mapping_of,
)
from services.valuation.asset import AccountSpecification


@dataclass(frozen=True, slots=True)
class AccountRules:
    """Service names by specification, and errors by service.

    Attributes:
        specifications: service mappings.
        errors: of the value of each service.
        content: of the two files.
    """

    specifications: Mappings
    errors: ServiceErrors
    content: bytes

    @classmethod
    def read(
        cls,
        known: Mapping[str, object],
        specifications_path: Path = SPECIFICATIONS_PATH,
        errors_path: Path = SERVICE_ERRORS_PATH,
    ) -> Self:
        """Read both files against the services of the catalogue.

        Raises:
            InvalidInput: if a file is missing or wrong, naming the place.
        """
        names, errors = (_bytes_of(path) for path in (specifications_path, errors_path))
        mappings = decode_specifications(specifications_path, names)
        for mapping in mappings.values():
            for service in mapping.services.values():
                unknown = [code for code in service.services if code not in known]
                if unknown:
                    raise InvalidInput.of(
                        f"{specifications_path}, {mapping.specification}, {service.name}",
                        f"found service {unknown[0]!r}, expected one of {', '.join(known)}",
                    )
        return cls(mappings, decode_service_errors(errors_path, errors, known), names + b"\0" + errors)

    def service_code(self, name: str, specification: AccountSpecification | None, at: str, field: str) -> str:
        """The catalogue's code of a service; the name itself where no specification is stated.

        Args:
            name: as stated.
            specification: that the account follows.
            at: field of the specification.
            field: of the service.

        Raises:
            InvalidInput: for a specification, a version or a name that is not known.
        """
        if specification is None:
            return name
        return mapping_of(self.specifications, specification, at).service(name, field)

    def unconfirmed(
        self, names: Iterable[str], specification: AccountSpecification | None, at: str
    ) -> tuple[SpecifiedService, ...]:
        """Entries of the names that nobody has confirmed against the specification itself, each once.

        Args:
            names: of services, as stated.
            specification: that the account follows.
            at: field of the specification.

        Raises:
            InvalidInput: for a specification or a version that is not known.
        """
        if specification is None:
            return ()
        mapping = mapping_of(self.specifications, specification, at)
        found = [mapping.specified(name) for name in names]
        return tuple(dict.fromkeys(entry for entry in found if entry is not None and not entry.is_confirmed))


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InvalidInput.of(str(path), "no such file, expected part of the catalogue") from None
