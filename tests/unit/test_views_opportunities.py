"""Every view of an opportunity, ordinary and at its worst, in both languages, against Slack's rules."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain import events as ev
from bot.domain.attention import Cause, Step
from bot.domain.events import OpportunityEdited
from bot.domain.playbook import Criterion, Name, Option, Playbook, Scoring
from bot.errors import Text
from bot.i18n import Translator
from bot.sandbox.checks import GOOD, check_message, check_options, check_view
from bot.services.bundled import NudgeItem
from bot.services.values import CustomerMatch, Done, OpportunityView, PointLine
from bot.views import (
    answers,
    cards,
    closing_forms,
    elements,
    fields,
    focus_list,
    follow_up_forms,
    handover_forms,
    history,
    lead_forms,
    lists,
    nudges,
    review_forms,
    steps,
)
from tests.unit.opportunity_values import (
    HOSTILE,
    LIN,
    NOW,
    PLAYBOOK,
    RITA,
    history_line,
    hostile,
    line,
    opportunity,
)

EN, ZH = Translator("en-US", "Asia/Shanghai"), Translator("zh-CN", "Asia/Shanghai")
WON = {
    "closed_at": NOW,
    "stage": PLAYBOOK.stages[5],
    "closed_from": PLAYBOOK.stages[4],
    "close_reason": PLAYBOOK.win_reasons[0],
}
LOST = {
    "closed_at": NOW,
    "stage": PLAYBOOK.stages[6],
    "closed_from": PLAYBOOK.stages[2],
    "close_reason": PLAYBOOK.loss_reasons[0],
    "win_back_on": NOW.date(),
    "review_due_at": NOW,
}
ALL = frozenset(
    [
        "follow_up",
        "advance",
        "won",
        "lost",
        "handover",
        "edit",
        "reopen",
        "review",
        "claim",
        "accept",
        "reassign",
        "note",
    ]
)


def readable(blocks: Any) -> str:
    return json.dumps(blocks, ensure_ascii=False)


def worst_values() -> dict[str, Any]:
    names = (
        "need",
        "said",
        "answered",
        "next_step",
        "next_due_at",
        "note",
        "competitor",
        "product",
        "region",
        "industry",
    )
    return {
        **dict.fromkeys((*names, "amount", "contact_name", "contact_phone", "contact_email", "quote_amount"), HOSTILE),
        "customer": "new:" + HOSTILE[:140],
        "expected_close_on": "2026-03-20",
        "quote_valid_until": "2026-03-20",
        "win_back_on": "2026-03-20",
    }


MESSAGES: dict[str, Callable[[Translator, OpportunityView], elements.Message]] = {
    "channel card": cards.channel_card,
    "personal card": lambda t, view: cards.personal_card(t, view, NOW),
    "offer": answers.offer_message,
    "dossier": lambda t, view: handover_forms.dossier_message(t, view, HOSTILE[:1500], HOSTILE[:255]),
    "short": lambda t, view: answers.short(t, Done(view, 5, Text("follow_up.done", next_step=HOSTILE, due=NOW))),
    "undone": lambda t, view: answers.undone(t, Done(view, None, Text("opp.undone"))),
    "declined": lambda t, view: answers.declined(t, Done(view, None, Text("handover.declined"))),
    "understood": lambda t, view: ("saved", follow_up_forms.understood(t, view, 5)),
}
VIEWS: dict[str, Callable[[Translator, OpportunityView], elements.View]] = {
    "result": lambda t, view: answers.result(t, Done(view, 5, Text("lead.capture.done", customer=HOSTILE[:200]))),
    "said": lambda t, view: answers.said(t, *cards.personal_card(t, view)),
    "history": lambda t, view: history.modal(t, view, view.history[: history.PAGE], has_more=True, is_first=False),
    "follow-up": lambda t, view: follow_up_forms.log(t, view, worst_values(), metadata={"permalink": "x" * 500}),
    "follow-up, picked": lambda t, _: follow_up_forms.log(t, None, {}),
    "advance": lambda t, view: closing_forms.advance(t, view, {**worst_values(), "stage": "contract"}),
    "won": lambda t, view: closing_forms.won(t, view, PLAYBOOK.win_reasons, worst_values()),
    "won, picked": lambda t, _: closing_forms.won(t, None, PLAYBOOK.win_reasons, {}),
    "lost": lambda t, view: closing_forms.lost(t, view, PLAYBOOK.loss_reasons, {**worst_values(), "win_back": True}),
    "lost, picked": lambda t, _: closing_forms.lost(t, None, PLAYBOOK.loss_reasons, {}),
    "reopen": closing_forms.reopen,
    "edit": closing_forms.edit,
    "review": review_forms.write,
    "handover": lambda t, view: handover_forms.offer(t, view, {"note": HOSTILE, "to": "U2"}),
    "handover, picked": lambda t, _: handover_forms.offer(t, None, {}),
    "decline": lambda t, view: handover_forms.decline(t, view, channel="D1", ts="1.1"),
    "lead": lambda t, _: lead_forms.capture(t, PLAYBOOK, worst_values(), possible=worst_matches(), permalink="x" * 500),
    "lead, empty": lambda t, _: lead_forms.capture(t, PLAYBOOK, {}),
}


def worst_matches() -> list[CustomerMatch]:
    states = ("free", "owned", "protected", "pool", "owned")
    member = replace(RITA, name=HOSTILE[:255])
    return [
        CustomerMatch(number, HOSTILE[:200], state, member, NOW, NOW, is_mine=number == 4)
        for number, state in enumerate(states)
    ] * 30


@pytest.mark.parametrize("t", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("state", [{}, WON, LOST, {"owner": None}, {"is_accepted": False, "accept_by": NOW}])
def test_every_message_keeps_slacks_rules(t: Translator, name: str, state: dict[str, Any]) -> None:
    for view in (opportunity(**state), hostile(may=ALL, **state)):
        text, blocks = MESSAGES[name](t, view)
        assert check_message({"text": text, "blocks": blocks}) == GOOD
        shown = readable([text, blocks])
        assert "<!channel>" not in shown
        assert "<@U1|x>" not in shown


@pytest.mark.parametrize("t", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize("name", VIEWS)
def test_every_form_keeps_slacks_rules(t: Translator, name: str) -> None:
    for view in (opportunity(), hostile(may=ALL), hostile(contact=None, facts={}, amount_minor=None)):
        shown = VIEWS[name](t, view)
        assert check_view(shown, "modal") == GOOD


@pytest.mark.parametrize("t", [EN, ZH], ids=["en", "zh"])
def test_lists_and_typeaheads_keep_slacks_rules(t: Translator) -> None:
    worst = line(
        customer=HOSTILE[:200], need=HOSTILE[:2000], next_text=HOSTILE[:500], owner=replace(RITA, name=HOSTILE)
    )
    lines = [worst, replace(worst, owner=None, is_overdue=True, amount_minor=None), replace(worst, closed_at=NOW)] * 40
    text, blocks = lists.opportunities(t, "Everything", lines)
    assert check_message({"text": text, "blocks": blocks}) == GOOD
    assert "100" in readable(blocks)
    options = elements.option_answer(fields.opportunity_options(t, lines))
    assert check_options({"options": options}) == GOOD
    options = elements.option_answer(fields.customer_options(t, HOSTILE, worst_matches()))
    assert check_options({"options": options}) == GOOD
    assert len(options) == 100


def test_card_says_what_counts_in_few_lines() -> None:
    text, blocks = cards.channel_card(EN, opportunity())
    assert text == "Acme Ltd – Qualified, Rita Reyes"
    assert blocks[0]["text"]["text"] == "*Acme Ltd*\nA quote for 20 seats"
    assert blocks[1]["text"]["text"].splitlines() == [
        "▰▰▱▱▱ *Qualified* · grade *B* · *$50,000*",
        "➡️ Call the CTO – *Tue, Mar 3 9:00 AM*",
        "👤 Rita Reyes (fewest open opportunities: 2, of 3 available)",
    ]
    assert "Grade B, 45 points: Source: Referral 20" in readable(blocks[2])
    assert "called: Sent the quote" in readable(blocks[3])


def test_card_in_chinese_reads_natively() -> None:
    _, blocks = cards.channel_card(ZH, opportunity(is_overdue=True))
    assert blocks[1]["text"]["text"].splitlines() == [
        "▰▰▱▱▱ *初步意向* · *B* 级 · *US$50,000*",
        "🔴 *已逾期* · Call the CTO · 原定 *3月3日周二 09:00*",
        "👤 Rita Reyes（手上商机最少：2 个，3 人可选）",
    ]


def test_channel_card_offers_what_the_state_allows() -> None:
    def actions(view: OpportunityView) -> str:
        return readable(cards.channel_card(EN, view)[1][-1])

    assert "win.open" in actions(opportunity())
    assert "pool.claim" in actions(opportunity(owner=None))
    closed = actions(opportunity(**LOST))
    assert "reopen:7" in closed
    assert "review.open" in closed
    assert "win.open" not in closed
    assert "review.open" not in actions(opportunity(**LOST, is_reviewed=True))


def test_personal_card_offers_undo_only_while_it_is_fresh() -> None:
    assert "undo:7:2" in readable(cards.personal_card(EN, opportunity(), NOW)[1])
    assert "undo:" not in readable(cards.personal_card(EN, opportunity(), NOW + timedelta(minutes=11))[1])
    assert "undo:" not in readable(cards.personal_card(EN, opportunity(history=()), NOW)[1])
    assert "undo:" not in readable(cards.personal_card(EN, opportunity(may=frozenset({"note"})), NOW)[1])


def test_card_tells_what_is_missing_or_waits() -> None:
    assert "No next step" in readable(cards.personal_card(EN, opportunity(next_due_at=None))[1])
    assert "to accept by" in readable(cards.personal_card(EN, opportunity(is_accepted=False, accept_by=NOW))[1])
    assert "Handover offered to 林伟" in readable(cards.personal_card(EN, opportunity(offered_to=LIN))[1])
    pooled = opportunity(owner=None, owner_reason=Text("assign.pool_recycled"))
    assert "In the pool (no follow-up for too long)" in readable(cards.personal_card(EN, pooled)[1])


def test_bar_of_a_closed_opportunity_shows_how_far_it_came() -> None:
    assert cards.stage_bar(opportunity(**WON)) == "▰▰▰▰▰"
    assert cards.stage_bar(opportunity(**LOST)) == "▰▰▰▱▱"


EVENTS: tuple[ev.Event, ...] = (
    ev.LeadCaptured("Acme", "A quote", "import", "lead"),
    ev.LeadCaptured("Acme", "A quote", "carrier pigeon", "lead"),
    ev.Graded("B", 45, []),
    ev.Graded("A", 70, [], "B"),
    ev.AssignmentOffered(1, "Rita", "assign.rule", {"field": "region", "value": "<East>"}),
    ev.AssignmentAccepted(1, "Rita"),
    ev.AssignmentDeclined(1, "Rita", "full"),
    ev.AssignmentDeclined(1, "Rita", None, lapsed=True),
    ev.PutInPool("nobody"),
    ev.PutInPool("another cause", 1, "Rita"),
    ev.Claimed(1, "Rita"),
    ev.FollowUpLogged(1, "call", "Said", "Answered"),
    ev.FollowUpLogged(1, "call", "Said", for_member="Lin"),
    ev.NextStepSet(1, "Call", NOW),
    ev.NextStepDone(1, "Call", NOW),
    ev.NextStepDone(1, "Call", NOW, late=True),
    ev.NextStepSnoozed(1, NOW),
    ev.StageChanged("lead", "qualified", 12.5),
    ev.StageChanged("qualified", "gone", 12.5, forward=False),
    ev.OpportunityWon("quote", "fit", 100, "USD", "note"),
    ev.OpportunityWon("quote", "no such reason"),
    ev.OpportunityLost("quote", "price", "Globex", "note", NOW.date()),
    ev.OpportunityReopened("quote", "They called"),
    ev.OpportunityEdited({"amount_minor": [None, 100], "currency": ["USD", "EUR"], "need": ["a", "b"], "odd": [1, 2]}),
    ev.OpportunityEdited({}),
    ev.HandoverOffered(1, "Rita", 2, "Lin", "note"),
    ev.HandoverDeclined(2, "Lin", "full"),
    ev.OwnerChanged(1, "Rita", 2, "Lin"),
    ev.OwnerChanged(None, None, 2, "Lin", "reassigned"),
    ev.OwnerChanged(1, "Rita", 2, "Lin", "rules"),
    ev.AssignmentDeclined(1, "Rita", cause="away"),
    ev.OwnerLeft(1, "Rita", NOW, {"key": "assign.captured", "params": {}}),
    ev.OwnerReturned(1, "Rita"),
    ev.LadderStepTaken("next_step", "nudge", NOW, "Rita"),
    ev.LadderStepTaken("odd", "odd", NOW),
    ev.CollisionStopped(2, "Lin", "Acme"),
    ev.CustomerMerged("Acme Ltd", "Acme"),
    ev.CustomerMergeUndone("Acme Ltd", "Acme"),
    ev.CollisionMarked(2, "林伟", "away", 9),
    ev.OwnerTold(2, "Lin", "They want seats", "Bo · +1 212 555 0188"),
    ev.OwnerTold(2, "Lin", "They want seats"),
    ev.RulingAsked(2, "Lin", "I met them"),
    ev.RulingMade("share", "Two sites", 2, "Lin", "Rita"),
    ev.RulingMade("keep", "Claim it", 2, "Lin"),
    ev.RulingDropped(2, "Lin", "pooled"),
    ev.OwnerChanged(1, "Rita", 2, "Lin", "ruled"),
    ev.TeamChanged("North", "South", "quote"),
    ev.NoteAdded("<Text>", source="thread"),
    ev.NoteAdded("Text", source="odd"),
    ev.ReviewWritten("Ask first"),
    ev.ActionUndone(1, "FollowUpLogged"),
    ev.ActionUndone(1, "Odd"),
)


def test_every_kind_of_event_has_a_line() -> None:
    assert {one.kind for one in EVENTS} == ev.event_kinds()


@pytest.mark.parametrize("t", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.kind)
def test_event_reads_as_a_sentence(t: Translator, event: ev.Event) -> None:
    for view in (opportunity(), None):
        text = history.line(t, history_line(1, event), view)
        assert "{" not in text
        assert "None" not in text
        assert "Rita Reyes" in text
    assert "Closeloop" in history.line(t, history_line(1, event, None))


def test_history_names_stages_and_reasons_as_the_team_does() -> None:
    view = opportunity(**LOST)
    moved = history.what(ZH, ev.StageChanged("lead", "qualified", 3), view)
    assert moved == "线索 → 初步意向，历时 3 个工时"
    assert history.what(EN, ev.OpportunityLost("quote", "price"), view) == "lost it at Quote: Price"


def test_history_says_who_only_once_and_hides_a_stay_too_short_to_count() -> None:
    own = history.line(EN, history_line(1, ev.AssignmentAccepted(1, "Rita Reyes")))
    assert own.endswith("*Rita Reyes* accepted it")
    other = history.line(EN, history_line(1, ev.AssignmentAccepted(2, "Lin")))
    assert other.endswith("*Rita Reyes* accepted it for Lin")
    assert history.what(EN, ev.StageChanged("lead", "qualified", 0.2)) == "moved it: lead → qualified"
    assert (
        history.what(EN, ev.StageChanged("lead", "qualified", 1)) == "moved it: lead → qualified after 1 working hour"
    )


@pytest.mark.parametrize(
    ("changes", "english", "chinese"),
    [
        ({"budget": [None, "likely"]}, "budget → Likely", "预算改为可能有"),
        ({"meeting": [None, "visit"]}, "meeting → Visit", "会面改为拜访"),
        ({"quote_valid_until": [None, "2026-03-20"]}, "quote valid until → Fri, Mar 20", "报价有效期改为 3月20日周五"),
        ({"quote_valid_until": [None, "soon"]}, "quote valid until → soon", "报价有效期改为 soon"),
        ({"contact_phone": ["1", None]}, "phone → –", "电话改为–"),
    ],
)
def test_changed_facts_are_named_as_people_know_them(changes: dict[str, list[Any]], english: str, chinese: str) -> None:
    view = opportunity(answers={("budget", "likely"): PLAYBOOK.scorecard.criteria[2].options[1].name})
    event = ev.OpportunityEdited(changes)
    assert history.what(EN, event, view) == f"changed {english}"
    assert history.what(ZH, event, view) == f"修改：{chinese}"


def test_card_prefers_events_that_people_made() -> None:
    quiet = opportunity(history=(history_line(2, ev.Graded("B", 1, [])),))
    assert "graded it B" in history.latest(EN, quiet, 3)[0]
    assert len(history.latest(EN, opportunity(), 1)) == 1


def test_dossier_shows_all_of_a_short_history_and_cuts_a_long_one_at_the_old_end() -> None:
    _, blocks = handover_forms.dossier_message(EN, opportunity(), None, None)
    assert "captured it" in readable(blocks)
    contact = opportunity().contact
    assert contact is not None
    _, blocks = handover_forms.dossier_message(EN, hostile(contacts=(contact,) * 50), "note", "Rita")
    shown = readable(blocks)
    assert "History (200 events)" in shown
    assert "… and 42 more" in shown
    assert shown.index("handover.accept") > shown.index("History (200")


def test_pressed_buttons_give_way_to_what_was_done() -> None:
    blocks = [
        elements.section("one", accessory=elements.button("Open", "card.open", 7)),
        elements.actions(elements.button("Done", "next_step.done", 7)),
        elements.actions(elements.menu("snooze.pick", "Snooze", [elements.option("1 h", "77:1h")])),
        elements.divider(),
    ]
    settled = answers.settle(blocks, 7, "✅ done")
    assert [block["type"] for block in settled] == ["section", "context", "actions", "divider"]
    assert "accessory" not in settled[0]
    assert answers.settle(blocks, 77, "x")[2]["type"] == "context"
    assert answers.settle(blocks, 5, "x")[-1]["type"] == "context"


def test_message_is_carried_through_a_form_and_comes_back_as_it_was_where_it_fits() -> None:
    _, blocks = answers.offer_message(EN, opportunity())
    metadata = answers.carry("D1", "1.1", blocks)
    assert answers.carried(json.loads(json.dumps(metadata))) == blocks
    assert answers.carry(None, None, blocks) == {}
    assert answers.carried({"blocks": "nonsense"}) == []


@pytest.mark.parametrize("t", [EN, ZH], ids=["en", "zh"])
def test_the_longest_bundle_comes_back_with_every_customer_and_every_button(t: Translator) -> None:
    chance = random.Random(7)

    def words(length: int) -> str:
        letters = range(0x4E00, 0x9000) if t is ZH else range(ord("a"), ord("z") + 1)
        return "".join(chr(chance.choice(letters)) for _ in range(length))

    items = [
        NudgeItem(
            opportunity(id=number, customer=words(80), need=words(300), next_text=words(300)),
            Cause.NEXT_STEP,
            Step.NUDGE,
            NOW,
        )
        for number in range(101, 112)
    ]
    _, nudge = nudges.nudge(t, items, NOW, number=7)
    _, morning = focus_list.message(t, nudges.ranked(items), NOW, total=30, number=7)
    for blocks in (nudge, morning):
        metadata = answers.carry("D" * 11, "1" * 17, blocks)
        assert len(json.dumps(metadata)) < 2750
        found = answers.carried(metadata)
        assert [one["type"] for one in found] == [one["type"] for one in blocks]
        assert [one for one in found if one["type"] == "actions"] == [one for one in blocks if one["type"] == "actions"]
        for before, after in zip(blocks, found, strict=True):
            if before["type"] == "section":
                assert after["text"]["text"][:12] == before["text"]["text"][:12]
        settled = answers.settle(found, 101, "✅ done")
        assert "✅ done" in str(settled)
        assert "'101'" not in str(settled)


def test_metadata_of_a_form_stays_within_its_size() -> None:
    _, blocks = answers.offer_message(EN, opportunity())
    form = follow_up_forms.log(EN, opportunity(), {}, metadata={"nudge": answers.carry("D" * 11, "1" * 17, blocks * 9)})
    assert len(form["private_metadata"]) <= 3000


def test_advance_asks_for_what_every_left_stage_wants() -> None:
    view = opportunity(stage=PLAYBOOK.stages[0], contact=None, amount_minor=None, expected_close_on=None, facts={})
    contract = next(one for one in PLAYBOOK.stages if one.key == "contract")
    assert closing_forms.missing(view, contract) == (
        Criterion.CONTACT_WAY,
        Criterion.BUDGET,
        Criterion.AUTHORITY,
        Criterion.AMOUNT,
        Criterion.MEETING,
        Criterion.QUOTE,
    )
    assert closing_forms.missing(opportunity(**LOST), contract) == ()
    assert closing_forms.missing(view, None) == ()


def test_advance_from_the_last_stage_offers_the_way_back_only() -> None:
    view = opportunity(stage=PLAYBOOK.stages[4])
    form = closing_forms.advance(EN, view, {})
    stage = next(block for block in form["blocks"] if block.get("block_id") == "stage")
    assert [one["value"] for one in stage["element"]["options"]] == ["lead", "qualified", "solution", "quote"]
    assert "initial_option" not in stage["element"]


def test_team_without_a_question_types_the_answer() -> None:
    form = closing_forms.advance(EN, opportunity(facts={}, criteria=()), {"stage": "solution"})
    assert {"budget", "authority"} <= {block.get("block_id") for block in form["blocks"]}
    odd = replace(PLAYBOOK.stages[1], criteria=(Criterion.NEED, Criterion.EXPECTED_CLOSE, Criterion.AMOUNT))
    stages = (PLAYBOOK.stages[0], odd, *PLAYBOOK.stages[2:])
    view = opportunity(stage=odd, stages=stages, need=" ", amount_minor=None, expected_close_on=None, criteria=())
    form = closing_forms.advance(EN, view, {})
    assert {"need", "expected_close_on", "amount"} <= {block.get("block_id") for block in form["blocks"]}


def test_known_amount_is_typed_back_as_it_was() -> None:
    assert fields.typed_amount(1_250_050, "EUR") == "12,500.50 EUR"
    assert fields.typed_amount(5_000_000, "JPY") == "5,000,000 JPY"
    assert fields.typed_amount(None, "USD") is None


def test_what_a_stage_still_wants_is_said_in_one_sentence() -> None:
    assert (
        answers.unmet(EN, (Criterion.BUDGET, Criterion.QUOTE))
        == "Still missing: the budget, the quote with its validity."
    )
    assert answers.unmet(ZH, (Criterion.BUDGET,)) == "还缺：预算。"
    assert answers.FIELD_OF.keys() == set(Criterion)


def test_result_of_a_close_tells_the_outcome() -> None:
    shown = readable(answers.result(EN, Done(opportunity(**LOST, competitor="Globex"), 9, Text("close.lost"))))
    assert "Lost at Solution on Mon, Mar 2: Price, to Globex – win back from Mon, Mar 2" in shown
    assert "action.undo" in shown
    shown = readable(answers.undone(EN, Done(opportunity(**WON), None, Text("opp.undone"))))
    assert "Won on Mon, Mar 2: Fit" in shown


def test_lead_form_keeps_a_known_customer_and_the_choice_of_owner() -> None:
    values = {"customer": "id:3", "customer_label": "Acme Ltd", "owner": "rules", "confirmed_new": ["yes"]}
    form = lead_forms.capture(EN, PLAYBOOK, values, possible=worst_matches()[:1])
    customer = next(block for block in form["blocks"] if block.get("block_id") == "customer")
    assert customer["element"]["initial_option"]["value"] == "id:3"
    assert "Acme Ltd" in readable(form)
    owner = next(block for block in form["blocks"] if block.get("block_id") == "owner")
    assert owner["element"]["initial_option"]["value"] == "rules"
    confirmed = next(block for block in form["blocks"] if block.get("block_id") == "confirmed_new")
    assert confirmed["element"]["initial_options"][0]["value"] == "yes"


def _asking(*keys: str) -> Playbook:
    asked = tuple(
        Scoring(
            key,
            Name(f"Ask {key}", f"问 {key}"),
            (Option("no", Name("No", "否"), 0), Option("yes", Name("Yes", "是"), 30)),
        )
        for key in keys
    )
    return replace(PLAYBOOK, scorecard=replace(PLAYBOOK.scorecard, criteria=(*PLAYBOOK.scorecard.criteria, *asked)))


def _ids(form: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in form["blocks"] if "block_id" in block]


def test_lead_form_asks_the_teams_own_questions_below_and_demands_none_of_them() -> None:
    playbook = _asking("engagement")
    form = lead_forms.capture(EN, playbook, {"intent": "question", "engagement": "yes"})
    asked = ("source", "intent", "budget", "authority", "engagement", "expected_close_on")
    ids = _ids(form)
    assert [one for one in ids if one in asked] == list(asked)
    # The close date answers that one.
    assert "timing" not in ids
    assert ids.index("next_due_at") < ids.index("about_grade") < ids.index("source")
    blocks = {block["block_id"]: block for block in form["blocks"] if "block_id" in block}
    demanded = {name for name in ids if blocks[name]["type"] == "input" and not blocks[name].get("optional")}
    assert demanded == {"customer", "need", "owner"}
    assert blocks["intent"]["element"]["initial_option"]["value"] == "question"
    assert blocks["engagement"]["element"]["initial_option"]["value"] == "yes"
    assert "read from the need" in readable(form)


def test_a_question_named_like_a_field_of_the_form_gets_a_field_of_its_own() -> None:
    taken = ("need", "product", "amount", "owner", "size")
    playbook = _asking(*taken)
    view = opportunity(criteria=playbook.scorecard.criteria, facts={"need": "yes"})
    for form in (lead_forms.capture(EN, playbook, {"answer.need": "yes"}), closing_forms.edit(EN, view)):
        ids = _ids(form)
        assert len(ids) == len(set(ids))
        need = next(block for block in form["blocks"] if block.get("block_id") == "answer.need")
        assert need["element"]["initial_option"]["value"] == "yes"
    values = {"need": "200 seats", "answer.need": "yes", "size": "no", "source": "referral", "intent": None}
    assert fields.answers_in(values, playbook.scorecard.criteria) == {"need": "yes", "size": "no"}


def test_a_scorecard_of_very_many_questions_leaves_the_form_within_slacks_size() -> None:
    playbook = _asking(*(f"own{number}" for number in range(120)))
    view = opportunity(criteria=playbook.scorecard.criteria)
    assert check_view(lead_forms.capture(EN, playbook, {}, possible=worst_matches()), "modal") == GOOD
    assert check_view(closing_forms.edit(EN, view), "modal") == GOOD


def test_who_cannot_own_is_offered_the_rules_alone() -> None:
    form = lead_forms.capture(EN, PLAYBOOK, {"owner": "mine"}, may_own=False)
    owner = next(block for block in form["blocks"] if block.get("block_id") == "owner")["element"]
    assert [one["value"] for one in owner["options"]] == ["rules"]
    assert owner["initial_option"]["value"] == "rules"


def test_form_says_at_once_who_has_the_customer_that_stands_in_it() -> None:
    taken = CustomerMatch(3, "Acme Ltd", "protected", LIN, NOW)
    form = lead_forms.capture(EN, PLAYBOOK, {"customer": "id:3", "customer_label": "Acme Ltd"}, standing=taken)
    assert _ids(form)[:2] == ["customer", "standing"]
    assert "林伟 has it" in readable(form)
    free = lead_forms.capture(EN, PLAYBOOK, {"customer": "id:3"}, standing=replace(taken, state="free", owner=None))
    assert "standing" not in _ids(free)


def test_answer_of_the_loop_says_what_was_read_from_the_need_and_whose_key_it_is_too() -> None:
    points = (PointLine(Name("Intent", "意向"), Name("Asked for a quote", "要报价"), 25, is_read=True),)
    remark = Text("lead.remark.shared_owned", customer="Nordlicht <AG>", owner="Ann")
    done = Done(opportunity(points=points), None, Text("lead.capture.done", customer="Acme"), (remark,))
    shown = readable(answers.result(EN, done))
    assert "Intent: Asked for a quote 25 (read from the need)" in shown
    assert "Nordlicht &lt;AG&gt; (Ann) is known by the same phone" in shown
    assert "从需求中读出" in readable(answers.result(ZH, done))


def test_a_question_of_the_teams_own_has_its_name_in_the_history() -> None:
    asked = Scoring("engagement", Name("Engagement", "互动"), (Option("high", Name("High", "高"), 30),))
    view = opportunity(criteria=(asked,), answers={("engagement", "high"): Name("High", "高")})
    changed = OpportunityEdited({"engagement": [None, "high"], "odd<": [None, "x"]})
    assert history.what(EN, changed, view) == "changed Engagement → High, odd&lt; → x"
    assert "互动" in history.what(ZH, changed, view)


def test_the_step_that_the_loop_set_is_read_in_the_readers_language() -> None:
    for kept in ("First contact", "首次联系"):
        assert "First contact" in readable(
            answers.result(EN, Done(opportunity(next_text=kept), None, Text("opp.edited")))
        )
        assert "首次联系" in readable(answers.result(ZH, Done(opportunity(next_text=kept), None, Text("opp.edited"))))
    assert steps.step_words(ZH, "First contact with the CTO") == "First contact with the CTO"
    assert steps.step_text(ZH, None, 10) == "–"


def test_offer_without_a_reason_has_a_dash() -> None:
    assert "(–)" in readable(answers.offer_message(EN, opportunity(owner_reason=None))[1])


def test_picture_and_header_and_question_have_their_sizes() -> None:
    blocks = [
        elements.header("x" * 500),
        elements.image("https://a.test/x.png", "y" * 5000),
        elements.fields([("Label", "value")] * 20),
        elements.actions(
            elements.button("Go", "go", confirm=elements.confirm("t" * 200, "x" * 500, "y" * 50, "n" * 50))
        ),
    ]
    assert check_message({"text": "x", "blocks": blocks}) == GOOD
