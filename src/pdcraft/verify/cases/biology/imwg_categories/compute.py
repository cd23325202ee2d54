"""One assessment each; a measure is (baseline, lowest so far, now)."""

from pdcraft.biology import Level, has_progressed, imwg_category


def compute() -> dict[str, float]:
    found = {
        "serum 40 to 20 g/L without urine disease": imwg_category(
            serum_g_per_L=Level(40.0, 40.0, 20.0)
        ),
        "serum 40 to 4 g/L with urine 50 mg": imwg_category(
            serum_g_per_L=Level(40.0, 40.0, 4.0), urine_mg_per_24h=Level(50.0, 50.0, 50.0)
        ),
        "serum 40 to 4 g/L with urine 2000 to 150 mg": imwg_category(
            serum_g_per_L=Level(40.0, 40.0, 4.0), urine_mg_per_24h=Level(2000.0, 2000.0, 150.0)
        ),
        "serum 40 to 30 g/L": imwg_category(serum_g_per_L=Level(40.0, 40.0, 30.0)),
        "serum 40 to 32 g/L": imwg_category(serum_g_per_L=Level(40.0, 40.0, 32.0)),
        "dFLC 50 to 25 mg/dL": imwg_category(dflc_mg_per_dL=Level(50.0, 50.0, 25.0)),
    }
    for low, now in ((10, 12.5), (10, 15), (30, 36), (50, 60), (50, 59)):
        level = Level(40.0, float(low), float(now))
        found[f"PD: serum {low} to {now} g/L"] = has_progressed(serum_g_per_L=level)
    for now in (29, 31):
        level = Level(50.0, 20.0, float(now))
        found[f"PD: dFLC 20 to {now} mg/dL"] = has_progressed(dflc_mg_per_dL=level)
    for now in (250, 300):
        level = Level(800.0, 100.0, float(now))
        found[f"PD: urine 100 to {now} mg"] = has_progressed(urine_mg_per_24h=level)
    return {name: float(value) for name, value in found.items()}
