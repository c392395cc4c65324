"""Owns the Web API's methods for modals and the Home tab: ``views.*``."""

from bot.sandbox.arguments import Args
from bot.sandbox.checks import check_view
from bot.sandbox.desk import Desk, method
from bot.sandbox.stacks import OpenView
from bot.sandbox.things import Json, Refusal


def _judged(desk: Desk, args: Args, name: str, surface: str) -> Json:
    view = args.get("view")
    desk.judge(name, check_view(view, surface), view)
    return dict(view)


def _answer(opened: OpenView) -> Json:
    return {"view": {**opened.body, "state": {"values": opened.values}}}


@method("views.open")
def open_view(desk: Desk, args: Args) -> Json:
    """Open a modal for who caused the trigger."""
    view = _judged(desk, args, "views.open", "modal")
    return _answer(desk.stacks.open(desk.stacks.use_trigger(args.text("trigger_id")), view))


@method("views.push")
def push_view(desk: Desk, args: Args) -> Json:
    """Lay a modal on the open one."""
    view = _judged(desk, args, "views.push", "modal")
    return _answer(desk.stacks.push(desk.stacks.use_trigger(args.text("trigger_id")), view))


@method("views.update")
def update_view(desk: Desk, args: Args) -> Json:
    """Change an open modal."""
    view = _judged(desk, args, "views.update", "modal")
    if not args.text("view_id") and not args.text("external_id"):
        raise Refusal("invalid_arguments")
    opened = desk.stacks.find(args.text("view_id"), args.text("external_id"))
    if opened.body["type"] != "modal":
        raise Refusal("not_found")
    return _answer(desk.stacks.update(opened, view, args.text("hash") or None))


@method("views.publish")
def publish_view(desk: Desk, args: Args) -> Json:
    """Publish a person's Home."""
    view = _judged(desk, args, "views.publish", "home")
    member = desk.world.members.get(args.text("user_id"))
    if member is None or member.is_bot or member.deleted:
        raise Refusal(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] no such user [json-pointer:/user_id]"]}
        )
    return _answer(desk.stacks.publish(member.id, view, args.text("hash") or None))
