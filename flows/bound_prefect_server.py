"""`python -m flows.bound_prefect_server PORT`: Prefect's server, which ends when its input does."""

import sys

from services.runtime.lifeline import end_with_input


def main() -> None:
    """Serve until a signal comes or the input ends."""
    end_with_input()
    port = sys.argv[1]
    # The process that started this one prepared the environment.
    from prefect.cli import app  # noqa: PLC0415

    sys.argv = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    app()


if __name__ == "__main__":
    main()
