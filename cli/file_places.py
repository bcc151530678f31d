"""Where in an asset file a wrong field stands: services name fields of their requests, people look into their file."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from services.runtime.errors import FieldViolation, InvalidInput

_TABLES = {"terms": "loan"}


@contextlib.contextmanager
def naming_places(file: Path, position: int) -> Iterator[None]:
    """Name what is wrong with a request about one asset and its loan as the file names it.

    Args:
        file: that the request was read from.
        position: of its asset in the file, from 0.

    Raises:
        InvalidInput: what was raised inside, with file and place.
    """
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput.from_violations(
            FieldViolation(f"{file}: {_in_file(found.field, position)}", found.description)
            for found in error.violations or (FieldViolation("asset", error.message),)
        ) from error


def _in_file(field: str, position: int) -> str:
    head, dot, rest = field.partition(".")
    return {**_TABLES, "asset": f"assets[{position}]"}.get(head, head) + dot + rest
