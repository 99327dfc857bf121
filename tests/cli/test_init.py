"""Tests of `petition-bot init` against the simulated Telegram."""

import asyncio
import errno
import os
import re
import signal
import stat
import sys
import tomllib
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.petition_folder.read import read_folder
from bot.settings import Settings
from simulator import Simulator
from storage.keyring import Keyring
from tests.support.api_client import TOKEN, ApiClient


@pytest.fixture
def home(tmp_path: Path, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is set up yet, and nothing is set but where Telegram is."""
    for name in [*os.environ]:
        if name.startswith(("PETITION_", "XDG_")):
            monkeypatch.delenv(name)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    monkeypatch.setenv("PETITION_API_URL", sim.url)
    monkeypatch.setattr("bot.setup._ALONE_SECONDS", 0)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    return tmp_path


def given(home: Path) -> tuple[str, ...]:
    """All options but who administers the bot."""
    return (
        *("--non-interactive", "--token-file", str(home / "token")),
        *("--petition", str(home / "rio-limpio")),
    )


def names_in(folder: Path) -> list[str]:
    """Everything in a folder."""
    return sorted(each.name for each in folder.rglob("*"))


async def call(*arguments: str, typed: str = "") -> Result:
    """Runs the command beside the simulator."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["init", *arguments], input=typed)


async def test_with_options_alone_a_bot_is_ready_to_run(home: Path) -> None:
    result = await call(*given(home), "--admin", "7", "--admin", "8")
    assert result.exit_code == 0, result.output
    assert TOKEN not in result.output
    env = home / ".config" / "petition-bot" / ".env"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    settings = Settings.load()  # as every other command finds them
    assert settings.bot_token.get_secret_value() == TOKEN
    assert settings.admin_ids == {7, 8}
    assert settings.approval_above == 100
    assert settings.folder == home / "rio-limpio"
    assert env.read_text().startswith("# Los ajustes del bot. Aquí está su token:")
    assert f"PETITION_API_URL={settings.api_url}\n" in env.read_text()  # of the environment
    assert settings.key_file is not None
    Keyring.load(settings.key_file)
    assert stat.S_IMODE(settings.key_file.parent.stat().st_mode) == 0o700
    petition = tomllib.loads((home / "rio-limpio" / "petition.toml").read_text("utf-8"))
    # Whoever the bot runs as reads what it could read of the template.
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (home / "rio-limpio").iterdir()}
    assert len(modes) == 1
    assert petition["slug"] == "rio-limpio"
    assert "petition-bot run" in result.output
    without = env.read_text().replace(settings.api_url, "")  # which is as if it were not there
    env.write_text(without.replace("APPROVAL_ABOVE=100", "APPROVAL_ABOVE=5"))
    assert (await call(*given(home))).exit_code == 0
    assert Settings.load().approval_above == 5
    assert f"PETITION_API_URL={settings.api_url}\n" in env.read_text()
    # Nobody is left to approve: with the setting the bot would not start.
    assert (await call(*given(home), "--admin", "7")).exit_code == 0
    assert Settings.load().approval_above is None


async def test_why_telegram_cannot_be_reached_is_said_in_the_terminals_language(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PETITION_API_URL", "http://127.0.0.1:9")
    result = await call(*given(home), "--admin", "7")
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert (
        "No se puede hablar con Telegram. No hay conexión con el servidor de Telegram (Conn"
        in said
    )
    assert "No connection" not in said


async def test_a_petition_in_one_language_that_one_person_administers(home: Path) -> None:
    result = await call(*given(home), "--petition-language", "en", "--admin", "7")
    assert result.exit_code == 0, result.output
    assert Settings.load().approval_above is None
    assert names_in(home / "rio-limpio") == ["en.toml", "petition.toml"]
    assert (read := read_folder(home / "rio-limpio")).source_language == "en"
    assert read.problems == []
    new = ("--non-interactive", "--petition", str(home / "mar"))
    wrong = await call(*new, "--petition-language", "francés")
    assert wrong.exit_code == 1, wrong.output
    assert "--petition-language: Escribe es, en, o los dos: es, en." in wrong.output


async def test_on_a_full_disk_no_half_is_left(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = Path.open

    def full(path: Path, mode: str = "r", **given: Any) -> Any:
        if mode == "x" and path.name == "petition.toml":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return ordinary(path, mode, **given)

    monkeypatch.setattr(Path, "open", full)
    result = await call(*given(home), "--admin", "7")
    assert (result.exit_code, "No queda sitio en el disco" in result.output) == (1, True)
    assert names_in(home / "rio-limpio") == []


async def test_enter_makes_no_mistyped_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.init.in_terminal", lambda: True)
    typed = (str(home / "rio-limipo"), "", "Río", "", "es", "")
    result = await call(
        "--token-file", str(home / "token"), "--admin", "7", typed="\n".join(typed)
    )
    assert result.exit_code == 0, result.output
    assert "rio-limipo no hay ninguna petición. ¿Hago ahí una nueva? [s/N]" in result.output
    assert "~/rio no hay ninguna petición. ¿Hago ahí una nueva? [S/n]" in result.output
    # Where whoever writes it sees it, and in the language that was asked for.
    assert Settings.load().folder == home / "rio"
    assert names_in(home / "rio") == ["es.toml", "petition.toml"]
    assert not (home / "rio-limipo").exists()
    assert "Vamos a preparar tu bot, paso a paso." in result.output
    assert "Vamos a preparar" not in (await call()).output, "it was said the first time"


async def test_what_is_missing_or_wrong_is_named_and_nothing_written(home: Path) -> None:
    result = await call("--non-interactive")
    assert result.exit_code == 1
    for named in ("--token-file", "--admin", "--petition"):
        assert named in result.output
    asked = ("--non-interactive", "--token-file", str(home / "token"), "--admin", "7")
    result = await call(*asked, "--petition", "1")
    assert "--petition: El nombre corto tiene de 2 a 40 minúsculas" in result.output
    assert names_in(home) == ["here", "token"]
    for typed in ("Marta", "@marta", "0", "12345678901234567890"):
        result = await call("--non-interactive", "--admin", typed)
        assert result.exit_code == 1
        assert "--admin: Pon el número de Telegram" in result.output
    assert names_in(home) == ["here", "token"]
    result = await call()
    assert result.exit_code == 1
    assert "--non-interactive" in result.output


async def test_a_refused_key_writes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETITION_DATABASE_URL", f"sqlite+aiosqlite:///{home}/petition.db")
    monkeypatch.setenv("PETITION_KEY_FILE", str(home / "keys" / "key"))
    result = await call(*given(home), "--admin", "7")
    assert result.exit_code == 78
    assert "está dentro de" in result.output
    assert "ejecuta: mkdir -m 700" in result.output
    assert names_in(home) == ["here", "token"]


async def test_a_bot_whose_messages_go_elsewhere_is_refused(home: Path, sim: Simulator) -> None:
    async with ApiClient(sim.url) as api:
        await api.result("setWebhook", url="https://other.example/hook")
        refused = await call(*given(home), "--admin", "7")
        assert refused.exit_code == 1
        assert "van a un servidor (other.example)" in " ".join(refused.output.split())
        assert names_in(home) == ["here", "token"]
        await api.result("deleteWebhook")
        assert (await call(*given(home), "--admin", "7")).exit_code == 0
        await api.result("setWebhook", url="https://other.example/hook")
        assert (await call("--non-interactive", "--admin", "9")).exit_code == 0


async def test_a_folder_without_its_petition_is_made_again_only_where_it_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await call(*given(home), "--admin", "7")).exit_code == 0
    (home / "rio-limpio").rename(home / "moved")
    gone = await call("--non-interactive")
    assert gone.exit_code == 1
    assert "--petition: En ~/rio-limpio, que es la carpeta de los ajustes, no hay" in gone.output
    assert (await call(*given(home))).exit_code == 0
    assert names_in(home / "rio-limpio") == ["en.toml", "es.toml", "petition.toml"]
    (home / "moved" / "petition.toml").unlink()
    taken = await call("--non-interactive", "--petition", str(home / "moved"))
    assert "--petition: En ~/moved hay ya archivos .toml." in taken.output
    # One admin alone cannot approve: what the environment says would keep the bot from starting.
    monkeypatch.setenv("PETITION_APPROVAL_ABOVE", "5")
    wrong = await call("--non-interactive")
    assert (wrong.exit_code, "PETITION_APPROVAL_ABOVE" in wrong.output) == (78, True)


async def test_again_it_changes_what_is_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = home / "here" / ".env"
    env.write_text("# mine\nPETITION_LOG_LEVEL=ERROR\n")
    env.chmod(0o600)
    assert (await call(*given(home), "--admin", "7")).exit_code == 0
    written = env.read_text()
    petition = (home / "rio-limpio" / "petition.toml").read_bytes()
    key = (home / ".config" / "petition-bot" / "keys" / "petition.key").read_bytes()

    result = await call("--non-interactive", "--admin", "9")
    assert result.exit_code == 0, result.output
    assert env.read_text() == written.replace("PETITION_ADMIN_IDS=7", "PETITION_ADMIN_IDS=9")
    assert written.startswith("# mine\nPETITION_LOG_LEVEL=ERROR\n")
    assert (home / "rio-limpio" / "petition.toml").read_bytes() == petition
    assert Settings.load().key_file == home / ".config/petition-bot/keys/petition.key"
    assert (home / ".config/petition-bot/keys/petition.key").read_bytes() == key
    assert "cámbialo ahí y en la carpeta de la petición" in result.output
    apart = await call("--non-interactive", "--petition", str(home / "Mar Menor"))
    assert f"petition-bot preview '{home / 'Mar Menor'}'" in apart.output
    monkeypatch.setenv("PETITION_ADMIN_IDS", "77")
    assert "PETITION_ADMIN_IDS tiene" in (await call("--non-interactive", "--admin", "9")).output


def take_terminal(terminal: int) -> None:
    """Makes a new process one of a terminal, which hears Ctrl-C wherever the tests are run."""
    os.login_tty(terminal)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A pseudo-terminal with the command in it, and somebody who reads and types."""

    def __init__(self, process: Process, master: int) -> None:
        self.process = process
        self._master = master
        self._seen = ""
        self.shown = ""
        asyncio.get_running_loop().add_reader(master, self._read)
        self._changed = asyncio.Event()

    @classmethod
    async def open(cls) -> "Terminal":
        master, slave = os.openpty()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "init"),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
            preexec_fn=lambda: take_terminal(slave),
        )
        os.close(slave)
        return cls(process, master)

    def _read(self) -> None:
        try:
            read = os.read(self._master, 65536).decode(errors="replace")
            self._seen, self.shown = self._seen + read, self.shown + read
        except OSError:  # the other end is closed
            asyncio.get_running_loop().remove_reader(self._master)
        self._changed.set()

    async def sees(self, pattern: str) -> re.Match[str]:
        """Reads until something appears, and forgets what came before it."""
        while (found := re.search(pattern, self._seen)) is None:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), 30)
            except TimeoutError:
                pytest.fail(f"no {pattern!r} in: {self._seen}")
        self._seen = self._seen[found.end() :]
        return found

    def types(self, text: str) -> None:
        os.write(self._master, f"{text}\n".encode())

    async def ends_by_ctrl_c(self) -> int:
        for _ in range(5):
            # Typed just before the terminal is read, Python hears of it only with the next one.
            self.process.send_signal(signal.SIGINT)
            with suppress(TimeoutError):
                return await asyncio.wait_for(self.process.wait(), 10)
        pytest.fail(f"Ctrl-C does not end it: {self.shown}")

    async def ends(self) -> int:
        async with asyncio.timeout(30):
            return await self.process.wait()


@pytest.mark.processes
async def test_somebody_sets_a_bot_up_in_a_terminal(home: Path, sim: Simulator) -> None:
    marta = sim.world.person("Marta\x1b[2J", language="en")
    mallory = sim.world.person("Mallory")
    terminal = await Terminal.open()
    await terminal.sees("Token: ")
    terminal.types(TOKEN)
    await terminal.sees("@test_bot")
    code = (await terminal.sees(r"t\.me/test_bot\?start=(\S+)"))[1]
    mallory.start(code)  # who photographed the screen
    await terminal.sees("Mallory")
    terminal.types("n")
    code = (await terminal.sees(r"start=(\S+)"))[1]
    marta.start(code)
    await terminal.sees(r"Marta\\u001b\[2J, id")
    terminal.types("s")
    await marta.sees("you administer this bot")
    assert not any("administras" in str(message.text) for message in mallory.messages)
    await terminal.sees("otra persona")
    terminal.types("n")
    await terminal.sees("Con una sola persona, nadie más revisa lo que se envía")
    await terminal.sees("Nombre corto o carpeta:")
    assert await terminal.ends_by_ctrl_c() == 130
    await terminal.sees("lo escrito se conserva")
    assert TOKEN not in terminal.shown

    terminal = await Terminal.open()
    await terminal.sees("✓ Administran el bot: ")
    for question, answer in (
        ("Nombre corto o carpeta:", "Río Limpio"),
        (r"~/rio-limpio no hay .* \[S/n\]", ""),
        (r"Idiomas \[es, en\]", ""),
    ):
        await terminal.sees(question)
        terminal.types(answer)
    await terminal.sees("Hecha la clave")
    await terminal.sees("petition-bot run")
    assert await terminal.ends() == 0
    settings = Settings.load()
    assert settings.admin_ids == {marta.id}
