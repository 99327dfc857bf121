"""Reads a proxy's address, and decides by which proxy a server is reached, or by none."""

import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

NO_PROXY = "none"  # as a setting: none, whatever the environment says

# The scheme of a proxy's address, and whether it is an HTTP proxy. All leave the names of servers
# to the proxy, so `socks5` means what curl calls `socks5h`; desktops write `socks`.
_SOCKS_SCHEMES = ("socks5h", "socks5", "socks")
_DEFAULT_PORTS = {"http": 80} | dict.fromkeys(_SOCKS_SCHEMES, 1080)
# What the environment is asked for, besides the setting.
ENVIRONMENT_NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_LONGEST_CREDENTIAL = 255  # bytes of a user or a password (RFC 1929)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address; what it asks for stays out of the repr."""

    is_socks: bool
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def parse_proxy(text: str) -> Proxy:
    """Reads `http://user:password@host:port` or `socks5://…`; without a scheme it is HTTP.

    Raises:
        ValueError: it is no address of a proxy that can be used; the text does not repeat it.
    """
    with suppress(ValueError):
        return _proxy(urlsplit(text.strip() if "://" in text else f"http://{text.strip()}"))
    # Raised outside of the handler, since the original error may contain the password.
    raise ValueError("not the address of a proxy")


def _proxy(parts: SplitResult) -> Proxy:
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError
    if parts.query or parts.fragment or not parts.hostname.isprintable() or " " in parts.netloc:
        raise ValueError
    is_socks = parts.scheme in _SOCKS_SCHEMES
    user = unquote(parts.username or "", errors="strict")
    password = unquote(parts.password or "", errors="strict")
    port = _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    if not port or not (_fit_socks if is_socks else _fit_http)(user, password):
        raise ValueError
    return Proxy(is_socks, parts.hostname, port, user, password)


def _fit_http(user: str, password: str) -> bool:
    """Tells whether they can be sent in the way of RFC 7617."""
    return ":" not in user and bool(user or not password)


def _fit_socks(user: str, password: str) -> bool:
    """Tells whether they can be sent in the way of RFC 1929."""
    both = (user, password)
    return not any(both) or all(
        each.isascii() and 0 < len(each) <= _LONGEST_CREDENTIAL for each in both
    )


def choose_proxy(url: str, setting: str | None, environment: Mapping[str, str]) -> Proxy | None:
    """Returns the proxy by which a server is reached; None for a direct connection.

    Args:
        url: an address of the server.
        setting: a proxy's address, which holds for every server; `none`; or None, so that the
            environment decides.
        environment: what `urllib.request.getproxies` returns: the values of
            `ENVIRONMENT_NAMES` by `https`, `http`, `all` and `no`.

    Raises:
        ValueError: it is no address of a proxy that can be used; the text does not repeat it.
    """
    if setting is not None:
        return None if setting.strip().lower() == NO_PROXY else parse_proxy(setting)
    parts = urlsplit(url)
    given = environment.get(parts.scheme) or environment.get("all")
    if not given or _is_excepted(parts.hostname or "", parts.port, environment):
        return None
    return parse_proxy(given)


def _is_excepted(host: str, port: int | None, environment: Mapping[str, str]) -> bool:
    """Tells whether a host is reached directly: it is this machine, or `NO_PROXY` names it."""
    excepted = [each.strip().lower() for each in environment.get("no", "").split(",")]
    if "*" in excepted:
        return True
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        names = {name.removeprefix("*").lstrip(".") for name in (*excepted, "localhost")}
        host = host.rstrip(".")  # else its last part is nothing, which an empty list names too
        parents = {host.split(".", count)[-1] for count in range(host.count(".") + 1)}
        return bool(parents & names or {f"{each}:{port}" for each in parents} & names)
    return ip.is_loopback or any(_contains(each, ip) for each in excepted)


def _contains(network: str, ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return ip in ipaddress.ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False
