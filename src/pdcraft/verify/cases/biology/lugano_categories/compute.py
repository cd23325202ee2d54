"""Sizes by hand."""

from pdcraft.biology import Level, lugano_depth, lugano_progressed


def worse(was: float, now: float) -> float:
    size = Level(was**2, was**2, now**2)
    return float(lugano_progressed(size, long_diameter_mm=was))


def compute() -> dict[str, float]:
    found = {}
    for part, said in ((51, ""), (50, ""), (15, " (15.5 mm)"), (14, " (15.0 mm)")):
        depth = lugano_depth(Level(100.0, 100.0, float(part)), long_diameter_mm=40.0)
        found[f"40 mm: product to {part} %{said}"] = float(depth)
    return found | {
        "PD: 40 mm grows to 48 mm (44 %)": worse(40.0, 48.0),
        "PD: 40 mm grows to 50 mm (56 %)": worse(40.0, 50.0),
        "PD: 18 mm grows to 22.5 mm (56 % but 4.5 mm)": worse(18.0, 22.5),
        "PD: 18 mm grows to 23.5 mm (70 % and 5.5 mm)": worse(18.0, 23.5),
        "PD: 10 mm grows to 14.5 mm (110 % but normal)": worse(10.0, 14.5),
    }
