"""What a decoding process cannot do any more, tried from inside, with the filter of system calls and without it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inference.decoders.lockdown import NOBODY
from inference.decoders.process import DecoderLimits, DecoderProcess
from tests.support.files.sounds import tone, wav

ROOT = Path(__file__).parents[3]
MEMORY_BYTES = 1 << 30
PROGRAM = """
import ctypes, json, mmap, os, resource, signal, socket, sys, threading
sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "unfiltered":
    sys.modules["pyseccomp"] = None
from inference.decoders.lockdown import lock_down

libc = ctypes.CDLL(None, use_errno=True)
def called(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")

def fork():
    if not os.fork():
        os._exit(0)

ATTEMPTS = {
    "read a file": lambda: open("/etc/hostname"),
    "make a file": lambda: os.open("/tmp/made-by-a-decoder", os.O_CREAT | os.O_WRONLY),
    "make a file in memory": lambda: os.memfd_create("made"),
    "open a socket": socket.socket,
    "open a pair of sockets": socket.socketpair,
    "duplicate a pipe": lambda: os.dup(0),
    "fork": fork,
    "start a thread": lambda: threading.Thread(target=int).start(),
    "start a program": lambda: called(libc.execve(b"/bin/true", None, None)),
    "have more files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)),
    "have more memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2),
    "have more time": lambda: resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY,) * 2),
    "have more by prlimit": lambda: resource.prlimit(0, resource.RLIMIT_NPROC, (100, 100)),
    "be root": lambda: os.setuid(0),
    "stop its parent": lambda: os.kill(os.getppid(), signal.SIGSTOP),
    "look into its parent": lambda: called(libc.ptrace(16, os.getppid(), 0, 0)),
    "run what it wrote": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "take memory": lambda: bytearray(2 << 30),
}
if sys.argv[2] == "unfiltered":
    del ATTEMPTS["start a program"]  # it would replace this one, with as little to do
missing = lock_down(int(sys.argv[3]), 60)
done = []
for name, attempt in ATTEMPTS.items():
    try:
        attempt()
        done.append(name)
    except (OSError, RuntimeError, ValueError, MemoryError):
        pass
print(json.dumps({"missing": missing, "done": done}))
"""


def tried(how: str) -> dict[str, object]:
    """Lock a process down and return what it could still do."""
    command = [sys.executable, "-c", PROGRAM, str(ROOT), how, str(MEMORY_BYTES)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env={"OMP_NUM_THREADS": "1"})
    return dict(json.loads(answer.stdout))


def test_locked_process_can_do_nothing_but_compute() -> None:
    found = tried("filtered")
    if str(found["missing"]):
        pytest.skip(f"needs Debian's libseccomp2 and a kernel with seccomp; there is {found['missing']}")
    assert found["done"] == []


def test_locked_process_without_a_filter_keeps_its_limits_even_as_root() -> None:
    found = tried("unfiltered")
    assert str(found["missing"]).startswith("no filter of system calls: ")
    own = {"stop its parent"} if os.geteuid() else set()  # a user may stop their own processes
    assert set(found["done"]) <= {"run what it wrote"} | own  # type: ignore[call-overload]


@pytest.fixture
def process() -> DecoderProcess:
    return DecoderProcess("sounds", DecoderLimits(400 << 20, 10.0, 1 << 20))


def measured(process: DecoderProcess) -> object:
    reply, _ = process.ask(wav(tone(0.5)), {"seconds_max": 1.0, "samples_wanted": False})
    return reply["samples"]


def test_decoding_process_is_locked_before_it_reads_a_file(process: DecoderProcess) -> None:
    try:
        assert measured(process) == 8_000
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
        assert (status["NoNewPrivs"], status["Threads"], int(status["CapEff"], 16)) == ("1", "1", 0)
        assert os.geteuid() or status["Uid"].split() == [str(NOBODY)] * 4
        assert status["Seccomp"] == ("0" if process.start() else "2")
    finally:
        process.close()


def test_decoding_process_is_replaced_before_its_time_is_up(process: DecoderProcess) -> None:
    try:
        measured(process)
        first = process.pid
        process._used_s = process.limits.timeout_s + 1
        assert measured(process) == 8_000
        assert process.pid != first
    finally:
        process.close()
