"""Time-integrated activities of tumour sites from the modes of the whole body."""

from pdcraft import library
from pdcraft.domain import Regimen
from pdcraft.kinetics import PBPK, subject

_MAN, _AGENT = library.physiology("adult_male"), library.agent("clr131")


def compute() -> dict[str, float]:
    model = PBPK((_MAN,), library.graph("iodine_icrp137"), lesions=1, rafts_fill=True)
    regimen = Regimen.of([3700.0, 3700.0], time_h=[0.0, 168.0], duration_h=0.5)
    chain, found = _AGENT.payload.chain, {}
    for capacity in (0.5, 0.05, 0.005):
        who = subject(
            _MAN, library.parameters("kinetics/clr1404_pbpk"),
            {"lesion 1.mass": 20.0, "lesion.perfusion": 0.3, "carrier.mass_per_activity": 0.6,
             "raft.capacity": capacity}, infiltration=0.3,
        )  # fmt: skip
        amount = model.amount(who, regimen, _AGENT)
        held_h = amount.nmol.sum(axis=1) / (amount.clock.rate_per_h + chain.rate_per_h[0])
        for i, dose in enumerate(("first", "second")):
            for site in model.sites:
                mine = held_h[model.places.index(site)].reshape(2, -1)[i].sum()
                name = f"{site} at {capacity:g} nmol/g {dose} dose"
                found[name] = float(mine / chain.nmol_per_MBq)
    return found
