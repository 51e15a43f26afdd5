"""What every test shares."""

import os

import pytest

# Real processes started by tests must find no settings of whoever runs them.
for name in [name for name in os.environ if name.startswith("THEMIS_")]:
    del os.environ[name]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="Write generated files anew where they are compared.")
