"""Judging: who speaks, who keeps silent and why, which lines weigh most, and that nothing else matters."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from themis_lsp.change import Edit, FileChange, Skip
from themis_lsp.edits import INCOMPLETE, NEW, edits_of
from themis_lsp.review import IGNORED, LAYOUT, RENAME, TEST_CODE, TOO_LARGE, UNNAMED, UNSURE, Review, review
from themis_lsp.settings import Settings
from themis_lsp.silence import By
from themis_lsp.verdict import Direction, Verdict
from themis_model.assent import MEASURES, Assent, likely
from themis_model.calibrate import Calibration, Curve, State, Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import View
from themis_model.fake import FakeScorer
from themis_model.reason import reason
from themis_model.scorer import FloatArray

SECURITY = Criterion.SECURITY_HARDNESS
RISKY = FakeScorer({"md5": (0, 0, 0, -4, 0), "sha256": (0, 0, 0, 4, 0), "maybe": (0, 0, 0, -1, 0)})
BASE = "def digest(data):\n    seed = data.strip()\n    return plain(seed)\n"


def judged(after: str, before: str = BASE, settings: Settings | None = None, scorer: FakeScorer = RISKY) -> Review:
    return review(edits_of([FileChange("a.py", before, after)]), scorer, settings or Settings())


def security(found: Review) -> Verdict:
    return next(verdict for verdict in found.verdicts if verdict.criterion is SECURITY)


# what the edit does, the new text, direction, reason
SPOKEN = [
    ("a listed risk appears", BASE.replace("plain", "md5"), Direction.WORSE, ""),
    ("a safe call appears", BASE.replace("plain", "sha256"), Direction.BETTER, ""),
    ("a slight doubt", BASE.replace("plain", "maybe"), Direction.NONE, UNSURE),
    ("nothing the model knows", BASE.replace("plain", "other"), Direction.NONE, UNSURE),
    ("a comment", BASE.replace("def", "# md5\ndef"), Direction.NONE, LAYOUT),
    ("a local is renamed", BASE.replace("seed", "md5"), Direction.NONE, RENAME),
]


@pytest.mark.parametrize(("after", "direction", "because"), [r[1:] for r in SPOKEN], ids=[r[0] for r in SPOKEN])
def test_verdicts(after: str, direction: Direction, because: str) -> None:
    found = judged(after)
    verdict = security(found)
    assert (verdict.direction, verdict.because) == (direction, because)
    assert [f.verdict for f in found.findings] == ([verdict] if direction is Direction.WORSE else [])
    assert (found.coverage.scored, found.coverage.settled) == ((0, 1) if because == LAYOUT else (1, 0))
    assert len(found.verdicts) == len(CRITERIA)


# reason, before, after, settings
SKIPPED = [
    (INCOMPLETE, BASE, BASE.replace("plain(seed)", "plain(seed")),
    (NEW, None, BASE),
    (TOO_LARGE, BASE, BASE.replace("plain(seed)", "plain(" + ", ".join(map(str, range(400))) + ")")),
    (IGNORED, BASE, BASE.replace("plain", "md5")),
]


@pytest.mark.parametrize(("because", "before", "after"), SKIPPED)
def test_skips(because: str, before: str | None, after: str) -> None:
    settings = Settings(ignore=("*.py",)) if because == IGNORED else Settings()
    found = review(edits_of([FileChange("a.py", before, after)]), RISKY, settings)
    assert [skip.because for skip in found.coverage.skipped] == [because]
    assert not found.verdicts
    assert found.coverage.scored == 0


def test_swapping_the_versions_negates_every_delta() -> None:
    forth = judged(BASE.replace("plain", "md5"))
    back = judged(BASE, before=BASE.replace("plain", "md5"))
    assert [v.delta for v in forth.verdicts] == [-v.delta for v in back.verdicts]
    assert any(v.delta for v in forth.verdicts)


def test_abstaining_criteria_say_why_and_show_no_number() -> None:
    curves = {c: Curve(State.NO_DATA) for c in CRITERIA} | {SECURITY: Curve(State.NOT_PRECISE)}
    scorer = FakeScorer({"md5": (-9, -9, -9, -9, -9)}, Calibration(Calibration.speaking().mix, curves))
    found = judged(BASE.replace("plain", "md5"), scorer=scorer)
    assert not found.findings
    reasons = {v.criterion: (v.direction, v.because, v.p is None) for v in found.verdicts}
    assert reasons[SECURITY] == (Direction.NONE, "not precise enough", False)
    assert reasons[Criterion.MEMORY_EFFICIENCY] == (Direction.NONE, "no data", True)


# the new call, what the verdict says of a criterion that tells only named defects, each from a probability of its own
TOLD = [("md5", ""), ("crc", UNSURE), ("odd", UNNAMED), ("maybe", UNSURE)]


@pytest.mark.parametrize(("call", "because"), TOLD)
def test_a_criterion_may_tell_only_what_it_can_name(call: str, because: str) -> None:
    curve = Calibration.speaking(0.6).curves[SECURITY]
    curve = replace(curve, reasons={"weak-hash": Threshold(0.9), "weak-random": Threshold(0.9999)})
    scorer = FakeScorer(
        {"md5": (0, 0, 0, -4, 0), "crc": (0, 0, 0, -4, 0), "odd": (0, 0, 0, -4, 0), "maybe": (0, 0, 0, -1, 0)},
        Calibration(Calibration.speaking().mix, dict.fromkeys(CRITERIA, curve)),
        {"md5": "weak-hash", "crc": "weak-random", "maybe": "weak-hash"},
    )
    found = judged(BASE.replace("plain", call), scorer=scorer)
    assert security(found).because == because
    assert [finding.defect for finding in found.findings] == (["weak-hash"] if not because else [])


# what readers would keep of such findings, from where on the name is told, what is said of the verdict
ASSENTED = [(0.0, 0.4, Direction.WORSE, ""), (0.0, 0.6, Direction.NONE, UNSURE), (3.0, 0.9, Direction.WORSE, "")]


@pytest.mark.parametrize(("odds", "since", "direction", "because"), ASSENTED)
def test_where_readers_decide_their_word_is_the_probability(
    odds: float, since: float, direction: Direction, because: str
) -> None:
    """Told or not: a number above the threshold beside a silent verdict would contradict it."""
    curve = Calibration.speaking(0.5).curves[SECURITY]
    assent = Assent(odds, dict.fromkeys(MEASURES, 0.0), {}, 0.1)
    curve = replace(curve, worse=Threshold(since), reasons={"weak-hash": Threshold(since)}, assent=assent)
    scorer = FakeScorer(
        {"md5": (0, 0, 0, -4, 0)},
        Calibration(Calibration.speaking().mix, dict.fromkeys(CRITERIA, curve)),
        {"md5": "weak-hash"},
    )
    verdict = security(judged(BASE.replace("plain", "md5"), scorer=scorer))
    assert (verdict.direction, verdict.because) == (direction, because)
    assert verdict.p is not None
    assert verdict.p.worse == pytest.approx(likely(odds))
    assert sum(verdict.p) == pytest.approx(1)


# the calls before and after, what is said of the step, the defect that is gone
UNDONE = [
    ("md5", "plain", Direction.BETTER, "weak-hash"),
    ("plain", "md5", Direction.WORSE, ""),
    ("odd", "plain", Direction.NONE, ""),  # worse to have, but nothing that could be named
    ("plain", "odd", Direction.NONE, ""),
    ("maybe", "plain", Direction.NONE, ""),  # named, but not surely enough
]


@pytest.mark.parametrize(("old", "new", "direction", "mends"), UNDONE)
def test_an_improvement_is_what_would_be_told_if_it_was_undone(
    old: str, new: str, direction: Direction, mends: str
) -> None:
    curve = replace(Calibration.speaking(0.6).curves[SECURITY], reasons={"weak-hash": Threshold(0.9)})
    calibration = Calibration(Calibration.speaking().mix, dict.fromkeys(CRITERIA, curve))
    scorer = FakeScorer(
        {"md5": (0, 0, 0, -4, 0), "odd": (0, 0, 0, -4, 0), "maybe": (0, 0, 0, -1, 0)},
        calibration,
        {"md5": "weak-hash", "maybe": "weak-hash"},
    )
    before, after = (BASE.replace("plain", call) for call in (old, new))
    done, undone = (security(judged(*sides, scorer=scorer)) for sides in ((after, before), (before, after)))
    assert (done.direction, done.mends) == (direction, mends)
    opposite = {Direction.WORSE: Direction.BETTER, Direction.BETTER: Direction.WORSE}.get(direction, Direction.NONE)
    assert undone.direction is opposite
    if direction is not Direction.NONE:
        assert done.p is not None
        assert undone.p == done.p.undone


def test_the_lines_that_weigh_most_come_first() -> None:
    before = "def f(x):\n    a = one(x)\n    b = two(x)\n    return three(a, b)\n"
    after = before.replace("one", "uno").replace("three", "md5")
    (finding,) = judged(after, before).findings
    assert [(e.lines, e.added) for e in finding.excerpts] == [
        ((4, 4, 1.0), ("    return md5(a, b)",)),
        ((2, 2, 0.0), ("    a = uno(x)",)),
    ]
    assert "line 4 weighs most" in finding.message


# path, whether it is judged
TESTS = [
    ("src/pay.py", True),
    ("tests/pay.py", False),
    ("src/test_pay.py", False),
    ("src/PayTest.java", False),
    ("src/pay.spec.js", False),
    ("web/pay_test.go", False),
    ("src/contest.py", True),
    ("latest/pay.py", True),
]


@pytest.mark.parametrize(("path", "is_judged"), TESTS)
def test_test_code_is_judged_on_request_alone(path: str, is_judged: bool) -> None:
    scorer = FakeScorer({"md5": (-4, -4, -4, -4, -4)})
    texts = {
        ".py": (BASE, BASE.replace("plain", "md5")),
        ".java": ("class A { int a() { return plain(1); } }", "class A { int a() { return md5(1); } }"),
        ".js": ("function a() { return plain(1) }", "function a() { return md5(1) }"),
        ".go": ("package a\nfunc a() int { return plain(1) }", "package a\nfunc a() int { return md5(1) }"),
    }[path[path.rindex(".") :]]
    for settings, spoken in ((Settings(), is_judged), (Settings(tests=True), True)):
        found = review(edits_of([FileChange(path, *texts)]), scorer, settings)
        shown = {finding.verdict.criterion for finding in found.findings}
        assert shown == (set(CRITERIA) if spoken else set())
        assert spoken or security(found).because == TEST_CODE


# word that appears, the defect it stands for, what the message says of it
NAMED = [
    ("md5", "weak-hash", "A weak hash; line 3 weighs most"),
    ("md5", "off-by-one", "line 3 weighs most"),  # of another criterion than the one that got worse
    ("sha1", "weak-hash", "line 3 weighs most"),  # not in the text
]


@pytest.mark.parametrize(("word", "defect", "message"), NAMED)
def test_a_finding_names_the_defect_that_appeared(word: str, defect: str, message: str) -> None:
    scorer = FakeScorer({"md5": (0, 0, 0, -4, 0)}, defects={word: defect})
    (finding,) = judged(BASE.replace("plain", "md5"), scorer=scorer).findings
    named = reason(defect).title
    assert (finding.defect == defect) == (named in finding.message)
    assert finding.message.endswith(message.replace("A weak hash", named))


def test_removed_lines_point_at_what_now_stands_there() -> None:
    before = "def f(x):\n    sha256(x)\n    return x\n"
    (finding,) = judged("def f(x):\n    return x\n", before).findings
    assert (finding.lines[0][:2], finding.excerpts[0].removed) == ((2, 2), ("    sha256(x)",))


def test_a_lower_confidence_shows_more_and_marks_it() -> None:
    found = judged(BASE.replace("plain", "maybe"), settings=Settings(min_confidence=0.05))
    assert [f.below_threshold for f in found.findings] == [True]
    assert security(found).direction is Direction.NONE


def test_a_gate_changes_nothing_of_what_is_shown() -> None:
    for call, least in (("maybe", 0.05), ("md5", 1.0)):
        gated = judged(BASE.replace("plain", call), settings=Settings(fail_on={SECURITY: least}))
        assert gated == judged(BASE.replace("plain", call))


def many(count: int) -> list[FileChange]:
    risky = BASE.replace("plain", "md5")
    return [
        FileChange(f"f{n}.py", BASE, risky if n % 10 == 0 else BASE.replace("plain", f"other{n}")) for n in range(count)
    ]


def test_neighbours_change_nothing() -> None:
    alone = judged(BASE.replace("plain", "md5"))
    crowd = review(edits_of(many(100)), RISKY, Settings())
    assert [replace(v, path="a.py") for v in crowd.verdicts[:5]] == list(alone.verdicts)
    assert len(crowd.findings) == 10
    assert crowd.coverage.scored == 100


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 64, 65])
def test_threads_change_nothing(count: int) -> None:
    one, two = (review(edits_of(many(count)), RISKY, Settings(threads=threads)) for threads in (1, 2))
    assert one == two
    assert one.coverage.scored == count


class Watched(FakeScorer):
    """Waits in every call until ``released``, and remembers on which threads it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()
        self.called_on: set[int] = set()

    def score(self, views: Sequence[View]) -> FloatArray:
        self.called_on.add(threading.get_ident())
        if not self.released.wait(timeout=10):
            raise TimeoutError("nothing was prepared meanwhile")
        return super().score(views)


# edits, threads, number that are prepared before any is scored, whether scoring needs a thread of its own
MEANWHILE = [(100, 2, 33, True), (100, 1, 32, False), (31, 2, 31, False)]


@pytest.mark.parametrize(("count", "threads", "ahead", "is_beside"), MEANWHILE)
def test_the_next_edits_are_prepared_while_the_last_are_scored(
    count: int, threads: int, ahead: int, is_beside: bool
) -> None:
    scorer = Watched()

    def edits() -> Iterator[Edit | Skip]:
        for number, edit in enumerate(edits_of(many(count)), 1):
            if number == ahead:
                scorer.released.set()
            yield edit

    assert review(edits(), scorer, Settings(threads=threads)).coverage.scored == count
    assert (threading.get_ident() not in scorer.called_on) is is_beside


class Failing(FakeScorer):
    def score(self, views: Sequence[View]) -> FloatArray:
        raise RuntimeError(f"no rewards for {len(views)} views")


def interrupted() -> Iterator[Edit | Skip]:
    yield from edits_of(many(40))
    raise KeyboardInterrupt


def test_whatever_ends_a_review_leaves_no_thread_behind() -> None:
    with pytest.raises(RuntimeError, match="no rewards for 64 views"):
        review(edits_of(many(100)), Failing(), Settings())
    with pytest.raises(KeyboardInterrupt):
        review(interrupted(), RISKY, Settings())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("themis-review")]


def test_findings_are_capped_and_the_surest_come_first() -> None:
    mild = BASE.replace("plain", "maybe") + "\n"
    changes = [FileChange("mild.py", BASE, mild), *many(30)]
    found = review(edits_of(changes), RISKY, Settings(min_confidence=0.05, max_findings=2))
    assert len(found.findings) == 2
    everything = review(edits_of(changes), RISKY, Settings(min_confidence=0.05)).findings
    assert [f.verdict.path for f in everything][-1] == "mild.py"
    assert list(found.findings) == list(everything[:2])


def test_fingerprints_survive_moved_lines_and_other_paths() -> None:
    risky = BASE.replace("plain", "md5")
    names = set()
    for path, lead in (("a.py", ""), ("sub/b.py", "import os\n\n\n")):
        found = review(edits_of([FileChange(path, lead + BASE, lead + risky)]), RISKY, Settings())
        names.add(found.findings[0].fingerprint)
    assert len(names) == 1
    assert len({f.fingerprint for f in review(edits_of(many(30)), RISKY, Settings()).findings}) == 3


SILENT = "    # themis: ignore[security] the digest is no secret\n"

# what the new text says, criteria silenced, messages
COMMENTS = [
    (BASE.replace("    return plain", SILENT + "    return md5"), 1, ["adds ignore[security]"]),
    (BASE.replace("    return plain", SILENT + "    return fine"), 0, ["silences nothing", "adds ignore[security]"]),
    (BASE.replace("plain(seed)", "md5(seed)  # themis: ignore[securty] typo"), 0, ["unknown criterion"]),
    (
        BASE.replace("plain(seed)", "md5(seed)  # themis: ignore[security]"),
        1,
        ["this change adds ignore[security], but it gives no reason: write themis: ignore[security] and the reason"],
    ),
]


@pytest.mark.parametrize(("after", "count", "messages"), COMMENTS)
def test_suppressions(after: str, count: int, messages: list[str]) -> None:
    found = judged(after)
    assert len(found.suppressed) == count
    assert len(found.notes) == len(messages), found.notes
    assert all(any(message in note.message for note in found.notes) for message in messages)
    assert len(found.findings) == ("md5" in after) - count


def test_settings_may_differ_between_folders() -> None:
    risky = BASE.replace("plain", "md5")
    changes = [FileChange(path, BASE, risky) for path in ("a.py", "old/b.py")]

    def settings_at(path: str) -> Settings:
        return Settings(ignore=("old/**",)) if path.startswith("old/") else Settings()

    found = review(edits_of(changes), RISKY, Settings(), settings_at)
    assert [f.verdict.path for f in found.findings] == ["a.py"]
    assert [s.because for s in found.coverage.skipped] == [IGNORED]


def test_what_is_in_the_baseline_stays_accepted_under_a_comment() -> None:
    after = BASE.replace("plain(seed)", "md5(seed)  # themis: ignore[security]")
    edits = [FileChange("a.py", BASE, after)]
    for known, by in ((set[str](), By.COMMENT), ({judged(after).suppressed[0].fingerprint}, By.BASELINE)):
        (silence,) = review(edits_of(edits), RISKY, Settings(), baseline=known).suppressed
        assert silence.by is by
        assert (silence.comment is None) is (by is By.BASELINE)
