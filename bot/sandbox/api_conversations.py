"""Owns the Web API's methods for channels: ``conversations.*``."""

from bot.sandbox.arguments import Args
from bot.sandbox.desk import Desk, RateLimited, method
from bot.sandbox.things import Channel, Json, Post, Refusal

_READ = ("channels:read", "groups:read", "im:read")
_MOST, _MOST_OUTSIDE = 999, 15
_HISTORY = ("channels:history", "groups:history", "im:history")


def channel_object(desk: Desk, channel: Channel) -> Json:
    """Give a channel as Slack states it."""
    bot = desk.settings.bot_user
    common: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": False,
        "is_im": channel.is_im,
        "is_mpim": False,
        "is_private": channel.private or channel.is_im,
        "context_team_id": desk.settings.team_id,
    }
    if channel.is_im:
        return {**common, "user": next((user for user in channel.members if user != bot), bot), "is_open": True}
    return {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_general": False,
        "is_member": bot in channel.members,
        "num_members": len(channel.members),
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def known(desk: Desk, args: Args) -> Channel:
    """Find a channel that the app may know of."""
    channel = desk.world.channels.get(args.text("channel"))
    bot = desk.settings.bot_user
    if channel is None or ((channel.private or channel.is_im) and bot not in channel.members):
        raise Refusal("channel_not_found")
    return channel


def _joined(desk: Desk, args: Args) -> Channel:
    """Find a channel that the app is in."""
    channel = known(desk, args)
    if desk.settings.bot_user not in channel.members:
        raise Refusal("not_in_channel")
    return channel


@method("conversations.open", "im:write")
def open_conversation(desk: Desk, args: Args) -> Json:
    """Give the DM of the app with a person."""
    if args.text("channel"):
        return {"channel": channel_object(desk, _joined(desk, args))}
    users = args.get("users")
    names = users if isinstance(users, list) else args.needed("users").split(",")
    if len(names) != 1:
        raise Refusal("too_many_users")
    member = desk.world.person(str(names[0]).strip())
    if member.deleted:
        raise Refusal("user_disabled")
    if member.is_bot:
        raise Refusal("cannot_dm_bot")
    channel = desk.world.app_dm(member.id)
    stated: Json = channel_object(desk, channel) if args.flag("return_im") else {"id": channel.id}
    return {"channel": stated, "already_open": True, "no_op": True}


@method("conversations.info", *_READ)
def info(desk: Desk, args: Args) -> Json:
    """Describe a channel."""
    return {"channel": channel_object(desk, known(desk, args))}


@method("conversations.members", *_READ)
def members(desk: Desk, args: Args) -> Json:
    """List who is in a channel."""
    return args.page(known(desk, args).members, "members")


@method("conversations.list", *_READ)
def list_channels(desk: Desk, args: Args) -> Json:
    """List the channels that the app may know of."""
    types = set(args.text("types", "public_channel").split(","))
    bot = desk.settings.bot_user
    found = []
    for channel in list(desk.world.channels.values()):
        kind = "im" if channel.is_im else "private_channel" if channel.private else "public_channel"
        if kind in types and (kind == "public_channel" or bot in channel.members):
            found.append(channel_object(desk, channel))
    return args.page(found, "channels")


@method("conversations.join", "channels:join")
def join(desk: Desk, args: Args) -> Json:
    """Let the app into a public channel."""
    channel = known(desk, args)
    if channel.private or channel.is_im:
        raise Refusal("method_not_supported_for_channel_type")
    if desk.settings.bot_user not in channel.members:
        channel.members.append(desk.settings.bot_user)
        desk.world.tell(None, {"type": "channels"})
    return {"channel": channel_object(desk, channel)}


def _readable(desk: Desk, args: Args) -> Channel:
    """Find a channel that the app is in and whose messages its scopes let it read: each kind of channel has a scope of its own."""
    channel = _joined(desk, args)
    needed = "im:history" if channel.is_im else "groups:history" if channel.private else "channels:history"
    if needed not in desk.scopes:
        raise Refusal("missing_scope", needed=needed, provided=",".join(sorted(desk.scopes)))
    return channel


def _stated(desk: Desk, post: Post, *, metadata: bool) -> Json:
    body = desk.world.stated(post)
    return body if metadata else {key: value for key, value in body.items() if key != "metadata"}


def _within(args: Args, posts: list[Post]) -> list[Post]:
    oldest, latest = args.text("oldest", "0"), args.text("latest") or "9"
    inclusive = args.flag("inclusive")
    return [post for post in posts if oldest < post.ts < latest or (inclusive and post.ts in {oldest, latest})]


@method("conversations.history", *_HISTORY)
def history(desk: Desk, args: Args) -> Json:
    """Give the messages of a channel, newest first, threads apart."""
    channel = _readable(desk, args)
    wait = desk.history_rate.take("")
    if wait:
        raise RateLimited(wait)
    most = _MOST if desk.settings.history_per_minute is None else _MOST_OUTSIDE
    posts = [post for post in channel.posts.values() if post.only_for is None and not post.body.get("thread_ts")]
    metadata = args.flag("include_all_metadata")
    messages = [_stated(desk, post, metadata=metadata) for post in reversed(_within(args, posts))]
    answer = args.page(messages, "messages", most)
    return {**answer, "has_more": bool(answer["response_metadata"]["next_cursor"]), "pin_count": 0}


@method("conversations.replies", *_HISTORY)
def replies(desk: Desk, args: Args) -> Json:
    """Give a thread, oldest first, with its first message."""
    channel = _readable(desk, args)
    parent = channel.posts.get(args.text("ts"))
    if parent is None or parent.only_for is not None:
        raise Refusal("thread_not_found")
    metadata = args.flag("include_all_metadata")
    posts = _within(args, desk.world.replies(channel, parent.ts))
    answer = args.page([_stated(desk, post, metadata=metadata) for post in [parent, *posts]], "messages")
    return {**answer, "has_more": bool(answer["response_metadata"]["next_cursor"])}
