"""What the outcomes of a patient are worth, where efficacy counts beside toxicity."""

from __future__ import annotations

from dataclasses import dataclass

from pdcraft.domain import InputError


@dataclass(frozen=True)
class Utilities:
    """What each outcome is worth, 0 to 100.

    Attributes
    ----------
    neither, both
        No efficacy and no toxicity; efficacy with toxicity.
    efficacy, toxicity
        Efficacy alone, the best; toxicity alone, the worst.

    Raises
    ------
    InputError
        Unless the others lie between the worst and the best, within 0 to 100.
    """

    neither: float
    both: float
    efficacy: float = 100.0
    toxicity: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("neither", self.neither), ("both", self.both)):
            if not 0 <= self.toxicity <= value <= self.efficacy <= 100:
                raise InputError(
                    f"{name} = {value:g} must lie between toxicity = {self.toxicity:g} and "
                    f"efficacy = {self.efficacy:g}, all within 0 to 100."
                )

    def mean(self, toxicity: float, efficacy: float) -> float:
        """Expected utility where toxicity and efficacy are independent."""
        return (
            self.efficacy * (1 - toxicity) * efficacy
            + self.neither * (1 - toxicity) * (1 - efficacy)
            + self.both * toxicity * efficacy
            + self.toxicity * toxicity * (1 - efficacy)
        )
