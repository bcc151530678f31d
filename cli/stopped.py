"""What a command says that was told to stop, and who leaves it to another to say."""

STOPPED = "已停止 · stopped"

UNTIL_INPUT_ENDS = "--until-input-ends"
"""Option of services that a command started for itself: they end with it, and it alone says that it stopped."""
