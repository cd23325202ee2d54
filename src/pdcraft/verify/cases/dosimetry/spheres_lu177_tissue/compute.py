"""All radiations of Lu-177, the tables of soft tissue at 1.03 g/cm3."""

from pdcraft import library
from pdcraft.dosimetry import ElectronSpheres, PhotonSpheres, build_sphere

MASSES_G = (
    0.00431, 0.0146, 0.0345, 0.116, 0.276, 0.539, 0.932, 2.21, 4.31, 14.6, 34.5, 116, 276, 539, 932,
)  # fmt: skip


def compute() -> dict[str, float]:
    engine = build_sphere(
        [library.emissions("Lu-177")],
        ElectronSpheres(*library.sphere_fractions("soft_tissue")),
        PhotonSpheres(*library.photon_sphere_fractions("soft_tissue")),
        stopping=library.electrons_in("soft_tissue"),
        alpha_stopping=library.alphas_in_water(),
        density_g_per_cm3=1.03,
    )
    S, _ = engine.s_Gy_per_MBq_h(MASSES_G)
    return {f"{m:g} g": float(s.sum()) / 3.6e9 for m, s in zip(MASSES_G, S, strict=True)}
