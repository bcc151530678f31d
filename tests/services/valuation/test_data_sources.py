"""Every bundled file is named in data/README.md, and nothing is named that is not there."""

import re
from pathlib import Path

DATA = Path(__file__).resolve().parents[3] / "data"


def test_the_readme_names_every_file() -> None:
    bundled = {
        str(path.relative_to(DATA)) for path in DATA.rglob("*") if path.is_file() and path.name != "README.md"
    }
    named = set(re.findall(r"^\| ([\w/.]+\.\w+) \|", (DATA / "README.md").read_text("utf-8"), re.MULTILINE))
    assert bundled == named
