"""Where a key file lies: in a folder that nobody else can write to, apart from the data."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from bot.settings import key_apart_from_data
from storage.errors import NeedsAPerson
from storage.keyring import Keyring


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
