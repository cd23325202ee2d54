"""model.toml → `PopulationModel`: what a person may say about a population fit, key by key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ValidationError

from pdcraft.domain.errors import InputError, unknown
from pdcraft.kinetics.estimation import (
    Absorbed,
    AbstractStructure,
    Covariate,
    ExponentialSum,
    Friberg,
    Linear,
    MichaelisMenten,
    Occasions,
    PopulationModel,
    Theta,
    one_compartment,
    three_compartment,
    two_compartment,
)
from pdcraft.study.population_tables import (
    BlockTable,
    ModelFile,
    ObservationTable,
    OccasionTable,
    TransferTable,
)

STRUCTURES = {
    "one_compartment": lambda: one_compartment(),
    "one_compartment_oral": lambda: one_compartment(oral=True),
    "two_compartment": lambda: two_compartment(),
    "two_compartment_oral": lambda: two_compartment(oral=True),
    "three_compartment": lambda: three_compartment(),
    "three_compartment_oral": lambda: three_compartment(oral=True),
    "michaelis_menten": lambda: MichaelisMenten(),
    "michaelis_menten_oral": lambda: MichaelisMenten(oral=True),
    "friberg": lambda: Friberg(),
    "friberg_driven": lambda: Friberg(driven=True),
    "one_exponential": lambda: ExponentialSum(1),
    "two_exponentials": lambda: ExponentialSum(2),
    "three_exponentials": lambda: ExponentialSum(3),
}
"""Structures by name; ``graph`` takes the tables [[transfer]] of the file."""


@dataclass(frozen=True)
class PopulationSpec:
    """A model file as read: the model, its units, how it is to be fitted.

    ``text`` is the file itself, kept with the results; ``kinds`` are names and units of what is
    observed.
    """

    model: PopulationModel
    method: str
    carry: Literal["locf", "nocb"]
    standard_errors: Literal["hessian", "sandwich", "none"]
    dvid: int | tuple[int, ...] | None
    kinds: tuple[tuple[str, str], ...]
    time_unit: str
    amount_unit: str
    value_unit: str
    ranges: Mapping[str, tuple[float, float]]
    seed: int
    text: str


def read_population_model(path: str | Path) -> PopulationSpec:
    """The model that a file describes.

    Raises
    ------
    InputError
        With the key that is wrong, and what it may be.
    MissingError
        If the file names a structure, a parameter or a column that does not exist.
    """
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    return population_model_from_text(text, name=str(path))


def population_model_from_text(text: str, *, name: str = "model file") -> PopulationSpec:
    """The model that the text of a file describes; see `read_population_model`."""
    try:
        file = ModelFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name} is not TOML: {error}.") from error
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise InputError(f"{name}: {told}.") from error
    try:
        model, dvid = _model(file), _dvid(file)
        kinds = _kinds(file, model.structure)
        _check_columns(model)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    ranges = {c.column: c.checked for c in file.covariate if c.checked is not None}
    units = file.units
    return PopulationSpec(
        model, file.model.method, file.model.carry, file.model.standard_errors, dvid,
        kinds, units.time, units.amount, units.value, ranges, file.model.seed, text,
    )  # fmt: skip


def _dvid(file: ModelFile) -> int | tuple[int, ...] | None:
    """The kinds of observation that are fitted; those of several need a number each."""
    if not file.observation:
        return file.model.dvid
    numbers = (file.model.dvid, *(o.dvid for o in file.observation))
    if None in numbers or len(set(numbers)) < len(numbers):
        raise InputError(
            f"dvid of [model] and of each [[observation]] must be given and differ; they are "
            f"{', '.join(map(str, numbers))}."
        )
    return tuple(int(n) for n in numbers if n is not None)


def _kinds(file: ModelFile, structure: AbstractStructure) -> tuple[tuple[str, str], ...]:
    """Names and units of what is observed; each kind needs a name of its own."""
    place = structure.measured_place
    first = "response" if place is None else structure.places[place]
    names = [first, *(o.called for o in file.observation)]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise InputError(
            f"Several kinds of observation are called '{', '.join(sorted(twice))}' ([model] is "
            f"called '{first}', an [[observation]] as what it measures). Give the [[observation]] "
            'a name of its own, as name = "second assay".'
        )
    return tuple(zip(names, [file.units.value, *(o.unit for o in file.observation)], strict=True))


def _check_columns(model: PopulationModel) -> None:
    """Refuse parameters whose columns of the results would carry one name."""
    needs = [*model.structure.needs]
    columns = ["patient", "occasion", "residual", *needs, *(f"{n}_cv" for n in needs)]
    twice = {n for n in columns if columns.count(n) > 1}
    if twice:
        raise InputError(
            f"Parameter {', '.join(sorted(twice))} has the name of another column of the results "
            "(patient, occasion, residual, a parameter with _cv). Call it otherwise."
        )


def _model(file: ModelFile) -> PopulationModel:
    for name, row in file.theta.items():
        if (row.value is None) == (row.column is None):
            raise InputError(f"theta.{name} needs either a value or a column.")
    effects = tuple(file.omega)
    sd = np.sqrt([max(file.omega[e].variance, 0.0) for e in effects])
    correlation = np.eye(len(effects))
    for block in file.block:
        _fill(correlation, effects, block)
    fixed = {f"omega.{k}" for k, v in file.omega.items() if v.fixed}
    sigma = dict(file.sigma)
    for o in file.observation:
        sigma |= {f"{o.called}.{k}": v for k, v in o.sigma.items()}
    fixed |= {f"sigma.{k}" for k, v in sigma.items() if v.fixed}
    return PopulationModel(
        _structure(file),
        {k: Theta(v.value, v.unit, v.fixed, v.positive) for k, v in file.theta.items()
         if v.value is not None},
        correlation * np.outer(sd, sd), effects, tuple(file.omega[e].shape for e in effects),
        {k: v.sd for k, v in sigma.items()}, file.model.error,
        {k: v.column for k, v in file.theta.items() if v.column is not None},
        tuple(Covariate(c.parameter, c.column, c.form, c.reference, c.coefficient)
              for c in file.covariate),
        frozenset(fixed), tuple(b.effects for b in file.block),
        tuple((o.called, o.error) for o in file.observation), _occasions(file.occasion),
    )  # fmt: skip


def _occasions(table: OccasionTable | None) -> Occasions | None:
    if table is None:
        return None
    return Occasions(
        table.column, {k: v.variance for k, v in table.omega.items()},
        tuple(v.shape for v in table.omega.values()),
        fixed=frozenset(k for k, v in table.omega.items() if v.fixed),
    )  # fmt: skip


def _fill(correlation: np.ndarray, effects: tuple[str, ...], block: BlockTable) -> None:
    n = len(block.effects)
    if len(block.correlations) != n * (n - 1) // 2:
        raise InputError(
            f"block of {', '.join(block.effects)} needs {n * (n - 1) // 2} correlations (lower "
            f"triangle, row by row); it has {len(block.correlations)}."
        )
    values = iter(block.correlations)
    for name in block.effects:
        if name not in effects:
            raise unknown("Random effect", name, effects)
    for i in range(n):
        for j in range(i):
            a, b = effects.index(block.effects[i]), effects.index(block.effects[j])
            correlation[a, b] = correlation[b, a] = next(values)


def _structure(file: ModelFile) -> AbstractStructure:
    """The structure, with lag, bioavailability, duration or rate where there is such a theta."""
    bare = _with_observations(_bare_structure(file), file.observation)
    used = {*bare.needs, *(c.coefficient for c in file.covariate)}
    has = [name in file.theta and name not in used for name in ("ALAG", "F", "D", "R")]
    return Absorbed(bare, *has) if any(has) else bare


def _with_observations(
    structure: AbstractStructure, observations: tuple[ObservationTable, ...]
) -> AbstractStructure:
    """The structure, measured in further ways."""
    if not observations:
        return structure
    if isinstance(structure, Friberg) and not structure.driven:
        if [o.measured for o in observations] != ["concentration"]:
            raise InputError("Besides its cells, 'friberg' is measured as 'concentration' only.")
        return replace(structure, with_drug=True)
    if not isinstance(structure, Linear):
        raise InputError(
            f"{type(structure).__name__} is measured in one way; several kinds of observation need "
            "compartments ('graph', one_ to three_compartment) or 'friberg'."
        )
    others, units = [], dict(structure.units)
    for o in observations:
        if o.measured not in structure.places:
            raise unknown("observation.measured =", o.measured, structure.places)
        volume = _quotient(o.volume) if o.volume else None
        units |= {p: units.get(p, "volume") for p in volume or () if p is not None}
        others.append((structure.places.index(o.measured), volume))
    return replace(structure, others=tuple(others), units=tuple(units.items()))


def _bare_structure(file: ModelFile) -> AbstractStructure:
    name = file.model.structure
    if name != "graph":
        if name not in STRUCTURES:
            raise unknown("model.structure =", name, [*STRUCTURES, "graph"])
        return STRUCTURES[name]()
    if not file.transfer:
        raise InputError("model.structure = 'graph' needs tables [[transfer]].")
    places = tuple(
        dict.fromkeys(p for t in file.transfer for p in (t.source, t.target) if p is not None)
    )
    measured = file.model.measured or places[0]
    if measured not in places:
        raise unknown("model.measured =", measured, places)
    _check_outlets(file.transfer, places)
    names: dict[str, str] = {}
    transfers = []
    for t in file.transfer:
        above, below = _quotient(t.rate)
        names |= {above: "1/time"} if below is None else {above: "volume/time", below: "volume"}
        target = None if t.target is None else places.index(t.target)
        transfers.append((places.index(t.source), target, above, below))
    volume = _quotient(file.model.volume) if file.model.volume else None
    names |= {p: names.get(p, "volume") for p in volume or () if p is not None}
    return Linear(places, tuple(transfers), places.index(measured), volume, tuple(names.items()))


def _check_outlets(transfers: tuple[TransferTable, ...], places: tuple[str, ...]) -> None:
    """Refuse a graph with a part that nothing reaches, or that nothing ever leaves."""
    reached = {places[0]}
    for _ in places:
        reached |= {t.target for t in transfers if t.source in reached and t.target is not None}
    lost = [p for p in places if p not in reached]
    if lost:
        raise InputError(
            f"No transfer leads from {places[0]} (where doses enter) to {', '.join(lost)}."
        )
    if all(t.target is not None for t in transfers):
        raise InputError(
            "Nothing leaves the body: give a [[transfer]] without target, or one to a sink."
        )


def _quotient(text: str) -> tuple[str, str | None]:
    above, _, below = (part.strip() for part in text.partition("/"))
    return above, below or None
