"""Numbers with an origin: parameters, sets of them, and one individual's values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain.errors import InputError, unknown

STATUSES = ("published", "derived", "calibrated", "assumption")
"""Where a value comes from, strongest first; ``assumption`` is listed first in every report."""


@dataclass(frozen=True)
class Source:
    """A key of ``SOURCES.bib`` and the place in that source."""

    key: str
    where: str = ""


@dataclass(frozen=True)
class Spread:
    """How a value differs between individuals.

    ``kind`` is ``"none"``, ``"lognormal"`` (``cv``: sqrt(exp(omega^2) - 1)), ``"normal"``
    (``sd``), ``"logitnormal"`` (``sd`` on the logit scale) or ``"uniform"`` (``low``, ``high``).
    """

    kind: str = "none"
    cv: float = 0.0
    sd: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def __str__(self) -> str:
        """Readable form for tables, as ``log-normal, CV 30 %``."""
        if self.kind == "lognormal":
            return f"log-normal, CV {100 * self.cv:.3g} %"
        if self.kind == "normal":
            return f"normal, SD {self.sd:.3g}"
        if self.kind == "logitnormal":
            return f"logit-normal, SD {self.sd:.3g} (logit)"
        if self.kind == "uniform":
            return f"uniform, {self.low:g} to {self.high:g}"
        return "none"


@dataclass(frozen=True)
class Parameter:
    """One number: value, unit, spread between individuals, where it comes from.

    ``status`` is one of `STATUSES`; ``checked`` is the range in which the model was checked;
    ``rests_on_it`` says in a few words which results hang on this value.
    """

    name: str
    value: float
    unit: str
    status: str
    source: Source
    spread: Spread = field(default_factory=Spread)
    rests_on_it: str = ""
    note: str = ""
    checked: tuple[float, float] | None = None

    def with_unit(self, value: object) -> str:
        """A text with this parameter's unit behind it; nothing behind a pure number."""
        return f"{value}" if self.unit == "1" else f"{value} {self.unit}"


class ParameterSet(Mapping[str, Parameter]):
    """Parameters by name, immutable; one set is one file of the library."""

    def __init__(self, name: str, parameters: tuple[Parameter, ...]):
        self.name = name
        self._by_name = {p.name: p for p in parameters}
        if len(self._by_name) != len(parameters):
            raise InputError(f"Parameter set '{name}' holds a name twice.")

    def __getitem__(self, key: str) -> Parameter:
        """Return the parameter; a MissingError suggests the nearest name."""
        if key not in self._by_name:
            raise unknown("Parameter", key, self._by_name)
        return self._by_name[key]

    def __contains__(self, key: object) -> bool:
        """Whether there is a parameter of that name."""
        return key in self._by_name

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._by_name)

    def __len__(self) -> int:
        """Return the number of parameters."""
        return len(self._by_name)

    def __hash__(self) -> int:
        """Hash of name and content, so that a set can be static data of a model."""
        return hash((self.name, tuple(self._by_name.values())))

    def merged(self, *others: ParameterSet) -> ParameterSet:
        """One set with the parameters of all; a name may stand in one of them only."""
        sets = (self, *others)
        return ParameterSet(
            " + ".join(s.name for s in sets), tuple(p for s in sets for p in s.values())
        )

    def replaced(self, values: Mapping[str, float], *, source: Source) -> ParameterSet:
        """The same set with some typical values replaced; they become assumptions of the user."""
        for name in values:
            self[name]
        return ParameterSet(
            self.name,
            tuple(
                Parameter(
                    p.name, float(values[p.name]), p.unit, "assumption", source, p.spread,
                    p.rests_on_it, f"replaces {p.value:g} of the library", p.checked,
                )
                if p.name in values
                else p
                for p in self.values()
            ),
        )  # fmt: skip


class Values(eqx.Module):
    """One individual's values of named parameters, an array for `jax.vmap`.

    Attributes
    ----------
    names
        Parameter names.
    value
        In the units of the parameter set. ``[name]``.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    value: Float[Array, "name"]

    def __getitem__(self, name: str) -> Float[Array, ""]:
        """Return one value; a MissingError suggests the nearest name."""
        if name not in self.names:
            raise unknown("Parameter", name, self.names)
        return self.value[self.names.index(name)]

    def only(self, names: Collection[str]) -> Values:
        """Those of the values that have one of these names, in order of the alphabet."""
        kept = sorted(set(names) & set(self.names))
        at = np.asarray([self.names.index(n) for n in kept], int)
        return Values(tuple(kept), self.value[..., at])


def check_needs(needs: Mapping[str, str], given: ParameterSet, model: str) -> None:
    """Refuse a parameter set that lacks, or gives in another unit, what a model needs.

    Raises
    ------
    InputError
        With every missing name and every wrong unit, in one message.
    """
    missing = [f"{n} ({u})" for n, u in needs.items() if n not in given]
    wrong = [
        f"{n} is in {given[n].unit}, not {u}"
        for n, u in needs.items()
        if n in given and given[n].unit != u
    ]
    if missing or wrong:
        said = "; ".join(([f"lacks {', '.join(missing)}"] if missing else []) + wrong)
        raise InputError(
            f"{model}: parameter set '{given.name}' {said}. Add them to the file of the set."
        )
