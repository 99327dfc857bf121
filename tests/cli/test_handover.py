"""Tests that an operator records a handover knowingly, and gets the list of notices owed."""

from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from storage.consents import correct_signed_name, remove_signed_name
from storage.conversations import Conversation
from storage.person_requests import PersonNoticeKind, carry_out_request
from storage.signatures import withdraw_signature
from tests.cli.petition_database import PetitionDatabase, on_both, refused, said
from tests.cli.petition_database import command as call
from tests.export.test_signature_list import sheets_of
from tests.support.supporters import NOON

HOUR, MANIFEST = timedelta(hours=1), "0F" * 32
DELIVERED = ("delivered", "--on", "2026-03-02", "--manifest", MANIFEST)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the tenth of March in Madrid, half an hour after midnight."""
    monkeypatch.setattr("bot.cli.context.utc_now", lambda: NOON + timedelta(days=8, hours=11.5))


def exported(petition: PetitionDatabase, days: float = 0) -> str:
    """A list is written so many days after the closing; the beginning of its id."""
    at, names = NOON + timedelta(days=days), {"with_name": 4, "without_name": 2}
    return petition.people(lambda people: people.exported(6, at=at, **names)).hex()[:12]


def at_my_data(petition: PetitionDatabase, number: int) -> Conversation:
    """One of them consented to everything, and goes to /mydata; what the chat shows then."""
    petition.people(lambda people: people.consent(number))
    petition.people(lambda people: people.speak(number, "es"))
    return Conversation(petition.supporter(number), stage="my_data", version=2)


def withdraws(petition: PetitionDatabase, number: int) -> None:
    at = NOON + timedelta(days=3)
    petition.write(withdraw_signature, petition.supporter(number), at)


@on_both
def test_what_follows_is_said_before_and_it_can_be_taken_back(petition: PetitionDatabase) -> None:
    short = exported(petition)
    withdraws(petition, 2)
    order = (*DELIVERED, "--export", short)
    result = call(*order, typed="n\n")
    text = said(result)
    for sentence in (
        f"What was handed over: list {short}, written on 1 March 2026, 13:00; 6 signatures: "
        "4 with their name and 2 counted without it.",
        "Handed over on 2 March 2026, to the United States Secretary of Homeland Security.",
        f"Manifest: {MANIFEST.lower()}",
        "The signatures are erased from 2 April 2026 on, and earlier once they are 21 months old",
        "There were changes in 1 of them after the list was written",
        "Nobody has told 5 of the signers how the petition ended.",
        "Nothing was changed.",
    ):
        assert sentence in text
    assert f"No handover is recorded.\n  list {short}, written on" in said(call("delivered"))
    assert "It is recorded that" in said(call(*order, typed="y\n"))
    shown = said(call("delivered"))
    assert "Handed over on 2 March 2026, to the United States" in shown
    assert "Recorded on 10 March 2026, 00:30." in shown
    assert f"list {short}, written on" in shown
    assert f"Manifest: {MANIFEST.lower()}" in shown
    assert "is recorded already" in refused(call(*order, "--yes"))
    assert "The record is taken back." in said(call("delivered", "--undo", typed="y\n"))
    assert "nothing to take back" in refused(call("delivered", "--undo"))


def test_lists_written_in_the_same_minute_are_told_apart(petition: PetitionDatabase) -> None:
    """A workbook for the office is written after the list for the dossier: neither is guessed."""
    of_the_dossier, of_the_office = exported(petition), exported(petition, days=30 / 86_400)
    shown = said(call("delivered"))
    assert f"list {of_the_dossier}," in shown
    assert f"list {of_the_office}," in shown
    unsaid = refused(call(*DELIVERED, "--yes"))
    assert "Say with --export which list was handed over" in unsaid
    recorded = call(*DELIVERED, "--export", of_the_dossier, "--yes")
    assert f"list {of_the_dossier}, written on 1 March 2026, 13:00" in said(recorded)


def test_what_cannot_be_is_refused_in_a_sentence(petition: PetitionDatabase) -> None:
    assert "No list has been written" in said(call("delivered"))
    exported(petition)
    on, with_manifest = ("--on", "2026-03-02"), ("--manifest", MANIFEST)
    unsaid = "Say with --manifest what was handed over"
    outside = "is not between the closing of the petition, on 1 March 2026, and today."
    for arguments, sentence in (
        ((*on, "--export", "0"), unsaid),
        ((*on, "--export", "0", "--manifest", "0f0f"), unsaid),
        (
            (*on, "--without-list", "--manifest", "0f0f"),
            "Say with --manifest what was handed over",
        ),
        (with_manifest, "Say on which day"),
        (("--on", "02/03/2026", *with_manifest), "is no day. Expected: year, month"),
        (("--on", "2026-03-11", *with_manifest), f"11 March 2026 {outside}"),
        (("--on", "2026-02-28", *with_manifest), f"28 February 2026 {outside}"),
        # The signatures would be due at once.
        (("--on", "2025-03-02", "--without-list"), "Look at the day and the year."),
        ((*on, *with_manifest, "--export", "zz"), "0 numbers begin with “zz”"),
        (("--undo", *on), "--undo goes alone"),
        (("--undo", "--without-list"), "--undo goes alone"),
        ((*on, "--without-list", "--export", "0f"), "--without-list does not go with --export"),
    ):
        assert sentence in refused(call("delivered", *arguments, "--yes")), arguments
    assert "No handover is recorded" in said(call("delivered"))


def test_a_list_from_before_the_closing_is_refused_for_another(petition: PetitionDatabase) -> None:
    before, chosen, after = (exported(petition, days=days) for days in (-1, 1, 5))
    # One of the same day can have been handed over on it, written at whatever hour. In Madrid one
    # was written half an hour after midnight.
    for wrong in (before, after, exported(petition, days=35.5 / 24)):
        refusal = refused(call(*DELIVERED, "--export", wrong, "--yes"))
        assert f"The list {wrong}, written on " in refusal
        between = "not written between the closing of the petition (1 March 2026, 13:00) and 2 Mar"
        assert between in refusal
    assert "It is recorded" in said(call(*DELIVERED, "--export", chosen, "--yes"))
    for day in ("2026-03-02", "2026-03-10"):
        said(call("delivered", "--undo", "--yes"))
        listed = ("--export", chosen, "--manifest", MANIFEST)
        said(call("delivered", "--on", day, *listed, "--yes"))


def test_the_number_alone_is_of_those_who_are_left(petition: PetitionDatabase) -> None:
    exported(petition)
    petition.sql("UPDATE petitions SET closed_signatures = 6")
    withdraws(petition, 2)
    # On the day of the closing.
    text = said(call("delivered", "--on", "2026-03-01", "--without-list", "--yes"))
    assert "Only the number of signatures was handed over, 5, and no name." in text
    assert "Manifest" not in text
    assert "was handed over, 5, and no name." in said(call("delivered"))
    withdraws(petition, 3)
    assert "No notice is owed" in said(call("notices"))


def test_of_a_delivery_long_ago_it_is_said_that_the_erasing_begins_at_once(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = (*DELIVERED, "--export", exported(petition))
    monkeypatch.setattr("bot.cli.context.utc_now", lambda: NOON + timedelta(days=40))
    text = said(call(*order, typed="n\n"))
    assert "The signatures are due since 2 April 2026" in text
    monkeypatch.setattr("bot.cli.context.utc_now", lambda: NOON + timedelta(days=32))
    assert "are erased from 2 April 2026 on" in said(call(*order, typed="n\n"))


def test_an_open_petition_is_not_handed_over(petition: PetitionDatabase) -> None:
    exported(petition)

    petition.sql("UPDATE petitions SET closed_at = NULL")
    assert "The petition is open" in refused(call(*DELIVERED, "--yes"))


def test_who_hands_over_a_list_hears_that_people_left_it(petition: PetitionDatabase) -> None:
    exported(petition)
    assert "write it again" not in said(call("notices"))
    withdraws(petition, 2)
    assert (
        "Since the newest one was written, 1 of its signatures changed: write it again with "
        "petition-bot export before you hand it over."
    ) in said(call("notices"))
    exported(petition, days=4)
    assert "write it again" not in said(call("notices")), "it was"


def test_the_notices_are_listed_until_the_addressee_was_told(petition: PetitionDatabase) -> None:
    assert "No handover is recorded, so nobody has to be told" in said(call("notices"))
    said(call(*DELIVERED, "--export", exported(petition), "--yes"))
    file = petition.keyring.path.with_name("changes.xlsx.age")
    nothing = said(call("notices", "--output", str(file)))
    assert nothing == "No notice is owed for what was handed over on 2 March 2026.\n"
    assert not file.exists(), "nobody is sent a sheet that says nothing"
    withdraws(petition, 4)
    text = said(call("notices"))
    assert "This has changed in what was handed over on 2 March 2026," in text
    assert "The corrected names" not in text
    assert "4 4 March 2026 erase it: the signature was withdrawn" in " ".join(text.split())
    assert "Nothing was changed." in said(call("notices", "--told", typed="n\n"))
    asked = said(call("notices", "--told", typed="y\n"))
    assert "Has the addressee been told of all this?" in asked
    assert "It is recorded that the addressee was told." in asked
    assert "No notice is owed" in said(call("notices", "--told"))
    told = {(each.action, each.detail) for each in petition.audited()}
    assert ("notices_told", "1 signatures") in told


def test_it_is_said_what_is_to_be_done_of_each_change(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.handovers._MARKED_AT_ONCE", 2)
    listed, proof, at = exported(petition), "a letter", NOON + 6 * HOUR
    for number, change, name in (
        (1, PersonNoticeKind.ERASED, ""),
        (2, PersonNoticeKind.CORRECTED, "Ona Mas"),
        (2, PersonNoticeKind.RESTRICTED, ""),
        (3, PersonNoticeKind.OBJECTED, ""),
        (4, PersonNoticeKind.CORRECTED, "Núria Sol"),
    ):
        petition.write(carry_out_request, change, number, proof, at, name)
    petition.write(
        carry_out_request, PersonNoticeKind.CORRECTED, 5, proof, at - HOUR, "Berta Puig"
    )
    after = at_my_data(petition, 5)
    petition.write(remove_signed_name, after, 1, at)
    said(call(*DELIVERED, "--export", listed, "--yes"))
    text = " ".join(said(call("notices")).split())
    assert [each.partition(" The ")[0].strip() for each in text.split("1 March 2026")[1:]] == [
        "erase it: the person asked for that 2",
        "keep it and stop using it: its use is restricted; replace the name 3",
        "stop using it: the person objects 4",
        "replace the name 5",
        "erase the name, and count the signature without it",
    ]
    assert "The corrected names go into an encrypted file: --output FILE" in text
    assert "that the addressee was told." in said(call("notices", "--told", "--yes"))
    assert "5 signatures" in {each.detail for each in petition.audited()}
    assert "No notice is owed" in said(call("notices"))


def test_a_corrected_name_goes_to_whoever_holds_the_key_and_into_no_other_file(
    petition: PetitionDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(call(*DELIVERED, "--export", exported(petition), "--yes"))
    at = NOON + timedelta(days=3, hours=11)  # which is midnight in the petition's zone
    after = at_my_data(petition, 3)
    petition.write(correct_signed_name, after, 1, at, "Núria;=A1;Sol")
    listed = said(call("notices"))
    assert "replace the name" in listed
    assert "Núria" not in listed
    file = tmp_path / "notices.xlsx.age"
    assert "nobody to encrypt the file to" in refused(call("notices", "--output", str(file)))
    assert not file.exists()
    key = pyrage.x25519.Identity.generate()
    monkeypatch.setenv("PETITION_AGE_RECIPIENTS", str(key.to_public()))
    assert "encrypted" in said(call("notices", "--output", str(file)))
    assert "exists already" in refused(call("notices", "--output", str(file)))
    (rows,) = sheets_of(pyrage.decrypt(file.read_bytes(), [key])).values()
    assert rows[1] == [3, "2026-03-05", "replace the name", "Núria;=A1;Sol"]
