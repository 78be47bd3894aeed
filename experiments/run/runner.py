"""One run, from its spec to its published record."""

from __future__ import annotations

from experiments.run.ddp.distributed import group
from experiments.run.ddp.launch_environment import started_together
from experiments.run.ddp_launch import launch
from experiments.run.participant import take_part
from experiments.run.paths import Paths
from experiments.run.progress import Report, silent
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.store import Attempt, Record, RunStore
from lightning_modules.gathering import broadcast_object, processes, rank
from specs.run import RunSpec


def run(spec: RunSpec, paths: Paths, *, workers: int = 0, report: Report = silent, devices: int = 1) -> Record:
    """Train, validate and test a spec, unless its record is there already.

    The runs that its initializer requires must be done. If torchrun or SLURM started several processes together, all of
    them must call this, and each is a device.

    Args:
        spec: the spec of the run.
        paths: where data and runs are.
        workers: the number of threads per device that load data; the result does not depend on it.
        report: a function that is told the number of finished epochs when training begins and after each epoch.
        devices: the number of devices that share each batch, at least 1.

    Raises:
        MedtransferError: if the run fails; its class tells the kind of the error.
    """
    resolver = Resolver(paths, devices)
    return run_resolved(resolver.resolve(spec), resolver, workers=workers, report=report)


def run_resolved(resolved: ResolvedRun, resolver: Resolver, *, workers: int = 0, report: Report = silent) -> Record:
    """Train, validate and test a run that is resolved already, unless its record is there already; see ``run``.

    Args:
        resolved: the run to do.
        resolver: the resolver that resolved the run; it also states the number of devices.
        workers: the number of threads per device that load data.
        report: a function that is told the number of finished epochs when training begins and after each epoch.

    Raises:
        MedtransferError: if the run fails; its class tells the kind of the error.
    """
    store = RunStore(resolver.paths.runs)
    with group(resolver.devices):
        done = broadcast_object(store.record(resolved.key) if rank() == 0 else None)
        if done is not None:
            return done
        attempt = broadcast_object(store.begin(resolved.key) if rank() == 0 else None)
        assert attempt is not None
        return attempt_run(resolved, attempt, resolver, workers=workers, report=report)


def attempt_run(
    resolved: ResolvedRun, attempt: Attempt, resolver: Resolver, *, workers: int = 0, report: Report = silent
) -> Record:
    """Do a resolved run in an attempt's folder and publish it.

    If the run has several devices, a process that was started alone starts a process for each. Processes that were
    started together must be in their ``group`` and have the same attempt, as in ``run_resolved``.

    Raises:
        MedtransferError: if the run fails; its class tells the kind of the error.
    """
    if processes() == resolver.devices:
        return take_part(resolved, attempt, resolver, workers, report)
    assert started_together() == 1, "each process would start others"
    launch(resolved, attempt, resolver.paths, workers, report, resolver.devices)
    return RunStore(resolver.paths.runs).published(resolved.key)
