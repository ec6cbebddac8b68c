"""Threads beside the one that computes."""

from concurrent.futures import ThreadPoolExecutor

import torch


def single_core_threads(count: int, name: str) -> ThreadPoolExecutor:
    """Return threads for loading, checking and encoding; each computes on one core only.

    On more it would slow the computing one down for good: OpenMP keeps a team for each thread that has ever computed on
    several cores, and where all teams have more members than there are cores, GNU's no longer spin while they wait
    (libgomp's `gomp_throttled_spin_count_var`). A small product takes some 250 µs then instead of 20.
    """
    torch.get_num_threads()  # the caller's own number is settled at first use, by the last one that anybody has set
    return ThreadPoolExecutor(count, thread_name_prefix=name, initializer=torch.set_num_threads, initargs=(1,))
