"""The i3+3 design: an interval instead of a model, and a second look before going down."""

from __future__ import annotations

from dataclasses import dataclass

from pdcraft.domain import InputError
from pdcraft.trial.model_assisted import AbstractModelAssisted, check_elimination
from pdcraft.trial.tabulated import Verdict


@dataclass(frozen=True)
class I3Plus3(AbstractModelAssisted):
    r"""Up below the equivalence interval, stay within; above, down unless one fewer would be below.

    With the interval :math:`[a, b]` around the target,

    .. math::
        \begin{cases}
        \text{up} & y/n < a, \\
        \text{stay} & a \le y/n \le b, \text{ or } y/n > b \text{ and } (y-1)/n < a, \\
        \text{down} & \text{otherwise}.
        \end{cases}

    Attributes
    ----------
    target
        Rate of toxicity that is sought.
    low, high
        :math:`a, b`, the equivalence interval; it holds the target.
    eliminate_above
        Probability above which a level is closed.
    least_n
        Patients without whom no level is closed.

    Raises
    ------
    InputError
        Unless 0 < low <= target <= high < 1.

    References
    ----------
    liu2020, rule of the i3+3; docs/theory/trial.md, Eq. 9

    Examples
    --------
    >>> rule = I3Plus3(0.30, low=0.25, high=0.35)
    >>> rule.verdict(3, 1).decision, rule.verdict(6, 3).decision
    ('stay', 'de-escalate')
    """

    target: float
    low: float
    high: float
    eliminate_above: float = 0.95
    least_n: int = 3

    def __post_init__(self) -> None:
        check_elimination(self.target, self.eliminate_above, self.least_n)
        if not 0 < self.low <= self.target <= self.high < 1:
            raise InputError(
                f"low = {self.low:g}, target = {self.target:g}, high = {self.high:g} must rise "
                "within 0 to 1: the equivalence interval holds the target."
            )

    def verdict(self, n: int, dlt: int) -> Verdict:
        """Decision by the observed rate."""
        interval = f"{self.low:g} to {self.high:g}"
        if dlt / n < self.low:
            return Verdict("escalate", f"a rate below {interval}")
        if dlt / n <= self.high:
            return Verdict("stay", f"a rate within {interval}")
        if (dlt - 1) / n < self.low:
            return Verdict("stay", f"a rate above {interval} that one fewer would put below it")
        return Verdict("de-escalate", f"a rate above {interval}")
