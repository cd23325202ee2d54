"""Words of a trial's page."""

from __future__ import annotations

from pdcraft.report.trial.folder import TrialResults
from pdcraft.report.wording import sentence_case

MEASURES = {
    "right": "right level chosen", "too_high": "level too high",
    "at_best": "patients at the right level",
    "patients": "patients treated", "toxicities": "patients with DLT",
    "months": "duration (months)",
}  # fmt: skip
SHARES = ("right", "too_high", "at_best")


def disease_name(name: str) -> str:
    """Name of a disease as a heading.

    Examples
    --------
    >>> disease_name("multiple_myeloma"), disease_name("dlbcl")
    ('Multiple myeloma', 'DLBCL')
    """
    plain = name.replace("_", " ").replace("waldenstrom", "Waldenström")
    return plain.upper() if len(plain) <= 5 else sentence_case(plain)


def in_a_sentence(name: str) -> str:
    """Name of a disease within a sentence.

    Examples
    --------
    >>> in_a_sentence("multiple_myeloma"), in_a_sentence("dlbcl"), in_a_sentence("waldenstrom")
    ('multiple myeloma', 'DLBCL', 'Waldenström')
    """
    title = disease_name(name)
    proper = title.isupper() or title.startswith("Waldenström")
    return title if proper else title[:1].lower() + title[1:]


def undecided(results: TrialResults) -> dict[str, int]:
    """Scenarios in which patients live in draws of a posterior, and how many draws."""
    scenarios = results.study.get("scenarios", ())
    return {s["name"]: s["draws"] for s in scenarios if s.get("draws")}
