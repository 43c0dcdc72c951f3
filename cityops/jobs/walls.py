"""Walls that a process puts around itself: no network, no other program, no foreign file.

seccomp forbids sockets and new programs, Landlock forbids every file but those named. Both
are entered through ``ctypes`` by the process that is to be confined and cannot be left
again. They need no privilege; Landlock needs Linux 5.13 or newer.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_CREATE_VERSION = 1

_READ = (1 << 2) | (1 << 3)
_EXECUTE = 1 << 0
#: write, remove and make regular files; truncate is added from ABI 3 on.
_WRITE = (1 << 1) | (1 << 5) | (1 << 8)
_TRUNCATE = 1 << 14
_FILE_RIGHTS = _EXECUTE | (1 << 1) | (1 << 2) | _TRUNCATE
#: All rights of a file system that each version of Landlock knows.
_ALL_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL_RIGHTS_NEWEST = (1 << 16) - 1

_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
#: System calls answered with EACCES: sockets, other programs, other processes, the kernel's doors.
_DENIED: dict[str, tuple[int, ...]] = {
    "x86_64": (
        *(41, 42, 43, 49, 50, 53, 288),  # socket connect accept bind listen socketpair accept4
        *(59, 322, 57, 58),  # execve execveat fork vfork
        *(101, 310, 311, 62, 200, 234),  # ptrace process_vm_* kill tkill tgkill
        *(165, 166, 272, 308, 155, 161),  # mount umount2 unshare setns pivot_root chroot
        *(321, 425, 426, 427, 323, 298),  # bpf io_uring_* userfaultfd perf_event_open
        *(250, 248, 249, 246, 304, 434, 438),  # keyctl keys kexec open_by_handle pidfd_*
    ),
    "aarch64": (
        *(198, 203, 202, 200, 201, 199, 242),
        *(221, 281),
        *(117, 270, 271, 129, 130, 131),
        *(40, 39, 97, 268, 41, 51),
        *(280, 425, 426, 427, 282, 241),
        *(219, 217, 218, 104, 265, 434, 438),
    ),
}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_CLONE_THREAD = 0x10000
_X32_BIT = 0x40000000

_LD_WORD, _JEQ, _JSET, _JGE, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


@dataclass(frozen=True)
class Limits:
    """What a confined process may use: bytes of address space and per file, seconds of CPU."""

    memory_bytes: int = 2 << 30
    file_bytes: int = 4 << 30
    cpu_seconds: int = 120
    open_files: int = 256


def set_limits(limits: Limits) -> None:
    """Bind this process to `limits`; where the system knows a limit, it cannot be raised again."""
    wanted = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in wanted.items():
        _, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (bound, bound))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise


def end_with_parent() -> None:
    """Have this process killed when the one that started it is gone, however it ended. Linux only."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before it could be told
        os.kill(os.getpid(), signal.SIGKILL)


def landlock_version() -> int:
    """Version of Landlock that the kernel offers, 0 for none."""
    if sys.platform != "linux":
        return 0
    found = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_VERSION)
    return max(int(found), 0)


def enter_landlock(readable: Iterable[Path], writable: Sequence[Path]) -> bool:
    """Leave this process only the files below `readable` and `writable`; False when it cannot be.

    From version 4 on TCP is forbidden as well.
    """
    version = landlock_version()
    if version == 0:
        return False
    libc = _libc()
    rights = _ALL_RIGHTS.get(version, _ALL_RIGHTS_NEWEST)
    ruleset = struct.pack("<QQ", rights, 3) if version >= 4 else struct.pack("<Q", rights)
    handle = libc.syscall(_CREATE_RULESET, ruleset, ctypes.c_size_t(len(ruleset)), 0)
    if handle < 0:
        return False
    write = (_WRITE | (_TRUNCATE if version >= 3 else 0)) & rights
    try:
        allowed = [(path, _READ | _EXECUTE) for path in readable]
        allowed += [(path, _READ | write) for path in writable]
        if not all(_allow(libc, handle, path, some & rights) for path, some in allowed):
            return False
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            return False
        return int(libc.syscall(_RESTRICT_SELF, handle, 0)) == 0
    finally:
        os.close(handle)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> bool:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        some = rights if path.is_dir() else rights & _FILE_RIGHTS
        rule = struct.pack("<Qi", some, opened)
        return int(libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)) == 0
    finally:
        os.close(opened)


def enter_seccomp() -> bool:
    """Forbid sockets, new programs and new processes to this one; False when it cannot be."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _ARCHES:
        return False
    libc = _libc()
    code = _filter(machine)
    lines = len(code) // 8
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", lines, ctypes.addressof(buffer))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return int(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0)) == 0


def _filter(machine: str) -> bytes:
    """BPF program: wrong machine ends the process, denied calls fail, threads may be made."""
    refuse = _ERRNO | errno.EACCES
    lines = [
        (_LD_WORD, 0, 0, 4),
        (_JEQ, 1, 0, _ARCHES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LD_WORD, 0, 0, 0),
    ]
    if machine == "x86_64":
        lines += [(_JGE, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]
    for call in _DENIED[machine]:
        lines += [(_JEQ, 0, 1, call), (_RETURN, 0, 0, refuse)]
    # clone3 hides its flags behind a pointer: without it libc falls back to clone.
    lines += [(_JEQ, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    lines += [
        (_JEQ, 0, 3, _CLONE[machine]),
        (_LD_WORD, 0, 0, 16),
        (_JSET, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
