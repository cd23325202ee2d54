"""IgM at baseline and at one visit."""

from pdcraft.biology import Level, waldenstrom_depth, waldenstrom_progressed


def compute() -> dict[str, float]:
    pairs = ((51.0, 22.33), (40.0, 30.1), (40.0, 30.0), (40.0, 20.0), (40.0, 4.0))
    found = {
        f"IgM {was:g} to {now:g} g/L": float(waldenstrom_depth(Level(was, was, now)))
        for was, now in pairs
    }
    for now in (49.0, 50.0):
        worse = waldenstrom_progressed(Level(40.0, 40.0, now))
        found[f"PD: IgM 40 to {now:g} g/L"] = float(worse)
    return found
