"""Owns the scopes that the app asks a workspace for; the manifests ask for the same."""

BOT_SCOPES = frozenset(
    {
        "channels:history",  # messages of an opportunity's thread join its history; and after a crash, as im:history
        "channels:read",  # a team's channel: its name, and whether the bot is in it
        "chat:write",  # cards, digests and direct messages
        "commands",  # slash commands and shortcuts
        "groups:history",  # as channels:history, in private channels
        "groups:read",  # as channels:read, for private channels
        "im:history",  # after a crash: whether a direct message had arrived, so that nobody gets it twice
        "im:write",  # opens the direct channel with a member
        "users:read",  # a member's name, zone and language
        "users:read.email",  # a member who came with an import is recognised by mail address
    }
)
