"""Tests that settings are put into a file that somebody may have written by hand."""

import io
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.setup.env_file import with_values, write_values


def test_only_the_named_lines_change() -> None:
    before = "# mine\n\nPETITION_ADMIN_IDS=1 # Ana\nOTHER='a b'\n\n# end"
    after = with_values(before, {"PETITION_ADMIN_IDS": "1,2", "PETITION_FOLDER": "/p"})
    assert after == (
        "# mine\n\nPETITION_ADMIN_IDS=1,2\nOTHER='a b'\n\n# end\nPETITION_FOLDER=/p\n"
    )


@pytest.mark.parametrize("value", ["/home/ana maría/ñ.key", "it's", "a\"b'c\\d", "x#y", "1:AA-_"])
def test_a_value_is_read_as_it_was_written(value: str) -> None:
    read = dotenv_values(stream=io.StringIO(with_values("", {"A": value})))
    assert read == {"A": value}


def test_the_file_is_its_owners_alone_and_so_is_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "petition-bot" / ".env"
    write_values(path, {"A": "1"})
    write_values(path, {"B": "ñ"})
    assert dotenv_values(path) == {"A": "1", "B": "ñ"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [*path.parent.iterdir()] == [path]
