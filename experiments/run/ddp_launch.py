"""One run on several devices of this machine: a process for each device, started and watched by this process.

The processes find each other as torchrun's processes do: environment variables state their ranks, and the process that
started them serves the key-value store through which they meet, on a free port that the system chose
(https://docs.pytorch.org/docs/stable/distributed.html#environment-variable-initialization). When a process fails or is
lost, the others, which wait for it, are ended; all end when the process that watches them is gone.
"""

from __future__ import annotations

import os
import threading
import traceback
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from torch.distributed import TCPStore  # type: ignore[attr-defined]

from experiments.run.ddp.distributed import check_gpus, group
from experiments.run.machine.memory import keep_freed_memory
from experiments.run.machine.processes import end_with, fresh_processes, how_it_ended, leave_group
from experiments.run.participant import take_part
from experiments.run.paths import Paths
from experiments.run.progress import Finished, Progress, Report, failed
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.run_log import log_to_output
from experiments.run.store import Attempt
from specs.errors import RunError, failure

ADDRESS = "127.0.0.1"
"""Where the processes meet: this machine alone."""


def launch(resolved: ResolvedRun, attempt: Attempt, paths: Paths, workers: int, report: Report, devices: int) -> None:
    """Do a resolved run in an attempt's folder with one process for each device, and publish it.

    Raises:
        MedtransferError: if a process fails; it has the kind of the error in the first process that failed.
    """
    check_gpus(devices)
    meeting = TCPStore(ADDRESS, 0, devices, is_master=True, wait_for_workers=False)
    context, running = fresh_processes(), dict[Connection, tuple[int, BaseProcess]]()
    try:
        for number in range(devices):
            ours, theirs = context.Pipe()
            given = (_rank_environment(number, devices, meeting.port), resolved, attempt, paths, workers, devices)
            process: BaseProcess = context.Process(target=_take_part, args=(*given, theirs), daemon=False)
            process.start()
            theirs.close()
            running[ours] = number, process
        _watch(running, report)
    finally:
        for pipe, (_, process) in running.items():
            process.kill()  # on SIGTERM, Lightning would stop only after the batch, which may never end
            process.join()
            pipe.close()


def _watch(running: dict[Connection, tuple[int, BaseProcess]], report: Report) -> None:
    """Wait until every process has finished.

    Raises:
        MedtransferError: if one has failed or was lost.
    """
    waiting = list(running)
    while waiting:
        for pipe in wait(waiting):
            assert isinstance(pipe, Connection)
            number, process = running[pipe]
            who = f"process {number} of {len(running)}"
            try:
                message = pipe.recv()
            except EOFError:
                process.join()
                how = how_it_ended(process.exitcode)
                raise RunError(f"{who} ended with {how}; run the command again to go on") from None
            if isinstance(message, Progress):
                report(message.epoch, message.epochs)
            elif message.error is not None:
                raise failure(message.exit_status, f"{message.error} (in {who})")
            else:
                waiting.remove(pipe)


def _rank_environment(number: int, devices: int, port: int) -> dict[str, str]:
    """The environment variables by which torchrun tells a process its rank and where to meet the others."""
    return {
        "TORCHELASTIC_RUN_ID": "medtransfer",
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "MASTER_ADDR": ADDRESS,
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(devices),
        "RANK": str(number),
        "LOCAL_RANK": str(number),
        "GROUP_RANK": "0",
    }


def _take_part(
    environment: dict[str, str],
    resolved: ResolvedRun,
    attempt: Attempt,
    paths: Paths,
    workers: int,
    devices: int,
    pipe: Connection,
) -> None:
    leave_group()  # the watching process ends the others
    threading.Thread(target=end_with, args=(pipe,), daemon=True).start()
    os.environ.update(environment)
    from experiments.run.listed import list_anew  # its import lists all entries; the watching process needs none

    list_anew()
    keep_freed_memory()
    log_to_output()

    def report(epoch: int, epochs: int, /) -> None:
        pipe.send(Progress(attempt.key, epoch, epochs))

    try:
        with group(devices):
            take_part(resolved, attempt, Resolver(paths, devices), workers, report)
    except Exception as error:
        traceback.print_exc()
        pipe.send(failed(attempt.key, error, attempt.log))
        threading.Event().wait()  # if this process ended now, the others would fail too and hide this error
    else:
        pipe.send(Finished(attempt.key))
