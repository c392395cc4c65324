"""Owns the open modals of each person, their Home tabs, and the triggers that allow to open something."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.things import Json, Refusal
from bot.sandbox.world import World

STACK = 3
"""Modals that may lie on one another."""


@dataclass
class OpenView:
    """A view in front of a person.

    Attributes:
        body: The view in Slack's form, without its state.
        user: Who looks at it.
        values: What was typed, as ``view.state.values``.
        errors: What the app refused, by block_id.
    """

    body: Json
    user: str
    values: dict[str, Json] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The view's id."""
        return str(self.body["id"])


@dataclass
class Trigger:
    """The right to open one view, for a few seconds."""

    user: str
    born: float
    used: bool = False


def name_parts(blocks: list[Json]) -> None:
    """Give ids to the blocks and elements that came without, as Slack does. Changes its argument."""
    for block in blocks:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            if element.get("type") not in {"image", "plain_text", "mrkdwn"}:
                element.setdefault("action_id", secrets.token_urlsafe(4))


def elements_of(block: Mapping[str, Any]) -> list[Json]:
    """List the elements of a block."""
    found = [block[name] for name in ("accessory", "element") if isinstance(block.get(name), dict)]
    if block.get("type") in {"actions", "context", "context_actions"}:
        found += block.get("elements", [])
    if block.get("type") == "card":
        found += block.get("actions", [])
    if block.get("type") == "carousel":
        found += [action for card in block.get("elements", []) for action in card.get("actions", [])]
    return found


class Stacks:
    """Views and triggers of the workspace.

    Args:
        world: Whose people look at them.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = world.lock
        self._stacks: dict[str, list[OpenView]] = {}
        self._homes: dict[str, OpenView] = {}
        self._triggers: dict[str, Trigger] = {}

    # --- triggers

    def new_trigger(self, user: str) -> str:
        """Give a ``trigger_id`` to hand to the app."""
        now = time.monotonic()
        ident = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        with self._lock:
            # Old ones are kept for a while so that a late caller is told "expired" and not "invalid".
            while self._triggers and now - next(iter(self._triggers.values())).born > 60:  # noqa: PLR2004 - a minute
                del self._triggers[next(iter(self._triggers))]
            self._triggers[ident] = Trigger(user, now)
        return ident

    def use_trigger(self, ident: str | None) -> str:
        """Exchange a trigger.

        Returns:
            Id of the person whose trigger it is.

        Raises:
            Refusal: It is unknown, used, or older than 3 s.
        """
        with self._lock:
            trigger = self._triggers.get(ident or "")
            if trigger is None:
                raise Refusal("invalid_trigger_id" if ident else "invalid_arguments")
            if time.monotonic() - trigger.born > self._world.settings.trigger_seconds:
                raise Refusal("expired_trigger_id")
            if trigger.used:
                raise Refusal("exchanged_trigger_id")
            trigger.used = True
            return trigger.user

    # --- modals

    def stack(self, user: str) -> list[OpenView]:
        """List a person's open modals, bottom first."""
        with self._lock:
            return list(self._stacks.get(user, ()))

    def open(self, user: str, view: Json) -> OpenView:
        """Open a modal in front of everything of that person."""
        with self._lock:
            opened = self._made(user, view, None)
            self._stacks[user] = [opened]
        self.tell(user)
        return opened

    def push(self, user: str, view: Json) -> OpenView:
        """Lay a modal on the top one.

        Raises:
            Refusal: Three lie there already, or none.
        """
        with self._lock:
            stack = self._stacks.get(user, [])
            if not stack:
                raise Refusal("not_found")
            if len(stack) >= STACK:
                raise Refusal("push_limit_reached")
            opened = self._made(user, view, stack[-1])
            stack.append(opened)
        self.tell(user)
        return opened

    def find(self, view_id: str | None = None, external_id: str | None = None) -> OpenView:
        """Find an open view or a Home.

        Raises:
            Refusal: ``not_found``; the person has closed it, perhaps.
        """
        with self._lock:
            for views in (*self._stacks.values(), self._homes.values()):
                for view in views:
                    if (view_id and view.id == view_id) or (external_id and view.body["external_id"] == external_id):
                        return view
        raise Refusal("not_found")

    def update(self, opened: OpenView, view: Json, given_hash: str | None = None) -> OpenView:
        """Put new content into an open view; what was typed stays where block_id and action_id stay.

        Raises:
            Refusal: ``hash_conflict``.
        """
        with self._lock:
            if given_hash is not None and given_hash != opened.body["hash"]:
                raise Refusal("hash_conflict")
            self._external_id_free(view, opened)
            name_parts(view["blocks"])
            kept = {key: opened.body[key] for key in ("id", "root_view_id", "previous_view_id")}
            opened.body = {**self._dressed(view), **kept}
            parts = {
                (block["block_id"], element.get("action_id"))
                for block in view["blocks"]
                for element in elements_of(block)
            }
            values: dict[str, Json] = {}
            for block_id, actions in opened.values.items():
                for action_id, value in actions.items():
                    if (block_id, action_id) in parts:
                        values.setdefault(block_id, {})[action_id] = value
            opened.values = values
            opened.errors = {}
        (self.tell_home if opened.body["type"] == "home" else self.tell)(opened.user)
        return opened

    def close(self, user: str, view_id: str | None = None, *, everything: bool = False) -> None:
        """Close the top modal, a given one with what lies on it, or all."""
        with self._lock:
            stack = self._stacks.get(user, [])
            index = len(stack) - 1
            if view_id is not None:
                index = next((place for place, view in enumerate(stack) if view.id == view_id), len(stack))
            self._stacks[user] = [] if everything else stack[: max(0, index)]
        self.tell(user)

    def refuse(self, opened: OpenView, errors: dict[str, str]) -> None:
        """Show the app's errors in a form."""
        with self._lock:
            opened.errors = dict(errors)
        self.tell(opened.user)

    # --- Home

    def publish(self, user: str, view: Json, given_hash: str | None = None) -> OpenView:
        """Publish a person's Home.

        Raises:
            Refusal: ``hash_conflict``.
        """
        with self._lock:
            home = self._homes.get(user)
            if home is not None:
                return self.update(home, view, given_hash)
            home = self._homes[user] = self._made(user, view, None)
        self.tell_home(user)
        return home

    def home(self, user: str) -> OpenView | None:
        """Give a person's Home, or None."""
        return self._homes.get(user)

    # --- telling

    def tell(self, user: str) -> None:
        """Tell the person's pages what lies open."""
        if not self._world.listeners:
            return
        views = [self.shown(view) for view in self.stack(user)]
        self._world.tell([user], {"type": "view", "views": views})

    def tell_home(self, user: str) -> None:
        """Tell the person's pages what their Home is."""
        home = self.home(user)
        self._world.tell([user], {"type": "home", "view": self.shown(home) if home else None})

    def shown(self, opened: OpenView) -> Json:
        """Give a view as the page shows it."""
        return {**opened.body, "state": {"values": opened.values}, "errors": opened.errors}

    # --- making

    def _made(self, user: str, view: Json, below: OpenView | None) -> OpenView:
        self._external_id_free(view, None)
        name_parts(view["blocks"])
        body = self._dressed(view)
        body["id"] = self._world.new_id("V")
        body["root_view_id"] = below.body["root_view_id"] if below else body["id"]
        body["previous_view_id"] = below.id if below else None
        return OpenView(body, user)

    def _external_id_free(self, view: Json, besides: OpenView | None) -> None:
        wanted = view.get("external_id")
        for views in (*self._stacks.values(), self._homes.values()):
            for other in views:
                if wanted and other is not besides and other.body["external_id"] == wanted:
                    raise Refusal("duplicate_external_id")

    def _dressed(self, view: Json) -> Json:
        settings = self._world.settings
        return {
            "title": None,
            "submit": None,
            "close": None,
            "callback_id": "",
            "private_metadata": "",
            "external_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            **view,
            "team_id": settings.team_id,
            "app_id": settings.app_id,
            "bot_id": settings.bot_id,
            "app_installed_team_id": settings.team_id,
            "hash": f"{int(self._world.now_seconds())}.{secrets.token_hex(4)}",
        }
