"""How the specifications of ecosystem accounts call the services, from data/accounts/service_specifications.csv.

Indicator lists differ from specification to specification and from version to version, so a name is read under the
specification that the account says it follows. A row without a service has no counterpart in the catalogue; one with
several is a heading that adds services of different prices up and has to be stated apart.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import InvalidInput
from services.valuation.asset import AccountSpecification

SPECIFICATIONS_PATH = BUNDLED_DATA / "accounts" / "service_specifications.csv"
_COLUMNS = ("specification", "version", "name", "service", "source", "status")
_LONGEST_SHOWN = 64
CONFIRMED = "confirmed against the official text"


@dataclass(frozen=True, slots=True)
class SpecifiedService:
    """One name of a specification.

    Attributes:
        name: as the specification has it.
        services: codes of the catalogue that it covers; one, several, or none.
        source, status: where that was read, and how sure it is.
    """

    name: str
    services: tuple[str, ...]
    source: str
    status: str

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody has read it in the specification itself; every other status is a doubt."""
        return self.status == CONFIRMED


@dataclass(frozen=True, slots=True)
class ServiceMapping:
    """The services of one version of a specification, by name in lower case."""

    specification: AccountSpecification
    services: Mapping[str, SpecifiedService]

    def specified(self, name: str) -> SpecifiedService | None:
        """The entry of a name; None for one that the specification does not have, such as a code of the catalogue."""
        return self.services.get(name.strip().lower())

    def service(self, name: str, field: str) -> str:
        """The catalogue's code of a service by its name in the specification, or by the code itself.

        Raises:
            InvalidInput: about `field`, with what was expected, for a name that the specification does not have, that
                has no counterpart, or that covers several services.
        """
        found = self.specified(name)
        if found is None:
            if any(name in known.services for known in self.services.values()):
                return name
            doubt = " (a * has not been confirmed against the official text)"
            is_sure = all(known.is_confirmed for known in self.services.values())
            names = (known.name + ("" if known.is_confirmed else "*") for known in self.services.values())
            raise InvalidInput.of(
                field,
                f"found service {name[:_LONGEST_SHOWN]!r}, expected one of {self.specification}"
                f"{'' if is_sure else doubt}: {', '.join(names)}",
            )
        if len(found.services) == 1:
            return found.services[0]
        if not found.services:
            raise InvalidInput.of(
                field,
                f"found {found.name!r}, which has no counterpart in the catalogue, expected it left out",
            )
        raise InvalidInput.of(
            field,
            f"found {found.name!r}, which adds up {', '.join(found.services)}, expected each of them apart",
        )


Mappings = Mapping[tuple[str, str], ServiceMapping]
"""Service mappings by (name without brackets, version)."""


def mapping_of(mappings: Mappings, specification: AccountSpecification, field: str) -> ServiceMapping:
    """The mapping of a specification.

    Raises:
        InvalidInput: about `field`, naming the known versions of a known name or else the known specifications.
    """
    found = mappings.get((_plain(specification.name), specification.version.strip()))
    if found is not None:
        return found
    known = [mapping.specification for mapping in mappings.values()]
    same = [of for of in known if _plain(of.name) == _plain(specification.name)]
    if same:
        versions = ", ".join(of.version for of in same)
        raise InvalidInput.of(
            f"{field}.version",
            f"found {specification.version[:_LONGEST_SHOWN]!r} of {same[0].name}, expected one of {versions}",
        )
    raise InvalidInput.of(
        f"{field}.name",
        f"found {specification.name[:_LONGEST_SHOWN]!r}, expected one of {', '.join(map(str, known))}",
    )


def stated_specification(mappings: Mappings, text: str) -> AccountSpecification | None:
    """The specification that a text names together with its version, such as "SEEA EA 2021"; None if there is none."""
    plain = _plain(text)
    for (name, version), mapping in mappings.items():
        if name in plain and version in plain:
            return mapping.specification
    return None


def read_specifications(path: Path = SPECIFICATIONS_PATH) -> Mappings:
    """Read the table.

    Raises:
        InvalidInput: if the file is missing or wrong, naming the line.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InvalidInput.of(
            str(path), "no such file, expected the service names of specifications"
        ) from None
    return decode_specifications(path, content)


def decode_specifications(path: Path, content: bytes) -> Mappings:
    """The mappings of a file's content.

    Raises:
        InvalidInput: naming the line, for a missing column, an empty cell, or a name twice in a specification.
    """
    services: dict[AccountSpecification, dict[str, SpecifiedService]] = {}
    for line, row in enumerate(csv.DictReader(content.decode("utf-8-sig").splitlines()), start=2):
        cells = {column: (row.get(column) or "").strip() for column in _COLUMNS}
        empty = [column for column in _COLUMNS if not cells[column] and column != "service"]
        if empty:
            raise InvalidInput.of(
                f"{path}, line {line}", f"found nothing in {', '.join(empty)}, expected {', '.join(_COLUMNS)}"
            )
        of = services.setdefault(AccountSpecification(cells["specification"], cells["version"]), {})
        key = cells["name"].lower()
        if key in of:
            raise InvalidInput.of(f"{path}, line {line}", f"found {cells['name']!r} twice, expected it once")
        codes = tuple(code for code in cells["service"].split("|") if code)
        of[key] = SpecifiedService(cells["name"], codes, cells["source"], cells["status"])
    return MappingProxyType(
        {
            (_plain(specification.name), specification.version): ServiceMapping(
                specification, MappingProxyType(found)
            )
            for specification, found in services.items()
        }
    )


def _plain(name: str) -> str:
    """A title without the marks around it, its note "on trial" and spaces, in lower case."""
    kept = name.replace("（试行）", "").replace("(试行)", "").replace("试行", "").lower()
    return "".join(mark for mark in kept if mark not in "《》「」()（） \t")
