"""A pair of IKE endpoints with a NAT in front of A, for datagrams."""

from engine.address import parse_address
from engine.ike.interface import IkeOutput, SendDatagram
from tests.support.ike_pair import B, FixedPolicy, Pair

PUBLIC = parse_address("192.0.2.99")


class NattedPair(Pair):
    """A is behind a NAT: B sees `PUBLIC` and ports from 40000 on; `move` gives it new ones."""

    def __init__(self, first: FixedPolicy | None = None, second: FixedPolicy | None = None) -> None:
        super().__init__(first, second)
        self.ports: dict[int, int] = {}
        self.next_port = 40000

    def move(self) -> None:
        """The NAT forgets its mappings: the next datagram comes from another port."""
        self.ports.clear()

    def deliver(self, datagram: SendDatagram) -> list[IkeOutput]:
        if datagram.peer == B:
            if datagram.local_port not in self.ports:
                self.ports[datagram.local_port] = self.next_port
                self.next_port += 1
            return self.take(B, self.b.receive(
                datagram.payload, B, datagram.peer_port, PUBLIC,
                self.ports[datagram.local_port], self.now))
        inside = next((own for own, mapped in self.ports.items()
                       if mapped == datagram.peer_port), 0)
        if not inside:
            return []
        a = next(address for address in self.ends if address != B)
        return self.take(a, self.a.receive(datagram.payload, a, inside, B, datagram.local_port,
                                           self.now))
