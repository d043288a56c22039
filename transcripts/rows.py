"""The commands of the transcripts: path, "module:Class" and help, for commands.index.register.

A module of its own, that the shell knows them at its start without importing what runs them.
"""

ROWS = (
    ("transcript run", "transcripts.command:TranscriptRun",
     "Runs transcripts and compares what is printed."),
    ("transcript list", "transcripts.command:TranscriptList",
     "Lists the transcripts that come with the product."),
    ("transcript check", "transcripts.checking.command:TranscriptCheck",
     "Looks for mistakes in transcripts without running them."),
    ("transcript export", "transcripts.exports.command:TranscriptExport",
     "Writes a transcript in another form."),
    ("transcript import", "transcripts.imports.command:TranscriptImport",
     "Makes a transcript of a terminal's recording or text."),
    ("transcript unmask", "transcripts.reports.unmask:TranscriptUnmask",
     "Puts back what the masks of a report hide."),
    ("transcript start", "transcripts.recording.command:TranscriptStart",
     "Begins to record what is typed."),
    ("transcript stop", "transcripts.recording.command:TranscriptStop",
     "Ends a recording and writes it."),
    ("transcript save", "transcripts.recording.command:TranscriptSave",
     "Writes what was typed before as a transcript."),
    ("transcript label", "transcripts.recording.command:TranscriptLabel",
     "Gives the next command a name, for since= and from=."),
    ("history", "transcripts.recording.command:History",
     "Displays what was typed, newest last."),
)
