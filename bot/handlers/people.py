"""Owns what Slack tells of people: new names, zones, languages, deactivations, and who, the app too, came into a channel."""

from bot.handlers.boundary import Kit
from bot.handlers.calls import Call, Reply
from bot.services import channels, members
from bot.slack.gateway import profile_of

# What ends somebody's work here at once, without another question to Slack.
_GONE = ("deleted", "is_restricted", "is_ultra_restricted")


def register(kit: Kit) -> None:
    """Listen for changes of people."""
    kit.event("user_change", refresh)
    kit.event("team_join", refresh)
    kit.event("member_joined_channel", joined)


def refresh(call: Call) -> Reply:
    """Keep a known member's profile fresh; the event may leave the language out, which Slack is then asked for."""
    user = call.event.get("user")
    if not isinstance(user, dict) or not user.get("id"):
        return None
    workspace_id = members.workspace_id_of(call.desk, call.team_id, enterprise_id=call.enterprise_id)
    if user.get("locale") or any(user.get(name) for name in _GONE):
        members.refresh(call.desk, workspace_id, profile_of(user))
    elif members.resolve(call.desk, call.team_id, str(user["id"]), enterprise_id=call.enterprise_id) is not None:
        call.afterwards(lambda: members.refresh(call.desk, workspace_id, call.gateway.user_profile(str(user["id"]))))
    return None


def joined(call: Call) -> Reply:
    """Send what waited for a channel which the app was let into; Slack tells of a channel only while the app is in it."""
    if call.channel_id:
        workspace_id = members.workspace_id_of(call.desk, call.team_id, enterprise_id=call.enterprise_id)
        channels.let_in(call.desk, workspace_id, call.channel_id)
        call.kit.wake()
    return None
