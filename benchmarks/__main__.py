"""`make bench`: every benchmark in turn, each in a process of its own."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run the benchmarks of this folder; the exit code says whether all ran."""
    failed = []
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"\n== {path.stem}", flush=True)
        if subprocess.run([sys.executable, path], check=False).returncode != 0:
            failed.append(path.stem)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
