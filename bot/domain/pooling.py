"""Owns when a team's pool opens to the other teams, and the stage that an opportunity has after it moved to one."""

from datetime import date, datetime, timedelta

from bot.domain import calendar
from bot.domain.calendar import WorkCalendar
from bot.domain.playbook import Playbook, Stage


def opened_before(worktime: WorkCalendar, now: datetime, to_all_days: int | None) -> datetime | None:
    """Return the moment before which a team's opportunity must have come into the pool to be open to all by now.

    Args:
        worktime: The team's working hours.
        now: Aware.
        to_all_days: Working days that the team's own reps have; see ``Pool``.

    Returns:
        Aware, in UTC; None where the team's pool never opens.
    """
    if to_all_days is None:
        return None
    if to_all_days == 0:
        return now + timedelta(days=1)
    today = calendar.local_day(worktime, now)
    is_begun = calendar.is_workday(worktime, today) and now >= calendar.start_of_day(worktime, today)
    last = today if is_begun else calendar.previous_workday(worktime, today)
    newest = calendar.add_days(worktime, calendar.start_of_day(worktime, last), -to_all_days)
    # What came on a day off counts with the workday before it.
    after = calendar.next_workday(worktime, calendar.local_day(worktime, newest))
    return calendar.at_local(worktime.zone, after, 0)


def opens_on(worktime: WorkCalendar, pooled_at: datetime, to_all_days: int | None) -> date | None:
    """Return the team's local day at whose opening all may claim; None where they never may."""
    if to_all_days is None:
        return None
    return calendar.local_day(worktime, calendar.add_days(worktime, pooled_at, to_all_days))


def stage_in(playbook: Playbook, former: Stage) -> Stage:
    """Return the stage of another team's playbook for an opportunity: of the same key, else the first of its kind."""
    stages = playbook.open_stages
    same = next((stage for stage in stages if stage.key == former.key), None)
    of_kind = next((stage for stage in stages if stage.kind is former.kind), None)
    return same or of_kind or playbook.first_stage
