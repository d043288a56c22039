"""ipsec static show peerconfig: the tunnel as other programs configure it."""

from typing import TYPE_CHECKING

from commands.answer import Answer, Warn
from commands.errors import CommandError
from commands.kinds import Choice, YesNo
from commands.names import PolicyName
from commands.spec import Command, tag
from commands.written import written
from engine.policy.model import Secret
from engine.policy.peerconfig import FORMATS, SIDES

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.peerconfig import Tunnel

COMMENTS = {"ios": "!", "windows": "rem"}


class ShowPeerConfig(Command, words="ipsec static show peerconfig",
                     help="Displays the tunnels of a policy for another program.",
                     remarks=("side=peer is the mirror image for the other gateway, side=own the "
                              "modern equivalent of this one.",
                              "What the target no longer supports is left out with a warning.",
                              "Keys are stars unless reveal=yes."),
                     examples=('ipsec static show peerconfig policy="Tunnel policy" '
                               "format=swanctl",)):
    """Made from the stored policy; nothing is sent anywhere."""

    policy: str = tag(PolicyName(), "Name of the policy.")
    format: str = tag(Choice(*FORMATS), "Whose configuration.")
    side: str = tag(Choice(*SIDES), "Which end.", default="peer")
    reveal: bool = tag(YesNo(), "Whether pre-shared keys are written out.", default=False)

    def run(self, session: "Session") -> Answer:
        """Raises CommandError when the policy has no tunnel, or no suite is left."""
        from engine.policy.peerconfig import suites
        from engine.policy.peerformats import WRITERS
        lines: list[str] = []
        masked: list[str] = []
        warnings: list[Warn] = []
        for number, own in enumerate(self._tunnels(session), 1):
            one = own.mirrored() if self.side == "peer" else own
            found = suites(one, self.format)
            if not found.main or not found.quick:
                raise CommandError("no-suite", f"{self.format} supports none of the "
                                   f"{'quick' if found.main else 'main'} mode methods of the "
                                   "policy: " + found.warnings[0], tag="format",
                                   fix="offer stronger methods: mmsecmethods=AES256-SHA256-3 "
                                   'qmsecmethods="ESP[AES256,SHA256]"')
            head = f"{COMMENTS.get(self.format, '#')} {one.name}"
            key = Secret(one.key)
            for text, shown in ((masked, str(key)), (lines, key.reveal())):
                text += [head, *WRITERS[self.format](one._replace(key=shown), found, number)]
            warnings += [Warn("NOT-SUPPORTED", text) for text in found.warnings]
        block = written(lines if self.reveal else masked, masked, "peerconfig")
        return Answer((block,), tuple(dict.fromkeys(warnings)))

    def _tunnels(self, session: "Session") -> "tuple[Tunnel, ...]":
        from engine.policy.peerconfig import Source, tunnels
        config, where = session.config, session.location
        with config.reading():
            policy = config.policy(self.policy, where)
            sources = [Source(rule, config.filterlist(rule.filterlist, where),
                              config.filteraction(rule.filteraction, where))
                       for rule in config.rules(policy.name, where)]
        found = tunnels(policy, sources, [one.address for one in config.interfaces()])
        if not found:
            raise CommandError("no-tunnel", f"The policy '{policy.name}' has no tunnel rule "
                               "between nets", tag="policy", fix="ipsec static add rule tunnel=")
        if not all(one.key for one in found):
            raise CommandError("not-supported", "only tunnels with a pre-shared key are written",
                               tag="policy", fix="ipsec static set rule psk=")
        return found
