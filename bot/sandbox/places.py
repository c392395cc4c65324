"""Owns the finding of what a person acts on: a channel, a message, a view, an element in it."""

from bot.sandbox.desk import Desk
from bot.sandbox.stacks import OpenView, elements_of
from bot.sandbox.things import Channel, Json, Post, Refusal

Place = tuple[Channel, Post] | OpenView


class Places:
    """Finds what is in front of a person, and refuses what is not.

    Args:
        desk: The workspace.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def admit(self, user: str) -> None:
        """Make sure that a person is there and active.

        Raises:
            Refusal: ``user_not_found`` or ``user_disabled``.
        """
        if self._desk.world.person(user).deleted:
            raise Refusal("user_disabled")

    def channel_of(self, user: str, channel_id: str | None) -> Channel:
        """Find the channel in which a person acts; without an id the first one they are in.

        Raises:
            Refusal: They are not in it.
        """
        world = self._desk.world
        if channel_id is None:
            mine = [one for one in world.visible_channels(user) if one.kind == "channel"]
            return mine[0] if mine else world.app_dm(user)
        channel = world.channel(channel_id)
        if user not in channel.members:
            raise Refusal("not_in_channel")
        return channel

    def message_place(self, user: str, channel_id: str, ts: str) -> tuple[Channel, Post]:
        """Find a message that a person sees.

        Raises:
            Refusal: They do not see it.
        """
        channel = self.channel_of(user, channel_id)
        return channel, self._desk.world.find_post(channel, ts, seen_by=user)

    def view_place(self, user: str, view_id: str | None) -> OpenView:
        """Find an open view of a person; without an id the top one.

        Raises:
            Refusal: ``not_found``.
        """
        if view_id is not None:
            opened = self._desk.stacks.find(view_id)
            if opened.user != user:
                raise Refusal("not_found")
            return opened
        stack = self._desk.stacks.stack(user)
        if not stack:
            raise Refusal("no_open_view")
        return stack[-1]

    def home_place(self, user: str) -> OpenView:
        """Find a person's Home.

        Raises:
            Refusal: ``not_found``.
        """
        home = self._desk.stacks.home(user)
        if home is None:
            raise Refusal("not_found")
        return home

    @staticmethod
    def blocks_of(place: Place) -> list[Json]:
        """List the blocks of a message or a view."""
        body = place.body if isinstance(place, OpenView) else place[1].body
        return list(body.get("blocks") or [])

    def element(self, place: Place, action_id: str, block_id: str | None, value: str | None) -> tuple[Json, Json]:
        """Find an element.

        Raises:
            Refusal: ``no_such_element``.
        """
        for block in self.blocks_of(place):
            for element in elements_of(block):
                if (
                    element.get("action_id") == action_id
                    and block_id in {None, block["block_id"]}
                    and value in {None, element.get("value")}
                ):
                    return block, element
        raise Refusal("no_such_element")
