"""Files that belong together on disk: either all of them are there, whole, or the ones before stay."""

import os
import tempfile
from pathlib import Path


def replace_together(folder: Path, contents: dict[str, bytes]) -> None:
    """Write files under temporary names, then rename them one after the other.

    All are fully on disk before the first takes its place, so a full disk or a kill leaves no half file.

    Args:
        folder: made if need be.
        contents: by file name.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waiting: dict[Path, Path] = {}
    try:
        for name, content in contents.items():
            waiting[_written_aside(folder, content)] = folder / name
        for temporary, final in waiting.items():
            temporary.replace(final)
    finally:
        for temporary in waiting:
            temporary.unlink(missing_ok=True)


def _written_aside(folder: Path, content: bytes) -> Path:
    """Write content to a temporary file of the folder; a failure leaves nothing behind."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".report-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner may read; a report is as readable as any other file.
        Path(name).chmod(0o644)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
