"""The `ecopledge` command. Commands are imported when they are run, so that `--help` answers at once."""

import errno
import sys
from collections.abc import Sequence
from typing import Any

import click

from cli.lazy_group import LazyGroup
from cli.stopped import STOPPED, UNTIL_INPUT_ENDS

COMMANDS = {
    "serve": "启动服务 · Start the services",
    "demo": "主流程：真实公开数据从头到尾 · The main job on bundled published data, with reports",
    "value": "资产估值 · Value the assets of a file",
    "size": "测算可贷额度 · How much may be lent against an asset, and what limits it",
    "appraise": "押品评估报告 · The appraisal of a pledge for the credit file: page, PDF, workbook",
    "calibrate": "校准因子 · Fit a factor to a series, under two models",
    "stress": "压力测试与反向压力 · Assets in other worlds, and what would break a limit",
    "loans": "贷款簿：导入、损失、压力、分类、统计 · The loan book: import, losses, stress, quality, statistics",
    "fund": "绿色基金：条款、分配、业绩、模拟、选择 · The green fund: terms, waterfall, records, simulation, choice",
    "report": "报告：季度统计、GEP 评估、贷款组合、基金 · Reports to send on: statistics, GEP, loan book, fund",
    "ingest": "导入核算成果：InVEST、全球 GEP 表 · Results of models and global tables become an account",
    "refresh": "由核算成果更新估值 · Refresh valuations from a folder of accounts",
    "flows": "定时流程：校准、重估、统计、评估 · Flows that run on a schedule or on demand",
    "replay": "逐位重算已存估值 · Recompute a stored valuation to the last bit",
    "verify": "复核公开数字 · Recompute every published reference figure",
}

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
EXAMPLES = ("ecopledge demo --out out", "ecopledge value examples/water-right.toml")


@click.group(
    cls=LazyGroup,
    package="cli.commands",
    summaries=COMMANDS,
    examples=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="ecopledge", prog_name="ecopledge")
def command() -> None:
    """生态资产质押：估值、贷款、基金 · Lending against nature: valuation, loans, fund."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end with its exit code.

    0: done. 1: a check failed or something broke. 2: the input is wrong. 3: the services cannot be reached.
    130 and 143: stopped before it was done, by Ctrl-C and by SIGTERM; both close behind them what was open.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if UNTIL_INPUT_ENDS not in given:
        from services.runtime.stop_signals import interrupt_on_sigterm

        interrupt_on_sigterm()
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; errors become one clear message on stderr and an exit code."""
    try:
        result: Any = command.main(args=arguments, prog_name="ecopledge", standalone_mode=False)
    except click.exceptions.Abort as error:
        from services.runtime.stop_signals import Terminated

        click.echo(STOPPED, err=True)
        return 143 if isinstance(error.__cause__, Terminated) else 130
    except click.ClickException as error:
        from cli.usage_words import usage_line

        line = usage_line(error)
        if line is not None:
            click.echo(line, err=True)
        error.show()
        return error.exit_code
    except Exception as error:  # noqa: BLE001  # the one place where every error ends; unknown ones are raised again
        return _report(error, every="--json" in (sys.argv[1:] if arguments is None else arguments))
    return result if isinstance(result, int) else 0


def _report(error: Exception, *, every: bool) -> int:
    """Say what went wrong, every violation for a program; a fault of ours keeps its traceback."""
    from cli.violations_shown import violation_lines
    from services.runtime import errors

    if isinstance(error, errors.InvalidInput):
        click.echo("error: the input is wrong, nothing was changed · 输入有误，未作任何更改", err=True)
        for line in violation_lines(error.violations, every=every):
            click.echo(f"  {line}", err=True)
        if not error.violations:
            click.echo(f"  {error.message}", err=True)
        for note in getattr(error, "__notes__", ()):
            click.echo(f"  {note}", err=True)
        return 2
    if isinstance(error, errors.Unreachable):
        click.echo(f"error: the services cannot be reached · 无法连接服务: {error.message}", err=True)
        click.echo("  start them with: ecopledge serve; without --target a command starts its own", err=True)
        return 3
    if isinstance(error, errors.Unavailable):
        click.echo(f"error: what the services need is not there · 服务暂不可用: {error.message}", err=True)
        return 3
    if isinstance(error, errors.EcopledgeError):
        click.echo(f"error: {error.message}", err=True)
        return 2 if isinstance(error, (errors.NotFound, errors.Conflict, errors.FailedPrecondition)) else 1
    if isinstance(error, OSError) and error.filename is not None:
        click.echo(f"error: {error.filename}: {error.strerror} · 文件无法读写", err=True)
        return 1
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        click.echo(
            f"error: {error.strerror}; what was there before stays · 磁盘空间不足，原文件未动", err=True
        )
        return 1
    raise error


if __name__ == "__main__":
    main()
