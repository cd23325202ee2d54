"""The command line as a newcomer meets it, in an empty folder."""

import os
import subprocess
import sys

import pytest


def pdcraft(*words, cwd):
    done = subprocess.run(
        [sys.executable, "-m", "pdcraft", *map(str, words)],
        cwd=cwd, capture_output=True, text=True, env={**os.environ, "COLUMNS": "100"}, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_help_names_every_word(tmp_path):
    code, out, _ = pdcraft("--help", cwd=tmp_path)
    assert code == 0
    assert all(word in out for word in ("run", "report", "verify", "cite", "library"))
    assert "not a medical device" in out


def test_help_does_not_wait_for_heavy_libraries(tmp_path):
    script = (
        "import sys, pdcraft.app.cli; "
        "print([m for m in ('jax', 'numpy', 'scipy', 'plotly', 'numba') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "none.toml"], "cannot be read"),
        (["run", "bad.toml"], "Give all doses of a study in one kind of unit"),
        (["report", "."], "manifest.json"),
        (["library", "agents", "clr13"], "Did you mean 'clr131'"),
        (["library", "nuclides", "I-999"], "I-999"),
        (["cite", "none.toml"], "cannot be read"),
        (["fly"], "fly"),
    ],
)
def test_a_mistake_gets_one_message_and_code_2(tmp_path, example, words, said):
    text = example.read_text("utf-8").replace('activity = "12.5 mCi/m2"', 'activity = "12.5 mCi"')
    (tmp_path / "bad.toml").write_text(text, "utf-8")
    before = sorted(p.name for p in tmp_path.iterdir())
    code, out, err = pdcraft(*words, cwd=tmp_path)
    assert code == 2
    assert said in err
    assert "Traceback" not in out + err
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_the_library_shows_numbers_with_their_sources(tmp_path):
    code, out, _ = pdcraft("library", "kinetics", "clr1404_two_pool", cwd=tmp_path)
    assert code == 0
    assert "marrow.partition" in out
    assert "grudzinski2014" in out


def test_dose_writes_text_csv_and_a_page_and_names_mistakes(tmp_path):
    words = ("dose", "--nuclide", "Lu-177", "--phantom", "age_5")
    words = (*words, "--csv", "d.csv", "--html", "d.html")
    code, out, err = pdcraft(*words, "--tia", "liver=3.2", cwd=tmp_path)
    assert code == 0, err
    assert "liver" in out.splitlines()[2] and "sigma" in out
    assert (tmp_path / "d.csv").read_text().startswith("target,source,radiation,dose_Gy,sigma_Gy")
    page = (tmp_path / "d.html").read_text()
    assert page.count("<svg") == 3 and "https://" not in page and "liver 100%" in page
    code, _, err = pdcraft(*words, "--tia", "liver", cwd=tmp_path)
    assert code == 2 and "Write it as liver=3.2" in err


def test_a_phantom_is_drawn_in_three_sections(tmp_path):
    code, out, err = pdcraft("library", "phantoms", "newborn", "--html", "n.html", cwd=tmp_path)
    assert code == 0, err
    assert "thyroid" in out
    page = (tmp_path / "n.html").read_text()
    assert page.count("data:image/png;base64,iVBOR") == 3 and "adrenals" in page


def test_cite_prints_bibtex(tmp_path, example):
    code, out, _ = pdcraft("cite", example, cwd=tmp_path)
    assert code == 0
    assert out.count("@") > 10
    assert "grudzinski2014" in out


def test_ctrl_c_says_how_to_go_on(tmp_path, example):
    import signal
    import time

    process = subprocess.Popen(
        [sys.executable, "-m", "pdcraft", "run", str(example), "--out", "cut"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (tmp_path / "cut" / "study.toml").exists():
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "go on with --resume" in err
    assert "Traceback" not in err


def test_a_time_activity_table_becomes_integrals_and_a_page(tmp_path):
    (tmp_path / "pet.csv").write_text(
        "region,time_h,activity_MBq,cv_percent,decay_corrected\n"
        "liver,4,52,5,no\nliver,24,44,5,no\nliver,72,29,5,no\nliver,144,15,5,no\n",
        "utf-8",
    )
    code, out, err = pdcraft("fit", "pet.csv", "--nuclide", "I-124", "--out", "pet", cwd=tmp_path)
    assert code == 0, err
    assert "liver: time-integrated activity" in out
    assert (tmp_path / "pet" / "report.html").is_file()
    code, _, err = pdcraft("fit", "pet.csv", "--nuclide", "I-124", "--out", "pet", cwd=tmp_path)
    assert code == 2
    assert "not empty" in err
