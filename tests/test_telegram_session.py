"""The session that everything shares is built as settings and environment say."""

import shutil
from pathlib import Path

import pytest
from aiohttp import connector
from pydantic import SecretStr

from bot.proxy_choice import Proxy, choose_proxy, parse_proxy
from bot.settings import PetitionSettings, SettingsInvalid
from bot.telegram_session import shared_session
from bot.transport.errors import NotSent
from tests.support.proxies import http_proxy, running
from tests.support.scripted_server import TOKEN
from tests.transport.hostile_server import hostile, saying, whole
from tests.transport.test_tls import certificate, serving


@pytest.fixture(autouse=True)
def an_environment_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def begin_with(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Trusts those whom a process trusts that begins with this in its environment."""
    monkeypatch.setenv(name, value)
    monkeypatch.setattr(connector, "_SSL_CONTEXT_VERIFIED", connector._make_ssl_context(True))


async def call(api_url: str) -> tuple[int, bytes]:
    async with shared_session(PetitionSettings(api_url=api_url)) as session:
        return await session.post(f"{api_url}/bot{TOKEN}/getMe", {"a": 1})


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
async def test_the_proxy_of_the_environment_is_used(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "api.example")
    begin_with(monkeypatch, "SSL_CERT_FILE", str(file))
    async with (
        hostile(saying(whole()), tls=serving(file)) as server,
        running(http_proxy, known={"api.example": ("127.0.0.1", server.port)}) as proxy,
    ):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await call("https://api.example") == (200, b"yes")
    assert proxy.asked == [("api.example", 443)]


async def test_a_server_on_this_machine_is_reached_though_the_environment_has_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with hostile(saying(whole())) as server:
        at = f"http://127.0.0.1:{server.port}"
        assert await call(at) == (200, b"yes")


def test_an_unusable_proxy_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "https://canary:canary@proxy.example:443")
    with pytest.raises(SettingsInvalid, match="never https://; or give PETITION_PROXY=none") as no:
        shared_session(PetitionSettings())
    assert "canary" not in str(no.value)
    assert no.value.__context__ is None
    shared_session(PetitionSettings(proxy=SecretStr("none")))


# What `openssl rehash` calls a certificate of the subject that those of the tests have.
HASHED = "4979de80.0"


@pytest.mark.parametrize("by", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_certificates_of_ones_own_are_trusted(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "127.0.0.1")
    async with hostile(saying(whole()), tls=serving(file)) as server:
        at = f"https://127.0.0.1:{server.port}"
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            await call(at)
        if by == "SSL_CERT_DIR":
            shutil.copy(file, tmp_path / HASHED)
        given = {"SSL_CERT_FILE": file, "SSL_CERT_DIR": f"{tmp_path / 'nothing'}:{tmp_path}"}
        begin_with(monkeypatch, by, str(given[by]))
        assert await call(at) == (200, b"yes")


TELEGRAM = "https://api.telegram.org"
SOCKS = Proxy(is_socks=True, host="127.0.0.1", port=9050)


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy.example:3128", Proxy(False, "proxy.example", 3128)),
        (" proxy.example:3128 ", Proxy(False, "proxy.example", 3128)),
        ("http://u@proxy.example:1", Proxy(False, "proxy.example", 1, "u")),
        ("http://u:p%40%3A%23%C3%B1@[::1]:1", Proxy(False, "::1", 1, "u", "p@:#ñ")),
        ("socks5://127.0.0.1:9050", SOCKS),
        ("socks5h://127.0.0.1:9050", SOCKS),
        ("socks://127.0.0.1:9050/", SOCKS),
        ("socks5://u:p@host", Proxy(True, "host", 1080, "u", "p")),
    ],
)
def test_an_address_is_read_as_curl_and_desktops_write_it(text: str, proxy: Proxy) -> None:
    assert parse_proxy(text) == proxy


@pytest.mark.parametrize(
    "text",
    [
        "https://canary:canary@proxy.example:443",  # TLS to the proxy itself
        "socks4://canary:1080",  # it would need the server's name looked up here
        "ftp://canary",
        "http://",
        "http://canary:canary",
        "http://canary:99999",
        "http://u:canary#1@proxy.example:3128",  # not written as %23
        "http://u:canary/1@proxy.example:3128",
        "http://proxy.example:3128/canary",
        "http://can ary:1",
        "http://:canary@proxy.example:1",
        "http://u%3Ax:canary@proxy.example:1",  # RFC 7617 has no place for it
        "http://u:%FFcanary@proxy.example:1",
        "socks5://canary@proxy.example:1",  # RFC 1929 wants both
        "socks5://u:canary%C3%B1@proxy.example:1",
        f"socks5://u:{'canary' * 43}@proxy.example:1",
    ],
)
def test_any_other_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="not the address of a proxy") as refused:
        parse_proxy(text)
    assert refused.value.__context__ is None


def test_a_password_is_in_no_repr() -> None:
    assert "canary" not in repr(parse_proxy("http://canary:canary@proxy.example:1"))


ENVIRONMENT = {"https": "socks5://127.0.0.1:9050", "no": ""}


@pytest.mark.parametrize(
    ("url", "environment", "is_used"),
    [
        (TELEGRAM, {}, False),
        (TELEGRAM, {"https": "socks5://127.0.0.1:9050"}, True),
        (TELEGRAM, {"all": "http://a", "https": "socks5://127.0.0.1:9050"}, True),
        (TELEGRAM, {"http": "socks5://127.0.0.1:9050"}, False),
        ("http://10.0.0.5:8081", {"http": "socks5://127.0.0.1:9050"}, True),
        ("http://10.0.0.5:8081", {"https": "socks5://127.0.0.1:9050"}, False),
    ],
)
def test_the_environment_decides_by_scheme(
    url: str, environment: dict[str, str], is_used: bool
) -> None:
    assert choose_proxy(url, None, environment) == (SOCKS if is_used else None)


@pytest.mark.parametrize(
    ("host", "excepted", "is_used"),
    [
        ("api.telegram.org", "", True),
        ("api.telegram.org", "*", False),
        ("api.telegram.org", "example, api.telegram.org", False),
        ("API.Telegram.org", "api.TELEGRAM.org", False),
        ("api.telegram.org", ".telegram.org", False),
        ("api.telegram.org", "*.telegram.org", False),
        ("api.telegram.org", "gram.org", True),
        ("api.telegram.org:8443", "telegram.org:8443", False),
        ("api.telegram.org:8443", "telegram.org:443", True),
        ("10.1.2.3", "10.0.0.0/8", False),
        ("11.1.2.3", "10.0.0.0/8", True),
        ("[2001:db8::1]", "2001:db8::/32", False),
        ("[2001:db8::1]:8081", "[2001:db8::1]", False),
        # Whatever else is said: the proxy would connect to itself.
        ("localhost:8081", "", False),
        ("127.0.0.1:8081", "", False),
        ("[::1]:8081", "", False),
    ],
)
def test_no_proxy_of_the_environments_is_used_for_what_it_excepts_or_for_this_machine(
    host: str, excepted: str, is_used: bool
) -> None:
    chosen = choose_proxy(f"https://{host}", None, {**ENVIRONMENT, "no": excepted})
    assert chosen == (SOCKS if is_used else None)


@pytest.mark.parametrize("url", [TELEGRAM, "http://127.0.0.1:8081"])
def test_the_setting_holds_for_every_server_whatever_the_environment_says(url: str) -> None:
    environment = {"https": "http://canary", "http": "http://canary", "no": "*"}
    assert choose_proxy(url, "socks5://127.0.0.1:9050", environment) == SOCKS
    assert choose_proxy(url, "None ", environment) is None


def test_a_name_with_a_dot_at_its_end_is_not_excepted_by_an_empty_list() -> None:
    environment = {"https": "http://proxy:3128"}
    assert choose_proxy("https://api.telegram.org.", None, environment) is not None
    environment["no"] = "telegram.org"
    assert choose_proxy("https://api.telegram.org.", None, environment) is None
