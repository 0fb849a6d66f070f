"""Rates and bounds per session (10-transport, Rate limits)."""
from comm_conformance import wire
from comm_conformance.registry import case


@case("under-limit-untouched", "REQ-011 REQ-012")
def _(t):
    """A thousand Pings at once are all answered by Pong, in order, and what comes after them has its effect."""
    peer = t.dial()
    numbers = [peer.request("ping") for _ in range(1000)]
    t.wait(lambda: all(n in peer.answers for n in numbers), "1,000 answers")
    t.check(all(peer.answers[n][0] == "pong" for n in numbers), "some were limited")
    got = [n for way, kind, _, n in peer.log if way == "<" and kind == "pong"]
    t.check(got == sorted(got), "answers out of order")
    t.check(t.is_held(peer, t.control(peer)), "a message after them is not held")


@case("over-limit-answered-and-recovers", "REQ-011 PKT-009", negative=True, optional=True, fresh=True)
def _(t):
    """Above the burst of 4,096 requests get Error{rate_limited}, of this session alone; the link lives, and a second
    later all is well."""
    t.start()
    other, flood = t.dial(), t.dial()
    t.control(flood)
    numbers = t.pings(flood, 4400)
    errors = [flood.answers[n][1]["code"] for n in numbers if flood.answers[n][0] == "error"]
    t.check(errors and set(errors) == {wire.RATE_LIMITED}, f"{len(errors)} errors {set(errors)}")
    t.control(other)
    t.tick(2_000)
    t.control(flood)


@case("collects-limited-per-session", "REQ-013", negative=True, optional=True, fresh=True)
def _(t):
    """Above 64 at once Collect gets Error{rate_limited}; another session is not touched."""
    from comm_conformance.session import sign_collect
    t.start()
    peer, other = t.dial(), t.dial()
    t.control(peer)
    numbers = [peer.request("collect", sign_collect(t.rnd(f"box {i}"), peer.transcript)) for i in range(70)]
    t.wait(lambda: all(n in peer.answers for n in numbers), "70 answers")
    limited = [peer.answers[n] for n in numbers if peer.answers[n][0] == "error"]
    t.check(limited and limited[0][1]["code"] == wire.RATE_LIMITED, f"{len(limited)} limited")
    t.check(t.collect(other, t.rnd("other box")) == wire.SUBSCRIBED, "another session was limited")
    t.control(peer)
