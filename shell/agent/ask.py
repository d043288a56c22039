"""What may be asked of a running agent without a shell: `ipsecsh agent metrics`."""

import os
import sys

from commands.errors import CommandError
from shell.agent.place import found

EXIT_USAGE, EXIT_UNABLE = 2, 3


def metrics(words: tuple[str, ...]) -> int:
    """Prints a running agent's metrics; the exit code."""
    from shell.agent.client import Agent
    path = ""
    if words[:1] == ("--socket",) and len(words) == 2:
        path = words[1]
    elif words:
        sys.stderr.write("ERR usage : ipsecsh agent metrics [--socket FILE]\n")
        return EXIT_USAGE
    path = path or found(os.environ)
    if not path:
        sys.stderr.write("ERR agent : no agent is running here\n")
        return EXIT_UNABLE
    try:
        agent = Agent(path)
        sys.stdout.write(str(agent.request({"type": "metrics"}, "metrics")["text"]))
        agent.close()
    except CommandError as failure:
        sys.stderr.write(f"ERR {failure.code} : {failure}\n")
        return EXIT_UNABLE
    return 0
