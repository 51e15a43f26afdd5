"""Which files are tests: what they cost and whom they trust matters to nobody but them."""

from pathlib import PurePosixPath

from themis_model.criterion import Criterion

#: Not judged in tests: a test may shell out, leave files open and take its time.
NOT_OF_TESTS = frozenset({Criterion.RUNTIME_EFFICIENCY, Criterion.MEMORY_EFFICIENCY, Criterion.SECURITY_HARDNESS})

_FOLDERS = frozenset({"test", "tests", "spec", "specs", "testing", "testdata", "__tests__", "unittest", "unittests"})
_WORDS = frozenset({"test", "tests", "spec", "specs"})


def is_test(path: str) -> bool:
    """Whether a path, with forward slashes, looks like a test: by a folder or by its name."""
    place = PurePosixPath(path)
    folders = {
        word.lower() for part in place.parts[:-1] for word in part.replace("-", ".").replace("_", ".").split(".")
    }
    words = place.name.removesuffix(place.suffix).replace("-", "_").replace(".", "_").lower().split("_")
    return bool(folders & _FOLDERS or {words[0], words[-1]} & _WORDS) or place.stem.endswith(("Test", "Tests", "Spec"))
