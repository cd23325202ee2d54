"""Numbers in: names become nouns, with every check on the way.

In: names that a study file may say (``"clr131"``, ``"adult_male"``, ``"tissues/marrow"``).
Out: `Agent`, `Chain`, `Emissions`, `Phantom`, `ParameterSet`, each number with its source.
Everything lies here as text: ``agents/ carriers/ payloads/ kinetics/ physiology/ species/ phantoms/
media/ tissues/ diseases/ endpoints/ dosimetry/`` and ``SOURCES.bib``; nuclear data come from
the packages `radioactivedecay` and `icrp107-database`. Read first: `read.py`.
"""

from pdcraft.library.bodies import physiology
from pdcraft.library.conjugate import agent, payload_named
from pdcraft.library.disease import Disease, disease
from pdcraft.library.electron_data import photon_sphere_fractions, sphere_fractions
from pdcraft.library.endpoints import ctcae
from pdcraft.library.event_table import event_records
from pdcraft.library.graphs import graph
from pdcraft.library.media import (
    alphas_in_water,
    electrons_after_cole,
    electrons_in,
    electrons_in_water,
    medium,
)
from pdcraft.library.mixture import mixture
from pdcraft.library.nuclides import chain, emissions
from pdcraft.library.phantom import PHANTOMS, phantom, phantom_names
from pdcraft.library.posterior import posterior
from pdcraft.library.read import (
    bibliography,
    cite,
    names_on,
    parameters,
    read_rows,
    read_toml,
    shelf,
)
from pdcraft.library.time_activity import time_activity
from pdcraft.library.volumes import tumour_volumes

__all__ = [
    "PHANTOMS", "Disease", "agent", "alphas_in_water", "bibliography", "chain", "cite", "ctcae",
    "disease", "electrons_after_cole", "electrons_in", "electrons_in_water", "emissions",
    "event_records", "graph", "medium", "mixture", "names_on", "parameters", "payload_named",
    "phantom", "phantom_names", "photon_sphere_fractions", "physiology", "posterior", "read_rows",
    "read_toml", "shelf", "sphere_fractions", "time_activity", "tumour_volumes",
]  # fmt: skip
