"""Mining: what a history yields, what it is called, and that nothing in a clone is run."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.repo import Repo
from themis_lsp.error import UsageError
from themis_training.data import Split
from themis_training.license import license_of
from themis_training.mine import Mined, MineOptions, MineReport, mine, spread
from themis_training.neutral import purpose_of
from themis_training.origin import is_excluded, repository_name, split_of

MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software to deal in it."
ALL = MineOptions()
DAY = "2015-03-01T12:00:00Z"
FOLDER = "someone+thing"

BEFORE = """\
import sys
import os

def fee(order, rate):
    # the part we keeep
    total = order.sum * rate
    if total < 0:
        raise ValueError('the fee may not be negtive')
    return total
"""


def made(root: Path, files: dict[str, str], *, name: str = FOLDER, terms: str = MIT) -> Repo:
    repo = Repo.make(root / name)
    repo.write("LICENSE", terms)
    committed(repo, "Begin", files)
    return repo


def committed(repo: Repo, message: str, files: dict[str, str], when: str = DAY) -> None:
    for path, content in files.items():
        repo.write(path, content)
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", message, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)


def mined(tmp_path: Path, *repos: Repo, options: MineOptions = ALL) -> tuple[MineReport, list[dict[str, str]]]:
    report = mine([repo.root for repo in repos], tmp_path / "out", options)
    return report, pq.read_table(report.file).to_pylist()


def check(
    tmp_path: Path, message: str, before: dict[str, str], after: dict[str, str], expected: Sequence[tuple[str, ...]]
) -> None:
    """One commit on top of another yields these (unit, kind, nature, evidence)."""
    repo = made(tmp_path, before)
    committed(repo, message, after)
    _, rows = mined(tmp_path, repo)
    assert [(row["unit"], row["kind"], row["nature"], row["evidence"]) for row in rows] == list(expected)


def edit(old: str, new: str, path: str = "shop.py") -> tuple[dict[str, str], dict[str, str]]:
    assert old in BEFORE
    return {path: BEFORE}, {path: BEFORE.replace(old, new)}


@pytest.mark.parametrize(
    ("message", "change", "expected"),
    [
        ("Say it better", edit("keeep", "keep"), ("fee", "neutral", "layout", "tokens")),
        ("Clearer", (edit("total", "total")[0], {"shop.py": BEFORE.replace("total", "fee_due")}),
         ("fee", "neutral", "rename", "tokens")),
        ("Run black", edit("'the fee may not be negtive'", '"the fee may not be negtive"'),
         ("fee", "neutral", "code", "style")),
        ("Sort imports (#12)", edit("import sys\nimport os", "import os\nimport sys"),
         ("<module>", "neutral", "code", "imports")),
        ("Rename sum to amount", edit("order.sum", "order.amount"), ("fee", "neutral", "code", "rename")),
        ("Fix typo in error message", edit("negtive", "negative"), ("fee", "neutral", "code", "typo")),
        ("Reject free orders", edit("< 0", "<= 0"), ("fee", "ordinary", "code", "")),
        ("Formatting", edit("< 0", "<= 0"), ("fee", "ordinary", "code", "")),
        ("Whitespace", edit("be negtive", "be  negtive"), ("fee", "ordinary", "code", "")),
        ("Whitespace", ({"a.go": "func f() {\n\ta()\n\tb()\n}\n"}, {"a.go": "func f() {\n\tb()\n\ta()\n}\n"}),
         ("f", "ordinary", "code", "")),
        ("Rename sum to amount", edit("order.sum * rate", "order.amount + rate"), ("fee", "ordinary", "code", "")),
        ("Fix typo", edit("order.sum", "order.summ"), ("fee", "ordinary", "code", "")),
    ],
)  # fmt: skip
def test_a_commit_is_what_its_tokens_or_its_message_and_its_words_say(
    tmp_path: Path, message: str, change: tuple[dict[str, str], dict[str, str]], expected: tuple[str, ...]
) -> None:
    check(tmp_path, message, *change, [expected])


OLD, NEW = edit("< 0", "<= 0")
QUOTED = edit("'the fee may not be negtive'", '"the fee may not be negtive"')[1]["shop.py"]
ORDINARY = [("fee", "ordinary", "code", "")]


@pytest.mark.parametrize(
    ("message", "before", "after", "expected"),
    [
        ("With prose", OLD, NEW | {"CHANGES": "fixed\n", "docs/fee.rst": "Fees\n"}, ORDINARY),
        ("With a build file", OLD, NEW | {"Makefile": "all:\n"}, []),
        ("With another source", OLD | {"cart.py": "a = 1\n"}, NEW | {"cart.py": "a = 2\n"}, []),
        ("With a new source", OLD, NEW | {"cart.py": "a = 1\n"}, []),
        ("Reformat", {"a.py": BEFORE, "b.py": BEFORE + "\nx = 1\n"}, {"a.py": QUOTED, "b.py": QUOTED + "\nx = 1\n"},
         [("fee", "neutral", "code", "style")]),
        ("Reformat", {"a.py": BEFORE, "b.py": BEFORE}, {"a.py": QUOTED, "b.py": NEW["shop.py"]},
         [("fee", "neutral", "code", "style")]),
        ("Does not parse", OLD, {"shop.py": BEFORE.replace("if total < 0:", "if total < (:")}, []),
        ("Not ours", {"vendor/shop.py": BEFORE}, {"vendor/shop.py": NEW["shop.py"]}, []),
        ("Not by hand", {"a.py": f"# Generated by x. Do not edit.\n{BEFORE}"},
         {"a.py": f"# Generated by x. Do not edit.\n{NEW['shop.py']}"}, []),
        ("Not a language of ours", {"a.lua": "a = 1\n"}, {"a.lua": "a = 2\n"}, []),
    ],
)  # fmt: skip
def test_only_sources_changed_in_place_and_alone_count(
    tmp_path: Path, message: str, before: dict[str, str], after: dict[str, str], expected: list[tuple[str, ...]]
) -> None:
    check(tmp_path, message, before, after, expected)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Fix whitespace", "style"),
        ("gofmt", "style"),
        ("style: satisfy rubocop (#77)", "style"),
        ("parser: fix indentation and line breaks in read_all()", "style"),
        ("Coding style\n\nNo functional change.\n\nSigned-off-by: A <a@example.org>", "style"),
        ("[ci skip] Remove trailing commas", "style"),
        ("Reorder imports", "imports"),
        ("Fix typos in comments. Closes #3", "typo"),
        ("core: rename `load` to `read`", "rename"),
        ("", None),
        ("Format dates as ISO 8601", None),
        ("Fix crash in formatter", None),
        ("Apply PEP8 to reader.py and fix a wrong default", None),
        ("Fix whitespace in output", None),
        ("Fix typo and whitespace", None),
        ("Rename load to read and drop the cache", None),
        ("style: remove the cache", None),
        ("Whitespace\n\nAlso fixes the crash at startup.", None),
        ("Remove unused imports", None),
        ("Fix indentation " + "really " * 12, None),
    ],
)
def test_purpose_is_known_only_if_every_word_is_about_form(message: str, expected: str | None) -> None:
    assert purpose_of(message) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"LICENSE": MIT}, "MIT"),
        ({"MIT-LICENSE": "# " + MIT.replace("\n", "\n# ")}, "MIT"),
        ({"COPYING": "Apache License\n Version 2.0, January 2004"}, "Apache-2.0"),
        ({"LICENSE.md": "Redistribution and use in source and binary forms are fine."}, "BSD-2-Clause"),
        ({"LICENSE.md": "Redistribution and use in source and binary forms: Neither the name"}, "BSD-3-Clause"),
        ({"LICENCE": "Boost Software License - Version 1.0"}, "BSL-1.0"),
        ({"LICENSE": "See COPYING", "COPYING": MIT}, "MIT"),
        ({"COPYING": "GNU General Public License", "LICENSE": MIT}, "MIT"),  # a choice of two
        ({"LICENSE": MIT + "\nOne test file is under the GNU General Public License."}, "MIT"),
        ({"LICENSE": "GNU General Public License, or else: " + MIT}, None),
        ({"COPYING": "GNU Lesser General Public License"}, None),
        ({"LICENSE": "Commons Clause\n" + MIT}, None),
        ({"LICENSE": "All rights reserved."}, None),
        ({"LICENSE-logo.md": MIT, "README.md": MIT}, None),
        ({}, None),
    ],
)
def test_only_permissive_licences_are_recognised(files: dict[str, str], expected: str | None) -> None:
    assert license_of(files, files.get) == expected


@pytest.mark.parametrize(
    ("name", "projects", "expected"),
    [
        ("Some/Thing", {"some/thing"}, True),
        ("some/thing", {"other/Thing"}, True),  # a fork of it
        ("some/thing", {"Thing"}, True),
        ("some/thing", {"SOME"}, True),
        ("apache/commons-lang", {"Lang"}, True),
        ("some/json-core", {"JsonCore"}, True),
        ("some/json-core", {"other/core"}, False),
        ("some/thing", {"task:thing", "things", "other/one"}, False),
    ],
)
def test_projects_that_serve_elsewhere_are_excluded(name: str, projects: set[str], expected: bool) -> None:
    assert is_excluded(name, frozenset(projects)) is expected


def test_clones_are_named_by_their_folders() -> None:
    places = ("a+b", "a+b/repo", "a+b/repo/.git", "a+b.git", "plain")
    assert [repository_name(Path("/x", place)) for place in places] == ["a/b"] * 4 + ["plain"]


def test_three_of_ten_repositories_are_held_out_and_the_named_ones_always() -> None:
    names = [f"owner/{number}" for number in range(400)]
    held = sum(split_of(name, frozenset()) is Split.TEST for name in names)
    assert 90 < held < 150
    assert {split_of(name.upper(), frozenset(names)) for name in names} == {Split.TEST}


def test_every_beginning_of_a_spread_is_even() -> None:
    for count in (1, 2, 10, 999):
        order = spread(count)
        assert sorted(order) == list(range(count))
        for some in (size for size in (8, 50) if size < count):
            gaps = [b - a for a, b in zip(sorted(order[:some]), sorted(order[:some])[1:], strict=False)]
            assert max(gaps) <= 3 * count / some


def history(root: Path, length: int, name: str = FOLDER) -> Repo:
    repo = made(root, {"a.py": "def f():\n    return 0\n"}, name=name)
    for number in range(1, length + 1):
        message = f"Return {number}\n\nAsked for by <b@example.org>.\nSigned-off-by: B <b@example.org>"
        committed(repo, message, {"a.py": f"def f():\n    return {number}\n"}, f"2016-01-{number:02}T00:00:00Z")
    return repo


def test_a_row_tells_all_about_an_edit(tmp_path: Path) -> None:
    repo = history(tmp_path, 1)
    _, (row,) = mined(tmp_path, repo)
    assert row == {
        "repo": "someone/thing", "license": "MIT", "split": split_of("someone/thing", frozenset()),
        "commit": repo.git("rev-parse", "HEAD"), "date": "2016-01-01T00:00:00+00:00",
        "message": "Return 1\n\nAsked for by.", "path": "a.py", "unit": "f", "unit_kind": "function",
        "language": "python", "nature": "code", "kind": "ordinary", "evidence": "",
        "before": "def f():\n    return 0", "after": "def f():\n    return 1",
        "criterion": "", "confidence": 0.0, "reverted_by": "", "because": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "days"),
    [
        (MineOptions(), list(range(1, 21))),
        (MineOptions(since=date(2016, 1, 5), until=date(2016, 1, 8)), [5, 6, 7]),
        (MineOptions(until=date(2016, 1, 1)), []),
        (MineOptions(until=None, since=date(2016, 1, 20)), [20]),
        (MineOptions(ordinary=4), [2, 7, 15, 20]),
        (MineOptions(per_commit=0), []),
    ],
)
def test_options_bound_what_is_kept(tmp_path: Path, options: MineOptions, days: list[int]) -> None:
    _, rows = mined(tmp_path, history(tmp_path, 20), options=options)
    assert [int(row["date"][8:10]) for row in rows] == days


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two clones have the same name"):
        mine([tmp_path / "a+b", tmp_path / "x" / "a+b"], tmp_path, MineOptions())


def test_what_is_left_out_has_a_reason_and_the_rest_is_mined(tmp_path: Path) -> None:
    free = made(tmp_path, OLD, name="a+free", terms="All rights reserved.")
    used = made(tmp_path, OLD, name="a+used")
    kept = history(tmp_path, 1, "a+kept")
    bare = Repo(tmp_path / "a+nothing")
    bare.root.mkdir()
    report, rows = mined(tmp_path, free, used, kept, bare, options=MineOptions(exclude=frozenset({"used"})))
    assert [(m.repository, (m.because or "").split(":")[0]) for m in report.repositories] == [
        ("a/free", "no permissive licence was recognised"),
        ("a/kept", ""),
        ("a/nothing", f"{bare.root} is in no git repository"),
        ("a/used", "excluded, as it serves elsewhere"),
    ]
    assert {row["repo"] for row in rows} == {"a/kept"}


def test_copies_of_an_edit_count_once(tmp_path: Path) -> None:
    report, rows = mined(tmp_path, history(tmp_path, 3, "b+fork"), history(tmp_path, 2, "a+origin"))
    assert [row["repo"] for row in rows] == ["a/origin", "a/origin", "b/fork"]
    assert report.edits.duplicates == 2
    assert sum(report.edits.counts.values()) == 3


def test_a_bare_clone_without_a_config_or_an_old_blob_yields_the_rest(tmp_path: Path) -> None:
    source = history(tmp_path, 3, "source")
    source.git("clone", "--quiet", "--bare", "--no-hardlinks", ".", str(tmp_path / FOLDER / "repo"))
    clone = tmp_path / FOLDER / "repo"
    (clone / "config").unlink()
    blob = source.git("rev-parse", "HEAD~1:a.py")
    packed = source.git("rev-list", "--objects", "--all").split("\n")
    assert any(line.startswith(blob) for line in packed)
    (clone / "objects" / blob[:2] / blob[2:]).unlink()
    report = mine([clone], tmp_path / "out", MineOptions())
    assert [row["after"][-1] for row in pq.read_table(report.file).to_pylist()] == ["1"]
    info = report.repositories[0].info
    assert info is not None
    assert (info.commits, info.unread, info.edits) == (3, 2, 1)


def test_nothing_a_clone_says_is_run(tmp_path: Path) -> None:
    repo = history(tmp_path, 2)
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    program.chmod(0o755)
    signed = repo.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n", 1
    )
    commit = repo.git("hash-object", "-t", "commit", "-w", "--stdin", text=signed.encode())
    repo.git("update-ref", "HEAD", commit)
    for key, value in {
        "log.showSignature": "true", "gpg.program": str(program), "core.fsmonitor": str(program),
        "core.sshCommand": str(program), "core.pager": str(program), "diff.external": str(program),
        "extensions.partialClone": "origin", "remote.origin.promisor": "true", "remote.origin.url": "ssh://h/x",
    }.items():  # fmt: skip
        repo.git("config", key, value)
    blob = repo.git("rev-parse", "HEAD~1:a.py")
    (repo.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    report, _ = mined(tmp_path, repo)
    info = report.repositories[0].info
    assert info is not None
    assert info.unread == 2
    assert not ran.exists()
    repo.git("log", "--show-signature", "-1")  # it would have been
    assert ran.exists()


def test_a_finished_repository_is_read_again_only_if_something_changed(tmp_path: Path) -> None:
    repo = history(tmp_path, 2)
    assert [mined(tmp_path, repo)[0].repositories[0].again for _ in range(2)] == [False, True]
    report, rows = mined(tmp_path, repo, options=MineOptions(ordinary=1))
    assert (report.repositories[0].again, len(rows)) == (False, 1)
    committed(repo, "More", {"a.py": "def f():\n    return 9\n"})
    assert not mined(tmp_path, repo, options=MineOptions(ordinary=1))[0].repositories[0].again


def test_an_interrupted_run_keeps_what_was_finished_and_goes_on(tmp_path: Path) -> None:
    repos = [history(tmp_path, 1 + number, f"a+{number}") for number in range(3)]
    seen: list[Mined] = []

    def stop(done: Mined) -> None:
        seen.append(done)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mine([repo.root for repo in repos], tmp_path / "out", MineOptions(), stop)
    left = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert left == ["parts/a+0.parquet", "parts/a+1.parquet"]
    report, _ = mined(tmp_path, *repos)
    assert [done.again for done in report.repositories] == [True, True, False]


def test_what_cannot_be_put_in_place_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "out" / "edits.parquet").mkdir(parents=True)
    with pytest.raises(OSError, match=r"edits\.parquet"):
        mine([history(tmp_path, 1).root], tmp_path / "out", ALL)
    assert not list((tmp_path / "out").rglob("*.part"))


def test_jobs_change_nothing_but_the_time(tmp_path: Path) -> None:
    repos = [history(tmp_path, 2 + number, f"a+{number}") for number in range(2)]
    _, alone = mined(tmp_path / "one", *repos)
    _, together = mined(tmp_path / "two", *repos, options=MineOptions(jobs=2))
    assert alone == together
