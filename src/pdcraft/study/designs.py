"""Trial designs by the names that study files, trial files and the command line use."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

from pdcraft.domain import InputError, unknown
from pdcraft.trial import (
    BLRM,
    BOIN,
    BOIN12,
    CRM,
    MTPI,
    MTPI2,
    TITEBOIN,
    TITECRM,
    AbstractRule,
    AcceleratedTitration,
    BivariateNormal,
    Coherent,
    Design,
    DoseCap,
    I3Plus3,
    Keyboard,
    NoSkipping,
    OneLevelUp,
    PoolBackfilled,
    RollingSix,
    StopAt,
    StopAtLevel,
    StopWhenPrecise,
    StopWhenTooToxic,
    ThreePlusThree,
    Utilities,
    skeleton,
)
from pdcraft.trial.tabulated import AbstractTabulated

TABULATED = ("boin", "keyboard", "mtpi", "mtpi-2", "i3+3")
DESIGNS = (
    "3+3", "accelerated-titration", "rolling-6", "i3+3", "mtpi", "mtpi-2", "keyboard", "boin",
    "tite-boin", "boin12", "crm", "tite-crm", "blrm",
)  # fmt: skip
HALFWIDTH = 0.05
"""Half of the indifference interval of a skeleton that nobody gave: target ± 0.05."""
TOO_TOXIC = 0.95
"""Probability that a level's rate exceeds the target above which it is closed, and with level 1 the
trial: the default of the R package BOIN (boin_r, get.boundary, cutoff.eli), here of all designs."""
ALONE = ("rolling-6", "tite-crm")
"""Designs for which a cohort is one patient."""

_ONLY = {
    "target": tuple(name for name in DESIGNS if name not in ("3+3", "rolling-6")),
    "patients": tuple(name for name in DESIGNS if name not in ("3+3", "rolling-6")),
    "variant": ("3+3",),
    "cohort": tuple(name for name in DESIGNS if name not in ("3+3", "rolling-6")),
    "too_toxic": (*TABULATED, "accelerated-titration", "tite-boin", "boin12", "crm"),
    "titration": (*TABULATED, "crm"),
    "skipping": ("crm", "tite-crm", "blrm"),
    "stop_at_level": (
        *TABULATED, "accelerated-titration", "tite-boin", "boin12", "crm", "tite-crm", "blrm",
    ),
    "precise": (*TABULATED, "accelerated-titration", "crm", "blrm"),
    "backfill": TABULATED,
    "skeleton": ("crm", "tite-crm"),
    "doses": ("blrm",), "prior_rate_at_top": ("blrm",), "most_overdose": ("blrm",),
    "efficacy_limit": ("boin12",), "utility_neither": ("boin12",), "utility_both": ("boin12",),
}  # fmt: skip
"""Choices that not every design has, and the designs that have them."""


@dataclass(frozen=True)
class Choices:
    """What may be chosen of a named design.

    Attributes
    ----------
    target, patients
        Rate of toxicity sought, and size at which the trial ends; 3+3 and rolling 6 know neither.
    cohort
        Patients treated together; None for three, or one for rolling 6 and TITE-CRM.
    variant
        Of 3+3: ``"A"`` (no de-escalation), ``"B"`` or ``"C"``.
    window_h
        For which time-to-event designs watch each patient.
    too_toxic
        Probability of a rate above the target that closes a level, and with level 1 the trial.
    titration
        Single patients until the first toxicity.
    skipping
        Whether a model may go up by more than one level.
    stop_at_level
        Patients at a level that are enough to end the trial there; None for no such end.
    precise
        Low and high rate and probability: the trial ends when the rate at the next level is known
        to lie between; None for no such end.
    caps
        On the absorbed dose of organs.
    backfill
        Whether patients at lower levels may overrule (`PoolBackfilled`); `Conduct` ends the trial.
    skeleton
        Prior rates of a CRM; None for `middle_skeleton`.
    doses, prior_rate_at_top, most_overdose
        Of a BLRM: amounts of the levels, guess of the rate at the highest, overdose accepted.
    efficacy_limit, utility_neither, utility_both
        Of BOIN12, whose limit of toxicity is the target.
    """

    target: float = 0.25
    patients: int = 30
    cohort: int | None = None
    variant: str = "A"
    window_h: float = 672.0
    too_toxic: float = TOO_TOXIC
    titration: bool = False
    skipping: bool = False
    stop_at_level: int | None = None
    precise: tuple[float, float, float] | None = None
    caps: tuple[DoseCap, ...] = ()
    backfill: bool = False
    skeleton: tuple[float, ...] | None = None
    doses: tuple[float, ...] | None = None
    prior_rate_at_top: float = 0.33
    most_overdose: float = 0.25
    efficacy_limit: float = 0.25
    utility_neither: float = 40.0
    utility_both: float = 60.0


def choices_of(name: str) -> tuple[str, ...]:
    """Names of the choices that a design has.

    Raises
    ------
    MissingError
        If there is no such design.
    """
    if name not in DESIGNS:
        raise unknown("Design", name, DESIGNS)
    return tuple(f.name for f in fields(Choices) if name in _ONLY.get(f.name, (name,)))


def design_named(name: str, *, levels: int, choices: Choices | None = None) -> Design:
    """A dose-escalation design with its rules in order.

    Caps are heard first, then what stops the trial for safety, the rule that decides, what keeps it
    from rising too fast, and what ends it. The CRM and TITE-CRM go up one level at a time; the CRM
    also coherently. ``accelerated-titration`` is BOIN after single patients.

    Parameters
    ----------
    name
        One of `DESIGNS`.
    levels
        Number of dose levels.
    choices
        What differs from the defaults of `Choices`.

    Raises
    ------
    MissingError
        If there is no such design.
    InputError
        If a choice cannot be, or is none of this design.

    Examples
    --------
    >>> boin = design_named("boin", levels=4, choices=Choices(target=0.3, stop_at_level=9))
    >>> boin.advise("1NNN 2NNT").next_level
    2
    """
    asked = choices or Choices()
    _refuse(name, levels, asked)
    size = asked.cohort or (1 if name in ALONE else 3)
    return Design(
        (*asked.caps, *_deciding(name, levels, asked), *_ending(name, asked)), levels, size
    )


def _refuse(name: str, levels: int, asked: Choices) -> None:
    """Refuse choices that cannot be, and those that would be of no effect."""
    if levels < 1 or asked.patients < 3:
        raise InputError(
            f"levels = {levels} must be 1 or more, and patients = {asked.patients} a cohort of 3 "
            "or more."
        )
    known = (*choices_of(name), "target", "patients")  # said once for all designs side by side
    for field in fields(Choices):
        if field.name not in known and getattr(asked, field.name) != field.default:
            raise InputError(
                f"Design '{name}' has no {field.name}; "
                f"{', '.join(_ONLY[field.name])} have. Leave it out, or take one of these."
            )


def _deciding(name: str, levels: int, asked: Choices) -> Iterator[AbstractRule]:
    """Rules that decide on the next level."""
    if name == "3+3":
        yield ThreePlusThree(asked.variant)
    elif name == "rolling-6":
        yield RollingSix()
    elif name == "boin12":
        worth = Utilities(neither=asked.utility_neither, both=asked.utility_both)
        yield BOIN12(asked.target, asked.efficacy_limit, worth, too_toxic=asked.too_toxic)
    elif name == "tite-boin":
        yield TITEBOIN(BOIN(asked.target, eliminate_above=asked.too_toxic), asked.window_h)
    elif name == "blrm":
        yield _blrm(levels, asked)
    elif name in ("crm", "tite-crm"):
        yield from _crm(name, levels, asked)
    else:
        rule = _tabulated(name, asked)
        yield PoolBackfilled(rule) if asked.backfill else rule
    if asked.titration or name == "accelerated-titration":
        yield AcceleratedTitration()
    if name == "blrm" and not asked.skipping:
        yield NoSkipping()
    if name in ("crm", "tite-crm") and not asked.skipping:
        yield OneLevelUp()
    if name == "crm":
        yield Coherent(asked.target)


def _ending(name: str, asked: Choices) -> Iterator[AbstractRule]:
    """Rules that end the trial."""
    if asked.stop_at_level is not None:
        yield StopAtLevel(asked.stop_at_level)
    if asked.precise is not None:
        yield StopWhenPrecise(*asked.precise)
    if name not in ("3+3", "rolling-6") and not asked.backfill:
        yield StopAt(asked.patients)


def _crm(name: str, levels: int, asked: Choices) -> Iterator[AbstractRule]:
    guess = asked.skeleton or middle_skeleton(asked.target, levels)
    if len(guess) != levels:
        raise InputError(
            f"skeleton holds {len(guess)} prior rates, the design has {levels} levels. Give one "
            "for each level, rising, as 0.06, 0.14, 0.25."
        )
    crm = CRM(asked.target, guess, estimator="plug-in")
    if name == "crm":
        yield StopWhenTooToxic(asked.target, asked.too_toxic)
        yield crm
    else:
        yield TITECRM(crm, asked.window_h)


def _blrm(levels: int, asked: Choices) -> BLRM:
    """Weakly informative prior around the guess at the top level (neuenschwander2008).

    Its target interval is 0.16 to 0.33 where the target is 0.25, and moves with it.
    """
    if asked.doses is None or len(asked.doses) != levels:
        raise InputError(
            f"Design 'blrm' needs doses, the amounts of its {levels} levels in any unit, as 12.5, "
            f"18.75, 25, 31.25; it has {len(asked.doses or ())}."
        )
    target, p = asked.target, asked.prior_rate_at_top
    if not 0 < target < 1 or not 0 < p < 1:
        raise InputError(
            f"target = {target:g} and prior_rate_at_top = {p:g} must lie between 0 and 1, as 0.25."
        )
    prior = BivariateNormal(math.log(p / (1 - p)), 0.0, sd_log_alpha=2.0, sd_log_beta=1.0)
    low, high = max(target - 0.09, target / 2), min(target + 0.08, (1 + target) / 2)
    return BLRM(asked.doses, asked.doses[-1], prior, low, high, asked.most_overdose)


def middle_skeleton(target: float, levels: int) -> tuple[float, ...]:
    """Prior guesses of a CRM around the middle level, where nobody gave better ones."""
    return skeleton(target, HALFWIDTH, prior_mtd=(levels + 1) // 2, levels=levels)


def _tabulated(name: str, asked: Choices) -> AbstractTabulated:
    """The rule of a design that decides by a table of counts."""
    target, above = asked.target, asked.too_toxic
    if name == "i3+3":  # with the equivalence interval of 0.05 to either side
        return I3Plus3(target, target - 0.05, target + 0.05, eliminate_above=above)
    made = {"keyboard": Keyboard, "mtpi": MTPI, "mtpi-2": MTPI2}
    return made.get(name, BOIN)(target, eliminate_above=above)
