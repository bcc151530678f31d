"""The one line of a command that was told to stop."""

STOPPED = "已停止 · stopped"
