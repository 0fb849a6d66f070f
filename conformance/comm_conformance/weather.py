"""A bad network between processes: every dial goes through a TCP proxy of the suite that holds chunks up, stalls links and cuts
them, as dice say that follow from a seed. Nodes listen on an address of their own, where nobody finds them but the proxies:
an address that was observed or named leads nowhere, so that no link goes around the weather.

What TCP makes of lost segments is delay and, at worst, a dead connection; so of a hundred chunks LATE arrive late by a
retransmission timeout, and LOST take their connection with them, what was on its way included.
"""
import asyncio
import random
import threading

LISTEN = "127.0.0.77:0"
LATE, LOST = 30, 1           # of 100 chunks
TIMEOUT = (0.1, 0.5)         # seconds; TCP's begins at 0.2
CHUNK = 1400


class Cut(Exception):
    pass


class Weather:
    """Proxies, run by a thread of their own. `late` and `lost`: of 100 chunks."""

    def __init__(self, seed, late=0, lost=0):
        self.seed, self.late, self.lost = seed, late, lost
        self.loop, self.gates, self.servers = asyncio.new_event_loop(), {}, []
        self.connections = self.cut = self.carried = 0
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def _do(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(20)

    def proxy(self, name, target):
        """HOST:PORT that leads to the target through the weather."""
        async def begin():
            gate = self.gates[name] = asyncio.Event()
            gate.set()
            host, _, port = target.rpartition(":")
            server = await asyncio.start_server(lambda r, w: self._accept(name, host, int(port), r, w), "127.0.0.1", 0)
            self.servers.append(server)
            return "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        return self._do(begin())

    def clog(self, name, clogged=True):
        """Nothing passes any more, though the links stay; or again."""
        async def turn():
            (self.gates[name].clear if clogged else self.gates[name].set)()
        self._do(turn())

    async def _accept(self, name, host, port, reader, writer):
        self.connections += 1
        number, writers = self.connections, [writer]
        try:
            onward, back = await asyncio.open_connection(host, port)
            writers.append(back)
            ways = [asyncio.ensure_future(self._carry(name, random.Random(f"{self.seed}/{name}/{number}/{way}"), *pair))
                    for way, pair in enumerate(((reader, back), (onward, writer)))]
            _, rest = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in rest:
                way.cancel()
            self.cut += any(isinstance(way.exception(), Cut) for way in ways if way.done() and not way.cancelled())
        except OSError:
            pass
        finally:
            for one in writers:
                one.transport.abort()

    async def _carry(self, name, dice, reader, writer):
        while data := await reader.read(CHUNK):
            await self.gates[name].wait()
            if dice.randrange(100) < self.lost:
                raise Cut
            if dice.randrange(100) < self.late:
                await asyncio.sleep(dice.uniform(*TIMEOUT))
            self.carried += len(data)
            writer.write(data)
            await writer.drain()

    def close(self):
        async def end():
            for server in self.servers:
                server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._do(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()
