"""BOIN12: the dose of largest utility, by toxicity and efficacy together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, NamedTuple

from scipy.special import betainc
from scipy.stats import rankdata

from pdcraft.domain import InputError
from pdcraft.trial.beta_binomial import toxic_probability
from pdcraft.trial.boin import BOIN
from pdcraft.trial.history import History
from pdcraft.trial.isotonic import isotonic
from pdcraft.trial.rule import AbstractRule, Advice
from pdcraft.trial.utility import Utilities

EXPLORED = 8
"""Part of the design: after more patients than these, a new level is tried (escalation)."""


class Desirability(NamedTuple):
    """One row of the table for a protocol.

    ``probability`` is that of a utility above the benchmark; ``rank`` counts from the least
    desirable, ties share their mean rank; None where the level may not be given.
    """

    n: int
    dlt: int
    efficacy: int
    probability: float
    rank: float | None


@dataclass(frozen=True)
class BOIN12(AbstractRule):
    r"""Up, stay or down to the most desirable of the neighbouring levels that toxicity allows.

    With utilities :math:`u_k` of the four outcomes, :math:`y_k` patients each, and :math:`x =
    \sum_k u_k y_k / 100`, the utility of a level is taken as :math:`\mathrm{Beta}(1+x, 1+n-x)` and
    its desirability is the probability of

    .. math:: u > u_b = \bar u + (100 - \bar u)/2,

    :math:`\bar u` being the utility at both limits. A level may be given if
    :math:`\Pr(p_T > \phi_T) < c_T` and :math:`\Pr(p_E < \phi_E) < c_E`. Histories carry efficacy:
    ``1NNE 2ETB``. At the end the level of largest desirability up to the MTD is chosen.

    Attributes
    ----------
    toxicity_limit, efficacy_limit
        :math:`\phi_T, \phi_E`.
    utilities
        Of the four outcomes.
    settled_at
        Patients at a level from which on, between the boundaries of BOIN, no higher one is tried.
    too_toxic, futile
        :math:`c_T, c_E`.

    Raises
    ------
    InputError
        If a limit or probability does not lie between 0 and 1.

    Notes
    -----
    Where the R package escalation would treat at level 1 or go down to a level that is itself too
    toxic, the trial stops or goes further down.

    References
    ----------
    lin2020, Table 2 and 3; escalation, get_boin12, for ties (the higher level), the try of a new
    level, and the final choice; docs/theory/trial.md, Eq. 20-21

    Examples
    --------
    >>> from pdcraft.trial import Design
    >>> rule = BOIN12(0.35, 0.25, Utilities(neither=40, both=60))
    >>> Design((rule,), 5).advise("1NNN 2NNB 3NEE 3NTN").next_level
    4
    """

    toxicity_limit: float
    efficacy_limit: float
    utilities: Utilities
    settled_at: int = 6
    too_toxic: float = 0.95
    futile: float = 0.90
    hears_efficacy: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("toxicity_limit", "efficacy_limit", "too_toxic", "futile"):
            if not 0 < getattr(self, name) < 1:
                raise InputError(f"{name} = {getattr(self, name):g} must lie between 0 and 1.")
        if self.settled_at < 1:
            raise InputError(f"settled_at = {self.settled_at} must be at least 1 patient.")

    @cached_property
    def boundaries(self) -> BOIN:
        """The boundaries for toxicity."""
        return BOIN(self.toxicity_limit)

    @cached_property
    def benchmark(self) -> float:
        """Utility of which half is lost at the limits."""
        at_limits = self.utilities.mean(self.toxicity_limit, self.efficacy_limit)
        return at_limits + (100 - at_limits) / 2

    def desirability(self, history: History, level: int) -> float:
        """Probability that the utility of the level is above the benchmark."""
        u = self.utilities
        worth = (("E", u.efficacy), ("N", u.neither), ("B", u.both), ("T", u.toxicity))
        x = sum(value * history.count(level, letter) for letter, value in worth) / 100
        return self._above(history.n(level), x)

    def admits(self, n: int, dlt: int, efficacy: int) -> bool:
        """Whether a level with these counts may be given."""
        futile = 1 - toxic_probability(self.efficacy_limit, n, efficacy)
        return not self._toxic(n, dlt) and futile < self.futile

    def table(self, sizes: tuple[int, ...]) -> tuple[Desirability, ...]:
        """Desirability of every count at levels of these sizes, ranked together.

        Raises
        ------
        InputError
            If counts of toxicity and of efficacy do not determine the utility.

        References
        ----------
        lin2020, Table 3
        """
        u = self.utilities
        if abs(u.efficacy + u.toxicity - u.neither - u.both) > 1e-9:
            raise InputError(
                f"Utilities {u.efficacy:g} + {u.toxicity:g} must equal {u.neither:g} + {u.both:g}: "
                "otherwise the table needs to know which patients had both. Use desirability()."
            )
        found = []
        for n in sizes:
            for dlt in range(n + 1):
                for effect in range(n + 1):
                    x = (u.neither * (n - dlt) + u.both * effect
                         + u.toxicity * (dlt - effect)) / 100  # fmt: skip
                    rank = 0.0 if self.admits(n, dlt, effect) else None
                    found.append(Desirability(n, dlt, effect, self._above(n, x), rank))
        ranks = iter(rankdata([row.probability for row in found if row.rank is not None]))
        return tuple(
            row if row.rank is None else row._replace(rank=float(next(ranks))) for row in found
        )

    def advise(self, history: History, advice: Advice) -> Advice:
        """To the most desirable neighbour; ``mtd`` is the level of choice if it ended here."""
        level, top = history.level, advice.ceiling
        n, rate = history.n(level), history.dlt(level) / history.n(level)
        advice = replace(advice, mtd=self.select(history))
        seen = f"{history.describe(level)}, {self._effects(history, level)} with efficacy"
        low, high = self.boundaries.lambda_e, self.boundaries.lambda_d
        if n > EXPLORED and rate < high and level < top and not history.n(level + 1):
            reason = f"{seen}: after more than {EXPLORED} patients a new level is tried"
            return advice.go(level + 1, "escalate", reason)
        if rate >= high:
            return self._go_down(history, advice, seen)
        span = (level - 1, level) if rate > low and n >= self.settled_at else (
            level - 1, level, level + 1)  # fmt: skip
        open_ = [j for j in span if 1 <= j <= top and self._admits(history, j)]
        if not open_:
            return advice.stop(f"{seen}: no level nearby may be given", mtd=None)
        settled = len(span) == 2
        best = max(open_, key=lambda j: (self.desirability(history, j), -j if settled else j))
        decision = "escalate" if best > level else "de-escalate" if best < level else "stay"
        among = ", ".join(f"{j}: {self.desirability(history, j):.3f}" for j in open_)
        reason = f"{seen}: level {best} is the most desirable ({among})"
        return advice.go(best, decision, reason)

    def select(self, history: History | str) -> int | None:
        """Most desirable level up to the MTD; None if no level may be given."""
        history = History.read(history) if isinstance(history, str) else history
        given = [j for j in range(1, history.highest + 1) if history.n(j)]
        rates = isotonic([history.dlt(j) / history.n(j) for j in given], [1.0] * len(given))
        distance = [abs(p - self.toxicity_limit) for p in rates]
        mtd = max(j for j, d in zip(given, distance, strict=True) if d == min(distance))
        open_ = [j for j in given if j <= mtd and self._admits(history, j)]
        return max(open_, key=lambda j: (self.desirability(history, j), -j)) if open_ else None

    def _go_down(self, history: History, advice: Advice, seen: str) -> Advice:
        """To the next level below that is not too toxic."""
        level = history.level
        below = [j for j in range(1, max(level, 2)) if not self._toxic(
            history.n(j), history.dlt(j))]  # fmt: skip
        if not below:
            return advice.stop(f"{seen}: level 1 is too toxic, no level is left", mtd=None)
        decision = "de-escalate" if below[-1] < level else "stay"
        why = f"a rate of at least {self.boundaries.lambda_d:.3f}"
        return advice.go(below[-1], decision, f"{seen}, {why}: level {below[-1]}")

    def _admits(self, history: History, level: int) -> bool:
        return self.admits(history.n(level), history.dlt(level), self._effects(history, level))

    def _effects(self, history: History, level: int) -> int:
        return history.count(level, "E") + history.count(level, "B")

    def _toxic(self, n: int, dlt: int) -> bool:
        return toxic_probability(self.toxicity_limit, n, dlt) >= self.too_toxic

    def _above(self, n: int, x: float) -> float:
        return 1 - float(betainc(1 + x, 1 + n - x, self.benchmark / 100))
