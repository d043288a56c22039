"""Styles of the prompt, of the typed line and of the bars."""

# Those of the typed line are by the role of each piece.
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
