from simulator import Person, Simulator
from tests.support.api_client import ApiClient, ManualClock


async def test_a_text_telegram_would_not_send(api: ApiClient, ana: Person) -> None:
    for text, reason in (
        ("", "message text is empty"),
        ("  \n ", "text must be non-empty"),
        ("<b> </b>", "text must be non-empty"),
        ("a" * 4097, "message is too long"),
        ("😀" * 2049, "message is too long"),
        ("<b>a", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("a <3 b", 'can\'t parse entities: Unsupported start tag "3" at byte offset 2'),
    ):
        refusal = await api.refusal("sendMessage", chat_id=ana.id, text=text, parse_mode="HTML")

        assert refusal == (400, f"Bad Request: {reason}")
        assert len(ana.messages) == 1


async def test_the_length_counts_after_the_markup_is_read(api: ApiClient, ana: Person) -> None:
    text = f'<a href="https://example.org/{"x" * 900}">{"😀" * 2048}</a>'
    await api.result("sendMessage", chat_id=ana.id, text=text, parse_mode="html")


async def test_a_caption_is_shorter_than_a_text(api: ApiClient, ana: Person) -> None:
    photo = ana.send_photo().media
    assert photo is not None
    await api.result("sendPhoto", chat_id=ana.id, photo=photo.file_id, caption="a" * 1024)
    refusal = await api.refusal(
        "sendPhoto", chat_id=ana.id, photo=photo.file_id, caption="a" * 1025
    )

    assert refusal == (400, "Bad Request: message caption is too long")


async def test_entities_can_be_given_instead_of_markup(api: ApiClient, ana: Person) -> None:
    entities = [{"type": "bold", "offset": 2, "length": 2}]
    sent = await api.result("sendMessage", chat_id=ana.id, text="a 😀", entities=entities)

    assert sent["entities"] == entities


async def test_entities_that_do_not_fit_are_refused(api: ApiClient, ana: Person) -> None:
    for entity in (
        {"type": "bold", "offset": 0, "length": 99},
        {"type": "bold", "offset": 3, "length": 1},
        {"type": "loud", "offset": 0, "length": 1},
        {"type": "bold", "offset": -1, "length": 1},
        {"type": "bold", "offset": 0, "length": 1, "lenght": 1},
        "bold",
    ):
        refusal = await api.refusal("sendMessage", chat_id=ana.id, text="a 😀", entities=[entity])

        assert refusal[0] == 400


async def test_other_markups_are_not_served(api: ApiClient, ana: Person) -> None:
    refusal = await api.refusal("sendMessage", chat_id=ana.id, text="*a*", parse_mode="MarkdownV2")

    assert refusal == (400, "Bad Request: unsupported parse_mode")


async def test_who_never_started_cannot_be_written_to(sim: Simulator, api: ApiClient) -> None:
    stranger = sim.world.person("Rubén")
    neighbour = sim.world.person("Nuria")
    sim.world.group("Vecinas", members=[neighbour])

    assert await api.bad("sendMessage", chat_id=stranger.id, text="a") == "chat not found"
    assert await api.refusal("sendMessage", chat_id=neighbour.id, text="a") == (
        403,
        "Forbidden: bot can't initiate conversation with a user",
    )


async def test_blocked_and_deactivated_are_told_apart(api: ApiClient, ana: Person) -> None:
    ana.block()
    blocked = await api.refusal("sendMessage", chat_id=ana.id, text="a")
    ana.start()
    await api.result("sendMessage", chat_id=ana.id, text="a")
    ana.deactivate()
    gone = await api.refusal("sendMessage", chat_id=ana.id, text="a")

    assert blocked == (403, "Forbidden: bot was blocked by the user")
    assert gone == (403, "Forbidden: user is deactivated")


async def test_a_reply_needs_its_message_unless_told_otherwise(
    api: ApiClient, ana: Person
) -> None:
    reply = {"message_id": 99}
    refusal = await api.refusal("sendMessage", chat_id=ana.id, text="a", reply_parameters=reply)
    reply = {"message_id": 99, "allow_sending_without_reply": True}
    await api.result("sendMessage", chat_id=ana.id, text="a", reply_parameters=reply)
    first = ana.messages[0].id
    sent = await api.result(
        "sendMessage", chat_id=ana.id, text="b", reply_parameters={"message_id": first}
    )

    assert refusal == (400, "Bad Request: message to be replied not found")
    assert sent["reply_to_message"]["text"] == "/start"


async def test_an_edit_must_change_something(api: ApiClient, ana: Person) -> None:
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    sent = await api.result("sendMessage", chat_id=ana.id, text="a", reply_markup=markup)
    target = {"chat_id": ana.id, "message_id": sent["message_id"]}
    _, unchanged = await api.refusal("editMessageText", text="a ", reply_markup=markup, **target)
    edited = await api.result("editMessageText", text="a", **target)
    _, still = await api.refusal("editMessageReplyMarkup", **target)

    assert unchanged.startswith("Bad Request: message is not modified: specified new message")
    assert "reply_markup" not in edited
    assert still == unchanged


async def test_a_time_is_sent_as_a_tag_or_as_an_entity_and_another_time_is_a_change(
    api: ApiClient, ana: Person
) -> None:
    html = '<tg-time unix="{}" format="wDt">jueves</tg-time>'
    sent = await api.result(
        "sendMessage", chat_id=ana.id, text=html.format(1795714200), parse_mode="HTML"
    )
    entity = {"type": "date_time", "offset": 0, "length": 6, "unix_time": 1795714200}
    assert sent["entities"] == [entity | {"date_time_format": "wDt"}]
    again = await api.result(
        "sendMessage", chat_id=ana.id, text="jueves", entities=sent["entities"]
    )
    assert again["entities"] == sent["entities"]
    target = {"chat_id": ana.id, "message_id": sent["message_id"], "parse_mode": "HTML"}
    refusal = await api.refusal("editMessageText", text=html.format(1795714200), **target)
    assert "message is not modified" in refusal[1]
    await api.result("editMessageText", text=html.format(1795714260), **target)


async def test_a_time_that_no_client_could_show_is_refused(api: ApiClient, ana: Person) -> None:
    for wrong in (
        {},
        {"unix_time": "5"},
        {"unix_time": True},
        {"unix_time": 0},
        {"unix_time": 5, "date_time_format": "x"},
        {"unix_time": 5, "date_time_format": 5},
    ):
        entity = {"type": "date_time", "offset": 0, "length": 1} | wrong
        refusal = await api.refusal("sendMessage", chat_id=ana.id, text="a", entities=[entity])
        assert refusal[1].startswith("Bad Request: can't parse MessageEntity")


async def test_a_changed_keyboard_alone_is_no_edit_people_see(api: ApiClient, ana: Person) -> None:
    sent = await api.result("sendMessage", chat_id=ana.id, text="a")
    target = {"chat_id": ana.id, "message_id": sent["message_id"]}
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}

    assert "edit_date" not in await api.result(
        "editMessageReplyMarkup", reply_markup=markup, **target
    )
    assert "edit_date" in await api.result("editMessageText", text="b", **target)


async def test_only_the_bots_own_messages_can_be_edited(api: ApiClient, ana: Person) -> None:
    own = ana.messages[0].id
    photo = ana.send_photo()
    assert photo.media is not None
    sent = await api.result("sendPhoto", chat_id=ana.id, photo=photo.media.file_id)

    def edit(message_id: int) -> dict[str, object]:
        return {"chat_id": ana.id, "message_id": message_id}

    assert await api.bad("editMessageText", text="b", **edit(own)) == "message can't be edited"
    assert await api.bad("editMessageText", text="b", **edit(999)) == "message to edit not found"
    assert (
        await api.bad("editMessageText", text="b", **edit(sent["message_id"]))
        == "there is no text in the message to edit"
    )


async def test_messages_can_be_deleted_for_two_days(
    api: ApiClient, ana: Person, clock: ManualClock
) -> None:
    old = await api.result("sendMessage", chat_id=ana.id, text="a")
    clock.now += 48 * 3600 + 1
    new = await api.result("sendMessage", chat_id=ana.id, text="b")
    target = {"chat_id": ana.id}

    assert (
        await api.bad("deleteMessage", message_id=old["message_id"], **target)
        == "message can't be deleted for everyone"
    )
    assert await api.result("deleteMessage", message_id=new["message_id"], **target)
    assert (
        await api.bad("deleteMessage", message_id=new["message_id"], **target)
        == "message to delete not found"
    )


async def test_deleting_many_leaves_out_what_cannot_be_deleted(
    api: ApiClient, ana: Person
) -> None:
    numbers = [ana.send(str(number)).id for number in range(3)]

    assert await api.result("deleteMessages", chat_id=ana.id, message_ids=[*numbers, 999])
    assert [message.text for message in ana.messages] == ["/start"]
    assert (
        await api.bad("deleteMessages", chat_id=ana.id, message_ids=[])
        == "message identifiers are not specified"
    )


async def test_a_tap_must_be_answered_soon(
    api: ApiClient, ana: Person, clock: ManualClock
) -> None:
    old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    tap = ana.tap_data(1, "forged")
    clock.now += 31

    assert await api.refusal("answerCallbackQuery", callback_query_id=tap.id) == (400, old)
    assert await api.refusal("answerCallbackQuery", callback_query_id="17") == (400, old)
    assert (
        await api.bad("answerCallbackQuery", callback_query_id="17", text="a" * 201)
        == "MESSAGE_TOO_LONG"
    )
