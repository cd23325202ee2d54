"""Every exception that pdcraft raises on purpose.

::

    PdcraftError
    ├── InputError(ValueError)       a value, shape, unit or combination that cannot be right
    │   └── DicomError               an object that contradicts its header
    ├── MissingError(LookupError)    a name that the library or a model does not hold
    └── NumericalError(RuntimeError) a computation that did not reach its tolerance
    ValidityWarning(UserWarning)     outside the range in which the model was checked;
                                     also marked in the report

Messages say what is wrong (name, value, unit), what would be right, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PdcraftError(Exception):
    """Root of all errors that pdcraft raises on purpose."""


class InputError(PdcraftError, ValueError):
    """A value, shape, unit or combination that cannot be right."""


class MissingError(PdcraftError, LookupError):
    """A name that the library or a model does not hold."""

    def __str__(self) -> str:
        """Message without the quotes that LookupError would add."""
        return str(self.args[0]) if self.args else ""


class NumericalError(PdcraftError, RuntimeError):
    """A computation that did not reach its tolerance."""


class DicomError(InputError):
    """A DICOM object that contradicts its header."""


class ValidityWarning(UserWarning):
    """A number outside the range in which the model was checked."""


MOST_NAMES = 30
"""Longest list of known names that a message tells whole."""


def unknown(kind: str, name: str, known: Iterable[str]) -> MissingError:
    """Error for a name that is not known, with the nearest known one suggested.

    Examples
    --------
    >>> print(unknown("Region", "kidney", ["kidneys", "tumour"]))
    Region 'kidney' is not known. Did you mean 'kidneys'? Known: kidneys, tumour.
    """
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    if len(names) > MOST_NAMES:
        close = difflib.get_close_matches(name, names, n=5, cutoff=0.0)
        listed = f"Among the {len(names)} known: {', '.join(close)}."
    else:
        listed = f"Known: {', '.join(names)}."
    return MissingError(f"{kind} '{name}' is not known.{hint} {listed}")
