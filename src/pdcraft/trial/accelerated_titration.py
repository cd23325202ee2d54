"""Accelerated titration: one patient for each level until the first toxicity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractRule, Advice


@dataclass(frozen=True)
class AcceleratedTitration(AbstractRule):
    r"""Goes up patient by patient until a toxicity or the top level, then fills that cohort.

    Put it after the rule that decides, which speaks from the first full cohort on; that rule must
    bear single patients at lower levels, as `BOIN`, `Keyboard` or `CRM` do and the 3+3 does not.
    With rates :math:`p_j`, level j ends the titration with probability

    .. math:: p_j \prod_{i<j} (1 - p_i), \qquad j \text{ below the top.}

    References
    ----------
    simon1997; boin_r, get.oc(titration = TRUE); docs/theory/trial.md, Eq. 30

    Examples
    --------
    >>> from pdcraft.trial import BOIN, Design, StopAt
    >>> design = Design((BOIN(0.30), AcceleratedTitration(), StopAt(30)), 5)
    >>> [design.advise(seen).size for seen in ("", "1N", "1N 2T", "1N 2T 2NN")]
    [1, 1, 2, 3]
    """

    reads_counts_only: ClassVar[bool] = True

    def start(self, advice: Advice) -> Advice:
        """One patient at level 1."""
        return replace(advice, size=1)

    def advise(self, history: History, advice: Advice) -> Advice:
        """Up by one patient, or the rest of the cohort; the advice unchanged after titration."""
        level = history.level
        if history.total != level or history.n(level) != 1 or advice.size == 1:
            return advice
        if level > advice.ceiling:  # closed by its first patient: down, as the rule before says
            return advice
        seen = history.describe(level)
        if history.dlt(level) == 0 and level < advice.ceiling:
            reason = f"{seen}: titration goes up with one patient to level {level + 1}"
            return replace(advice, size=1).go(level + 1, "escalate", reason)
        rest = advice.size - 1
        reason = f"{seen}: titration ends, {rest} more to fill the cohort at level {level}"
        return replace(advice, size=rest).go(level, "expand", reason)
