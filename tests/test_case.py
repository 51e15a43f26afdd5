"""The literate case format: what it reads, and how it complains."""

from importlib.resources import files

import pytest

from themis_lsp.case import Case, CaseError, cases_in
from themis_lsp.change import FileChange
from themis_lsp.verdict import Direction
from themis_model.criterion import CRITERIA, Criterion
from themis_model.tokens import LANGUAGES

GOOD = """\
# A title

Some prose.

```python before shop/cart.py
x = 1
```

```sh
ignored --as prose
```

```python after
x = 2
```

```expect
security_hardness: worse
readability_maintainability: none
```
"""
CASE = Case(
    "A title",
    "Some prose.\n\n\n```sh\nignored --as prose\n```",
    "python",
    FileChange("shop/cart.py", "x = 1\n", "x = 2\n"),
    {Criterion.SECURITY_HARDNESS: Direction.WORSE, Criterion.READABILITY_MAINTAINABILITY: Direction.NONE},
)


def test_reads_a_case() -> None:
    assert cases_in(GOOD, "good.md") == (CASE,)


def test_each_heading_starts_a_case_and_sections_without_blocks_are_prose() -> None:
    text = "# About\n\nOnly prose.\n\n" + GOOD + GOOD.replace("# A title", "## Moved").replace("after", "after a/b.py")
    first, second = cases_in(text, "two.md")
    assert first == CASE
    assert (second.title, second.change.path, second.change.old_path) == ("Moved", "a/b.py", "shop/cart.py")


def test_a_longer_fence_holds_a_shorter_one() -> None:
    text = GOOD.replace("```python after\nx = 2\n```", "````python after\ns = '''\n```\n'''\n````")
    assert cases_in(text, "nested.md")[0].change.after == "s = '''\n```\n'''\n"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (GOOD, "# Only prose\n", "c.md:1: no case"),
        ("# A title\n", "", "c.md:1: a case needs a heading"),
        ("python before", "python befor", "c.md:5: a code block is marked before or after, not 'befor'"),
        ("before shop/cart.py", "before", "c.md:5: the block marked before names no path"),
        ("shop/cart.py", "shop/cart.txt", "c.md:5: shop/cart.txt is not in a supported language"),
        ("python after", "ruby after", "c.md:13: the block says ruby, but shop/cart.py is python"),
        ("python after", "python before shop/cart.py", "c.md:13: a second block marked before"),
        ("```expect\n", "```text\n", "c.md:1: the case 'A title' has no block marked expect"),
        ("none\n```\n", "none\n", "c.md:17: this block is never closed"),
        ("hardness: worse", "hardness worse", "c.md:18: 'security_hardness worse' is not of the form"),
        (
            "hardness: worse",
            "hardness: bad",
            "c.md:18: security_hardness: bad: not one of worse, better, none",
        ),
        ("security_hardness", "safety", "c.md:18: safety: worse: not one of functional_correctness,"),
        (
            "readability_maintainability: none",
            "security_hardness: none",
            "c.md:19: security_hardness is expected twice",
        ),
        ("security_hardness: worse\nreadability_maintainability: none\n", "", "c.md:17: nothing is expected"),
    ],
)
def test_complains_with_file_and_line(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(CaseError) as problem:
        cases_in(GOOD.replace(old, new, 1), "c.md")
    assert str(problem.value).startswith(complaint)


def test_the_examples_cover_every_criterion_language_and_direction() -> None:
    pages = [page for page in files("themis_cli").joinpath("examples").iterdir() if page.name.endswith(".md")]
    cases = [case for page in pages for case in cases_in(page.read_text(encoding="utf-8"), page.name)]
    assert {case.language for case in cases} == set(LANGUAGES)
    told = {(criterion, direction) for case in cases for criterion, direction in case.expected.items()}
    assert told >= {(criterion, direction) for criterion in CRITERIA for direction in Direction}
    assert len({case.change.path for case in cases}) == len(cases), "paths tell the examples apart"
