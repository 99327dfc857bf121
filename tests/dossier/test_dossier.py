"""Tests of `petition-bot dossier`: from a list to the files that are handed over."""

import hashlib
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.dossier import contents, make
from bot.dossier.contents import Edition, dossier
from bot.dossier.opened_list import ListHead, open_list
from bot.dossier.typesetting import TEMPLATES, letters, unreadable
from bot.text.translations import Catalogs
from tests.support.opened_lists import ELSEWHERE, opened_list, write_list

MARKUP = (
    "#panic()", "*x* _y_ `z`", "$ x $", "@ref <label>", "back\\slash \\u{41}", "// gone",
    "= Title", "/* gone */", '") #panic() ("', "{{name}} {page}", "#import sys", "[[x]] ~ --- 'a'",
)  # fmt: skip
ARGUMENTS = ("--reference", "AI-ES/2027/014", "--date", "2027-02-16")
DAY = date(2027, 2, 16)
TOTO = "\U0001e290\U0001e291"


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["dossier", *(str(argument) for argument in arguments)])


def failed(result: Result) -> str:
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    return " ".join(result.output.split())


def test_the_files_are_whole_and_the_same_each_time(tmp_path: Path) -> None:
    """The one test that sets every page: names in all scripts, and names that look like markup."""
    names = (*ELSEWHERE, *MARKUP)
    listed = write_list(tmp_path / "list.json", 3 * len(names), extra=names)
    first = call(listed, *ARGUMENTS, "--output", tmp_path / "first")
    assert first.exit_code == 0, first.output
    manifest = (tmp_path / "first" / "manifest.txt").read_bytes()
    hash_of_all = hashlib.sha256(manifest).hexdigest()
    assert f"--manifest {hash_of_all}" in first.output
    lines = [line for line in manifest.decode().splitlines() if not line.startswith("#")]
    files = {name: sha256 for sha256, name in (line.split("  ", 1) for line in lines)}
    assert set(files) == {"andry - expediente.pdf", "andry - lista de firmas.pdf"}
    told = " ".join(first.output.split())
    assert all(name in told for name in (*files, "manifest.txt"))
    for name, sha256 in files.items():
        content = (tmp_path / "first" / name).read_bytes()
        assert content.startswith(b"%PDF-")
        assert hashlib.sha256(content).hexdigest() == sha256
    about = [line[2:] for line in manifest.decode().splitlines() if line.startswith("#")]
    assert [line for line in about if not line.startswith("made with: petition-bot ")] == [
        "petition-bot dossier 1",
        "petition: andry",
        "edition: for the addressee",
        "language: es",
        "date: 2027-02-16",
        "reference: AI-ES/2027/014",
        "contact: datos@example.org",
        f"export: {3 * len(names):032x}",
        "exported at: 2027-02-15T09:30:00+00:00",
        f"SHA-256 of the list: {hashlib.sha256(listed.read_bytes()).hexdigest()}",
        f"signatures: {3 * len(names) + 118}, {3 * len(names)} of them with a name",
    ]
    call(listed, *ARGUMENTS, "--output", tmp_path / "second")
    assert (tmp_path / "second" / "manifest.txt").read_bytes() == manifest
    assert {path.name for path in tmp_path.iterdir()} == {"list.json", "first", "second"}


def test_no_template_runs_what_it_is_given() -> None:
    templates = list(TEMPLATES.glob("*.typ"))
    assert len(templates) == 4
    assert [each.name for each in templates if "eval" in each.read_text()] == []


def test_a_name_without_a_font_is_spelt_out_and_keeps_nobody_from_being_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody signs in Toto, which no font has, and Éva writes a tone of it on a letter."""
    volumes: list[dict[str, Any]] = []
    described = contents.volume

    def kept(*given: Any) -> dict[str, Any]:
        volumes.append(described(*given))
        return volumes[-1]

    monkeypatch.setattr(contents, "volume", kept)
    extra = ("Ana", TOTO, "Éva", f"Eva {TOTO}", "Éva\U0001e2ae")
    listed = write_list(tmp_path / "list.json", 10, extra=extra)
    result = call(listed, *ARGUMENTS, "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    for said in ("Latin: 1 name", "Toto: 2 names, of signatures", "apt install fonts-noto-core"):
        assert said in result.output
    names = [entry["name"] for entry in volumes[0]["names"]]
    assert {"[U+1E290][U+1E291]", "Eva [U+1E290][U+1E291]", "Éva"} < set(names)
    assert "[U+0041]" in volumes[0]["list_note"]
    assert "# letters without a font: 3" in (tmp_path / "out" / "manifest.txt").read_text()


def test_a_petition_whose_own_text_has_no_font_is_not_made_with_boxes(tmp_path: Path) -> None:
    whole = opened_list(3)
    whole["petition"]["title"]["es"] += TOTO
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps(whole))
    said = failed(call(listed, *ARGUMENTS, "--output", tmp_path / "out"))
    assert "Toto: in the petition's own texts" in said
    assert [path.name for path in tmp_path.iterdir()] == ["list.json"]


def test_every_script_of_the_sample_is_in_the_extra_with_its_marks() -> None:
    found = set().union(*(letters(name) for name in ELSEWHERE))
    assert {"ễ", "ọ́", "बे", "王", "د"} - {"ọ́", "बे", "ễ"} <= found
    assert unreadable(found | {"ọ́", "क्‍ष", "g̃"}, of_machine=False) == []


def test_the_public_edition_has_no_name_and_no_number_of_one(tmp_path: Path) -> None:
    read = open_list(write_list(tmp_path / "list.json", 100))
    edition = Edition(Catalogs.load().words("en"), DAY, "", "", public=True)
    text = json.dumps(dossier(read, edition, []), ensure_ascii=False)
    assert not [each.name for each in read.signatures if each.name in text]
    assert "Edition without names" in text
    assert dossier(read, edition, [])["volumes"] == []


def test_a_list_from_before_the_closing_is_said_not_to_be_the_one_to_hand_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "set_pdf", lambda *_, **__: b"")
    whole = opened_list(3)
    whole["petition"]["closed_at"] = None
    whole["counts"] |= {"at_closing": None, "withdrawn_since": 0, "invalidated_since": 0}
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps(whole))
    done = call(listed, *ARGUMENTS, "--output", tmp_path / "out")
    assert "only of a list from after the closing" in done.output
    assert "petition-bot delivered" not in done.output


def test_the_days_in_it_are_those_of_the_petitions_own_time_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Caracas it was still the evening of the 2nd."""
    said: list[dict[str, Any]] = []

    def kept(_: str, data: dict[str, Any], *__: Any, **___: Any) -> bytes:
        said.append(data)
        return b""

    monkeypatch.setattr(make, "set_pdf", kept)
    whole = opened_list(3)
    whole["petition"] |= {"time_zone": "America/Caracas", "closed_at": "2027-03-03T02:30:00Z"}
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps(whole))
    call(listed, *ARGUMENTS, "--language", "en", "--output", tmp_path / "out")
    assert said[-1]["count_note"].startswith("The petition closed on 2 March 2027.")


def test_a_long_list_comes_in_volumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "VOLUME", 40)
    monkeypatch.setattr(
        make, "_set_volume", lambda data, *_, **__: data["names"][0]["name"].encode()
    )
    described, volumes = contents.dossier, list[contents.Volume]()

    def kept(head: ListHead, edition: Edition, given: list[contents.Volume]) -> dict[str, Any]:
        volumes[:] = given
        return described(head, edition, given)

    monkeypatch.setattr(contents, "dossier", kept)
    listed = write_list(tmp_path / "list.json", 100)
    done = call(listed, *ARGUMENTS, "--language", "en", "--output", tmp_path / "out")
    assert done.exit_code == 0, done.output
    files = [path.name for path in sorted((tmp_path / "out").glob("*volume*"))]
    assert files == [f"andry - volume {n} of 3.pdf" for n in (1, 2, 3)]
    numbers = [each.number for each in open_list(listed).signatures]
    assert [(each.file, each.names, each.first, each.last) for each in volumes] == [
        (files[0], 40, numbers[0], numbers[39]),
        (files[1], 40, numbers[40], numbers[79]),
        (files[2], 20, numbers[80], numbers[99]),
    ]
    written = [(tmp_path / "out" / name).read_bytes() for name in files]
    assert [each.sha256 for each in volumes] == [
        hashlib.sha256(each).hexdigest() for each in written
    ]


def test_the_manifest_of_a_public_edition_says_nothing_of_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "set_pdf", lambda *_, **__: b"")
    listed = write_list(tmp_path / "list.json", 100, extra=(TOTO,))
    done = call(listed, "--public", "--date", "2027-02-16", "--output", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "Toto" not in done.output
    manifest = (tmp_path / "out" / "manifest.txt").read_text()
    for line in ("# edition: public, without names", "# date: 2027-02-16"):
        assert line in manifest.splitlines()
    assert "fonts of this machine" not in manifest
    for word in ("reference", "contact", "export", "list", "signatures", "letters"):
        assert f"# {word}" not in manifest


def test_what_is_missing_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = write_list(tmp_path / "list.json", 2)
    assert "--reference TEXT" in failed(call(listed, "--output", tmp_path / "out"))
    tomorrow = failed(call(listed, *ARGUMENTS, "--date", "tomorrow", "--output", tmp_path / "out"))
    assert "tomorrow is no day. Expected: year, month and day, like 2026-11-24." in tomorrow
    assert "with --language: es, en" in failed(call(listed, *ARGUMENTS, "--language", "fr"))
    assert "exists already" in failed(call(listed, *ARGUMENTS, "--output", tmp_path))
    (tmp_path / "out.partial").mkdir()  # as a kill leaves it, with names
    told = failed(call(listed, *ARGUMENTS, "--output", tmp_path / "out"))
    assert "out.partial is there" in told
    assert (tmp_path / "out.partial").exists()
    assert "No such file" in failed(call(tmp_path / "nowhere.json", *ARGUMENTS))
    monkeypatch.setitem(sys.modules, "typst", None)
    for name in [name for name in sys.modules if name.startswith("bot.dossier")]:
        monkeypatch.delitem(sys.modules, name)
    assert "make live EXTRAS=pdf" in failed(call(listed, *ARGUMENTS))
