"""Sums over the tissues of the two reference adults."""

from pdcraft import library

_CONTENTS_KG = {"male": 0.958, "female": 0.878}  # stomach, intestine and gall bladder, Table 2.8
_BLOOD_KG = {"male": 5.3, "female": 3.9}


def compute() -> dict[str, float]:
    found = {}
    for sex in ("male", "female"):
        body = library.physiology(f"adult_{sex}")
        flow = {n: 100 * q for n, q in zip(body.tissues, body.flow_share, strict=True)}
        vessels = body.arteries + body.veins + body.lungs
        found |= {
            f"{sex} body mass": 1e-3 * sum(body.mass_g) + _BLOOD_KG[sex] + _CONTENTS_KG[sex],
            f"{sex} liver flow": flow["liver"] + sum(flow[n] for n in body.portal),
            f"{sex} skeleton flow": flow["skeleton"] + flow["red marrow"],
            f"{sex} kidneys flow": flow["kidneys"],
            f"{sex} all blood": 100 * (sum(body.blood_share) + vessels),
            f"{sex} all flows": sum(body.flow_share) * body.cardiac_output_L_per_h / 60,
        }
    return found
