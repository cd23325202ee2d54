"""S values of the engine for the reference man."""

from pdcraft.study import DOSIMETRY_STUDY, prepare, reference_patient, study_from_text


def compute() -> dict[str, float]:
    prepared = prepare(study_from_text(DOSIMETRY_STUDY))
    man = reference_patient(prepared)
    sources, at = ("thyroid", "red marrow"), man.anatomy.space.index
    S = prepared.plan.engine.s_Gy_per_MBq_h(sources, man.anatomy).sum(axis=-1)[..., 0]
    return {
        f"{name} <- {name} male": float(S[at(name), k]) * 1e3 / 3600
        for k, name in enumerate(sources)
    }
