"""Owns the payloads that requests are made of: what the stand-in for Slack really sent when a member did these things."""

import copy
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from bench.databases import database_url
from bench.filling import SLACK_TEAM, channel_id, customer_name, fill, manager_id, rep_id
from bench.serving import SECRET, bot_environment, free_port, program
from bot.clock import SystemClock
from bot.models.session import Database
from bot.sandbox import Answer, Sandbox, SandboxSettings
from bot.services import members, opportunities
from bot.services.desk import Desk
from bot.views.ids import Action

Payload = dict[str, Any]

_REP, _MANAGER, _CHANNEL = rep_id(0, 0), manager_id(0), channel_id(0)
_OPPORTUNITIES = 6000
_PHONE = "+8613912345678"


@dataclass(frozen=True, slots=True)
class Templates:
    """Payloads of one act each, to be changed for every request."""

    capture: Payload
    follow_up: Payload
    advance: Payload
    pipeline: Payload
    history: Payload


@cache
def played() -> Templates:
    """Play each act once through the stand-in on a small workspace; returns what the bot was sent."""
    with database_url("sqlite") as url:
        fill(url, opportunities=_OPPORTUNITIES)
        lead, qualified = _customers(url)
        with _member(url) as sandbox:
            return Templates(
                capture=_capture(sandbox),
                follow_up=_follow_up(sandbox, qualified),
                advance=_advance(sandbox, lead),
                pipeline=_accepted(sandbox.command(_MANAGER, "/pipeline", "", _CHANNEL)),
                history=_history(sandbox, lead),
            )


@contextmanager
def _member(url: str) -> Iterator[Sandbox]:
    """Run the bot against a stand-in in which the first team's people sit."""
    settings = SandboxSettings(messages_per_second=None, signing_secret=SECRET, team_id=SLACK_TEAM)
    port = free_port()
    with Sandbox(settings) as sandbox:
        for user in (_REP, _MANAGER):
            sandbox.add_member(user, user.lower(), zone="Asia/Shanghai")
        sandbox.add_channel(_CHANNEL, "team", [_REP, _MANAGER])
        for command in ("/lead", "/followup", "/pipeline", "/opp"):
            sandbox.add_command(command)
        environment = bot_environment(url, port, sandbox.base_url, settings.bot_token)
        with program(["-m", "bot", "run", "--http"], port, **environment):
            sandbox.connect_http(f"http://127.0.0.1:{port}/slack/events")
            yield sandbox


def _customers(url: str) -> tuple[str, str]:
    """Return customers of one open opportunity of the rep's each, one new and one qualified."""
    database = Database(url)
    desk = Desk(database, SystemClock())
    rep = members.resolve(desk, SLACK_TEAM, _REP)
    lines = opportunities.mine(desk, by=rep) if rep else ()
    database.close()
    counts = Counter(line.customer for line in lines)
    found = {line.stage.key: line.customer for line in lines if counts[line.customer] == 1}
    return found["lead"], found["qualified"]


def _capture(sandbox: Sandbox) -> Payload:
    sandbox.command(_REP, "/lead", f"{customer_name(900_001)}, a quote for 200 seats", _CHANNEL)
    values = {"contact_name": "Ann", "contact_phone": _PHONE, "amount": "50k", "source": "inbound"}
    return _submitted(sandbox, {**values, "next_step": "Call back", "next_due_at": "next fri 3pm"})


def _follow_up(sandbox: Sandbox, customer: str) -> Payload:
    sandbox.command(_REP, "/followup", customer, _CHANNEL)
    values = {"said": "Talked about the quote", "next_step": "Send it", "next_due_at": "next thu 3pm"}
    return _submitted(sandbox, values)


def _advance(sandbox: Sandbox, customer: str) -> Payload:
    card = sandbox.command(_REP, "/opp", customer, _CHANNEL)
    _accepted(sandbox.click(_REP, _CHANNEL, card.ts, Action.STAGE_OPEN))
    return _submitted(sandbox, {})


def _history(sandbox: Sandbox, customer: str) -> Payload:
    card = sandbox.command(_REP, "/opp", customer, _CHANNEL)
    number = next(
        option["value"]
        for message in sandbox.messages(_CHANNEL, as_user=_REP)
        for block in message.get("blocks") or ()
        for element in block.get("elements") or ()
        for option in element.get("options") or ()
        if message["ts"] == card.ts and option["value"].startswith("history:")
    )
    return _accepted(sandbox.select(_REP, _CHANNEL, card.ts, Action.CARD_MENU, number))


def _submitted(sandbox: Sandbox, values: dict[str, Any]) -> Payload:
    if not sandbox.wait_until(lambda: sandbox.view(_REP)):
        raise RuntimeError("no form opened")
    payload = _accepted(sandbox.submit(_REP, values))
    sandbox.close(_REP, clear=True)
    return payload


def _accepted(answer: Answer) -> Payload:
    if not answer.ok:
        raise RuntimeError(f"refused: {answer.error} {answer.errors}")
    return dict(answer.payload)


def changed_capture(template: Payload, number: int, user: str) -> Payload:
    """Return a capture of another new customer, by another member, with another telephone number."""
    payload = _changed(template, f"capture{number}", user)
    values = payload["view"]["state"]["values"]
    _state(values, "customer")["selected_option"]["value"] = f"new:{customer_name(1_000_000 + number)}"
    _state(values, "contact_phone")["value"] = f"+86150{number:08}"
    return payload


def changed_form(template: Payload, name: str, number: int, user: str, opportunity_id: int) -> Payload:
    """Return a form about another opportunity, by its owner."""
    payload = _changed(template, f"{name}{number}", user)
    payload["view"]["private_metadata"] = f'{{"id":{opportunity_id},"version":1}}'
    return payload


def changed_history(template: Payload, number: int, user: str, opportunity_id: int) -> Payload:
    """Return a look at another opportunity's history."""
    payload = _changed(template, f"history{number}", user)
    payload["actions"][0]["selected_option"]["value"] = f"history:{opportunity_id}"
    return payload


def changed_command(template: Payload, number: int, user: str) -> Payload:
    """Return a command by another member."""
    return {**template, "user_id": user, "trigger_id": f"{number}.bench"}


def _changed(template: Payload, key: str, user: str) -> Payload:
    payload = copy.deepcopy(template)
    payload["user"]["id"] = user
    payload["trigger_id"] = f"{key}.bench"
    if "view" in payload:
        payload["view"]["id"] = f"V{key}"
    return payload


def _state(values: dict[str, Any], block_id: str) -> dict[str, Any]:
    return dict(values)[block_id][next(iter(values[block_id]))]
