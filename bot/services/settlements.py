"""Owns the settling of collisions that nobody asked a ruling for: a manager says whose the customer is, for all that is open there."""

from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.events import RulingMade
from bot.domain.rulings import Verdict
from bot.errors import InvalidInput, RuleBroken, Text
from bot.models import Customer, Member, Opportunity, Registration, Ruling, Team
from bot.services import (
    collisions,
    customers,
    disputes,
    registration_rows,
    ruling_rows,
    second_owners,
    verdicts,
)
from bot.services.desk import Actor, Desk
from bot.services.forms import worded
from bot.services.judges import check_judge
from bot.services.members import actor_of, ref
from bot.services.recording import Recorder, ground_of, load
from bot.services.rulings import SENTENCE_MOST
from bot.services.values import MemberRef

SHARE = "share"


@dataclass(frozen=True, slots=True)
class Side:
    """One who has the customer: ``needs`` of what they have open there, in ``team``; none where they registered it.

    ``may_have_all`` says whether the reader may give them the rest.
    """

    member: MemberRef
    team: str
    needs: tuple[str, ...]
    may_have_all: bool


@dataclass(frozen=True, slots=True)
class Standoff:
    """A collision as the one who settles it sees it, the opportunity's own owner first.

    ``ruling_id`` is an open request, which is to be ruled on instead; without ``sides`` nobody collides any more.
    """

    opportunity_id: int
    customer: str
    sides: tuple[Side, ...]
    may_share: bool
    ruling_id: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What was decided: ``owner`` has it all, or all share it where that is None; ``names`` are of all sides."""

    customer: str
    owner: str | None
    names: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class _Party:
    """One side with its rows: what they have open there, or the registration that protects the customer for them."""

    member: Member
    rows: list[Opportunity]
    registration: Registration | None = None

    def team_ids(self) -> set[int]:
        """Return whose teams' matter it is."""
        return {row.team_id for row in self.rows} | ({self.registration.team_id} if self.registration else set())


def look(desk: Desk, opportunity_id: int, *, by: Actor) -> Standoff:
    """Return a collision to the manager who is about to settle it.

    Raises:
        NotFound: There is no such opportunity.
        NotAllowed: They do not manage its team, or are a side of it while somebody else can decide.
        RuleBroken: It is closed.
    """
    with desk.reading(by) as session:
        opportunity = load(session, opportunity_id)
        parties = _parties(session, opportunity, desk)
        _check(session, opportunity, parties, by)
        customer = session.get_one(Customer, opportunity.customer_id).name
        asked = select(Ruling.id).where(Ruling.opportunity_id == opportunity.id, Ruling.state == "open")
        ruling_id = session.scalar(asked.order_by(Ruling.id).limit(1))
        sides = tuple(_side(session, party, parties, by) for party in parties)
        return Standoff(opportunity.id, customer, sides, _may_share(parties, by), ruling_id)


def drop(desk: Desk, opportunity_id: int, *, by: Actor) -> None:
    """Take the mark off an opportunity beside which nobody works any more, such as after a registration ran out."""
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id, lock=True)
        recorder = Recorder(desk, session, by)
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        second_owners.settle(recorder, opportunity, ground)
        recorder.card(opportunity, ground.team)


def settle(desk: Desk, opportunity_id: int, to: str | None, sentence: str | None, *, by: Actor) -> Settled:
    """Give all that the sides have open at the customer to one of them, or let them share it; all are told with the sentence.

    Args:
        desk: The record and the clock.
        opportunity_id: The opportunity whose collision it is.
        to: Our number of the side that gets it all, such as ``"7"``, or ``share``.
        sentence: Why; it is a precedent of the next ruling.
        by: Who manages the teams from which something goes.

    Raises:
        InvalidInput: No sentence, or it cannot go there, with what to do at the field ``to``.
        NotAllowed: They do not manage its team, or are a side of it while somebody else can decide.
        RuleBroken: It is closed, or nobody collides any more.
    """
    sentence = worded("sentence", sentence, SENTENCE_MOST)
    try:
        return _settled(desk, opportunity_id, to, sentence, by)
    except customers.CustomerMoved:
        # It was merged between our look and our hold: now we see into which.
        return _settled(desk, opportunity_id, to, sentence, by)


def _settled(desk: Desk, opportunity_id: int, to: str | None, sentence: str, by: Actor) -> Settled:
    with desk.transaction(by) as session:
        # The customer before its opportunities, as in a claim.
        customer = customers.held(session, load(session, opportunity_id).customer_id)
        second_owners.hold_all(session, customer.id)
        opportunity = load(session, opportunity_id, lock=True)
        parties = _parties(session, opportunity, desk)
        _check(session, opportunity, parties, by)
        if not parties:
            raise RuleBroken("ruling.settled_already", customer=customer.name)
        recorder = Recorder(desk, session, by)
        chosen = next((one for one in parties if str(one.member.id) == to), None)
        if chosen is not None and _may_have_all(chosen, parties, by):
            told = _give_all(recorder, customer, parties, chosen, sentence)
        elif to == SHARE and _may_share(parties, by):
            told = _share(recorder, parties, sentence)
        else:
            raise InvalidInput({"to": Text("ruling.not_to_them" if to else "error.required")})
        _tell(recorder, parties, told)
        second_owners.settle_customer(recorder, customer.id)
        names = tuple(one.member.name for one in parties)
        return Settled(customer.name, chosen.member.name if chosen else None, names, sentence)


def _parties(session: Session, opportunity: Opportunity, desk: Desk) -> list[_Party]:
    """Return the sides, the opportunity's owner first, each with all that they have open about the same matter."""
    now = desk.now()
    others = second_owners.others_of(session, opportunity, now)
    if not others or opportunity.owner_id is None:
        return []
    ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
    statement = select(Opportunity).where(
        Opportunity.customer_id == opportunity.customer_id, Opportunity.closed_at.is_(None)
    )
    rows = [
        row
        for row in session.scalars(statement.order_by(Opportunity.id))
        if second_owners.is_same_matter(opportunity, row, ground)
    ]
    registration = collisions.registration_of(session, session.get_one(Customer, opportunity.customer_id), now)
    found = []
    for member_id in dict.fromkeys((opportunity.owner_id, *(one.member_id for one in others))):
        own = [row for row in rows if row.owner_id == member_id]
        theirs = registration if registration is not None and registration.asked_by_id == member_id else None
        found.append(_Party(session.get_one(Member, member_id), own, theirs))
    return found


def _check(session: Session, opportunity: Opportunity, parties: list[_Party], by: Actor) -> None:
    check_judge(session, session.get_one(Team, opportunity.team_id), by, {one.member.id for one in parties})
    if opportunity.closed_at is not None:
        raise RuleBroken("error.closed")


def _side(session: Session, party: _Party, parties: list[_Party], by: Actor) -> Side:
    team_id = party.rows[0].team_id if party.rows else party.registration.team_id if party.registration else 0
    team = session.get(Team, team_id)
    needs = tuple(row.need for row in party.rows)
    return Side(ref(party.member), team.name if team else "–", needs, _may_have_all(party, parties, by))


def _may_have_all(party: _Party, parties: list[_Party], by: Actor) -> bool:
    """Say whether the reader decides for all that would go to one of the sides."""
    given = {team_id for one in parties if one is not party for team_id in one.team_ids()}
    return verdicts.can_own(party.member) and all(by.manages(team_id) for team_id in given)


def _may_share(parties: list[_Party], by: Actor) -> bool:
    return all(by.manages(team_id) for one in parties for team_id in one.team_ids())


def _give_all(
    recorder: Recorder, customer: Customer, parties: list[_Party], chosen: _Party, sentence: str
) -> dict[int, int]:
    told: dict[int, int] = {}
    for party in parties:
        if party is chosen:
            continue
        number = _ruled(recorder, party, chosen.member, Verdict.GIVE, sentence)
        told |= {party.member.id: number, chosen.member.id: number}
        made = RulingMade(Verdict.GIVE.value, sentence, chosen.member.id, chosen.member.name, party.member.name)
        verdicts.give_all(recorder, party.rows, chosen.member, made)
        if party.registration is not None:
            customer.protected_by_id = customer.protected_until = None
            registration_rows.end(recorder, party.registration, "revoked", sentence)
    for row in chosen.rows:
        made = RulingMade(Verdict.KEEP.value, sentence, chosen.member.id, chosen.member.name, chosen.member.name)
        recorder.event(row, made)
    for party in parties:
        for row in party.rows:
            registration_rows.use_up(recorder, customer, row)
    return told


def _share(recorder: Recorder, parties: list[_Party], sentence: str) -> dict[int, int]:
    told: dict[int, int] = {}
    for first, second in combinations(parties, 2):
        number = _ruled(recorder, first, second.member, Verdict.SHARE, sentence)
        told |= {first.member.id: number, second.member.id: number}
        made = RulingMade(Verdict.SHARE.value, sentence, second.member.id, second.member.name, first.member.name)
        for row in (*first.rows, *second.rows):
            recorder.event(row, made)
    return told


def _ruled(recorder: Recorder, party: _Party, other: Member, verdict: Verdict, sentence: str) -> int:
    """Write a ruling about what one side has, as if the other one had asked for it: the precedent, and what holds from now on."""
    session, registration = recorder.session, party.registration
    if party.rows or registration is None:
        subject = disputes.of_opportunity(session, party.rows[0])
    else:
        subject = disputes.of_registration(session, registration)
    return recorder.insert(
        Ruling,
        opportunity_id=party.rows[0].id if party.rows else None,
        registration_id=registration.id if registration is not None and not party.rows else None,
        customer_id=subject.customer.id,
        asked_by_id=other.id,
        asked_at=recorder.now,
        plea="",
        evidence=disputes.evidence(session, subject, actor_of(session, other), None).to_json(),
        state="ruled",
        verdict=verdict.value,
        sentence=sentence,
        ruled_by_id=recorder.by.member_id,
        ruled_at=recorder.now,
    )


def _tell(recorder: Recorder, parties: list[_Party], told: dict[int, int]) -> None:
    """Tell each side once, by the ruling that is about them."""
    for member_id, number in told.items():
        if member_id != recorder.by.member_id:
            ruling = ruling_rows.found(recorder.session, number)
            payload = {"ruling_id": number, "opportunity_id": ruling.opportunity_id}
            recorder.promise("ruled", f"member:{member_id}", payload, key=f"ruled:{number}:{member_id}")
    for party in parties:
        for row in party.rows:
            recorder.card(row, recorder.session.get_one(Team, row.team_id))
