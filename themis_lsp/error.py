"""Everything that can stop Themis, as one tree; the command line turns it into an exit code at one place.

::

    ThemisError            exit 2: it could not do the job
    ├── UsageError         arguments that do not fit together
    ├── GitError           no repository, unknown revision, missing history, git not installed
    ├── PatchError         a diff that cannot be read or does not apply
    ├── SettingsError      a config file or value that cannot be used
    ├── CaseError          a literate case that cannot be read           (defined in themis_lsp.case)
    └── ModelError         no ONNX Runtime, a broken or altered bundle   (defined in themis_model.error)

Each message is one line that names the thing and says what to do.
"""

from themis_model.error import ModelError, ThemisError

__all__ = ["GitError", "ModelError", "PatchError", "SettingsError", "ThemisError", "UsageError"]


class UsageError(ThemisError):
    """Arguments that do not fit together."""


class GitError(ThemisError):
    """Git, or what the repository holds, does not allow the review that was asked for."""


class PatchError(ThemisError):
    """A diff that cannot be read, or does not apply to any text it could be meant for."""


class SettingsError(ThemisError):
    """A configuration file, key or value that cannot be used."""
