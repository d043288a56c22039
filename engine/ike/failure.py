"""Why a message ends (or would end) a negotiation: one exception that carries all of it."""

from engine.ike.constants import NotifyType, Win32


class Failure(Exception):
    """A well-formed message that policy or cryptography refuses.

    `drop` is the counter's name, `code` the Win32 reason, `notify` what the peer may be told (0:
    nothing), `detail` the first difference as (name, expected, received).
    """

    def __init__(self, drop: str, code: int, notify: int = 0,
                 detail: tuple[str, ...] = ()) -> None:
        super().__init__(drop)
        self.drop, self.code, self.notify, self.detail = drop, int(code), int(notify), detail


def invalid_key(what: str, expected: str, received: str) -> Failure:
    """A key exchange payload that must not be used."""
    return Failure("invalid-key", Win32.DIFFIE_HELLMAN, NotifyType.INVALID_KEY_INFORMATION,
                   (f"Key exchange {what}", expected, received))
