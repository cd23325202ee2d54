"""What a trial file may say about a dose escalation and its designs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pdcraft.domain.errors import InputError
from pdcraft.study.designs import TOO_TOXIC
from pdcraft.study.toml_table import AbsorbedDose, Share, Span, Time, TomlTable


class PreciseTable(TomlTable):
    """An end when the rate at the level of the next cohort is known well enough."""

    low: float = Field(ge=0.0, lt=1.0)
    high: float = Field(gt=0.0, le=1.0)
    probability: Share


class DoseCapTable(TomlTable):
    """A cap on the cumulative absorbed dose of a region over all planned doses of a level.

    The dose of a level is that of all its doses in the pool of patients, at a percentile.
    """

    region: str = Field(min_length=1)
    limit: AbsorbedDose
    percentile: float = Field(default=50.0, gt=0.0, lt=100.0)


class BackfillTable(TomlTable):
    """Patients at lower levels while a cohort is watched; ``patients`` counts those of cohorts."""

    cap: int = Field(default=12, ge=1, le=200)


class DesignTable(TomlTable):
    """One design of an escalation."""

    name: str = ""
    design: Literal[
        "3+3", "accelerated-titration", "rolling-6", "i3+3", "mtpi", "mtpi-2", "keyboard", "boin",
        "tite-boin", "crm", "tite-crm", "blrm",
    ]  # fmt: skip
    variant: Literal["A", "B", "C"] = "C"
    patients: int = Field(default=30, ge=3, le=200)
    cohort: int | None = Field(default=None, ge=1, le=12)
    watch: Span | None = None
    min_follow_up: Time = 0.0
    stagger: Time = 0.0
    too_toxic: Share = TOO_TOXIC
    titration: bool = False
    skipping: bool = False
    stop_at_level: int | None = Field(default=None, ge=1)
    precise: PreciseTable | None = None
    dose_cap: tuple[DoseCapTable, ...] = ()
    backfill: BackfillTable | None = None
    skeleton: tuple[Share, ...] | None = None
    most_overdose: Share = 0.25
    prior_rate_at_top: Share = 0.33

    @property
    def label(self) -> str:
        """Its name in tables."""
        return self.name or self.design


class EscalationTable(TomlTable):
    """Dose escalation: designs side by side on the same patients."""

    target: Share = 0.25
    trials: int = Field(default=1000, ge=20, le=1_000_000)
    levels: tuple[str, ...] = Field(min_length=2)
    design: tuple[DesignTable, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> EscalationTable:
        names = [d.label for d in self.design]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise InputError(f"design name '{twice[0]}' stands twice. Give each its own name.")
        return self
