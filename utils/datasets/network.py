"""What can go wrong on the way to a server, each in words of its own, and which of it is worth another try."""

import re
import socket

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

CONNECT_SECONDS = 5  # a server that is not there should not keep a class waiting
READ_SECONDS = 30  # silence in the middle of a file
RETRIES = 2  # for what may pass: a busy server, a broken connection, a file cut short

BUSY = (408, 429)  # a 4xx status is final, except these two


def shown(url: str) -> str:
    """The address without a user name and a password."""
    return re.sub(r"(?<=://)[^/?#]*@", "", url)


def passing(error: Exception) -> bool:
    """Whether another try may go better."""
    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        return status >= 500 or status in BUSY
    if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.SSLError | requests.ConnectTimeout):
        return False
    if isinstance(error, requests.ConnectionError):
        return _cause(error, NewConnectionError) is None
    return isinstance(error, requests.Timeout | requests.exceptions.ChunkedEncodingError)


def reason(error: Exception) -> str:
    """Why a request came to nothing, as the end of a sentence that begins with the address."""
    times = f"{RETRIES + 1} times"
    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        if passing(error):
            return f"the server refused (status {status}) {times}"
        if status in (401, 403, 407):
            return f"the server does not let you have it (status {status})"
        return f"the server does not have it (status {status})"
    if isinstance(error, requests.exceptions.ProxyError) or _of_the_proxy(error):
        return _proxy(error)
    if isinstance(error, requests.exceptions.SSLError):
        return _tls(error)
    if isinstance(error, requests.ConnectTimeout):
        return f"the server did not answer within {CONNECT_SECONDS:g} seconds"
    if isinstance(error, requests.Timeout) or "Read timed out" in str(error):
        return f"the server was silent for {READ_SECONDS:g} seconds, {times}"
    if isinstance(error, requests.TooManyRedirects):
        return "the server only sends us from one address to the next"
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return "what the server sent cannot be decoded"
    if isinstance(error, ValueError):  # InvalidURL, MissingSchema, InvalidSchema and urllib3's own
        return "this is not an address on the web; it should begin with https:// or http:// and the name of a server"
    if isinstance(error, requests.ConnectionError):
        return _unreachable(error) or f"the connection broke {times}"
    return f"the connection broke {times}"


def _unreachable(error: Exception) -> str:
    """Why no connection came about; empty when there was one, and it broke."""
    failed = _cause(error, NewConnectionError)
    if failed is None:
        return ""
    if isinstance(failed, NameResolutionError) or _cause(failed, socket.gaierror):
        return "the name of the server is not known; check its spelling, and the network"
    if _cause(failed, ConnectionRefusedError):
        return "the server cannot be reached (connection refused)"
    cause = _cause(failed, OSError)
    return f"the server cannot be reached ({cause.strerror or cause})" if cause else "the server cannot be reached"


def _tls(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text:
        why = text.split("certificate verify failed: ")[-1].split(" (_ssl.c")[0]
        return (
            f"the certificate of the server cannot be verified ({why}); if your network puts its own in between, "
            "name its file in REQUESTS_CA_BUNDLE"
        )
    return "there is no secure connection with this server; is its address http:// instead of https://?"


def _of_the_proxy(error: Exception) -> bool:
    """Whether an address that is not valid is that of the proxy."""
    return isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema) and (
        "proxy url" in str(error).lower() or "SOCKS" in str(error)
    )


def _proxy(error: Exception) -> str:
    where = "check ALL_PROXY, HTTPS_PROXY and HTTP_PROXY"
    if "SOCKS" in str(error):
        return f"a SOCKS proxy is set, which is not supported here; name an http:// proxy instead, or none: {where}"
    if _of_the_proxy(error):
        return f"the address of the proxy is not valid; {where}"
    return f"the proxy cannot be reached, or it refuses; {where}"


def _cause(error: BaseException | None, kind: type) -> BaseException | None:
    """The first error of this kind among an error, its arguments and its causes, at any depth."""
    seen, waiting = set(), [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, kind) and one is not error:
            return one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return None
