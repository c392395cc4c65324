"""Owns what the running program counts of itself, in the form that Prometheus reads."""

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

REGISTRY = CollectorRegistry()

SLACK_CALLS = Counter(
    "closeloop_slack_calls", "Calls to Slack's Web API by what came of them.", ["method", "code"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "closeloop_request_seconds",
    "From Slack's request to the ack, by kind of request and HTTP status.",
    ["kind", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 10.0),
    registry=REGISTRY,
)
TICKS = Counter(
    "closeloop_ticks", "Ticks of the clock by what was done and how it ended.", ["tick", "end"], registry=REGISTRY
)
PUT_OFF = Counter(
    "closeloop_put_off", "Opportunities that the clock could not handle and put off for an hour.", registry=REGISTRY
)
MESSAGES = Counter(
    "closeloop_messages", "Tries to send a promised message by what came of them.", ["outcome"], registry=REGISTRY
)


def exposed(*more: Collector) -> bytes:
    """Return everything counted so far as Prometheus' text.

    Args:
        more: Figures that are looked up when asked for.
    """
    if not more:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    for one in more:
        registry.register(one)
    return generate_latest(REGISTRY) + generate_latest(registry)
