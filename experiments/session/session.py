"""The Python face of medtransfer: what the command line does, as typed calls.

    import medtransfer as mt

    session = mt.Session()
    made = session.make("initializations", profile="smoke")
    print(made)
    scores = made.records.to_pandas()

What is done is never done again: runs are kept in the run store, and a call goes on where an interrupted one stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.execution.overview import RunState, overview
from experiments.reporting.formats.plain import table_files
from experiments.reporting.wandb.dashboard import Mode
from experiments.run.places import Places
from experiments.run.resolve import ResolvedRun
from experiments.session.budget import parse_budget
from experiments.session.comparing import compared, plan_comparison
from experiments.session.context import (
    Context,
    ProgressCallback,
    Say,
    StepsCallback,
    no_progress,
    no_steps,
    say_nothing,
)
from experiments.session.documents import Statistics
from experiments.session.fetching import Fetched, fetched, planned_fetch
from experiments.session.making import Asked, make_table, make_tables, plan_table
from experiments.session.pages import Images, page_of
from experiments.session.providing import provide
from experiments.session.question import Question
from experiments.session.results import Compared, Made, Page, Planned, Pretrained, RunResult
from experiments.session.single import (
    check_export,
    exported,
    finetuning_spec,
    planned_run,
    pretraining_spec,
    run_one,
)
from specs.errors import UsageError
from specs.expression import Call
from specs.recipe import Recipe
from specs.registry import EXECUTORS
from specs.run import Edition, RunSpec

# Long file: the whole face of everything above one run, a method for each command, stands in one place.

DEFAULT = Statistics()


class Session:
    """Runs, compares and reports on one run store.

    Args:
        paths: where data, runs and prepared images are; a folder stands for ``data`` and ``runs`` in it; None takes
            those in the current folder, or what the environment variables MEDTRANSFER_DATA, MEDTRANSFER_RUNS and
            MEDTRANSFER_CACHE say.
        executor: expression of what carries runs out: ``local``, or such as ``slurm(partition="gpu", minutes=240)``.
        devices: GPUs (processes, where there are none) that share each batch of a run.
        jobs: the most runs at the same time; None lets the executor decide.
        workers: threads per device that load data; results do not depend on them.
        wandb: whether runs and tables are mirrored into wandb: ``offline`` (files in the run store), ``online`` or
            ``disabled``.
        progress: called with the plan of the runs after each change.
        say: called with sentences that a user should see at once.
        steps: called with what is fetched or prepared, how much of it is done, and of how much where that is known.
        offline: whether nothing is fetched; what is not there is then an error, as what needs a form always is.

    Raises:
        UsageError: if the executor is unknown, or the number of devices is below 1.
    """

    def __init__(
        self,
        paths: Places | str | Path | None = None,
        *,
        executor: str = "local",
        devices: int = 1,
        jobs: int | None = None,
        workers: int = 0,
        wandb: Mode = "offline",
        progress: ProgressCallback = no_progress,
        say: Say = say_nothing,
        steps: StepsCallback = no_steps,
        offline: bool = False,
    ) -> None:
        if devices < 1:
            raise UsageError(f"a session needs at least one device for a run, found devices={devices}.")
        self.context = Context(
            paths=_places(paths),
            executor=str(EXECUTORS.bind(executor)),
            devices=devices,
            jobs=jobs,
            workers=workers,
            wandb=wandb,
            progress=progress,
            say=say,
            steps=steps,
            offline=offline,
        )

    @property
    def paths(self) -> Places:
        """Where data, runs and prepared images are."""
        return self.context.paths

    def spec(
        self,
        base: RunSpec | None = None,
        *,
        dataset: str | Call | None = None,
        backbone: str | Call | None = None,
        initializer: str | Call | None = None,
        recipe: str | Recipe | None = None,
        edition: Edition | None = None,
        pretraining: str | Recipe | None = None,
        settings: Mapping[str, object] | None = None,
        seed: int | None = None,
    ) -> RunSpec:
        """The spec of a fine-tuning, from names.

        Args:
            base: a spec whose parts are taken where nothing else is given.
            dataset: such as ``drive`` or ``medmnist("pneumoniamnist")``.
            backbone: such as ``resnet50``.
            initializer: such as ``mean_var(imagenet)``, or a row, ``NAME = WEIGHTS on BACKBONE``, which may name the
                network too; a spec keeps no name.
            recipe: ``STUDY/NAME`` or a recipe.
            edition: ``real`` or ``phantom``; without a base, real.
            pretraining: recipe of the pretrainings that the initializer needs.
            settings: of the recipe to change, by name.
            seed: of every random draw; without a base, 0.

        Raises:
            UsageError: if something is missing, unknown or does not fit.
        """
        given = {"dataset": dataset, "backbone": backbone, "initializer": initializer, "edition": edition, "seed": seed}
        return finetuning_spec(base, given | {"recipe": recipe, "pretraining": pretraining}, settings or {})

    def resolve(self, spec: RunSpec) -> ResolvedRun:
        """What a spec truly is: its identity, its key, and the runs that it needs.

        Raises:
            UsageError: if the parts of the spec do not fit each other.
            DataError: if the dataset's files are missing or damaged.
            WeightsError: if a weight file is missing.
        """
        return self.context.resolver().resolve(spec)

    def run(self, run: RunSpec | ResolvedRun) -> RunResult:
        """Train, validate and test one spec, and do the pretrainings that it needs; what is done is read.

        Raises:
            MedtransferError: of the kind of what went wrong.
        """
        if not isinstance(run, ResolvedRun):
            self.provide(run)
            run = self.resolve(run)
        return run_one(run, self.context)

    def provide(self, *specs: RunSpec) -> None:
        """Fetch the published files and prepare the images that runs need and that are not here.

        ``run``, ``pretrain``, ``make`` and ``compare`` do so by themselves, before the first run. What asks for a form
        or an account is never fetched, and nothing is where the session is offline. If something of what the runs need
        cannot be had in this way, nothing is done, and ``resolve`` says what it is.

        Raises:
            DataError: if files cannot be fetched, or images not prepared.
            WeightsError: if weights cannot be fetched.
            StorageError: if the disk is full.
        """
        provide(specs, self.context)

    def plan_run(self, run: RunSpec | ResolvedRun) -> Planned:
        """What ``run`` would do; what must be known of the run's numbers is said."""
        return planned_run(run, self.context)

    def pretraining(
        self,
        initializer: str,
        backbone: str | Call | None = None,
        *,
        recipe: str | Recipe | None = None,
        edition: Edition = "real",
        settings: Mapping[str, object] | None = None,
        seed: int = 0,
    ) -> RunSpec:
        """The spec of the pretraining that an initializer stands for; its arguments are those of ``pretrain``."""
        return pretraining_spec(
            initializer, backbone, recipe=recipe, edition=edition, settings=settings or {}, seed=seed
        )

    def pretrain(
        self,
        initializer: str,
        backbone: str | Call | None = None,
        *,
        recipe: str | Recipe | None = None,
        edition: Edition = "real",
        settings: Mapping[str, object] | None = None,
        seed: int = 0,
        export: str | Path | None = None,
    ) -> Pretrained:
        """Do one pretraining, and write its weights to a file that says what they are.

        Args:
            initializer: whose weights are wanted: ``supervised(...)``, ``ssl(...)`` or ``continual(...)``, or a row of
                them, ``NAME = WEIGHTS on BACKBONE``.
            backbone: that is pretrained; None: the row's.
            recipe: of learning from labels; self-supervised methods have their own.
            edition: of the dataset.
            settings: of the recipe to change, by name.
            seed: of every random draw; tables use 0.
            export: a ``.safetensors`` file to write.

        Raises:
            MedtransferError: of the kind of what went wrong.
        """
        check_export(_path(export))
        spec = self.pretraining(initializer, backbone, recipe=recipe, edition=edition, settings=settings, seed=seed)
        return self.export(self.run(spec), export)

    def export(self, result: RunResult, path: str | Path | None) -> Pretrained:
        """A finished pretraining with its weights in a file that says what they are.

        Args:
            result: of ``run`` on a pretraining.
            path: a ``.safetensors`` file to write; None names the weights in the run store.

        Raises:
            UsageError: if the file's name does not end in ``.safetensors``.
            RunError: if the run is no pretraining.
        """
        return exported(result, _path(path))

    def make(
        self,
        table: str,
        *,
        profile: str | None = None,
        seeds: int | None = None,
        settings: Mapping[str, object] | None = None,
        statistics: Statistics = DEFAULT,
        output: str | Path | None = None,
    ) -> Made:
        """Make a table or figure: plan its runs, do those that are missing, and render it.

        Args:
            table: its name, such as ``transfusion-figure-3``, or with arguments, such as ``NAME(option=1)``.
            profile: ``phantom``, ``smoke`` or ``paper``, where the table has it.
            seeds: runs per cell; None takes the table's own.
            settings: of the recipe of every fine-tuning to change, by name.
            statistics: how rows are compared.
            output: a folder for its files in every format; None writes none.

        Raises:
            MedtransferError: if the table cannot be made at all; single runs that fail are in the result.
        """
        return make_table(self._asked(table, profile, seeds, settings), self.context, statistics, _path(output))

    def make_several(
        self,
        tables: Sequence[str],
        *,
        profile: str | None = None,
        seeds: int | None = None,
        settings: Mapping[str, object] | None = None,
        statistics: Statistics = DEFAULT,
        output: str | Path | None = None,
    ) -> list[Made]:
        """Make several tables, with the runs of all of them planned together; the other arguments are ``make``'s.

        A run that fails is tried once more when its own table is made.
        """
        asked = [self._asked(table, profile, seeds, settings) for table in tables]
        return make_tables(asked, self.context, statistics, _path(output))

    def plan(
        self,
        table: str,
        *,
        profile: str | None = None,
        seeds: int | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> Planned:
        """What ``make`` would do, and what is lacking; its arguments are those of ``make``."""
        return plan_table(self._asked(table, profile, seeds, settings), self.context)

    def compare(
        self,
        dataset: str,
        initializers: Sequence[str] = ("random", "imagenet"),
        *,
        backbone: str | None = None,
        edition: Edition = "real",
        recipe: str | Recipe | None = None,
        settings: Mapping[str, object] | None = None,
        pretraining: str | Recipe | None = None,
        learning_rates: Sequence[float] = (1e-4, 3e-4, 1e-3),
        margin: float = 1.0,
        budget: str | None = None,
        control: bool = False,
        retune: int = 1,
        folds: int | None = None,
        output: str | Path | None = None,
        page: str | Path | None = None,
        images: Images = "phantom",
    ) -> Compared:
        """Find the best initialization for a dataset.

        For each initialization the learning rate is picked on validation images. Then runs are spent where they decide,
        and what is claimed of them holds at a stated level.

        Args:
            dataset: such as ``folder("ward-7", patient="patient")``.
            initializers: rows, ``NAME = WEIGHTS on BACKBONE``, each part but the weights optional, such as
                ``ImageNet = imagenet`` or ``imagenet on resnet18``; the first one is the reference.
            backbone: of rows that name none; None takes ``efficientnet_lite0``, whose ImageNet weights come with pip,
                and with this project's own recipe a size from 32 to 224 pixels that fits the images; ``say`` is told.
            edition: of the dataset.
            recipe: ``STUDY/NAME`` or a recipe; None takes this project's own for the kind of task.
            settings: of the recipe to change, by name.
            pretraining: recipe of the pretrainings that rows need.
            learning_rates: that are tried for each row.
            margin: in points of the score; a difference of no more does not matter.
            budget: what may be spent until it is settled for new patients too, such as ``40`` (runs), ``2h`` or
                ``90min``; None: until it is settled for these images, and at most 70 % of the full grid, which is every
                row at every rate and ten seeds.
            control: run the reference once more with other seeds, to see whether the two are told apart.
            retune: how often each row's rate is picked anew, so that what the pick adds to the spread counts.
            folds: deal all patients into so many parts, 3 or more, each of which is tested on once with each seed; None
                takes the dataset's own splits.
            output: a folder for the table's files; None writes none.
            page: a file, or a folder, for the HTML page; None writes none.
            images: which test images the page shows.

        Raises:
            MedtransferError: if nothing can be compared; single runs that fail are in the result.
        """
        question = Question(
            dataset=dataset,
            initializers=tuple(initializers),
            backbone=backbone,
            edition=edition,
            recipe=recipe,
            settings=dict(settings or {}),
            pretraining=pretraining,
            learning_rates=tuple(learning_rates),
            margin=margin,
            budget=None if budget is None else parse_budget(budget),
            control=control,
            retune=retune,
            folds=folds,
        )
        return compared(question, self.context, _path(output), _path(page), images)

    def plan_comparison(self, question: Question) -> Planned:
        """What ``compare`` would do first; the runs over seeds follow from the learning rates that are picked."""
        return plan_comparison(question, self.context)

    def report(
        self,
        files: Sequence[str | Path] = (),
        *,
        tables: str | Path = "tables",
        title: str | None = None,
        images: Images = "phantom",
    ) -> Page:
        """Finished tables as one HTML page that needs nothing else: no network, no server.

        Args:
            files: ``NAME.json`` of each table; empty: all in the folder ``tables``.
            tables: where the tables are if none is named.
            title: of the page.
            images: which test images are shown; ``all`` shows real patients'.

        Raises:
            DataError: if there are no tables, or a file is none.
        """
        return page_of(table_files([*map(Path, files)], Path(tables)), self.paths, images, title)

    def fetch(self, dataset: str | Call, *, progress: StepsCallback = no_steps) -> Fetched:
        """Fetch the files of a dataset that its publishers give to everyone, into its folder under ``paths.data``.

        What is there is not fetched again, and a transfer that broke off goes on. The licence is said.

        Args:
            dataset: such as ``medmnist("pneumoniamnist")``.
            progress: called with what is done and how many bytes of it are done, of how many.

        Raises:
            UsageError: if there is no such dataset.
            DataError: if it must be fetched by hand, cannot be fetched, or is not what its publishers published.
            StorageError: if the disk has no room for it.
        """
        return fetched(dataset, self.paths, progress, self.context.say)

    def plan_fetch(self, dataset: str | Call) -> Fetched:
        """What ``fetch`` would do; nothing is fetched or written."""
        return planned_fetch(dataset, self.paths)

    def status(self) -> list[RunState]:
        """How every run of the store stands: running, queued, failed, stopped or done, and why."""
        return overview(self.context.store)

    def _asked(
        self, table: str, profile: str | None, seeds: int | None, settings: Mapping[str, object] | None
    ) -> Asked:
        return Asked(name=table, profile=profile, seeds=seeds, settings=settings or {})


def _places(paths: Places | str | Path | None) -> Places:
    """The places that a session was given, or those in a folder."""
    if isinstance(paths, Places):
        return paths
    folder = _path(paths)
    return Places.given() if folder is None else Places.given(folder / "data", folder / "runs")


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
