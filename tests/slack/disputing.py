"""What tests of collisions, rulings and registrations do in Slack: be stopped, ask, rule, register, approve."""

from tests.slack.conftest import MANAGER, OUTSIDER, REP2, World, words


def refused(world: World, user: str, customer: str = "Acme Ltd", **more: object) -> str:
    """Try to capture a customer that somebody else has; returns what is read then."""
    world.sandbox.command(user, "/lead")
    world.settle()
    answer = world.sandbox.submit(user, {"customer": customer, "need": "Thirty seats in May", **more})
    assert answer.ok, (answer.error, answer.errors)
    world.settle()
    return words(world.sandbox.view(user))


def press(world: World, user: str, action_id: str) -> None:
    """Press a button in the open modal."""
    world.sandbox.click_view(user, action_id)
    world.settle()


def press_in_dm(world: World, user: str, action_id: str) -> None:
    """Press a button in the latest message of the app that has it; one that waits for their working hours is waited for."""
    world.open_for(user)
    channel = world.sandbox.dm(user)
    message = next(one for one in reversed(world.sandbox.messages(channel)) if action_id in str(one.get("blocks")))
    world.sandbox.click(user, channel, message["ts"], action_id)
    world.settle()


def everything_told(world: World, user: str) -> str:
    """Return all that the app told a person in messages of their own, once their working hours have begun."""
    world.open_for(user)
    return words(world.sandbox.messages(world.sandbox.dm(user)))


def asked(
    world: World, user: str = OUTSIDER, plea: str = "I met their CTO in January", customer: str = "Acme Ltd"
) -> None:
    """Be stopped, and ask for a ruling."""
    refused(world, user, customer)
    press(world, user, "collision.ask_open")
    answer = world.sandbox.submit(user, {"plea": plea})
    assert answer.ok, answer.errors
    world.settle()


def ruled(world: World, verdict: str, sentence: str, judge: str = MANAGER) -> None:
    """Rule with one click and one sentence."""
    press_in_dm(world, judge, f"ruling.{verdict}")
    answer = world.sandbox.submit(judge, {"sentence": sentence})
    assert answer.ok, answer.errors
    world.settle()


def registered(
    world: World, user: str = REP2, text: str = "报备 珠海海风机器人有限公司，展会见过技术总监 &lt;!channel&gt; 👍"
) -> None:
    """Ask to register a customer, with the command and the form."""
    world.sandbox.command(user, "/lead", text)
    world.settle()
    answer = world.sandbox.submit(user, {})
    assert answer.ok, (answer.error, answer.errors)
    world.settle()
    world.sandbox.close(user, clear=True)


def approved(world: World, user: str = REP2, customer: str = "珠海海风机器人有限公司") -> None:
    """Register a customer and have the manager approve it with one click."""
    registered(world, user, f"register {customer}, met their CTO")
    press_in_dm(world, MANAGER, "registration.approve")
