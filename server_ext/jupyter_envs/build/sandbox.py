"""Run a command without a network: ``python -I -S sandbox.py COMMAND…`` enters namespaces of its own, then becomes it.

Linux only. The user stays who they are (the user namespace maps them to themselves), the only interface is loopback.
Imports nothing of the project, so that it starts quickly. Exits with 126 when the kernel does not allow it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys

REFUSED = 126
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG = 1
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def enter() -> None:
    """Leave the network; ``OSError`` when the kernel refuses."""
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    privileged = uid == 0 and libc.unshare(_CLONE_NEWNET) == 0
    if not privileged:
        if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{uid} {uid} 1")
        _write("/proc/self/gid_map", f"{gid} {gid} 1")
    _raise_loopback()


def _write(path: str, text: str) -> None:
    with open(path, "w") as stream:  # noqa: PTH123  # pathlib would be most of the start-up time
        stream.write(text)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def main(command: list[str]) -> None:
    """Enter the namespaces and become the command."""
    try:
        enter()
    except (OSError, AttributeError) as error:
        sys.stderr.write(f"the network cannot be switched off: {error}\n")
        sys.exit(REFUSED)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # who started us may be killed: then we go, too
    os.execvp(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
