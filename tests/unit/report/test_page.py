import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from pdcraft import report
from pdcraft.report import figures, look

from .conftest import load, save, sign

VOID = {"meta", "link", "br", "img", "input", "hr", "wbr"}
SECTIONS = [
    "what", "key", "exposure", "dose", "toxicity", "response", "survival", "trial", "validity",
    "assumptions", "reproduce", "sources",
]  # fmt: skip


class Page(HTMLParser):
    """Tags, attributes and text of a page; refuses tags that do not nest."""

    def __init__(self, html):
        super().__init__()
        self.opened, self.tags, self.text = [], [], []
        self.feed(html)
        self.close()
        assert self.opened == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def handle_data(self, data):
        if not self.opened or self.opened[-1] not in ("script", "style"):
            self.text.append(data)

    def attributes(self, tag, name):
        return [a[name] for t, a in self.tags if t == tag and name in a]

    def words(self):
        return " ".join(" ".join(self.text).split())


def specs(html):
    return json.loads(re.search(r'id="figures">(.*?)</script>', html, re.S)[1])


def without(folder, *names):
    for name in names:
        (folder / "tables" / f"{name}.csv").unlink()
    sign(folder)
    return folder


def test_the_page_holds_every_section_and_lists_it_in_the_contents(folder):
    page = Page(report.render(folder))
    assert page.attributes("section", "id") == SECTIONS
    listed = [h for h in page.attributes("a", "href") if h[1:] in SECTIONS]
    assert listed[: len(SECTIONS)] == [f"#{s}" for s in SECTIONS]


def test_the_disclaimer_is_read_before_any_number(folder):
    words = Page(report.render(folder)).words()
    assert words.index("For research; not a medical device.") < words.index("1000")


def test_the_page_loads_nothing(folder):
    page = Page(report.render(folder))
    loaded = [a.get("src") for t, a in page.tags if t in ("script", "img", "iframe")]
    assert not any(loaded)
    hrefs = [a["href"] for t, a in page.tags if "href" in a]
    assert all(h.startswith(("#", "tables/", "data:,")) for h in hrefs)
    styles = re.findall(r"<style>(.*?)</style>", report.render(folder), re.S)
    assert not any("url(" in s or "@import" in s for s in styles)


def test_every_link_inside_the_page_has_a_target(folder):
    page = Page(report.render(folder))
    ids = {a["id"] for _, a in page.tags if "id" in a}
    assert {h[1:] for h in page.attributes("a", "href") if h.startswith("#")} <= ids


def test_the_same_folder_gives_the_same_bytes(folder):
    first = report.write(folder).read_bytes()
    assert report.write(folder).read_bytes() == first
    assert first.count(b"plotly.js v") == 1


def test_every_figure_has_words_for_those_who_do_not_see_it(folder):
    page = Page(report.render(folder))
    drawn = set(page.attributes("figure", "data-figure"))
    assert drawn == set(specs(report.render(folder)))
    labels = [a["aria-label"] for _, a in page.tags if a.get("role") == "img"]
    assert len(labels) == len(drawn)
    assert all(len(label) > 20 for label in labels)


def test_plotly_accepts_every_figure(folder):
    import plotly.graph_objects as go

    def painted(value):
        if isinstance(value, str) and value.startswith("@"):
            return "rgba(1,2,3,0.5)"
        if isinstance(value, list):
            return [painted(v) for v in value]
        if isinstance(value, dict):
            return {k: painted(v) for k, v in value.items()}
        return value

    for name, spec in specs(report.render(folder)).items():
        figure = go.Figure({"data": painted(spec["traces"]), "layout": painted(spec["layout"])})
        assert len(figure.data) == len(spec["traces"]), name


def test_every_colour_of_a_figure_is_in_both_themes(folder):
    html = report.render(folder)
    tokens = set(re.findall(r'"@([\w-]+)', json.dumps(specs(html))))
    for theme in ("light", "dark"):
        known = set(look.palette(6)[theme]) | set(re.findall(r"--([\w-]+):", html))
        assert tokens <= known


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cohorts_differ_in_lightness(theme):
    def lightness(colour):
        r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    shades = [lightness(look.palette(6)[theme][f"c{i}"]) for i in range(6)]
    assert shades in (sorted(shades), sorted(shades, reverse=True))
    assert min(abs(a - b) for a, b in pairwise(shades)) > 6


def test_cohorts_differ_in_dash_and_symbol(folder):
    keys = look.cohort_keys(report.read(folder).cohorts)
    assert len({k.dash for k in keys}) == len({k.symbol for k in keys}) == len(keys)


def test_a_median_that_was_not_reached_is_written_so(folder):
    rows = load(folder / "tables" / "response.csv")
    save(folder / "tables" / "response.csv", [r | {"os_day_p50": ""} for r in rows])
    sign(folder)
    words = Page(report.render(folder)).words()
    assert "Overall survival, median days NR NR NR NR NR NR" in words


def test_rates_are_written_in_percent_with_their_interval(folder):
    rows = load(folder / "tables" / "response.csv")
    rows[0] |= {"orr": "0.2", "orr_low": "0.181", "orr_high": "0.222"}
    save(folder / "tables" / "response.csv", rows)
    sign(folder)
    assert "Overall response (ORR) % 20 18 to 22" in Page(report.render(folder)).words()


def test_the_weakest_assumptions_come_first(folder):
    words = Page(report.render(folder)).words()
    table = words[words.index("Rests on it") :]
    assert table.index(" assumption ") < table.index(" calibrated ") < table.index(" derived ")
    assert table.index(" derived ") < table.index(" published ")


def test_tables_that_are_absent_leave_their_sections_out(folder):
    without(folder, "trial", "km", "waterfall", "swimmer", "assumptions", "curves_plasma")
    page = Page(report.render(folder))
    assert page.attributes("section", "id") == [
        s for s in SECTIONS if s not in ("trial", "survival", "assumptions")
    ]


def test_a_folder_without_any_table_still_gives_a_page(folder):
    without(folder, *[p.stem for p in (folder / "tables").glob("*.csv")])
    html = report.render(folder)
    assert "plotly.js v" not in html
    assert "no table of doses" in Page(html).words()


def test_a_warning_is_seen_at_the_top_and_explained_below(folder):
    words = Page(report.render(folder)).words()
    assert words.index("3 warnings") < words.index("What was simulated CLR 131")
    assert "red-marrow dose 4.1 Gy above 3 Gy 117" in words


def test_a_table_that_was_changed_after_the_run_is_named(folder):
    with (folder / "tables" / "doses.csv").open("a", encoding="utf-8") as file:
        file.write("25 mCi/m2,toe,1,1,1,1,1\n")
    words = Page(report.render(folder)).words()
    assert "1 table changed after the run" in words
    assert "by their hash in the manifest: tables/doses.csv" in words


def test_text_of_the_study_is_never_read_as_html(folder):
    (folder / "study.toml").write_text("title = '<script>alert(1)</script>'", encoding="utf-8")
    rows = load(folder / "tables" / "swimmer.csv")
    save(folder / "tables" / "swimmer.csv", [r | {"response": "</script><b>"} for r in rows])
    sign(folder)
    html = report.render(folder)
    assert "<script>alert(1)" not in html
    assert "</script><b>" not in html
    Page(html)


def test_growth_beyond_the_axis_of_the_waterfall_is_cut_but_told(folder):
    rows = load(folder / "tables" / "waterfall.csv")
    rows[0] |= {"best_change_percent": "260", "response": "PD"}
    save(folder / "tables" / "waterfall.csv", rows)
    sign(folder)
    figure = figures.waterfall(report.read(folder))
    pairs = (zip(t["y"], t["customdata"], strict=True) for t in figure.traces)
    bars = [(y, told[1]) for trace in pairs for y, told in trace]
    assert (100.0, "260") in bars
    assert max(y for y, _ in bars) == 100.0


def test_numbers_at_risk_are_those_of_the_table(folder):
    rows = load(folder / "tables" / "km.csv")
    figure = figures.survival(report.read(folder))
    risk = next(t for t in figure.traces if t["mode"] == "text")
    first = [r for r in rows if r["cohort"] == risk["y"][0] and r["endpoint"] == "PFS"]
    by_day = {float(r["day"]): r["at_risk"] for r in first}
    assert risk["text"] == [by_day[d] for d in risk["x"]]


def test_the_trial_draws_every_patient_and_every_toxicity(folder):
    rows = load(folder / "tables" / "trial.csv")
    path = figures.trial_path(report.read(folder)).traces[0]
    assert len(path["x"]) == sum(int(r["n"]) for r in rows)
    assert path["text"].count("DLT") == sum(int(r["dlt"]) for r in rows)


def test_an_unknown_disease_has_no_lines_in_its_waterfall(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["study"]["disease"] = "something else"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert figures.waterfall(report.read(folder)).layout["shapes"] == []
