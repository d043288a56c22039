"""What holds for every test: an agent that may run on this machine is none of its business."""

import os

os.environ["IPSECSH_AGENT"] = "none"
