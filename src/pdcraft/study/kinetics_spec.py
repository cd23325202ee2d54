"""[kinetics] and [population] of a study or trial file, checked key by key."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pdcraft.domain.errors import InputError, unknown
from pdcraft.study.toml_table import (
    AmountPerMass,
    Mass,
    Span,
    SpecificActivity,
    Time,
    TomlTable,
)
from pdcraft.trial.body_surface import SURFACE_FORMULAS

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class LesionTable(TomlTable):
    """One lesion besides the myeloma in marrow."""

    mass: Mass
    perfusion: float = Field(default=0.5, gt=0.0, le=10.0)  # mL/min/g


class DaughterTable(TomlTable):
    """One member of the decay chain that leaves the carrier when it is born."""

    nuclide: str
    freed: Share = 1.0
    rate: float = Field(gt=0.0)  # 1/h, from where it was set free
    to: dict[str, Share] = Field(min_length=1)

    @model_validator(mode="after")
    def _goes_somewhere_once(self) -> DaughterTable:
        if sum(self.to.values()) > 1.0 + 1e-9:
            raise InputError(
                f"free_daughter of {self.nuclide}: the shares in 'to' sum to "
                f"{sum(self.to.values()):g}. They must sum to 1 at most; what is missing leaves "
                "the body."
            )
        return self


class KineticsTable(TomlTable):
    """How the molecule moves."""

    model: Literal["two_pool", "pbpk"] = "pbpk"
    infusion: Time = 0.5
    specific_activity: SpecificActivity | None = None
    thyroid_blockade: float = Field(default=0.95, ge=0.0, le=1.0)
    blockade_from: Time | None = None
    blockade_until: Span | None = None
    voiding_every: Span | None = None
    raft_capacity: AmountPerMass | None = None
    lesion: tuple[LesionTable, ...] = ()
    free_daughter: tuple[DaughterTable, ...] = ()

    @property
    def blocked_h(self) -> tuple[float, float] | None:
        """From when until when the thyroid is blocked; None where that does not change."""
        if self.blockade_from is None and self.blockade_until is None:
            return None
        until = float("inf") if self.blockade_until is None else self.blockade_until
        return self.blockade_from or 0.0, until

    @model_validator(mode="after")
    def _hangs_together(self) -> KineticsTable:
        asked = [n for n in ("blockade_from", "blockade_until", "voiding_every", "lesion",
                               "raft_capacity")
                 if getattr(self, n) not in (None, ())]  # fmt: skip
        if asked and self.model != "pbpk":
            raise InputError(
                f"{asked[0]} needs the whole body, but model = '{self.model}'. Set model = 'pbpk', "
                f"or leave {asked[0]} out."
            )
        if self.blocked_h and self.blocked_h[0] >= self.blocked_h[1]:
            raise InputError(
                f"blockade_from = {self.blocked_h[0] / 24:g} d is not before blockade_until = "
                f"{self.blocked_h[1] / 24:g} d. Times count from day 0 of the study."
            )
        names = [d.nuclide for d in self.free_daughter]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise InputError(f"free_daughter of {twice[0]} stands twice. Give each nuclide once.")
        return self


class CorrelationTable(TomlTable):
    """Two parameters that vary together between patients."""

    parameters: tuple[str, str]
    correlation: float = Field(gt=-1.0, lt=1.0)


class PopulationTable(TomlTable):
    """Who the patients are, beyond what the library says of the disease."""

    surface: str = "mosteller"
    correlation: tuple[CorrelationTable, ...] = ()

    @field_validator("surface")
    @classmethod
    def _is_a_formula(cls, name: str) -> str:
        if name not in SURFACE_FORMULAS:
            raise ValueError(str(unknown("Formula of body surface", name, SURFACE_FORMULAS)))
        return name
