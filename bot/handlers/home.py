"""Owns the App Home: published when it is opened, and again after whatever its member did there."""

from bot.handlers.boundary import Kit
from bot.handlers.calls import Call, Reply
from bot.i18n import Translator
from bot.services import dead_letters, pool_list, registrations, rekeying, reports, rulings, teams
from bot.services.desk import Actor
from bot.services.pool_list import PoolFilter
from bot.views import dead_letters as dead_letter_views
from bot.views import home, pool_forms
from bot.views.ids import Action


def opened(call: Call) -> Reply:
    """Publish the Home of one who opened it."""
    if call.event.get("tab", "home") == "home":
        call.by  # noqa: B018 - one who is not known yet is remembered, and their profile read before the Home is made
        call.afterwards(lambda: changed(call))
    return None


def changed(call: Call) -> None:
    """Publish the Home anew after its member did something; calls Slack, so only after the ack."""
    republish(call.kit, call.by)


def refresh(_call: Call) -> Reply:
    """Answer the refresh button: publishing follows every action in the Home by itself."""
    return None


def republish(kit: Kit, by: Actor) -> None:
    """Make a member's Home from the present state and publish it; calls Slack, so only after the ack."""
    if by.slack_user_id is None:
        return
    may_set_up = by.is_admin or bool(by.managed_team_ids)
    t = Translator(by.locale, by.zone)
    letters, count = dead_letters.listed(kit.desk, by=by)
    view = home.view(
        t,
        reports.day(kit.desk, by=by),
        kit.desk.now(),
        has_team=teams.has_team(kit.desk, by=by),
        may_set_up=may_set_up,
        is_outside=by.team_id is None and not may_set_up,
        undelivered=dead_letter_views.part(t, letters, count),
        has_old_keys=rekeying.is_due(kit.desk, by=by),
        pool=pool_list.listing(kit.desk, PoolFilter(), by=by, most=pool_forms.HOME_ROWS),
        cases=(*rulings.waiting(kit.desk, by=by), *registrations.waiting(kit.desk, by=by)),
    )
    kit.gateway.publish_home(by.slack_user_id, view)


def register(kit: Kit) -> None:
    """Take the event and the button of the Home, and follow every change made from it."""
    kit.event("app_home_opened", opened)
    kit.action(Action.HOME_REFRESH, refresh)
    kit.on_change(changed)
