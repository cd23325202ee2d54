"""I-131 S values of the adult male phantom."""

from pdcraft import dosimetry, library

_PAIRS = (
    "thyroid <- thyroid", "liver <- liver", "kidneys <- kidneys", "spleen <- spleen",
    "pancreas <- pancreas", "brain <- brain", "liver <- kidneys", "kidneys <- liver",
    "spleen <- liver", "red marrow <- liver", "red marrow <- kidneys", "total body <- liver",
    "total body <- kidneys", "total body <- thyroid", "total body <- total body",
    "red marrow <- total body", "lungs <- liver", "lungs <- thyroid",
)  # fmt: skip


def compute() -> dict[str, float]:
    body, emitted = library.phantom("adult_male"), library.emissions("I-131")
    S = dosimetry.organ_s_Gy_per_MBq_h(body, emitted) * 1e3 / 3600
    found = {}
    for pair in _PAIRS:
        target, source = pair.split(" <- ")
        found[pair] = float(S[body.target(target), body.source(source)])
    return found
