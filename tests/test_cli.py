"""Tests that every mistake on the command line is answered with a sentence on what to do."""

import gc
import io
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from pathlib import Path
from types import SimpleNamespace

import pyrage
import pytest
from rich.console import Console
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from bot import console, process
from bot.app import FatalError
from bot.cli.main import app
from bot.high_water_mark import HighWaterMark
from bot.intake.polling import TokenUnknown
from bot.petition_folder.edit import copy_template
from bot.settings import Settings
from bot.setup import _POLLS, BotCalls, Unreachable
from bot.text.problems import Sentence
from bot.text.terminal_language import TerminalError
from bot.transport.session import _WHO_ASKS
from storage.errors import HeldElsewhere, KeyFileMissing, KeyFileOther, Unavailable
from storage.petitions import Reached
from tests.support.scene import ready_petition

TOKEN = "123456789:AAtestTestTestTestTestTestTestTestTest1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with complete settings whose parts a test may take away."""
    for part in ("data", "keys"):
        (tmp_path / part).mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PETITION_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("PETITION_ADMIN_IDS", "1,2")
    monkeypatch.setenv("PETITION_APPROVAL_ABOVE", "100")
    monkeypatch.setenv("PETITION_KEY_FILE", str(tmp_path / "keys" / "petition.key"))
    monkeypatch.setenv("PETITION_DATABASE_URL", "sqlite+aiosqlite:///data/petition.db")
    monkeypatch.setenv("PETITION_FOLDER", str(ready_petition(tmp_path / "petition")))
    monkeypatch.setattr("bot.cli.run.configure_logging", lambda *_, **__: None)
    return tmp_path


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, bool]]:
    """No bot runs; what it would have been told of a backup and a rehearsal."""
    told: list[dict[str, bool]] = []

    async def no_bot(_: Settings, *, restored: bool, rehearsal: bool, **_given: object) -> None:
        told.append({"restored": restored, "rehearsal": rehearsal})

    monkeypatch.setattr(process, "run_until_stopped", no_bot)
    return told


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def said(result: Result) -> str:
    """What was printed; a failure that is a traceback is no sentence."""
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    return result.output


def with_closed(streams: str, command: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a command as a scheduler might, with some of its input and output closed."""
    environment = {"PYTHONPATH": str(Path(__file__).parent.parent), "LC_ALL": "en_US.UTF-8"}
    return subprocess.run(  # noqa: S603 - nobody else chose these words
        ["/bin/sh", "-c", f"exec {sys.executable} -m bot {command} {streams}"],
        env=os.environ | environment,
        capture_output=True,
        check=False,
    )


@pytest.mark.processes
def test_a_command_ends_well_where_its_input_and_output_are_closed(folder: Path) -> None:
    ended = with_closed("<&- >&- 2>&-", "migrate")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert (folder / "data" / "petition.db").is_file()


@pytest.mark.processes
@pytest.mark.parametrize("command", ["--help", "check"])
def test_where_the_disk_is_full_a_command_says_so(command: str) -> None:
    ended = with_closed(">/dev/full", command)
    assert (ended.returncode, ended.stderr) == (1, b"No space left on device\n")


@pytest.mark.processes
@pytest.mark.usefixtures("folder")
def test_init_says_that_nobody_is_there_to_ask_where_the_input_is_closed() -> None:
    ended = with_closed("<&-", "init")
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"There is nobody to ask here")


def test_the_key_is_for_its_owner_only_and_is_never_overwritten(folder: Path) -> None:
    key = folder / "keys" / "petition.key"
    made = call("keygen", str(key))
    assert made.exit_code == 0
    assert f"Made the key {key}, " in made.output
    assert f"Set PETITION_KEY_FILE={key} in your settings." in made.output
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    assert str(key) in said(call("keygen", str(key)))
    assert key.read_bytes() == before


def _ends_with(error: Exception) -> Callable[..., Coroutine[object, object, None]]:
    async def ends(*_: object, **__: object) -> None:
        raise error

    return ends


@pytest.mark.parametrize(
    "breaks",
    [
        lambda _, patch: patch.setenv("PETITION_LOG_LEVEL", "LOUD"),
        lambda folder, _: (folder / "petition" / "petition.toml").write_text("slug = 3"),
        lambda _, patch: patch.delenv("PETITION_FOLDER"),
        lambda _, patch: patch.setattr(process, "run_until_stopped", _ends_with(KeyFileOther())),
    ],
    ids=["a setting", "the petition", "a template", "the key"],
)
def test_after_what_only_a_person_can_mend_a_service_is_not_started_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, breaks: Callable[..., object]
) -> None:
    breaks(folder, monkeypatch)
    result = call("run")
    assert (result.exit_code, bool(said(result))) == (78, True)


def test_after_what_may_pass_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passing = HeldElsewhere(), Unavailable(), KeyFileMissing(), FatalError("It"), TokenUnknown()
    for error in passing:
        monkeypatch.setattr(process, "run_until_stopped", _ends_with(error))
        assert call("run").exit_code == 1
    assert "Telegram does not know that token." in call("run").output


@pytest.mark.parametrize(
    ("language", "expected"),
    [("es_ES.UTF-8", "El proxy pide"), ("C", "The proxy asks")],
)
def test_a_terminal_is_told_in_its_language_why_telegram_is_not_reached(
    folder: Path, monkeypatch: pytest.MonkeyPatch, language: str, expected: str
) -> None:
    async def unreached(*_: object, tell: Callable[[Sentence], None], **__: object) -> None:
        tell(_WHO_ASKS)

    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.setattr(process, "run_until_stopped", unreached)
    assert expected not in call("run").output  # the log says it
    monkeypatch.setattr("bot.console.err", Console(file=io.StringIO(), force_terminal=True))
    call("run")
    assert expected in console.err.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("in_terminal", [True, False])
def test_who_starts_a_bot_reads_its_name_and_link_and_no_line_for_each_reply(
    monkeypatch: pytest.MonkeyPatch, in_terminal: bool
) -> None:
    levels: list[str] = []
    bot = SimpleNamespace(first_name="Salvar el río", username="rio_bot")

    async def ends_at_once() -> None:
        pass

    @asynccontextmanager
    async def opened(*_: object, **__: object) -> AsyncIterator[object]:
        yield SimpleNamespace(
            services=SimpleNamespace(bot=bot), run=ends_at_once, stop=lambda: None
        )

    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    monkeypatch.setattr(gc, "collect", lambda: 0)  # it looks through all that the tests have
    monkeypatch.setattr(process, "open_app", opened)
    monkeypatch.setattr("bot.cli.run.configure_logging", lambda level, **_: levels.append(level))
    monkeypatch.setattr(Console, "is_terminal", in_terminal)
    output = call("run").output
    assert "Salvar el río está en marcha: https://t.me/rio_bot" in output
    for each in ("▀", "pulsa Ctrl-C", "registro entero"):
        assert (each in output) == in_terminal
    monkeypatch.setenv("PETITION_LOG_LEVEL", "DEBUG")
    output = call("run").output
    assert "sin que nadie más lo lea" not in output
    assert levels == ["WARNING" if in_terminal else "INFO", "DEBUG"]
    monkeypatch.delenv("PETITION_APPROVAL_ABOVE")
    assert "cualquiera de las 2 personas que administran" in call("run").output
    monkeypatch.setenv("PETITION_ADMIN_IDS", "1")
    assert "Con una sola persona, nadie más revisa" in call("run").output


def test_a_petition_that_is_not_ready_is_not_run_and_every_reason_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_template(folder / "our river", slug="river")
    monkeypatch.setattr(process, "run_until_stopped", None)
    for language, expected in (
        ("es_ES.UTF-8", "no está lista"),
        ("C", "is not ready for real people"),
    ):
        monkeypatch.setenv("LC_ALL", language)
        monkeypatch.setenv("PETITION_FOLDER", str(folder / "our river"))
        output = said(call("run"))
        assert expected in output
        for each in (
            "es.toml: title",
            "petition.toml: controller.email",
            "[[WRITE HERE: to whom]]",
            f"petition-bot preview '{folder / 'our river'}'\n",
            f"petition-bot check '{folder / 'our river'}'\n",
            "petition-bot run --rehearsal\n",
        ):
            assert each in output
    monkeypatch.delenv("PETITION_FOLDER")  # then it is the bundled one, with its example contacts
    assert "petition-bot init" in said(call("run"))


def test_a_petition_that_people_signed_goes_on_and_what_is_not_ready_is_warned_of(
    folder: Path, ran: list[dict[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PETITION_FOLDER")
    sign(folder)
    with capture_logs() as logged:
        result = call("run")
    assert result.exit_code == 0
    assert len(ran) == 1
    assert "controller.email" in result.output
    assert ("petition_not_ready", 3) in [(each["event"], each["total"]) for each in logged]


def test_a_rehearsal_says_what_it_is_and_when_it_is_over_and_needs_no_ready_petition(
    folder: Path, ran: list[dict[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_template(folder / "river", slug="river")
    monkeypatch.setenv("PETITION_FOLDER", str(folder / "river"))
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    monkeypatch.setattr(BotCalls, "require_alone", fetched_elsewhere)
    assert "Otro programa está recibiendo los mensajes" in said(call("run", "--rehearsal"))
    monkeypatch.setattr(BotCalls, "require_alone", _ends_with(Unreachable("Bad Gateway")))
    monkeypatch.delenv("PETITION_APPROVAL_ABOVE")
    result = call("run", "--rehearsal")
    assert result.exit_code == 0
    begun, over = "Ensayo de la petición river", "El ensayo ha terminado"
    assert -1 < result.output.find(begun) < result.output.find(over)
    assert "administra" not in result.output  # it is for real people that somebody approves
    assert ran == [{"restored": False, "rehearsal": True}]
    assert "no van juntas" in said(call("run", "--rehearsal", "--restored-backup"))


async def fetched_elsewhere(_: object) -> None:
    raise TerminalError.because(_POLLS)


def test_a_petition_that_people_signed_is_not_rehearsed_in_their_chats(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "run_until_stopped", None)
    sign(folder)
    output = said(call("run", "--rehearsal"))
    assert "has signatures already" in output
    assert "PETITION_DATABASE_URL=sqlite+aiosqlite:///ensayo.db" in output


def test_a_bot_that_people_signed_with_rehearses_from_no_other_folder_and_no_other_petition(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its database was in another folder; the settings of this one would begin an empty one."""
    monkeypatch.setattr(process, "run_until_stopped", None)
    copy_template(folder / "forest", slug="forest")
    monkeypatch.setenv("PETITION_FOLDER", str(folder / "forest"))
    key = folder / "keys" / "petition.key"
    elsewhere, bot_id = "sqlite+aiosqlite:////elsewhere/petition.db", TOKEN.partition(":")[0]
    HighWaterMark(key, elsewhere, "river", bot_id).raise_to(Reached(1))
    assert "The petition river has signatures already" in said(call("run", "--rehearsal"))
    monkeypatch.setenv("PETITION_BOT_TOKEN", f"9{TOKEN}")
    monkeypatch.setattr(BotCalls, "require_alone", fetched_elsewhere)
    assert "Another program" in said(call("run", "--rehearsal"))


@pytest.mark.parametrize(
    "command", ["run", "run --restored-backup", "run --rehearsal", "backup x"]
)
def test_a_database_from_before_the_first_release_is_refused_with_what_to_do_and_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """She has a checkout of before, and installs the release over it."""
    monkeypatch.setenv(
        "PETITION_AGE_RECIPIENTS", str(pyrage.x25519.Identity.generate().to_public())
    )
    assert call("keygen", str(folder / "keys" / "petition.key")).exit_code == 0
    database = folder / "data" / "petition.db"
    with closing(sqlite3.connect(database)) as made:
        made.executescript(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);"
            "INSERT INTO alembic_version VALUES ('0025');"
            "CREATE TABLE petitions (slug TEXT PRIMARY KEY, signatures INT, last_number INT);"
            "INSERT INTO petitions VALUES ('andry', 2, 3);"
        )
    database.chmod(0o600)
    before = database.read_bytes()
    result = call(*command.split())
    assert "is from before the first release" in " ".join(said(result).split())
    assert result.exit_code == 78
    assert database.read_bytes() == before


def sign(folder: Path) -> None:
    assert call("migrate").exit_code == 0
    with closing(sqlite3.connect(folder / "data" / "petition.db")) as database:
        database.execute("INSERT INTO petitions (slug, last_number) VALUES ('andry', 1)")
        database.commit()


@pytest.mark.usefixtures("folder")
def test_run_says_whether_a_backup_was_restored(ran: list[dict[str, bool]]) -> None:
    for flags in ([], ["--restored-backup"]):
        assert call("run", *flags).exit_code == 0
    assert [given["restored"] for given in ran] == [False, True]


def test_check_without_a_folder_checks_the_one_it_is_typed_in_or_that_of_the_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"Checking the petition in {folder / 'petition'}\n" in call("check").output
    copy_template(folder / "river", slug="river")
    monkeypatch.chdir(folder / "river")
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    result = call("check")
    assert result.exit_code == 0
    assert f"Se comprueba la petición de {folder / 'river'}\n" in result.output
    assert "aviso  petition.toml: closing_is_draft: " in result.output
    left = "river (español, inglés): aún no está lista: quedan 22 cosas por escribir."
    assert left in result.output
    assert "petition-bot run --rehearsal" in result.output
    (folder / "river" / "petition.toml").rename("petition.toml.txt")
    output = said(call("check"))
    assert "problema  petition.toml.txt: el editor le ha añadido .txt" in output
    assert f"1 problema en {folder / 'river'}. " in output


def test_check_of_a_folder_judges_no_other(folder: Path) -> None:
    """Marta writes her next petition, while that of the settings is broken."""
    copy_template(folder / "next", slug="next")
    assert call("keygen").exit_code == 0
    (folder / "petition" / "petition.toml").write_text("slug = 3")
    result = call("check", str(folder / "next"))
    assert result.exit_code == 0, result.output
    assert "slug" not in result.output
    assert "petition.toml: slug" in said(call("check"))
    said(call("check", "/nowhere"))


@pytest.mark.parametrize("name", ["mistyped", "file"])
def test_preview_of_a_folder_that_is_not_there_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (folder / "file").touch()
    monkeypatch.setattr("bot.cli.preview.served", None)
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    expected = f"esto es un archivo: escribe la carpeta en la que está, {folder}"
    if name == "mistyped":
        expected = "no existe esta carpeta"
    assert expected in said(call("preview", str(folder / name)))
