"""What a decoding process gives up before it reads a stranger's first byte. There is no way back.

Three walls, each of which would do against most of what a broken decoder could be made to do:

- an ordinary user without capabilities, who can gain no new privileges: root could raise its limits again
- resource limits: no file, no process, a bounded memory and a bounded time
- a filter of system calls (seccomp), where libseccomp and the kernel have one. It lists what is *allowed*, for that is
  little: a thread that reads one pipe, writes another and computes. Whatever a kernel adds later is refused.
"""

import ctypes
import errno
import os
import resource
import sys
from contextlib import suppress
from typing import Any

NOBODY = 65_534  # the kernel's overflow id: it owns nothing
PROT_EXEC = 4  # <sys/mman.h>
PR_SET_NO_NEW_PRIVS = 38  # <linux/prctl.h>
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CAPABILITY_VERSION_3 = 0x20080522  # <linux/capability.h>

ALLOWED = (
    *("read", "write", "lseek", "fstat", "close", "poll", "ppoll"),  # of the pipes, which are all that is open
    *("brk", "munmap", "mremap", "madvise"),  # memory; mmap and mprotect are below
    *("futex", "sched_yield", "sched_getaffinity", "getpid", "gettid", "getrandom"),
    *("clock_gettime", "clock_getres", "nanosleep", "clock_nanosleep"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group"),
)
MEMORY = ("mmap", "mprotect")  # allowed unless the memory could be executed


def lock_down(memory_bytes: int, cpu_s: int) -> str:
    """Give up opening anything, starting anything, and more than a bounded memory and time.

    Args:
        memory_bytes: of address space, the program itself included.
        cpu_s: of computing, over the life of the process.

    Returns:
        Which wall could not be built here, and why; empty where all stand.
    """
    try:
        rules = _filter()  # loads libraries, which nobody may not be able to read
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        rules, missing = None, f"no filter of system calls: {error}"
    if sys.platform == "linux":
        _give_up_privileges()
    _limit(memory_bytes, cpu_s)
    if rules is not None:
        try:
            rules.load()
            missing = ""
        except OSError as error:
            missing = f"no filter of system calls: {error}"
    return missing


def _give_up_privileges() -> None:
    if os.geteuid() == 0:
        with suppress(OSError):  # a user namespace may not know that id; without capabilities root is no danger either
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header, nothing = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    for called in (libc.capset(header, nothing), libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)):
        if called:
            raise OSError(ctypes.get_errno(), "privileges could not be given up")


def _limit(memory_bytes: int, cpu_s: int) -> None:
    for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE):
        resource.setrlimit(what, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _filter() -> Any:
    """Return the filter, not yet in force.

    Raises:
        ImportError, OSError, RuntimeError, AttributeError: pyseccomp's ways to say that there is no libseccomp.
    """
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    rules.set_attr(seccomp.Attr.CTL_TSYNC, 1)  # for any thread that a library may have started
    for name in (*ALLOWED, *MEMORY):
        number = seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
        if number < 0:  # not on this processor
            continue
        unless = [seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, 0)] if name in MEMORY else []
        rules.add_rule(seccomp.ALLOW, number, *unless)
    return rules
