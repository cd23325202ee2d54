"""The command line: ``pdcraft run | trial | report | verify | design | dose | xenograft | …``."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

import pdcraft

app = typer.Typer(
    name="pdcraft",
    help="Phospholipid drug conjugates in silico: from a conjugate to a trial's outcome.\n\n"
    "For research; not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
INTERRUPTED = 130  # exit code, as shells have it
_debug = False


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"pdcraft {pdcraft.__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that every word understands."""
    global _debug
    _debug = debug


@app.command()
def run(
    study: Annotated[Path, typer.Argument(help="Study file (TOML).")],
    out: Annotated[Path | None, typer.Option(help="Results folder [results/<study name>].")] = None,
    patients: Annotated[int | None, typer.Option(help="Virtual patients per cohort.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, instead of the file's.")] = None,
    threads: Annotated[int, typer.Option(help="Shards computed at once (processes).")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a begun run.")] = False,
) -> None:
    """Simulate a study; leave tables, arrays and a report in a folder."""
    from pdcraft import report as paint
    from pdcraft import study as corridor

    with _Bars() as bars:
        folder = corridor.run(
            study, out=out, patients=patients, seed=seed,
            threads=threads, resume=resume, progress=bars.tell,
        )  # fmt: skip
        page = paint.write(folder)
    typer.echo(f"Results: {folder}\nReport:  {page}")


@app.command()
def trial(
    study: Annotated[Path, typer.Argument(help="Trial file (TOML).")],
    out: Annotated[Path | None, typer.Option(help="Results folder [results/<study name>].")] = None,
    patients: Annotated[int | None, typer.Option(help="Virtual patients in the pool.")] = None,
    trials: Annotated[int | None, typer.Option(help="Simulated trials of each design.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, instead of the file's.")] = None,
    threads: Annotated[int, typer.Option(help="Shards computed at once (processes).")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a begun run.")] = False,
) -> None:
    """Simulate clinical trials on virtual patients; leave tables and a report in a folder."""
    from pdcraft import report as paint
    from pdcraft import study as corridor

    with _Bars() as bars:
        folder = corridor.run_trial(
            study, out=out, patients=patients, trials=trials, seed=seed,
            threads=threads, resume=resume, progress=bars.tell,
        )  # fmt: skip
        page = paint.write(folder)
    typer.echo(f"Results: {folder}\nReport:  {page}")


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="Results folder of a run.")]) -> None:
    """Paint the report of a results folder anew."""
    from pdcraft import report as paint

    typer.echo(f"Report:  {paint.write(folder)}")


@app.command()
def verify(
    room: Annotated[str | None, typer.Option(help="One room only, as dosimetry.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the rows as JSON.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a verification report.")] = None,
) -> None:
    """Recompute published numbers; exit 1 if one is missed."""
    from pdcraft import verify as bench

    raise typer.Exit(bench.main(room=room, json=json, html=html, echo=typer.echo))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def design(
    more: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            help="As boin or simon; a design file (.toml, .json); your decision table "
            "(.csv). None: the list of all, with the options of each."
        ),
    ] = None,
    levels: Annotated[int, typer.Option(help="Dose levels.")] = 5,
    outcomes: Annotated[
        str | None, typer.Option(help='What was seen, as "1NNN 2NNT": the advice that follows.')
    ] = None,
    rates: Annotated[
        str | None,
        typer.Option(help="True rates, as '0.05,0.1,0.2;0.1,0.3,0.5': characteristics."),
    ] = None,
    efficacy: Annotated[
        str | None, typer.Option(help="True rates of efficacy in the same scenarios (boin12).")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="exact, or mc for simulated trials; exact if possible.")
    ] = None,
    trials: Annotated[int, typer.Option(help="Simulated trials.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Of the simulated trials.")] = 1,
    per_month: Annotated[
        float | None, typer.Option(help="Patients that come in a month: the schedule.")
    ] = None,
    window: Annotated[float, typer.Option(help="Days for which a patient is watched.")] = 28.0,
    min_follow_up: Annotated[
        float, typer.Option(help="Days of the last patient before the next cohort.")
    ] = 0.0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for CSV, Markdown, HTML, Word, design files.")
    ] = None,
) -> None:
    """Show a design: its table, its advice, how it performs.

    Options of the design itself follow its name, as --target 0.25 --patients 30 --too-toxic 0.95;
    `pdcraft design` lists them.
    """  # fmt: skip
    from pdcraft.app import protocol

    said = list(protocol.lines(protocol.Asked(
        name, levels, tuple(more.args), outcomes, rates, efficacy, method, trials, seed, per_month,
        window, min_follow_up, out,
    )))  # fmt: skip
    typer.echo("\n".join(said))


@app.command()
def xenograft(
    volumes: Annotated[Path, typer.Argument(help="CSV: animal, arm, day, volume_mm3.")],
    arm: Annotated[
        list[str], typer.Option(help="Dose of an arm's tumour: 'low=4 Gy', '2x=4 Gy + 4 Gy @ 7 d'.")
    ],
    half_life: Annotated[str, typer.Option(help="Effective half-life in the tumour.")] = "144 h",
    model: Annotated[str, typer.Option(help="Of `pdcraft library xenografts`.")] = "a2780",
    hold: Annotated[
        list[str] | None, typer.Option(help="Keep the model's value, as --hold linear_growth.")
    ] = None,
) -> None:
    """Fit growth and radiosensitivity to measured volumes; translate them to patients."""
    from pdcraft.app import xenograft as bench

    for line in bench.lines(volumes, model, arm, half_life, hold or []):
        typer.echo(line)


@app.command()
def epidemiology(
    disease: Annotated[
        str | None, typer.Argument(help="As multiple_myeloma; none: which have figures.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Of the new cases [newest].")] = None,
    criteria: Annotated[
        str | None, typer.Option(help="Shares that meet each, as 'refractory=0.3,fit=0.5'.")
    ] = None,
    sites: Annotated[int | None, typer.Option(help="Centres that recruit.")] = None,
    per_site: Annotated[float, typer.Option(help="Patients of each centre in a month.")] = 0.25,
    ramp_up: Annotated[float, typer.Option(help="Days until a centre is fully active.")] = 0.0,
    patients: Annotated[int, typer.Option(help="Size of the trial.")] = 30,
    followup: Annotated[float, typer.Option(help="Days after the last patient.")] = 0.0,
    seerstat: Annotated[
        Path | None, typer.Option(help="Your own SEER*Stat export, instead of the figures.")
    ] = None,
) -> None:
    """Show how many have a disease, the orphan limit, and how long a trial would take."""
    from pdcraft.app import epidemiology as shelf

    said = list(shelf.lines(  # whole, so that an error does not come after a page of figures
        disease, year=year, criteria=criteria, sites=sites, per_site=per_site, ramp_up_d=ramp_up,
        patients=patients, followup_d=followup, seerstat=seerstat,
    ))  # fmt: skip
    typer.echo("\n".join(said))


@app.command()
def dose(
    activities: Annotated[
        Path | None,
        typer.Argument(help="CSV with source, tia_MBq_h; or a study file (its reference patient)."),
    ] = None,
    nuclide: Annotated[str | None, typer.Option(help="As I-131, with its progeny.")] = None,
    phantom: Annotated[str, typer.Option(help="See: pdcraft library phantoms")] = "adult_male",
    tia: Annotated[list[str] | None, typer.Option(help="As liver=3.2, MBq h; repeatable.")] = None,
    mass: Annotated[
        list[str] | None, typer.Option(help='Patient\'s mass, as kidneys=280 or "lesion 1=12", g.')
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every target, source, radiation.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with bars.")] = None,
) -> None:
    """Organ doses from time-integrated activities, by source and radiation."""
    from pdcraft.app import dose as organs

    found = organs.doses(
        nuclide=nuclide, phantom=phantom, tia=tia or [], file=activities, mass=mass or []
    )
    of = activities.stem if nuclide is None and activities else nuclide
    title = f"{of} in {phantom.replace('_', ' ')}"
    for line in organs.lines(found, title):
        typer.echo(line)
    if csv is not None:
        csv.write_text(organs.as_csv(found), encoding="utf-8")
    if html is not None:
        from pdcraft.report.organ_doses import page

        html.write_text(page(found, title), encoding="utf-8")


@app.command()
def fit(
    data: Annotated[Path, typer.Argument(help="Measurements (CSV).")],
    model: Annotated[
        Path | None,
        typer.Argument(
            help="Population model, or one patient with a tracer (TOML); none: curves alone."
        ),
    ] = None,
    nuclide: Annotated[str, typer.Option(help="What was measured, as I-124 (curves).")] = "I-131",
    decay_corrected: Annotated[
        bool | None,
        typer.Option("--decay-corrected/--decaying", help="If the file does not say it (curves)."),
    ] = None,
    common_cv: Annotated[
        float, typer.Option(help="Relative uncertainty that all points share (curves).")
    ] = 0.0,
    out: Annotated[Path | None, typer.Option(help="Folder [results/<name of the data>].")] = None,
) -> None:
    """Fit measurements: curves, a population, or one patient's tracer for his therapy."""
    from pdcraft import report as paint
    from pdcraft.study import fit as corridor
    from pdcraft.study import tracer_run
    from pdcraft.study.tracer_spec import is_of_one_patient

    folder = out or Path("results") / data.stem
    folder.parent.mkdir(parents=True, exist_ok=True)
    if model is None:
        corridor.fit_curves(
            data, nuclide, out=folder, decay_corrected=decay_corrected, common_cv=common_cv
        )
    elif is_of_one_patient(model):
        tracer_run.fit_tracer(data, model, out=folder, decay_corrected=decay_corrected)
    else:
        corridor.fit_population(data, model, out=folder)
    for line in paint.fit_lines(folder):
        typer.echo(line)
    typer.echo(f"Results: {folder}\nReport:  {paint.write_fit(folder)}")


@app.command()
def cite(
    study: Annotated[Path, typer.Argument(help="Study file, or results folder of a run.")],
) -> None:
    """BibTeX of everything that a study rests on."""
    from pdcraft import library as shelf
    from pdcraft import study as corridor

    file = study / "study.toml" if study.is_dir() else study
    typer.echo(shelf.cite(corridor.works_cited(corridor.read_study(file))), nl=False)


@app.command()
def library(
    kind: Annotated[
        str | None, typer.Argument(help="agents, phantoms, diseases, parameters, nuclides")
    ] = None,
    name: Annotated[str | None, typer.Argument(help="One of them, to see its numbers.")] = None,
    html: Annotated[
        Path | None, typer.Option(help="Draw the phantom in three sections on a page.")
    ] = None,
) -> None:
    """List what the library holds; show one entry with every number's source."""
    from pdcraft.app import catalogue

    for line in catalogue.lines(kind, name):
        typer.echo(line)
    if html is not None:
        html.write_text(catalogue.drawing(kind, name), encoding="utf-8")


class _Bars:
    """Progress bars on standard error; silent where nobody watches."""

    _SAY = {"patients": "Patients (shards)", "tables": "Tables", "trial": "Trial",
            "trials": "Simulated trials", "run": "Done"}  # fmt: skip

    def __enter__(self) -> _Bars:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True),
        )  # fmt: skip
        self._tasks: dict[str, Any] = {}
        return self

    def __exit__(self, *error: object) -> None:
        if self._tasks:
            self._progress.stop()

    def tell(self, what: str, done: int, total: int) -> None:
        """Move one bar."""
        if what == "run":
            for task in self._tasks.values():
                self._progress.update(task, completed=self._progress.tasks[task].total)
            return
        self._progress.start()  # only now: a mistake in the study file needs no bars
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(self._SAY.get(what, what), total=total)
        self._progress.update(self._tasks[what], completed=done, total=total)


def _say_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    typer.echo(f"{category.__name__}: {message}", err=True)


def main() -> None:
    """Entry point: one clear message per mistake, exit code 2; ``--debug`` shows the traceback."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pdcraft"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache / "xla"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache / "numba"))
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    warnings.showwarning = _say_warning  # type: ignore[assignment]
    code = _guarded(lambda: app(standalone_mode=False))
    sys.exit(code)


def _guarded(work: Callable[[], Any]) -> int:
    try:
        code = work()
        if code == INTERRUPTED:  # the command line caught the keyboard itself
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        typer.echo("Interrupted. What is done is kept; go on with --resume.", err=True)
        return INTERRUPTED
    except Exception as error:
        from pdcraft.domain.errors import PdcraftError

        if _debug:
            traceback.print_exc()
        if isinstance(error, PdcraftError):
            typer.echo(str(error), err=True)
            return 2
        if hasattr(error, "format_message"):  # the command line itself was not understood
            typer.echo(error.format_message(), err=True)  # type: ignore[attr-defined]
            return 2
        if not _debug:
            kind = type(error).__name__
            typer.echo(f"Unexpected {kind}: {error} (--debug shows where).", err=True)
        return 1
