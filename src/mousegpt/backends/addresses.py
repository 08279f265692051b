"""Which addresses may be talked to: no key and no picture leaves for a place nobody meant."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from mousegpt.core.errors import BackendError


def check_url(url: str) -> bool:
    """Refuse addresses that cannot be meant; return whether the host is on this machine's network.

    Plain http is allowed to loopback and private hosts only, since the key would travel readable.
    Link-local addresses are refused: clouds keep their secrets there.

    Raises
    ------
    BackendError
        When the address is refused.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query:
        raise BackendError(
            "Expected the URL of an OpenAI-compatible service, such as http://localhost:8000/v1, "
            f"without a name, a password or a query; found '{parts.scheme}://{host}'."
        )
    addresses = [ipaddress.ip_address(text) for text in _resolve(host)]
    if any(address.is_link_local for address in addresses):
        raise BackendError(f"The host {host} has a link-local address; name the service itself.")
    private = bool(addresses) and all(a.is_private or a.is_loopback for a in addresses)
    if parts.scheme == "http" and addresses and not private:
        raise BackendError(
            f"Expected https for {host}, which is not on this machine or a private network; over "
            "http the key and the pictures could be read on the way."
        )
    return private


def _resolve(host: str) -> list[str]:
    """Return the addresses of a host; none when it is not known (the call itself will say so)."""
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except OSError:
        return []
    return [str(entry[4][0]).partition("%")[0] for entry in found]
