"""From stored texts of loans to columns: the texts are parsed by Arrow, many at a time, and no loan becomes an object.

Only a loan whose periods are not all alike has its terms read as a value.
"""

import hashlib
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from services.loans.columns.index_codes import list_codes
from services.loans.columns.loan_columns import GuaranteeColumns, Labels, LoanColumns
from services.loans.columns.term_columns import RULES, TermColumns
from services.loans.loan import IndexWeight, RepaymentKind, RepaymentTerms

if TYPE_CHECKING:
    import pyarrow as pa

# Above the longest text of a loan; several blocks are parsed at once.
_BLOCK_BYTES = 1 << 20


class _Terms(msgspec.Struct):
    """What is read of a stored loan whose terms are needed as a value."""

    terms: RepaymentTerms


def columns_from_texts(chunks: Iterable[Sequence[str]]) -> LoanColumns:
    """The columns of stored loans.

    Args:
        chunks: texts of loans in order of loan_id, some thousands at a time; see `services.loans.stored`.
    """
    import pyarrow as pa  # noqa: PLC0415  # a server must answer before Arrow is loaded

    schema, digest = _schema(), hashlib.sha256()
    tables = [schema.empty_table()]
    uneven: dict[int, RepaymentTerms] = {}
    decode, begin = msgspec.json.Decoder(_Terms).decode, 0
    for texts in chunks:
        content = "\n".join(texts).encode()
        digest.update(content.replace(b"\n", b""))
        table = _parsed(content, schema)
        uneven |= {begin + row: decode(texts[row]).terms for row in _uneven_rows(table).tolist()}
        tables.append(_flat(table))
        begin += len(texts)
    tables[0] = _flat(tables[0])
    return _columns(pa.concat_tables(tables), digest.hexdigest(), uneven)


def _schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415  # as above

    text, number, whole = pa.string(), pa.float64(), pa.int64()
    present = pa.struct([pa.field("tenor", text)])
    terms = {
        "principal_cny": text, "drawn_on": pa.timestamp("s"), "periods": whole, "rate_annual": number, "kind": text,
        "months_per_period": whole, "grace_periods": whole, "day_count": text, "rate_reset": present,
        "prepayments": pa.list_(pa.struct([pa.field("day", text)])),
    }  # fmt: skip
    guarantee = {"guarantor_id": text, "share": number, "default_probability_annual": number}
    weight = pa.struct([pa.field("factor", text), pa.field("weight", number)])
    return pa.schema(
        {
            "loan_id": text, "borrower_id": text, "county": text, "product": text, "guarantee_mode": text,
            "default_probability_annual": number, "asset_correlation": number, "unsecured_lgd": number,
            "compensation_share": number, "index_weights": pa.list_(weight), "guarantee": pa.struct(guarantee),
            "terms": pa.struct(terms),
        }
    )  # fmt: skip


def _parsed(content: bytes, schema: "pa.Schema") -> "pa.Table":
    from pyarrow import json  # noqa: PLC0415  # as above

    return json.read_json(
        io.BytesIO(content),
        json.ReadOptions(block_size=_BLOCK_BYTES),
        json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )


def _uneven_rows(table: "pa.Table") -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Rows of the loans whose periods are not all alike; see `term_columns.is_even`."""
    import pyarrow.compute as pc  # noqa: PLC0415  # as above

    terms = table["terms"]
    is_uneven = pc.equal(pc.struct_field(terms, "kind"), "custom")
    for name in ("day_count", "rate_reset"):
        is_uneven = pc.or_(is_uneven, pc.is_valid(pc.struct_field(terms, name)))
    prepaid = pc.fill_null(pc.list_value_length(pc.struct_field(terms, "prepayments")), 0)
    is_uneven = pc.or_(is_uneven, pc.greater(prepaid, 0))
    return np.flatnonzero(is_uneven.to_numpy())


def _flat(table: "pa.Table") -> "pa.Table":
    """Columns of numbers and texts; what is nested is taken apart, and an index becomes one text."""
    import pyarrow as pa  # noqa: PLC0415  # as above
    import pyarrow.compute as pc  # noqa: PLC0415  # as above

    terms, guarantee = table["terms"], table["guarantee"]
    principal = pc.struct_field(terms, "principal_cny").cast(pa.decimal128(18, 2))
    flat = {
        name: table[name]
        for name in table.column_names
        if name not in ("terms", "guarantee", "index_weights")
    }
    flat |= {
        name: pc.struct_field(terms, name)
        for name in ("drawn_on", "periods", "rate_annual", "kind", "months_per_period", "grace_periods")
    }
    flat["principal_cents"] = pc.multiply(principal, pa.scalar(Decimal(100))).cast(pa.int64())
    flat["guarantor_id"] = pc.struct_field(guarantee, "guarantor_id")
    flat["guarantee_share"] = pc.struct_field(guarantee, "share")
    flat["guarantor_default"] = pc.struct_field(guarantee, "default_probability_annual")
    flat["index_weights"] = table["index_weights"]
    return pa.table(flat)


def _columns(table: "pa.Table", content_hash: str, uneven: dict[int, RepaymentTerms]) -> LoanColumns:
    index_of_loan, indices = _indices(table["index_weights"])

    def numbers(name: str) -> Any:
        return _array(table[name], 0.0, np.float64)

    def whole(name: str) -> Any:
        return _array(table[name], 0, np.int64)

    kind = _labels(table["kind"])
    rules = np.array([RULES[RepaymentKind(name)] for name in kind.names], dtype=np.int64)
    terms = TermColumns(
        whole("principal_cents"),
        table["drawn_on"].to_numpy().astype("datetime64[D]"),
        whole("periods"),
        whole("months_per_period"),
        whole("grace_periods"),
        numbers("rate_annual"),
        rules[kind.codes],
        uneven,
    )
    return LoanColumns(
        tuple(table["loan_id"].to_pylist()),
        content_hash,
        _labels(table["borrower_id"]),
        _labels(table["county"]),
        _labels(table["product"]),
        _labels(table["guarantee_mode"]),
        numbers("default_probability_annual"),
        numbers("asset_correlation"),
        numbers("unsecured_lgd"),
        numbers("compensation_share"),
        index_of_loan,
        indices,
        GuaranteeColumns(
            _labels(table["guarantor_id"]), numbers("guarantee_share"), numbers("guarantor_default")
        ),
        terms,
    )


def _array(column: "pa.ChunkedArray", nothing: float, dtype: Any) -> Any:
    import pyarrow.compute as pc  # noqa: PLC0415  # as above

    return np.array(pc.fill_null(column, nothing).to_numpy(), dtype=dtype)


def _labels(column: "pa.ChunkedArray | pa.Array") -> Labels:
    import pyarrow as pa  # noqa: PLC0415  # as above
    import pyarrow.compute as pc  # noqa: PLC0415  # as above

    texts = pc.fill_null(column, "")
    encoded = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).dictionary_encode()
    return Labels(encoded.indices.to_numpy().astype(np.int64), tuple(encoded.dictionary.to_pylist()))


def _indices(
    column: "pa.ChunkedArray",
) -> "tuple[np.ndarray[Any, np.dtype[np.int64]], tuple[tuple[IndexWeight, ...], ...]]":
    """A number for each loan's index, and the distinct indices in order of first appearance."""
    import pyarrow.compute as pc  # noqa: PLC0415  # as above

    lists = column.combine_chunks()
    elements = lists.flatten()
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy().astype(np.int64)
    factor = _labels(elements.field("factor"))
    weights, weight = np.unique(elements.field("weight").to_numpy(zero_copy_only=False), return_inverse=True)
    codes, first = list_codes(lengths, factor.codes * max(len(weights), 1) + weight)
    starts = np.cumsum(lengths) - lengths

    def index(row: int) -> tuple[IndexWeight, ...]:
        places = range(int(starts[row]), int(starts[row] + lengths[row]))
        return tuple(IndexWeight(factor.names[factor.codes[k]], float(weights[weight[k]])) for k in places)

    return codes, tuple(index(row) for row in first.tolist())
