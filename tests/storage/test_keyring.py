"""Tests that a value can be decrypted only with its key and in its own row and column."""

import hmac
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import key_apart_from_data
from storage.errors import BrokenData, KeyFileMissing, NeedsAPerson, StorageError
from storage.keyring import Keyring, add_encryption_key, remove_older_encryption_keys

ROW = b"0123456789abcdef"
NO_FILE = Path("no such folder", "petition.key")
FIXED = Keyring(b"r" * 32, {b"\x00\x01\x02\x03": b"k" * 32}, NO_FILE)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "petition.key"
    Keyring.generate(path)
    return path


def rotated(path: Path) -> Keyring:
    """Puts a new encryption key first and reads the file."""
    add_encryption_key(path)
    return Keyring.load(path)


def _seal(keyring: Keyring, plain: str = "Ana") -> bytes:
    return keyring.seal(plain, table="signatures", column="name_sealed", row=ROW)


def _open(keyring: Keyring, sealed: bytes) -> str:
    return keyring.open(sealed, table="signatures", column="name_sealed", row=ROW)


def test_the_same_text_never_seals_the_same_and_is_as_long_for_every_usual_name() -> None:
    assert len({_seal(FIXED) for _ in range(100)}) == 100
    lengths = [len(_seal(FIXED, "x" * size)) for size in (0, 1, 62, 63, 64, 127, 128)]
    assert lengths == [97, 97, 97, 97, 161, 161, 225]


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [
        ("conversations", "name_sealed", ROW),
        ("signatures", "chat_sealed", ROW),
        ("signatures", "name_sealed", b"another row's id"),
    ],
)
def test_a_value_moved_elsewhere_does_not_open(table: str, column: str, row: bytes) -> None:
    with pytest.raises(BrokenData):
        FIXED.open(_seal(FIXED), table=table, column=column, row=row)


@given(st.text(max_size=200))
def test_whatever_a_text_ends_with_it_opens_as_it_was(plain: str) -> None:
    assert _open(FIXED, _seal(FIXED, plain)) == plain


def test_a_digest_is_one_contents_in_one_place() -> None:
    places = [
        ("conversations", "shown", ROW),
        ("conversations", "shown", b"another row's id"),
        ("conversations", "other", ROW),
        ("signatures", "shown", ROW),
    ]
    digests = {
        FIXED.digest(content, table=table, column=column, row=row)
        for content in (b"", b"Ana", b"Eva")
        for table, column, row in places
    }
    assert len(digests) == 12
    assert {len(digest) for digest in digests} == {32}


def test_no_digest_is_the_same_with_another_key_or_a_hash_that_anybody_can_make() -> None:
    other = Keyring(b"s" * 32, {b"\x00\x01\x02\x03": b"k" * 32}, NO_FILE)
    made = [
        keyring.digest(b"Ana", table="conversations", column="shown", row=ROW)
        for keyring in (FIXED, other)
    ]
    place = b"\x00conversations|shown|" + ROW
    key = hmac.digest(b"r" * 32, place, "sha256")
    assert made[0] == hmac.digest(key, b"Ana", "sha256")
    assert made[0] != made[1]


def test_whoever_listens_is_told_of_every_value_that_does_not_open(key_file: Path) -> None:
    keyring, met = Keyring.load(key_file), list[BrokenData]()
    keyring.on_damage = met.append
    sealed = _seal(keyring)
    assert _open(keyring, sealed) == "Ana"
    assert met == []
    for garbage in (b"", sealed[:-1], b"\x07" + sealed[1:], sealed[:1] + b"none" + sealed[5:]):
        with pytest.raises(BrokenData) as caught:
            _open(keyring, garbage)
        assert met[-1] is caught.value
    assert [error.column for error in met] == ["signatures.name_sealed"] * 4


@given(st.binary(max_size=64))
def test_garbage_is_broken_data_and_nothing_worse(garbage: bytes) -> None:
    with pytest.raises(BrokenData):
        _open(FIXED, garbage)


def test_after_a_rotation_the_old_values_open_and_references_stay(key_file: Path) -> None:
    former = Path(shutil.copy(key_file, key_file.with_name("former.key")))
    before = Keyring.load(key_file)
    after, sealed = rotated(key_file), _seal(before)
    assert _open(after, sealed) == "Ana"
    assert after.reference("andry", 7) == before.reference("andry", 7)
    place = {"table": "conversations", "column": "shown"}
    assert after.digest(b"Ana", **place, row=ROW) == before.digest(b"Ana", **place, row=ROW)
    with pytest.raises(BrokenData, match="put back the key file"):
        _open(Keyring.load(former), _seal(after))


def test_the_older_key_is_taken_out_only_behind_the_one_that_everything_has(
    key_file: Path,
) -> None:
    expected = rotated(key_file).newest
    rotated(key_file)
    content = key_file.read_bytes()
    with pytest.raises(NeedsAPerson, match="was changed meanwhile"):
        remove_older_encryption_keys(key_file, expected)
    assert key_file.read_bytes() == content


def test_a_reference_is_one_persons_in_one_petition() -> None:
    references = {
        FIXED.reference(slug, user_id)
        for slug in ("andry", "andry2", "a")
        for user_id in (1, 2, -1, 2**52)
    }
    assert len(references) == 12
    assert {len(reference) for reference in references} == {32}


def test_a_new_key_file_is_its_owners_alone_and_so_is_a_rotated_one(key_file: Path) -> None:
    for _ in range(2):
        assert key_file.stat().st_mode & 0o777 == 0o600
        assert list(key_file.parent.iterdir()) == [key_file]
        rotated(key_file)


def test_an_existing_file_is_never_overwritten(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(StorageError, match="exists already"):
        Keyring.generate(key_file)
    assert key_file.read_bytes() == before
    with pytest.raises(StorageError, match="cannot be written"):
        Keyring.generate(key_file.parent / "nowhere" / "petition.key")


def test_what_is_no_key_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    text = tmp_path / "hosts"
    text.write_text("127.0.0.1 localhost\n")
    text.chmod(0o644)
    for path, said in (
        (tmp_path / "petition.key", "petition-bot keygen"),
        (tmp_path, "Is a directory"),
        (Path("/dev/null"), "is a device or a pipe"),
        (text, "is not a key of this bot, and was left as it is"),
    ):
        with pytest.raises(StorageError, match=said) as refused:
            Keyring.load(path)
        assert "chmod" not in str(refused.value), "it may be the system's"
        assert isinstance(refused.value, KeyFileMissing if "keygen" in said else NeedsAPerson)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_file_that_others_can_use_is_refused_with_a_command_to_paste(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "it's the key"
    Keyring.generate(path)
    path.chmod(mode)
    with pytest.raises(NeedsAPerson) as refused:
        Keyring.load(path)
    assert shlex.split(str(refused.value).partition("run: ")[2]) == ["chmod", "600", str(path)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("reference ", "referencia "),
        lambda text: text + "reference AAAA\n",
        lambda text: text.replace("encryption ", "encryption zz"),
        lambda text: text.replace("=", ""),
        lambda text: text + "ñ",
        lambda text: text.replace("encryption ", "encryption 00"),
    ],
)
def test_a_damaged_key_file_is_refused_and_not_quoted(key_file: Path, damage: object) -> None:
    assert callable(damage)
    text = key_file.read_text()
    key_file.write_text(damage(text), encoding="utf-8")
    with pytest.raises(NeedsAPerson) as caught:
        Keyring.load(key_file)
    keys = [line.split()[-1] for line in text.splitlines() if not line.startswith("#")]
    assert not any(key[:12] in str(caught.value) for key in keys)


def test_a_keyring_shows_nothing() -> None:
    assert "rrrr" not in repr(FIXED)
    assert "kkkk" not in repr(FIXED)


class TestTheFolder:
    """Whoever can write where the key lies can put another in its place."""

    @pytest.fixture
    def key(self, tmp_path: Path) -> Path:
        path = tmp_path / "above" / "the keys" / "petition.key"
        path.parent.mkdir(parents=True)
        for folder in (path.parent, path.parent.parent):
            folder.chmod(0o755)
        Keyring.generate(path)
        return path

    def refused(self, path: Path) -> list[str]:
        """The folders that are to be mended, from the command that does it."""
        with pytest.raises(NeedsAPerson, match="run: chmod go-w ") as caught:
            Keyring.load(path)
        return shlex.split(str(caught.value).partition("run: ")[2])[2:]

    @pytest.mark.parametrize(
        ("above", "mode"),
        [(0, 0o775), (0, 0o757), (0, 0o770), (0, 0o1777), (1, 0o775), (1, 0o757)],
    )
    def test_that_others_can_write_is_refused_with_the_command_that_mends_it(
        self, key: Path, above: int, mode: int
    ) -> None:
        """One above it can be moved away as well."""
        key.parents[above].chmod(mode)
        assert self.refused(key) == [str(key.parents[above])]

    @pytest.mark.parametrize(
        ("above", "mode"), [(0, 0o700), (0, 0o755), (0, 0o555), (0, 0o3755), (1, 0o1777)]
    )
    def test_that_others_can_only_look_into_is_none_of_their_doing(
        self, key: Path, above: int, mode: int
    ) -> None:
        """Nor one above it where each owns their own."""
        key.parents[above].chmod(mode)
        Keyring.load(key)

    def test_of_a_link_matters_and_so_does_that_of_the_file(
        self, key: Path, tmp_path: Path
    ) -> None:
        links = tmp_path / "links"
        links.mkdir(mode=0o700)
        (links / "key").symlink_to(key)
        key.parent.chmod(0o777)
        assert self.refused(links / "key") == [str(key.parent)]
        key.parent.chmod(0o700)
        links.chmod(0o777)
        assert self.refused(links / "key") == [str(links)]

    def test_of_somebody_else_is_theirs_to_write(
        self, key: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made_by(monkeypatch, {key.parent: 4242}, me=1000)
        with pytest.raises(NeedsAPerson, match="run: chown ") as caught:
            Keyring.load(key)
        assert shlex.split(str(caught.value).partition("run: ")[2])[2:] == [str(key.parent)]

    @pytest.mark.parametrize(
        ("folder", "file", "me"),
        [(0, 1000, 1000), (1000, 1000, 1000), (4242, 4242, 0)],
        ids=["of the system", "of its own", "of the owner of the key"],
    )
    def test_of_those_who_have_the_key_anyway_is_fine(
        self, key: Path, monkeypatch: pytest.MonkeyPatch, folder: int, file: int, me: int
    ) -> None:
        made_by(monkeypatch, {key.parent: folder, key: file}, me=me)
        Keyring.load(key)

    def test_is_looked_at_before_a_key_is_made_in_it(self, tmp_path: Path) -> None:
        (tmp_path / "open").mkdir(mode=0o700)
        (tmp_path / "open").chmod(0o777)
        with pytest.raises(NeedsAPerson, match="chmod go-w"):
            Keyring.generate(tmp_path / "open" / "petition.key")
        assert list((tmp_path / "open").iterdir()) == []


def made_by(patch: pytest.MonkeyPatch, owners: dict[Path, int], me: int) -> None:
    """As if these files belonged to these people, everything else to the system, and we were `me`.

    Only the system could hand a file to somebody, and the tests need not be run by it.
    """
    stat = Path.stat

    def told(self: Path, **options: bool) -> os.stat_result:
        fields = list(stat(self, **options))
        fields[4] = owners.get(self, 0)
        return os.stat_result(fields)

    patch.setattr(Path, "stat", told)
    patch.setattr(os, "geteuid", lambda: me)


@pytest.mark.parametrize("place", ["data", "data/keys", "a link to the data"])
def test_a_key_within_the_data_folder_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "a link to the data").symlink_to(tmp_path / "data")
    with pytest.raises(NeedsAPerson, match="PETITION_KEY_FILE"):
        key_apart_from_data(
            tmp_path / place / "petition.key", f"sqlite+aiosqlite:///{tmp_path}/data/petition.db"
        )


def test_who_moves_the_key_as_told_has_that_one_and_never_one_that_lay_there(
    tmp_path: Path,
) -> None:
    for folder in ("data", "data-key"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "petition.key").write_text(folder)
    mine, url = tmp_path / "data" / "petition.key", f"sqlite+aiosqlite:///{tmp_path}/data/it.db"
    with pytest.raises(NeedsAPerson) as told:
        key_apart_from_data(mine, url)
    moving = ["sh", "-euc", str(told.value).partition("run: ")[2].splitlines()[0]]
    assert subprocess.run(moving, check=False).returncode != 0  # noqa: S603
    assert (tmp_path / "data-key" / "petition.key").read_text() == "data-key"
    (tmp_path / "data-key").rename(tmp_path / "theirs")
    subprocess.run(moving, check=True)  # noqa: S603
    assert not mine.exists()
    assert (tmp_path / "data-key" / "petition.key").read_text() == "data"


def test_what_lies_beside_the_data_or_whose_data_is_elsewhere_is_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NeedsAPerson):
        key_apart_from_data(Path("petition.key"), "sqlite+aiosqlite:///petition.db")
    key_apart_from_data(Path("../petition.key"), "sqlite+aiosqlite:///petition.db")
    key_apart_from_data(Path("data.key"), f"sqlite+aiosqlite:///{tmp_path}/data/petition.db")
    key_apart_from_data(Path("petition.key"), "postgresql+asyncpg://bot@db/petition")
