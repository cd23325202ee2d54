"""What ``pdcraft design`` says: decisions, their reasons, and operating characteristics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pdcraft.domain import InputError
from pdcraft.study.designs import design_named, rule_named
from pdcraft.trial import Design, operating_characteristics
from pdcraft.trial.tabulated import AbstractTabulated


def lines(
    name: str,
    *,
    levels: int,
    target: float,
    patients: int,
    variant: str,
    outcomes: str | None,
    rates: str | None,
) -> Iterator[str]:
    """Lines of text for a design: its table, its advice, its operating characteristics."""
    design = design_named(name, levels=levels, target=target, patients=patients, variant=variant)
    size = f"variant {variant}" if name == "3+3" else f"target {target:g}, {patients} patients"
    yield f"{name}, {levels} levels, cohorts of 3, {size}"
    if outcomes is not None:
        yield from _advice(design, outcomes)
    elif name != "3+3":
        yield from _table(rule_named(name, target), patients)
    if rates is not None:
        yield from _characteristics(design, _rates(rates))


def _table(rule: object, patients: int) -> Iterator[str]:
    if not isinstance(rule, AbstractTabulated):
        return
    yield "\nToxicities among the patients of a level"
    yield f"{'patients':>8} {'up at most':>11} {'down from':>10} {'close from':>11}"
    for row in rule.decision_table(patients):
        if row.n % 3 == 0:
            told = ["-" if v is None else str(v) for v in row[1:]]
            yield f"{row.n:8d} {told[0]:>11} {told[1]:>10} {told[2]:>11}"


def _advice(design: Design, outcomes: str) -> Iterator[str]:
    advice = design.advise(outcomes)
    if advice.next_level is None:
        mtd = "no level" if advice.mtd is None else f"level {advice.mtd}"
        yield f"\nAfter {outcomes}: the trial ends, MTD {mtd}"
    else:
        yield f"\nAfter {outcomes}: next cohort at level {advice.next_level}"
    yield from (f"  {reason}" for reason in advice.reasons)


def _rates(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(
            f"--rates '{text}' is not readable. Write one rate for each level, as 0.05,0.1,0.2."
        ) from error


def _characteristics(design: Design, rates: Sequence[float]) -> Iterator[str]:
    found = operating_characteristics(design, rates)
    yield "\nOperating characteristics, exact"
    yield f"{'level':>8} {'true rate':>10} {'selected %':>11} {'patients':>9} {'toxicities':>11}"
    for i, rate in enumerate(rates):
        yield (
            f"{i + 1:8d} {rate:10.3g} {100 * found.selected[i]:11.1f} "
            f"{found.patients[i]:9.2f} {found.dlt[i]:11.2f}"
        )
    yield f"{'none':>8} {'':>10} {100 * float(found.none):11.1f}"
