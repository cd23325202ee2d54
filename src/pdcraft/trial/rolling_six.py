"""The rolling six design: two to six patients at a level, without waiting for cohorts of three."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from pdcraft.domain import InputError
from pdcraft.trial.followed import Followed
from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractRule, Advice
from pdcraft.trial.tabulated import Verdict

SIX = 6


@dataclass(frozen=True)
class RollingSix(AbstractRule):
    """Treats two to six patients at a level, by how many are enrolled, toxic and still open.

    With ``n`` patients at the level, ``y`` toxicities and ``r`` under observation:

    - two or more toxicities: down;
    - none in three, four or five who all are observed to the end, or in five of six: up;
    - one in six, all observed: up;
    - otherwise one more at the level, or wait if six are enrolled.

    With complete outcomes of three at a time it is the 3+3 (variant C). After a level above proved
    too toxic, a level that may go up is the MTD: with six patients, or sooner where the rule would
    escalate. Give the design ``cohort_size = 1``.

    References
    ----------
    skolnik2008, the design; frankel2020, Table 2, columns "Rolling 6": its decisions;
    docs/theory/trial.md

    Examples
    --------
    >>> RollingSix().decide(3, 0, pending=0).decision, RollingSix().decide(3, 0, pending=1).decision
    ('escalate', 'stay')
    >>> RollingSix().decide(6, 0, pending=2).decision, RollingSix().decide(6, 0, pending=1).decision
    ('suspend', 'escalate')
    """

    needs_complete_outcomes: ClassVar[bool] = False
    reads_counts_only: ClassVar[bool] = True

    def decide(self, n: int, dlt: int, *, pending: int) -> Verdict:
        """``escalate``, ``stay``, ``suspend`` or ``de-escalate`` at a level, and why.

        Parameters
        ----------
        n, dlt
            Patients enrolled at the level, and toxicities seen among them.
        pending
            Patients without toxicity so far who are still under observation.

        Raises
        ------
        InputError
            If the counts cannot be.
        """
        if not (0 <= dlt and 0 <= pending and dlt + pending <= n <= SIX):
            raise InputError(
                f"{dlt} toxicities and {pending} patients under observation do not fit into n = "
                f"{n}; the rolling six treats at most 6 at a level."
            )
        seen = f"{dlt} of {n - pending} observed patients with a toxicity, {pending} open"
        if dlt >= 2:
            return Verdict("de-escalate", f"{seen}: too toxic")
        if self._may_go_up(n, dlt, pending):
            return Verdict("escalate", seen)
        if n < SIX:
            return Verdict("stay", f"{seen}: one more at the level")
        return Verdict("suspend", f"{seen}: all six are enrolled, wait")

    def _may_go_up(self, n: int, dlt: int, pending: int) -> bool:
        observed = n - pending
        if dlt == 1:
            return observed == SIX
        return dlt == 0 and (observed == SIX - 1 or (observed >= 3 and pending == 0))

    def advise(self, history: History, advice: Advice) -> Advice:
        """As `hear` with nobody under observation."""
        return self._go_on(history, advice, pending=0)

    def hear(self, now: Followed, advice: Advice) -> Advice:
        """Decision by all patients at the last level, some under observation."""
        level = now.history.level
        return self._go_on(now.history, advice, pending=len(now.pending_d(level)))

    def _go_on(self, history: History, advice: Advice, *, pending: int) -> Advice:
        toxic = [j for j in range(1, history.highest + 1) if history.dlt(j) >= 2]
        if toxic:
            advice = replace(advice, ceiling=min(advice.ceiling, toxic[0] - 1))
        level = history.level
        if level > advice.ceiling:
            return self._go_down(history, advice)
        decision, why = self.decide(history.n(level), history.dlt(level), pending=pending)
        if decision == "stay":
            return advice.go(level, "expand", why)
        if decision == "suspend":
            return advice.wait(why)
        if level < advice.ceiling:
            return advice.go(level + 1, "escalate", f"{why}: up to level {level + 1}")
        if history.n(level) < SIX and toxic:
            return advice.go(level, "expand", f"{why}: the MTD needs six patients")
        return advice.stop(
            f"{why}, and no higher level is open: level {level} is the MTD", mtd=level
        )

    def _go_down(self, history: History, advice: Advice) -> Advice:
        """Two or more toxicities: the level is too toxic, the one below may be the MTD."""
        below = advice.ceiling
        seen = f"{history.describe(below + 1)}: too toxic"
        if below == 0:
            return advice.stop(f"{seen}, and there is no lower level", mtd=None)
        if history.n(below) >= SIX:
            return advice.stop(f"{seen}; level {below} with six patients is the MTD", mtd=below)
        return advice.go(below, "de-escalate", f"{seen}, level {below} is filled to six")
