"""pdcraft: phospholipid drug conjugates in silico, from injection to a trial's outcome.

For research; not a medical device. Start with ``pdcraft run study.toml`` or, in Python, with
`read_study` and `treat`. The river in one file: ``study/course.py``.
"""

from __future__ import annotations

import importlib
import os
import sys

__version__ = "0.1.0"

# 64-bit numbers on the organ path; must be said before JAX starts.
os.environ.setdefault("JAX_ENABLE_X64", "1")
# With host callbacks off, compiled programs can be kept on disk; NaNs are checked by `study`.
os.environ.setdefault("EQX_ON_ERROR", "nan")
if "jax" in sys.modules:
    sys.modules["jax"].config.update("jax_enable_x64", True)

_ROOMS = {
    "domain": (
        "Activity", "Agent", "Amount", "Course", "Dose", "DoseRate", "Effect", "InputError",
        "MissingError", "NumericalError", "Outcome", "ParameterSet", "Patient", "PdcraftError",
        "Regimen", "ValidityWarning",
    ),
    "library": ("agent", "chain", "emissions", "parameters", "phantom"),
    "study": ("Plan", "Study", "patients", "plan", "read_study", "run", "treat"),
}  # fmt: skip
_WHERE = {name: room for room, names in _ROOMS.items() for name in names}
__all__ = [*_WHERE, "__version__"]


def __getattr__(name: str) -> object:
    """Fetch a public name from its room on first use, so that ``pdcraft --help`` stays quick."""
    if name not in _WHERE:
        raise AttributeError(f"pdcraft has no '{name}'; it has {', '.join(_WHERE)}.")
    return getattr(importlib.import_module(f"pdcraft.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    """Public names."""
    return sorted(__all__)
