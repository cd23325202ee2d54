"""What a study rests on: every parameter with its origin, the study's own choices, and limits."""

from __future__ import annotations

import jax.numpy as jnp

from pdcraft import library
from pdcraft.domain import Parameter
from pdcraft.domain.parameter import STATUSES
from pdcraft.kinetics import PBPK, CytotoxicConjugate, TwoPool, moves_as_iodide
from pdcraft.study.prepare import Prepared
from pdcraft.study.results import Rows

# Works that every run uses besides the sources of its parameters.
_ALWAYS = {
    "bolch2009", "cristy1987", "estar", "grudzinski2014", "icrp107", "kumar2016", "mosteller1987",
    "nct01495663", "pdcraft", "smarteranalyst2017",
}  # fmt: skip
_BODIES = {"huisinga2012", "icrp137", "icrp89", "poulin2002", "rodgers2006", "weideman2007"}


_RADIATION = {"bolch2009", "cristy1987", "estar", "icrp107"}
_PATIENTS = {"kumar2016", "mosteller1987", "nct01495663", "smarteranalyst2017"}
_INFUSION = {
    True: ("published", "smarteranalyst2017", "30-minute infusion of CLR 131"),
    False: ("assumption", "pdcraft", "study file"),
}


def _is_published(prepared: Prepared) -> bool:
    """Whether the infusion is that of CLR 131."""
    return prepared.plan.agent.name == "CLR 131" and prepared.study.study.species == "human"


def _daughters(prepared: Prepared) -> Rows:
    """What the payload becomes, and where that decays; nothing for a drug."""
    payload = prepared.plan.agent.payload
    if payload.drug is not None:
        return []
    row = {
        "daughters": "stay", "source": "pdcraft", "where": "all progeny",
        "why": "not described in the library: daughters decay where their parent did",
    }  # fmt: skip
    if payload.name in library.names_on("payloads"):
        row = library.read_toml("payloads", payload.name)
    status = "assumption" if len(payload.chain.nuclides) > 1 else "published"
    return [["payload.daughters", row["daughters"], "", "none", status, row["source"],
             f"{row['where']}: {row['why']}", "where daughters deposit their energy"]]  # fmt: skip


def _every(prepared: Prepared) -> list[Parameter]:
    return [*prepared.parameters.values(), *prepared.engine_parameters.values()]


def assumption_rows(prepared: Prepared) -> Rows:
    """Rows of ``assumptions.csv``: weakest first, the study's own rules at the top."""
    study = prepared.study
    where = "study file; the true protocol is not public"
    rules: Rows = [
        [f"dose_limiting_toxicity.{r.lineage}", r.below, "1e9/L", "none", "assumption", "pdcraft",
         f"below it for {r.for_at_least / 24:g} d or more; {where}", "the trial's decisions"]
        for r in study.dose_limiting_toxicity.rules
    ]  # fmt: skip
    mice = study.study.species == "mouse"
    every: Rows = [*_daughters(prepared), ["kinetics.infusion", study.kinetics.infusion, "h",
        "none", *_INFUSION[_is_published(prepared)], "peak concentration"]]  # fmt: skip
    choices: Rows = every if mice else [
        *every,
        *rules,
        ["dose_limiting_toxicity.window", study.dose_limiting_toxicity.window / 24, "d", "none",
         "assumption", "nct01495663", "sister trial watched through day 56",
         "the trial's decisions"],
        ["assessment.ctcae", study.assessment.ctcae, "version", "none", "assumption", "pdcraft",
         where, "grade 3-4 rates"],
        ["assessment.visit_every", study.assessment.visit_every / 24, "d", "none", "assumption",
         "pdcraft", where, "best response, day of progression"],
    ]  # fmt: skip
    rows = choices + [
        [p.name, p.value, p.unit, str(p.spread), p.status, p.source.key, p.source.where,
         p.rests_on_it]
        for p in _every(prepared)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: -STATUSES.index(str(row[4])))


def cited(prepared: Prepared) -> set[str]:
    """Keys of all works that the run rests on."""
    kinetics, always = prepared.plan.kinetics, set(_ALWAYS)
    if isinstance(kinetics, CytotoxicConjugate):
        kinetics = kinetics.carrier
        always -= _RADIATION
    if prepared.study.study.species == "mouse":
        always -= _PATIENTS
    whole_body = _BODIES if isinstance(kinetics, PBPK) else set()
    return {p.source.key for p in _every(prepared)} | always | whole_body


def validity_rows(prepared: Prepared) -> Rows:
    """Rows of ``validity.csv``: what lies outside the range in which a model was checked."""
    rows: Rows = [["payload", text, ""] for text in limits_of_payload(prepared)]
    for p in _every(prepared):
        if p.checked and not p.checked[0] <= p.value <= p.checked[1]:
            rows.append(
                [p.name, _said(p, f"the typical value {p.with_unit(f'{p.value:g}')} lies"), ""]
            )
    n = prepared.study.study.patients
    who = "mice" if prepared.study.study.species == "mouse" else "patients"
    patients = prepared.population.draw(jnp.arange(min(n, 100_000)))
    for name, count in prepared.population.outside(patients).items():
        if int(count):
            p = prepared.parameters[name]
            rows.append([name, _said(p, f"{int(count)} of {n} {who} lie"), int(count)])
    return rows


def limits_of_payload(prepared: Prepared) -> list[str]:
    """What the kinetic model does not know of this payload."""
    payload = prepared.plan.agent.payload
    if payload.drug is not None:
        mice = prepared.study.study.species == "mouse"
        harm = " and kill" if mice else ", kill and neutropenia"
        return [
            f"{payload.name} is taken to leave its linker at one rate everywhere, which was never "
            "published, and what leaves with metabolites of the carrier is not set free; no "
            f"kinetics of this conjugate was published, so take concentrations{harm} as a "
            "what-if."
        ]
    if payload.name.startswith("I-"):
        return []
    if isinstance(prepared.plan.kinetics, TwoPool):
        said = f"label that {payload.name} loses is followed as if it were iodide"
    elif moves_as_iodide(prepared.plan.agent):
        said = f"{payload.name} that is set free is followed as if it were iodide"
    else:
        said = f"{payload.name} that is set free leaves with urine and bile"
    if prepared.plan.daughters is not None:
        said += ", and daughters are freed and move as the study file says (published for none)"
    elif len(payload.chain.nuclides) > 1:
        said += ", and daughters decay where their parent did, without recoil"
    return [f"{said}; take thyroid, bladder and daughter doses as indications only."]


def _said(p: Parameter, who: str) -> str:
    low, high = p.checked or (0.0, 0.0)
    span = p.with_unit(f"{low:g} to {high:g}")
    return f"{who} outside the checked range {span}; the model was extrapolated."
