"""What ``pdcraft epidemiology`` says: figures, orphan limit, eligible patients, duration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pdcraft.domain import InputError
from pdcraft.library import epidemiology as shelf
from pdcraft.library.own_file import own_text
from pdcraft.trial import Criterion, Funnel, Poisson, TrialDuration


def lines(
    disease: str | None,
    *,
    year: int | None,
    criteria: str | None,
    sites: int | None,
    per_site: float,
    ramp_up_d: float,
    patients: int,
    followup_d: float,
    seerstat: Path | None,
) -> Iterator[str]:
    """Lines of text for one disease, or the diseases that have figures."""
    if disease is None:
        names = dict.fromkeys(f.disease for f in shelf.figures())
        yield from (f"{name}: {len(shelf.figures(name))} figures" for name in names)
        return
    yield from _figures(disease)
    yield from _orphan(disease)
    persons = shelf.figure(disease, "new_cases", year) if _has(disease, "new_cases") else None
    incident, origin = (persons.persons, f"new cases {persons.year}") if persons else (None, "")
    if seerstat is not None:
        counts = shelf.read_seerstat(own_text(seerstat))
        incident, origin = counts[-1].cases, f"your export, {counts[-1].year}"
        yield f"\nYour SEER*Stat export: {len(counts)} years, {counts[0].year} to {counts[-1].year}"
    if incident is None and (criteria or sites):
        raise InputError(f"No new cases of {disease} are known. Give your own with --seerstat.")
    if incident is None:
        return
    funnel = Funnel(incident, _criteria(criteria))
    yield f"\n{'Eligible patients a year':44} {'share':>6} {'persons':>9}"
    yield f"  {origin:42} {'':>6} {incident:9,.0f}"
    yield from (f"  {s.name:42} {s.share:6.2f} {s.persons:9,.0f}" for s in funnel.steps)
    if sites is not None:
        yield from _duration(funnel, sites, per_site, ramp_up_d, patients, followup_d)


def _has(disease: str, measure: str) -> bool:
    return bool(shelf.figures(disease, measure))


def _figures(disease: str) -> Iterator[str]:
    for measure, meaning in shelf.MEASURES.items():
        found = shelf.figures(disease, measure)
        if found:
            yield f"{disease}, {meaning} (United States)"
        for f in found:
            note = f"; {f.note}" if f.note else ""
            yield f"  {f.year} {f.persons:9,}  [{f.source.key}: {f.source.where}{note}]"


def _orphan(disease: str) -> Iterator[str]:
    if not _has(disease, "living"):
        yield "\nOrphan drug (United States): no figure of persons living with the disease"
        return
    limit = shelf.orphan_check(disease).limit
    yield f"\nOrphan drug (United States): fewer than {limit:,} persons diagnosed [usc360bb]"
    for f in shelf.figures(disease, "living"):
        check = shelf.orphan_check(disease, f.year)
        yield f"  {f.year} {f.persons:9,}  {'below' if check.below else 'NOT below'} the limit"
    yield "  The law counts the indication of the request; ask again with its own figure."


def _criteria(text: str | None) -> tuple[Criterion, ...]:
    """Criteria of ``name=share,name=share``."""
    if text is None:
        return ()
    found = []
    for part in text.split(","):
        name, _, share = part.rpartition("=")
        try:
            found.append(Criterion(name.strip(), float(share)))
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"--criteria '{part}' is not readable. Write name=share, as 'refractory=0.3'."
            ) from error
    return tuple(found)


def _duration(
    funnel: Funnel, sites: int, per_site: float, ramp_up_d: float, patients: int, followup_d: float
) -> Iterator[str]:
    accrual = Poisson.at(per_site, sites=sites, ramp_up_d=ramp_up_d)
    share = funnel.share_enrolled(accrual)
    trial = TrialDuration(accrual, patients, followup_d)
    low, middle, high = (float(trial.quantile_d(q)) for q in (0.05, 0.5, 0.95))
    yield f"\n{sites} sites with {per_site:g} patients a month each: {100 * share:.2g} % of them"
    yield (
        f"{patients} patients and {followup_d:g} d of follow-up: median {middle:.0f} d, mean "
        f"{trial.mean_d:.0f} d, 90 % of trials within {low:.0f} to {high:.0f} d"
    )
