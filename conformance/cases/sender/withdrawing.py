"""Messages that their sender takes back (50-ack, The sender)."""
from comm_conformance.registry import case
from comm_conformance.senders import ack_of, begin, copies, recipient_known_to, send, state


@case("withdrawn-is-not-delivered", "ACK-034 ACK-033", fresh=True, negative=True)
def _(t):
    """An acknowledgement of a message that the user has withdrawn is not shown as delivery; of others it is."""
    peer, = begin(t)
    who, _ = recipient_known_to(t, [peer])

    def sent(text):
        send(t, who, text)
        t.wait(lambda: any(o.content == text for _, o, _ in copies(t, peer, who)), f"'{text}'")
        return next((i, o) for i, o, _ in copies(t, peer, who) if o.content == text)

    def acknowledge(copy):
        peer.send("ack", {"records": [ack_of(*copy)]})
        peer.barrier()
    withdrawn, kept = sent("withdrawn"), sent("kept")
    acknowledge(kept)
    t.wait(lambda: "delivered" in state(t, "kept"), "delivered")
    t.positive()
    t.obey(cmd="withdraw", uid=t.events("state", ref="withdrawn")[0]["uid"])
    acknowledge(withdrawn)
    acknowledge(sent("later"))
    t.wait(lambda: "delivered" in state(t, "later"), "delivered")
    t.check("delivered" not in state(t, "withdrawn"), "a withdrawn message was shown as delivered")
    t.positive()
