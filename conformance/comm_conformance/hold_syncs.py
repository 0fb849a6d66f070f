"""A program: hold_syncs.py DESCRIPTOR COMMAND... becomes COMMAND, of which every call that makes data durable (fsync and its
like) waits until it is let go. Who may let it go gets the means, a seccomp listener, through the socket DESCRIPTOR; or
instead a text, why this system has none. The standard library alone, and no part of the suite: it has to start fast."""
import ctypes
import os
import socket
import struct
import sys

PR_SET_NO_NEW_PRIVS, SECCOMP_SET_MODE_FILTER, NEW_LISTENER = 38, 1, 8
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # of a BPF program: the number of the call, a comparison, the verdict
ALLOW, NOTIFY = 0x7fff0000, 0x7fc00000
GENERIC = (277, {"fsync": 82, "fdatasync": 83, "sync_file_range": 84, "msync": 227, "syncfs": 267})
CALLS = {"x86_64": (317, {"fsync": 74, "fdatasync": 75, "sync_file_range": 277, "msync": 26, "syncfs": 306}),
         "aarch64": GENERIC, "riscv64": GENERIC}  # of seccomp itself, and of what waits


def program(numbers):
    """Jumps are counted in instructions."""
    steps = [(LOAD, 0, 0, 0)]
    steps += [(EQUAL, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, NOTIFY)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps), len(steps)


def listener():
    """The descriptor of the listener, or why there is none."""
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in CALLS:
        return f"it is known for Linux on {', '.join(CALLS)} alone"
    seccomp, waiting = CALLS[machine]
    code, length = program(list(waiting.values()))
    buffer = ctypes.create_string_buffer(code)
    filter_ = ctypes.create_string_buffer(struct.pack("@HP", length, ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return os.strerror(ctypes.get_errno())
    found = libc.syscall(seccomp, SECCOMP_SET_MODE_FILTER, NEW_LISTENER, filter_)
    return found if found >= 0 else os.strerror(ctypes.get_errno())


def main():
    there = socket.socket(fileno=int(sys.argv[1]))
    found = listener()
    if isinstance(found, int):
        socket.send_fds(there, [b"+"], [found])
        os.close(found)
    else:
        there.send(found.encode())
    there.close()
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
