"""How hard a pre-shared key is to guess: an upper bound, from its length and its characters.

Whoever negotiates main mode with a gateway can try keys offline afterwards (CVE-2018-5389), so a
key needs as much entropy as a cipher's: 112 bits at least (NIST SP 800-77r1 3.3). A key made of
words has less than this bound says; what is below it is weak for certain.
"""

from math import log2

from engine.policy.model import Secret

WANTED_BITS = 112
# Words that begin most guesses; what is left of a key without them is what counts.
_WORDS = ("password", "passwort", "secret", "cisco", "ipsec", "tunnel", "admin", "administrator",
          "router", "gateway", "firewall", "microsoft", "windows", "network", "internet", "change",
          "default", "private", "public", "shared", "preshared", "qwerty", "qwertz", "letmein",
          "welcome", "test", "vpn", "psk", "key", "abc", "kb")
_CLASSES = ((str.islower, 26), (str.isupper, 26), (str.isdigit, 10))
_OTHERS = 33


def is_weak(key: Secret) -> bool:
    """Whether a key has certainly fewer than 112 bits. Says no more about it than that."""
    return _bits(key.reveal()) < WANTED_BITS


def _bits(key: str) -> float:
    left = key
    for word in sorted(_WORDS, key=len, reverse=True):
        at = left.lower().find(word)
        if at >= 0:
            # A word is one choice among few; a character stands for it.
            left = left[:at] + left[at] + left[at + len(word):]
    alphabet = sum(size for is_one, size in _CLASSES if any(map(is_one, left)))
    alphabet += _OTHERS * any(not one.isalnum() for one in left)
    return _steps(left) * log2(max(alphabet, 2))


def _steps(key: str) -> int:
    """Characters that are not the last one repeated, nor the next one of a run (aaaa, 1234)."""
    codes = [ord(one) for one in key]
    return sum(1 for at, code in enumerate(codes)
               if at == 0 or abs(code - codes[at - 1]) > 1)
