"""Tests that an operator can answer a letter from the shell, and does nothing by mistake."""

import json
import re
import stat
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.cli.person import check_reason, read_number
from bot.console import CannotDo
from storage import Storage
from storage.exports import exported_lists
from storage.handovers import record_handover
from storage.journal import Deed, Journal
from storage.person_requests import CODE_LASTS, waiting_notices
from tests.cli.petition_database import SIGNERS, PetitionDatabase, command, on_both, refused, said
from tests.support.person_codes import make_code
from tests.support.supporters import Supporters

call = partial(command, "person")

ZONE = ZoneInfo("Europe/Madrid")  # the petition's: its day begins before that of UTC
LETTER = "a letter with a copy of the passport"


def code_of(petition: PetitionDatabase, number: int, at: datetime | None = None) -> str:
    """The code that /mydata shows to who signed as `number`."""
    who, at = petition.supporter(number), at or datetime.now(UTC)
    code = petition.do(lambda storage: make_code(storage, who, at))
    assert code is not None
    return code[0]


async def hand_over(storage: Storage) -> str:
    """A list with all their names is handed over; returns the day."""
    people, now = Supporters(storage.database, storage.keyring), datetime.now(ZONE)
    await people.exported(SIGNERS, at=now, with_name=SIGNERS)
    (listed,) = await storage.read(exported_lists)
    await storage.write(record_handover, now.date(), at=now, listed=listed, manifest="0f" * 32)
    return now.date().isoformat()


def waiting(petition: PetitionDatabase) -> list[str]:
    return [each.kind for each in petition.read(waiting_notices)]


@on_both
def test_a_letter_is_answered_with_its_code(petition: PetitionDatabase) -> None:
    code = code_of(petition, 2)
    result = call("2", "erase", typed=f"{code.lower()}\ny\n")
    whose = "Signature 2: Persona 2, signed on 1 January 1970, 01:00, reads Spanish."
    assert whose in said(result)
    assert "for good? [y/N]" in result.output
    assert "Done. The bot tells them in the chat" in result.output
    assert "Until then, for 7 days at most, it keeps the number" in result.output
    assert waiting(petition) == ["erased"]
    assert [entry.action for entry in petition.audited()] == ["person_erased"]
    assert "do not belong together" in refused(call("2", "show", "--code", code, "--yes"))
    code = code_of(petition, 3)
    said(call("3", "correct", "--code", code, "--yes", typed="  María   Sol\n"))
    assert "or the code is void" in refused(call("3", "restrict", "--code", code, "--yes"))
    said(call("3", "restrict", "--verified-otherwise", LETTER, "--yes"))
    again = call("3", "restrict", "--verified-otherwise", LETTER, "--yes")
    assert "Nothing was done: it was so already" in refused(again)
    assert "its use has been restricted since" in again.output
    said(call("3", "object", "--verified-otherwise", LETTER, "--yes"))
    shown = said(call("3", "lift", "--verified-otherwise", LETTER, "--yes"))
    assert "María Sol" in shown
    assert "restricted since" in shown
    said(call("4", "object", "--verified-otherwise", LETTER, "--yes"))
    again = call("4", "object", "--verified-otherwise", LETTER, "--yes")
    assert "Nothing was done: it was so already" in refused(again)
    assert "; its use was objected to on" in again.output
    said(call("4", "restrict", "--verified-otherwise", LETTER, "--yes"))
    done = ["erased", "corrected", "restricted", "objected", "lifted", "objected", "restricted"]
    assert waiting(petition) == done
    assert f"verified otherwise: {LETTER}" in petition.audited()[0].detail
    assert "María" not in " ".join(entry.detail for entry in petition.audited())


def test_while_no_bot_runs_a_former_name_leaves_the_journal_with_the_command(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody starts the bot again after the petition, and letters still come."""
    journal, verified = Journal(petition.keyring, "andry"), ("--verified-otherwise", LETTER, "-y")

    def names() -> list[str]:
        return [each.value.partition(" ")[2] for each in journal.read().entries if each.has_name]

    said(call("3", "correct", *verified, typed="María Sol\n"))
    said(call("3", "correct", *verified, typed="Marta Sol\n"))
    assert names() == ["Marta Sol"]
    whole = journal.path.read_bytes()
    said(call("3", "show", *verified))
    assert journal.path.read_bytes() == whole
    # Where the disk refuses that alone, it is done all the same.
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "rewrite", full)
        said(call("3", "correct", *verified, typed="Marta Mas\n"))
    assert names() == ["Marta Sol", "Marta Mas"]
    said(call("3", "erase", *verified))
    assert [each.deed for each in journal.read().entries] == [Deed.WITHDRAWAL]


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_each_request_says_what_it_does_before_it_is_done(petition: PetitionDatabase) -> None:
    for request, question in (
        ("show", "Show everything that is stored of them?"),
        ("correct", "Give the signature the name “Ona”?"),
        ("restrict", "Restrict its use?"),
        ("object", "Record the objection?"),
        ("lift", "Use the signature like any other again? Tell its owner before."),
        ("erase", "with all that is stored with it, for"),
    ):
        name = "Ona\n" if request == "correct" else ""
        result = call("2", request, "--verified-otherwise", LETTER, typed=f"{name}y\n")
        assert question in said(result)
        assert "Done. The bot tells them in the chat, within seconds if it runs" in result.output
        assert petition.audited()[0].action == f"person_{waiting(petition)[-1]}"
        only_stored = "no list has its name from now on, and its owner gets no message but"
        assert (only_stored in result.output) == (request in ("restrict", "object"))
        if request == "lift":
            both = "; its use has been restricted since .*; its use was objected to on "
            assert re.search(both, result.output)
        is_erased = "keeps the number of the chat" in result.output
        assert is_erased == (request == "erase")
    nothing = call("3", "lift", "--verified-otherwise", LETTER)
    assert "Nothing was done: the use of the signature is not restricted." in refused(nothing)
    for what in ("erase", "correct"):
        file = refused(call("3", what, "-o", "x", "--code", "AAAA-3333"))
        assert "--output goes with show" in file


def test_of_a_signature_without_a_name_only_the_code_proves_whose_it_is(
    petition: PetitionDatabase, tmp_path: Path
) -> None:
    """Berta signed without a name. A letter gives her none, and nobody calls that a damage."""
    petition.sql("UPDATE signatures SET name_sealed = NULL WHERE number = 2")
    otherwise = ("--verified-otherwise", LETTER)
    whose = "Signature 2: without a name, signed on 1 January 1970, 01:00, reads Spanish."
    proof = (
        "Only the code proves whose a signature without a name is: nothing is stored with which "
        "to compare the letter. Go on only if you know it for certain."
    )
    by_code = said(call("2", "show", "--code", code_of(petition, 2), typed="n\n"))
    assert f"{whose}\nShow everything" in by_code
    for what in ("show", "erase", "restrict"):
        shown = said(call("2", what, *otherwise, typed="n\n"))
        assert f"{whose} {proof}" in shown
        assert "damaged" not in shown
    assert "counted, but no list has its name from now on" in shown
    code = code_of(petition, 2)
    for proved in (("--code", code), otherwise):
        named = call("2", "correct", *proved, "--yes", typed="Berta Puig\n")
        told = " ".join(refused(named).split())
        assert told == (
            "The signature has no name, and gets none here: that takes the consent of whoever "
            "signed, which is given in the chat, with /mydata."
        )
    assert {each.action for each in petition.audited()} == {"person_look"}
    file = tmp_path / "answer.json"
    said(call("2", "show", "--code", code, "--yes", "--output", str(file)))
    stored = json.loads(file.read_text("utf-8"))
    assert (stored["signature"]["name"], stored["signature"]["chat"]) == (None, 1002)
    said(call("2", "restrict", *otherwise, "--yes"))
    assert waiting(petition) == ["shown", "restricted"]
    asked = said(call("2", "erase", *otherwise, typed="y\n"))
    assert "Erase the signature, with all that is stored with it, for good?" in asked


def test_what_is_not_typed_is_asked_by_the_rules_of_the_chat(petition: PetitionDatabase) -> None:
    code = code_of(petition, 2)
    result = call("2", "correct", typed=f"Berta Puig\n{code}\ny\n")
    assert "The new name: " in said(result)
    assert "Give the signature the name “Berta Puig”?" in result.output
    for name, why in (("=1+1", "begin with that sign"), ("x", "two letters")):
        result = call("2", "correct", "--verified-otherwise", LETTER, "--yes", typed=f"{name}\n")
        assert why in refused(result), name
    reason = "the passport says Berta Puig"
    told = call("3", "correct", "--verified-otherwise", reason, typed="Berta Puig\n")
    assert "must not say who the person is" in refused(told)
    both = call("2", "show", "--code", "AAAA-3333", "--verified-otherwise", LETTER)
    assert "the code goes without --verified-otherwise" in refused(both)


def test_a_code_that_is_old_or_was_guessed_at_is_refused(petition: PetitionDatabase) -> None:
    old = code_of(petition, 2, at=datetime.now(UTC) - CODE_LASTS - timedelta(days=1))
    assert "or the code is void" in refused(call("2", "show", "--code", old))
    guessed_at = code_of(petition, 3)
    for _ in range(5):
        assert "not at all after 5 wrong ones" in refused(call("3", "show", "--code", "AAAA-3333"))
    assert "or the code is void" in refused(call("3", "show", "--code", guessed_at))


def test_of_a_damaged_chat_nothing_is_shown_and_nobody_is_told(petition: PetitionDatabase) -> None:
    petition.people(lambda people: people.damage(2))
    options = ("--verified-otherwise", LETTER, "--yes")
    assert "The number of their chat is damaged" in refused(call("2", "show", *options))
    assert {each.action for each in petition.audited()} == {"person_look"}
    assert "The bot cannot tell them" in said(call("2", "restrict", *options))
    petition.sql("UPDATE signatures SET name_sealed = chat_sealed WHERE number = 3")
    assert "Signature 3: a damaged name, signed" in said(call("3", "restrict", *options))


def test_nothing_of_a_signature_is_shown_before_the_code_fits(petition: PetitionDatabase) -> None:
    code_of(petition, 2)
    wrong = [call(number, "show", "--code", "AAAA-3333") for number in ("2", "3", "999")]
    assert len({refused(result) for result in wrong}) == 1, "a number without a code, or nobody's"
    assert {result.stdout for result in wrong} == {""}
    assert waiting(petition) == []


def test_without_a_code_the_look_alone_is_in_the_audit(petition: PetitionDatabase) -> None:
    said(call("2", "erase", "--verified-otherwise", LETTER, typed="n\n"))
    named = call("2", "erase", "--verified-otherwise", "rang: Persona", typed="n\n")
    assert "must not say who the person is" in refused(named)
    nobodys = call("999", "erase", "--verified-otherwise", LETTER)
    assert "No signature has this number" in refused(nobodys)
    assert [(each.action, each.detail) for each in petition.audited()] == [("person_look", "")] * 2


def test_a_number_is_read_as_the_letter_writes_it() -> None:
    written = ("1530", "1.530", "1,530", "1 530", " 1\N{NO-BREAK SPACE}530 ", "1’530")
    assert {read_number(each) for each in written} == {1530}
    for wrong in ("show", "0", "2x", "-2", "1.5", "15.30", "1" * 30):
        assert call(wrong, "show").exit_code == 2, wrong


def test_without_a_yes_nothing_is_done(petition: PetitionDatabase) -> None:
    code = code_of(petition, 2)
    for typed in ("n\n", "\n", ""):
        result = call("2", "erase", "--code", code, typed=typed)
        assert "Erase the signature" in result.output
        unused = "Nothing was done, and the code can still be used." in result.output
        assert unused == bool(typed)
    assert waiting(petition) == []
    assert petition.audited() == []
    said(call("2", "erase", "--code", code, "--yes"))


def test_what_is_stored_goes_into_a_private_file(
    petition: PetitionDatabase, tmp_path: Path
) -> None:
    handed_over_on = petition.do(hand_over)
    file = tmp_path / "answer.json"
    options = ("--verified-otherwise", LETTER, "--yes", "--output", str(file))
    assert "only you can read" in said(call("2", "show", *options))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    stored = json.loads(file.read_text("utf-8"))
    assert (stored["signature"]["name"], stored["signature"]["chat"]) == ("Persona 2", 1002)
    assert stored["handover"] == {"handed_over_on": handed_over_on, "with_your_name": True}
    assert "exists already" in refused(call("3", "show", *options))
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
    assert "or meanwhile the signature changed or the code was used" in refused(result)
    assert list(tmp_path.glob("answer*")) == []


def test_a_reason_says_how_and_never_who() -> None:
    for reason, why in (
        (" ", "Say with --verified-otherwise"),
        ("the one who is called Sol", "must not say who"),
        ("the number 12 34 56", "must not say who"),
        ("her mail ana@example.org", "must not say who"),
        ("Passport of ANA García", "must not say who"),
        ("rang from 600 12 34 56", "must not say who"),
    ):
        with pytest.raises(CannotDo, match=re.escape(why)):
            check_reason(reason, "Ana García de Sol")
    plain = "passport de visu at the office on 3 May 2026"
    assert check_reason(f" {plain} ", "Ana García de Sol") == plain
    short = "de visu, in room 12345"
    assert check_reason(short, "Ana García de Sol") == short
