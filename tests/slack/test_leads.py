"""Capture, from a raw payload to what Slack received."""

from bot.domain.events import LeadCaptured
from bot.sandbox.faults import Fault
from tests.slack.conftest import CHANNEL, MANAGER, REP, REP2, SPECIALIST, STRANGER, World, words


def test_form_opens_with_customer_and_need_read_from_the_command(world: World) -> None:
    world.sandbox.command(REP, "/lead", "Acme Ltd, 200 seats by June")
    world.settle()
    view = world.sandbox.view(REP)
    assert view is not None
    assert "new: Acme Ltd" in words(view)
    assert "200 seats by June" in words(view)


def test_links_and_signs_that_slack_escapes_in_a_command_are_read_as_typed(world: World) -> None:
    for line, customer, need in (
        ("acme.com, needs a quote", "new: acme.com", "needs a quote"),
        ("Johnson & Johnson, 3 < 4", "new: Johnson & Johnson", "3 < 4"),
        ("register Zest & Co, write to bo@zest.test", "new: Zest & Co", "write to bo@zest.test"),
        (f"Quill, see https://quill.test/a?b=1&c=2 with <@{REP2}|lin> and <!channel>", "new: Quill",
         "see https://quill.test/a?b=1&c=2 with @lin and @channel"),
    ):  # fmt: skip
        answer = world.sandbox.command(REP, "/lead", line)
        assert answer.payload["text"] != line
        world.settle()
        shown = words(world.sandbox.view(REP))
        assert customer in shown
        assert need in shown.splitlines()
        world.sandbox.close(REP, clear=True)


def test_only_customer_and_need_are_demanded_and_the_answer_says_why(world: World) -> None:
    view = world.lead(REP, "Acme Ltd")
    assert view.owner is not None
    assert view.owner.slack_user_id == REP
    assert view.next_due_at is not None
    world.sandbox.command(REP, "/lead")
    world.settle()
    world.sandbox.submit(REP, {"customer": "Globex", "need": "A trial", "source": "referral"})
    shown = words(world.sandbox.view(REP))
    assert "Globex is in the loop" in shown
    assert (
        "Grade B, 45 points: Source: Referral 20 · Intent: Asked for a quote or trial 25 (read from the need)" in shown
    )
    assert "captured it" in shown
    assert "First contact" in shown


def test_card_appears_in_the_channel_in_the_teams_language(world: World) -> None:
    view = world.lead(REP, "Acme Ltd")
    card = world.card(view.id)
    assert "线索" in words(card)
    assert "首次联系" in words(card)
    assert "记录跟进" in words(card)


def test_taken_customer_is_explained_in_the_place_of_the_form(world: World) -> None:
    world.lead(REP, "华星科技有限公司")
    world.sandbox.command(REP2, "/lead")
    world.settle()
    answer = world.sandbox.submit(REP2, {"customer": "华星科技", "need": "报价"})
    assert answer.ok, answer.errors
    shown = words(world.sandbox.view(REP2))
    assert "Rita Reyes" in shown
    assert "保护期" in shown
    assert "申请裁定" in shown
    kinds = world.kinds(REP, world.found(REP, "华星").id)
    assert "CollisionStopped" in kinds


def test_customer_typeahead_offers_the_new_name_first_and_tells_who_has_a_known_one(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP2, "/lead")
    world.settle()
    found = world.sandbox.options(REP2, "customer.pick", "acme").options
    assert found[0]["value"] == "new:acme"
    assert found[1]["text"]["text"] == "Acme Ltd"
    assert "Rita Reyes" in found[1]["description"]["text"]


def test_possible_duplicate_is_shown_and_can_be_confirmed_as_another_customer(world: World) -> None:
    world.lead(REP, "北京华星科技有限公司")
    world.sandbox.command(REP, "/lead")
    world.settle()
    typed = {"customer": "华星", "need": "A second quote", "amount": "12,000"}
    world.sandbox.submit(REP, typed)
    shown = world.sandbox.view(REP)
    assert "北京华星科技有限公司" in words(shown)
    assert "A second quote" in words(shown)
    assert "12,000" in words(shown)
    answer = world.sandbox.submit(REP, {"confirmed_new": ["yes"]})
    assert answer.ok, answer.errors
    assert "华星 is in the loop" in words(world.sandbox.view(REP))


def test_wrong_values_come_back_at_their_fields(world: World) -> None:
    world.sandbox.command(REP, "/lead")
    world.settle()
    base = {"customer": "Acme", "need": "A quote"}
    for field, value in (
        ("amount", "a lot"),
        ("contact_phone", "12"),
        ("contact_email", "nobody"),
        ("next_due_at", "someday"),
        ("expected_close_on", "2020-01-01"),
    ):
        answer = world.sandbox.submit(REP, {**base, "amount": None, field: value})
        assert not answer.ok, field
        assert list(answer.errors) == [field]
        world.sandbox.fill(REP, {field: None})
    assert world.sandbox.submit(REP, base).ok


def test_own_next_step_is_read_in_the_members_zone(world: World) -> None:
    view = world.lead(REP, "Acme Ltd", next_step="Call the CTO", next_due_at="tomorrow 10am")
    assert view.next_text == "Call the CTO"
    assert view.next_due_at is not None
    assert view.next_due_at.isoformat() == "2026-03-02T15:00:00+00:00"


def test_assign_by_rules_asks_the_chosen_rep_to_accept(world: World) -> None:
    view = world.lead(REP, "Acme Ltd", owner="rules")
    assert view.owner is not None
    assert not view.is_accepted
    assert view.owner.slack_user_id is not None
    assert "accept" in str(world.dm(view.owner.slack_user_id)["blocks"])


def test_global_shortcut_opens_the_form(world: World) -> None:
    world.sandbox.shortcut(REP2, "lead.new")
    world.settle()
    assert "新线索" in words(world.sandbox.view(REP2))


def test_message_becomes_a_lead_with_its_text_and_permalink(world: World) -> None:
    said = world.sandbox.say(REP2, CHANNEL, "Globex wants 5 licences & <https://globex.test|a demo>")
    assert said.ts is not None
    world.sandbox.message_shortcut(REP, "lead.from_message", CHANNEL, said.ts)
    world.settle()
    assert "Globex wants 5 licences & a demo (https://globex.test)" in words(world.sandbox.view(REP))
    assert world.sandbox.submit(REP, {"customer": "Globex"}).ok
    event = world.history(REP, world.found(REP, "Globex").id)[0].event
    assert isinstance(event, LeadCaptured)
    assert event.way == "message"
    assert event.permalink
    assert said.ts.replace(".", "") in event.permalink.replace(".", "")


def test_message_shortcuts_open_their_forms_where_slack_tells_no_address(world: World) -> None:
    world.sandbox.add_channel("G1", "deals", [REP, REP2], private=True, app_in=False)
    said = world.sandbox.say(REP2, "G1", "Globex wants 5 licences")
    assert said.ts is not None
    world.sandbox.message_shortcut(REP, "lead.from_message", "G1", said.ts)
    world.settle()
    assert "Globex wants 5 licences" in words(world.sandbox.view(REP))
    assert world.sandbox.submit(REP, {"customer": "Globex"}).ok
    number = world.found(REP, "Globex").id
    event = world.history(REP, number)[0].event
    assert isinstance(event, LeadCaptured)
    assert (event.way, event.permalink) == ("message", None)
    world.sandbox.close(REP, clear=True)
    # A slow or failing Slack does not keep the form from opening either.
    world.sandbox.faults.add("chat.getPermalink", Fault(status=500), times=9)
    for channel in ("G1", CHANNEL):
        said = world.sandbox.say(REP2, channel, "They said yes")
        world.sandbox.message_shortcut(REP, "follow_up.from_message", channel, said.ts or "")
        world.settle()
        assert "They said yes" in words(world.sandbox.view(REP))
        world.sandbox.close(REP, clear=True)


def test_form_of_a_message_opens_before_its_address_is_asked_for(world: World) -> None:
    said = world.sandbox.say(REP2, CHANNEL, "Globex wants 5 licences")
    world.sandbox.message_shortcut(REP, "lead.from_message", CHANNEL, said.ts or "")
    world.settle()
    asked = [one.method for one in world.sandbox.calls]
    assert asked.index("views.open") < asked.index("chat.getPermalink")


def test_unknown_member_is_known_from_the_first_action_on(world: World) -> None:
    answer = world.sandbox.command(STRANGER, "/opp", "mine")
    assert answer.ok
    world.settle()
    assert world.actor(STRANGER).locale == "zh-CN"
    assert "我的商机" in words(world.last(STRANGER, CHANNEL))


def test_member_without_a_team_is_told_whom_to_ask(world: World) -> None:
    world.sandbox.command(STRANGER, "/lead", "Acme")
    world.settle()
    assert world.sandbox.view(STRANGER) is None
    assert "工作区管理员" in words(world.last(STRANGER, CHANNEL))


def test_hostile_text_mentions_nobody(world: World) -> None:
    view = world.lead(REP, "<!channel> & *Co*", need="<@U2> `x` > quote")
    card = words(world.card(view.id))
    assert "<!channel>" not in card
    assert "&lt;!channel&gt; &amp;" in card
    assert "<@U2>" not in card


def test_submission_delivered_twice_is_done_once(world: World) -> None:
    world.sandbox.command(REP, "/lead")
    world.settle()
    answer = world.sandbox.submit(REP, {"customer": "Acme Ltd", "need": "A quote"})
    again = world.sandbox.redeliver(answer)
    assert again.ok
    assert "saved already" in str(again.body)
    assert len(world.sandbox.options(REP, "customer.pick", "Acme").options) >= 0
    world.sandbox.close(REP, clear=True)
    world.sandbox.command(REP, "/opp", "acme")
    assert world.kinds(REP, world.found(REP, "acme").id).count("LeadCaptured") == 1


def test_known_free_customer_is_recognised_in_the_command(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/lead", "ACME, a second quote")
    world.settle()
    view = world.sandbox.view(REP)
    assert "Acme Ltd" in words(view)
    assert "new: ACME" not in words(view)
    assert world.sandbox.submit(REP, {}).ok


def test_further_question_that_fails_leaves_the_error_at_its_field(world: World) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    world.lead(REP, "北京华星科技有限公司")
    world.bot.kit.refusals["lead.capture"] = fails
    world.sandbox.command(REP, "/lead")
    world.settle()
    answer = world.sandbox.submit(REP, {"customer": "华星", "need": "A quote"})
    assert "北京华星科技有限公司" in answer.errors["customer"]


def test_lead_form_can_make_an_a_and_says_what_it_read(world: World) -> None:
    world.sandbox.command(REP, "/lead", "Acme, needs a quote")
    world.settle()
    view = world.sandbox.view(REP)
    assert "What makes the grade" in words(view)
    answered = {"source": "referral", "budget": "confirmed"}
    assert world.sandbox.submit(REP, answered).ok
    shown = words(world.sandbox.view(REP))
    assert "Grade A, 65 points" in shown
    assert "Asked for a quote or trial 25 (read from the need)" in shown
    world.sandbox.close(REP, clear=True)
    lead = world.found(REP, "Acme")
    assert lead.facts == {"source": "referral", "budget": "confirmed"}
    chosen = world.lead(REP, "Quillback", need="needs a quote", intent="question")
    assert [point.points for point in chosen.points if point.is_read] == []
    assert chosen.facts["intent"] == "question"


def test_a_legal_form_behind_a_comma_belongs_to_the_name(world: World) -> None:
    for typed, customer, need in (
        ("Globex, Inc., needs a quote", "new: Globex, Inc.", "needs a quote"),
        ("Globex, inc, needs a quote", "new: Globex, inc", "needs a quote"),
        ("Globex, Inc. needs a quote", "new: Globex, Inc.", "needs a quote"),
        ("Globex Co., Ltd., 20 seats", "new: Globex Co., Ltd.", "20 seats"),
        ("Globex, as discussed", "new: Globex", "as discussed"),
        ("Globex, GmbH", "new: Globex, GmbH", ""),
        ("Globex, inc", "new: Globex, inc", ""),
    ):
        world.sandbox.command(REP, "/lead", typed)
        world.settle()
        view = world.sandbox.view(REP)
        assert view is not None
        blocks = {block.get("block_id"): block for block in view["blocks"]}
        assert blocks["customer"]["element"]["initial_option"]["text"]["text"] == customer, typed
        assert blocks["need"]["element"].get("initial_value", "") == need, typed
        world.sandbox.close(REP, clear=True)


def test_who_cannot_own_it_is_offered_the_rules_alone(world: World) -> None:
    for user, choices in ((REP, ["mine", "rules"]), (SPECIALIST, ["rules"]), (MANAGER, ["rules"])):
        world.sandbox.command(user, "/lead")
        world.settle()
        view = world.sandbox.view(user)
        assert view is not None
        owner = next(block for block in view["blocks"] if block.get("block_id") == "owner")
        assert [one["value"] for one in owner["element"]["options"]] == choices, user
        assert owner["element"]["initial_option"]["value"] == choices[0]
        world.sandbox.close(user, clear=True)
    assert not world.lead(SPECIALIST, "Acme Ltd").is_accepted


def test_a_mistyped_code_is_refused_at_its_field_and_another_ones_number_is_told(world: World) -> None:
    world.lead(REP2, "Thistle Optics", contact_phone="+86 138 0013 8000")
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/lead", "Acme Ltd, a second quote")
    world.settle()
    answer = world.sandbox.submit(REP, {"website_or_code": "91310000607337890L"})
    assert list(answer.errors) == ["website_or_code"]
    assert "check digit" in str(answer.errors)
    assert world.sandbox.submit(REP, {"website_or_code": "acme.com", "contact_phone": "+86 138 0013 8000"}).ok
    shown = words(world.sandbox.view(REP))
    assert "Thistle Optics (林伟) is known by the same phone" in shown
