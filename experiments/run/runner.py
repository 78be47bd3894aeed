"""One run, from its spec to its published record."""

from __future__ import annotations

from experiments.run.ddp.distributed import group
from experiments.run.ddp.launchers import started_together
from experiments.run.launching import launch
from experiments.run.participant import take_part
from experiments.run.places import Places
from experiments.run.progress import Report, silent
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.store import Attempt, Record, RunStore
from lightning_modules.gathering import agreed, processes, rank
from specs.run import RunSpec


def run(spec: RunSpec, places: Places, *, workers: int = 0, report: Report = silent, devices: int = 1) -> Record:
    """Train, validate and test one spec, unless its record is there already.

    The runs that its initializer requires must be done. In a process that torchrun or SLURM started together with
    others, all must call this, and each is a device.

    Args:
        spec: what to run.
        places: where data and runs are.
        workers: threads of each device that load data; the result does not depend on them.
        report: told when training begins and after each epoch how far it is.
        devices: that share each batch.

    Raises:
        MedtransferError: of the kind of what went wrong.
    """
    resolver = Resolver(places, devices)
    return run_resolved(resolver.resolve(spec), resolver, workers=workers, report=report)


def run_resolved(resolved: ResolvedRun, resolver: Resolver, *, workers: int = 0, report: Report = silent) -> Record:
    """The same of a run that was resolved already.

    Args:
        resolved: what to run.
        resolver: that resolved it.
        workers: threads of each device that load data.
        report: told how far the training is.

    Raises:
        MedtransferError: of the kind of what went wrong.
    """
    store = RunStore(resolver.places.runs)
    with group(resolver.devices):
        done = agreed(store.record(resolved.key) if rank() == 0 else None)
        if done is not None:
            return done
        attempt = agreed(store.begin(resolved.key) if rank() == 0 else None)
        assert attempt is not None
        return attempt_run(resolved, attempt, resolver, workers=workers, report=report)


def attempt_run(
    resolved: ResolvedRun, attempt: Attempt, resolver: Resolver, *, workers: int = 0, report: Report = silent
) -> Record:
    """Do a resolved run in an attempt's folder and publish it.

    A process that is alone starts others if the run has several devices; those that were started together must be in
    their ``group``, with the same attempt, as ``run`` has it.

    Raises:
        MedtransferError: of the kind of what went wrong.
    """
    if processes() == resolver.devices:
        return take_part(resolved, attempt, resolver, workers, report)
    assert started_together() == 1, "each process would start others"
    launch(resolved, attempt, resolver.places, workers, report, resolver.devices)
    return RunStore(resolver.places.runs).published(resolved.key)
