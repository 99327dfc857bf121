"""A rehearsal: the bundled petition is lived through by a few people, and reported on."""

import asyncio
import io
import os
import re
import signal
from pathlib import Path

import pytest
from rich.console import Console
from rich.markdown import Markdown
from typer.testing import CliRunner

from bot.cli.main import app
from bot.console import INTERRUPTED
from bot.petition.petition import BUNDLED, load_petition
from bot.text.translations import Catalogs
from bot.tryout.demo_session import ADMIN_ID
from bot.tryout.rehearsal.report import write_report
from bot.tryout.rehearsal.run import (
    MeasuredScreen,
    Part,
    Rehearsal,
    RehearsalResult,
    calls_at_fault,
)
from simulator.call_log import RecordedCall
from simulator.faults import Fault, Faults


@pytest.mark.processes
def test_a_campaigner_rehearses_her_petition_and_reads_what_people_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    monkeypatch.setattr("bot.cli.rehearse.FACTOR", 2000.0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    told = CliRunner().invoke(
        app, ["rehearse", str(BUNDLED), "--people", "10", "--seed", "15"], catch_exceptions=False
    )
    assert told.exit_code == 0, told.output
    assert "No falló nada." in told.output
    assert "con «--seed 15» se repite" in " ".join(told.output.split())
    became = told.output.partition("Qué fue de")[2].partition("Cuánto se tarda")[0]
    (got, _, *others) = (int(each) for each in re.findall(r" (\d+) *$", became, re.MULTILINE))
    signed = re.search(r"^ +(\d+) +1 segundo", told.output, re.MULTILINE)
    assert others[1] > 0, "who blocked the bot before the sending"
    assert signed is not None
    assert got + sum(others) == int(signed[1])
    for words in (
        "Mensaje final",
        "petition.toml: controller.email: datos@example.org es un ejemplo",
        "Lo recibieron",
        "100.000",
    ):
        assert words in told.output


@pytest.mark.processes
def test_marta_tries_again_where_telegram_does_not_answer_in_the_middle_of_a_broadcast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("bot.cli.rehearse.FACTOR", 2000.0)
    monkeypatch.setattr("bot.tryout.rehearsal.run._FAULTY", 0.0)
    sent = 0

    def cut_at_the_preview(self: Faults, method: str, chat: object = None) -> Fault | None:
        nonlocal sent
        sent += (is_hers := method == "sendMessage" and str(chat) == str(ADMIN_ID))
        return Fault.CUT if is_hers and sent == 4 else None

    monkeypatch.setattr(Faults, "pick", cut_at_the_preview)
    wanted = ["rehearse", str(BUNDLED), "--people", "3"]
    told = CliRunner().invoke(app, wanted, catch_exceptions=False)
    assert (told.exit_code, sent > 5) == (0, True), told.output


@pytest.mark.processes
def test_an_interrupted_rehearsal_does_not_say_that_nothing_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupted(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(600)

    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    monkeypatch.setattr(Rehearsal, "_sign", interrupted)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    wanted = ["rehearse", str(BUNDLED), "--people", "3"]
    told = CliRunner().invoke(app, wanted, catch_exceptions=False)
    assert told.exit_code == INTERRUPTED
    assert "El ensayo no llegó al final" in told.output
    assert "No falló nada" not in told.output


def test_a_folder_with_problems_is_not_rehearsed_but_its_problems_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "petition.toml").write_text("slug = 1\n")
    told = CliRunner().invoke(app, ["rehearse", str(tmp_path)], catch_exceptions=False)
    assert told.exit_code == 1
    assert "petition.toml: slug" in told.output
    assert "Fix that, and rehearse again." in told.output
    monkeypatch.chdir(tmp_path / "..")
    told = CliRunner().invoke(app, ["rehearse"], catch_exceptions=False)
    assert told.exit_code == 1
    assert "There is no petition.toml here." in told.output


def test_a_petition_with_signs_in_its_title_is_reported_on_in_just_those_signs() -> None:
    title, petition = '<b>*Río* _libre_</b> | #1 & "2" \\ [x](y)', load_petition(BUNDLED)
    texts = {
        each: texts.model_copy(update={"title": title}) for each, texts in petition.texts.items()
    }
    called = petition.model_copy(update={"texts": texts})
    report = write_report(Catalogs.load().words("es"), RehearsalResult(), called, [], seed=1)
    drawn = Console(file=io.StringIO(), width=200)
    with drawn.capture() as shown:
        drawn.print(Markdown(report))
    assert f"Ensayo de «{title}»" in shown.get()


def test_what_has_to_be_scrolled_is_listed_page_by_page_with_its_height_in_each_language() -> None:
    result = RehearsalResult()
    for language, part, place, high in (
        ("es", Part.APPEAL, 2, 1.5),
        ("en", Part.APPEAL, 1, 1.2),
        ("es", Part.APPEAL, 1, 3.1),
        ("es", Part.HELP, 0, 1.04),
        ("es", Part.HOME, 0, 1.4),
    ):
        result.screens.append(MeasuredScreen(language, part, place, high))
    words = Catalogs.load().words("es")
    told = write_report(words, result, load_petition(BUNDLED), [], seed=1)
    assert (
        "\n".join(
            (
                "| Pantalla | español | inglés |",
                "| - | -: | -: |",
                "| Bienvenida | 1,4 |  |",
                "| Llamamiento, página 1 | 3,1 | 1,2 |",
                "| Llamamiento, página 2 | 1,5 |  |",
                "",
            )
        )
        in told
    )


def call(method: str, chat: int, status: int, error: str = "") -> RecordedCall:
    return RecordedCall(method, {"chat_id": chat}, status, error, 0.0, 0.0)


def test_a_refusal_is_a_fault_unless_telegram_failed_or_the_person_had_left() -> None:
    refused = calls_at_fault(
        [
            call("sendMessage", 1, 200),
            call("sendMessage", 1, 429),
            call("editMessageText", 1, 502),
            call("deleteMessage", 2, 0),
            call("deleteMessage", 2, 400),
            call("sendMessage", 3, 403),
            call("sendMessage", 4, 403),
            call("editMessageText", 1, 400),
        ],
        gone={3},
    )
    assert [(each.chat_id, each.status) for each in refused] == [(4, 403), (1, 400)]
