"""``python -m shell`` is the same program as ``ipsecsh``."""

from shell.app import console

if __name__ == "__main__":
    console()
