"""Objects inside parameters are checked as strictly as the parameters themselves."""

import pytest

from simulator import Person, Simulator
from tests.support.api_client import ApiClient


@pytest.fixture
def ana(sim: Simulator) -> Person:
    person = sim.world.person("Ana", language="pt-br")
    person.start()
    return person


async def test_a_reply_names_a_message_that_is_there(api: ApiClient, ana: Person) -> None:
    for given, expected in (
        ({"message_id": 1, "quotation": "x"}, 'unknown field "quotation" in reply_parameters'),
        (
            {"message_id": "1"},
            'can\'t parse reply parameters: Field "message_id" must be a Number',
        ),
        ({"message_id": 99}, "message to be replied not found"),
    ):
        actual = await api.refusal("sendMessage", chat_id=ana.id, text="x", reply_parameters=given)

        assert actual == (400, f"Bad Request: {expected}")


async def test_a_button_may_spell_out_what_it_does_not_do(api: ApiClient, ana: Person) -> None:
    button = {"text": "Firmar", "callback_data": "sign", "url": None}

    sent = await api.result(
        "sendMessage", chat_id=ana.id, text="x", reply_markup={"inline_keyboard": [[button]]}
    )

    expected = {"text": "Firmar", "callback_data": "sign"}
    assert sent["reply_markup"]["inline_keyboard"] == [[expected]]


async def test_a_scope_has_no_more_fields_than_its_kind(api: ApiClient, ana: Person) -> None:
    scope = {"type": "all_private_chats", "chat_id": ana.id}

    actual = await api.refusal("setMyCommands", commands=[], scope=scope)

    assert actual == (400, 'Bad Request: unknown field "chat_id" in BotCommandScope')


async def test_a_scope_without_a_kind_is_refused(api: ApiClient) -> None:
    actual = await api.refusal("setMyCommands", commands=[], scope={"chat_id": 1})

    assert actual[0] == 400


async def test_a_regional_language_gets_what_was_set_for_the_language(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    commands = [{"command": "ajuda", "description": "O que posso fazer"}]
    await api.result("setMyCommands", commands=commands, language_code="pt")
    await api.result("setMyDescription", description="Uma petição", language_code="pt")

    assert ana.commands == commands
    assert sim.world.profile.text("description", "pt-br") == "Uma petição"
