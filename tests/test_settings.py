import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import file_locations
from bot.petition.petition import BUNDLED
from bot.settings import (
    EXPECTED,
    PetitionSettings,
    Settings,
    SettingsInvalid,
    StorageSettings,
    key_apart_from_data,
    unknown_settings,
)
from bot.text.terminal_language import label
from bot.tryout.demo_session import simulated_settings as settings_of_a_show
from simulator import Simulator
from storage.keyring import Keyring

TOKEN = "123456789:AAcanaryCanaryCanaryCanaryCanaryCanary"
GIVEN = {"BOT_TOKEN": TOKEN, "ADMIN_IDS": "12, 34"}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and an environment with the two that have no default."""
    monkeypatch.chdir(tmp_path)
    for name in EXPECTED:
        monkeypatch.delenv(f"PETITION_{name.upper()}", raising=False)
    for name, value in GIVEN.items():
        monkeypatch.setenv(f"PETITION_{name}", value)
    return tmp_path


def written(place: Path, text: str, mode: int = 0o600) -> Path:
    """The file `.env` with this text, for these people."""
    file = place / ".env"
    file.write_text(text)
    file.chmod(mode)
    return file


def complaints() -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        Settings.load()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return str(caught.value).splitlines()


def test_what_is_not_given_has_the_documented_default() -> None:
    settings = Settings.load()
    assert settings.bot_token.get_secret_value() == TOKEN
    assert settings.admin_ids == {12, 34}
    assert settings.database_url == file_locations.database_url()
    assert settings.api_url == "https://api.telegram.org"
    assert settings.broadcast_rate == 28
    assert settings.proxy is None
    assert settings.paid_broadcast is False
    assert settings.approval_above is None
    assert settings.log_level == "INFO"
    assert settings.metrics_address is None
    assert settings.folder is None
    assert settings.key_file is None
    assert settings.age_recipients == ()


def test_the_file_is_read_and_the_environment_goes_before_it(place: Path) -> None:
    written(place, "PETITION_ADMIN_IDS=99\nPETITION_LOG_LEVEL=debug\nOTHER=1\n")
    settings = Settings.load()
    assert settings.admin_ids == {12, 34}
    assert settings.log_level == "DEBUG"


@pytest.mark.parametrize("mode", [0o640, 0o602])
@pytest.mark.parametrize("load", [Settings.load, PetitionSettings.load, StorageSettings.load])
def test_a_file_that_others_can_read_or_write_is_refused_with_the_command_that_mends_it(
    place: Path, mode: int, load: Callable[[], object]
) -> None:
    file = written(place, f"PETITION_BOT_TOKEN={TOKEN}\n", mode)
    with pytest.raises(SettingsInvalid) as refused:
        load()
    (sentence,) = str(refused.value).splitlines()
    assert sentence.endswith(f"run: chmod 600 {file}")
    assert TOKEN not in sentence
    file.chmod(0o600)
    load()


@pytest.mark.parametrize("load", [Settings.load, PetitionSettings.load, StorageSettings.load])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("PETITION_FOLDER=x\n# Peticiones de la Asociaci\u00f3n\n".encode("cp1252"), "UTF-8"),
        (f'\n# Ours\r\nPETITION_BOT_TOKEN="{TOKEN}\nPETITION_FOLDER="x"\n'.encode(), "quotation"),
        (f"OTHER=1\n\n\nPETITION_BOT_TOKEN='{TOKEN}\n".encode(), "quotation"),
    ],
)
def test_whoever_saved_the_file_in_another_encoding_or_left_a_quote_open_is_led_to_the_line(
    place: Path,
    content: bytes,
    why: str,
    load: Callable[[], object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = written(place, "")
    file.write_bytes(content)
    with pytest.raises(SettingsInvalid) as refused:
        load()
    assert refused.value.__context__ is None
    (sentence,) = str(refused.value).splitlines()
    number = next(
        n for n, line in enumerate(content.splitlines(), 1) if b"Asoc" in line or b"TOKEN" in line
    )
    assert sentence.startswith(f"{file}, line {number}: ")
    assert why in sentence
    assert TOKEN not in sentence
    assert not caplog.records  # no library says it, too


def test_what_an_editor_puts_before_the_file_is_not_read(place: Path) -> None:
    file = written(place, "\ufeffPETITION_LOG_LEVEL=debug\n")
    assert Settings.load().log_level == "DEBUG"
    file.unlink()
    file.mkdir()
    assert Settings.load().log_level == "INFO"


def test_a_link_does_not_hide_who_can_read_the_file(place: Path) -> None:
    kept = place / "kept settings"
    written(place, "OTHER=1\n", 0o644).rename(kept)
    (place / ".env").symlink_to(kept)
    (sentence,) = complaints()
    assert sentence.endswith(f"chmod 600 '{kept}'")
    kept.chmod(0o400)
    Settings.load()


def test_whoever_does_not_read_the_file_does_not_mind_who_can(place: Path) -> None:
    written(place, "PETITION_LOG_LEVEL=debug\n", 0o644)
    assert Settings.load(reads_file=False).log_level == "INFO"


def test_what_is_handed_over_goes_before_everything() -> None:
    assert Settings.load(admin_ids=frozenset({5})).admin_ids == {5}


def test_everything_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PETITION_BOT_TOKEN")
    monkeypatch.setenv("PETITION_ADMIN_IDS", "")
    first, second, where = complaints()
    assert f"{file_locations.env_file()}, which is not there; petition-bot init" in where
    assert first.startswith("PETITION_BOT_TOKEN is missing. Expected: the token")
    assert second.startswith("PETITION_ADMIN_IDS is missing. Expected: the numeric")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_TOKEN", "canary"),
        ("BOT_TOKEN", "123456789:canary canary"),
        ("BOT_TOKEN", "\u0661\u0662\u0663:canaryCanary"),  # digits, and not Telegram's
        ("BOT_TOKEN", "123456789:canary/../x"),
        ("ADMIN_IDS", "canary"),
        ("ADMIN_IDS", "0"),
        ("ADMIN_IDS", "12, 12345678901234567890"),  # two without the comma between them
        ("ADMIN_IDS", str(2**52)),
        ("ADMIN_IDS", "\u0661\u0662"),
        ("DATABASE_URL", "postgres://canary:canary@host/name"),
        ("DATABASE_URL", "canary.db"),
        ("API_URL", "canary"),
        ("API_URL", "ftp://canary"),
        ("API_URL", "https://canary:canary@host"),
        ("API_URL", "https://host?canary"),
        ("API_URL", "https://:canary@host"),
        ("WEBHOOK_URL", "https://:canary@host/hook"),
        ("WEBHOOK_URL", "https://host/hook#"),
        ("WEBHOOK_URL", "http://canary/hook"),
        ("BROADCAST_RATE", "0"),
        ("BROADCAST_RATE", "31"),
        ("BROADCAST_RATE", "nan"),
        ("AGE_RECIPIENTS", "AGE-SECRET-KEY-1CANARY"),
        ("AGE_RECIPIENTS", "ssh-ed25519 AAAAcanary"),
        ("PROXY", "https://canary:canary@host:443"),
        ("PROXY", "socks5://canary:can#ary@host:1080"),
        ("METRICS_ADDRESS", "canary"),
        ("METRICS_ADDRESS", "canary:94640"),
        ("METRICS_ADDRESS", "::1:9464"),
        ("METRICS_ADDRESS", "canary..x:9464"),
        ("PAID_BROADCAST", "canary"),
        ("FOLDER", "canary"),
        ("LOG_LEVEL", "canary"),
        ("APPROVAL_ABOVE", "-1"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"PETITION_{name}", value)
    (sentence,) = complaints()
    assert sentence == f"PETITION_{name} is wrong. Expected: {label(EXPECTED[name.lower()])}."
    assert "canary" not in sentence


@pytest.mark.parametrize(
    ("given", "read"),
    [
        *(({"PAID_BROADCAST": paid}, 900.0) for paid in ("true", "1", "yes", "On")),
        ({"PAID_BROADCAST": "true", "BROADCAST_RATE": "0.5"}, 0.5),
        ({"PAID_BROADCAST": "true", "BROADCAST_RATE": "1000"}, 1000.0),
        ({"APPROVAL_ABOVE": "0"}, 0),
        ({"APPROVAL_ABOVE": "500"}, 500),
        ({"API_URL": "http://127.0.0.1:8081/ "}, "http://127.0.0.1:8081"),
        ({"METRICS_ADDRESS": ":9464"}, ("127.0.0.1", 9464)),
        ({"METRICS_ADDRESS": " 10.0.0.1:80 "}, ("10.0.0.1", 80)),
        ({"METRICS_ADDRESS": "[::1]:9464"}, ("::1", 9464)),
        ({"METRICS_ADDRESS": "bot-1.internal:9464"}, ("bot-1.internal", 9464)),
    ],
)
def test_a_value_is_read_as_it_is_meant(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], read: object
) -> None:
    """Blanks around a token do no harm either."""
    for name, value in given.items():
        monkeypatch.setenv(f"PETITION_{name}", value)
    monkeypatch.setenv("PETITION_BOT_TOKEN", f" {TOKEN}\n")
    settings = Settings.load()
    assert settings.bot_token.get_secret_value() == TOKEN
    name = "broadcast_rate" if "PAID_BROADCAST" in given else next(iter(given)).lower()
    assert getattr(settings, name) == read


@pytest.mark.parametrize(
    ("given", "begins"),
    [
        (
            {"PAID_BROADCAST": "true", "BROADCAST_RATE": "1001"},
            "BROADCAST_RATE is wrong.",
        ),
        ({"PAID_BROADCAST": "?", "BROADCAST_RATE": "500"}, "PAID_BROADCAST is wrong."),
        (
            {"ADMIN_IDS": "12", "APPROVAL_ABOVE": "0"},
            "has to name two at least",
        ),
    ],
)
def test_what_does_not_go_together_is_one_complaint(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], begins: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"PETITION_{name}", value)
    (sentence,) = complaints()
    assert begins in sentence


def test_every_setting_has_a_sentence_on_what_is_expected() -> None:
    assert set(Settings.model_fields) == set(EXPECTED)


def test_neither_token_nor_password_stands_in_a_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETITION_DATABASE_URL", "postgresql+asyncpg://ana:canary@host/db")
    monkeypatch.setenv("PETITION_PROXY", "socks5://ana:canary@host:1080")
    settings = Settings.load()
    assert TOKEN not in f"{settings!r} {settings}"
    assert "canary" not in f"{settings!r} {settings}".lower()


def test_a_misspelt_name_is_reported(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETITION_BOT_TOKNE", "x")
    written(place, "PETITION_ADMINS=1\nPETITION_FOLDER=\nOTHER=1\nPETITION_BOTTOKEN=\n")
    assert unknown_settings() == ("PETITION_ADMINS", "PETITION_BOTTOKEN", "PETITION_BOT_TOKNE")


def test_what_is_read_from_the_environment_alone_is_reported_in_the_file(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9050")
    written(place, "https_proxy=http://x:1\nALL_PROXY=http://x:1\nSSL_CERT_FILE=/x\nOTHER=1\n")
    assert unknown_settings() == ("HTTPS_PROXY", "SSL_CERT_FILE")


def test_the_demo_starts_whatever_the_operator_lets_others_do_and_the_network_wants(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PETITION_PROXY", "socks5://nowhere.example:1080")
    written(place, "PETITION_LOG_LEVEL=debug\n", 0o644)
    show = place / "show"
    show.mkdir(mode=0o700)
    before = os.umask(0)
    try:
        settings = settings_of_a_show(show, Simulator(), BUNDLED)
    finally:
        os.umask(before)
    assert settings.proxy is not None
    assert settings.proxy.get_secret_value() == "none"
    assert settings.key_file is not None
    Keyring.load(settings.key_file)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_of_settings_that_is_named_is_used_and_has_to_be_there(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / ".env").touch(0o600)
    monkeypatch.setenv("PETITION_ENV_FILE", str(here / "bot.env"))
    assert file_locations.env_file() == here / "bot.env"
    with pytest.raises(SettingsInvalid, match=r"bot\.env, and there is no such file"):
        StorageSettings.load()
    (here / "bot.env").write_text("PETITION_LOG_LEVEL=ERROR\n")
    (here / "bot.env").chmod(0o600)
    assert StorageSettings.load().log_level == "ERROR"
    assert "PETITION_ENV_FILE" not in unknown_settings()


def test_otherwise_files_are_where_the_platform_keeps_those_of_programs(here: Path) -> None:
    assert file_locations.env_file().parent.name == "petition-bot"
    for place in (file_locations.env_file(), file_locations.database_url()):
        assert str(here) not in str(place)
    key_apart_from_data(file_locations.key_file(), file_locations.database_url())


def test_only_the_default_folder_is_made_and_for_its_owner_alone(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_locations.make_database_folder(f"sqlite+aiosqlite:///{here}/misspelt/petition.db")
    file_locations.make_database_folder("postgresql+asyncpg://bot@127.0.0.1/petition")
    assert list(here.iterdir()) == []
    monkeypatch.setenv("XDG_DATA_HOME", str(here / "share"))
    url = file_locations.database_url()
    assert not (here / "share").exists(), "reading where it is makes nothing"
    file_locations.make_database_folder(url)
    folder = here / "share" / "petition-bot" / "data"
    modes = {stat.S_IMODE(each.stat().st_mode) for each in (folder, folder.parent)}
    assert modes == {0o700}


def test_what_lies_in_the_working_directory_is_used_and_can_be_named(here: Path) -> None:
    assert file_locations.found_here(file_locations.database_url()) == ()
    (here / ".env").touch()
    (here / "petition.db").touch()
    assert file_locations.found_here(file_locations.database_url()) == (
        here / ".env",
        here / "petition.db",
    )
    assert file_locations.found_here("sqlite+aiosqlite:////srv/petition.db") == (here / ".env",)
    (here / ".env").touch()
    (here / "petition.db").touch()
    assert file_locations.env_file() == here / ".env"
    assert file_locations.database_url() == f"sqlite+aiosqlite:///{here}/petition.db"
