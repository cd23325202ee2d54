"""How many virtual patients one core takes through the whole-body model.

``python -m bench.pbpk`` draws patients with log-normal parameters in chunks and finds their
time-integrated activities in all regions, and the modes of their courses. The peer is the general
elimination on the same graph (`time_integrated_many`). Memory is that of one chunk.
"""

from __future__ import annotations

import resource
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import pdcraft  # noqa: F401  (sets 64-bit before JAX is used)
from pdcraft import kinetics, library
from pdcraft.domain import Patient, Regimen
from pdcraft.kinetics import Elimination, time_integrated_many

CHUNK, PATIENTS = 2_000, 1_000_000


def main() -> None:
    """Print patients per CPU second and the seconds for a million."""
    iodine, agent = library.graph("iodine_icrp137"), library.agent("clr131")
    man = library.physiology("adult_male")
    decay = float(agent.payload.chain.rate_per_h[0])
    model = kinetics.PBPK((man,), iodine, exact_per_h=(decay,))
    one = kinetics.subject(man, library.parameters("kinetics/clr1404_pbpk"), infiltration=0.3)
    typical = one.parameters.value

    def person(key: jax.Array) -> Patient:
        value = typical * jnp.exp(0.1 * jax.random.normal(key, typical.shape))
        value = value.at[one.parameters.names.index("rate.exponent")].set(-0.25)
        begin = ("liver.loss", "internal.loss_as", "thyroid", "kidneys.r")
        shares = jnp.asarray([n.startswith(begin) for n in one.parameters.names])
        value = jnp.where(shares, jnp.clip(value, 0.0, 1.0), value)
        return eqx.tree_at(lambda p: p.parameters.value, one, value)

    regimen = Regimen.of([1.0], time_h=[0.0])

    @jax.jit
    def integrals(keys: jax.Array) -> jax.Array:
        return jax.vmap(lambda k: model.transform_h(person(k), decay)[0])(keys).mean(axis=0)

    @jax.jit
    def courses(keys: jax.Array) -> jax.Array:
        return jax.vmap(lambda k: model.amount(person(k), regimen, agent).nmol)(keys).mean(axis=0)

    graph = model.circulation(one).graph(model.iodine)
    plan = Elimination(graph.places, graph.transfers, entry=["veins"], sinks=["Urine", "Faeces"])

    @jax.jit
    def peer(keys: jax.Array) -> jax.Array:
        rates = jax.vmap(lambda k: model.circulation(person(k)).graph(model.iodine).rate_per_h)(
            keys
        )
        return time_integrated_many(plan, rates.T, jnp.ones(1), decay).mean(axis=1)

    keys = jax.random.split(jax.random.key(1), CHUNK)
    for name, work in (("time integrals, all regions", integrals), ("modes of courses", courses),
                       ("time integrals, elimination on the graph", peer)):  # fmt: skip
        jax.block_until_ready(work(keys))
        spent = []
        for _ in range(5):
            begin = time.process_time()
            jax.block_until_ready(work(keys))
            spent.append(time.process_time() - begin)
        pace = CHUNK / min(spent)
        print(f"{name:42s} {pace:10,.0f} patients per CPU second")
    begin, cpu = time.perf_counter(), time.process_time()
    total = np.zeros((len(model.places), 2))
    for i in range(PATIENTS // CHUNK):
        total += np.asarray(integrals(jax.random.split(jax.random.key(i), CHUNK)))
    print(f"{PATIENTS:,} patients: {time.process_time() - cpu:.1f} s CPU, "
          f"{time.perf_counter() - begin:.1f} s wall, "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")  # fmt: skip


if __name__ == "__main__":
    main()
