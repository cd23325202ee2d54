"""Tables of single-arm and randomised designs for a protocol: boundaries, size, characteristics."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pdcraft.domain import InputError, unknown
from pdcraft.report.protocol import Section
from pdcraft.trial import (
    BOP2,
    BayesianArm,
    SingleArm,
    TwoStage,
    calibrate_bop2,
    error_spending,
    obrien_fleming,
    pocock,
    response_and_toxicity,
    schoenfeld_events,
    simon_designs,
)
from pdcraft.trial.spending import OBrienFlemingLike, PocockLike

EXACT = "Exact: no Monte Carlo error."


def simon(
    p0: float = 0.10, p1: float = 0.30, alpha: float = 0.05, beta: float = 0.20, most: int = 100
) -> tuple[Section, ...]:
    """Simon's optimal, minimax and admissible two-stage designs."""
    found = simon_designs(p0, p1, alpha=alpha, beta=beta, most=most)
    named: dict[TwoStage, list[str]] = {design: [] for design in found.admissible}
    named[found.optimal].append("optimal")
    named.setdefault(found.minimax, []).append("minimax")
    rows = tuple(
        (" and ".join(names) or "admissible", f"{d.r1}/{d.n1}", f"{d.r}/{d.n}",
         f"{d.expected_n(p0):.2f}", f"{d.early_stop(p0):.4f}", f"{d.succeeds(p0):.4f}",
         f"{d.succeeds(p1):.4f}")
        for d, names in named.items()
    )  # fmt: skip
    return (Section(
        "simon", f"Simon's two-stage designs, rate of response {p0:g} against {p1:g}",
        "The trial stops after the first stage with at most r1 responses in n1 patients, and "
        f"fails with at most r in n. Errors of at most {alpha:g} and {beta:g}. {EXACT}",
        ("design", "r1/n1", "r/n", f"patients at {p0:g}", f"early stop at {p0:g}",
         f"success at {p0:g}", f"success at {p1:g}"), rows,
    ),)  # fmt: skip


def bop2(
    p0: float = 0.20, p1: float = 0.40, alpha: float = 0.10,
    looks: tuple[int, ...] = (10, 20, 30, 40),
) -> tuple[Section, ...]:  # fmt: skip
    """BOP2 with stops for futility, calibrated for the largest power."""
    design: BOP2 = calibrate_bop2(p0, p1, looks, alpha=alpha)
    note = (
        f"Calibrated for the largest power at {p1:g} with an error of at most {alpha:g} at {p0:g}: "
        f"lambda = {design.lam:.3f}, gamma = {design.gamma:.2f}. {EXACT}"
    )
    return _single_arm("bop2", "BOP2", design.boundaries, (p0, p1), note)


def bayesian_arm(
    p0: float = 0.20, p1: float = 0.40, looks: tuple[int, ...] = tuple(range(10, 41)),
    prior: tuple[float, ...] = (0.5, 0.5), success_at_end: float = 0.95,
    futile_below: float = 0.05, success_from: float = 2.0, by: str = "posterior",
) -> tuple[Section, ...]:  # fmt: skip
    """One arm watched continuously by the posterior or predictive probability."""
    if len(prior) != 2:
        raise InputError(f"prior = {prior} must be two positive numbers, as 0.5,0.5.")
    arm = BayesianArm(p0, looks, (prior[0], prior[1]), success_at_end, futile_below, success_from,
                      by)  # fmt: skip
    note = (
        f"By the {by} probability of a rate above {p0:g} with prior Beta({prior[0]:g}, "
        f"{prior[1]:g}). {EXACT}"
    )
    title = "Bayesian single arm with continuous monitoring"
    return _single_arm("bayesian_arm", title, arm.boundaries, (p0, p1), note)


def two_stage_toxicity(
    response: tuple[float, ...] = (0.20, 0.40), toxicity: tuple[float, ...] = (0.40, 0.20),
    alpha_response: float = 0.10, alpha_toxicity: float = 0.10, beta: float = 0.20, most: int = 60,
) -> tuple[Section, ...]:  # fmt: skip
    """Two stages that watch response and toxicity together (Bryant and Day)."""
    if len(response) != 2 or len(toxicity) != 2:
        raise InputError("response and toxicity are two rates each: unacceptable, acceptable.")
    p, q = (response[0], response[1]), (toxicity[0], toxicity[1])
    d = response_and_toxicity(response=p, toxicity=q, alpha_response=alpha_response,
                              alpha_toxicity=alpha_toxicity, beta=beta, most=most)  # fmt: skip
    rows = []
    for seen in ((p[0], q[1]), (p[1], q[0]), (p[0], q[0]), (p[1], q[1])):
        found = d.characteristics(*seen)
        rows.append((f"{seen[0]:g}", f"{seen[1]:g}", f"{found.recommends:.4f}",
                     f"{found.expected_n:.2f}"))  # fmt: skip
    return (
        Section(
            "two_stage_toxicity", "Two stages with response and toxicity",
            "It goes on, and recommends, with more than so many responses and at most so many "
            "patients with toxicity.",
            ("stage", "patients", "responses, more than", "with toxicity, at most"),
            (("1", str(d.n1), str(d.r1), str(d.t1)), ("2", str(d.n), str(d.r), str(d.t))),
        ),
        Section("characteristics", "Operating characteristics",
                f"Response and toxicity are independent. {EXACT}",
                ("response", "toxicity", "recommends", "patients"), tuple(rows)),
    )  # fmt: skip


def log_rank(
    hazard_ratio: float = 0.7, alpha: float = 0.025, power: float = 0.80,
    share_treated: float = 0.5, share_with_event: float = 1.0,
) -> tuple[Section, ...]:  # fmt: skip
    """Events and patients of a log-rank test."""
    if not 0 < share_with_event <= 1:
        raise InputError(f"share_with_event = {share_with_event:g} must lie in 0 to 1.")
    d = schoenfeld_events(hazard_ratio, alpha=alpha, power=power, share_treated=share_treated)
    patients = math.ceil(d / share_with_event)
    row = (f"{hazard_ratio:g}", f"{alpha:g}", f"{power:g}", f"{d:.3f}", str(math.ceil(d)),
           str(patients))  # fmt: skip
    return (Section(
        "log_rank", "Log-rank test: sample size",
        f"Events by Schoenfeld's formula, one-sided, {share_treated:g} of the patients treated; "
        f"patients if a share of {share_with_event:g} has the event in time.",
        ("hazard ratio", "alpha", "power", "events, not rounded", "events", "patients"), (row,),
    ),)  # fmt: skip


def group_sequential(
    looks: int = 3, alpha: float = 0.025, boundary: str = "obrien-fleming", drift: float = 0.0
) -> tuple[Section, ...]:
    """Critical values of a one-sided group-sequential test with equal steps of information."""
    spending = {"spending-obrien-fleming": OBrienFlemingLike, "spending-pocock": PocockLike}
    known = ("obrien-fleming", "pocock", *spending)
    if boundary not in known:
        raise unknown("boundary", boundary, known)
    if boundary in spending:
        shares = tuple((k + 1) / looks for k in range(looks))
        design = error_spending(shares, alpha=alpha, spending=spending[boundary]())
    else:
        design = {"obrien-fleming": obrien_fleming, "pocock": pocock}[boundary](looks, alpha=alpha)
    none, some = design.rejects(0.0), design.rejects(drift)
    rows = tuple(
        (str(k + 1), f"{(k + 1) / looks:.3f}", f"{c:.4f}", f"{none[: k + 1].sum():.5f}",
         f"{some[: k + 1].sum():.5f}")
        for k, c in enumerate(design.critical)
    )  # fmt: skip
    return (Section(
        "group_sequential", f"Group-sequential boundary: {boundary}",
        f"Reject as soon as Z is at least the critical value. {EXACT}",
        ("look", "share of information", "critical Z", "rejected without effect",
         f"rejected at drift {drift:g}"), rows,
    ),)  # fmt: skip


PHASE_TWO: dict[str, Callable[..., tuple[Section, ...]]] = {
    "simon": simon, "bop2": bop2, "bayesian-arm": bayesian_arm,
    "two-stage-toxicity": two_stage_toxicity, "log-rank": log_rank,
    "group-sequential": group_sequential,
}  # fmt: skip
"""Designs beyond dose escalation by the names of the command line."""


def sections_of(name: str, options: dict[str, Any]) -> tuple[Section, ...]:
    """Tables of a named design.

    Raises
    ------
    MissingError
        If there is no such design.
    InputError
        If an option cannot be.
    """
    if name not in PHASE_TWO:
        raise unknown("Design", name, PHASE_TWO)
    return PHASE_TWO[name](**options)


def _single_arm(
    key: str, title: str, arm: SingleArm, rates: tuple[float, float], note: str
) -> tuple[Section, ...]:
    """Boundaries, and what they do at two rates of response."""
    cells = zip(arm.looks, arm.futile_at_most, arm.success_at_least, strict=True)
    rows = tuple(
        (str(n), "-" if low < 0 else str(low), "-" if high > n else str(high))
        for n, low, high in cells
    )
    done = []
    for p in rates:
        c = arm.characteristics(p)
        done.append((f"{p:g}", f"{c.succeeds:.4f}", f"{c.expected_n:.2f}",
                     f"{c.stops_for_futility:.4f}", f"{c.stops_for_efficacy:.4f}"))  # fmt: skip
    return (
        Section(key, f"{title}: boundaries", note,
                ("patients", "futile with at most", "success from"), rows),
        Section("characteristics", "Operating characteristics", EXACT,
                ("rate", "success", "patients", "early stop, futile", "early stop, success"),
                tuple(done)),
    )  # fmt: skip
