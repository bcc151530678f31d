"""Tables that are no text: Parquet files, and the attributes of shapefiles and GeoPackages without their shapes."""

import datetime as dt
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.accounts.problems import Problem, refusal

VECTOR_SUFFIXES = (".shp", ".gpkg")


def parquet_cells(name: str, content: bytes, most_rows: int) -> list[tuple[str, ...]]:
    """Headings, then rows, of a Parquet file.

    Raises:
        InvalidInput: if it is no Parquet file or longer than allowed.
    """
    import pyarrow as pa  # noqa: PLC0415  # only Parquet files need it
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        file = pq.ParquetFile(io.BytesIO(content))
        _check_length(name, file.metadata.num_rows, most_rows)
        table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise refusal(
            [Problem(name, f"a file that is no Parquet ({type(error).__name__})", "Parquet")]
        ) from error
    return _as_text(table.column_names, [column.to_pylist() for column in table.columns])


def vector_cells(path: Path, most_rows: int) -> list[tuple[str, ...]]:
    """Headings, then rows, of the attributes of a shapefile (with its .dbf beside it) or a GeoPackage.

    Raises:
        InvalidInput: if GDAL cannot read it or it is longer than allowed.
    """
    import pyogrio  # noqa: PLC0415  # carries GDAL, which takes a moment to load
    from pyogrio.errors import DataSourceError  # noqa: PLC0415

    try:
        _check_length(
            path.name, int(pyogrio.read_info(path, force_feature_count=True)["features"]), most_rows
        )
        meta, _, _, columns = pyogrio.raw.read(path, read_geometry=False)
    except (DataSourceError, ValueError) as error:
        expected = "a GeoPackage, or a shapefile with its .dbf and .shx beside it"
        raise refusal([Problem(path.name, "a file that GDAL cannot read", expected)]) from error
    return _as_text([str(field) for field in meta["fields"]], [column.tolist() for column in columns])


def _check_length(name: str, n_rows: int, most_rows: int) -> None:
    if n_rows > most_rows:
        raise refusal([Problem(name, f"{n_rows} rows", f"at most {most_rows}; split the file")])


def _as_text(headings: Sequence[str], columns: Sequence[Sequence[Any]]) -> list[tuple[str, ...]]:
    rows = zip(*columns, strict=True)
    return [tuple(headings), *(tuple(_text(value) for value in row) for row in rows)]


def _text(value: Any) -> str:
    """A cell as a person would write it; a missing figure is an empty cell, as NaN stands for it in these files."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).strip()
