"""An installation as `petition-bot doctor` looks at it, and what can be wrong with one."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.backup import Manifest, _line, _seal
from bot.high_water_mark import HighWaterMark
from simulator import Simulator
from storage import private_files
from storage.admins import add_audit, last_done
from storage.database import SqliteAddress, parse_address
from storage.keyring import Keyring
from storage.migrate import SCHEMAS
from storage.petitions import Reached
from storage.restores import record_copy
from tests.cli.petition_database import PetitionDatabase
from tests.support.api_client import TOKEN
from tests.support.programs import free_port
from tests.support.scene import ready_petition

MARTA, LUIS = 7, 8


PAYLOAD = b"sealed"


def sealed(keyring: Keyring, at: datetime, key: str = "") -> Manifest:
    """The manifest of a backup that was made with a key file."""
    digest = hashlib.sha256(PAYLOAD).hexdigest()
    manifest = Manifest(
        made_at=at,
        database="sqlite",
        revision=SCHEMAS[-1],
        petitions=(),
        payload_bytes=len(PAYLOAD),
        payload_sha256=digest,
        key=key,
        seal="",
    )
    return manifest.model_copy(update={"seal": _seal(keyring, manifest)})


@dataclass
class Installation:
    """A petition that a bot attends to, all well; each method breaks one thing."""

    folder: Path
    petition: PetitionDatabase
    telegram: Simulator
    patch: pytest.MonkeyPatch
    backup: Path = field(init=False)

    def __post_init__(self) -> None:
        now = int(datetime.now(UTC).timestamp() * 1000)
        self.petition.sql("UPDATE signatures SET signed_at = :now", now=now)
        self.backup, at = self.folder / "today.backup", datetime.now(UTC)
        self.backup.write_bytes(_line(sealed(self.petition.keyring, at)) + PAYLOAD)
        self.petition.write(add_audit, "backup", at=at, detail=f"db2:{self.backup}")
        self.petition.is_attended()
        self.folder.chmod(0o700)
        for name, value in {
            "BOT_TOKEN": TOKEN,
            "ADMIN_IDS": f"{MARTA},{LUIS}",
            "APPROVAL_ABOVE": "100",
            "WEBHOOK_ADDRESS": f"127.0.0.1:{free_port()}",
            "API_URL": self.telegram.url,
            "FOLDER": str(ready_petition(self.folder / "petition")),
        }.items():
            self.set(name, value)
        for each in (MARTA, LUIS):
            self.telegram.world.person(f"Admin {each}", user_id=each).start()

    def set(self, name: str, value: str | None) -> None:
        """Gives a setting this value, or takes it away."""
        if value is None:
            self.patch.delenv(f"PETITION_{name}")
        else:
            self.patch.setenv(f"PETITION_{name}", value)

    @property
    def database(self) -> Path:
        """The file of the database."""
        address = parse_address(self.petition.url)
        assert isinstance(address, SqliteAddress)
        return address.path

    @property
    def key(self) -> Path:
        """The key file."""
        return self.petition.keyring.path

    def write(self, name: str, text: str, mode: int = 0o600) -> None:
        """Writes a file in the working directory."""
        (self.folder / name).write_text(text, encoding="utf-8")
        (self.folder / name).chmod(mode)

    def shows(self, name: str, result: object) -> None:
        """Lets a function of the system return this."""
        self.patch.setattr(f"bot.cli.doctor_installation.{name}", lambda *_: result)

    def last_backup(self, days_ago: int) -> None:
        """Dates the backup on record, and its file."""
        at = datetime.now(UTC) - timedelta(days=days_ago)
        millis = int(at.timestamp() * 1000)
        self.petition.sql("UPDATE audit SET at = :at WHERE action = 'backup'", at=millis)
        self.backup.write_bytes(_line(sealed(self.petition.keyring, at)) + PAYLOAD)

    def has_backup_of_a_former_key(self) -> None:
        recorded = self.petition.read(last_done, "backup")
        assert recorded is not None
        manifest = sealed(self.petition.keyring, recorded.at, key="0123abcd")
        self.backup.write_bytes(_line(manifest) + PAYLOAD)

    def has_key_beside_data(self) -> None:
        for each in self.folder.glob("petition.key*"):
            each.rename(self.database.parent / each.name)
        self.set("KEY_FILE", str(self.database.parent / "petition.key"))

    def has_lost_database(self) -> None:
        HighWaterMark(self.key, self.petition.url, "andry").raise_to(Reached(6, 0))
        self.database.unlink()

    def has_network_disk_at(self, folder: Path) -> None:
        self.write("mounts", f"36 35 98:0 / {folder} rw - nfs4 server:/x rw\n")
        self.patch.setattr(private_files, "_MOUNTS", self.folder / "mounts")

    def has_example_for(self, mailbox: str) -> None:
        """Leaves the example of one mailbox in the petition."""
        file = self.folder / "petition" / "petition.toml"
        said = file.read_text(encoding="utf-8")
        example = said.replace(f"{mailbox}@petition.internal", f"{mailbox}@example.org")
        file.write_text(example, encoding="utf-8")

    def has_failing_webhook(self) -> None:
        webhook = self.telegram.world.webhook
        webhook.url = "https://bot.internal/hook"
        webhook.last_error = int(time.time()), "502 Bad Gateway"
        self.set("WEBHOOK_URL", webhook.url)

    def listens_at(self, address: str) -> None:
        self.set("WEBHOOK_URL", "https://bot.internal/hook")
        self.set("WEBHOOK_ADDRESS", address)

    def has_one_admin(self) -> None:
        self.set("ADMIN_IDS", str(MARTA))
        self.set("APPROVAL_ABOVE", None)


DATA = ("signatures", "running", "backup", "retention")
ONLINE = ("token", "clock", "webhook", "backlog", "admins")
WITHOUT_KEY = {"key": "broken"} | dict.fromkeys(DATA, "unknown")
WITHOUT_DATABASE = dict.fromkeys(("schema", "durability", *DATA), "unknown")
FULL = SimpleNamespace(free=12_000_000)


# What breaks, what is found of it and nothing else, and what is said; several at once, of which
# none hides another.
Ailment = tuple[Callable[[Installation], object], dict[str, str], str]
AILMENTS: dict[str, list[Ailment]] = {
    "to be mended": [
        (lambda i: i.set("APROVAL_ABOVE", "3"), {"settings": "mend"}, "PETITION_APROVAL_ABOVE"),
        (
            lambda i: i.set("FOLDER", None),
            {"petition": "mend", "contact": "mend"},
            "is an example: put",
        ),
        (
            lambda i: i.patch.setattr("os.access", lambda path, _: path != i.key.parent),
            {"key": "mend"},
            "it cannot write in",
        ),
        (lambda i: i.shows("shutil.disk_usage", FULL), {"disk": "mend"}, " 12 MB are free, and"),
        (
            lambda i: i.has_network_disk_at(i.folder),
            {"durability": "mend"},
            "on a network disk (nfs4)",
        ),
        (lambda i: i.petition.is_left_alone(), {"running": "mend"}, "or, if it is a service"),
        (lambda i: i.last_backup(days_ago=8), {"backup": "mend"}, "Make another: petition-bot"),
        (
            lambda i: i.petition.sql("UPDATE signatures SET signed_at = 0"),
            {"retention": "mend"},
            "These should have been erased already: 6 signatures.",
        ),
        (
            lambda i: setattr(i.telegram, "date_ahead", 3600.0),
            {"clock": "mend"},
            "It differs from Telegram's by 60 minutes",
        ),
        (
            lambda i: setattr(i.telegram.world.webhook, "url", "https://elsewhere.org/hook"),
            {"webhook": "mend"},
            "Telegram sends the messages to elsewhere.org",
        ),
        (
            lambda i: i.patch.setattr("bot.monitoring.readiness.MOST_PENDING", 1),
            {"backlog": "mend"},
            "2 messages and taps",
        ),
        (
            lambda i: i.set("ADMIN_IDS", f"{MARTA},99"),
            {"admins": "mend"},
            "The bot cannot write to 99.",
        ),
        (lambda i: i.set("APPROVAL_ABOVE", None), {"approval": "mend"}, "any of the 2 people"),
    ],
    "no backup, and somebody who blocked it": [
        (
            lambda i: i.petition.sql("DELETE FROM audit WHERE action = 'backup'"),
            {"backup": "mend"},
            "None is on record.",
        ),
        (
            lambda i: i.telegram.world.people[LUIS].block(),
            {"admins": "mend"},
            "The bot cannot write to 8.",
        ),
        (
            lambda i: i.has_network_disk_at(i.database.parent),  # mounted as the folder itself
            {"durability": "mend"},
            "on a network disk (nfs4)",
        ),
        (
            lambda i: i.set("WEBHOOK_URL", "https://bot.internal/hook"),
            {"webhook": "mend"},
            "Telegram does not have that of the settings.",
        ),
    ],
    "one admin without a key of their own": [
        (lambda i: i.set("AGE_RECIPIENTS", None), {"backup": "mend"}, "age-keygen -o key.txt"),
        (Installation.has_one_admin, {"approval": "mend"}, "With one admin, nobody else reads"),
        (Installation.has_failing_webhook, {"webhook": "mend"}, "and says: 502 Bad Gateway"),
    ],
    "a half restored backup": [
        (
            lambda i: i.key.with_name("petition.key.andry.restoring").touch(),
            {"signatures": "broken"} | dict.fromkeys(DATA[1:], "unknown"),
            "petition-bot run --restored-backup",
        ),
        (
            lambda i: i.listens_at("192.0.2.1:8080"),
            {"webhook": "broken"},
            "The bot cannot listen at 192.0.2.1:8080",
        ),
    ],
    "a key beside the data": [
        (Installation.has_key_beside_data, {"key": "broken"}, " && mv "),
        (
            lambda i: i.listens_at(i.telegram.url.removeprefix("http://")),
            {"webhook": "broken"},
            "Address already in use",
        ),
    ],
    "a broken petition": [
        (
            lambda i: i.write("petition/es.toml", "title = "),
            {"petition": "broken", "contact": "unknown"} | dict.fromkeys(DATA, "unknown"),
            "petition-bot check ",
        ),
        (
            lambda i: i.set("WEBHOOK_URL", "http://bot.internal/hook"),
            {"settings": "broken", "webhook": "unknown"},
            "PETITION_WEBHOOK_URL is wrong.",
        ),
    ],
    "a key that others can read": [
        (lambda i: i.key.chmod(0o644), WITHOUT_KEY, "; run: chmod 600 "),
        (
            lambda i: i.set("BOT_TOKEN", TOKEN.replace("AA", "BB")),
            {"token": "broken"} | dict.fromkeys(ONLINE[1:], "unknown"),
            "Telegram does not know that token.",
        ),
    ],
    "neither a key nor Telegram": [
        (lambda i: i.key.unlink(), WITHOUT_KEY, "There is no key file at "),
        (
            lambda i: i.set("API_URL", "http://127.0.0.1:9"),
            {"token": "broken"} | dict.fromkeys(ONLINE[1:], "unknown"),
            "Telegram cannot be reached.",
        ),
    ],
    "tables of an earlier version": [
        (
            lambda i: i.set("ADMIN_IDS", "marta"),
            {"settings": "broken", "admins": "unknown", "approval": "unknown"},
            "PETITION_ADMIN_IDS is wrong.",
        ),
        (
            lambda i: i.petition.sql("UPDATE alembic_version SET version_num = '0.1.0'"),
            {"schema": "mend"} | dict.fromkeys(DATA, "unknown"),
            "They are of an earlier version.",
        ),
    ],
    "a contact that is an example": [
        (
            lambda i: i.has_example_for("datos"),
            {"petition": "mend", "contact": "mend"},
            "contact: petition.toml: controller.email: datos@example.org is an example: put",
        ),
    ],
    "an example that is not the contact": [
        (
            lambda i: i.has_example_for("dpd"),
            {"petition": "mend"},
            "contact: People ask about their data at datos@petition.internal.",
        ),
    ],
    "tables of a newer version": [
        (
            # Nothing may go another way than through it.
            lambda i: i.set("PROXY", "https://proxy.internal:3128"),
            {"settings": "broken"} | dict.fromkeys(ONLINE, "unknown"),
            "PETITION_PROXY is wrong.",
        ),
        (
            lambda i: i.petition.sql("UPDATE alembic_version SET version_num = '99.0'"),
            {"schema": "broken"} | dict.fromkeys(DATA, "unknown"),
            "made by a newer version",
        ),
    ],
    "a lost database": [
        (
            lambda i: i.write(".env", "PETITION_LOG_LEVEL=DEBUG", 0o644),
            {"settings": "broken"},
            "; run: chmod 600 ",
        ),
        (
            Installation.has_lost_database,
            {"signatures": "broken"} | dict.fromkeys(DATA[1:], "unknown"),
            "ends at signature 0, and 6 were given",
        ),
    ],
    "a backup that was cut": [
        (
            lambda i: i.backup.write_bytes(i.backup.read_bytes()[:-1]),
            {"backup": "mend"},
            "is not whole",
        ),
    ],
    "a backup that was changed": [
        (
            lambda i: i.backup.write_bytes(i.backup.read_bytes()[:-1] + b"!"),
            {"backup": "mend"},
            "is damaged",
        ),
    ],
    "a backup of a former key": [
        (
            Installation.has_backup_of_a_former_key,
            {"backup": "mend"},
            "or that one no longer opens its names",
        ),
    ],
    "a backup that is elsewhere": [
        (
            lambda i: i.backup.unlink(),
            {},
            "today.backup. Where it is now, look whether it is whole: petition-bot restore FILE",
        ),
    ],
    "another backup of the same name": [
        (
            lambda i: i.backup.write_bytes(
                _line(sealed(i.petition.keyring, datetime(2026, 3, 1, tzinfo=UTC))) + PAYLOAD
            ),
            {},
            "it was written to db2:",
        ),
    ],
    "a backup of which nobody noted where it is": [
        (
            lambda i: i.petition.sql("UPDATE audit SET detail = '' WHERE action = 'backup'"),
            {"backup": "unknown"},
            "Where its file is, is not on record.",
        ),
    ],
    "a copy of the database": [
        (
            lambda i: i.petition.write(record_copy, datetime.now(UTC)),
            {"signatures": "mend"} | dict.fromkeys(DATA[1:], "unknown"),
            "Start its bot first, which does that.",
        ),
    ],
}
