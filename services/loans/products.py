"""Products of a lender against ecological assets, by code: data/loans/products.toml, which people may add to."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from services.loans.conditions import GuaranteeMode
from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import FieldViolation, InvalidInput

PRODUCTS_PATH = BUNDLED_DATA / "loans" / "products.toml"


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A product.

    Attributes:
        name_zh, name_en: for people.
        pledge: kind of pledge behind it.
        guarantee_mode: how the statistics count it.
    """

    name_zh: str
    name_en: str
    pledge: str
    guarantee_mode: GuaranteeMode


@functools.cache
def read_products(path: Path = PRODUCTS_PATH) -> dict[str, Product]:
    """Products by code.

    Raises:
        InvalidInput: the file is missing or wrong.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, Product])
    except OSError as error:
        raise InvalidInput.of(str(path), f"cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise InvalidInput.of(str(path), str(error)) from error


def product_violations(rows: str, products: Iterable[str], begin: int = 0) -> Iterator[FieldViolation]:
    """What is wrong with the products of loans: each is empty or a code of the table.

    Args:
        rows: name of the rows, such as "loans".
        products: of the loans, in order.
        begin: number of the first row.
    """
    known = read_products()
    for i, product in enumerate(products, start=begin):
        if product and product not in known:
            yield FieldViolation(
                f"{rows}[{i}].product",
                f"found {product!r}, expected nothing or one of {', '.join(known)} (data/loans/products.toml)",
            )
