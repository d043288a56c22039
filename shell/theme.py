"""Colours: one table for what is printed, one for the typed line and the bars.

Nothing here imports prompt_toolkit, so that a one-shot command can colour its output too.
"""

# Select Graphic Rendition of what is printed, by cell or span type; other types stay plain.
COLOURS = {
    "title": "1", "heading": "1", "name": "1",
    "ip": "36", "mask": "36", "net": "36", "mac": "36", "port": "36", "protocol": "36",
    "spi": "35", "cookie": "35", "msgid": "35", "guid": "2",
    "time": "32", "dur": "32",
    "count": "33", "bytes": "33", "int": "33", "percent": "33",
    "secret": "2;31",
    "added": "32", "removed": "31",
    "error": "1;31", "caret": "31", "warning": "1;33", "hint": "2", "known": "2",
}
# The same of a verdict, by its word.
VERDICTS = {
    "PASS": "32", "MENDED": "1;32", "PROTECTED": "1;32", "WARN": "33", "FAIL": "1;31",
    "IN CLEAR": "1;31", "SOFT ASSOCIATION": "1;31", "UNKNOWN": "36", "NO TRAFFIC": "36",
    "SKIP": "2",
}
# Styles of the prompt, the typed line (by the role of each piece) and the bars.
STYLES = {
    "prompt": "bold",
    "typed.context": "ansicyan",
    "typed.command": "bold",
    "typed.tag": "ansigreen",
    "typed.value": "",
    "typed.secret": "ansired",
    "typed.option": "ansigreen",
    "typed.operator": "ansiyellow",
    "typed.filter": "bold",
    "typed.error": "ansired underline",
    "typed.comment": "ansibrightblack",
    "auto-suggestion": "ansibrightblack",
    "bottom-toolbar": "noreverse bg:ansibrightblack fg:ansiwhite",
    "bottom-toolbar.text": "",
}
