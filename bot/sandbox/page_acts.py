"""Owns what a person does on the page: reads the JSON of ``POST /ui/act`` and carries it out."""

import base64
from collections.abc import Awaitable, Callable

from bot.sandbox.acts import Acts
from bot.sandbox.answers import Answer
from bot.sandbox.desk import Desk
from bot.sandbox.page_time import PageClock
from bot.sandbox.places import Place
from bot.sandbox.things import Json, Member, Refusal

Act = Callable[[Member, Json], Awaitable[Answer | Json]]


def _file(given: Json) -> tuple[str, bytes]:
    try:
        return str(given["name"]), base64.b64decode(given["data"], validate=True)
    except (TypeError, KeyError, ValueError):
        raise Refusal("invalid_arguments") from None


class PageActs:
    """The acts of the page, by the word after ``do``.

    Args:
        desk: The workspace.
        acts: What goes to the app.
        clock: What the page's clock buttons move.
    """

    def __init__(self, desk: Desk, acts: Acts, clock: PageClock) -> None:
        self._desk = desk
        self._acts = acts
        self._clock = clock
        self._known: dict[str, Act] = {
            "say": self._say,
            "command": self._command,
            "shortcut": self._shortcut,
            "action": self._action,
            "submit": self._submit,
            "close": self._close,
            "open_home": self._open_home,
            "open_dm": self._open_dm,
            "read": self._read,
            "clock": self._move_clock,
        }

    async def do(self, me: Member, body: Json) -> Answer | Json:
        """Carry out one act.

        Raises:
            Refusal: There is no such act, or it cannot be done.
        """
        act = self._known.get(str(body.get("do")))
        if act is None:
            raise Refusal("unknown_act")
        return await act(me, body)

    def place(self, user: str, container: Json) -> Place:
        """Find the message or the view in which a person acts."""
        if container.get("kind") == "message":
            return self._acts.places.message_place(user, container.get("channel", ""), container.get("ts", ""))
        return self._acts.places.view_place(user, container.get("view_id", ""))

    async def _say(self, me: Member, body: Json) -> Answer:
        text, files = str(body.get("text", "")), [_file(one) for one in body.get("files") or ()]
        return await self._acts.talk.say(me.id, body.get("channel", ""), text, body.get("thread_ts"), files)

    async def _command(self, me: Member, body: Json) -> Answer:
        return await self._acts.command(me.id, body.get("command", ""), body.get("text", ""), body.get("channel"))

    async def _shortcut(self, me: Member, body: Json) -> Answer:
        return await self._acts.shortcut(me.id, body.get("callback_id", ""), body.get("channel"), body.get("ts"))

    async def _action(self, me: Member, body: Json) -> Answer:
        place = self.place(me.id, body.get("container") or {})
        return await self._acts.actions.act(me.id, place, dict(body.get("action") or {}), body.get("state"))

    async def _submit(self, me: Member, body: Json) -> Answer:
        opened = self._acts.places.view_place(me.id, body.get("view_id", ""))
        return await self._acts.forms.submit(me.id, opened, body.get("state") or {})

    async def _close(self, me: Member, body: Json) -> Answer:
        opened = self._acts.places.view_place(me.id, body.get("view_id", ""))
        return await self._acts.forms.close(me.id, opened, clear=bool(body.get("clear")))

    async def _open_home(self, me: Member, body: Json) -> Answer:
        return await self._acts.talk.open_home(me.id, body.get("tab", "home"))

    async def _open_dm(self, me: Member, body: Json) -> Json:
        other = self._desk.world.person(body.get("with", ""))
        channel = self._desk.world.dm_between(me.id, other.id)
        self._desk.world.tell(channel.members, {"type": "channels"})
        return {"ok": True, "channel": channel.id}

    async def _read(self, me: Member, body: Json) -> Json:
        self._desk.world.mark_read(self._acts.places.channel_of(me.id, body.get("channel", "")), me.id)
        return {"ok": True}

    async def _move_clock(self, me: Member, body: Json) -> Json:
        await self._clock.move(self._clock.target(body, me.zone))
        return {"ok": True, "clock": self._clock.shown()}
