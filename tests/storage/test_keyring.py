"""Tests that a value can be decrypted only with its key and in its own row and column."""

import hmac
import shlex
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_the_same_text_never_seals_the_same(key_file: Path) -> None:
    keyring = Keyring.load(key_file)
    assert len({_seal(keyring) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [
        ("conversations", "name_sealed", ROW),
        ("signatures", "chat_sealed", ROW),
        ("signatures", "name_sealed", b"another row's id"),
    ],
)
def test_a_value_moved_elsewhere_does_not_open(
    key_file: Path, table: str, column: str, row: bytes
) -> None:
    keyring = Keyring.load(key_file)
    sealed = _seal(keyring)
    with pytest.raises(BrokenData):
        keyring.open(sealed, table=table, column=column, row=row)


def test_a_sealed_value_is_as_long_for_every_usual_name(key_file: Path) -> None:
    keyring = Keyring.load(key_file)
    lengths = [len(_seal(keyring, "x" * size)) for size in (0, 1, 62, 63, 64, 127, 128)]
    assert lengths == [97, 97, 97, 97, 161, 161, 225]


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
    keyring = Keyring(b"r" * 32, {b"\x00\x01\x02\x03": b"k" * 32}, NO_FILE)
    with pytest.raises(BrokenData):
        _open(keyring, garbage)


def test_after_a_rotation_the_old_values_open_and_references_stay(key_file: Path) -> None:
    before = Keyring.load(key_file)
    after, sealed = rotated(key_file), _seal(before)
    assert _open(after, sealed) == "Ana"
    assert after.reference("andry", 7) == before.reference("andry", 7)
    place = {"table": "conversations", "column": "shown"}
    assert after.digest(b"Ana", **place, row=ROW) == before.digest(b"Ana", **place, row=ROW)


def test_after_a_rotation_new_values_need_the_new_key(key_file: Path) -> None:
    former = Path(shutil.copy(key_file, key_file.with_name("former.key")))
    sealed = _seal(rotated(key_file))
    with pytest.raises(BrokenData, match="put back the key file"):
        _open(Keyring.load(former), sealed)


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
    keyring = Keyring(b"r" * 32, {b"\x00\x01\x02\x03": b"k" * 32}, NO_FILE)
    references = {
        keyring.reference(slug, user_id)
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
def test_a_key_file_that_others_can_use_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(NeedsAPerson, match="chmod 600"):
        Keyring.load(key_file)


def test_the_command_that_mends_the_key_file_can_be_pasted(tmp_path: Path) -> None:
    path = tmp_path / "it's the key"
    Keyring.generate(path)
    path.chmod(0o644)
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
