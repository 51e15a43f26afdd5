"""What every test shares."""

import os

# Real processes started by tests must find no settings of whoever runs them.
for name in [name for name in os.environ if name.startswith("THEMIS_")]:
    del os.environ[name]
