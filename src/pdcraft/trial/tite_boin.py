"""TITE-BOIN by effective sample size: patients under observation count by their follow-up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from pdcraft.domain import InputError
from pdcraft.trial.boin import BOIN
from pdcraft.trial.followed import Followed
from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractRule, Advice
from pdcraft.trial.tabulated import Verdict


@dataclass(frozen=True)
class TITEBOIN(AbstractRule):
    r"""`BOIN` whose rate counts patients under observation by the share of the window they passed.

    With :math:`r` patients under observation, :math:`t_i` each, and the window :math:`T`,

    .. math:: \hat p = \frac{y}{n - r + \sum_i t_i / T}.

    Accrual waits while more than ``most_pending`` of the patients at the level are under
    observation. Levels are closed by :math:`n`, as in `BOIN`: fewer are closed in error. As a rule
    of a `Design` it hears complete outcomes only and is `BOIN`; patients under observation come in
    by `decide`.

    Attributes
    ----------
    boin
        Target, boundaries, elimination, MTD.
    window_h
        :math:`T`, how long a patient is observed for toxicity.
    most_pending
        Share of patients under observation above which accrual waits.

    Raises
    ------
    InputError
        If the window is not positive or the share no share.

    References
    ----------
    lin2020tite; titegboin, next_TITE_QuasiBOIN; docs/theory/trial.md, Eq. 19

    Examples
    --------
    >>> rule = TITEBOIN(BOIN(0.30), window_h=28 * 24)
    >>> round(rule.rate(4, 1, pending_h=(14 * 24,)), 4)
    0.2857
    >>> rule.decide(4, 1, pending_h=(14 * 24,)).decision
    'stay'
    """

    boin: BOIN
    window_h: float
    most_pending: float = 0.5
    reads_counts_only: ClassVar[bool] = True
    needs_complete_outcomes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 0 < self.window_h < float("inf"):
            raise InputError(
                f"window_h = {self.window_h:g} h must be greater than 0 h: how long a patient is "
                "observed for toxicity."
            )
        if not 0 <= self.most_pending <= 1:
            raise InputError(f"most_pending = {self.most_pending:g} must be a share, 0 to 1.")

    def advise(self, history: History, advice: Advice) -> Advice:
        """As `BOIN`: outcomes of a history are complete."""
        return self.boin.advise(history, advice)

    def hear(self, now: Followed, advice: Advice) -> Advice:
        """Decision by the rate per effective patient, or wait; levels are closed as by `BOIN`."""
        history, level = now.history, now.level[-1]
        known = self.boin.advise(history, advice)  # closes levels, knows the MTD
        n, dlt, pending = history.n(level), history.dlt(level), len(now.pending_d(level))
        if known.stops or level > known.ceiling:
            return known
        advice, seen = (
            replace(advice, ceiling=known.ceiling, mtd=known.mtd),
            history.describe(level),
        )
        if pending > self.most_pending * n:
            return advice.wait(f"{seen}: {self._too_many(pending, n)}")
        rate = self.rate(n, dlt, pending_h=tuple(24.0 * u for u in now.incomplete_d(level)))
        verdict, why = self.boin.judge(rate)
        step = {"escalate": 1, "de-escalate": -1}.get(verdict, 0)
        to = min(max(level + step, 1), advice.ceiling)
        decision = "escalate" if to > level else "de-escalate" if to < level else "stay"
        return advice.go(to, decision, f"{seen}: {why} ({rate:.3f} per effective patient)")

    def _too_many(self, pending: int, n: int) -> str:
        return (
            f"{pending} of {n} patients are under observation, more than {self.most_pending:g} of "
            "them: wait"
        )

    def effective_n(self, n: int, pending_h: tuple[float, ...]) -> float:
        """Patients, those under observation by the share of the window that they passed."""
        return n - len(pending_h) + sum(pending_h) / self.window_h

    def rate(self, n: int, dlt: int, *, pending_h: tuple[float, ...]) -> float:
        """Rate of toxicity per effective patient at a level.

        Parameters
        ----------
        n, dlt
            Patients at the level and toxicities seen among them.
        pending_h
            Follow-up of each patient without toxicity who is still under observation.

        Raises
        ------
        InputError
            If the counts cannot be, or a follow-up is not within the window.
        """
        if not 0 <= dlt <= n - len(pending_h) or n < 1:
            raise InputError(
                f"{dlt} toxicities and {len(pending_h)} patients under observation do not fit into "
                f"n = {n}. pending_h holds patients without toxicity only."
            )
        if not all(0 <= t <= self.window_h for t in pending_h):
            raise InputError(
                f"pending_h = {pending_h} must lie within the window, 0 to {self.window_h:g} h."
            )
        effective = self.effective_n(n, pending_h)
        if effective <= 0:
            raise InputError(
                "pending_h = 0 for every patient leaves nothing observed. Wait until one has been "
                "followed."
            )
        return dlt / effective

    def decide(self, n: int, dlt: int, *, pending_h: tuple[float, ...]) -> Verdict:
        """``suspend``, ``eliminate``, ``escalate``, ``stay`` or ``de-escalate``, and why.

        Parameters and errors are those of `rate`.
        """
        closed = self.boin.eliminate_at(n)
        if closed is not None and dlt >= closed:
            return Verdict("eliminate", self.boin.why_closed(n, dlt))
        if len(pending_h) > self.most_pending * n:
            return Verdict("suspend", self._too_many(len(pending_h), n))
        rate = self.rate(n, dlt, pending_h=pending_h)
        decision, why = self.boin.judge(rate)
        return Verdict(decision, f"{why} ({rate:.3f} per effective patient)")
