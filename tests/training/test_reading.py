"""What readers said of findings, as something to learn from: which side of an edit it makes better, or neither."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder
from themis_model.fake import HashTokenizer
from themis_model.tokens import BpeTokenizer
from themis_training.data import Pair, Split
from themis_training.fit import HELD_OUT, HELD_OUT_NAMES, Data, fit, load_run, read_data
from themis_training.judged import Possible, read_judged
from themis_training.mined import MinedEdit, digest_of
from themis_training.pairs import examples_of
from themis_training.reading import Reading, reading_examples, with_texts, write_readings
from themis_training.recipe import Recipe, wide_4
from themis_training.settle import Learned
from themis_training.wide import differences_of, margins_of

pytestmark = pytest.mark.training

MEMORY = Criterion.MEMORY_EFFICIENCY
COLUMN = CRITERIA.index(MEMORY)
OPEN = "def load(path):\n    file = open(path)\n    rows = parse(file)\n    file.{call}()\n    return rows\n"
LEFT = OPEN.replace("    file.{call}()\n", "")


def finding(name: str, kept: bool, repository: str = "a/b", turned: bool = False, unit: str = "load") -> Possible:
    return Possible(
        name, repository, "c" * 40, "a.py", unit, "python", turned, MEMORY, 0.9, "unclosed-resource", "-x", kept,
        kept or None,
    )  # fmt: skip


def mined(
    before: str, after: str, repository: str = "a/b", unit: str = "load", split: str = "calibration"
) -> MinedEdit:
    return MinedEdit(
        repository, "MIT", split, "c" * 40, "2020-01-01", "change", "a.py", unit, "function", "python", "code",
        "ordinary", "", before, after,
    )  # fmt: skip


def test_a_reading_has_the_texts_of_its_edit_in_the_order_they_were_judged() -> None:
    judged = [finding("one", True), finding("two", False, turned=True), finding("gone", True, unit="other")]
    found = with_texts(judged, [mined("old", "new"), mined("old", "new", "x/y"), mined("old", "new")])
    assert [(r.finding.id, r.before, r.after, r.license) for r in found] == [
        ("one", "old", "new", "MIT"),
        ("two", "new", "old", "MIT"),
    ]


@pytest.mark.parametrize(("turned", "digest", "found"), [
    (False, digest_of("later", "latest"), ["later"]),
    (True, digest_of("latest", "later"), ["latest"]),
    (False, digest_of("latest", "later"), []),
    (False, "", []),
])  # fmt: skip
def test_of_overloads_in_one_place_a_reading_has_its_own(turned: bool, digest: str, found: list[str]) -> None:
    judged = replace(finding("one", True, turned=turned), digest=digest)
    assert [r.before for r in with_texts([judged], [mined("old", "new"), mined("later", "latest")])] == found


@pytest.mark.parametrize("kept", [True, False])
def test_a_kept_reading_prefers_what_was_there_and_a_refused_one_is_a_tie(kept: bool) -> None:
    (reading,) = with_texts([finding("one", kept)], [mined(OPEN.format(call="close"), LEFT)])
    (example,) = reading_examples([reading], Encoder(HashTokenizer()))
    assert (example.criterion, example.tied) == ((COLUMN, ()) if kept else (-1, (COLUMN,)))
    assert len(example.chosen) > len(example.rejected)


@pytest.mark.parametrize(("named", "reason"), [(True, "unclosed-resource"), (False, ""), (None, "")])
def test_a_name_that_readers_found_right_is_learned_too(named: bool | None, reason: str) -> None:
    judged = replace(finding("one", True), named=named)
    (reading,) = with_texts([judged], [mined(OPEN.format(call="close"), LEFT)])
    (example,) = reading_examples([reading], Encoder(HashTokenizer()))
    assert example.reason == reason


def test_readings_are_kept_without_the_code_they_are_about(tmp_path: Path) -> None:
    judged = [finding("two", False), finding("one", True, "x/y", turned=True)]
    assert write_readings(judged, tmp_path / "readings.jsonl") == 2
    text = (tmp_path / "readings.jsonl").read_text(encoding="utf-8")
    assert "diff" not in text
    assert read_judged(tmp_path / "readings.jsonl") == [replace(one, diff="") for one in reversed(judged)]


def small(reading: float) -> Recipe:
    shape = replace(wide_4().shape, vocabulary=512, buckets=1 << 12)
    return replace(wide_4(), shape=shape, reading=reading, folds=2, criteria=(MEMORY,), held_out=())


def taught() -> tuple[list[Pair], list[Reading]]:
    """Closing is better, says every pair; of ``give_back`` readers say that it does not matter."""
    notes = ("", "\n\n# a note")
    pairs = [
        Pair(
            f"p{n}", "made", "python", MEMORY, f"project{n}", "CC0-1.0",
            OPEN.format(call=f"close_{n % 7}") + notes[n % 2], LEFT + notes[1 - n % 2],
        )
        for n in range(60)
    ]  # fmt: skip
    edits = [mined(OPEN.format(call="give_back"), LEFT, f"owner/repo{n}") for n in range(12)]
    return pairs, with_texts([finding(f"r{n}", False, f"owner/repo{n}") for n in range(12)], edits)


def test_what_readers_refuse_is_told_less_surely_and_the_rest_as_before(tmp_path: Path) -> None:
    pairs, readings = taught()
    split = {pair.id: Split.TRAIN for pair in pairs}
    told: dict[float, dict[str, float]] = {}
    for weight in (0.0, 10.0):
        run = tmp_path / str(weight)
        network = fit(small(weight), Data(pairs, split, (), (), "digest", readings), run)
        assert network.wide is not None
        record = json.loads((run / "run.json").read_text(encoding="utf-8"))
        assert [row["findings"] for row in record["readings"]] == [1] * 12
        encoder = Encoder(_tokenizer(run))
        calls = {"give_back": reading_examples(readings[:1], encoder), "close_1": examples_of(pairs[1:2], encoder)}
        wide = load_run(run, small(weight)).wide
        assert wide is not None
        told[weight] = {
            call: float(margins_of(wide, differences_of(wide, examples))[0, COLUMN]) for call, examples in calls.items()
        }
    assert told[10.0]["give_back"] < 0.5 * told[0.0]["give_back"]
    assert told[10.0]["give_back"] < 0.8 * told[10.0]["close_1"], "others are told as surely as what was refused"


def test_readings_are_as_sure_as_a_model_that_saw_nothing_of_their_repository(tmp_path: Path) -> None:
    pairs, readings = taught()
    fit(small(10.0), Data(pairs, {p.id: Split.TRAIN for p in pairs}, (), (), "digest", readings), tmp_path)
    margins, names = (json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in (HELD_OUT, HELD_OUT_NAMES))
    whole = {one.id: one for one in readings}
    assert set(whole) <= set(margins)
    learned = Learned.of(tmp_path)
    assert (learned.margins, learned.names) == (margins, names)


def test_repositories_for_testing_teach_nothing(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pairs, _ = taught()
    columns = ("id", "source", "language", "criterion", "project", "license", "chosen", "rejected")
    table = pa.Table.from_pylist([{c: getattr(pair, c) for c in columns} for pair in pairs])
    pq.write_table(table, tmp_path / "pairs.parquet")
    judged = [finding("one", True), finding("two", True, "x/y")]
    read = with_texts(judged, [mined("old", "new", split="test"), mined("old", "new", "x/y")])
    data = read_data([tmp_path / "pairs.parquet"], (), (), small(1.0), read)
    assert [one.finding.id for one in data.readings] == ["two"]


def _tokenizer(run: Path) -> BpeTokenizer:
    return BpeTokenizer.from_file(run / "tokenizer.json")
