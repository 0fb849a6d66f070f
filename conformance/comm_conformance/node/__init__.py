"""A node of the network in all roles, in Python: sender, recipient and relay. `comm-conformance node` runs it.

One thread, one turn at a time: what arrives and what is due changes state and queues packets and events; at the end of
the turn the store is committed (fsync), and only then the queue leaves (CUS-004).
"""
