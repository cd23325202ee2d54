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

_WHERE = {
    "Activity": "domain", "Agent": "domain", "Amount": "domain", "Course": "domain", "Dose": "domain",
    "DoseRate": "domain", "Effect": "domain", "InputError": "domain", "MissingError": "domain",
    "NumericalError": "domain", "Outcome": "domain", "ParameterSet": "domain", "Patient": "domain",
    "PdcraftError": "domain", "Regimen": "domain", "ValidityWarning": "domain",
    "agent": "library", "chain": "library", "emissions": "library", "parameters": "library",
    "phantom": "library",
    "Plan": "study", "Study": "study", "patients": "study", "plan": "study", "read_study": "study",
    "run": "study", "treat": "study",
}  # fmt: skip
__all__ = [*_WHERE, "__version__"]


def __getattr__(name: str) -> object:
    """Fetch a public name from its room on first use, so that ``pdcraft --help`` stays quick."""
    if name not in _WHERE:
        raise AttributeError(f"pdcraft has no '{name}'; it has {', '.join(_WHERE)}.")
    return getattr(importlib.import_module(f"pdcraft.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    """Public names."""
    return sorted(__all__)
