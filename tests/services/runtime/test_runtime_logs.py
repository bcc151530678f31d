import io
import json

import pytest

from services.runtime.logs import make_logger


def test_a_line_is_one_json_object_whatever_it_carries() -> None:
    stream = io.StringIO()
    logger = make_logger("info", stream)
    logger.info("loaded", path="甘州\ud800\n", size_ha=float("nan"), kind=object)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    line = json.loads(lines[0])
    assert (line["event"], line["level"], line["path"]) == ("loaded", "info", "甘州\ud800\n")
    assert line["timestamp"].endswith("Z")


def test_chinese_stays_readable() -> None:
    stream = io.StringIO()
    make_logger("info", stream).info("loaded", place="甘州")
    assert '"place":"甘州"' in stream.getvalue()


def test_an_error_carries_its_traceback() -> None:
    stream = io.StringIO()
    try:
        int("row 3")
    except ValueError as error:
        make_logger("error", stream).error("failed", error=error)
    assert "ValueError: invalid literal" in json.loads(stream.getvalue())["traceback"]


@pytest.mark.parametrize(("level", "lines"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_decides(level: str, lines: int) -> None:
    stream = io.StringIO()
    logger = make_logger(level, stream)
    for write in (logger.debug, logger.info, logger.warning, logger.error):
        write("event")
    assert len(stream.getvalue().splitlines()) == lines
