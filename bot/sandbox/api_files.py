"""Owns the Web API's methods for files: announce, upload, share."""

from bot.sandbox.api_chat import authored, check_thread, target
from bot.sandbox.arguments import Args
from bot.sandbox.desk import Desk, method
from bot.sandbox.things import Json, Refusal, StoredFile


@method("files.getUploadURLExternal", "files:write")
def get_upload_url(desk: Desk, args: Args) -> Json:
    """Give an address to which the bytes of a file are posted."""
    name, length = args.needed("filename"), args.number("length", 0)
    if length <= 0:
        raise Refusal("invalid_arguments")
    stored = desk.world.announce_file(name, length, desk.settings.bot_user)
    return {"upload_url": f"{desk.world.base}/upload/{stored.id}", "file_id": stored.id}


def receive_upload(desk: Desk, file_id: str, data: bytes) -> str | None:
    """Take the bytes of an announced file.

    Returns:
        What is wrong, or None.
    """
    stored = desk.world.files.get(file_id)
    if stored is None or stored.data is not None:
        return "no such upload"
    if len(data) != stored.length:
        return f"{stored.length} bytes were announced and {len(data)} came"
    stored.data = data
    return None


def _uploaded(desk: Desk, entry: object) -> StoredFile:
    ident = entry.get("id") if isinstance(entry, dict) else None
    stored = desk.world.files.get(ident or "")
    if not isinstance(entry, dict) or stored is None or stored.data is None:
        raise Refusal("file_not_found")
    stored.title = entry.get("title") or stored.title
    return stored


@method("files.completeUploadExternal", "files:write")
def complete_upload(desk: Desk, args: Args) -> Json:
    """Share uploaded files in channels, or keep them to the app."""
    entries = args.get("files")
    if not isinstance(entries, list) or not entries:
        raise Refusal("invalid_arguments")
    stored = [_uploaded(desk, entry) for entry in entries]
    wanted = args.text("channels") or args.text("channel_id")
    channels = [target(desk, name.strip()) for name in wanted.split(",") if name.strip()]
    thread_ts = args.text("thread_ts")
    for channel in channels:
        if thread_ts:
            check_thread(channel, thread_ts)
        body = authored(desk, {"text": args.text("initial_comment"), "blocks": args.get("blocks")})
        body["files"] = [desk.world.file_object(one) for one in stored]
        body["subtype"] = "file_share"
        if thread_ts:
            body["thread_ts"] = thread_ts
        desk.world.post(channel, body)
        for one in stored:
            one.shared = True
    return {"files": [desk.world.file_object(one) for one in stored]}


@method("files.info", "files:read")
def file_info(desk: Desk, args: Args) -> Json:
    """Describe a file."""
    stored = desk.world.files.get(args.text("file"))
    if stored is None or stored.data is None:
        raise Refusal("file_not_found")
    return {"file": desk.world.file_object(stored)}
