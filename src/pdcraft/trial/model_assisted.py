"""What BOIN, keyboard, mTPI and i3+3 share: levels are closed by the posterior of their rate."""

from __future__ import annotations

from pdcraft.domain import InputError
from pdcraft.trial.beta_binomial import fewest_toxic, toxic_probability
from pdcraft.trial.tabulated import AbstractTabulated


class AbstractModelAssisted(AbstractTabulated):
    r"""Tabulated design that closes a level when it is probably too toxic.

    Closed with all above it is a level with :math:`\Pr(p > \phi \mid y, n) >`
    ``eliminate_above`` under a uniform prior.

    Attributes
    ----------
    target
        :math:`\phi`, the rate of toxicity that is sought.
    eliminate_above
        Probability above which a level is closed.
    least_n
        Patients without whom no level is closed.

    References
    ----------
    docs/theory/trial.md, Eq. 4-5
    """

    target: float
    eliminate_above: float
    least_n: int

    def eliminate_at(self, n: int) -> int | None:
        """Fewest toxicities in ``n`` patients that close a level; None if none do."""
        if n < self.least_n:
            return None
        return fewest_toxic(self.target, n, self.eliminate_above)

    def why_closed(self, n: int, dlt: int) -> str:
        """The probability that the rate is above the target."""
        probability = toxic_probability(self.target, n, dlt)
        return (
            f"its rate is above {self.target:g} with probability {probability:.3f} > "
            f"{self.eliminate_above:g}"
        )


def check_elimination(target: float, eliminate_above: float, least_n: int) -> None:
    """Refuse a target or a probability outside 0 to 1, or fewer than one patient.

    Raises
    ------
    InputError
        If one of them cannot be.
    """
    if not 0 < target < 1:
        raise InputError(
            f"target = {target:g} must lie between 0 and 1: the rate of dose-limiting "
            "toxicity that is sought, as 0.25."
        )
    if not 0 < eliminate_above < 1:
        raise InputError(
            f"eliminate_above = {eliminate_above:g} must lie between 0 and 1, as 0.95."
        )
    if least_n < 1:
        raise InputError(f"least_n = {least_n} must be at least 1 patient.")
