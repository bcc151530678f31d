"""What is wrong with a command line, in Chinese: one line above what click says in English."""

import click


def usage_line(error: click.ClickException) -> str | None:
    """The Chinese line of an error of the command line; None where click prints the help instead."""
    match error:
        case click.exceptions.NoArgsIsHelpError():
            return None
        case click.MissingParameter(param=click.Argument() as param):
            return f"错误：缺少参数 {param.human_readable_name}"
        case click.MissingParameter(param=click.Parameter() as param):
            return f"错误：缺少必填选项 {_named(param)}"
        case click.BadParameter(param=click.Argument() as param):
            return f"错误：参数 {param.human_readable_name} 的取值有误"
        case click.BadParameter(param=click.Parameter() as param):
            return f"错误：选项 {_named(param)} 的取值有误"
        case click.NoSuchOption(option_name=name):
            return f"错误：没有选项 {name}"
        case click.BadOptionUsage(option_name=name):
            return f"错误：选项 {name} 缺少取值或用法有误"
        case click.exceptions.NoSuchCommand(command_name=name):
            return f"错误：没有命令 {name}"
        case click.UsageError():
            return "错误：命令用法有误"
    return "错误：命令未能执行"


def _named(param: click.Parameter) -> str:
    return max(param.opts, key=len)
