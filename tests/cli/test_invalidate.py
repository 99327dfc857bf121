"""An operator takes a wave of signatures out of the count, and not by mistake."""

from datetime import UTC, datetime
from functools import partial

import pytest

from bot.cli.invalidate import parse_moment
from bot.console import CannotDo, agrees, confirms
from bot.text.translations import Catalogs
from storage.petitions import close_petition_if_due, petition_state
from tests.cli.petition_database import SIGNERS, PetitionDatabase, command, on_both, refused, said

invalidate = partial(command, "invalidate")

ZONE = Catalogs.load(time_zone="Europe/Madrid").words("en").zone
NOON = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1000)
REASON = ("--reason", " Forty a second, by one link ")


@pytest.fixture
def wave(petition: PetitionDatabase) -> PetitionDatabase:
    """All six came by one link; the first of them before the others, and took their time."""
    came = "UPDATE signatures SET source = 'radio', form_seconds = 1, signed_at = :noon"
    petition.sql(came, noon=NOON)
    before = "form_seconds = 60, signed_at = signed_at - 3600000 WHERE number = 1"
    petition.sql(f"UPDATE signatures SET {before}")  # noqa: S608 - of this test
    return petition


def counted(petition: PetitionDatabase) -> int:
    return petition.read(petition_state).signatures


@on_both
def test_a_wave_is_shown_taken_out_listed_and_put_back(wave: PetitionDatabase) -> None:
    shown = said(invalidate("--form-seconds-under", "3", "--dry-run"))
    assert "5 signatures, 83% of the 6 counted: form took less than 3 s" in shown
    assert "That is more than half" in shown
    assert "24 Nov, 13:00  5" in shown
    assert "radio  5" in shown
    assert "By language\nes  5" in shown
    assert (
        "es  5\nWith a name: 5. Of those whose time is known, half signed in 1 s or less.\n"
        "Numbers:" in shown
    )
    assert "Numbers: 2, 3, 4, 5, 6\n" in shown
    assert "Persona" not in shown
    assert counted(wave) == SIGNERS
    done = said(invalidate("--form-seconds-under", "3", *REASON, typed="5\n"))
    assert "5 signatures are not counted any more. Counted now: 1." in done
    assert "\n\n" not in done
    assert counted(wave) == 1
    listed = said(invalidate("--list"))
    assert "5 signatures on " in listed
    assert listed.splitlines()[1:] == [
        "    form took less than 3 s",
        "    Forty a second, by one link",
    ]
    key = done.rpartition(" ")[2].strip()
    assert "taken out because" in said(invalidate("--undo", key, "--dry-run"))
    assert counted(wave) == 1
    back = said(invalidate("--undo", key.upper(), typed="5\n"))
    assert "They were taken out because: Forty a second, by one link (form took less" in back
    assert "5 signatures are counted again. Counted now: 6. Gone meanwhile: 0." in back
    assert counted(wave) == SIGNERS
    undone = said(invalidate("--list"))
    assert listed.splitlines()[0] in undone, "when they were taken out"
    assert "; undone on " in undone
    assert "undone already" in refused(invalidate("--undo", key))
    assert [deed.action for deed in wave.audited()] == ["undo_invalidation", "invalidate"]


def test_what_is_put_back_after_the_date_counts_at_the_closing(wave: PetitionDatabase) -> None:
    """The bot was off when the date came, so nothing had closed the petition yet."""
    done = said(invalidate("--form-seconds-under", "3", *REASON, typed="5\n"))
    now = int(datetime.now(UTC).timestamp() * 1000)
    wave.sql("UPDATE petitions SET closed_at = NULL, closes_at = :now", now=now)
    said(invalidate("--undo", done.rpartition(" ")[2].strip(), typed="5\n"))
    wave.write(close_petition_if_due, datetime.now(UTC), None)
    state = wave.read(petition_state)
    assert state.told_signatures == state.signatures == SIGNERS


def test_who_was_taken_out_after_the_date_counted_at_the_closing(wave: PetitionDatabase) -> None:
    """The bot was off when the date came, and closes it as of that date when it starts."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    wave.sql("UPDATE petitions SET closed_at = NULL, closes_at = :now", now=now)
    said(invalidate("--form-seconds-under", "3", *REASON, typed="5\n"))
    wave.write(close_petition_if_due, datetime.now(UTC), None)
    state = wave.read(petition_state)
    assert state.is_closed
    assert (state.closed_signatures, state.signatures) == (SIGNERS, 1)


def test_of_those_who_withdrew_meanwhile_nobody_comes_back(wave: PetitionDatabase) -> None:
    wave.people(lambda people: people.sign(range(7, 11)))
    half = said(invalidate("--form-seconds-under", "3", "--dry-run"))
    assert "5 signatures, 50% of the 10 counted" in half
    assert "more than half" not in half
    done = said(invalidate("--form-seconds-under", "3", *REASON, typed="5\n"))
    wave.people(lambda people: people.withdraw(3))
    back = said(invalidate("--undo", done.rpartition(" ")[2].strip(), typed="5\n"))
    assert "4 signatures are counted again. Counted now: 9. Gone meanwhile: 1." in back


def test_a_wave_over_days_is_shown_day_by_day_and_few_as_one(wave: PetitionDatabase) -> None:
    wave.people(lambda people: people.sign(range(7, 57), "en"))
    later = "source = 'press', signed_at = :noon + number * 3600000 WHERE number > 6"
    wave.sql(f"UPDATE signatures SET {later}", noon=NOON)  # noqa: S608 - of this test
    wave.sql("UPDATE signatures SET language = 'ca', source = NULL WHERE number < 4")
    shown = said(invalidate("--name-pattern", "persona *", "--dry-run"))
    assert "Per day" in shown
    assert "Per hour" not in shown
    assert "24 November 2026  10" in shown, "six of the wave, and those until midnight"
    assert "(none, and links of few)" in shown
    assert "radio" not in shown, "three came by it"
    assert "By language en 50 " in " ".join(shown.split())
    assert "(others) 6 " in " ".join(shown.split())
    assert "With a name: 56. Of those whose time is known, half signed in 1 s or less." in shown
    assert "Numbers: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 …" in shown


def test_a_wave_without_names_is_taken_out_by_its_short_forms(wave: PetitionDatabase) -> None:
    """Twelve sign without a name, seven of them in a second; who looks by name sees none."""
    wave.people(lambda people: people.sign(range(7, 19)))
    nameless = "name_sealed = NULL, source = 'radio', form_seconds = 5 WHERE number > 6"
    wave.sql(f"UPDATE signatures SET {nameless}")  # noqa: S608 - of this test
    wave.sql("UPDATE signatures SET form_seconds = 1 WHERE number BETWEEN 7 AND 13")
    wave.sql("UPDATE signatures SET form_seconds = NULL WHERE number = 18")
    by_name = refused(invalidate("--name-pattern", "*troll*", "--source", "radio", "--dry-run"))
    assert "Fewer than 5 signatures" in by_name
    some = said(invalidate("--name-pattern", "persona*", "--dry-run"))
    assert "6 signatures, 33% of the 18 counted: named like “persona*”" in some
    assert "\nWith a name: 6. Of" in some
    assert "Without a name" not in some
    shown = said(invalidate("--source", "radio", "--dry-run"))
    assert (
        "\nWith a name: 6. Of those whose time is known, half signed in 1 s or less."
        "\nWithout a name: 12. Of those whose time is known, half signed in 1 s or less."
        "\nNumbers:" in shown
    )
    named = said(invalidate("--form-seconds-under", "3", "--with-name", "--dry-run"))
    assert "5 signatures, 27% of the 18 counted: form took less than 3 s; with a name" in named
    both = ("--form-seconds-under", "2", "--without-name", *REASON)
    done = said(invalidate(*both, typed="7\n"))
    assert "7 signatures are not counted any more. Counted now: 11." in done
    assert "form took less than 2 s; without a name" in said(invalidate("--list"))
    few = refused(invalidate("--name-pattern", "*troll*", "--form-seconds-under", "3"))
    assert "pattern" not in few, "a few without a name, of which nothing is told"
    mixed = said(invalidate("--form-seconds-under", "6", "--dry-run"))
    assert "With a name: 5." in mixed
    assert "Without a name" not in mixed, "four have none"


def test_conditions_apply_together_and_times_are_the_petitions(wave: PetitionDatabase) -> None:
    day = ("--from", "2026-11-24", "--to", "2026-11-24")
    assert "6 signatures, 100% of the 6 counted" in said(invalidate(*day, "--dry-run"))
    span = ("--from", "2026-11-24 13:00", "--to", "2026-11-24 13:01")
    done = said(
        invalidate(*span, "--source", "radio", "--name-pattern", "persona *", *REASON, typed="5\n")
    )
    assert "signed from 24 November 2026, 13:00 on; signed before 24 November 2026, 13:01" in done
    assert "came by the link “radio”; named like “persona *”" in done
    assert counted(wave) == 1


def test_what_would_be_a_mistake_is_refused(wave: PetitionDatabase) -> None:
    mistakes: tuple[tuple[tuple[str, ...], str], ...] = (
        ((), "Without any of them it would be all"),
        (("--reason", "x"), "Without any of them it would be all, or all with a name"),
        (("--without-name", *REASON), "or all without."),
        (("--with-name", "--dry-run"), "or all without."),
        (
            ("--name-pattern", "*bot*", "--without-name", "--dry-run"),
            "--name-pattern does not go with --without-name",
        ),
        (("--name-pattern", "*", *REASON), "or some letter in --name-pattern."),
        (("--source", "radio"), "Say why with --reason"),
        (("--source", "radio", "--reason", " "), "Say why with --reason"),
        (("--from", "yesterday", *REASON), "“yesterday” is no time; write it like"),
        (("--from", "2026-11-25", "--to", "2026-11-24", *REASON), "--from has to be before --to"),
        (
            ("--from", "2026-11-24 13:00", "--to", "2026-11-24 13:00"),
            "--from has to be before --to",
        ),
        (("--undo", "abcd"), "0 numbers begin with “abcd”, and it has to be one alone."),
        (("--undo", "abcd"), "petition-bot invalidate --list shows them."),
        (("--list", "--dry-run"), "No other option goes with --list"),
        (("--list", "--undo", "abcd"), "No other option goes with --list"),
        (("--undo", "abcd", "--source", "radio"), "and with --undo only --dry-run"),
        (("--undo", "abcd", "--reason", "x"), "and with --undo only --dry-run"),
        (("--source", "radio", "--reason", "caf\udce9"), "is not text in UTF-8"),  # in Latin-1
    )
    for arguments, sentence in mistakes:
        assert sentence in refused(invalidate(*arguments))
    for typed in ("", "\n", "y\n", "6\n", "yes 5\n", "5.0\n", "-5\n"):
        result = invalidate("--form-seconds-under", "3", *REASON, typed=typed)
        assert "Take 5 signatures out of the count? Type their number to confirm" in result.output
        assert ("Nothing was changed." in result.output) == bool(typed.strip())
    assert counted(wave) == SIGNERS
    assert said(invalidate("--list")) == "Nothing was invalidated.\n"


def test_whether_one_person_signed_is_not_told(wave: PetitionDatabase) -> None:
    """Somebody with the shell asks for one person by name, who signed, and one who did not."""
    those = [
        invalidate("--name-pattern", name, "--dry-run") for name in ("Persona 3", "Persona 77")
    ]
    sentences = [refused(each) for each in those]
    assert sentences[0] == sentences[1]
    assert "Fewer than 5 signatures" in sentences[0]
    assert not any(each.stdout for each in those)


def test_a_day_alone_is_meant_whole_and_summer_time_counts() -> None:
    def at(text: str, *, is_end: bool = False) -> str:
        return parse_moment(text, ZONE, is_end=is_end).isoformat(sep=" ", timespec="minutes")

    assert at("2026-11-24") == "2026-11-23 23:00+00:00"
    assert at("2026-11-24", is_end=True) == "2026-11-24 23:00+00:00"
    assert at("20261124", is_end=True) == "2026-11-24 23:00+00:00"
    assert at("2026-07-01T13:05") == "2026-07-01 11:05+00:00"
    assert at("2026-11-24 13:05+00:00") == "2026-11-24 13:05+00:00"
    with pytest.raises(CannotDo):
        at("9999-12-31", is_end=True)


def test_a_number_is_typed_as_it_is_written_in_either_language_and_enter_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for typed, agreed in (("1530", 1), ("1.530", 1), (" 1,530 ", 1), ("1 530", 0), ("530", 0)):
        monkeypatch.setattr("typer.prompt", lambda *_, answer=typed, **__: answer)
        assert agrees("How many?", number=1530) == bool(agreed), typed
    for default, expected in ((True, True), (False, False), (None, True)):
        answers = iter(["maybe", "", "SÍ"])
        monkeypatch.setattr("typer.prompt", lambda *_, left=answers, **__: next(left))
        assert confirms("Really?", default=default) is expected
