"""How long the response takes: counts of four lineages, tumour, serum markers, and all endpoints.

``python -m bench.response`` prints CPU seconds for 1,000 patients over 365 days once compiled, of
each part, and for four times as many. Patients go in shards, as in a run, on one core: threads
that share the work of one program cost half as much again in CPU time.

The floor: a day of one patient takes about 25 stages of four multiply-adds, 12 exponentials and
logarithms, 14 survival exponentials of the tumour's parts and 16 decaying modes: some 50
exponentials and 300 operations, 0.5 us at 4 ns an exponential and 1 GFLOP/s; 0.18 s for 1,000
patients and 365 days on one core.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp

from pdcraft import biology
from pdcraft.study.course import expose
from pdcraft.study.prepare import prepare
from pdcraft.study.shards import SHARD
from pdcraft.study.spec import study_from_text
from pdcraft.study.workers import keep_memory

EXAMPLE = Path(__file__).parent.parent / "examples" / "clr131_myeloma_phase1.toml"


def cpu_s(work, *args, shards: int, repeats: int = 5) -> float:
    jax.block_until_ready(work(*args))
    spent = []
    for _ in range(repeats):
        begin = time.process_time()
        for _ in range(shards):
            jax.block_until_ready(work(*args))
        spent.append(time.process_time() - begin)
    return min(spent)


def main() -> None:
    """Print the table."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    keep_memory()
    text = EXAMPLE.read_text("utf-8").replace('follow_up = "180 d"', 'follow_up = "365 d"')
    prepared = prepare(study_from_text(text))
    plan = prepared.plan

    @eqx.filter_jit
    def rates(people, regimens):
        def one(who, given):
            agent, model, engine = plan.agent, plan.kinetics, plan.engine
            return expose(agent, model, plan.daughters, engine, who, given)[2]

        return jax.vmap(one)(people, regimens)

    @eqx.filter_jit
    def effects(people, rate):
        return jax.vmap(lambda p, r: biology.respond(plan.effects, r, None, p, plan.clock))(
            people, rate
        )

    @eqx.filter_jit
    def outcomes(people, effect):
        return jax.vmap(lambda p, e: biology.foresee(plan.endpoints, e, p))(people, effect)

    print("365 days, CPU seconds once compiled   1,000 patients  4,000 patients")
    rows = {"amounts, activities, dose rates": [], "response": [], "endpoints": []}
    people = prepared.population.draw(jnp.arange(SHARD))
    given = prepared.regimens(prepared.study.cohort[-1], people)
    rate = rates(people, given)
    effect = effects(people, rate)
    for n in (1000, 4000):
        for name, spent in zip(
            rows,
            (cpu_s(rates, people, given, shards=n // SHARD),
             cpu_s(effects, people, rate, shards=n // SHARD),
             cpu_s(outcomes, people, effect, shards=n // SHARD)), strict=True,
        ):  # fmt: skip
            rows[name].append(spent)
    for name, (few, many) in rows.items():
        print(f"{name:37s} {few:13.3f} {many:15.3f}")
    total = sum(many for _, many in rows.values())
    print(f"patients per second and core: {4000 / total:,.0f}")


if __name__ == "__main__":
    main()
