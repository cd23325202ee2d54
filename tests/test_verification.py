"""One test for each published number; the rows are those of ``pdcraft verify``."""

from __future__ import annotations

import functools

import pytest

from pdcraft.library import bibliography
from pdcraft.verify.harness import Case, cases, printed, rows_of

CASES = cases()
NUMBERS = [(case, i, line["quantity"]) for case in CASES for i, line in enumerate(printed(case))]


@functools.cache
def rows(room: str, name: str) -> list:
    """Rows of one case, computed once."""
    (case,) = (case for case in CASES if (case.room, case.name) == (room, name))
    return rows_of(case)


@pytest.mark.parametrize(
    ("case", "i"),
    [(case, i) for case, i, _ in NUMBERS],
    ids=[f"{case.room}/{case.name}: {quantity}" for case, _, quantity in NUMBERS],
)
def test_agrees_with_its_source(case: Case, i: int):
    row = rows(case.room, case.name)[i]
    if row.status == "not run":
        pytest.skip(row.reason)
    assert row.status == "pass", (
        f"{row.computed} instead of {row.reference} {row.unit} ({row.source}, {row.where}): "
        f"{row.rule} deviation {row.deviation}, allowed {row.allowed}. {row.reason}"
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.room}/{case.name}")
def test_computes_what_is_printed_and_no_more(case: Case):
    names = [line["quantity"] for line in printed(case)]
    assert len(set(names)) == len(names), "a quantity stands twice in reference.csv"
    assert [row.quantity for row in rows(case.room, case.name)] == names


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.room}/{case.name}")
def test_cites_a_source_of_the_bibliography(case: Case):
    assert case.source in bibliography()
