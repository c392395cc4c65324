"""Owns the tree of errors: what a member may be told, what the outbox decides, what stops the program.

    BotError
    ├─ UserError(key, **params)   translated and shown, logged at INFO
    │  ├─ InvalidInput(fields)  ├─ NotAllowed  ├─ NotFound
    │  ├─ Conflict (LeadAlreadyClaimed, StaleRecord, CustomerProtected)
    │  └─ RuleBroken (LossReasonRequired, NextStepRequired, ExitCriteriaUnmet)
    ├─ GatewayError               the outbox decides
    │  ├─ RateLimited(retry_after_seconds)  ├─ Unavailable (Blocked: an admin mends it)  └─ Rejected (kept aside, admin told)
    └─ ConfigError                one line, the fix, exit 2

Anything else is a defect: the member sees a short id, the log has the trace under it.
"""

from collections.abc import Mapping
from typing import Any


class BotError(Exception):
    """Root of everything that this program raises on purpose."""


class UserError(BotError):
    """A sentence for the member.

    Args:
        key: Key of the catalogue, such as ``lead.capture.taken``.
        params: Values for the placeholders of that text.
    """

    def __init__(self, key: str, **params: Any) -> None:
        super().__init__(key)
        self.key = key
        self.params = params


class Text:
    """A catalogue key with its values, to be translated at the edge.

    Args:
        key: Key of the catalogue.
        params: Values for the placeholders of that text.
    """

    __slots__ = ("key", "params")

    def __init__(self, key: str, **params: Any) -> None:
        self.key = key
        self.params = params

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.key, self.params) == (other.key, other.params)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Text({self.key!r}, {self.params!r})"


class InvalidInput(UserError):  # noqa: N818 - the names of the error tree are the product's vocabulary
    """What was typed cannot be used; each field says what to do.

    Args:
        fields: Field name (such as ``customer``) to the text shown at it.
    """

    def __init__(self, fields: Mapping[str, Text]) -> None:
        first = next(iter(fields.values()), Text("error.invalid"))
        super().__init__(first.key, **first.params)
        self.fields = dict(fields)


class NotAllowed(UserError):  # noqa: N818
    """The member's role does not permit it."""


class NotFound(UserError):  # noqa: N818
    """There is no such thing in this workspace, or not for this member."""


class Conflict(UserError):  # noqa: N818
    """Somebody else was first."""


class LeadAlreadyClaimed(Conflict):
    """The opportunity has an owner, or got one before this could commit."""


class StaleRecord(Conflict):
    """The record changed since the member looked at it."""


class CustomerProtected(Conflict):
    """The customer is owned or protected by somebody else."""


class RuleBroken(UserError):  # noqa: N818
    """A rule of the loop or of the playbook forbids it."""


class LossReasonRequired(RuleBroken):
    """A close without a reason from the team's list."""


class NextStepRequired(RuleBroken):
    """A follow-up on an open opportunity without a next step."""


class ExitCriteriaUnmet(RuleBroken):
    """The stage cannot be left: facts are missing."""


class GatewayError(BotError):
    """Slack did not do what it was asked; the outbox decides what happens next."""


class RateLimited(GatewayError):  # noqa: N818
    """Slack asked for patience.

    Args:
        retry_after_seconds: How long to wait.
    """

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"rate limited for {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class Unavailable(GatewayError):  # noqa: N818
    """Slack did not answer, or answered with a fault of its own: worth another try.

    Args:
        reason: What happened.
        may_be_done: Slack may have done what it was asked, and only its answer got lost.
        is_answered: An answer came; without one Slack may even be at it still.
    """

    def __init__(self, reason: str, *, may_be_done: bool = True, is_answered: bool = True) -> None:
        super().__init__(reason)
        self.may_be_done = may_be_done
        self.is_answered = is_answered


class Blocked(Unavailable):
    """Slack refuses until an admin has mended something: a token, a scope, the app's place in a channel.

    Args:
        code: Slack's error code, such as ``missing_scope``.
        needed: The scope that is missing, such as ``im:history``, where Slack names it.
    """

    def __init__(self, code: str, *, needed: str | None = None) -> None:
        super().__init__(code, may_be_done=False)
        self.code = code
        self.needed = needed


class Rejected(GatewayError):  # noqa: N818
    """Slack refused for good.

    Args:
        code: Slack's error code, such as ``channel_not_found``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ConfigError(BotError):
    """The program cannot start: one line, and how to mend it."""
