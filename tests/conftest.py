"""Fixtures for every test: none may use the network."""

import gc
import ipaddress
import os
import shutil
import socket
from asyncio import AbstractEventLoop, new_event_loop
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pyrage
import pytest
import structlog
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support.accelerated_loop import LoopOfTests, counted_sqlite_threads

if TYPE_CHECKING:
    from simulator import Simulator
    from tests.support.bot_api.failing_server import FailingBotApi
    from tests.support.scene import Scene

# What a terminal is drawn as does not depend on the one that the tests are started in.
os.environ["TERM"] = "xterm"

pytest_plugins = ("tests.support.databases",)

# How long an example takes says something of the machine. Twenty a run, as every run has others.
hypothesis.settings.register_profile("untimed", deadline=None, max_examples=20)
hypothesis.settings.load_profile("untimed")

# What asserts for the tests is to tell as much as they do; said before anything imports it.
pytest.register_assert_rewrite("tests.support.scene", "tests.support.admin_scene")


# Files in memory are written and removed at once; those of a run take less than a tenth of that.
_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder in it that is its owner's alone
_ROOM = 2**30


def pytest_configure() -> None:
    """Puts the files of tests into memory where there is room, and prints traces as they are.

    Drawn with rich, the trace of one logged mistake takes 0.1 s.
    """
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collects without looking for garbage: all that is imported and collected stays.

    Later it is looked for less often, as each look takes long and finds little.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000)
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Reads the long runs only if they are asked for."""
    asked = config.getoption("--soak") or any("soak" in each for each in config.args)
    return True if collection_path.name == "soak" and not asked else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests on PostgreSQL."""
    for item in items:
        if _needs_postgres(item.nodeid):
            item.add_marker(pytest.mark.processes)


class _ByServer(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out tests one by one, but all of one browser or PostgreSQL server to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.split("/")[1]
        if folder == "page" or _needs_postgres(nodeid):
            return f"{folder}, which share a server"
        return nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> LoadScopeScheduling | None:
    """Decides which worker runs which tests, unless `--dist` says it."""
    return _ByServer(config, log) if config.getoption("dist") == "load" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="also run the long kill runs")
    parser.addoption(
        "--soak-minutes", type=float, default=20.0, help="how long people are hostile to the bot"
    )
    parser.addoption("--screenshots", action="store_true", help="take docs/screenshots anew")


@pytest.fixture(scope="session", autouse=True)
def no_files_of_whoever_runs_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps the tests away from settings and data of a bot on this machine, and its language."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "LC_ALL", "C.UTF-8")
        for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
            patch.setitem(os.environ, f"XDG_{kind}_HOME", str(home / kind.lower()))
        yield


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], AbstractEventLoop]]:
    """Lets tests wait in accelerated time, but long runs and what waits for other processes."""
    if item.get_closest_marker("processes") or "soak" in item.path.parts:
        return {"real": new_event_loop}
    return {"accelerated": _loop_for_this_test}


def _loop_for_this_test() -> AbstractEventLoop:
    """Makes a loop; which database a test has is not known before its parameters are."""
    needs_postgres = _needs_postgres(os.environ["PYTEST_CURRENT_TEST"])
    return new_event_loop() if needs_postgres else LoopOfTests()


def _needs_postgres(nodeid: str) -> bool:
    """Tells whether a test starts a PostgreSQL server of its own."""
    return "postgres" in nodeid.lower()


@pytest.fixture(autouse=True, scope="session")
def _counted_sqlite_threads() -> Iterator[None]:
    with counted_sqlite_threads():
        yield


class NetworkReached(AssertionError):
    """A test tried to talk to something that is not on this machine."""


def _is_here(host: object) -> bool:
    if host in (None, "", "localhost"):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Lets sockets connect to loopback and nowhere else, and looks up no other name."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    look_up = socket.getaddrinfo

    def guard(address: Any) -> None:
        if isinstance(address, tuple) and not _is_here(address[0]):
            raise NetworkReached(f"A test reached for {address[0]}.")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        guard(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        guard(address)
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        guard((host,))
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator["Scene"]:
    """A petition that has just been opened."""
    from tests.support.scene import a_scene

    async with a_scene(tmp_path) as scene:
        yield scene


@pytest.fixture
async def sim() -> AsyncIterator["Simulator"]:
    """A simulated Telegram of a bot whose token is that of the tests."""
    from simulator import Simulator
    from tests.support.api_client import TOKEN

    async with Simulator(token=TOKEN) as simulator:
        yield simulator


@pytest.fixture
async def api() -> AsyncIterator["FailingBotApi"]:
    """A Bot API that fails as it is told to, and counts what it receives."""
    from tests.support.bot_api.failing_server import failing_bot_api

    async with failing_bot_api() as api:
        yield api


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The age key of the organisation; the settings have its public half."""
    identity = pyrage.x25519.Identity.generate()
    path = tmp_path / "age.txt"
    path.write_text(f"{identity}\n")
    monkeypatch.setenv("PETITION_AGE_RECIPIENTS", str(identity.to_public()))
    return path
