"""Tests that an operator can answer a letter from the shell, and does nothing by mistake."""

import json
import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.cli.person import check_reason, read_number
from bot.console import CannotDo
from storage import Storage
from tests.cli.petition_database import PetitionDatabase, on_both, refused, said

LETTER = "a letter with a copy of the passport"


def call(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["person", *arguments], input=typed)


def code_of(petition: PetitionDatabase, number: int) -> str:
    """The code that /mydata shows to who signed as `number`."""

    async def made(storage: Storage) -> str:
        signer = await storage.person_requests.find(number)
        assert signer is not None
        code = await storage.person_codes.make(signer.supporter, datetime.now(UTC))
        assert code is not None
        return code[0]

    return petition.do(made)


def waiting(petition: PetitionDatabase) -> list[str]:
    return [each.kind for each in petition.do(lambda storage: storage.person_notices.waiting())]


@on_both
def test_a_letter_is_answered_with_its_code(petition: PetitionDatabase) -> None:
    code = code_of(petition, 2)
    result = call("2", "erase", typed=f"{code.lower()}\ny\n")
    assert "Signature 2: Persona 2, signed on 1 January 1970" in said(result)
    assert "for good? [y/N]" in result.output
    assert "The signature is erased. The bot tells them in the chat" in result.output
    assert waiting(petition) == ["erased"]
    assert [entry.action for entry in petition.audited()] == ["person_erase"]
    assert "do not belong together" in refused(call("2", "show", "--code", code, "--yes"))
    code = code_of(petition, 3)
    said(call("3", "correct", "  María   Sol", "--code", code, "--yes"))
    assert "was used on" in refused(call("3", "restrict", "--code", code, "--yes"))
    said(call("3", "restrict", "--verified-otherwise", LETTER, "--yes"))
    again = call("3", "restrict", "--verified-otherwise", LETTER, "--yes")
    assert "is restricted already, since" in refused(again)
    said(call("3", "object", "--verified-otherwise", LETTER, "--yes"))
    shown = said(call("3", "lift", "--verified-otherwise", LETTER, "--yes"))
    assert "María Sol" in shown
    assert "restricted since" in shown
    assert waiting(petition) == ["erased", "corrected", "restricted", "objected", "lifted"]
    assert f"verified otherwise: {LETTER}" in petition.audited()[0].detail
    assert "María" not in " ".join(entry.detail for entry in petition.audited())


def test_nothing_of_a_signature_is_shown_before_the_code_fits(petition: PetitionDatabase) -> None:
    code_of(petition, 2)
    wrong = [call(number, "show", "--code", "AAAA-3333") for number in ("2", "3", "999")]
    assert len({refused(result) for result in wrong}) == 1, "a number without a code, or nobody's"
    assert {result.stdout for result in wrong} == {""}
    assert waiting(petition) == []


def test_without_a_code_the_look_alone_is_in_the_audit(petition: PetitionDatabase) -> None:
    for reason in (LETTER, "rang: Persona"):
        call("2", "erase", "--verified-otherwise", reason, typed="n\n")
    assert [(each.action, each.detail) for each in petition.audited()] == [("person_look", "")] * 2


def test_a_number_is_read_as_the_letter_writes_it() -> None:
    written = ("1530", "1.530", "1,530", "1 530", " 1\N{NO-BREAK SPACE}530 ", "1’530")
    assert {read_number(each) for each in written} == {1530}
    for wrong in ("show", "0", "2x", "-2", "1.5", "15.30", "1" * 30):
        assert call(wrong, "show").exit_code == 2, wrong


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_without_a_yes_nothing_is_done(petition: PetitionDatabase, typed: str) -> None:
    code = code_of(petition, 2)
    result = call("2", "erase", "--code", code, typed=typed)
    assert "Erase the signature" in result.output
    assert waiting(petition) == []
    assert petition.audited() == []
    said(call("2", "erase", "--code", code, "--yes"))


def test_everything_stored_goes_into_a_file_that_only_its_owner_reads(
    petition: PetitionDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "answer.json"
    options = ("--verified-otherwise", LETTER, "--yes", "--output", str(file))
    assert "only you can read" in said(call("2", "show", *options))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    stored = json.loads(file.read_text("utf-8"))
    assert (stored["signature"]["name"], stored["signature"]["chat"]) == ("Persona 2", 1002)
    assert "is there already" in refused(call("3", "show", *options))
    printed = said(call("3", "show", "--verified-otherwise", LETTER, "--yes"))
    assert '"name": "Persona 3"' in printed
    assert waiting(petition) == ["shown", "shown"]


def test_what_was_used_while_the_question_stood_is_refused(
    petition: PetitionDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_of(petition, 2)

    def meanwhile(_question: str) -> bool:
        said(call("2", "erase", "--code", code, "--yes"))
        return True

    file = tmp_path / "answer.json"
    with monkeypatch.context() as patch:
        patch.setattr("bot.console.confirms", meanwhile)
        result = call("2", "show", "--code", code, "--output", str(file))
    assert "Meanwhile" in refused(result)
    assert list(tmp_path.glob("answer*")) == []


def test_a_name_is_held_to_the_rules_of_the_chat(petition: PetitionDatabase) -> None:
    for name, why in (("=1+1", "begin with that sign"), ("x", "two letters"), ("", "short")):
        result = call("2", "correct", name, "--verified-otherwise", LETTER, "--yes")
        assert why in refused(result), name


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (" ", "Say with --verified-otherwise"),
        ("x" * 301, "too long"),
        ("her mail ana@example.org", "must not say who"),
        ("Passport of ANA García", "must not say who"),
        ("rang from 600 12 34 56", "must not say who"),
    ],
)
def test_a_reason_says_how_and_never_who(reason: str, why: str) -> None:
    with pytest.raises(CannotDo, match=re.escape(why)):
        check_reason(reason, "Ana García de Sol")


def test_a_reason_does_not_say_the_name_that_is_asked_for_either(
    petition: PetitionDatabase,
) -> None:
    reason = "the passport says Berta Puig"
    told = call("2", "correct", "Berta Puig", "--verified-otherwise", reason)
    assert "must not say who the person is" in refused(told)


def test_a_reason_without_a_person_is_kept_as_it_is() -> None:
    plain = "passport de visu at the office on 3 May 2026"
    assert check_reason(f" {plain} ", "Ana García de Sol") == plain


def test_either_a_code_or_a_reason(petition: PetitionDatabase) -> None:
    both = call("2", "show", "--code", "AAAA-3333", "--verified-otherwise", LETTER)
    assert "not both" in refused(both)
