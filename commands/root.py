"""Commands of the root context; inheritance makes them work everywhere."""

from commands import index
from commands.answer import NOTHING, Answer, Cell, Table
from commands.errors import CommandError, Leave
from commands.kinds import Choice, Path, Text, YesNo
from commands.names import MachineName
from commands.spec import Command, tag
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.index import Node
    from commands.session import Session

STACK_LIMIT = 64
ALIAS_LIMIT = 200


class Up(Command, words="..", help="Goes up one context level."):
    def run(self, session: "Session") -> Answer:
        session.context = session.context[:-1]
        return NOTHING


class Help(Command, words="help", help="Displays a list of commands.",
           examples=("help ipsec static add rule",)):
    topic: str = tag(Text("<command>"), "The command to explain.", default="", form="rest")

    def run(self, session: "Session") -> Answer:
        from commands.help import context_help, help_answer
        if not self.topic:
            return context_help(session)
        return help_answer(find(self.topic, session), session)


class QuestionMark(Help, words="?", help="Displays a list of commands.",
                   examples=("? show",)):
    """The same under its other name."""


def find(text: str, session: "Session") -> "Node":
    """The word of a path as it is typed, abbreviations included. Raises CommandError."""
    from commands.parser import parse
    parsed = parse(text, session)
    if parsed.kind == "unknown" or parsed.node is None:
        assert parsed.error is not None or parsed.kind in ("empty", "comment")
        if parsed.error is None:
            raise CommandError("unknown-command", "There is no such command", tag="topic")
        raise CommandError(parsed.error.code, parsed.error.text, tag="topic",
                           known=parsed.error.known, fix=parsed.error.fix, exit=2)
    return parsed.node


class Alias(Command, words="alias", help="Adds an alias, or shows one.",
            remarks=("Without a meaning the alias is shown, without a name all of them are.",
                     "Pipes belong to the line they stand in; write them in quotes to keep them "
                     "in the alias."),
            examples=("alias sp ipsec static show policy",)):
    name: str = tag(Text(limit=64, empty=False), "The word that will stand for the line.",
                    default="")
    meaning: str = tag(Text("<command>", limit=4096), "The line it stands for.", default="",
                       form="rest")

    def run(self, session: "Session") -> Answer:
        name = self.name.lower()
        if not name:
            return _alias_table(session, list(session.aliases))
        if not self.meaning:
            return _alias_table(session, [_known_alias(self.name, session)])
        if name in index.tree().children or not name.isprintable() or " " in name:
            raise CommandError("name-taken", f"'{self.name}' is a command and cannot be an alias",
                               tag="name")
        if len(session.aliases) >= ALIAS_LIMIT and name not in session.aliases:
            raise CommandError("too-many", f"There may be {ALIAS_LIMIT} aliases at most")
        session.aliases[name] = self.meaning
        return NOTHING


class Unalias(Command, words="unalias", help="Deletes an alias.",
              examples=("unalias sp",)):
    name: str = tag(Text(limit=64, empty=False), "The alias to forget.")

    def run(self, session: "Session") -> Answer:
        del session.aliases[_known_alias(self.name, session)]
        return NOTHING


class ShowAlias(Command, words="show alias", help="Lists all defined aliases."):
    def run(self, session: "Session") -> Answer:
        return _alias_table(session, list(session.aliases))


def _known_alias(name: str, session: "Session") -> str:
    if name.lower() not in session.aliases:
        raise CommandError("not-found", f"The following alias was not found: {name}.",
                           tag="name", known=tuple(session.aliases))
    return name.lower()


def _alias_table(session: "Session", names: list[str]) -> Answer:
    from commands.masking import mask_text
    shown = {name: mask_text(session.aliases[name], session) for name in names}
    rows = tuple((Cell("name", name, name), Cell("text", text, text))
                 for name, text in shown.items())
    return Answer((Table((("name", "Alias"), ("meaning", "Meaning")), rows, name="aliases",
                         empty="There are no aliases."),))


class Bye(Command, words="bye", help="Exits the program.",
          remarks=("With uncommitted offline changes it asks whether to commit them, abort or "
                   "stay; a script that nobody can ask discards them, and fails.",)):
    def run(self, session: "Session") -> Answer:
        if session.uncommitted:
            from commands.pending import may_leave
            if not may_leave(session):
                return NOTHING
        raise Leave


class Exit(Bye, words="exit", help="Exits the program."):
    """The same under its other name."""


class Quit(Bye, words="quit", help="Exits the program."):
    """The same under its other name."""


class Exec(Command, words="exec", help="Runs a script file.",
           remarks=("A failed line does not stop the script; its error names file and line.",
                    "Empty lines and lines that begin with #, ; or rem are left out."),
           examples=("exec setup.txt",)):
    file: str = tag(Path(), "The script.")

    def run(self, session: "Session") -> Answer:
        from commands.script import EXIT_NOTHING, exec_file
        exit = exec_file(self.file, session)
        return Answer(exit=0 if exit == EXIT_NOTHING else exit)


class Dump(Command, words="dump", help="Displays a configuration script.",
           remarks=("The lines belong to the context it is typed in; executed into an empty "
                    "store they give the same configuration.",),
           examples=("dump",)):
    reveal: bool = tag(YesNo(), "Whether pre-shared keys are written out.", default=False)

    def run(self, session: "Session") -> Answer:
        from commands.written import dumped
        sections = SECTIONS.get(session.context[:1], ALL_SECTIONS)
        return Answer((dumped(session.config, sections, self.reveal),))


ALL_SECTIONS = ("ipsec", "interface", "routing", "audit")
SECTIONS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("ipsec",): ("ipsec",), ("routing",): ("routing",), ("interface",): ("interface",)}


class Pushd(Command, words="pushd", help="Pushes the current context on a stack.",
            examples=("pushd ipsec static",)):
    context: str = tag(Text("<context>"), "The context to change to.", default="", form="rest")

    def run(self, session: "Session") -> Answer:
        if len(session.stack) >= STACK_LIMIT:
            raise CommandError("too-many", f"There may be {STACK_LIMIT} contexts on the stack")
        here = session.context
        if self.context:
            node = find(self.context, session)
            if not node.context:
                raise CommandError("not-found", f"'{self.context}' is not a context",
                                   tag="context", exit=2,
                                   known=tuple(one for one, _ in index.CONTEXTS))
            session.context = node.path
        session.stack.append(here)
        return NOTHING


class Popd(Command, words="popd", help="Pops a context from the stack.",
           examples=("popd",)):
    def run(self, session: "Session") -> Answer:
        if not session.stack:
            raise CommandError("empty-stack", "There is no context on the stack",
                               fix="pushd puts one there")
        session.context = session.stack.pop()
        return NOTHING


class SetFile(Command, words="set file", help="Copies the console output to a file.",
              remarks=("mode=open begins the file anew, mode=append goes on with it, mode=close "
                       "ends the copying.",
                       "Keys are stars in the copy as they are on the screen."),
              examples=("set file open console.txt", "set file mode=close")):
    mode: str = tag(Choice("open", "append", "close", help=(
        "begins the file anew", "goes on with a file", "ends the copying")), "What to do.")
    name: str = tag(Path(written=True), "Name of the file; not with close.", default="")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError for a missing or a surplus name, OSError."""
        if (self.mode == "close") == bool(self.name):
            raise CommandError("contradiction" if self.name else "missing-tag",
                               "name goes with open and append" if self.name
                               else "The argument is missing: name", tag="name", exit=2,
                               fix="" if self.name else f"set file {self.mode} console.txt")
        if self.mode == "close":
            session.copy = ""
            return NOTHING
        path = session.files.full(self.name, session.folder)
        session.files.write(path, b"", append=self.mode == "append")
        session.copy = path
        return NOTHING


class SetMachine(Command, words="set machine",
                 help="Sets the current machine on which to operate.",
                 remarks=("Without a name it goes back to gwA.",),
                 examples=("set machine hostA",)):
    name: str = tag(MachineName(), "One of the lab's machines.", default="gwA")

    def run(self, session: "Session") -> Answer:
        known = tuple(machine.name for machine in session.store.machines())
        for name in known:
            if name.lower() == self.name.lower():
                session.machine = name
                return NOTHING
        raise CommandError("not-found", f"Machine with name '{self.name}' does not exist",
                           tag="name", known=known)
