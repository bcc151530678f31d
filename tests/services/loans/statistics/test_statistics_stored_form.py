"""Stored statistics come back as they were; the hash tells figures apart and nothing else."""

from dataclasses import replace

import msgspec

from services.loans.statistics.stored_form import content_hash, statistics_from_text, statistics_to_text
from tests.services.loans.statistics.statistics_cases import OPENING, WAN, loan, position, statistics


def test_statistics_come_back_from_their_text() -> None:
    found = statistics(
        [loan("A", county="肃南裕固族自治县"), loan("B", purpose="")],
        [position("A", WAN, OPENING)],
        [position("A", 2 * WAN), position("B", WAN, quality=None)],
        [],
        year_begin=[],
    )
    assert not found.is_clean
    assert statistics_from_text(statistics_to_text(found)) == found


def test_a_text_without_a_later_field_is_read() -> None:
    found = statistics([], [], [], [])
    older = msgspec.json.decode(statistics_to_text(found))
    del older["n_synthetic"]
    assert statistics_from_text(msgspec.json.encode(older).decode()) == found


def test_the_hash_is_of_figures_alone() -> None:
    found = statistics([loan("A")], [position("A", WAN, OPENING)], [position("A", WAN)], [])
    assert content_hash(replace(found, input_hash="x", taxonomy_hash="y")) == content_hash(found)
    moved = statistics([loan("A")], [position("A", WAN, OPENING)], [position("A", WAN + 1)], [])
    assert content_hash(moved) != content_hash(found)
    assert content_hash(replace(found, n_synthetic=1)) != content_hash(found)
