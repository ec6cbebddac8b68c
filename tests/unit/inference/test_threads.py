"""Threads beside the one that computes."""

import os
import subprocess
import sys
import time

import torch

from inference.engines.threads import single_core_threads
from inference.openmp import SPINS, limit_spinning

# a worker's process as the pool starts it, with engines that only import torch, and told to stop at once
WORKER = """
import multiprocessing, sys, types
from inference.messages import Stop
from inference.worker_config import WorkerConfig
from inference.pool.child import main

def only_torch(device):
    import torch
    return {}

sys.modules["engines"] = types.ModuleType("engines")
sys.modules["engines"].only_torch = only_torch
ours, theirs = multiprocessing.Pipe()
ours.send(Stop())
main(theirs, WorkerConfig(engines="engines:only_torch"))
"""

# what is loaded when torch is first asked for; torch itself, and what comes after it, would take long
UNTIL_TORCH = """
import os, sys

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "torch":
            print(*sys.modules, flush=True)
            os._exit(0)

sys.meta_path.insert(0, Finder)
import inference.pool.child, inference.engines.factory
raise SystemExit("nobody asked for torch")
"""


def cores() -> int:
    time.sleep(0.05)  # long enough for the next task to get a thread of its own
    return torch.get_num_threads()


def test_single_core_threads_compute_on_one_core_and_leave_the_caller_its_own() -> None:
    mine = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with single_core_threads(3, "test") as threads:
            assert [each.result() for each in [threads.submit(cores) for _ in range(3)]] == [1, 1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(mine)


def test_ctranslate2_is_there_before_torch_in_a_worker_and_so_keeps_its_own_openmp() -> None:
    loaded = subprocess.check_output([sys.executable, "-c", UNTIL_TORCH], text=True).split()
    assert "ctranslate2._ext" in loaded


def test_a_workers_threads_spin_briefly_and_then_sleep() -> None:
    ours = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_DISPLAY_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment["OMP_DISPLAY_ENV"] = "verbose"  # OpenMP says what it has read when it is loaded
    worker = subprocess.run([sys.executable, "-c", WORKER], env=environment, check=True, capture_output=True, text=True)
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in worker.stderr
    assert f"GOMP_SPINCOUNT = '{SPINS}'" in worker.stderr


def test_threads_wait_as_whoever_runs_the_process_has_chosen() -> None:
    environment = {"OMP_WAIT_POLICY": "ACTIVE", "GOMP_SPINCOUNT": "7"}
    limit_spinning(environment)
    assert environment == {"OMP_WAIT_POLICY": "ACTIVE", "GOMP_SPINCOUNT": "7"}
