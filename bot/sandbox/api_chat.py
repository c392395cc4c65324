"""Owns the Web API's methods for messages: ``chat.*``, ``reactions.add`` and ``blocks.validate``."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.api_conversations import known
from bot.sandbox.arguments import Args
from bot.sandbox.checks import check_message, check_view
from bot.sandbox.desk import Desk, RateLimited, Scheduled, method
from bot.sandbox.stacks import name_parts
from bot.sandbox.things import Channel, Json, Post, Refusal

_CONTENT = ("text", "blocks", "attachments", "metadata")
_FARTHEST_SECONDS = 120 * 86_400


def target(desk: Desk, ident: str) -> Channel:
    """Find the channel that a message is meant for; an id of a person means their DM with the app.

    Raises:
        Refusal: There is no such channel, the app is not in it, or the person is deactivated.
    """
    world, bot = desk.world, desk.settings.bot_user
    if ident in world.members:
        if world.members[ident].is_bot:
            raise Refusal("cannot_dm_bot")
        channel = world.app_dm(ident)
    else:
        channel = world.channel(ident)
    if bot not in channel.members:
        raise Refusal("channel_not_found" if channel.private or channel.is_im else "not_in_channel")
    if channel.is_im and any(world.members[user].deleted for user in channel.members):
        raise Refusal("user_disabled")
    return channel


def authored(desk: Desk, content: Mapping[str, Any]) -> Json:
    """Give a message of the app with this content; its blocks get ids."""
    settings = desk.settings
    body: Json = {
        "user": settings.bot_user,
        "bot_id": settings.bot_id,
        "app_id": settings.app_id,
        "team": settings.team_id,
        "text": content.get("text") or "",
        "bot_profile": {
            "id": settings.bot_id,
            "app_id": settings.app_id,
            "name": settings.app_name,
            "team_id": settings.team_id,
        },
    }
    for name in ("blocks", "attachments", "metadata"):
        if content.get(name):
            body[name] = content[name]
    name_parts(body.get("blocks", []))
    return body


def check_thread(channel: Channel, thread_ts: str) -> None:
    """Make sure that a thread is there.

    Raises:
        Refusal: ``thread_not_found``.
    """
    post = channel.posts.get(thread_ts)
    if post is None or post.only_for is not None:
        raise Refusal("thread_not_found")


@method("chat.postMessage", "chat:write")
def post_message(desk: Desk, args: Args) -> Json:
    """Send a message."""
    channel = target(desk, args.needed("channel", "channel_not_found"))
    extra = desk.judge("chat.postMessage", check_message(args.values), args.values)
    thread_ts = args.text("thread_ts")
    if thread_ts:
        check_thread(channel, thread_ts)
    wait = desk.rate.take(channel.id)
    if wait:
        raise RateLimited(wait)
    body = authored(desk, args.values)
    if thread_ts:
        body["thread_ts"] = thread_ts
        body["parent_user_id"] = channel.posts[thread_ts].body.get("user")
    post = desk.world.post(channel, body)
    return {"channel": channel.id, "ts": post.ts, "message": post.body, **extra}


def _own(desk: Desk, args: Args, refusal: str) -> tuple[Channel, Post]:
    channel = desk.world.channels.get(args.needed("channel", "channel_not_found"))
    if channel is None:
        raise Refusal("channel_not_found")
    post = desk.world.find_post(channel, args.text("ts"))
    if post.body.get("bot_id") != desk.settings.bot_id:
        raise Refusal(refusal)
    return channel, post


@method("chat.update", "chat:write")
def update_message(desk: Desk, args: Args) -> Json:
    """Change a message of the app; a text without blocks takes the blocks away."""
    channel, post = _own(desk, args, "cant_update_message")
    extra = desk.judge("chat.update", check_message(args.values), args.values)
    changes = {name: args.get(name) for name in _CONTENT if args.get(name) is not None}
    gone = [name for name in ("blocks", "attachments") if changes.get(name) == []]
    if "text" in changes and "blocks" not in changes:
        gone.append("blocks")
        changes["edited"] = {"user": desk.settings.bot_user, "ts": desk.world.next_ts()}
    name_parts(changes.get("blocks", []))
    desk.world.change_post(post, changes, without=gone)
    return {"channel": channel.id, "ts": post.ts, "text": post.body["text"], "message": post.body, **extra}


@method("chat.delete", "chat:write")
def delete_message(desk: Desk, args: Args) -> Json:
    """Delete a message of the app."""
    channel, post = _own(desk, args, "cant_delete_message")
    desk.world.remove_post(post)
    return {"channel": channel.id, "ts": post.ts}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(desk: Desk, args: Args) -> Json:
    """Show a message to one person in a channel."""
    channel = target(desk, args.needed("channel", "channel_not_found"))
    user = args.needed("user")
    extra = desk.judge("chat.postEphemeral", check_message(args.values), args.values)
    if user not in channel.members or desk.world.person(user).deleted:
        raise Refusal("user_not_in_channel")
    body = authored(desk, args.values)
    if args.text("thread_ts"):
        body["thread_ts"] = args.text("thread_ts")
    post = desk.world.post(channel, body, only_for=user)
    return {"message_ts": post.ts, **extra}


@method("chat.getPermalink")
def get_permalink(desk: Desk, args: Args) -> Json:
    """Give the address of a message, where the app may know of the channel."""
    channel = known(desk, args)
    post = desk.world.find_post(channel, args.text("message_ts"))
    return {"channel": channel.id, "permalink": desk.world.permalink(channel.id, post.ts)}


@method("chat.scheduleMessage", "chat:write")
def schedule_message(desk: Desk, args: Args) -> Json:
    """Keep a message for later; one with metadata never comes, as with Slack."""
    channel = target(desk, args.needed("channel", "channel_not_found"))
    post_at = args.number("post_at", 0)
    now = desk.world.now_seconds()
    if post_at <= now:
        raise Refusal("time_in_past")
    if post_at > now + _FARTHEST_SECONDS:
        raise Refusal("time_too_far")
    extra = desk.judge("chat.scheduleMessage", check_message(args.values), args.values)
    message = authored(desk, args.values)
    scheduled = Scheduled(id=desk.world.new_id("Q"), post_at=post_at, channel=channel.id, message=message)
    desk.scheduled.append(scheduled)
    return {
        "channel": channel.id,
        "scheduled_message_id": scheduled.id,
        "post_at": post_at,
        "message": message,
        **extra,
    }


@method("chat.deleteScheduledMessage", "chat:write")
def delete_scheduled(desk: Desk, args: Args) -> Json:
    """Forget a message for later."""
    wanted = args.text("scheduled_message_id")
    for scheduled in desk.scheduled:
        if scheduled.id == wanted and scheduled.channel == args.text("channel"):
            desk.scheduled.remove(scheduled)
            return {}
    raise Refusal("invalid_scheduled_message_id")


def send_due(desk: Desk) -> int:
    """Send the scheduled messages whose time has come on the business clock.

    Returns:
        How many were sent.
    """
    now = desk.world.now_seconds()
    with desk.world.lock:
        due = [one for one in desk.scheduled if one.post_at <= now and "metadata" not in one.message]
        for scheduled in sorted(due, key=lambda one: one.post_at):
            desk.scheduled.remove(scheduled)
            desk.world.post(desk.world.channels[scheduled.channel], scheduled.message)
    return len(due)


@method("reactions.add", "reactions:write")
def add_reaction(desk: Desk, args: Args) -> Json:
    """Put a reaction on a message."""
    channel = desk.world.channel(args.text("channel"))
    name = args.needed("name", "no_reaction").strip(":")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise Refusal("invalid_name")
    post = desk.world.find_post(channel, args.text("timestamp"))
    bot = desk.settings.bot_user
    reactions = [dict(one) for one in post.body.get("reactions", [])]
    mine = next((one for one in reactions if one["name"] == name), None)
    if mine is None:
        reactions.append({"name": name, "users": [bot], "count": 1})
    elif bot in mine["users"]:
        raise Refusal("already_reacted")
    else:
        mine.update(users=[*mine["users"], bot], count=mine["count"] + 1)
    desk.world.change_post(post, {"reactions": reactions})
    return {}


@method("blocks.validate")
def validate(desk: Desk, args: Args) -> Json:
    """Judge blocks, a message or a view without sending them."""
    view, message = args.get("view"), args.get("message")
    if isinstance(view, Mapping):
        surface = "home" if view.get("type") == "home" else "modal"
        verdict = check_view(view, surface)
    else:
        content = message if isinstance(message, Mapping) else {"blocks": args.get("blocks"), "text": "."}
        verdict = check_message(content)
    return desk.judge("blocks.validate", verdict, args.values)
