"""What clients' settings say, and what they get to hear of mistakes."""

from typing import Any

import pytest

from themis_lsp.error import SettingsError
from themis_lsp.server.options import Options, options_of


@pytest.mark.parametrize(
    ("settings", "want"),
    [
        (None, Options()),
        ({}, Options()),
        ({"base": "", "criteria": [], "minConfidence": None, "failOn": {}}, Options()),
        ({"base": "origin/main", "debounce": 0}, Options(base="origin/main", debounce=0)),
        ({"codeLens": False, "inlayHints": True}, Options(code_lens=False, inlay_hints=True)),
        ({"path": "x", "trace": {"server": "off"}}, Options()),
        ({"minConfidence": 0.5, "max-findings": 3}, Options(given={"min-confidence": 0.5, "max-findings": 3})),
    ],
)
def test_settings(settings: Any, want: Options) -> None:
    assert options_of(settings) == want


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ([], "the settings of the editor are []: expected an object"),
        ({"minConfidense": 1}, "unknown setting themis.minConfidense, did you mean min-confidence?"),
        ({"minConfidence": 2}, "themis.minConfidence is 2: expected a number from 0 to 1"),
        ({"debounce": "fast"}, "themis.debounce is 'fast': expected milliseconds from 0 to 10000"),
        ({"codeLens": 1}, "themis.codeLens is 1: expected true or false"),
        ({"base": "--upload-pack=x"}, "expected the name of a branch"),
        ({"criteria": ["securty"]}, "unknown criterion 'securty', did you mean security?"),
        ({"intent": "to win"}, "unknown setting themis.intent"),
    ],
)
def test_mistakes_are_named(settings: Any, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        options_of(settings)
    assert words in str(refused.value)
