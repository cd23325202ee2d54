"""Tables of model.toml: which keys a person may write about a population fit, and their kinds."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelTable(_Table):
    """Which structure, which method."""

    structure: str
    method: Literal["fo", "foce", "focei", "laplace"] = "focei"
    error: Literal["additive", "proportional", "combined", "log"] = "combined"
    carry: Literal["locf", "nocb"] = "locf"
    measured: str = ""
    volume: str = ""
    dvid: int | None = None
    standard_errors: Literal["hessian", "sandwich", "none"] = "hessian"
    seed: int = Field(default=0, ge=0)


class UnitsTable(_Table):
    """Units of the columns TIME, AMT and DV."""

    time: str
    amount: str
    value: str


class ThetaTable(_Table):
    """One typical value, or the column that it is read from."""

    value: float | None = None
    unit: str = "1"
    fixed: bool = False
    positive: bool = True
    column: str | None = None


class OmegaTable(_Table):
    """Variance of one random effect."""

    variance: float
    shape: Literal["lognormal", "normal", "logitnormal"] = "lognormal"
    fixed: bool = False


class OccasionTable(_Table):
    """Variances between occasions, and the column that numbers these."""

    column: str = "OCC"
    omega: dict[str, OmegaTable]


class BlockTable(_Table):
    """Effects that covary, with the correlations between them (lower triangle, row by row)."""

    effects: tuple[str, ...]
    correlations: tuple[float, ...]


class SigmaTable(_Table):
    """Standard deviation of one kind of error."""

    sd: float
    unit: str = "1"
    fixed: bool = False


class CovariateTable(_Table):
    """Effect of a column on a parameter."""

    parameter: str
    column: str
    form: Literal["power", "linear", "exponential", "category"] = "power"
    reference: float
    coefficient: float | str
    checked: tuple[float, float] | None = None


class ObservationTable(_Table):
    """A further kind of observation, with an error of its own.

    ``measured`` is a compartment, or ``concentration`` of a structure whose response is measured;
    ``name`` is what tables call it, the compartment unless said otherwise.
    """

    dvid: int
    measured: str
    name: str = ""
    volume: str = ""
    unit: str = "1"
    error: Literal["additive", "proportional", "combined", "log"] = "combined"
    sigma: dict[str, SigmaTable]

    @property
    def called(self) -> str:
        """Its name in tables and figures, and before its sigmas."""
        return self.name or self.measured


class TransferTable(_Table):
    """One arrow of a graph; ``rate`` is a theta or a quotient of two, as "CL/V"."""

    source: str
    target: str | None = None
    rate: str


class ModelFile(_Table):
    """A whole model file."""

    model: ModelTable
    units: UnitsTable
    theta: dict[str, ThetaTable]
    omega: dict[str, OmegaTable] = {}
    block: tuple[BlockTable, ...] = ()
    occasion: OccasionTable | None = None
    sigma: dict[str, SigmaTable]
    covariate: tuple[CovariateTable, ...] = ()
    transfer: tuple[TransferTable, ...] = ()
    observation: tuple[ObservationTable, ...] = ()
