"""Which files are tests: what they cost, whom they trust and how often they repeat themselves matters little.

They are not judged unless somebody asks: nobody has read findings on test code to see what is worth telling there.
"""

from pathlib import PurePosixPath

_MARKS = frozenset({"test", "tests", "spec", "specs", "testing", "testdata", "unittest", "unittests"})
_ENDS = ("Test", "Tests", "Spec")


def is_test(path: str) -> bool:
    """Whether a path, with forward slashes, looks like a test: by a folder or by its name."""
    return bool(marks_of(path) & _MARKS) or PurePosixPath(path).stem.endswith(_ENDS)


def marks_of(path: str) -> set[str]:
    """What a path says it is for, in small letters: the words of its folders, the first and the last of its name."""
    *folders, name = (part.lower().replace("-", "_").replace(".", "_") for part in _without_suffix(path).split("/"))
    words = [word for word in name.split("_") if word]
    return {word for folder in folders for word in folder.split("_")} | {*words[:1], *words[-1:]}


def _without_suffix(path: str) -> str:
    return path.removesuffix(PurePosixPath(path).suffix)
