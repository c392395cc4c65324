"""Slack's own client and nothing else: posts the notices of the benchmark as fast as it can, from a few threads.

Run as ``python -m bench.bare_poster URL TOKEN PART PARTS COUNT CHANNELS``; it begins when a line comes on standard input.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from slack_sdk import WebClient

from bench.throughput_notices import THREADS, channel_of, plain_notice


def main(url: str, token: str, part: int, parts: int, count: int, channels: int) -> None:
    """Post this process's part of the notices."""
    client = WebClient(token=token, base_url=url)

    def post(number: int) -> None:
        text, blocks = plain_notice(number)
        metadata = {"event_type": "closeloop", "event_payload": {"key": f"bare{number}"}}
        client.chat_postMessage(
            channel=channel_of(number, channels),
            text=text,
            blocks=blocks,
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
        )

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(post, range(part, count, parts)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *(int(one) for one in sys.argv[3:7]))
