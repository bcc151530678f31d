"""Codes stand on the terminal as the workbooks' Chinese words, with the code where somebody must type it."""

import pytest

from cli.code_words import coded, factor_words, group_words, print_codes, with_code
from services.loans.products import read_products
from services.loans.statistics.result import Grouping
from services.runtime.market import read_snapshot
from services.valuation.standard_market import STANDARD_PATH


@pytest.mark.parametrize(
    ("words", "code", "shown"),
    [("水价", "water_price", "水价 water_price"), ("张掖", "张掖", "张掖"),
     ("", "kind", "kind"), ("基准市场", "", "基准市场")],
)  # fmt: skip
def test_words_and_code_stand_once_each(words: str, code: str, shown: str) -> None:
    assert with_code(words, code) == shown


def test_every_product_has_the_name_of_its_table() -> None:
    words = group_words(Grouping.PRODUCT)
    for code, product in read_products().items():
        assert words(code) == product.name_zh
    assert coded(words)("gep+credit") == "GEP质押+信用贷款 gep+credit"
    assert words("tea_garden") == "tea_garden"
    assert coded(words)("") == "未注明 not stated"


def test_modes_of_guarantee_are_those_of_names_csv() -> None:
    words = coded(group_words(Grouping.GUARANTEE_MODE))
    assert [words(code) for code in ("pledge", "combined")] == ["质押 pledge", "组合 combined"]


def test_factors_have_the_labels_of_the_snapshot() -> None:
    words = factor_words(read_snapshot(STANDARD_PATH))
    assert words("water_price") == "水价"
    assert coded(words)("inflow.yingluoxia + timber_price") == (
        "莺落峡年径流、木材价格指数 inflow.yingluoxia + timber_price"
    )
    assert words("moon_phase") == "moon_phase"


def test_codes_below_a_table_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    words = factor_words(read_snapshot(STANDARD_PATH))
    print_codes("因子代码 factor codes", words, ["cny", "water_price", "cny", "moon_phase"])
    assert capsys.readouterr().out == "  因子代码 factor codes: 人民币 cny；水价 water_price\n"
    print_codes("因子代码 factor codes", words, ["moon_phase"])
    assert capsys.readouterr().out == ""
