"""Download of a file that a user asked for by its URL: only from public addresses, only up to a size.

The address that was checked is the one that is connected to, on every hop of a redirect, so a name that changes its
mind between check and use (DNS rebinding) reaches nothing.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from core.catalogue.archive import safe_name
from core.catalogue.limits import unpacked_bytes
from core.errors import DataError
from core.storage.whole import whole_file

HOPS = 5
TIMEOUT_SECONDS = 30.0
_BLOCK = 1 << 18
_REDIRECTS = (301, 302, 303, 307, 308)

Allowed = Callable[[str], bool]
Step = Callable[[int, int], None]


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet: not loopback, private, link-local, reserved or multicast."""
    parsed = ipaddress.ip_address(address.split("%")[0])
    inner = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None)
    return parsed.is_global and not parsed.is_multicast and (inner is None or is_public(str(inner)))


def download(url: str, folder: Path, on_step: Step | None = None, *, allowed: Allowed = is_public) -> Path:
    """The file behind a URL, in ``folder``; one that is there already is not fetched again.

    Raises DataError for a URL that is not http(s), leads to a private address, is too large, or does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{file_name(url)}"
    if target.exists():
        return target
    with whole_file(target) as scratch:
        _fetch(url, scratch, on_step or (lambda _done, _total: None), allowed)
    return target


def file_name(url: str) -> str:
    """The name of the file that a URL points to; raises DataError for what is no URL."""
    try:
        path = urlsplit(url).path
    except ValueError as error:
        raise _failed(url, f"That is not an address ({error}).") from error
    return safe_name(unquote(path)) or "download"


def _fetch(url: str, target: Path, on_step: Step, allowed: Allowed) -> None:
    for _ in range(HOPS):
        connection = _connect(url, allowed)
        try:
            parts = urlsplit(url)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(
                "GET", path, headers={"User-Agent": "ShelfGraph", "Accept-Encoding": "identity"}
            )
            response = connection.getresponse()
            if response.status in _REDIRECTS and (location := response.headers.get("Location")):
                url = urljoin(url, location)
                continue
            if response.status != 200:
                raise _failed(url, f"The server answered {response.status} {response.reason}.")
            _save(response, target, url, on_step)
            return
        except (OSError, http.client.HTTPException) as error:
            raise _failed(url, f"The download broke off ({error}).") from error
        finally:
            connection.close()
    raise _failed(url, f"The address leads on more than {HOPS} times.")


def _connect(url: str, allowed: Allowed) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise _failed(url, f"That is not an address ({error}).") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _failed(url, "Only addresses that begin with http:// or https:// can be downloaded.")
    address = _address(parts, port, allowed, url)
    if parts.scheme == "https":
        return _Pinned(parts.hostname, port, address)
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=TIMEOUT_SECONDS)
    connection._create_connection = (  # type: ignore[attr-defined]
        lambda _where, timeout, source: socket.create_connection((address, port), timeout, source)
    )
    return connection


class _Pinned(http.client.HTTPSConnection):
    """HTTPS to an address that was checked, with the certificate of the host's name."""

    def __init__(self, host: str, port: int, address: str) -> None:
        context = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=context)
        self._address = address
        self._tls = context

    def connect(self) -> None:
        """Connect to the pinned address."""
        plain = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def _address(parts: SplitResult, port: int, allowed: Allowed, url: str) -> str:
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _failed(url, f"The host {parts.hostname} cannot be found ({error}).") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(allowed(address) for address in addresses):
        raise DataError(
            f"The host {parts.hostname} is inside a private network.",
            where=url[:200],
            remedy="Give a public address, or download the file yourself and upload it.",
        )
    return addresses[0]


def _save(response: http.client.HTTPResponse, target: Path, url: str, on_step: Step) -> None:
    limit = unpacked_bytes()
    total = int(response.headers.get("Content-Length") or 0)
    done = 0
    if total > limit:
        raise _too_large(url, limit)
    with target.open("wb") as writer:
        while block := response.read(_BLOCK):
            done += len(block)
            if done > limit:
                raise _too_large(url, limit)
            writer.write(block)
            on_step(done, total)
    if total and done != total:
        raise _failed(url, f"Only {done:,} of {total:,} bytes came.")


def _too_large(url: str, limit: int) -> DataError:
    return DataError(
        f"The file is larger than the {limit // 1_000_000:,} MB that are taken in.",
        where=url[:200],
        remedy="Raise SHELFGRAPH_MAX_UPLOAD_MB, or use a smaller part of the data.",
    )


def _failed(url: str, what: str) -> DataError:
    return DataError(
        what, where=url[:200], remedy="Check the address, or download the file yourself and upload it."
    )
