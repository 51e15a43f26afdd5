"""Suites, splits, the floor and accuracy: what is read, what is refused, and what the figures say."""

import json
import math
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from themis_bench.accuracy import Group, groups, scored
from themis_bench.floor import Floor
from themis_bench.judge import Judge, Length, Model
from themis_bench.metrics import Estimate
from themis_bench.pairs import DataError, Pair, read_pairs
from themis_bench.result import plain
from themis_bench.split import read_split, write_split
from themis_bench.spoken import Spoken, spoken
from themis_bench.suite import CaseSuite, FileSuite, open_suite
from themis_bench.table import spoken_table
from themis_model.bundle import read_bundle
from themis_model.calibrate import Calibration, Curve, Mix, State, Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.fake import FakeScorer

SECURITY = Criterion.SECURITY_HARDNESS
ROW: dict[str, object] = {
    "id": "1", "source": "ours", "language": "Python", "criterion": "security_hardness", "chosen": "safe()",
    "rejected": "unsafe()", "project": "a/b", "license": "MIT",
}  # fmt: skip
PAIR = Pair("1", "ours", "python", SECURITY, "safe()", "unsafe()", "a/b", "MIT")


def write(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


# what is different about a row; what is different about the pair
READ = [
    ({}, {}),
    ({"license": None}, {"license": ""}),
    ({"unknown": 3}, {}),
    ({"criterion": "neutral"}, {"criterion": None}),
    *(
        ({"language": name}, {"language": key})
        for name, key in [("C#", "c_sharp"), ("CSharp", "c_sharp"), ("Cpp", "cpp"), ("C++", "cpp"), ("C", "c"),
                          ("TypeScript", "javascript"), ("c_sharp", "c_sharp"), ("Ruby", "ruby")]
    ),
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
@pytest.mark.parametrize(("row", "pair"), READ)
def test_pairs_are_read(tmp_path: Path, suffix: str, row: dict[str, object], pair: dict[str, object]) -> None:
    path = write(tmp_path / f"pairs{suffix}", [ROW | row])
    assert list(read_pairs(path)) == [replace(PAIR, **pair)]  # type: ignore[arg-type]  # one attribute each


REFUSED_ROWS = [
    ({"language": "COBOL"}, "row 2 is in COBOL, which is none of c, c_sharp"),
    ({"criterion": "beauty"}, "row 2 has the criterion 'beauty', which is none of functional_correctness"),
    ({"chosen": None}, "row 2 has no text as chosen"),
]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
@pytest.mark.parametrize(("row", "because"), REFUSED_ROWS)
def test_rows_are_refused_by_number(tmp_path: Path, suffix: str, row: dict[str, object], because: str) -> None:
    path = write(tmp_path / f"pairs{suffix}", [ROW, ROW | row])
    with pytest.raises(DataError, match=because):
        list(read_pairs(path))


REFUSED_FILES = [
    ("pairs.csv", "id,source\n", "neither .parquet nor .jsonl"),
    ("pairs.jsonl", "{]\n", "row 1 is not JSON"),
    ("pairs.jsonl", "[]\n", "row 1 is not an object"),
    ("pairs.jsonl", "{}\n", "row 1 lacks 'id'"),
    ("pairs.parquet", "nothing of the kind", "is not a parquet file"),
    ("pairs.jsonl", None, "cannot be read: No such file"),
    ("pairs.parquet", None, "cannot be read: No such file"),
]


@pytest.mark.parametrize(("name", "content", "because"), REFUSED_FILES)
def test_files_are_refused(tmp_path: Path, name: str, content: str | None, because: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=because):
        list(read_pairs(tmp_path / name))


# parts; part of a pair with the id 1 and the project a/b
PARTS = [
    ({"test": ["1"]}, "test"),
    ({"test": ["a/b"]}, "test"),
    ({"train": ["a/b"], "test": ["1"]}, "test"),  # an id counts before its project
    ({"test": ["2"]}, None),
]


@pytest.mark.parametrize(("parts", "part"), PARTS)
def test_split(tmp_path: Path, parts: dict[str, list[str]], part: str | None) -> None:
    write_split(tmp_path / "split.json", parts)
    split = read_split(tmp_path / "split.json")
    assert split.part_of(PAIR) == part
    assert [len(list(split.only(name, [PAIR]))) for name in parts] == [name == part for name in parts]
    with pytest.raises(DataError, match="no part 'dev'"):
        split.only("dev", [PAIR])


REFUSED_SPLITS = [
    ('{"schema": "themis-split/1", "parts": {"train": ["1"], "test": ["1"]}}', "lists '1' in two parts"),
    ('{"schema": "themis-split/2", "parts": {}}', "has schema 'themis-split/2'"),
    ('{"schema": "themis-split/1"}', "is not a split"),
    ("[]", "is not a split"),
    ("{", "is not a split"),
    (None, "cannot be read"),
]


@pytest.mark.parametrize(("content", "because"), REFUSED_SPLITS)
def test_splits_are_refused(tmp_path: Path, content: str | None, because: str) -> None:
    if content is not None:
        (tmp_path / "split.json").write_text(content)
    with pytest.raises(DataError, match=because):
        read_split(tmp_path / "split.json")


@pytest.mark.parametrize("name", ["edits", "slips", "newcomers"])
def test_a_suite_that_ships_is_whole(name: str) -> None:
    suite = open_suite(name)
    pairs, neutrals = list(suite.pairs()), list(suite.neutrals())
    assert suite.info().name == name
    assert {pair.criterion for pair in pairs} == set(CRITERIA)
    assert {pair.language for pair in pairs} == {"c", "c_sharp", "cpp", "go", "java", "javascript", "python", "ruby"}
    assert len({pair.id for pair in pairs + neutrals}) == len(pairs) + len(neutrals)
    assert neutrals
    assert all(pair.criterion is None for pair in neutrals)


CASE = """# A case

```python before a.py
old()
```

```python after
new()
```

```expect
security_hardness: {security}
functional_correctness: {correctness}
```
"""

# verdicts expected; pairs as criterion, chosen and rejected; number of neutral edits
CASES = [
    ("worse", "none", [(SECURITY, "old()\n", "new()\n")], 0),
    ("better", "none", [(SECURITY, "new()\n", "old()\n")], 0),
    ("better", "worse", [(SECURITY, "new()\n", "old()\n"), (CRITERIA[0], "old()\n", "new()\n")], 0),
    ("none", "none", [], 1),
]


@pytest.mark.parametrize(("security", "correctness", "pairs", "neutrals"), CASES)
def test_cases_become_pairs(
    tmp_path: Path, security: str, correctness: str, pairs: list[tuple[Criterion, str, str]], neutrals: int
) -> None:
    (tmp_path / "page.md").write_text(CASE.format(security=security, correctness=correctness), "utf-8")
    suite = open_suite(str(tmp_path))
    assert [(pair.criterion, pair.chosen, pair.rejected) for pair in suite.pairs()] == pairs
    assert [(pair.rejected, pair.chosen) for pair in suite.neutrals()] == [("old()\n", "new()\n")] * neutrals


def test_no_page_changes_without_a_new_version(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(CASE.format(security="worse", correctness="none"), "utf-8")
    suite = CaseSuite(tmp_path)
    unnamed = suite.info()
    manifest = {"name": "ours", "version": "7", "digest": unnamed.digest}
    (tmp_path / "suite.json").write_text(json.dumps(manifest))
    assert suite.info() == ("ours", "7", unnamed.digest)
    page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n"))
    assert suite.info().digest == unnamed.digest  # a checkout with other line endings is the same suite
    page.write_text(CASE.format(security="better", correctness="none"), "utf-8")
    with pytest.raises(DataError, match="is not of these pages"):
        suite.info()


def test_an_unknown_suite_names_those_that_ship() -> None:
    with pytest.raises(DataError, match=r"no suite or file 'nothing'; the suites that ship are: edits"):
        open_suite("nothing")


def labelled(chosen: str, rejected: str, project: str = "p", language: str = "python", **more: object) -> Pair:
    pair = Pair("1", "ours", language, SECURITY, chosen, rejected, project)
    return replace(pair, **more)  # type: ignore[arg-type]  # attributes of a pair


def measured(pairs: Sequence[Pair], *judges: Judge, fewest: int = 1) -> dict[tuple[str, str], Group]:
    found = groups(scored(pairs, judges), judges, fewest)
    return {(group.language, group.source): group for group in found}


def test_groups() -> None:
    pairs = [
        labelled("good", "other words", "a"),
        labelled("good words here", "other", "b"),
        labelled("bad words here", "other", "b", "go"),
        labelled("other", "outer", "c", "go"),
        labelled("x\n" * 2000, "y\n" * 2000, "c", "go"),
        labelled("good", "bad", criterion=None),  # neutral edits are in no group
    ]
    found = measured(pairs, Model(FakeScorer()), Length())
    assert set(found) == {("all", "all"), ("go", "all"), ("python", "all"), ("all", "ours")}
    whole = found["all", "all"]
    assert (whole.pairs, whole.projects, whole.equal) == (5, 3, 2)
    fake, length = whole.judges
    assert fake is not None
    assert length is not None
    assert (fake.plain.value, fake.unseen) == (2 / 5, 1)  # a tie and a change too large are wrong
    assert fake.balanced.value == (1 / 2 + 1 / 1) / 2
    assert (length.plain.value, length.balanced.value) == (whole.longer, 0.5)
    assert fake.lead.value == 0
    assert length.lead.value == 0.75 - 0.5
    assert 0 <= fake.plain.lower <= fake.plain.value <= fake.plain.upper <= 1


@pytest.mark.parametrize(("first", "second", "delta"), [("good", "bad", -4), ("bad", "good", -4), ("good", "good", 1)])
def test_of_changes_far_apart_the_one_with_the_largest_delta_counts(first: str, second: str, delta: float) -> None:
    scorer = FakeScorer({"good": (1.0,) * 5, "bad": (-4.0,) * 5})
    scorer.encoder.max_tokens = 12  # room for one of the two
    between = [f"line {n} of many" for n in range(60)]
    pair = labelled("\n".join([first, *between, second]), "\n".join(["other", *between, "other"]))
    (found,) = Model(scorer).deltas([pair])
    assert found is not None
    assert found.tolist() == [delta] * 5


def test_small_groups_are_left_out_but_for_the_whole() -> None:
    pairs = [labelled("good", "other words", str(n), "go" if n else "python") for n in range(3)]
    assert set(measured(pairs, Length(), fewest=2)) == {("all", "all"), ("go", "all"), ("all", "ours")}
    assert set(measured(pairs, Length(), fewest=9)) == {("all", "all")}


def test_a_criterion_without_data_has_no_figure() -> None:
    silent = Calibration(Mix(), dict.fromkeys(CRITERIA, Curve(State.NO_DATA)))
    (right,) = measured([PAIR], Model(FakeScorer(calibration=silent)))["all", "all"].judges
    assert right is None


def test_what_a_judge_would_say() -> None:
    calibration = Calibration.speaking(0.8)
    pairs = [labelled("good" if n % 2 else "good words", "other w", str(n)) for n in range(40)]
    pairs += [labelled("other w", "good words" if n % 2 else "good", str(n)) for n in range(10)]
    quiet = [labelled("x = 1", "x = 2", criterion=None) for _ in range(99)]
    noisy = [labelled("bad", "other", criterion=None)]
    (found,) = spoken(list(scored(pairs + quiet + noisy, [Model(FakeScorer())])), 0, calibration)
    assert found.criterion is SECURITY
    assert (found.neutrals, found.noise.value) == (100, 0.01)
    assert (found.worse.probability, found.worse.judged) == (0.8, 40 + 10 + 1)
    assert found.worse.coverage == pytest.approx(0.8)
    assert found.worse.precision == pytest.approx(0.08 / (0.08 + 0.3 * 0.2 + 0.6 * 0.01))
    assert 0 < found.worse.lower < found.worse.precision
    assert 0 <= found.ece <= 1


def test_without_neutral_edits_precision_is_not_told() -> None:
    assert list(spoken(list(scored([PAIR], [Model(FakeScorer())])), 0, Calibration.speaking())) == []


def test_a_table_has_no_precision_of_what_was_never_said() -> None:
    never, often = Threshold(0.9), Threshold(0.8, 0.75, 0.5, 0.1, 12)
    noise = Estimate(0.0, 0.0, 0.0)
    said = [
        Spoken(Criterion.MEMORY_EFFICIENCY, *sides, noise, 100, 0.0, 1) for sides in ((never, often), (often, never))
    ]
    one, other = ([cell for cell in line.split("  ") if cell.strip()] for line in list(spoken_table(said))[1:])
    assert [cell.strip() for cell in one[1:7]] == ["0.900", "–", "–", "0.000", "0.800", "0.750"]
    assert [cell.strip() for cell in other[1:7]] == ["0.800", "0.750", "0.500", "0.100", "–", "–"]


def test_undefined_numbers_are_null() -> None:
    assert plain({"a": [math.nan, 0.123456789, SECURITY, True, 3]}) == {"a": [None, 0.12346, SECURITY.value, True, 3]}


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "themis_cli.main", "bench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_a_small_suite_says_in_words_what_it_measured() -> None:
    ran = bench("accuracy", "edits")
    told = ran.stdout.splitlines()
    name = re.escape(read_bundle().manifest.name)
    first = re.compile(rf"Of 26 pairs of a better and a worse version, {name} rates the better one higher in \d")
    assert len(list(filter(first.match, told))) == 1
    counts = re.findall(r"^Of these pairs as regressions it tells (\d+) \((.*)\);$", ran.stdout, re.MULTILINE)
    assert [int(total) for total, _ in counts] == [sum(map(int, re.findall(r"\d+", each))) for _, each in counts] != [0]
    assert [line for line in told if line.startswith("The second table is what users meet")]
    assert told[-1].startswith("Fewer than 30 pairs show that a model works, not how well it does: correctness, ")


def test_the_commands_from_pairs_to_figures(tmp_path: Path) -> None:
    texts = [("safe(a)\nnote(a)", "unsafe(a)"), ("safe(a)", "unsafe(a)\nnote(a)")]
    rows = [
        ROW | {"id": str(n), "project": f"project-{n % 7}", "chosen": texts[n % 2][0], "rejected": texts[n % 2][1]}
        for n in range(120)
    ]
    data = write(tmp_path / "pairs.parquet", rows)
    held_out = [f"project-{n}" for n in range(3)]
    write_split(tmp_path / "split.json", {"train": [f"project-{n}" for n in range(3, 7)], "test": held_out})
    floor, figures = tmp_path / "floor.npz", tmp_path / "figures.json"
    fitted = bench("floor", "fit", data, "--split", tmp_path / "split.json", "-o", floor)
    assert (fitted.returncode, fitted.stderr) == (0, "")
    ran = bench(
        "accuracy", data, "--split", tmp_path / "split.json", "--model", f"floor:{floor}", "--model", "longer",
        "--source", "ours", "--json", figures,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "security" in ran.stdout
    words = r"^Of (\d+) pairs of a better and a worse version, floor rates the better one higher in \1 "
    assert re.search(words, ran.stdout, re.MULTILINE), ran.stdout
    assert "a model works, not how well" not in ran.stdout
    assert "The second table" not in ran.stdout
    found = json.loads(figures.read_text("utf-8"))
    assert found["schema"] == "themis-bench-accuracy/1"
    assert found["suite"]["digest"] == FileSuite(data).info().digest
    assert found["split"] == {"digest": read_split(tmp_path / "split.json").digest, "part": "test"}
    assert [model["name"] for model in found["models"]] == ["floor", "longer"]
    assert found["models"][0]["digest"] == Floor.load(floor).info.digest
    whole = found["groups"][0]
    assert (whole["criterion"], whole["language"], whole["projects"]) == ("security_hardness", "all", 3)
    assert whole["judges"]["floor"]["balanced"]["value"] == 1.0
    assert whole["judges"]["longer"]["balanced"]["value"] == 0.5
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "figures.json", "floor.npz", "pairs.parquet", "split.json",
    ]  # fmt: skip


REFUSED_COMMANDS = [
    (["accuracy", "nothing"], "no suite or file 'nothing'"),
    (["accuracy", "edits", "--model", "floor:nothing.npz"], "nothing.npz cannot be read"),
    (["accuracy", "edits", "--model", "longer", "--split", "nothing.json"], "nothing.json cannot be read"),
    (["accuracy", "edits", "--model", "longer", "--source", "theirs"], "holds no pair of the part and sources"),
    (["floor", "fit", "nothing.parquet", "-o", "floor.npz"], "nothing.parquet cannot be read"),
]


@pytest.mark.parametrize(("arguments", "because"), REFUSED_COMMANDS)
def test_bad_input_gets_one_line(arguments: list[str], because: str) -> None:
    ran = bench(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert because in ran.stderr
    assert ran.stderr.count("\n") == 1
