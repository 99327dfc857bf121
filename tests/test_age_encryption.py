"""What is encrypted to the recipients of the settings, and who can open it."""

import errno
import fcntl
import io
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyrage
import pytest

from bot.age_encryption import (
    CannotDecrypt,
    RecipientWrong,
    decrypt,
    encrypting_writer,
    parse_recipients,
    read_identities,
)
from storage.errors import StorageError
from storage.keyring import Keyring
from storage.private_files import new_file, output_file, remove_unfinished, write_file

PLAIN = b"a list of names\n" * 20_000
KEY = pyrage.x25519.Identity.generate()
TO_KEY = parse_recipients([str(KEY.to_public())])


def encrypted(plain: bytes = PLAIN, recipients: list[Any] = TO_KEY) -> bytes:
    target = io.BytesIO()
    with encrypting_writer(target, recipients) as writer:
        writer.write(plain)
    return target.getvalue()


def opened(content: bytes, key: Any = KEY) -> bytes:
    target = io.BytesIO()
    decrypt(io.BytesIO(content), target, [key])
    return target.getvalue()


class FullDisk(io.BytesIO):
    """A disk with room for so many bytes."""

    room = 0

    def write(self, part: Any) -> int:
        if self.tell() + len(part) > self.room:
            raise OSError(28, "No space left on device")
        return super().write(part)


@pytest.mark.parametrize("whole", [True, False])
def test_nobody_else_and_nothing_changed_or_cut_is_taken_for_the_list(whole: bool) -> None:
    content = encrypted()
    with pytest.raises(CannotDecrypt, match="other keys"):
        opened(content, pyrage.x25519.Identity.generate())
    damaged = content[:-99] + bytes(99) if whole else content[: len(content) // 2]
    with pytest.raises(CannotDecrypt, match="was changed, or is not whole"):
        opened(damaged)


@pytest.mark.parametrize("plain", [b"short", PLAIN])
@pytest.mark.parametrize("room", [0, 1_000])
def test_a_full_disk_is_told_when_the_last_block_meets_it(plain: bytes, room: int) -> None:
    target = FullDisk()
    # pyrage passes over an error of its last write.
    target.room = room if len(plain) > 99 else 0
    with pytest.raises(OSError, match="No space left"), encrypting_writer(target, TO_KEY) as to:
        to.write(plain)
    with pytest.raises(OSError, match="No space left"):
        decrypt(io.BytesIO(encrypted(plain)), FullDisk(), [KEY])


def test_a_list_that_was_not_finished_is_not_sealed_as_if_it_were() -> None:
    target = io.BytesIO()
    with suppress(KeyboardInterrupt), encrypting_writer(target, TO_KEY) as writer:
        writer.write(PLAIN)
        raise KeyboardInterrupt
    with pytest.raises(CannotDecrypt):
        opened(target.getvalue())


@pytest.mark.parametrize(
    "wrong",
    ["", "age1xyz", str(KEY), "ssh-rsa AAAA", "somebody"],
    ids=["empty", "cut", "secret", "ssh", "word"],
)
def test_what_is_no_public_key_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(RecipientWrong) as refused:
        parse_recipients([wrong])
    assert not wrong or wrong not in str(refused.value)
    assert refused.value.__context__ is None


def test_a_key_is_read_from_the_file_that_age_keygen_writes(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(f"# created: today\n# public key: {KEY.to_public()}\n{KEY}\n")
    assert opened(encrypted(), *read_identities(file)) == PLAIN
    for content in ("", "# nothing\n", "AGE-SECRET-KEY-1CANARY\n", "-----BEGIN CANARY-----\n"):
        file.write_text(content)
        with pytest.raises(CannotDecrypt, match="holds no key") as refused:
            read_identities(file)
        assert "CANARY" not in str(refused.value)
    with pytest.raises(CannotDecrypt, match="No such file"):
        read_identities(tmp_path / "other.txt")
    file.write_bytes(encrypted())
    with pytest.raises(CannotDecrypt, match="itself encrypted"):
        read_identities(file)


KILLED_EVERYWHERE = """
import os, sys
from pathlib import Path
from storage.private_files import output_file

target = Path(sys.argv[1])

def write_until(moment):
    left = [moment]
    def kill(event, _):
        if event in ("open", "os.rename", "os.link", "os.remove", "fcntl.flock"):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), 9)
    sys.addaudithook(kill)
    with output_file(target) as file:
        file.write(b"whole")
    os._exit(0)

for moment in range(1, 100):
    child = os.fork()
    if child == 0:
        write_until(moment)
    status = os.waitpid(child, 0)[1]
    assert not target.exists() or target.read_bytes() == b"whole", moment
    if status == 0:
        print(moment)
        break
    target.unlink(missing_ok=True)
"""


class TestAFile:
    def test_does_not_go_where_a_link_to_nowhere_leads(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        link = tmp_path / "list.age"  # as somebody else can put one into /tmp
        link.symlink_to(tmp_path / "elsewhere" / "list.age")
        with pytest.raises(StorageError, match="exists already"), output_file(link):
            pytest.fail("it would be written where somebody else chose")
        assert not list((tmp_path / "elsewhere").iterdir())

    def test_that_cannot_be_there_is_refused_before_anything_is_read(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match="exists already"), output_file(tmp_path):
            pytest.fail("a folder was written")
        with pytest.raises(StorageError, match="No such file"), output_file(tmp_path / "a/b"):
            pytest.fail("a folder that is not there was written to")
        os.mkfifo(pipe := tmp_path / "null")
        with pytest.raises(StorageError, match="exists already"), output_file(pipe):
            pytest.fail("a device was replaced")

    def test_appears_whole_or_not_at_all_wherever_it_is_killed(self, tmp_path: Path) -> None:
        path = tmp_path / "list.age"
        ended = subprocess.run(  # noqa: S603 - this Python
            [sys.executable, "-c", KILLED_EVERYWHERE, str(path)], capture_output=True, check=False
        )
        assert (ended.returncode, ended.stderr) == (0, b"")
        assert int(ended.stdout) > 5
        assert [path] == list(tmp_path.iterdir()), "what was left has names in it, or a key"

    def test_of_a_key_stays_where_another_is_made_in_that_very_moment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "keys"
        folder.mkdir(mode=0o700)
        path, sync, firsts = folder / "petition.key", os.fsync, list[Keyring]()

        def meanwhile(handle: int) -> None:
            sync(handle)
            monkeypatch.setattr(os, "fsync", sync)
            firsts.append(Keyring.generate(path))

        monkeypatch.setattr(os, "fsync", meanwhile)
        with pytest.raises(StorageError, match="exists already; it is left as it is"):
            Keyring.generate(path)
        (first,) = firsts
        assert Keyring.load(path).reference("andry", 7) == first.reference("andry", 7)
        assert [path] == list(folder.iterdir())

    def test_is_written_on_a_disk_without_links_too_and_replaces_nothing_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, asked = tmp_path / "list.age", list[Path]()

        def link(_: Path, new: Path, **__: object) -> None:
            if asked:
                path.write_bytes(b"fast")
            asked.append(new)
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "link", link)
        with output_file(path) as file:
            file.write(b"whole")
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"whole", 0o600)
        path.unlink()
        with pytest.raises(StorageError, match="exists already"), output_file(path) as file:
            file.write(b"slow")
        assert path.read_bytes() == b"fast"
        assert [path, path] == [*asked]
        assert [path] == list(tmp_path.iterdir())

    def test_is_its_owners_alone_where_another_cleans_up_in_that_very_moment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, lock, once = tmp_path / "list.age", fcntl.flock, ["the other one"]

        def meanwhile(handle: int, how: int) -> None:
            if once and once.pop():
                remove_unfinished(tmp_path, path.name)
            lock(handle, how)

        monkeypatch.setattr(fcntl, "flock", meanwhile)
        write_file(path, b"Ana")
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"Ana", 0o600)
        assert [path] == list(tmp_path.iterdir())

    def test_that_is_written_while_another_replaces_it_is_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "list.age"
        with new_file(path) as slower:
            slower.write(b"slow")
            write_file(path, b"fast")
            assert path.read_bytes() == b"fast"
        assert path.read_bytes() == b"slow"
        assert [path] == list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("age") is None, reason="the program age is not installed")
def test_the_program_age_opens_it(tmp_path: Path) -> None:
    key, file = tmp_path / "key.txt", tmp_path / "list.age"
    made = subprocess.run(  # noqa: S603
        ["age-keygen", "-o", key],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    public = made.stderr.split()[-1]
    recipients = parse_recipients([str(KEY.to_public()), public])
    with output_file(file) as target, encrypting_writer(target, recipients) as writer:
        writer.write(PLAIN)
    command = ["age", "--decrypt", "-i", str(key), str(file)]
    assert subprocess.run(command, check=True, capture_output=True).stdout == PLAIN  # noqa: S603
    assert opened(file.read_bytes(), *read_identities(key)) == PLAIN
