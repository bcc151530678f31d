"""Settings files as editors on different machines save them."""

from pathlib import Path

import msgspec
import pytest

from services.runtime.errors import InvalidInput
from services.runtime.toml_file import decode_toml, toml_bytes, toml_content

TEXT = 'a = 1\nname = "民乐县"\n'


def written(folder: Path, content: bytes) -> Path:
    path = folder / "settings.toml"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_content(tmp_path: Path, encoding: str) -> None:
    assert toml_bytes(written(tmp_path, TEXT.encode(encoding))) == TEXT.encode()


def test_another_encoding_is_named_with_its_first_line(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT.encode("gb18030"))
    with pytest.raises(InvalidInput, match=r"settings\.toml: line 2: .* save the file as UTF-8"):
        toml_bytes(path)


@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("missing.toml", "No such file")])
def test_what_cannot_be_read_is_wrong_input(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=f"{reason}.*expected a fund's question"):
        toml_bytes(tmp_path / name, "a fund's question")


class Settings(msgspec.Struct):
    a: int


def test_malformed_text_is_told_with_its_place_in_both_languages(tmp_path: Path) -> None:
    # The sign that is missing would stand where the second line has its third letter.
    path = written(tmp_path, b"a = 1\nb 2\n")
    told = r"settings\.toml: is not valid TOML: .*line 2, column 3.*\(TOML 格式有误，见第 2 行第 3 列\)"
    with pytest.raises(InvalidInput, match=told):
        toml_content(path)
    with pytest.raises(InvalidInput, match=told):
        decode_toml(path, Settings)


def test_a_file_that_ends_too_early_has_no_column(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"end of document\) \(TOML 格式有误\)"):
        toml_content(written(tmp_path, b"a = "))


def test_content_is_plain_tables(tmp_path: Path) -> None:
    assert toml_content(written(tmp_path, TEXT.encode())) == {"a": 1, "name": "民乐县"}
