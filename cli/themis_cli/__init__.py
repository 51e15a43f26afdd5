"""The ``themis`` command."""
