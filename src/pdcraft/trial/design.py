"""A dose-finding design: rules put together, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from pdcraft.domain import InputError
from pdcraft.trial.compare import compare
from pdcraft.trial.design_file import as_json, as_toml, design_table, read_table, rules_of
from pdcraft.trial.history import History
from pdcraft.trial.oc import OperatingCharacteristics, operating_characteristics
from pdcraft.trial.rule import (
    DECISIONS,
    AbstractDesign,
    AbstractRule,
    Advice,
    Pathway,
    check_ends,
)
from pdcraft.trial.rules import (
    NoSkipping,
    StopAt,
    StopAtLevel,
    StopWhenPrecise,
    StopWhenTooToxic,
)
from pdcraft.trial.simulated import SimulatedTrials
from pdcraft.trial.tabulated import Row

__all__ = [
    "DECISIONS", "AbstractRule", "Advice", "Design", "Fitted", "Pathway", "check_ends",
]  # fmt: skip


@dataclass(frozen=True)
class Fitted:
    """A design after what has been seen.

    Attributes
    ----------
    design, history
        Who advises, and after what.
    """

    design: AbstractDesign
    history: History

    def recommend(self) -> Advice:
        """What to do next, and why."""
        return self.design.advise(self.history)


@dataclass(frozen=True)
class Design(AbstractDesign):
    """Rules in the order in which they speak; the first decides, the others may overrule it.

    A rule that stops the trial has the last word. A design is a value: what changes it returns
    another.

    Attributes
    ----------
    rules
        As ``(BOIN(0.25), NoSkipping(), StopAt(30))``.
    levels
        Dose levels, numbered from 1.
    cohort_size
        Patients treated together.

    Examples
    --------
    >>> from pdcraft.trial import BOIN, StopAt
    >>> design = Design((BOIN(0.30), StopAt(30)), levels=5).stop_if(n_at_dose=12).no_skip()
    >>> advice = design.fit("1NNN 2NTN").recommend()
    >>> advice.next_level, advice.decision
    (2, 'stay')
    """

    def then(self, *rules: AbstractRule) -> Design:
        """The design with more rules, which may overrule the ones before.

        Examples
        --------
        >>> from pdcraft.trial import BOIN, StopAt
        >>> Design((BOIN(0.30),), levels=5).then(StopAt(6)).advise("1NNN 2NTN").decision
        'stop'
        """
        return replace(self, rules=(*self.rules, *rules))

    def no_skip(self) -> Design:
        """The design that goes up to the level above the highest one treated, never further."""
        return self.then(NoSkipping())

    def stop_if(
        self,
        *,
        n_at_dose: int | None = None,
        too_toxic: tuple[float, float] | None = None,
        precise: tuple[float, float, float] | None = None,
    ) -> Design:
        """The design with more reasons to end the trial.

        Parameters
        ----------
        n_at_dose
            Patients at the level that the next cohort would be given: `StopAtLevel`.
        too_toxic
            Target and probability: `StopWhenTooToxic` at level 1, heard before all other rules.
        precise
            Low and high rate and probability: `StopWhenPrecise`.

        Raises
        ------
        InputError
            If no reason is given or one cannot be.

        Examples
        --------
        >>> from pdcraft.trial import BOIN, StopAt
        >>> design = Design((BOIN(0.30), StopAt(30)), levels=5).stop_if(too_toxic=(0.30, 0.9))
        >>> design.advise("1NTT").decision
        'stop'
        """
        if n_at_dose is None and too_toxic is None and precise is None:
            raise InputError("stop_if needs a reason: n_at_dose=12, or too_toxic=(0.30, 0.95).")
        design = self
        if too_toxic is not None:
            design = replace(design, rules=(StopWhenTooToxic(*too_toxic), *design.rules))
        if n_at_dose is not None:
            design = design.then(StopAtLevel(n_at_dose))
        return design if precise is None else design.then(StopWhenPrecise(*precise))

    def to_table(self) -> dict[str, Any]:
        """The design as plain values, as they stand in a design file.

        Raises
        ------
        InputError
            If a rule is no dataclass.
        """
        return design_table(self.rules, levels=self.levels, cohort_size=self.cohort_size)

    def to_toml(self) -> str:
        """Text of a design file, from which `from_file` makes the same design again."""
        return as_toml(self.to_table())

    def to_json(self) -> str:
        """As `to_toml`, in JSON."""
        return as_json(self.to_table())

    @classmethod
    def from_file(cls, text: str) -> Design:
        """Design of the text of a design file, TOML or JSON; import rules of your own before.

        Raises
        ------
        InputError
            If the text is not readable or a rule lacks a number.
        MissingError
            If there is no such rule.

        Examples
        --------
        >>> from pdcraft.trial import BOIN, StopAt
        >>> design = Design((BOIN(0.30), StopAt(30)), levels=5).no_skip()
        >>> Design.from_file(design.to_toml()) == Design.from_file(design.to_json()) == design
        True
        """
        return cls.from_table(read_table(text))

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Design:
        """Design of the values of a design file; errors as `from_file`."""
        rules, levels, cohort_size = rules_of(table)
        return cls(rules, levels, cohort_size)

    def fit(self, history: History | str) -> Fitted:
        """The design after what has been seen, a `History` or its notation."""
        return Fitted(self, History.read(history) if isinstance(history, str) else history)

    def decision_table(self, most: int | None = None) -> tuple[Row, ...]:
        """Toxicities that change the level, for cohorts of one level up to ``most`` patients.

        Parameters
        ----------
        most
            Patients at a level; None for as many as the trial treats at most, if it has an end.

        Raises
        ------
        InputError
            If no rule decides by the counts of one level, or the trial has no end.

        Examples
        --------
        >>> from pdcraft.trial import BOIN, StopAt
        >>> Design((BOIN(0.30), StopAt(6)), levels=5).decision_table()[-1].eliminate_if_at_least
        4
        """
        made = [rule.decision_table for rule in self.rules if hasattr(rule, "decision_table")]
        if not made:
            names = ", ".join(type(rule).__name__ for rule in self.rules)
            raise InputError(
                f"{names} decide by more than the counts at one level, so no table holds them. "
                "Show paths(cohorts=2) in the protocol instead."
            )
        ends = [rule.patients for rule in self.rules if isinstance(rule, StopAt)]
        if most is None and not ends:
            raise InputError("Say how many patients the table is for, as decision_table(12).")
        return made[0](min(ends) if most is None else most)

    def operating_characteristics(
        self,
        scenarios: Sequence[float] | Float[np.ndarray, "*scenario level"],
        *,
        efficacy: Sequence[float] | None = None,
        method: str = "exact",
        n: int = 10_000,
        seed: int = 1,
    ) -> OperatingCharacteristics | SimulatedTrials | tuple[SimulatedTrials, ...]:
        """Selection, patients and toxicities per level.

        Parameters
        ----------
        scenarios
            Rates of toxicity at every level, of one or several scenarios.
        efficacy
            Rates of efficacy at every level, for designs that hear of it, in simulated trials.
        method
            ``"exact"``: `operating_characteristics`. ``"mc"``: simulated trials of each scenario,
            every number with its standard error; for rules that read the order of cohorts too.
        n, seed
            Simulated trials, and from where.

        Raises
        ------
        InputError
            If the method is none of these or a rate no probability.

        Examples
        --------
        >>> from pdcraft.trial import BOIN, StopAt
        >>> design = Design((BOIN(0.30), StopAt(12)), levels=2)
        >>> exact = design.operating_characteristics([0.1, 0.3])
        >>> drawn = design.operating_characteristics([0.1, 0.3], method="mc", n=2_000)
        >>> bool((abs(drawn.selected - exact.selected) < 4 * drawn.selected_se).all())
        True
        """
        if method == "exact":
            return operating_characteristics(self, scenarios)
        if method != "mc":
            raise InputError(f"method '{method}' must be 'exact' or 'mc' (simulated trials).")
        rates = np.asarray(scenarios, float)
        many = rates.reshape(-1, rates.shape[-1]) if rates.ndim else rates[None, None]
        drawn = tuple(
            compare(
                {"": self},
                [float(x) for x in p],
                efficacy_probability=efficacy,
                trials=n,
                seed=seed,
            )[""]
            for p in many
        )
        return drawn[0] if rates.ndim == 1 else drawn
