"""A sphere and simple matter for transport tests, without any library."""

import numpy as np
import pytest

from pdcraft.dosimetry.core.geometry import candidates


def sphere_rows(centers_cm, radii_cm):
    """Surfaces and bodies of spheres, region i for sphere i, first wins."""
    surfaces, bodies = [], []
    for i, (c, r) in enumerate(zip(centers_cm, radii_cm, strict=True)):
        x, y, z = c
        surfaces.append(
            [0, 1, 1, 1, 1, 0, 0, 0, -2 * x, -2 * y, -2 * z, x * x + y * y + z * z - r * r]
        )
        box = [x - r, x + r, y - r, y + r, z - r, z + r]
        bodies.append([i, i + 1, i, 0, 0, *box, *np.eye(3).ravel(), 0, 0, 0])
    return np.array(surfaces, float), np.array(bodies, float)


@pytest.fixture
def spheres():
    """Geometry and boxes of spheres: ``spheres(centers_cm, radii_cm)``."""

    def build(centers_cm, radii_cm):
        surfaces, bodies = sphere_rows(centers_cm, radii_cm)
        boxes = bodies[:, 5:11]
        corner = boxes[:, ::2].min(0) - 0.01
        shape = np.ceil((boxes[:, 1::2].max(0) + 0.01 - corner) / 2.0)
        grid = np.array([*corner, 2.0, *shape])
        return (surfaces, bodies, *candidates(bodies, grid), grid), boxes

    return build


@pytest.fixture
def absorber():
    """Physics of a pure absorber, ``absorber(mu per cm)``: every collision is photoelectric."""

    def build(mu_per_cm):
        nodes = 50
        grid = np.array([np.log(1e-3), np.log(4.1e3) / (nodes - 1), nodes])
        table = np.zeros((1, nodes, 6))
        table[:, :, [0, 1, 5]] = mu_per_cm
        flat = np.ones((1, nodes))
        return (
            grid,
            table[0, :, 0].copy(),
            table,
            flat,
            np.cumsum(flat, 1),
            np.array([-9.0, 0.3, nodes]),
        )

    return build
