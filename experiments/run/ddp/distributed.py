"""The processes that train one run together: their ranks, their process group, and Lightning's settings for them.

Their ranks come from environment variables that torchrun or srun sets (``experiments.run.ddp.launch_environment``). On
one machine without either, ``experiments.run.ddp_launch`` starts processes in torchrun's way.
"""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
import torch.distributed as dist
from pytorch_lightning.plugins.environments import (  # type: ignore[attr-defined]
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)
from pytorch_lightning.strategies import DDPStrategy
from timm.layers import convert_sync_batchnorm  # type: ignore[attr-defined]
from torch import nn
from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]

from experiments.run.ddp.launch_environment import started_by_torchrun, started_together
from initializers.loading.fingerprints import fingerprint
from lightning_modules.gathering import all_gather_objects, processes
from specs.errors import RunError, UsageError

_GROUPS = itertools.count()
"""Counts the process groups that this process was in; all processes of a program are in the same ones."""


class _Step(SLURMEnvironment):
    """A step of a SLURM job as Lightning's environment; other steps may run on the same nodes."""

    @property
    def main_address(self) -> str:
        return os.environ.get("MASTER_ADDR") or self.resolve_root_node_address(os.environ["SLURM_STEP_NODELIST"])

    @property
    def main_port(self) -> int:
        """The port on which the step's processes meet.

        It is another one for each step of up to 10,000 jobs with successive numbers, if no job has more than 100 steps.
        """
        given = os.environ.get("MASTER_PORT")
        return int(given or 15000 + (int(os.environ["SLURM_JOB_ID"]) * 101 + int(os.environ["SLURM_STEP_ID"])) % 10000)


def environment() -> ClusterEnvironment | None:
    """The environment that tells this process's rank; None if the process was started alone.

    Raises:
        UsageError: if srun was not told how many tasks each node has.
    """
    if started_by_torchrun():
        return TorchElasticEnvironment()
    if (tasks := started_together()) == 1:
        return None
    if "SLURM_NTASKS_PER_NODE" not in os.environ:  # Lightning needs the variable
        raise UsageError(
            f"srun started {tasks} tasks and was not told how many on each node. Say --ntasks-per-node instead of "
            "--ntasks."
        )
    return _Step(auto_requeue=False)


@cache
def _meeting() -> Store:
    """The key-value store through which the processes find each other, until they end."""
    own = environment()
    assert own is not None
    served = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"  # the launcher of the processes serves the store
    store = TCPStore(own.main_address, own.main_port, own.world_size(), own.global_rank() == 0 and not served)
    # torchrun's store outlives processes that it restarts, and still has the addresses of the first ones.
    return PrefixStore(f"start {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)


@contextmanager
def group(devices: int) -> Iterator[None]:
    """Join the processes that torchrun or SLURM started, one for each device, to a process group of torch.

    A process that was started alone joins none.

    Args:
        devices: the number of devices that train together, at least 1.

    Raises:
        UsageError: if there are more or fewer processes than devices, or there is no GPU for this process.
    """
    own = environment()
    if own is None or processes() > 1:
        yield
        return
    if own.world_size() != devices:
        raise UsageError(
            f"{own.world_size()} processes were started together to train on {devices} device(s). Start as many "
            "processes as devices (torchrun --nproc-per-node, srun --ntasks-per-node), or say "
            f"devices={own.world_size()}."
        )
    if devices == 1:
        yield
        return
    gpu = torch.cuda.is_available()
    if gpu:
        _check_own_gpu(own.local_rank())
        torch.cuda.set_device(own.local_rank())
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if gpu else "gloo",
        store=PrefixStore(f"group {next(_GROUPS)}", _meeting()),  # without a new name it would find old addresses
        rank=own.global_rank(),
        world_size=own.world_size(),
    )
    try:
        with warnings.catch_warnings():
            # The modules log values over all processes already; Lightning's mean over processes would change nothing.
            warnings.filterwarnings("ignore", message="It is recommended to use `self.log")
            # The new name of this setting is not in every version of torch that is supported.
            warnings.filterwarnings("ignore", message="`broadcast_buffers` is deprecated")
            yield
    finally:
        dist.destroy_process_group()


def check_gpus(devices: int) -> None:
    """Refuse more devices than this machine has GPUs; without GPUs, any number of processes may share the CPU.

    Raises:
        UsageError: says how many GPUs there are.
    """
    if torch.cuda.is_available() and devices > torch.cuda.device_count():
        raise UsageError(
            f"{devices} devices are asked for on this machine, which has {torch.cuda.device_count()} GPU(s). Use fewer."
        )


def _check_own_gpu(number: int) -> None:
    """Refuse a process for which there is no GPU.

    Args:
        number: the local rank of the process: its number on its machine, from 0.

    Raises:
        UsageError: says how many GPUs the process sees.
    """
    if number >= torch.cuda.device_count():
        raise UsageError(
            f"the processes of a machine take one GPU each, and process {number} of this one sees "
            f"{torch.cuda.device_count()}. Start fewer, or let each see all GPUs of its machine (of SLURM, ask with "
            "--gpus-per-node, not with --gpus-per-task)."
        )


def trainer_settings() -> dict[str, Any]:
    """The settings of Lightning's trainer: one device, or DDP with this process's rank among those that train together.

    Raises:
        UsageError: if machines have different numbers of processes.
    """
    own = environment()
    if processes() == 1 or own is None:
        # Without this environment, Lightning would take that of a SLURM job in which the command was given.
        return {"accelerator": "auto", "devices": 1, "plugins": [LightningEnvironment()]}
    nodes = all_gather_objects(own.node_rank())
    here = nodes.count(own.node_rank())
    if len(nodes) != here * len(set(nodes)):
        raise UsageError(f"each machine must have as many processes as the others; they are on machines {nodes}.")
    return {
        "accelerator": "cuda" if torch.cuda.is_available() else "cpu",
        "devices": here,
        "num_nodes": len(set(nodes)),
        # Process 0 sends its buffers to all before a validation (TrainedModule), not before each batch. A decoder does
        # not use the last layers of some networks, and DDP would wait for their gradients.
        "strategy": DDPStrategy(cluster_environment=own, broadcast_buffers=False, find_unused_parameters=True),
    }


def synchronized(module: nn.Module) -> None:
    """Replace batch norm by a kind that estimates its statistics over all processes; a single process changes nothing.

    timm's conversion keeps the activation inside timm's layers, which torch's and Lightning's conversions would drop.

    Raises:
        UsageError: if there are no GPUs, since torch has synchronized batch norm only for them.
    """
    if processes() == 1:
        return
    if not torch.cuda.is_available():
        raise UsageError(
            'recipe: batch_norm="sync" over several devices needs GPUs (torch has it for them alone). Use one device, '
            'or batch_norm="local", which is another run.'
        )
    for name, child in list(module.named_children()):
        setattr(module, name, convert_sync_batchnorm(child))  # type: ignore[no-untyped-call]


def check_same_weights(module: nn.Module) -> None:
    """Refuse to train if the processes have different weights before training.

    Raises:
        RunError: names the processes whose weights are not those of process 0.
    """
    found = all_gather_objects(fingerprint(module.state_dict()))
    others = [str(number) for number, one in enumerate(found) if one != found[0]]
    if others:
        raise RunError(
            f"the initial weights of process {', '.join(others)} are not those of process 0. Expected the same ones; "
            "look for weight files or library versions that differ between machines."
        )
