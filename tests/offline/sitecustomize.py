"""Put on PYTHONPATH, this closes the network for a Python process and all its children, kernels included.

Addresses of this machine stay open: Jupyter talks to its kernels through them.
"""

import ipaddress
import socket


def _is_local(address):
    if not isinstance(address, tuple):  # a Unix socket
        return True
    try:
        return ipaddress.ip_address(address[0].split("%")[0]).is_loopback
    except ValueError:
        return address[0] in {"localhost", ""}


def _guard(name):
    original = getattr(socket.socket, name)

    def guarded(self, address):
        if not _is_local(address):
            raise OSError(f"the network is closed in this test: {name} to {address[0]}")
        return original(self, address)

    setattr(socket.socket, name, guarded)


_guard("connect")
_guard("connect_ex")
_look_up = socket.getaddrinfo


def _local_look_up(host, *args, **kwargs):
    if host is not None and not _is_local((host if isinstance(host, str) else host.decode(), 0)):
        raise socket.gaierror(f"the network is closed in this test: look-up of {host}")
    return _look_up(host, *args, **kwargs)


socket.getaddrinfo = _local_look_up
