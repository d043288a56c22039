"""What was heard, made into the event that is kept: names for secrets, a type for every cell."""

from commands.answer import Answer, Block, Lines, Records, Table
from commands.layout import SpanLine
from commands.words import quoted, split_words
from engine.policy.model import Secret
from engine.values import TYPE_CHECKING
from transcripts.hiding import TYPED
from transcripts.recording.event import (
    FLAG,
    LINES_MOST,
    NAMED,
    REST,
    Argument,
    Budget,
    Event,
    Meaning,
    Ran,
    Said,
)

if TYPE_CHECKING:
    from commands.arguments import Binding
    from commands.errors import CommandError
    from commands.parser import Parse
    from commands.session import Session
    from commands.witness import Heard, Item, Script
    from transcripts.hiding import Hider

UNWRAPPED = 1 << 20


def make_event(heard: "Heard", hider: "Hider", session: "Session", sitting: str,
               most: int = LINES_MOST) -> Event:
    """The event of a line that has ended; `most` lines of its output are kept."""
    keys = _learn(heard, hider)
    parsed = heard.parsed
    text, moves = masked(heard.text if parsed is None else parsed.text, parsed, hider)
    budget = Budget(most)
    said: list[Said] = []
    scripts = [_ran(one, hider) for one in heard.scripts]
    last = heard.lab_began
    for item in heard.items:
        place = scripts[item.script].said.setdefault(item.line, []) if item.script >= 0 else said
        if item.kind == "interrupt":
            place.append(_interrupt(heard, last))
            continue
        place += budget.take(_lines(item, hider, session, budget.left))
        if item.kind == "error" and item.script < 0 and place[-1].error is not None:
            place[-1].error["own"] = _own(heard, item.what)
        last = item.now
    meaning = meaning_of(parsed, hider, moves, session)
    # A line that was understood is written in full wherever it was typed; another one stays in
    # the context that its prompt named.
    context = heard.context if meaning.kind else heard.meant_in
    event = Event(heard.began, sitting, context, heard.machine, text, meaning, tuple(said),
                  heard.exit)
    event.seconds, event.lab = heard.ended - heard.began, (heard.lab_began, heard.lab_ended)
    event.commits, event.generation = heard.commits, heard.generation
    event.store = session.store_path
    event.after = heard.after if context == heard.context else context
    event.scripts, event.keys = tuple(scripts), keys
    return event


def _learn(heard: "Heard", hider: "Hider") -> tuple[str, ...]:
    """Every key that was typed gets its name; those of scripts in their order."""
    names = tuple(hider.fresh(value, tag) for value, tag in heard.secrets)
    if heard.parsed is not None:
        for one in heard.parsed.bindings:
            if one.tag.kind.secret and one.text:
                hider.fresh(one.text, one.tag.name)
    return names if heard.scripts else ()


def masked(text: str, parsed: "Parse | None",
            hider: "Hider") -> tuple[str, "list[tuple[int, int, int]]"]:
    """The line with names for its secrets, and (start, end, width) of what stars replace."""
    from commands.masking import secret_spans
    spans = [(one.start, one.end) for one in parsed.pieces
             if one.role == "secret"] if parsed is not None else []
    spans += secret_spans(text)
    parts: list[str] = []
    moves: list[tuple[int, int, int]] = []
    at = 0
    for start, end in sorted(set(spans)):
        if start < at or start >= end:
            continue
        plain = split_words("x=" + text[start:end]).words
        value = plain[0].text[2:] if plain else text[start:end]
        name = text[start:end] if value.startswith("${") else hider.name(value)
        if name == "${secret:?}":
            name = f"${{{hider.fresh(value, _kind(text[:start]))}}}" if value else '""'
        parts += [hider.hide(text[at:start]), name]
        # Columns are those of the line with stars, as a mistake in it has them.
        moves.append((start, end, len(Secret.MASK)))
        at = end
    return "".join((*parts, hider.hide(text[at:]))), moves


def _kind(before: str) -> str:
    """What the key behind this text is called: the tag's name, if it is one word."""
    words = before.rstrip(' ="').split()
    last = words[-1].lower() if words else ""
    return last if last.isalpha() and last.isascii() else "secret"


def _moved(column: int, moves: "list[tuple[int, int, int]]") -> int:
    shift = 0
    for start, end, width in moves:
        if column >= end:
            shift += width - (end - start)
    return column + shift


def meaning_of(parsed: "Parse | None", hider: "Hider", moves: "list[tuple[int, int, int]]",
               session: "Session") -> Meaning:
    if parsed is None or parsed.error is not None or parsed.kind in ("unknown", "empty",
                                                                      "comment"):
        return Meaning()
    # Windows' tools have switches and no tags; what has a name in their declaration has no name
    # on their line.
    tool = parsed.command is not None and any(tag.form not in ("tag", "rest")
                                              for tag in parsed.command.tags)
    arguments = tuple(_argument(one, parsed.text, tool, hider, moves, session)
                      for one in parsed.bindings)
    tail = " ".join(_stage(one.op, one.name, one.argument, hider) for one in parsed.stages)
    words_end = max((piece.end for piece in parsed.pieces
                     if piece.role in ("context", "command")), default=0)
    ends = (_moved(words_end, moves), _moved(parsed.end, moves))
    return Meaning(parsed.kind, parsed.words, ends, arguments, tail)


def _argument(one: "Binding", text: str, tool: bool, hider: "Hider",
              moves: "list[tuple[int, int, int]]", session: "Session") -> Argument:
    from commands.arguments import switch_word
    tag = one.tag
    head = {"tag": tag.word + "=", "word": tag.word + " ", "rest": "",
            "bare": tag.word}.get(tag.form)
    if head is None:
        head = switch_word(tag) + (" " if tag.form == "dash" else "")
    if tool and tag.form == "tag" and text[:one.start].rstrip()[-1:] != "=":
        head = ""
    kind = tag.kind.cell
    if tag.form in ("flag", "slash", "bare"):
        kind, shown = FLAG, ""
    elif tag.form == "rest":
        kind, shown = REST, _rest(one.text, hider)
    elif tag.kind.secret and not one.text:  # only the name was typed, the key was asked for
        kind, head, shown = FLAG, tag.word, ""
    elif tag.kind.secret:
        shown = hider.name(one.text)
    else:
        shown = hider.insert(_full(one, session))
    return Argument(head, kind, shown, _moved(one.start, moves), _moved(one.end, moves),
                    bool(getattr(tag.kind, "written", False)))


def _rest(text: str, hider: "Hider") -> str:
    """All that was left of a line; a line in quotation marks is one that may have a key itself."""
    inner = text[1:-1]
    if text[:1] == '"' == text[-1:] and '"' not in inner:
        return f'"{masked(inner, None, hider)[0]}"'
    return masked(text, None, hider)[0]


def _full(one: "Binding", session: "Session") -> str:
    """A value in full: a fixed word that was cut short is written out."""
    words = one.tag.kind.words()
    lower = one.text.lower()
    exact = next((word for word in words if word.lower() == lower), "")
    if exact or not words or not lower:
        return exact or one.text
    try:
        one.tag.kind.parse(one.text, session)
    except ValueError:
        fitting = [word for word in words if word.lower().startswith(lower)]
        return fitting[0] if len(fitting) == 1 else one.text
    return one.text


def _stage(op: str, name: str, argument: str, hider: "Hider") -> str:
    shown = quoted(hider.insert(argument)) if argument else ""
    return f"{op} {shown}" if op != "|" else f"| {name} {shown}".rstrip()


# --- what was said ------------------------------------------------------------------------------


def _lines(item: "Item", hider: "Hider", session: "Session", room: int) -> list[Said]:
    """The lines of one item; rendered as wide as they are, so that nothing is wrapped."""
    if item.kind == "error":
        return [Said("e", (), _error(item.what, hider))]  # type: ignore[arg-type]
    if item.kind == "exit":
        return [Said("=", ((str(item.what), ""),))]
    if item.kind == "asked":
        return _asked(item, hider)
    from commands.render import render
    if item.kind == "answer":
        assert isinstance(item.what, Answer)
        what: Answer | Block = item.what._replace(
            blocks=tuple(shorter(block, room) for block in item.what.blocks))
    else:
        what = shorter(item.what, room)  # type: ignore[arg-type]
    sigil = "!" if isinstance(what, Lines) and what.error else "|"
    return [Said(sigil, _spans(line, hider))
            for line in render(what, reveal=session.reveal, width=UNWRAPPED)]


def _interrupt(heard: "Heard", last: float) -> Said:
    """Ctrl-C; with its time when the lab's clock had moved since something was printed."""
    moved = heard.lab_ended - heard.lab_began
    at = f" @{moved:.6f}s" if heard.lab_ended > last else ""
    return Said("<", ((f"^C{at}", ""),))


def _asked(item: "Item", hider: "Hider") -> list[Said]:
    """A question and its answer, which has no name yet when the command did not come to it."""
    assert isinstance(item.what, tuple)
    question, answer, hidden = item.what
    if hidden and answer not in ("", "^C"):
        shown = f"${{{hider.fresh(answer, 'secret')}}}"
    else:
        shown = hider.insert(answer)
    return [*(Said("?", tuple(_cut(line, "line", hider))) for line in question.split("\n")),
            Said("<", ((shown, ""),))]


def shorter(block: Block, room: int) -> Block:
    """A block of which little more than `room` lines are rendered: a long one costs no more."""
    if isinstance(block, Lines) and len(block.lines) > room:
        return block._replace(lines=block.lines[:room + 1])
    if isinstance(block, Table) and len(block.rows) > room:
        return block._replace(rows=block.rows[:room + 1])
    if isinstance(block, Records) and len(block.records) > room:
        return block._replace(records=block.records[:room + 1])
    return block


def _spans(line: SpanLine, hider: "Hider") -> tuple[tuple[str, str], ...]:
    """A line's (text, type) with the names of secrets in their places."""
    text = "".join(span.text for span in line)
    hide = hider.holds(text)
    found = []
    for span in line:
        if span.type == "secret" and span.text != Secret.MASK:
            found.append((hider.name(span.text), NAMED))
        elif span.type == "typed":
            found.append((hider.hide(span.text), "typed"))
        elif hide and span.text:
            found += _cut(span.text, span.type, hider)
        else:
            found.append((span.text, span.type))
    return tuple(found)


def _cut(text: str, type: str, hider: "Hider") -> list[tuple[str, str]]:
    """A text as (text, type); the names of secrets in it are marked as such."""
    return [(piece, NAMED if at % 2 else type)
            for at, piece in enumerate(hider.pieces(text, type not in TYPED)) if piece]


def _error(error: "CommandError", hider: "Hider") -> dict[str, object]:
    """A mistake as data; its line is masked already."""
    hide = hider.hide
    return {"code": error.code, "text": hide(error.text), "line": hide(error.line),
            "span": list(error.span) if error.span else None,
            "known": [hide(one) for one in error.known], "fix": hide(error.fix),
            "exit": error.exit, "place": error.place,
            "values": [[one.type, hide(one.text)] for one in error.values]}


def _own(heard: "Heard", error: object) -> bool:
    """Whether a mistake is about the line that was typed, not about one that it typed itself."""
    from commands.masking import mask
    return heard.parsed is None or mask(heard.parsed)[0] == getattr(error, "line", "")


def _ran(script: "Script", hider: "Hider") -> Ran:
    """A script by its file, which may be read again as long as it is the same, or its lines."""
    import os
    size, changed, kept = -1, 0.0, None
    if not script.path and script.reached <= LINES_MOST:
        kept = [masked(line, None, hider)[0] for line in script.lines[:script.reached]]
    if script.path:
        try:
            status = os.stat(script.path)
            size, changed = status.st_size, status.st_mtime
        except OSError:
            pass
    return Ran(script.name, script.path, size, changed, script.parent, script.line,
               script.reached, {}, script.lines, kept)
