"""Tables of events against a solver that knows nothing of the package: SciPy, event by event."""

import csv
import io

import numpy as np
import pytest
import scipy.integrate

from pdcraft import library
from pdcraft.domain import InputError
from pdcraft.kinetics import estimation
from pdcraft.kinetics.estimation import Covariate, PopulationModel, Theta

ORAL = {"CL": 5.0, "V1": 20.0, "Q": 8.0, "V2": 60.0, "KA": 0.9}
SATURABLE = {"VM": 12.0, "KM": 1.5, "V": 25.0, "KA": 0.9}


def oral_slope(x, rate, p):
    c1, c2 = x[1] / p["V1"], x[2] / p["V2"]
    across = p["Q"] * (c1 - c2)
    return rate + np.array([-p["KA"] * x[0], p["KA"] * x[0] - p["CL"] * c1 - across, across])


def saturable_slope(x, rate, p):
    c = x[1] / p["V"]
    loss = p["VM"] * c / (p["KM"] + c)
    return rate + np.array([-p["KA"] * x[0], p["KA"] * x[0] - loss])


class Walk:
    """A patient's state, infusions that run and doses to come, moved from instant to instant."""

    def __init__(self, slope, size):
        self.slope, self.size = slope, size
        self.time, self.p = 0.0, {}
        self.forget()

    def forget(self):
        self.x, self.running, self.pending = np.zeros(self.size), [], []

    def to(self, t):
        while True:
            ends = [end for end, _, _ in self.running]
            stop = min([t, *(e for e in ends if e <= t), *(d[0] for d in self.pending)])
            stop = min(stop, t)
            if stop > self.time:
                rate = np.zeros(self.size)
                for _, place, r in self.running:
                    rate[place] += r
                self.flow(rate, stop)
            self.time = stop
            self.running = [q for q in self.running if q[0] > stop + 1e-9]
            due = [d for d in self.pending if d[0] <= stop + 1e-9]
            self.pending = [d for d in self.pending if d[0] > stop + 1e-9]
            for _, place, amount, rate in due:
                self.give(place, amount, rate)
            if stop == t:
                return

    def flow(self, rate, stop):
        self.x = scipy.integrate.solve_ivp(
            lambda _, x: self.slope(x, rate, self.p), (self.time, stop), self.x,
            method="DOP853", rtol=1e-10, atol=1e-13,
        ).y[:, -1]  # fmt: skip

    def give(self, place, amount, rate):
        if rate > 0:
            self.running.append((self.time + amount / rate, place, rate))
        else:
            self.x[place] += amount

    def settled(self, place, amount, rate, interval):
        """A walk that has had this dose for long, just before it is given again."""
        past = Walk(self.slope, self.size)
        past.p = self.p
        if amount == 0:
            past.running = [(np.inf, place, rate)]
            past.to(400.0)
            past.running = []
            return past
        many = int(720 / interval)
        past.pending = [(k * interval, place, amount, rate) for k in range(many)]
        past.to(many * interval)
        past.running = [(end - many * interval + self.time, q, r) for end, q, r in past.running]
        return past


def walked(text, slope, size, measured, values, *, default=0, carry="locf", weight=None):
    """Concentrations at the observations of a table of one patient."""
    rows = list(csv.DictReader(io.StringIO(text)))
    walk, seen, base = Walk(slope, size), [], 0.0
    number = lambda r, k: float(r.get(k) or 0)  # noqa: E731
    parameters = lambda r: values | ({"CL": values["CL"] * number(r, "WT") / 70} if weight else {})  # noqa: E731
    walk.p = parameters(rows[0])
    for r in rows:
        event, t = int(number(r, "EVID")), number(r, "TIME") + base
        if event in (3, 4) and t < walk.time:
            base += walk.time - t
            t = walk.time
        if carry == "nocb":
            walk.p = parameters(r)
        walk.to(t)
        walk.p = parameters(r)
        if event in (3, 4):
            walk.forget()
        if event in (1, 4):
            place = int(number(r, "CMT")) - 1 if number(r, "CMT") else default
            dose = place, number(r, "AMT"), number(r, "RATE")
            if number(r, "SS"):
                past = walk.settled(*dose, number(r, "II"))
                if number(r, "SS") == 1:
                    walk.forget()
                walk.x, walk.running = walk.x + past.x, walk.running + past.running
            if dose[1] > 0:
                walk.give(*dose)
            for k in range(1, int(number(r, "ADDL")) + 1):
                walk.pending.append((t + k * number(r, "II"), *dose))
        elif event == 0 and not number(r, "MDV"):
            seen.append(walk.x[measured] / values["V1" if "V1" in values else "V"])
    return np.array(seen)


def predicted(tmp_path, text, structure, values, *, carry="locf", weight=False):
    file = tmp_path / "data.csv"
    head, *lines = text.strip().splitlines()
    file.write_text("\n".join([f"ID,{head},DV", *(f"1,{line},1" for line in lines)]), "utf-8")
    more = {"covariates": (Covariate("CL", "WT", "power", 70.0, 1.0),)} if weight else {}
    model = PopulationModel(
        structure, {k: Theta(v) for k, v in values.items()}, np.array([[0.1]]), ("V1",)
        if "V1" in values else ("V",), ("lognormal",), {"additive": 1.0}, **more,
    )  # fmt: skip
    records = library.event_records(file, covariates=model.reads, carry=carry)
    steps = estimation.prepare(model, records, carry=carry)
    return np.asarray(estimation.typical_values(model, steps))[np.asarray(steps.is_observed)]


EVERY = {
    "bolus by mouth and into the vein": """TIME,EVID,AMT,CMT
0,1,100,1
1,0,,2
2,1,50,2
2,0,,2
6,0,,2
""",
    "observation before and after a dose at one instant": """TIME,EVID,AMT,CMT
0,1,100,2
4,0,,2
4,1,100,2
4,0,,2
""",
    "infusions with additional doses, into three compartments": """TIME,EVID,AMT,RATE,ADDL,II,CMT
0,1,100,25,2,12,2
3,1,40,0,1,5,1
5,1,30,60,0,0,3
5.5,0,,,,,2
13,0,,,,,2
30,0,,,,,2
""",
    "overlapping infusions": """TIME,EVID,AMT,RATE,ADDL,II,CMT
0,1,100,10,3,4,2
1,0,,,,,2
9,0,,,,,2
15,0,,,,,2
40,0,,,,,2
""",
    "reset cuts an infusion and what was to come": """TIME,EVID,AMT,RATE,ADDL,II,CMT
0,1,100,10,4,6,2
4,0,,,,,2
8,3,,,,,
9,0,,,,,2
10,1,70,0,0,0,2
13,0,,,,,2
26,0,,,,,2
""",
    "reset at the instant of a dose, after it in the file": """TIME,EVID,AMT,RATE,ADDL,II,CMT
0,1,50,0,0,0,2
2,1,100,20,1,12,2
2,3,,,,,
3,0,,,,,2
3,1,10,0,0,0,2
8,0,,,,,2
20,0,,,,,2
""",
    "reset at the instant of a dose, before it in the file": """TIME,EVID,AMT,RATE,ADDL,II,CMT
0,1,50,0,0,0,2
2,3,,,,,
2,1,100,20,1,12,2
3,0,,,,,2
20,0,,,,,2
""",
    "reset with dose, clock begins anew": """TIME,EVID,AMT,RATE,ADDL,II,CMT
0,1,100,10,4,6,2
7,0,,,,,2
0,4,80,8,2,9,2
3,0,,,,,2
12,0,,,,,2
33,0,,,,,2
""",
    "additional bolus at the instant of an observation": """TIME,EVID,AMT,ADDL,II,CMT
0,1,100,2,6,2
6,0,,,,2
12,0,,,,2
""",
    "other events and hidden values change nothing": """TIME,EVID,AMT,CMT,MDV
0,1,100,2,1
1,2,,,1
2,0,,2,1
3,0,,2,0
""",
    "steady state of a bolus": """TIME,EVID,AMT,ADDL,II,SS,CMT
0,1,100,2,12,1,1
1,0,,,,,2
11,0,,,,,2
30,0,,,,,2
70,0,,,,,2
""",
    "steady state of an infusion": """TIME,EVID,AMT,RATE,II,SS,CMT
5,1,100,25,12,1,2
5,0,,,,,2
7,0,,,,,2
16,0,,,,,2
""",
    "steady state of infusions longer than their interval": """TIME,EVID,AMT,RATE,ADDL,II,SS,CMT
0,1,100,10,2,4,1,2
0,0,,,,,,2
1,0,,,,,,2
3,0,,,,,,2
7,0,,,,,,2
11,0,,,,,,2
19,0,,,,,,2
40,0,,,,,,2
""",
    "steady state of infusions that fill whole intervals": """TIME,EVID,AMT,RATE,II,SS,CMT
0,1,80,10,4,1,2
2,0,,,,,2
6,0,,,,,2
12,0,,,,,2
""",
    "steady state forgets, ends and cancels what was given": """TIME,EVID,AMT,RATE,ADDL,II,SS,CMT
0,1,500,20,5,8,0,2
3,0,,,,,,2
6,1,100,0,0,12,1,1
7,0,,,,,,2
20,0,,,,,,2
40,0,,,,,,2
""",
    "steady state beside what was given": """TIME,EVID,AMT,RATE,ADDL,II,SS,CMT
0,1,500,20,2,30,0,2
6,1,100,50,0,12,2,2
7,0,,,,,,2
20,0,,,,,,2
40,0,,,,,,2
""",
    "infusion that never ended": """TIME,EVID,AMT,RATE,II,SS,CMT
0,1,0,7,0,1,2
0,0,,,,,2
5,0,,,,,2
""",
    "reset with dose at steady state": """TIME,EVID,AMT,RATE,ADDL,II,SS,CMT
0,1,500,20,2,30,0,2
6,4,100,0,1,12,1,1
7,0,,,,,,2
31,0,,,,,,2
""",
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_a_linear_model_follows_every_sequence(tmp_path, name):
    found = predicted(tmp_path, EVERY[name], estimation.two_compartment(oral=True), ORAL)
    true = walked(EVERY[name], oral_slope, 3, 1, ORAL)
    # 720 h of doses are within 1e-9 of infinitely many; the solver's tolerance is 1e-10 a step
    assert found == pytest.approx(true, rel=2e-8, abs=1e-12)


@pytest.mark.parametrize(
    "name",
    [
        "observation before and after a dose at one instant",
        "overlapping infusions",
        "reset cuts an infusion and what was to come",
        "steady state of a bolus",
    ],
)
def test_a_nonlinear_model_follows_them_too_or_refuses_steady_state(tmp_path, name):
    structure = estimation.MichaelisMenten(oral=True)
    if "steady" in name:
        with pytest.raises(InputError, match="steady state"):
            predicted(tmp_path, EVERY[name], structure, SATURABLE)
        return
    found = predicted(tmp_path, EVERY[name], structure, SATURABLE)
    true = walked(EVERY[name], saturable_slope, 2, 1, SATURABLE)
    # diffrax works to a relative 1e-8 a step
    assert found == pytest.approx(true, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("carry", ["locf", "nocb"])
def test_covariates_change_between_doses_infusions_and_resets(tmp_path, carry):
    text = """TIME,EVID,AMT,RATE,ADDL,II,SS,CMT,WT
0,1,100,10,2,8,1,2,50
3,0,,,,,,2,90
9,0,,,,,,2,60
14,4,60,20,0,0,0,2,120
15,0,,,,,,2,80
20,0,,,,,,2,70
"""
    structure = estimation.two_compartment(oral=True)
    found = predicted(tmp_path, text, structure, ORAL, carry=carry, weight=True)
    true = walked(text, oral_slope, 3, 1, ORAL, carry=carry, weight=True)
    assert found == pytest.approx(true, rel=2e-8)


def test_a_volume_that_changes_counts_from_its_record_on(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("ID,TIME,AMT,DV,WT\n1,0,100,.,70\n1,2,.,1,140\n1,4,.,1,140\n", "utf-8")
    model = PopulationModel(
        estimation.one_compartment(), {"CL": Theta(5.0), "V": Theta(50.0)}, np.array([[0.1]]),
        ("CL",), ("lognormal",), {"additive": 1.0},
        covariates=(Covariate("V", "WT", "power", 70.0, 1.0),),
    )  # fmt: skip
    records = library.event_records(file, covariates=("WT",))
    steps = estimation.prepare(model, records)
    found = np.asarray(estimation.typical_values(model, steps))[0, 1:]
    # 0.1/h until 2 h, then 0.05/h in twice the volume
    assert found == pytest.approx([np.exp(-0.2), np.exp(-0.3)])


def test_the_walk_itself_is_right():
    """One compartment has a closed form: an infusion of 4 h, cut by a reset after 2 h."""
    text = "TIME,EVID,AMT,RATE,CMT\n0,1,40,10,2\n2,0,,,2\n2,3,,,\n4,0,,,2\n"
    values = {"CL": 5.0, "V1": 50.0, "Q": 0.0, "V2": 1.0, "KA": 1.0}
    found = walked(text, oral_slope, 3, 1, values)
    assert found == pytest.approx([10 / 5 * (1 - np.exp(-0.2)), 0.0], rel=1e-9)
