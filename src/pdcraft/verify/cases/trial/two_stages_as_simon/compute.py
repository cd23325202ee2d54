"""Expected patients at the uninteresting rate, watched as response and as freedom from toxicity."""

from pdcraft.trial import ResponseAndToxicity

DESIGNS = (  # p0, r1, n1, r, n
    (0.05, 0, 9, 2, 24),
    (0.05, 0, 9, 2, 17),
    (0.05, 0, 9, 3, 30),
    (0.1, 1, 12, 5, 35),
    (0.1, 1, 10, 5, 29),
    (0.1, 2, 18, 6, 35),
    (0.2, 3, 17, 10, 37),
    (0.2, 3, 13, 12, 43),
    (0.2, 4, 19, 15, 54),
    (0.3, 7, 22, 17, 46),
    (0.3, 5, 15, 18, 46),
    (0.3, 8, 24, 24, 63),
    (0.4, 7, 18, 22, 46),
    (0.4, 7, 16, 23, 46),
    (0.4, 11, 25, 32, 66),
    (0.5, 11, 21, 26, 45),
    (0.5, 8, 15, 26, 43),
    (0.5, 13, 24, 36, 61),
    (0.6, 6, 11, 26, 38),
    (0.6, 7, 11, 30, 43),
    (0.6, 12, 19, 37, 53),
    (0.7, 6, 9, 22, 28),
    (0.7, 4, 6, 22, 27),
    (0.7, 11, 15, 29, 36),
)


def compute() -> dict[str, float]:
    found = {}
    for p, r1, n1, r, n in DESIGNS:
        response = ResponseAndToxicity(n1, n, r1, r, t1=n1, t=n)
        safety = ResponseAndToxicity(n1, n, -1, -1, t1=n1 - r1 - 1, t=n - r - 1)
        name = f"{r1}/{n1}, {r}/{n} at {p:g}"
        found[f"{name}, response"] = response.characteristics(p, 0.4).expected_n
        found[f"{name}, safety"] = safety.characteristics(0.4, 1 - p).expected_n
    return found
