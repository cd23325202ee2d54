"""Sums over the tissues of the two reference adults."""

from pdcraft import library

_CONTENTS_KG = {"male": 0.958, "female": 0.878}  # stomach, intestine and gall bladder, Table 2.8
_BLOOD_KG = {"male": 5.3, "female": 3.9}


def compute() -> dict[str, float]:
    found = {}
    for sex in ("male", "female"):
        body = library.physiology(f"adult_{sex}")
        flow = dict(zip(body.tissues, 100 * body.flow_share, strict=True))
        vessels = body.arteries + body.veins + body.lungs
        found |= {
            f"{sex} body mass": 1e-3 * float(body.mass_g.sum())
            + _BLOOD_KG[sex]
            + _CONTENTS_KG[sex],
            f"{sex} liver flow": float(flow["liver"] + sum(flow[n] for n in body.portal)),
            f"{sex} skeleton flow": float(flow["skeleton"] + flow["red marrow"]),
            f"{sex} kidneys flow": float(flow["kidneys"]),
            f"{sex} all blood": 100 * (float(body.blood_share.sum()) + vessels),
            f"{sex} all flows": float(body.flow_share.sum()) * body.cardiac_output_L_per_h / 60,
        }
    return found
