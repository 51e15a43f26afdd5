"""Path patterns in the manner of .gitignore."""

from fnmatch import fnmatchcase
from glob import escape


def path_matches(path: str, pattern: str) -> bool:
    """Whether a pattern in the manner of .gitignore covers a path: the file itself or a folder it lies in.

    ``*`` stays within a folder and ``**`` spans any number of them; a pattern without a slash, other than at
    its end, matches at any depth.
    """
    steps = pattern.strip("/").split("/")
    if "/" not in pattern.rstrip("/"):
        steps.insert(0, "**")
    reached = {0}  # all positions in `steps` at once, so that no pattern can make the search blow up
    for name in path.split("/"):
        for at in sorted(reached):
            while at < len(steps) and steps[at] == "**":
                at += 1
                reached.add(at)
        if len(steps) in reached:
            return True
        reached = {
            at if steps[at] == "**" else at + 1 for at in reached if steps[at] == "**" or fnmatchcase(name, steps[at])
        }
    return len(steps) in reached


def rooted(pattern: str, folder: str) -> str:
    """A pattern that was written in ``folder``, as the root of the repository has to write it."""
    if not folder:
        return pattern
    anywhere = "" if "/" in pattern.rstrip("/") else "**/"
    return f"{escape(folder)}/{anywhere}{pattern.lstrip('/')}"
