"""The bundled question to the fund, reviewed by real services in this process on few paths."""

import functools
import tempfile
from pathlib import Path

from flows.fund_question import ask
from flows.fund_review.fund_review import FundReview
from flows.fund_review.review_fund import review_fund
from services.fund import __main__ as fund_main
from services.fund.client import FundClient
from services.runtime.bundled import bundled
from services.runtime.channel import open_channel
from services.runtime.database import make_engine
from services.runtime.market import read_snapshot
from services.runtime.migrate import upgrade_runtime
from services.runtime.server import build_server
from services.runtime.settings import load_settings

INSTITUTION = "fund-review-test"
FEWER = (
    ("n_paths = 5000", "n_paths = 256"),
    ("[allocation]\n", "[allocation]\nn_scenarios = 40\nn_check_paths = 256\n"),
)


def question_file(folder: Path, *changes: tuple[str, str]) -> Path:
    """The bundled question with fewer paths and changes of its text."""
    text = bundled("demonstration/fund_question.toml").read_text(encoding="utf-8")
    for old, new in (*FEWER, *changes):
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "question.toml"
    file.write_text(text, encoding="utf-8")
    return file


@functools.cache
def reviewed(*changes: tuple[str, str]) -> FundReview:
    """The review of that question; computed once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = make_engine(f"sqlite:///{folder / 'fund.db'}", sqlite_synchronous="NORMAL", wait_s=20.0)
        upgrade_runtime(engine)
        settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
        market = read_snapshot(bundled("market/standard.toml"))
        with (
            build_server(settings, [fund_main.registration(engine)]) as server,
            FundClient(open_channel(server.address, institution_id=INSTITUTION)) as client,
        ):
            asked = ask(client, market, question_file(folder, *changes))
            review = review_fund(
                client,
                asked,
                institution_id=INSTITUTION,
                question="question.toml",
                on_progress=lambda _progress: None,
            )
        engine.dispose()
    return review
