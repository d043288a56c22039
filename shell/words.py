"""Completion of `ipsecsh` itself in bash and zsh: the words of its command line.

The scripts ask this program, which asks the one completer of the prompt: what Tab offers there
is offered here. Nothing is written: a store that does not exist yet is not made.
"""

import os
import sys
from collections.abc import Iterable, Sequence

from commands.session import Session
from commands.words import line_of_arguments
from shell.options import CHOICES, DECLARED, OPTIONS

HELP_WIDTH = 60
# Signs at which bash begins a new word, so that it replaces only what stands behind them.
BREAKS = "=:"
BASH = r"""
# bash completion of ipsecsh: source <(ipsecsh --completion bash)
_ipsecsh() {
    local line=${COMP_LINE:0:COMP_POINT} answer IFS=$'\n'
    answer=$(ipsecsh --complete bash "$line" 2>/dev/null) || return
    COMPREPLY=($answer)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:/] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o default -F _ipsecsh ipsecsh
"""
ZSH = r"""#compdef ipsecsh
# zsh completion of ipsecsh: source <(ipsecsh --completion zsh), or save it as _ipsecsh in $fpath
_ipsecsh() {
    local -a answer values shown
    local one
    answer=("${(@f)$(ipsecsh --complete zsh "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    [[ -n ${answer[1]} ]] && compset -p ${answer[1]}
    for one in "${(@)answer[2,-1]}"; do
        values+=("${one%%$'\t'*}")
        shown+=("${one/$'\t'/  -- }")
    done
    if (( ! ${#values} )); then _files; return; fi
    local -a ends goes ends_shown goes_shown
    local at
    for at in {1..${#values}}; do
        if [[ ${values[at]} == *[=:/] ]]; then
            goes+=("${values[at]}"); goes_shown+=("${shown[at]}")
        else
            ends+=("${values[at]}"); ends_shown+=("${shown[at]}")
        fi
    done
    (( ${#goes} )) && compadd -S '' -l -d goes_shown -a goes
    (( ${#ends} )) && compadd -l -d ends_shown -a ends
    return 0
}
(( ${+functions[compdef]} )) && compdef _ipsecsh ipsecsh
"""


def script(shell: str) -> str:
    """The script that a shell sources."""
    return (BASH if shell == "bash" else ZSH).lstrip("\n")


def answer(asked: Sequence[str]) -> int:
    """Answers a completion script; a mistake of ours must not garble the operator's line."""
    try:
        if asked[:1] == ["bash"] and len(asked) == 2:
            arguments, current, raw = shell_words(asked[1])
            start, found = candidates(arguments, current)
            lines = [bash_word(raw, current[:start] + value) for value, _ in found]
        else:
            words = list(asked[1:]) or [""]
            start, found = candidates(words[:-1], words[-1])
            lines = [str(start), *(f"{value}\t{text[:HELP_WIDTH]}" for value, text in found)]
    except Exception:
        return 1
    sys.stdout.write("".join(line + "\n" for line in lines))
    return 0


def candidates(before: Sequence[str], current: str) -> tuple[int, list[tuple[str, str]]]:
    """What may stand in the place of `current[start:]`: (start, [(value, one line of help)])."""
    at, context, session = 0, "", _session(before)
    while at < len(before) and before[at][:1] == "-":
        option = OPTIONS.get(before[at].partition("=")[0])
        wants = option is not None and bool(option.value) and "=" not in before[at]
        if option is not None and wants and at + 1 == len(before):
            return 0, list(_values(option.field, current, session))
        if before[at] == "-c" and at + 1 < len(before):
            context = before[at + 1]
        at += 2 if wants else 1
    if at == len(before) and current[:1] == "-":
        return 0, [(one.name, one.help) for one in DECLARED if one.name.startswith(current)]
    session.context = tuple(context.lower().split())
    head = line_of_arguments(before[at:])
    text = f"{head} {current}" if head else current
    return _typed(text, current, session)


def _typed(text: str, current: str, session: Session) -> tuple[int, list[tuple[str, str]]]:
    """The prompt's own candidates, as words of a shell: without the prompt's quotation marks."""
    from commands.parser import complete
    begin = len(text) - len(current)
    # A blank inside a word is inside quotation marks at the prompt.
    if " " in current:
        name, equals, value = current.partition("=")
        typed = f'{name}="{value}' if equals else f'"{current}'
        text = text[:begin] + typed
    found = complete(text, session)
    start = found[0].start if found else begin
    return start - begin, [(_bare(one.value), one.help) for one in found if one.start == start]


def _bare(value: str) -> str:
    return value[1:-1].replace("\\'", '"') if value[:1] == '"' == value[-1:] else value


def _values(field: str, current: str, session: Session) -> Iterable[tuple[str, str]]:
    """The values of an option; nothing where a file is meant, which the shell completes."""
    if field in CHOICES:
        found: Iterable[tuple[str, str]] = ((one, "") for one in CHOICES[field] if one)
    elif field == "context":
        from commands.index import CONTEXTS
        found = CONTEXTS
    elif field == "machine":
        found = ((one.name, one.role) for one in session.store.machines())
    else:
        found = ()
    return [one for one in found if one[0].lower().startswith(current.lower())]


def _session(before: Sequence[str]) -> Session:
    """A session on the store that the line means, if it is there already."""
    from shell.options import UsageError, read_options
    from shell.program import store_path
    kept = [word for word in before if word != "--"]
    while True:
        try:
            options = read_options(kept)
            break
        except UsageError:
            kept = kept[:-1]
    path = store_path(options)
    session = Session(path if os.path.isfile(path) else "")
    if options.machine is not None:
        session.machine = options.machine
    return session


# --- bash's words -------------------------------------------------------------------------------


def shell_words(line: str) -> tuple[list[str], str, str]:
    """The arguments of an unfinished command line, the last one apart, and that as it is typed.

    Quotation marks and backslashes are taken off as bash takes them; the program's name is left
    out.
    """
    words: list[str] = []
    at, length = 0, len(line)
    raw, text = "", ""
    while True:
        while at < length and line[at] in " \t":
            at += 1
        begin, text, at = at, *_shell_word(line, at)
        raw = line[begin:at]
        if at >= length:
            break
        words.append(text)
    return words[1:], text, raw


def _shell_word(line: str, at: int) -> tuple[str, int]:
    parts, quote = [], ""
    while at < len(line):
        sign = line[at]
        if quote:
            if sign == quote:
                quote = ""
            elif sign == "\\" and quote == '"' and line[at + 1:at + 2] in ('"', "\\", "$", "`"):
                at += 1
                parts.append(line[at:at + 1])
            else:
                parts.append(sign)
        elif sign in "\"'":
            quote = sign
        elif sign == "\\":
            at += 1
            parts.append(line[at:at + 1])
        elif sign in " \t":
            break
        else:
            parts.append(sign)
        at += 1
    return "".join(parts), at


def bash_word(raw: str, word: str) -> str:
    """A candidate as bash wants it: what stands behind its last break, quoted as it is typed."""
    cut = 0 if raw[:1] in ("'", '"') else max(raw.rfind(sign) for sign in BREAKS) + 1
    if raw[cut:cut + 1] in ("'", '"'):
        return word[cut:]
    return bash_quoted(word)[cut:]


def bash_quoted(text: str) -> str:
    """A word as bash reads it back."""
    plain = "".join(sign if sign.isalnum() or sign in "-_./:=,@%+" or not sign.isascii()
                    else "\\" + sign for sign in text)
    return plain or "''"
