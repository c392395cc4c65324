"""The tree of errors: what a member is told, what the outbox decides, what stops the program."""

import pytest

from bot import errors
from bot.errors import InvalidInput, RateLimited, Rejected, Text, UserError


def test_a_user_error_carries_its_key_and_values() -> None:
    error = errors.NotAllowed("error.not_yours", owner="Ada")
    assert (error.key, error.params, str(error)) == ("error.not_yours", {"owner": "Ada"}, "error.not_yours")


def test_texts_are_values() -> None:
    assert Text("a", x=1) == Text("a", x=1)
    assert len({Text("a", x=1), Text("a", x=1), Text("a", x=2)}) == 2
    assert Text("a") != "a"
    assert repr(Text("a", x=1)) == "Text('a', {'x': 1})"


def test_invalid_input_speaks_for_its_first_field() -> None:
    error = InvalidInput({"amount": Text("error.amount"), "need": Text("error.required")})
    assert error.key == "error.amount"
    assert set(error.fields) == {"amount", "need"}
    assert InvalidInput({}).key == "error.invalid"


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("InvalidInput", "UserError"),
        ("NotAllowed", "UserError"),
        ("NotFound", "UserError"),
        ("LeadAlreadyClaimed", "Conflict"),
        ("StaleRecord", "Conflict"),
        ("CustomerProtected", "Conflict"),
        ("Conflict", "UserError"),
        ("LossReasonRequired", "RuleBroken"),
        ("NextStepRequired", "RuleBroken"),
        ("ExitCriteriaUnmet", "RuleBroken"),
        ("RuleBroken", "UserError"),
        ("RateLimited", "GatewayError"),
        ("Unavailable", "GatewayError"),
        ("Rejected", "GatewayError"),
        ("UserError", "BotError"),
        ("GatewayError", "BotError"),
        ("ConfigError", "BotError"),
    ],
)
def test_the_tree_is_that_of_the_design(child: str, parent: str) -> None:
    assert issubclass(getattr(errors, child), getattr(errors, parent))


def test_what_the_outbox_decides_is_never_shown_to_a_member() -> None:
    assert not issubclass(errors.GatewayError, UserError)
    assert RateLimited(2.5).retry_after_seconds == 2.5
    assert Rejected("channel_not_found").code == "channel_not_found"
