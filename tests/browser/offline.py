"""Runs a command in a network namespace of its own, where there is this machine and nothing else.

    python tests/browser/offline.py COMMAND ...

Ends with 75 where namespaces are not permitted.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
READ_FLAGS, WRITE_FLAGS, UP = 0x8913, 0x8914, 1


def main():
    command = sys.argv[1:]
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_USER | NEW_NETWORK) != 0:
        print(f"no namespace: {os.strerror(ctypes.get_errno())}", file=sys.stderr)
        sys.exit(75)
    for file, line in [("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")]:
        with open(f"/proc/self/{file}", "w") as mapping:
            mapping.write(line)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack("16xh14x", fcntl.ioctl(any_socket, READ_FLAGS, request))
        fcntl.ioctl(any_socket, WRITE_FLAGS, struct.pack("16sh14x", b"lo", flags | UP))
    with socket.socket() as outside:
        outside.settimeout(5)
        try:
            outside.connect(("192.0.2.1", 80))
        except OSError as error:
            print(f"offline: {error}")
        else:
            sys.exit("there is a way out of the namespace")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
