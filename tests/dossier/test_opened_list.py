"""Tests of reading an opened list: what is none is told apart, with what to do about it."""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.dossier.contents import Edition, dossier
from bot.dossier.opened_list import DossierError, open_list
from bot.export.json_list import write_json
from bot.text.translations import Catalogs
from tests.export.test_signature_list import NAMES, of, pages
from tests.support.opened_lists import opened_list


def kept(folder: Path, content: str | bytes | dict[str, Any], name: str = "list.json") -> Path:
    path = folder / name
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path: Path) -> str:
    with pytest.raises(DossierError) as caught:
        open_list(path)
    return str(caught.value)


def test_a_list_is_read_whatever_a_later_version_adds_to_it(tmp_path: Path) -> None:
    whole = {**opened_list(30, extra=("نمی\u200cخواهم",)), "of a later version": [{"number": 1}]}
    read = open_list(kept(tmp_path, "\ufeff" + json.dumps(whole)))
    assert read.counts.counted == 148
    names = [(each.number, each.name) for each in read.signatures]
    assert names == [(each["number"], each["name"]) for each in whole["signatures"]]


async def test_what_the_export_writes_is_read_and_becomes_a_dossier(tmp_path: Path) -> None:
    out = io.BytesIO()
    await write_json(out, of(NAMES), pages(NAMES))
    read = open_list(kept(tmp_path, out.getvalue()))
    assert [each.name for each in read.signatures] == list(NAMES)
    edition = Edition(Catalogs.load().words("es"), date(2026, 3, 3), "R", "C")
    data = dossier(read, edition, [])
    assert [row["number"] for row in data["sum"]][-2:] == ["7", "5"]


def test_what_is_no_opened_list_is_refused_with_what_to_do(tmp_path: Path) -> None:
    for content, name, sentence in (
        (
            b"age-encryption.org/v1\n-> X25519 ",
            "list.json.age",
            f"age --decrypt --identity key.txt --output '{tmp_path}/list.json' '{tmp_path}/",
        ),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n", "list.txt", "/list.json' '"),
        (b"PK\x03\x04....", "list.xlsx", "petition-bot export --format json"),
        ("N.º;Nombre\n1;Ana García\n", "list.csv", "is no JSON"),
        ("", "empty.json", "no JSON"),
        ("{", "cut.json", "cut off"),
        ("{}", "other.json", "no list of signatures"),
        ("[1, 2]", "numbers.json", "no list of signatures"),
        ('{"format": "petition-bot list 2"}', "newer.json", "no list of signatures"),
        ('{"format": "petition-bot list 1"}', "bare.json", "makes no sense at id"),
        ("[" * 100_000, "deep.json", "cut off"),
        ('{"format": ' + "[" * 40 + "]" * 40 + "}", "deep.json", "no list of signatures"),
        (b'{"format": "\xff\xfe"}', "bytes.json", "no whole JSON"),
        ('{"format": ' + "9" * 5000 + "}", "number.json", "no whole JSON"),
    ):
        assert sentence in refused(kept(tmp_path, content, name))


def test_a_head_written_by_hand_is_refused_where_it_makes_no_sense(tmp_path: Path) -> None:
    for change, where in (
        ({"closed_at": "9999-12-31T23:59:59-12:00"}, "petition.closed_at"),
        ({"closed_at": "1999-12-31T12:00:00Z"}, "petition.closed_at"),
        ({"appeal": {"es": ["<b><script>"]}}, "petition.appeal.es.0"),
        ({"slug": "../../x"}, "petition.slug"),
        ({"time_zone": "../../etc/passwd"}, "petition.time_zone"),
    ):
        whole = opened_list(3)
        whole["petition"] |= change
        assert f"makes no sense at {where}" in refused(kept(tmp_path, whole))


def test_a_signature_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    for key, value in (
        ("number", 0),
        ("number", True),
        ("number", 10**30),
        ("name", None),
        ("name", "x" * 401),
        ("name", "\u3000"),
        ("name", "Ana\u2028"),
        ("name", "Ana\u2029"),
        ("name", "Ana\u202eaicraG"),
        ("name", "Ana\x00"),
        ("signed_on", "yesterday"),
    ):
        whole = opened_list(3)
        whole["signatures"][0][key] = value
        assert f"makes no sense at signatures.0.{key}" in refused(kept(tmp_path, whole))


def test_a_list_that_lost_signatures_or_does_not_add_up_is_refused(tmp_path: Path) -> None:
    for order in (slice(1, None), slice(None, None, -1)):
        whole = opened_list(5)
        whole["signatures"] = whole["signatures"][order]
        assert "makes no sense at signatures. Export it again" in refused(kept(tmp_path, whole))
    for changed in (["without_name"], ["counted", "at_closing"], ["at_closing"]):
        for more in (-1, 1):
            wrong = opened_list(5)
            for each in changed:
                wrong["counts"][each] += more
            assert "makes no sense at counts" in refused(kept(tmp_path, wrong)), (changed, more)
