"""Threads beside the one that computes."""

import subprocess
import sys
import time

import torch

from inference.engines.threads import threads_beside


def cores() -> int:
    time.sleep(0.05)  # long enough for the next task to get a thread of its own
    return torch.get_num_threads()


def test_threads_beside_compute_on_one_core_and_leave_the_caller_its_own() -> None:
    mine = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with threads_beside(3, "test") as threads:
            assert [each.result() for each in [threads.submit(cores) for _ in range(3)]] == [1, 1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(mine)


def test_ctranslate2_is_there_before_torch_in_a_worker_and_so_keeps_its_own_openmp() -> None:
    ask = "import inference.pool.child, inference.engines.factory, sys; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-c", ask], text=True).split()
    assert modules.index("ctranslate2._ext") < modules.index("torch")
