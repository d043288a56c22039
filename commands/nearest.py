"""Did you mean: the known word nearest to a mistyped one."""

from collections.abc import Iterable


def distance(first: str, second: str, limit: int) -> int:
    """Edits (insert, delete, replace, swap of neighbours) between two words, at most limit+1."""
    if abs(len(first) - len(second)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, sign in enumerate(first, 1):
        older, before, row = before, row, [i] + [0] * len(second)
        for j, other in enumerate(second, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (sign != other))
            if i > 1 and j > 1 and sign == second[j - 2] and first[i - 2] == other:
                row[j] = min(row[j], older[j - 2] + 1)
        if min(row) > limit and (not before or min(before) > limit):
            return limit + 1  # no later row can be nearer than both of these
    return row[-1]


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word at most a third of its letters (and one at least) away, else ""."""
    word = word.lower()[:64]
    limit = max(1, len(word) // 3)
    best, result = limit + 1, ""
    for candidate in known:
        edits = distance(word, candidate.lower(), limit)
        if edits < best:
            best, result = edits, candidate
    return result
