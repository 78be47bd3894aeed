"""The Python interface of medtransfer: what the command line does, as typed calls.

    import medtransfer as mt

    session = mt.Session()
    made = session.make("initializations", profile="smoke")
    print(made)
    scores = made.records.to_pandas()

A finished run is never repeated: runs are kept in the run store, and a call goes on where an interrupted one stopped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from experiments.execution.run_status import RunState, run_states
from experiments.reporting.formats.json_format import table_files
from experiments.reporting.wandb.modes import Mode, asked_mode
from experiments.run.paths import Paths
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
from experiments.session.describing import dataset_named
from experiments.session.documents import Statistics
from experiments.session.fetching import Fetched, fetched, planned_fetch
from experiments.session.make_tables import Asked, make_table, make_tables, plan_table
from experiments.session.pages import Images, page_of
from experiments.session.providing import provide
from experiments.session.question import Question
from experiments.session.results import Compared, Made, Page, Planned, Pretrained, RunResult
from experiments.session.selecting import EVERYTHING, Selection
from experiments.session.single_run import (
    check_export,
    exported,
    finetuning_spec,
    planned_run,
    pretraining_spec,
    run_one,
)
from specs.errors import UsageError
from specs.expression import Call, parse
from specs.recipe import Recipe
from specs.registry import EXECUTORS, INITIALIZERS
from specs.run import Edition, RunSpec

if TYPE_CHECKING:
    from experiments.session.exporting import Exported
    from experiments.session.leaks import Leaks
    from experiments.session.predicting import Predicted

# Long file: the whole interface of the session, a method for each command, is in one place.

DEFAULT = Statistics()


class Session:
    """Does runs, comparisons and reports on one run store.

    Args:
        paths: the folders of data, runs and prepared images. A single folder stands for ``data`` and ``runs`` in it;
            None takes those in the current folder, or the values of the environment variables MEDTRANSFER_DATA,
            MEDTRANSFER_RUNS and MEDTRANSFER_CACHE.
        executor: the expression of the executor that carries out runs: ``local``, or such as
            ``slurm(partition="gpu", minutes=240)``.
        devices: the number of GPUs, or of CPU processes where there are none, that share each batch of a run.
        jobs: the most runs at the same time; None lets the executor decide.
        workers: the number of threads per device that load data; results do not depend on it.
        wandb: whether runs and tables are mirrored into wandb: ``offline`` (files in the run store), ``online`` or
            ``disabled``; None is ``disabled`` if the environment switches wandb off (``WANDB_MODE=disabled``,
            ``WANDB_DISABLED=true``), else ``offline``. Each call mirrors at its end; an error of wandb is a warning.
        progress: a function that is called with the plan of the runs after each change.
        say: a function that is called with sentences that a user should see at once.
        steps: a function that is called with the name of a step of fetching or preparing, how much of it is done, and
            of how much; the last is None if it is not known.
        offline: whether nothing may be fetched; missing files are then an error.

    Raises:
        UsageError: if the executor is unknown, or the number of devices is below 1.
    """

    def __init__(
        self,
        paths: Paths | str | Path | None = None,
        *,
        executor: str = "local",
        devices: int = 1,
        jobs: int | None = None,
        workers: int = 0,
        wandb: Mode | None = None,
        progress: ProgressCallback = no_progress,
        say: Say = say_nothing,
        steps: StepsCallback = no_steps,
        offline: bool = False,
    ) -> None:
        if devices < 1:
            raise UsageError(f"a session needs at least one device for a run, found devices={devices}.")
        self.context = Context(
            paths=_paths(paths),
            executor=str(EXECUTORS.bind(executor)),
            devices=devices,
            jobs=jobs,
            workers=workers,
            wandb=asked_mode(wandb, os.environ),
            progress=progress,
            say=say,
            steps=steps,
            offline=offline,
        )

    @contextmanager
    def mirrored_afterwards(self) -> Iterator[None]:
        """Let the calls of a block mirror into wandb together, when the block has ended without error."""
        with self.context.mirroring.afterwards():
            yield

    @property
    def paths(self) -> Paths:
        """The folders of data, runs and prepared images."""
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
        """Make the spec of a fine-tuning from names of its parts.

        Args:
            base: a spec that gives all parts that are not given; None if there is none.
            dataset: the dataset expression, such as ``drive`` or ``medmnist("pneumoniamnist")``.
            backbone: the backbone expression, such as ``resnet50``.
            initializer: the initializer expression, such as ``mean_var(imagenet)``, or a row,
                ``NAME = WEIGHTS on BACKBONE``, which may state the network too; the name is not kept.
            recipe: the recipe of the fine-tuning, or its name ``STUDY/NAME``.
            edition: the edition of the dataset, ``real`` or ``phantom``; None takes that of the base, else ``real``.
            pretraining: the recipe, or its name, of supervised pretrainings that the initializer needs.
            settings: new values for settings of the recipe, by name.
            seed: the seed of all random draws; None takes that of the base, else 0.

        Raises:
            UsageError: if something is missing, unknown or does not fit.
        """
        given = {"dataset": dataset, "backbone": backbone, "initializer": initializer, "edition": edition, "seed": seed}
        return finetuning_spec(base, given | {"recipe": recipe, "pretraining": pretraining}, settings or {})

    def dataset(self, text: str) -> str:
        """The dataset expression that a text stands for: the text itself, or for the path of a folder, how to read it.

        The expression that is chosen for a folder is said.

        Raises:
            UsageError: if a path names no folder.
            DataError: if there is no way to read the folder, or more than one.
        """
        return dataset_named(text, self.context.say)

    def resolve(self, spec: RunSpec) -> ResolvedRun:
        """Find the identity of a spec, its key, and the runs that it needs.

        Raises:
            UsageError: if the parts of the spec do not fit each other.
            DataError: if the dataset's files are missing or damaged.
            WeightsError: if a weight file is missing.
        """
        return self.context.resolver().resolve(spec)

    def run(self, run: RunSpec | ResolvedRun) -> RunResult:
        """Train, validate and test a run, after the pretrainings that it needs; finished runs are read from the store.

        Raises:
            MedtransferError: if the run fails; its class tells the kind of the error.
        """
        if not isinstance(run, ResolvedRun):
            self.provide(run)
            run = self.resolve(run)
        with self.mirrored_afterwards():
            return run_one(run, self.context)

    def provide(self, *specs: RunSpec) -> None:
        """Fetch the published files and prepare the images that runs need and that are not on this machine.

        ``run``, ``pretrain``, ``make`` and ``compare`` do so by themselves, before the first run. Files that need a
        form or an account are never fetched, and nothing is fetched if the session is offline. If the runs need
        something that cannot be fetched or prepared, nothing is done, and ``resolve`` says what it is.

        Raises:
            DataError: if files cannot be fetched, or images cannot be prepared.
            WeightsError: if weights cannot be fetched.
            StorageError: if the disk is full.
        """
        provide(specs, self.context)

    def plan_run(self, run: RunSpec | ResolvedRun) -> Planned:
        """The plan of what ``run`` would do; warnings about the run's numbers are said."""
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
        """Do one pretraining, and write its weights to a file whose header describes them.

        Args:
            initializer: the expression of the wanted weights: ``supervised(...)``, ``ssl(...)`` or ``continual(...)``,
                or a row of them, ``NAME = WEIGHTS on BACKBONE``.
            backbone: the expression of the backbone that is pretrained; None takes that of the row.
            recipe: the recipe, or its name, of supervised pretraining; self-supervised methods have their own.
            edition: the edition of the dataset.
            settings: new values for settings of the recipe, by name.
            seed: the seed of all random draws; tables use 0.
            export: the ``.safetensors`` file to write; None writes none.

        Raises:
            MedtransferError: if the run fails; its class tells the kind of the error.
        """
        check_export(_path(export))
        spec = self.pretraining(initializer, backbone, recipe=recipe, edition=edition, settings=settings, seed=seed)
        with self.mirrored_afterwards():
            return self.export(self.run(spec), export)

    def export(self, result: RunResult, path: str | Path | None) -> Pretrained:
        """Write the weights of a finished pretraining to a file whose header describes them.

        Args:
            result: the result of ``run`` on the spec of a pretraining.
            path: the ``.safetensors`` file to write; None takes the file in the run store.

        Raises:
            UsageError: if the file's name does not end in ``.safetensors``.
            RunError: if the run is not a pretraining.
        """
        return exported(result, _path(path))

    def export_network(
        self,
        named: str,
        folder: str | Path,
        *,
        row: str | None = None,
        column: str | None = None,
        seed: int | None = None,
        onnx: bool = False,
        timm: bool = False,
    ) -> Exported:
        """Write the trained network of a fine-tuning into a folder with a model card, for use elsewhere.

        Args:
            named: the file of a table, which ends in ``.json``, or the beginning of a run's key.
            folder: the folder to write, which is not there yet or empty.
            row: the label of a row of the table; None: the only one, or the one that a comparison advises.
            column: the label of a column of the table; None: the only one.
            seed: the seed of the run that is taken of a table's row; None: the lowest.
            onnx: whether to write an ONNX file too, with a script that predicts without torch.
            timm: whether to write a folder that timm loads too.

        Raises:
            UsageError: if the run is not there or no fine-tuning, the folder holds files, packages are lacking, or
                timm has no such network.
            RunError: if the run is damaged.
            StorageError: if the disk is full.
        """
        from experiments.exporting.export import Formats  # imports torch, which showing a plan does not need
        from experiments.session.exporting import exported_network

        return exported_network(
            named, Path(folder), self.context, row=row, column=column, seed=seed, formats=Formats(onnx, timm)
        )

    def make(
        self,
        table: str,
        *,
        profile: str | None = None,
        seeds: int | None = None,
        settings: Mapping[str, object] | None = None,
        selection: Selection = EVERYTHING,
        splits: str | Path | None = None,
        statistics: Statistics = DEFAULT,
        output: str | Path | None = None,
    ) -> Made:
        """Make a table or figure: plan its runs, do those that are missing, and render it.

        Args:
            table: the name of the table, such as ``transfusion-figure-3``, or with arguments, such as
                ``NAME(option=1)``.
            profile: the profile, ``phantom``, ``smoke`` or ``paper``, if the table has it; None takes its default.
            seeds: the number of runs in each cell, which differ in their seeds; None takes the table's own numbers.
            settings: new values for settings of the recipe of every fine-tuning, by name.
            selection: rows that are added to the table, and which of its own rows and columns are made.
            splits: a folder with a folder of lists for each dataset, ``train.txt``, ``validation.txt`` and
                ``test.txt``, by which it is divided; None takes each dataset's own splits.
            statistics: how rows are compared.
            output: the folder that the table's files are written to, in every format; None writes none.

        Raises:
            MedtransferError: if the table cannot be made at all; single runs that fail are in the result.
        """
        with self.mirrored_afterwards():
            return make_table(
                self._asked(table, profile, seeds, settings, selection, splits), self.context, statistics, _path(output)
            )

    def make_several(
        self,
        tables: Sequence[str],
        *,
        profile: str | None = None,
        seeds: int | None = None,
        settings: Mapping[str, object] | None = None,
        selection: Selection = EVERYTHING,
        splits: str | Path | None = None,
        statistics: Statistics = DEFAULT,
        output: str | Path | None = None,
    ) -> list[Made]:
        """Make several tables, with the runs of all of them planned together; the other arguments are ``make``'s.

        A run that fails is tried once more when its own table is made.
        """
        asked = [self._asked(table, profile, seeds, settings, selection, splits) for table in tables]
        with self.mirrored_afterwards():
            return make_tables(asked, self.context, statistics, _path(output))

    def plan(
        self,
        table: str,
        *,
        profile: str | None = None,
        seeds: int | None = None,
        settings: Mapping[str, object] | None = None,
        selection: Selection = EVERYTHING,
        splits: str | Path | None = None,
    ) -> Planned:
        """The plan of what ``make`` would do, and what is missing for it; the arguments are those of ``make``."""
        return plan_table(self._asked(table, profile, seeds, settings, selection, splits), self.context)

    # Long: half of it says what the arguments are.
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
        licence: Literal["commercial"] | None = None,
        output: str | Path | None = None,
        page: str | Path | None = None,
        images: Images = "phantom",
    ) -> Compared:
        """Find the best initialization for a dataset.

        For each initialization the learning rate is picked on validation images. Then runs are spent where they decide,
        and the claims made hold at a stated level.

        Args:
            dataset: an expression, such as ``folder("ward-7")``, or the path of a folder, as ``dataset`` takes it.
            initializers: the rows, ``NAME = WEIGHTS on BACKBONE by ADAPTATION``, of which the weights are enough, such
                as ``ImageNet = imagenet``, ``imagenet on resnet18`` or ``imagenet by probe``; the first row is the
                reference.
            backbone: the backbone expression of rows that name none. None takes ``efficientnet_lite0``, whose ImageNet
                weights come with pip, and with this project's own recipe a size from 32 to 224 pixels that fits the
                images; the choice is said.
            edition: the edition of the dataset.
            recipe: the recipe of the fine-tunings, or its name; None takes this project's own for the kind of task.
            settings: new values for settings of the recipe, by name.
            pretraining: the recipe, or its name, of supervised pretrainings that rows need.
            learning_rates: the learning rates that each row tries.
            margin: the largest difference that does not matter, in points of the score, in [0, 100).
            budget: the limit up to which runs are spent until the question is settled for new patients too, such as
                ``40`` (runs), ``2h`` or ``90min``. None spends runs until it is settled for these test images, and at
                most 70 % of the full grid, which is every row at every rate and ten seeds.
            control: whether the reference is run once more with other seeds, to test whether the two are told apart.
            retune: how often each row's rate is picked, so that the spread of its runs includes that of the pick: 1, or
                3 or more.
            folds: the number of parts that all patients are divided into, 3 or more, each of which is the test split of
                one run per seed; None takes the dataset's own splits.
            licence: ``commercial`` leaves out rows of weights whose licences forbid commercial use or are not known to
                allow it, and says so; None keeps all rows.
            output: the folder that the table's files are written to; None writes none.
            page: the file of the HTML page, or a folder for it; None writes none.
            images: the test images that the page shows.

        Raises:
            MedtransferError: if nothing can be compared; single runs that fail are in the result.
        """
        question = Question(
            dataset=self.dataset(dataset),
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
            licence=licence,
        )
        with self.mirrored_afterwards():
            return compared(question, self.context, _path(output), _path(page), images)

    def plan_comparison(self, question: Question) -> Planned:
        """The plan of what ``compare`` would do first; further runs depend on the learning rates that are picked."""
        return plan_comparison(question, self.context)

    def predict(
        self,
        run: str,
        images: str | Path | Sequence[str | Path],
        output: str | Path = "predictions",
        *,
        row: str | None = None,
        column: str | None = None,
        threshold: str = "specificity=0.9",
        any_image: bool = False,
    ) -> Predicted:
        """Predict new images with the network of a finished run, or with all networks of a row of a table.

        Args:
            run: the beginning of a run's key, or the file ``NAME.json`` of a table.
            images: a folder of images, or image files of one folder.
            output: the folder that the predictions are written to; an interrupted prediction there goes on.
            row: the label of a row of the table; None takes the one that it advises to start from, or its only one.
            column: the label of a column of the table; None takes its only one.
            threshold: the rule by which the threshold of yes and no is chosen on validation images:
                ``specificity=SHARE`` or ``sensitivity=SHARE`` (at least that), ``youden`` (largest sum of both), or a
                probability.
            any_image: whether images that are unlike those that the network learned are not looked for.

        Raises:
            UsageError: if no run is meant, or the folder holds other predictions.
            DataError: if there are no images, or the run's own images are not there and are needed.
            RunError: if a run is not in the store, or its files are damaged.
            StorageError: if the disk is full.
        """
        from experiments.predicting.deciding import parse_rule
        from experiments.session.predicting import predicted  # imports torch, which showing a plan does not need

        named = [Path(images)] if isinstance(images, str | Path) else [Path(one) for one in images]
        return predicted(
            run, named, Path(output), self.context, row=row, column=column, rule=parse_rule(threshold),
            familiar=not any_image,
        )  # fmt: skip

    def report(
        self,
        files: Sequence[str | Path] = (),
        *,
        tables: str | Path = "tables",
        title: str | None = None,
        images: Images = "phantom",
    ) -> Page:
        """Make the HTML page of a finished table, or an index of several and a page for each.

        They can be read without a network or a server.

        Args:
            files: the file ``NAME.json`` of each table; empty takes all in the folder ``tables``.
            tables: the folder of the tables if no files are given.
            title: the title of the page; None takes the usual one.
            images: the test images that the page shows; ``all`` includes those of real patients.

        Raises:
            DataError: if there are no tables, or a file is not a table.
        """
        return page_of(table_files([*map(Path, files)], Path(tables)), self.paths, images, title)

    def fetch(self, dataset: str | Call, *, progress: StepsCallback = no_steps) -> Fetched:
        """Fetch the freely published files of a dataset into its folder under ``paths.data``.

        Files that are there are not fetched again, and an interrupted transfer goes on. The licence is said.

        Args:
            dataset: the dataset expression, such as ``medmnist("pneumoniamnist")``.
            progress: a function that is called with the name of a step, how many bytes of it are done, and of how many.

        Raises:
            UsageError: if there is no such dataset.
            DataError: if it must be fetched by hand, cannot be fetched, or differs from what was published.
            StorageError: if the disk has no room for it.
        """
        return fetched(dataset, self.paths, progress, self.context.say)

    def plan_fetch(self, dataset: str | Call) -> Fetched:
        """The files that ``fetch`` would fetch, or that are there; nothing is fetched or written."""
        return planned_fetch(dataset, self.paths)

    def leaks(
        self,
        weights: str | Call | None,
        dataset: str,
        *,
        trained_on: str | Path | None = None,
        column: str | None = None,
        edition: Edition = "real",
        fetch: bool = False,
    ) -> Leaks:
        """Hold the list of the images that weights were trained on against a dataset, image by image.

        Label files are read, and no image is. Nothing is kept.

        Args:
            weights: the expression of the weights, such as ``file("mine.pth")``; None where the list is given alone.
            dataset: the dataset that would be tested on, as ``dataset`` takes it.
            trained_on: a list of names of your own, a name a line or a table; None takes what the weights publish.
            column: the column of the list that holds the names; None finds it.
            edition: the edition of the dataset.
            fetch: whether a published list that is not in the weight store may be fetched.

        Raises:
            UsageError: if there is no list.
            WeightsError: if a published list is not in the weight store and may not be fetched, or cannot be.
            DataError: if the dataset or the list is not there, or damaged.
        """
        from experiments.session.leaks import leaks

        return leaks(
            INITIALIZERS.bind(weights) if weights is not None else None,
            parse(self.dataset(dataset)),
            self.paths,
            edition=edition,
            trained_on=_path(trained_on),
            column=column,
            fetch=fetch and not self.context.offline,
            say=self.context.say,
            report=lambda done, total: self.context.steps("fetch the list", done, total),
        )

    def status(self) -> list[RunState]:
        """The state of every run in the store: running, queued, failed, stopped or done, and why."""
        return run_states(self.context.store)

    def _asked(
        self,
        table: str,
        profile: str | None,
        seeds: int | None,
        settings: Mapping[str, object] | None,
        selection: Selection,
        splits: str | Path | None,
    ) -> Asked:
        return Asked(
            name=table, profile=profile, seeds=seeds, settings=settings or {}, selection=selection, splits=_path(splits)
        )


def _paths(paths: Paths | str | Path | None) -> Paths:
    """The folders that a session was given, or those inside a single folder."""
    if isinstance(paths, Paths):
        return paths
    folder = _path(paths)
    return Paths.given() if folder is None else Paths.given(folder / "data", folder / "runs")


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
