"""A planner's jobs on a SLURM cluster, and what each job does.

submitit (https://github.com/facebookincubator/submitit) writes and submits the batch scripts, and requeues a job that
is preempted or runs out of time. The states of jobs come from squeue, since sacct needs a database that not every
cluster has. A requeued job begins a new attempt, which goes on from the last one's checkpoint.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.execution.executor import Conditions, Job, JobState
from experiments.execution.planner_notes import failure_of, forget_failure, write_failure
from experiments.execution.slurm.queue import states_of
from experiments.execution.slurm.resources import Resources
from experiments.run.attempts import epochs_done
from experiments.run.progress import Finished, Progress, failed
from experiments.run.resolve import ResolvedRun
from experiments.run.store import RunStore
from specs.errors import RunError, UsageError
from specs.isolation import isolated

# The signal that SLURM sends before a job's time is over or when it is preempted; submitit reads it when imported.
os.environ.setdefault("SUBMITIT_PREEMPT_SIGNAL", "USR1")

from submitit import SlurmExecutor
from submitit.core.utils import (
    DelayedSubmission,
    FailedJobError,
    FailedSubmissionError,
)

WARNING_SECONDS = 90
"""Seconds before the end of its time at which a job is warned. Nothing is saved then: each epoch left a checkpoint."""

ARRAY = 1000
"""The most jobs of an array; SLURM's default of MaxArraySize is 1001 (https://slurm.schedmd.com/slurm.conf.html)."""

LATE, LATER = 10.0, 90.0
"""Seconds to wait for the result of a job that ended, and of one that completed: a network file system may show it
late, by default at most 60 s (https://man7.org/linux/man-pages/man5/nfs.5.html, acdirmax)."""

FREQUENT, RARE = 2.0, 30.0
"""Seconds between two calls of squeue, at the start and after ten minutes."""


class SlurmDispatcher:
    """Submits runs as arrays of jobs; closing it leaves them in the queue.

    Args:
        resources: the resources that each run asks of SLURM.
        conditions: how the runs are carried out.
    """

    queues = True
    free = sys.maxsize

    def __init__(self, resources: Resources, conditions: Conditions) -> None:
        self.resources, self.conditions = resources, conditions
        self.folder = conditions.paths.runs / "slurm"
        self._store = RunStore(conditions.paths.runs)
        self._jobs: dict[str, Job] = {}
        self._ended: dict[str, float] = {}
        self._began = self._next = time.monotonic()

    def submit(self, runs: Sequence[ResolvedRun], after: Mapping[str, str]) -> dict[str, Job]:
        """Submit runs, those that need the same resources and wait for the same jobs together as one job array.

        Raises:
            UsageError: if SLURM refuses.
        """
        arrays: dict[tuple[tuple[str, ...], int], list[ResolvedRun]] = {}
        for run in runs:
            jobs = tuple(sorted({after[need.key] for need in run.requires if need.key in after}))
            arrays.setdefault((jobs, run.spec.recipe.threads), []).append(run)
        submitted: dict[str, Job] = {}
        for (jobs, threads), alike in arrays.items():
            for start in range(0, len(alike), ARRAY):
                submitted |= self._array(alike[start : start + ARRAY], jobs, threads)
        self._jobs |= submitted
        return submitted

    def _array(self, runs: Sequence[ResolvedRun], after: Sequence[str], threads: int) -> dict[str, Job]:
        asked, given = self.resources, self.conditions
        options = asked.options(given.devices, threads + given.workers)
        python = f"{shlex.quote(sys.executable)} -P"  # a file of the current folder must not stand in for a module
        submitter = SlurmExecutor(self.folder, max_num_timeout=asked.requeues, python=python)
        submitter.update_parameters(
            job_name="medtransfer",
            **options,
            dependency=f"afterok:{':'.join(after)}" if after else None,
            array_parallelism=given.jobs or len(runs),
            setup=list(asked.setup) or None,
            signal_delay_s=WARNING_SECONDS,
            stderr_to_stdout=True,
            # A job of a lost node is requeued; a job whose required job failed is removed and does not wait for ever.
            additional_parameters={"requeue": True, "kill-on-invalid-dep": "yes"},
            # srun ignores sbatch's number of cores since SLURM 22.05, so give it again; a failed rank ends the others.
            srun_args=[f"--cpus-per-task={options['cpus_per_task']}", "--kill-on-bad-exit=1", "--open-mode=append"],
        )
        work = [SlurmRun(run.spec.to_json(), run.key, given, sys.path) for run in runs]
        try:
            with isolated():  # sbatch passes its environment on to the job
                jobs = submitter.submit_array(work)
        except (FailedJobError, FailedSubmissionError) as error:
            raise UsageError(f"slurm: sbatch refused the runs: {error}") from error
        return {run.key: Job(job.job_id, job.paths.stdout) for run, job in zip(runs, jobs, strict=True)}

    def events(self, patience: float) -> Iterator[Progress | Finished]:
        """Wait for at most ``patience`` seconds, ask squeue if it is time, and give what has happened to the runs."""
        time.sleep(min(patience, max(0.0, self._next - time.monotonic())))
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + min(RARE, max(FREQUENT, (now - self._began) / 20))
        states = states_of([job.name for job in self._jobs.values()]) if self._jobs else {}
        for key, job in list(self._jobs.items()):
            event = self._event(key, job, states[job.name], now)
            if isinstance(event, Finished):
                del self._jobs[key]
            if event is not None:
                yield event

    def _event(self, key: str, job: Job, seen: JobState, now: float) -> Progress | Finished | None:
        if self._store.record(key) is not None:
            return Finished(key)
        if seen.state == "running":
            self._ended.pop(key, None)
            return Progress(key, *(epochs_done(self._store, key) or (0, 1)))
        if seen.state != "ended":
            self._ended.pop(key, None)
            return None
        failed = failure_of(self.conditions.notes, key)
        if failed is None and now - self._ended.setdefault(key, now) > (LATER if seen.why == "COMPLETED" else LATE):
            error = f"its SLURM job {job.name} ended without a result ({seen.why}); run the command again to go on"
            return Finished(key, error, RunError.exit_status, job.log)
        return dataclasses.replace(failed, log=job.log) if failed else None

    def close(self) -> None:
        """Leave the jobs in SLURM's queue, since they need no planner, and say so on standard error."""
        if self._jobs:
            print(
                f"{len(self._jobs)} jobs stay in SLURM's queue. `medtransfer status` shows them, `medtransfer cancel` "
                "ends them, and the same command as before waits for them.",
                file=sys.stderr,
            )


class SlurmRun:
    """What a SLURM job does: one run. Every task of the job calls it, and the tasks train together.

    Args:
        spec: the run spec as plain data.
        key: the key that the planner computed for the run.
        conditions: how the planner's runs are carried out.
        path: the planner's ``sys.path``, which may hold plugins; it is appended to the job's own.
    """

    def __init__(self, spec: dict[str, Any], key: str, conditions: Conditions, path: Sequence[str]) -> None:
        self.spec, self.key, self.conditions, self.path = spec, key, conditions, tuple(path)

    def __call__(self) -> None:
        """Do the run; an error is written into the planner's notes and raised."""
        sys.path += [folder for folder in self.path if folder and folder not in sys.path]
        from experiments.execution.worker import planned
        from experiments.run.machine.memory import keep_freed_memory
        from experiments.run.resolve import Resolver
        from experiments.run.run_log import log_to_output
        from experiments.run.runner import run_resolved

        notes, first = self.conditions.notes, os.environ["SLURM_PROCID"] == "0"
        if first:
            forget_failure(notes, self.key)
        keep_freed_memory()
        log_to_output()
        try:
            resolver = Resolver(self.conditions.paths, self.conditions.devices)
            run_resolved(planned(self.spec, self.key, resolver), resolver, workers=self.conditions.workers)
        except Exception as error:
            if first or failure_of(notes, self.key) is None:
                write_failure(notes, failed(self.key, error))
            raise

    def checkpoint(self) -> DelayedSubmission:
        """What submitit runs when the job is requeued: the same run, which goes on from its checkpoint."""
        return DelayedSubmission(self)
