import json

import pytest

from pdcraft import report
from pdcraft.domain import InputError, MissingError
from pdcraft.report.bibliography import references

from .conftest import load, save, sign


def change(folder, **entries):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | entries
    path.write_text(json.dumps(manifest), encoding="utf-8")


def rewrite(folder, table, change_row):
    path = folder / "tables" / f"{table}.csv"
    save(path, [change_row(row) for row in load(path)])
    sign(folder)


def test_a_missing_column_is_named_with_its_file(folder):
    rewrite(folder, "doses", lambda row: {k: v for k, v in row.items() if k != "Gy_p50"})
    with pytest.raises(InputError, match=r"doses\.csv lacks the column Gy_p50; it has cohort"):
        report.read(folder)


def test_unknown_columns_are_ignored(folder):
    before = report.read(folder).tables["doses"]
    rewrite(folder, "doses", lambda row: row | {"colour": "1"})
    assert list(report.read(folder).tables["doses"]["Gy_p50"]) == list(before["Gy_p50"])


def test_a_rate_in_percent_is_refused(folder):
    rewrite(folder, "response", lambda row: row | {"orr": "45"})
    with pytest.raises(InputError, match="column orr: 45 is not a fraction between 0 and 1"):
        report.read(folder)


def test_a_word_where_a_number_should_be_is_named_with_its_place(folder):
    path = folder / "tables" / "km.csv"
    rows = load(path)
    rows[4] |= {"survival": "high"}
    save(path, rows)
    sign(folder)
    with pytest.raises(InputError, match="column survival, row 6: 'high' is not a number"):
        report.read(folder)


def test_a_row_that_was_cut_short_is_refused(folder):
    path = folder / "tables" / "validity.csv"
    path.write_text("where,message,count\nkinetics,half a", encoding="utf-8")
    sign(folder)
    with pytest.raises(InputError, match="row 2: 2 cells where the header has 3"):
        report.read(folder)


def test_a_cohort_that_the_manifest_does_not_know_is_refused(folder):
    rewrite(folder, "doses", lambda row: row | {"cohort": "99 mCi/m2"})
    with pytest.raises(InputError, match="'99 mCi/m2' is not a cohort"):
        report.read(folder)


def test_a_run_that_is_not_complete_is_not_read(folder):
    change(folder, complete=False)
    with pytest.raises(InputError, match=r"not complete.*--resume"):
        report.read(folder)


def test_a_table_of_the_manifest_must_be_there(folder):
    (folder / "tables" / "km.csv").unlink()
    with pytest.raises(MissingError, match=r"km\.csv is listed in manifest\.json"):
        report.read(folder)


def test_a_folder_without_a_manifest_is_no_results_folder(tmp_path):
    with pytest.raises(MissingError, match=r"no manifest\.json.*pdcraft run"):
        report.read(tmp_path)


@pytest.mark.parametrize("entry", ["pdcraft", "study", "cohorts"])
def test_a_manifest_that_lacks_an_entry_is_refused(folder, entry):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest[entry]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match=f"lacks the entry '{entry}'"):
        report.read(folder)


def test_a_manifest_that_is_no_json_is_refused(folder):
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="is not JSON"):
        report.read(folder)


def test_a_reference_reads_as_in_a_journal(folder):
    muller, grudzinski = sorted(references(report.read(folder).sources_bib), key=lambda r: r.place)
    assert muller.authors == "Jérôme Müller"
    assert muller.place == "House 1999."
    assert grudzinski.authors.endswith("Jamey Weichert, et al.")
    assert grudzinski.place.startswith("PLoS ONE 2014;9(11):e111652. doi:10.1371/")


def test_a_brace_that_does_not_close_is_named():
    with pytest.raises(InputError, match="entry 'a1' does not close"):
        references("@article{a1, title={Never")
