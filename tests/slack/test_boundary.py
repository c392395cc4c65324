"""The edge: defects, redeliveries, a Slack that fails, people who are not known."""

import logging
from typing import Any

import pytest

from bot.handlers.calls import Call, Reply
from bot.sandbox.faults import Fault
from bot.services import leads
from tests.slack.conftest import CHANNEL, REP, REP2, STRANGER, World, words


def _defect(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("secret of the customer")


def test_defect_in_a_form_shows_a_short_id_and_logs_its_trace(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.sandbox.command(REP, "/lead")
    world.settle()
    monkeypatch.setattr(leads, "capture", _defect)
    answer = world.sandbox.submit(REP, {"customer": "Acme", "need": "A quote"})
    shown = answer.errors["customer"]
    number = shown.rsplit(" ", 1)[1]
    assert len(number) == 8
    assert "secret" not in shown
    assert number in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_failed_try_can_come_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sandbox.command(REP, "/lead")
    world.settle()
    with monkeypatch.context() as broken:
        broken.setattr(leads, "capture", _defect)
        answer = world.sandbox.submit(REP, {"customer": "Acme", "need": "A quote"})
    assert not answer.ok
    assert world.sandbox.submit(REP, {}).ok


def test_defect_in_a_button_is_one_sentence(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.bot.kit.actions["stage.open"] = _defect
    world.sandbox.click(REP, CHANNEL, world.card(lead.id)["ts"], "stage.open")
    world.settle()
    assert "Something broke" in words(world.last(REP, CHANNEL))


def test_defect_after_the_ack_is_told_too(world: World) -> None:
    def fails_later(call: Call) -> Reply:
        call.afterwards(_defect)
        return None

    world.bot.kit.commands["/opp"] = fails_later
    assert world.sandbox.command(REP, "/opp").ok
    world.settle()
    assert "Something broke" in words(world.last(REP, CHANNEL))


def test_defect_in_an_event_makes_slack_deliver_it_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    lead = world.lead(REP, "Acme Ltd")
    handler = world.bot.kit.events["message"]
    failures = iter([True, False])

    def fails_once(call: Call) -> Reply:
        if next(failures, False):
            _defect()
        return handler(call)

    world.bot.kit.events["message"] = fails_once
    with caplog.at_level(logging.ERROR):
        world.sandbox.say(REP, CHANNEL, "They signed", thread_ts=world.card(lead.id)["ts"])
        assert world.sandbox.wait_until(lambda: "NoteAdded" in world.kinds(REP, lead.id))
    assert world.kinds(REP, lead.id).count("NoteAdded") == 1


def test_what_is_done_later_is_dropped_after_a_refusal(world: World) -> None:
    happened: list[str] = []

    def refused(call: Call) -> Reply:
        call.afterwards(lambda: happened.append("later"))
        raise ZeroDivisionError

    world.bot.kit.commands["/opp"] = refused
    world.sandbox.command(REP, "/opp")
    world.settle()
    assert happened == []


def test_slack_that_fails_to_open_a_form_is_admitted(world: World) -> None:
    world.sandbox.faults.add("views.open", Fault(status=500), times=9)
    world.sandbox.command(REP, "/lead")
    world.settle()
    assert "Slack did not take" in words(world.last(REP, CHANNEL))


def test_expired_trigger_asks_to_try_again(world: World) -> None:
    world.sandbox.faults.add("views.open", Fault(error="expired_trigger_id"), times=1)
    world.sandbox.command(REP, "/lead")
    world.settle()
    assert "try again" in words(world.last(REP, CHANNEL))


def test_commands_and_buttons_that_nobody_handles_are_acked(world: World, caplog: pytest.LogCaptureFixture) -> None:
    del world.bot.kit.commands["/opp"]
    assert world.sandbox.command(REP, "/opp").ok
    assert "nobody handles command /opp" in caplog.text


def test_deactivated_member_is_refused_everywhere(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.change_member(REP2, is_guest=True)
    world.settle()
    assert world.sandbox.command(REP2, "/opp", "acme").text == "您的账号在这里已停用。"
    world.sandbox.click(REP2, CHANNEL, world.card(lead.id)["ts"], "follow_up.open")
    world.settle()
    assert "停用" in words(world.last(REP2, CHANNEL))


def test_unknown_member_who_opens_the_home_reads_it_in_their_language(world: World) -> None:
    world.sandbox.open_home(STRANGER)
    world.settle()
    assert world.actor(STRANGER).locale == "zh-CN"
    assert "工作区" in words(world.sandbox.home(STRANGER)) or "管理员" in words(world.sandbox.home(STRANGER))


def test_home_is_shown_anew_after_an_action_in_it(world: World) -> None:
    world.lead(REP, "Acme Ltd", next_step="Call them", next_due_at="tomorrow 10am")
    world.later(days=2)
    world.sandbox.open_home(REP)
    world.settle()
    published = len(world.sandbox.calls_of("views.publish"))
    world.sandbox.click_home(REP, "next_step.done")
    world.settle()
    assert "Call them" in words(world.sandbox.view(REP))
    assert world.sandbox.submit(REP, {"next_step": "Send the offer", "next_due_at": "tomorrow 5pm"}).ok
    world.settle()
    assert len(world.sandbox.calls_of("views.publish")) > published
    assert "Send the offer" in words(world.sandbox.home(REP))
