"""Tables on narrow terminals: text may run over lines, half a number is another number."""

import pytest

from cli.output import number_of, print_table, progress, waiting

TITLE = "公开质押案例 Published pledge cases, a title that is wider than its table (万元)"
NUMBERS = ("45,513.74", "1,169,155.01", "33.0%")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_numbers_and_titles_stay_whole(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    headings = ("地点 Place", "依据 Basis", "现值 Value", "总投资 Total", "折扣 Haircut")
    words = "浙江湖州西山漾国家城市湿地公园的生态产品经营收益权与一段很长的说明"
    print_table(TITLE, headings, [(words, "含假设 assumption", *NUMBERS)], left=(0, 1))
    lines = capsys.readouterr().out.splitlines()
    assert all(any(number in line for line in lines) for number in NUMBERS)
    assert max(len(line) for line in lines) <= columns
    if columns > len(TITLE) + 20:
        assert lines[0] == TITLE


def test_brackets_are_printed_and_not_taken_for_a_style(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("T", ("预期因子 E[factor]",), [["[red]名称[/red]"]])
    printed = capsys.readouterr().out
    assert "E[factor]" in printed
    assert "[red]名称[/red]" in printed


def test_one_is_not_counted_in_the_plural() -> None:
    assert [number_of(n, "loan") for n in (0, 1, 2, 1200)] == ["0 loans", "1 loan", "2 loans", "1,200 loans"]


@pytest.mark.parametrize(
    ("is_terminal", "quiet", "said"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_waiting_is_told_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    is_terminal: bool,
    quiet: bool,
    said: bool,
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1" if is_terminal else "0")
    with waiting("错向风险 · linked and cut loose", quiet=quiet):
        pass
    out, err = capsys.readouterr()
    assert out == ""
    assert ("错向风险 · linked and cut loose" in err) is said
    assert ("0:00:0" in err) is said
    assert said or not err


def test_a_bar_says_what_is_being_done_now(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with progress("模拟 · simulating") as update:
        update(10, 10)
        update(1, 4, "反向搜索 · searching")
    last = capsys.readouterr().err.rpartition("反向搜索 · searching")
    assert last[1]
    assert "25%" in last[2]
