"""The entries of a prefect.yaml, before Prefect is imported."""

from pathlib import Path
from typing import Any

import msgspec

from services.runtime.errors import InvalidInput

PREFECT_YAML = Path("prefect.yaml")


def read_entries(path: Path = PREFECT_YAML) -> list[dict[str, Any]]:
    """The deployments in the order of the file.

    Raises:
        InvalidInput: if the file is missing, is no YAML or has no deployments.
    """
    try:
        content = msgspec.yaml.decode(path.read_bytes())
    except OSError as error:
        raise InvalidInput.of(str(path), f"cannot be read: {error.strerror}, expected prefect.yaml") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput.of(str(path), f"is not YAML: {error}") from None
    entries = content.get("deployments") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise InvalidInput.of(str(path), "found no deployments, expected a list with at least one")
    return entries
