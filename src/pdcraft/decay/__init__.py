"""Labelled molecules become activity: the room that knows what a nuclide turns into.

In: an Amount (nmol of labelled molecules, as if nothing decayed) and a Chain.
Out: an Activity (MBq of every nuclide, with the same regions and one mode for each pair of
kinetic mode and chain member). `evolve` follows atoms without kinetics; `labelled_nmol` says how
many labelled molecules an activity is.
Choices: whether daughters stay or leave is made with the chain (`library.chain(daughters=...)`).
Exact for linear kinetics; no time steps. Differentiable and mappable.
Read first `bateman.py`; theory in docs/theory/decay.md.
"""

from pdcraft.decay.bateman import activity, evolve, labelled_nmol
from pdcraft.decay.daughters import FreeDaughters, relocated

__all__ = ["FreeDaughters", "activity", "evolve", "labelled_nmol", "relocated"]
