"""The language server: the only code that knows the protocol of editors.

Messages are read and answered on the main thread, which owns the session. Judging happens on one worker thread, on
immutable snapshots; what it finds comes back to the main thread, and is dropped if the document moved on meanwhile.
"""
