"""Integrators of other people on the graph of 30 compartments: scipy, diffrax, libroadrunner."""

from __future__ import annotations

from collections.abc import Callable

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import scipy.integrate

from pdcraft.kinetics import Elimination


def lsoda(dense: np.ndarray, begin: np.ndarray, time_h: np.ndarray) -> np.ndarray:
    """Curves by scipy's LSODA with the exact Jacobian. ``[time, place, patient]``."""
    found = []
    for K in dense:
        solved = scipy.integrate.solve_ivp(
            lambda t, x, K=K: K @ x, (0.0, time_h[-1]), begin, method="LSODA", t_eval=time_h,
            jac=lambda t, x, K=K: K, rtol=1e-8, atol=1e-12,
        )  # fmt: skip
        found.append(solved.y.T)
    return np.stack(found, -1)


def by_diffrax(begin: np.ndarray, time_h: np.ndarray) -> Callable[[jax.Array], jax.Array]:
    """Curves by diffrax, Kvaerno 5 with tolerance 1e-8, for a batch of matrices."""

    def one(K: jax.Array) -> jax.Array:
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, x, K: K @ x), diffrax.Kvaerno5(), 0.0, time_h[-1], 1e-4,
            jnp.asarray(begin), args=K, saveat=diffrax.SaveAt(ts=jnp.asarray(time_h)),
            stepsize_controller=diffrax.PIDController(rtol=1e-8, atol=1e-12), max_steps=100_000,
        )  # fmt: skip
        return solution.ys  # type: ignore[return-value]

    return jax.jit(lambda dense: jnp.moveaxis(jax.vmap(one)(dense), 0, -1))


def by_roadrunner(
    plan: Elimination, rates: np.ndarray, decay_per_h: float, time_h: np.ndarray
) -> Callable[[], np.ndarray] | None:
    """Curves by libroadrunner (CVODE on compiled SBML), tolerance 1e-8; None without it."""
    try:
        import roadrunner
    except ImportError:
        return None
    rows = [(a, b) for a, b in plan.transfers]
    names = list(dict.fromkeys(n for pair in rows for n in pair))
    species = "".join(
        f'<species id="{n}" compartment="c" initialAmount="{float(n == "ven")}" '
        'hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/>'
        for n in names
    )
    laws = [(a, b, f"k{i}") for i, (a, b) in enumerate(rows)] + [(n, None, "decay") for n in names]
    reactions = "".join(
        f'<reaction id="r{i}" reversible="false" fast="false"><listOfReactants>'
        f'<speciesReference species="{a}" stoichiometry="1" constant="true"/></listOfReactants>'
        + (f'<listOfProducts><speciesReference species="{b}" stoichiometry="1" constant="true"/>'
           "</listOfProducts>" if b else "")
        + '<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/>'
        f"<ci>{k}</ci><ci>{a}</ci></apply></math></kineticLaw></reaction>"
        for i, (a, b, k) in enumerate(laws)
    )  # fmt: skip
    constants = "".join(
        f'<parameter id="{k}" value="{v!r}" constant="false"/>'
        for k, v in [*((f"k{i}", 0.0) for i in range(len(rows))), ("decay", float(decay_per_h))]
    )
    runner = roadrunner.RoadRunner(
        '<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" '
        'level="3" version="1"><model id="m"><listOfCompartments><compartment id="c" size="1" '
        'constant="true" '
        f'spatialDimensions="3"/></listOfCompartments><listOfSpecies>{species}</listOfSpecies>'
        f"<listOfParameters>{constants}</listOfParameters><listOfReactions>{reactions}"
        "</listOfReactions></model></sbml>"
    )
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-8, 1e-12
    runner.timeCourseSelections = list(plan.places)
    times = [0.0, *time_h.tolist()]

    def curves() -> np.ndarray:
        found = []
        for own in rates.T:
            runner.reset()
            for i, k in enumerate(own):
                runner[f"k{i}"] = float(k)
            found.append(np.array(runner.simulate(times=times))[1:])
        return np.stack(found, -1)

    return curves
