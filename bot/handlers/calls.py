"""Owns one request of Slack's as handlers see it: who, where, what was typed, and how the answer goes back."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.i18n import Translator
from bot.services.desk import Actor, Desk
from bot.slack.gateway import Gateway
from bot.views.elements import Block, View
from bot.views.ids import CARD_BLOCK
from bot.views.mrkdwn import typed

if TYPE_CHECKING:
    from bot.handlers.boundary import Kit

_HOME, _CARD = "home", "card"


class Surface(StrEnum):
    """How Slack's request came about, which decides where the answer is seen."""

    COMMAND = "command"
    SHORTCUT = "shortcut"
    ACTION = "action"
    VIEW = "view"
    OPTIONS = "options"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Answer:
    """A message for the one who acted.

    Attributes:
        text: What notifications and screen readers say.
        blocks: What is seen.
        replace: The message whose button was pressed becomes this one; otherwise only they see it, below.
    """

    text: str
    blocks: Sequence[Block] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A modal for the one who acted: opened, or put in the place of the one they acted in.

    Attributes:
        view: What is shown.
        said: What was done, as finished mrkdwn; told on its own where that place shows something later by now.
    """

    view: View
    said: str | None = None


Reply = Answer | Form | None
"""What a handler gives back; None closes a modal that was submitted and says nothing elsewhere."""


@dataclass
class Call:
    """One request of Slack's.

    Attributes:
        kit: The desk, the gateway and the settings.
        surface: How it came about.
        body: The payload as Slack sent it.
        later: What is done after the ack, in order; nothing of it where the request was refused.
        order: Its number among all that came in.
    """

    kit: "Kit"
    surface: Surface
    body: dict[str, Any]
    later: list[Callable[[], None]] = field(default_factory=list)
    order: int = 0
    _by: Actor | None = None

    @property
    def by(self) -> Actor:
        """Who acts; one who was not known is remembered with what the payload tells."""
        if self._by is None:
            self._by = self.kit.actor(self)
        return self._by

    @by.setter
    def by(self, actor: Actor) -> None:
        self._by = actor

    @property
    def is_known(self) -> bool:
        """True once it is clear who acts."""
        return self._by is not None

    @property
    def t(self) -> Translator:
        """Speaks to the one who acts, in their language and zone."""
        return Translator(self.by.locale, self.by.zone)

    @property
    def desk(self) -> Desk:
        """The record and the clock."""
        return self.kit.desk

    @property
    def gateway(self) -> Gateway:
        """Slack's Web API; only for what is done later."""
        return self.kit.gateway

    @property
    def event(self) -> dict[str, Any]:
        """The inner event, where the request is one."""
        return self._dict("event")

    @property
    def team_id(self) -> str:
        """Slack's id of the workspace."""
        return str(self.body.get("team_id") or self._dict("team").get("id") or self._dict("user").get("team_id") or "")

    @property
    def enterprise_id(self) -> str | None:
        """Slack's id of the Enterprise Grid organisation, if there is one."""
        found = self.body.get("enterprise_id") or self._dict("enterprise").get("id")
        return str(found) if found else None

    @property
    def user_id(self) -> str:
        """Slack's id of the one who acts; empty for what no person did."""
        user = self.body.get("user")
        found = (
            self.body.get("user_id") or (user.get("id") if isinstance(user, dict) else user) or self.event.get("user")
        )
        return str(found.get("id") if isinstance(found, dict) else found or "")

    @property
    def user_name(self) -> str:
        """What the payload calls them."""
        user = self._dict("user")
        return str(self.body.get("user_name") or user.get("name") or user.get("username") or self.user_id)

    @property
    def channel_id(self) -> str | None:
        """The channel it happened in, if any."""
        found = (
            self.body.get("channel_id") or self._dict("channel").get("id") or self._dict("container").get("channel_id")
        )
        return str(found or self.event.get("channel") or "") or None

    @property
    def trigger_id(self) -> str:
        """Opens one modal within 3 s."""
        return str(self.body.get("trigger_id") or "")

    @property
    def response_url(self) -> str | None:
        """Takes five messages within 30 minutes."""
        found = self.body.get("response_url")
        return str(found) if found else None

    @property
    def text(self) -> str:
        """What stands after the command, as a person reads it."""
        return typed(str(self.body.get("text") or ""))

    @property
    def mentioning(self) -> str:
        """What stands after the command, with mentions of members as Slack writes them, such as ``<@U012AB3CD>``."""
        return typed(str(self.body.get("text") or ""), mentions=True)

    @property
    def action(self) -> dict[str, Any]:
        """The button or select that was used."""
        found = self.body.get("actions") or [{}]
        return dict(found[0])

    @property
    def value(self) -> str:
        """The button's value, or the one chosen in a select, overflow or picker."""
        return str(_plain(self.action) or "")

    @property
    def number(self) -> int:
        """The opportunity's number at the front of the value; 0, which nothing has, where it is not one."""
        head = self.value.split(":", 1)[0]
        return int(head) if head.isdigit() else 0

    @property
    def view(self) -> dict[str, Any]:
        """The modal or Home it came from; empty for messages and commands."""
        return self._dict("view")

    @property
    def is_from_home(self) -> bool:
        """True for what was done on the App Home, or in a modal that was opened from it."""
        return self.view.get("type") == _HOME or bool(self.view and self.metadata.get(_HOME))

    @property
    def is_ephemeral(self) -> bool:
        """True for a button of a message that only the member sees."""
        return bool(self._dict("container").get("is_ephemeral"))

    @property
    def card(self) -> dict[str, Any] | None:
        """The member's own card at which it began, also where a modal led on: its ``id``, and the ``url`` that takes its successor."""
        if self.view:
            found = self.metadata.get(_CARD)
            return found if isinstance(found, dict) else None
        block = str(self.action.get("block_id") or "")
        if not (self.is_ephemeral and block.startswith(CARD_BLOCK) and self.response_url):
            return None
        return {"id": int(block.removeprefix(CARD_BLOCK)), "url": self.response_url}

    @property
    def origin(self) -> dict[str, Any]:
        """What a modal carries along of where it all began, so that this is shown anew after what is done in it."""
        card = self.card
        return {**({_HOME: True} if self.is_from_home else {}), **({_CARD: card} if card else {})}

    @property
    def is_in_modal(self) -> bool:
        """True where a modal stands open in which it happened."""
        return bool(self.view) and self.view.get("type") != _HOME

    @property
    def metadata(self) -> dict[str, Any]:
        """What the modal carries along."""
        raw = self.view.get("private_metadata")
        found = json.loads(raw) if raw else {}
        return found if isinstance(found, dict) else {}

    @property
    def values(self) -> dict[str, Any]:
        """What was typed or chosen, by field: block_id to a plain value, None where nothing was."""
        state = self.view.get("state") or {}
        return {
            block_id: _plain(next(iter(elements.values()), {}))
            for block_id, elements in (state.get("values") or {}).items()
        }

    @property
    def message(self) -> dict[str, Any]:
        """The message that the button or the shortcut belongs to."""
        return self._dict("message")

    @property
    def message_ts(self) -> str | None:
        """Its ts, if there is one."""
        found = self.message.get("ts") or self._dict("container").get("message_ts")
        return str(found) if found else None

    @property
    def request_key(self) -> str | None:
        """The key under which the request is done once, however often it is delivered."""
        if self.surface is Surface.VIEW:
            return f"view:{self.view.get('id')}:{self.view.get('hash')}"
        if self.surface is Surface.EVENT:
            if self.event.get("type") == "message":
                return f"message:{self.event.get('channel')}:{self.event.get('ts')}"
            return f"event:{self.body.get('event_id')}"
        return f"trigger:{self.trigger_id}" if self.trigger_id else None

    def afterwards(self, work: Callable[[], None]) -> None:
        """Have something done after the ack; dropped if the request is refused after all."""
        self.later.append(work)

    def _dict(self, name: str) -> dict[str, Any]:
        found = self.body.get(name)
        return found if isinstance(found, dict) else {}


_PLAIN = (
    "value",
    "selected_date",
    "selected_time",
    "selected_date_time",
    "selected_user",
    "selected_users",
    "selected_conversation",
    "selected_conversations",
    "selected_channel",
    "selected_channels",
)


def _plain(element: dict[str, Any]) -> Any:
    """Return the plain value of an input's state or of an action, whatever kind it is."""
    if element.get("selected_option"):
        return element["selected_option"].get("value")
    if element.get("selected_options") is not None:
        return [one.get("value") for one in element["selected_options"]]
    return next((element[name] for name in _PLAIN if element.get(name) is not None), None)
