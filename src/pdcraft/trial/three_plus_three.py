"""The 3+3 design, in the three variants that are all called 3+3."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from pdcraft.domain import InputError
from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractRule, Advice

VARIANTS = {
    "A": "never goes down; the level below the first one with two toxicities is the MTD",
    "B": "goes down; the MTD has at most 1 toxicity in 6 patients, at the top level too",
    "C": "as B, but no toxicity in 3 patients at the top level is enough",
}


@dataclass(frozen=True)
class ThreePlusThree(AbstractRule):
    r"""The 3+3 rule: 3 patients; with 1 toxicity 3 more; at most 1 in 6 goes up, 2 stop or go down.

    A level whose toxicity has probability :math:`p` lets the trial pass with

    .. math:: P_\uparrow(p) = (1-p)^3 + 3p(1-p)^2\,(1-p)^3.

    Attributes
    ----------
    variant
        One of `VARIANTS`. It changes which level is called the MTD, so it has no default.

    Raises
    ------
    InputError
        If the variant is none of these, cohorts are not of 3, or a level has neither 3 nor 6
        patients.

    References
    ----------
    escalation, ``get_three_plus_three`` (A, and C with ``allow_deescalate = TRUE``);
    korn1994, p. 1801, six patients at the MTD (B, C); docs/theory/trial.md, Eq. 1

    Examples
    --------
    >>> from pdcraft.trial import Design
    >>> for variant in VARIANTS:
    ...     advice = Design(rules=(ThreePlusThree(variant),), levels=2).advise("1NNN 2NTT")
    ...     print(variant, advice.decision, advice.mtd)
    A stop 1
    B de-escalate None
    C de-escalate None
    """

    variant: str
    reads_counts_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            known = "; ".join(f"{name}: {what}" for name, what in VARIANTS.items())
            raise InputError(f"3+3 variant '{self.variant}' is not known. Known: {known}.")

    def advise(self, history: History, advice: Advice) -> Advice:
        """Decision after 3 or 6 patients at the last level."""
        if advice.size != 3:
            raise InputError(
                f"The 3+3 treats cohorts of 3, not of {advice.size}. Give the design "
                "cohort_size = 3, or use BOIN."
            )
        level = history.level
        n, dlt = history.n(level), history.dlt(level)
        if n not in (3, 6):
            raise InputError(
                f"The 3+3 decides after 3 or 6 patients at a level; level {level} of '{history}' "
                f"has {n}. Complete the cohort, or use BOIN."
            )
        toxic = [j for j in range(1, history.highest + 1) if history.dlt(j) >= 2]
        if toxic:
            advice = replace(advice, ceiling=min(advice.ceiling, toxic[0] - 1))
        if level > advice.ceiling:
            return self._go_down(history, advice)
        if n == 3 and dlt == 1:
            reason = f"{history.describe(level)}: three more at the same level"
            return advice.go(level, "expand", reason)
        return self._go_up(history, advice)

    def _go_down(self, history: History, advice: Advice) -> Advice:
        """Two or more toxicities: the level is too toxic, the one below may be the MTD."""
        below = advice.ceiling
        seen = f"{history.describe(below + 1)}: too toxic"
        if below == 0:
            return advice.stop(f"{seen}, and there is no lower level", mtd=None)
        if self.variant == "A":
            return advice.stop(f"{seen}, level {below} is the MTD", mtd=below)
        if history.n(below) == 6:
            known = f"{history.dlt(below)} of 6 patients had one at level {below}"
            return advice.stop(f"{seen}, {known}, which is the MTD", mtd=below)
        return advice.go(below, "de-escalate", f"{seen}, three more at level {below} to make six")

    def _go_up(self, history: History, advice: Advice) -> Advice:
        """No toxicity in 3, or at most 1 in 6: up, or the MTD if there is no open level above."""
        level, n = history.level, history.n(history.level)
        seen = history.describe(level)
        if level < advice.ceiling:
            return advice.go(level + 1, "escalate", f"{seen}: up to level {level + 1}")
        if n == 3 and self.variant == "B":
            reason = f"{seen}, the highest open one: three more, the MTD needs six"
            return advice.go(level, "expand", reason)
        toxic_above = history.dlt(level + 1) >= 2
        last = f"and level {level + 1} is too toxic" if toxic_above else "the highest open one"
        return advice.stop(f"{seen}, {last}: level {level} is the MTD", mtd=level)
