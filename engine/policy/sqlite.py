"""SQLite, without the calendar that `sqlite3` loads for columns of dates: the store has none.

`datetime`, and what makes SQLite's values of dates, cost a cold start as much as all the tables
of the store. Classes, functions and constants are in the compiled part, and `sqlite3` shows them
as its own.
"""

from engine.values import TYPE_CHECKING

__all__ = ["sqlite3"]

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        import _sqlite3 as sqlite3
    except ImportError:
        import sqlite3
