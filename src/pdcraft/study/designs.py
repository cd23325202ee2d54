"""Trial designs by the names that study files and the command line use."""

from __future__ import annotations

from pdcraft.domain import InputError, unknown
from pdcraft.trial import (
    BOIN,
    CRM,
    MTPI,
    MTPI2,
    TITEBOIN,
    TITECRM,
    AbstractRule,
    Coherent,
    Design,
    I3Plus3,
    Keyboard,
    OneLevelUp,
    RollingSix,
    StopAt,
    StopWhenTooToxic,
    ThreePlusThree,
    skeleton,
)

DESIGNS = (
    "3+3", "boin", "keyboard", "mtpi", "mtpi-2", "i3+3", "rolling-6", "crm", "tite-crm",
    "tite-boin",
)  # fmt: skip
HALFWIDTH = 0.05
"""Half of the indifference interval of a skeleton that nobody gave: target ± 0.05."""


def design_named(
    name: str,
    *,
    levels: int,
    target: float = 0.25,
    patients: int = 30,
    variant: str = "A",
    window_h: float = 672.0,
) -> Design:
    """A dose-escalation design with cohorts of three; of one for those that do not wait.

    CRM and TITE-CRM have the skeleton of `skeleton` with the middle level as prior guess and go up
    one level at a time; the CRM also coherently, and it stops when level 1 is too toxic.

    Parameters
    ----------
    name
        One of `DESIGNS`.
    levels
        Number of dose levels.
    target, patients
        Rate of toxicity sought, and size at which the trial ends; 3+3 knows neither.
    variant
        Of 3+3: ``"A"`` (no de-escalation), ``"B"`` or ``"C"``.
    window_h
        For which designs that do not wait watch each patient.

    Raises
    ------
    MissingError
        If there is no such design.
    InputError
        If levels, target or patients cannot be.

    Examples
    --------
    >>> design_named("boin", levels=4, target=0.3).advise("1NNN 2NNT").next_level
    2
    """
    if levels < 1 or patients < 3:
        raise InputError(
            f"levels = {levels} must be 1 or more, and patients = {patients} a cohort of 3 or more."
        )
    if name == "3+3":
        return Design((ThreePlusThree(variant),), levels)
    if name == "rolling-6":
        return Design((RollingSix(),), levels, 1)
    if name == "tite-boin":
        return Design((TITEBOIN(BOIN(target), window_h), StopAt(patients)), levels, 1)
    if name in ("crm", "tite-crm"):
        crm = CRM(target, middle_skeleton(target, levels), estimator="plug-in")
        safe, end = StopWhenTooToxic(target, 0.95), StopAt(patients)
        if name == "crm":
            return Design((safe, crm, OneLevelUp(), Coherent(target), end), levels)
        return Design((TITECRM(crm, window_h), OneLevelUp(), end), levels, 1)
    return Design((rule_named(name, target), StopAt(patients)), levels)


def middle_skeleton(target: float, levels: int) -> tuple[float, ...]:
    """Prior guesses of a CRM around the middle level, where nobody gave better ones."""
    return skeleton(target, HALFWIDTH, prior_mtd=(levels + 1) // 2, levels=levels)


def rule_named(name: str, target: float) -> AbstractRule:
    """The rule of a design that decides by a table of counts."""
    made = {"boin": BOIN, "keyboard": Keyboard, "mtpi": MTPI, "mtpi-2": MTPI2}
    if name in made:
        return made[name](target)
    if name == "i3+3":  # with the equivalence interval of 0.05 to either side
        return I3Plus3(target, target - 0.05, target + 0.05)
    raise unknown("Design", name, DESIGNS)
