"""Owns the Web API's methods for who is there: ``auth.test``, ``users.*``, ``team.info`` and the like."""

import secrets
from zoneinfo import ZoneInfo

from bot.sandbox.arguments import Args
from bot.sandbox.desk import Desk, method
from bot.sandbox.things import Json, Member, Refusal


@method("api.test", caller="none")
def api_test(_desk: Desk, args: Args) -> Json:
    """Say that the Web API is there."""
    if args.text("error"):
        raise Refusal(args.text("error"))
    return {"args": dict(args.values)}


@method("auth.test")
def auth_test(desk: Desk, _args: Args) -> Json:
    """Say whose token it is."""
    settings = desk.settings
    return {
        "url": f"{desk.world.base}/",
        "team": settings.team_name,
        "user": settings.app_name.lower(),
        "team_id": settings.team_id,
        "user_id": settings.bot_user,
        "bot_id": settings.bot_id,
        "app_id": settings.app_id,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", caller="app")
def open_connection(desk: Desk, _args: Args) -> Json:
    """Give an address for Socket Mode that serves once."""
    ticket = secrets.token_hex(16)
    desk.tickets.add(ticket)
    return {"url": f"ws://{desk.world.base.removeprefix('http://')}/link?ticket={ticket}&app_id={desk.settings.app_id}"}


def user_object(desk: Desk, member: Member, *, locale: bool = False) -> Json:
    """Give a person as Slack states them."""
    offset = ZoneInfo(member.zone).utcoffset(desk.world.clock.now())
    profile: Json = {
        "title": member.title,
        "real_name": member.real_name,
        "real_name_normalized": member.real_name,
        "display_name": member.name,
        "display_name_normalized": member.name,
        "team": desk.settings.team_id,
    }
    if member.email and "users:read.email" in desk.scopes:
        profile["email"] = member.email
    user: Json = {
        "id": member.id,
        "team_id": desk.settings.team_id,
        "name": member.name,
        "real_name": member.real_name,
        "deleted": member.deleted,
        "color": member.color.removeprefix("#"),
        "tz": member.zone,
        "tz_label": member.zone,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": profile,
        "is_admin": member.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": member.is_guest,
        "is_ultra_restricted": False,
        "is_bot": member.is_bot,
        "is_app_user": False,
        "updated": int(desk.world.now_seconds()),
    }
    if locale:
        user["locale"] = member.locale
    return user


@method("users.info", "users:read")
def users_info(desk: Desk, args: Args) -> Json:
    """Describe a person."""
    member = desk.world.person(args.text("user"))
    return {"user": user_object(desk, member, locale=args.flag("include_locale"))}


@method("users.list", "users:read")
def users_list(desk: Desk, args: Args) -> Json:
    """List everybody."""
    locale = args.flag("include_locale")
    members = [user_object(desk, member, locale=locale) for member in desk.world.members.values()]
    return args.page(members, "members")


@method("users.lookupByEmail", "users:read.email")
def users_lookup(desk: Desk, args: Args) -> Json:
    """Find a person by mail address."""
    wanted = args.needed("email").lower()
    for member in desk.world.members.values():
        if member.email and member.email.lower() == wanted and not member.deleted:
            return {"user": user_object(desk, member)}
    raise Refusal("users_not_found")


@method("users.profile.get", "users.profile:read", "users:read")
def users_profile(desk: Desk, args: Args) -> Json:
    """Give a person's profile."""
    return {"profile": user_object(desk, desk.world.person(args.text("user")))["profile"]}


@method("team.info", "team:read")
def team_info(desk: Desk, _args: Args) -> Json:
    """Describe the workspace."""
    settings = desk.settings
    return {
        "team": {
            "id": settings.team_id,
            "name": settings.team_name,
            "domain": settings.team_domain,
            "url": f"{desk.world.base}/",
            "email_domain": "",
        }
    }


@method("bots.info", "users:read")
def bots_info(desk: Desk, args: Args) -> Json:
    """Describe the app's bot."""
    settings = desk.settings
    if args.text("bot") not in {"", settings.bot_id}:
        raise Refusal("bot_not_found")
    return {
        "bot": {
            "id": settings.bot_id,
            "app_id": settings.app_id,
            "user_id": settings.bot_user,
            "name": settings.app_name,
            "deleted": False,
        }
    }
