"""The root of the error tree and the model's branch of it; ``themis_lsp.error`` draws the whole tree."""


class ThemisError(Exception):
    """Themis could not do the job; the message says what is wrong and what to do, in one line."""

    exit_code = 2


class ModelError(ThemisError):
    """The model cannot be used: no runtime, or a bundle that is missing, broken, altered or too new."""
