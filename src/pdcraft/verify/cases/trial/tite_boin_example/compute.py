"""The example of TITEgBOIN: window 28 days, pending patients seen for 14 days each."""

from pdcraft.trial import BOIN, TITEBOIN

CODE = {"escalate": 1, "stay": 0, "de-escalate": -1, "eliminate": -2, "suspend": 9}


def compute() -> dict[str, float]:
    rule, found = TITEBOIN(BOIN(0.30), window_h=28 * 24), {}
    for pending in (0, 1, 2):
        here, followed = f"{pending} of 4 under observation", (14 * 24.0,) * pending
        found[f"{here}: rate"] = rule.rate(4, 1, pending_h=followed)
        found[f"{here}: decision"] = CODE[rule.decide(4, 1, pending_h=followed).decision]
    return found
