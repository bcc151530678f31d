"""Sections: every warning and assumption; and what it takes to compute the report again, with room to sign."""

from collections.abc import Iterable

from flows.portfolio.book_review import BookReview
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import findings_of, parameter_words
from flows.reports.document import Block, Cell, ColumnKind, Mark, Paragraph, Row, Section, Table
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, heading, text, title
from flows.reports.portfolio_report.book_facts import BookFacts
from services.loans.quality.rules import RuleUsed
from services.runtime.results import Caution


def warnings_section(book: BookFacts) -> Section:
    """Every caution with the chapters that it is about, and the parameters that are assumptions or not confirmed."""
    found = findings_of("portfolio_title.cautions", with_chapters(book.figures.cautions()))
    blocks: list[Block] = list(found) or [Paragraph(text("no_warnings"))]
    figures = book.figures
    rules = [figures.credit_loss.rule, figures.capital.rule]
    if figures.quality is not None:
        rules.insert(0, figures.quality.rule)
    return chapter("warnings", *blocks, *(_notes(rule) for rule in rules if rule.notes))


def with_chapters(cautions: Iterable[tuple[str, Caution]]) -> list[tuple[str, Caution]]:
    """Each caution once, with the titles of all chapters that it is about."""
    chapters: dict[Caution, list[str]] = {}
    for name, caution in cautions:
        titles = chapters.setdefault(caution, [])
        if label(f"portfolio.{name}").zh not in titles:
            titles.append(label(f"portfolio.{name}").zh)
    return [("、".join(titles), caution) for caution, titles in chapters.items()]


def _notes(rule: RuleUsed) -> Table:
    """Parameters of a rule that are assumptions or that nobody has compared with the official text yet."""
    rows = tuple(
        Row(
            (
                Cell(parameter_words(note.parameter)),
                Cell(f"{note.value:g}", Mark.ASSUMPTION if note.is_assumption else Mark.PLAIN),
                Cell(label(f"portfolio_kind.{'assumption' if note.is_assumption else 'to_confirm'}")),
                Cell(note.citation),
            )
        )
        for note in rule.notes
    )
    columns = (heading("parameter"), heading("value"), heading("kind"), heading("source", is_long_text=True))
    return Table(Bilingual(rule.title_zh, rule.title_en), columns, rows)


def replay_section(review: BookReview) -> Section:
    """The id, the command that checks it, the manifest of every calculation, lines for signatures."""
    blocks: list[Block] = [Paragraph(text("replay", command=command_of(review)))]
    if review.figures is not None:
        rows = [
            Row(
                (
                    Cell(label(f"portfolio.{name}")),
                    Cell(manifest.input_hash),
                    Cell(manifest.n_paths),
                    Cell(manifest.engine_version),
                )
            )
            for name, manifest in review.figures.manifests()
        ]
        # The market is the same for all; its hash stands once, for two of them on a line have no room on paper.
        market = (Cell(label("cover.snapshot")), Cell(review.snapshot.content_hash()))
        rows.append(Row((*market, Cell(None), Cell(""))))
        columns = (
            heading("calculation"),
            heading("input_hash", is_long_text=True),
            heading("paths", ColumnKind.INTEGER),
            heading("engine"),
        )
        blocks.append(Table(title("manifest"), columns, tuple(rows)))
    return chapter("replay", *blocks, Paragraph(text("signatures")))


def command_of(review: BookReview) -> str:
    """The command that gives the same report, and checks that it does."""
    request = review.request
    limit = request.highest_expected_loss_cny
    given = "" if limit is None else f" --max-expected-loss {limit!r}"
    given += " --default-curves FILE" if request.terms.default_curves else ""
    given += " --funds FILE" if request.terms.compensation_funds else ""
    given += " --without-book-terms" if request.terms.without_book_terms else ""
    return (
        f"ecopledge report portfolio --as-of {request.as_of} --quarters {request.n_quarters} "
        f"--paths {request.n_paths} --seed {request.seed}{given} --expect {review.replay_id()}"
    )
