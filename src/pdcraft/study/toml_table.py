"""TOML text → a checked table, with every fault named by its key and in our words."""

from __future__ import annotations

import tomllib
import typing
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.functional_validators import BeforeValidator

from pdcraft.domain.errors import InputError, unknown
from pdcraft.domain.units import dimension_of, read_quantity, unit_of


def _quantity(dimension: str, *, above: float | None = None) -> BeforeValidator:
    def read(text: object) -> float:
        if isinstance(text, (int, float)) and not isinstance(text, bool):
            raise InputError(f"{text!r} has no unit. Write it as text with a unit of {dimension}.")
        value = read_quantity(str(text), dimension)
        if value < 0 or (above is not None and value <= above):
            raise InputError(f"'{text}' must be {'greater than 0' if above == 0 else '0 or more'}.")
        return value

    return BeforeValidator(read)


Time = Annotated[float, _quantity("time")]
Span = Annotated[float, _quantity("time", above=0.0)]


@dataclass(frozen=True)
class Given:
    """A quantity that may be said in several dimensions, in its own unit: as what a dose gives.

    Attributes
    ----------
    value
        In the house unit of its dimension (MBq, MBq/m2, MBq/kg, g, g/m2, g/kg; MBq/ug, MBq/nmol).
    dimension
        As ``"activity per body surface"``.
    unit, factor
        As written, and how many house units it is.
    """

    value: float
    dimension: str
    unit: str
    factor: float


def _given(*allowed: str, said: str) -> BeforeValidator:
    def read(text: object) -> Given:
        if isinstance(text, Given):
            return text
        if isinstance(text, (int, float)):
            raise InputError(
                f"{text!r} has no unit. Write it as text with a unit of {allowed[0]}, {said}."
            )
        found = dimension_of(str(text))
        value = read_quantity(str(text), found if found in allowed else allowed[0])
        if value <= 0:
            raise InputError(f"'{text}' must be greater than 0.")
        unit, factor = unit_of(str(text))
        return Given(value, found, unit, factor)

    return BeforeValidator(read)


def _dose_of(what: str) -> BeforeValidator:
    allowed = (f"{what} per body surface", what, f"{what} per body mass")
    return _given(*allowed, said=f"of {what} for each patient, or by body mass")


Activity = Annotated[Given, _dose_of("activity")]
DrugMass = Annotated[Given, _dose_of("mass")]
SpecificActivity = Annotated[
    Given, _given("activity per mass", "activity per amount", said="or of activity per amount")
]
AmountPerMass = Annotated[float, _quantity("amount per mass", above=0.0)]
Count = Annotated[float, _quantity("blood count", above=0.0)]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]
Mass = Annotated[float, _quantity("mass", above=0.0)]
Length = Annotated[float, _quantity("length", above=0.0)]
AbsorbedDose = Annotated[float, _quantity("absorbed dose", above=0.0)]


class TomlTable(BaseModel):
    """A table of a study file: frozen, without keys that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


T = TypeVar("T", bound=TomlTable)


def table_from_text(model: type[T], text: str, name: str) -> T:
    """A table of this kind from TOML text; ``name`` is what messages call it.

    Raises
    ------
    InputError
        Naming file, key, what is wrong and what would be right; every fault in the file at once.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name}: is not TOML: {error}.") from error
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise InputError(
            "\n".join(f"{name}: {_sentence(e, model)}" for e in error.errors())
        ) from error


def _sentence(error: Any, root: type[BaseModel]) -> str:
    """One line of a pydantic error in our form: key, what is wrong, what would be right."""
    place = error["loc"]
    key = _key(place)
    kind, said = error["type"], error["msg"]
    if kind == "extra_forbidden":
        model = _model_at(root, place[:-1])
        known = list(model.model_fields) if model else []
        return f"{_key(place[:-1]) or 'the file'}: {unknown('Key', str(place[-1]), known)}"
    if kind == "missing":
        return f"{key} is missing. Add it."
    if kind == "value_error":
        return f"{key + ': ' if key else ''}{error['ctx']['error']!s}"
    if kind == "literal_error":
        return f"{key} = {error['input']!r} is not known. Known: {error['ctx']['expected']}."
    return f"{key} = {error['input']!r}: {said[0].lower()}{said[1:]}."


def _key(place: tuple[str | int, ...]) -> str:
    """``("cohort", 0, "doses", 1)`` as ``cohort[1].doses[2]`` (counted from 1)."""
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _model_at(root: type[BaseModel], place: tuple[str | int, ...]) -> type[BaseModel] | None:
    """Table in which a key stands."""
    model: type[BaseModel] | None = root
    for part in place:
        if model is None or isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        model = None if field is None else _table_in(field.annotation)
    return model


def _table_in(annotation: Any) -> type[BaseModel] | None:
    """The table that an annotation such as ``tuple[DoseTable, ...]`` holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = (_table_in(a) for a in typing.get_args(annotation))
    return next((model for model in inside if model is not None), None)
