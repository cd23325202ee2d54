"""A person runs a study, is interrupted, goes on, makes mistakes."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from pdcraft import report, study
from pdcraft.domain import InputError, ValidityWarning

# Some of the virtual patients always lie outside a checked range; one test looks at that.
pytestmark = pytest.mark.filterwarnings("ignore::pdcraft.domain.errors.ValidityWarning")

TABLES = {
    "doses": {"cohort", "region", "Gy_mean", "Gy_p05", "Gy_p50", "Gy_p95", "Gy_per_GBq",
              "Gy_p50_low", "Gy_p50_high"},
    "toxicity": {
        "cohort", "lineage", "unit", "nadir_p50", "nadir_day_p50", "recovery_day_p50",
        "p_grade3plus", "p_grade4",
    },
    "response": {"cohort", "orr", "cbr", "dcr", "pfs_day_p50", "os_day_p50"},
    "trial": {"cohort", "dose", "n", "dlt", "decision", "reason"},
    "assumptions": {
        "parameter", "value", "unit", "spread", "status", "source", "where", "rests_on_it",
    },
}  # fmt: skip
PATIENTS = 130  # two shards, the second not full


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*.*"))
        if p.is_file()
    }


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "tables" / f"{name}.csv").read_text("utf-8").splitlines()))


@pytest.fixture(scope="module")
def finished(example, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "whole"
    study.run(example, out=out, patients=PATIENTS, threads=1)
    report.write(out)
    return out


def test_the_tables_have_their_columns_and_every_cohort(finished):
    for name, columns in TABLES.items():
        found = rows(finished, name)
        assert columns <= set(found[0]), name
        if name in ("doses", "toxicity", "response"):
            assert len({r["cohort"] for r in found}) == 5
    assert "red marrow" in {r["region"] for r in rows(finished, "doses")}


def test_values_outside_the_checked_range_warn_and_are_marked(example, tmp_path):
    text = example.read_text("utf-8") + '"tumour.nest_mass" = 200.0\n'
    file = tmp_path / "far.toml"
    file.write_text(text, "utf-8")
    with pytest.warns(ValidityWarning, match=r"tumour.nest_mass: the typical value 200 g lies"):
        study.run(file, out=tmp_path / "out", patients=3)
    assert "200 g lies outside the checked range" in report.render(tmp_path / "out")


def test_more_activity_gives_more_dose_and_deeper_nadirs(finished):
    single = ["12.5 mCi/m2", "18.75 mCi/m2", "25 mCi/m2", "31.25 mCi/m2"]
    marrow = {
        r["cohort"]: float(r["Gy_p50"])
        for r in rows(finished, "doses")
        if r["region"] == "red marrow"
    }
    assert [marrow[c] for c in single] == sorted(marrow[c] for c in single)
    for lineage in ("platelets", "neutrophils"):
        nadir = {
            r["cohort"]: float(r["nadir_p50"])
            for r in rows(finished, "toxicity")
            if r["lineage"] == lineage
        }
        assert [nadir[c] for c in single] == sorted((nadir[c] for c in single), reverse=True)


def test_two_fractions_give_the_dose_of_one_of_the_same_total(finished):
    marrow = {
        r["cohort"]: float(r["Gy_mean"])
        for r in rows(finished, "doses")
        if r["region"] == "red marrow"
    }
    assert marrow["2 x 15.625 mCi/m2"] == pytest.approx(marrow["31.25 mCi/m2"], rel=1e-5)


def test_the_weakest_assumptions_come_first(finished):
    status = [r["status"] for r in rows(finished, "assumptions")]
    order = ["assumption", "calibrated", "derived", "published"]
    assert [order.index(s) for s in status] == sorted(order.index(s) for s in status)
    assert all(r["source"] and r["where"] for r in rows(finished, "assumptions"))


def test_the_manifest_names_every_file_by_its_hash(finished):
    import hashlib

    manifest = json.loads((finished / "manifest.json").read_text("utf-8"))
    assert manifest["complete"] is True
    for name, sha in manifest["tables"].items():
        content = (finished / "tables" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha


def test_an_interrupted_run_goes_on_to_the_same_bytes_on_more_threads(example, finished, tmp_path):
    out = tmp_path / "cut"

    def cut(what, done, total):
        if what == "patients" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.run(example, out=out, patients=PATIENTS, threads=1, progress=cut)
    assert not json.loads((out / "manifest.json").read_text())["complete"]
    (out / "arrays" / "cohort-1" / "shard-00000.npz.half").write_bytes(b"half a file")
    study.run(example, out=out, patients=PATIENTS, threads=2, resume=True)
    report.write(out)
    assert tree(out) == tree(finished)


def test_a_begun_run_is_not_read_as_a_whole_one(example, tmp_path):
    out = tmp_path / "cut"

    def cut(what, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.run(example, out=out, patients=PATIENTS, progress=cut)
    with pytest.raises(InputError, match=r"not complete|incomplete|--resume"):
        report.write(out)


def test_nothing_is_overwritten(example, finished, tmp_path):
    out = tmp_path / "copy"
    shutil.copytree(finished, out)
    before = tree(out)
    with pytest.raises(InputError, match="Go on with --resume"):
        study.run(example, out=out, patients=PATIENTS)
    with pytest.raises(InputError, match="patients_per_cohort is 130 there and 20 here"):
        study.run(example, out=out, patients=20, resume=True)
    with pytest.raises(InputError, match="seed is 131 there and 7 here"):
        study.run(example, out=out, patients=PATIENTS, seed=7, resume=True)
    other = tmp_path / "other.toml"
    other.write_text(example.read_text("utf-8").replace("0.95", "0.90"), "utf-8")
    with pytest.raises(InputError, match="study_sha256"):
        study.run(other, out=out, patients=PATIENTS, resume=True)
    assert tree(out) == before


def test_a_folder_of_something_else_is_left_alone(example, tmp_path):
    (tmp_path / "letter.txt").write_text("dear reader")
    with pytest.raises(InputError, match="holds no pdcraft results"):
        study.run(example, out=tmp_path, patients=2)


def test_a_complete_run_is_not_computed_again(example, finished):
    def refuse(what, done, total):
        raise AssertionError(what)

    study.run(example, out=finished, patients=PATIENTS, resume=True, progress=refuse)
