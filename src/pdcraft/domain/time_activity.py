"""What was measured in one region over time: activity with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pdcraft.domain.errors import InputError

Unit = Literal["MBq", "1"]


@dataclass(frozen=True)
class TimeActivity:
    """Measured activity of one region, decaying as it was (not decay-corrected).

    Attributes
    ----------
    region
        As ``"kidneys"``.
    nuclide, decay_per_h
        What was measured, and its decay constant. 1/h.
    unit
        ``"MBq"``, or ``"1"`` for a fraction of the injected activity.
    time_h
        Rising instants after the injection. h, ``[point]``.
    activity, sigma
        Value and standard uncertainty in ``unit``; ``sigma`` None where none was given.
        ``[point]``.
    modality
        As ``"SPECT"`` or ``"planar"``, one for each point; empty where not said.
    rows
        Line of the file that each point stands in, for messages; empty where there is no file.
    """

    region: str
    nuclide: str
    decay_per_h: float
    unit: Unit
    time_h: NDArray[np.float64]
    activity: NDArray[np.float64]
    sigma: NDArray[np.float64] | None = None
    modality: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot have been measured."""
        if not self.decay_per_h > 0:
            raise InputError(
                f"decay_per_h = {self.decay_per_h:g} 1/h must be above 0 ({self.nuclide})."
            )
        if len(self.time_h) == 0:
            raise InputError(f"Region '{self.region}' has no points. Give at least one.")
        for name in ("activity", "sigma"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.time_h):
                raise InputError(
                    f"Region '{self.region}' has {len(self.time_h)} times and {len(values)} values "
                    f"of {name}; it needs one for each time."
                )
        for i, (t, a) in enumerate(zip(self.time_h, self.activity, strict=True)):
            self._check_point(i, float(t), float(a))

    def _check_point(self, i: int, t: float, a: float) -> None:
        where = self.where(i)
        if not np.isfinite(t) or t < 0:
            raise InputError(
                f"{where}: time {t:g} h lies before the injection (or is no number). Times count "
                "from the injection; leave out what was measured before it."
            )
        if i and t <= self.time_h[i - 1]:
            raise InputError(
                f"{where}: time {t:g} h does not follow {self.time_h[i - 1]:g} h. List the points "
                "of a region in order of time, each time once."
            )
        if not np.isfinite(a) or a < 0:
            raise InputError(
                f"{where}: activity {a:g} must be a finite number of 0 or more. Leave the line out "
                "if nothing was measured."
            )
        if self.sigma is not None and not (np.isfinite(self.sigma[i]) and self.sigma[i] > 0):
            raise InputError(
                f"{where}: uncertainty {self.sigma[i]:g} must be a finite number above 0."
            )

    def where(self, point: int) -> str:
        """Words for one point in a message: its region, and its line if there is a file."""
        line = f"line {self.rows[point]}, " if self.rows else ""
        return f"{line}region '{self.region}', point {point + 1}"

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.time_h)
