"""What a person meets: the command line. No computing here.

`cli.py` holds the words of the command line (run, report, verify, design, cite, library); each is
a thin call into the room of the same name. Rooms are imported when a word needs them, so that
``pdcraft --help`` answers at once.
"""
