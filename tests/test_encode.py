"""The input format: what fits, what is cut, and that swapping the versions swaps the views."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from themis_lsp.diff import hunks_between
from themis_model.encode import CUT_TEXT, MAX_TOKENS, Encoder, Lines, View, Windows
from themis_model.fake import HashTokenizer
from themis_model.tokens import CUT, EDIT, END_EDIT, FIRST_LANGUAGE, FIRST_LEVEL, LANGUAGES

ENCODER = Encoder(HashTokenizer())
SMALL = Encoder(HashTokenizer(), max_tokens=40)


def windows(before: list[str], after: list[str], encoder: Encoder = ENCODER, language: str = "python") -> Windows:
    hunks = hunks_between(before, after)
    return encoder.windows(Lines.plain(before), Lines.plain(after), hunks, language)


def shown(before: list[str], after: list[str], encoder: Encoder = ENCODER, language: str = "python") -> list[View]:
    seen = windows(before, after, encoder, language).windows
    return [view for window in seen for view in (window.before, window.after)]


def test_a_view_is_language_levels_lines_and_markers() -> None:
    (_, after) = shown(["def f():", "    a", "    b"], ["def f():", "    c", "    b"])
    word = {name: HashTokenizer().encode_lines([name])[0] for name in ("def f():", "b", "c")}
    level = FIRST_LEVEL
    assert after.ids == (
        FIRST_LANGUAGE + LANGUAGES.index("python"),
        *(level, *word["def f():"]),
        *(EDIT, level + 1, *word["c"], END_EDIT),
        *(level + 1, *word["b"]),
    )
    assert after.text == "def f():\n    c\n    b"


def test_pure_insertions_are_marked_in_both_views() -> None:
    before, after = shown(["a", "b"], ["a", "x", "b"])
    assert [ids.count(EDIT) for ids in (before.ids, after.ids)] == [1, 1]
    assert before.ids[before.ids.index(EDIT) + 1] == END_EDIT


def test_far_lines_are_cut_but_the_signature_stays() -> None:
    body = [f"    line{n} = compute({n})" for n in range(40)]
    changed = [*body[:30], "    other = 1", *body[31:]]
    (_, after) = shown(["def f():", *body], ["def f():", *changed], SMALL)
    assert after.text.startswith(f"def f():\n{CUT_TEXT}\n")
    assert after.text.endswith(CUT_TEXT)
    assert "other = 1" in after.text
    assert CUT in after.ids
    assert len(after.ids) <= 40


def test_distant_hunks_become_clusters_and_an_overflowing_one_is_counted() -> None:
    body = [f"call({n}, {n}, {n}, {n}, {n})" for n in range(60)]
    changed = list(body)
    for n in (5, 30, 55):
        changed[n] = f"other({n}, {n}, {n}, {n}, {n})"
    changed[20:24] = ["x" + ", y" * 50]
    seen = windows(body, changed, SMALL, "c")
    assert [window.hunks for window in seen.windows] == [(0,), (2, 3)]  # the last two fit together
    assert seen.too_large == 1


# language, lines that say nothing to the model, lines that do
SILENT = [
    ("python", ["# note", "", "   "], ["x  # note", "'#'"]),
    ("ruby", ["# note"], ["x # note"]),
    ("c", ["// note", "/* note */", "/* opens", " * goes on", " */", "*"], ["/* a */ int x;", "*p = 1;", "#define X"]),
    ("javascript", ["// note", "/** doc"], ["x; // note", "a /* b */"]),
]


@pytest.mark.parametrize(("language", "silent", "loud"), SILENT)
def test_comments_do_not_count(language: str, silent: list[str], loud: list[str]) -> None:
    for line in silent:
        before, after = shown(["a", "b"], ["a", line, "b"], language=language)
        assert before.ids == after.ids, line
    for line in loud:
        before, after = shown(["a", "b"], ["a", line, "b"], language=language)
        assert before.ids != after.ids, line


def test_white_space_does_not_count_but_depth_does() -> None:
    assert shown(["f( a )"], ["f(a)"])[0].ids == shown(["f( a )"], ["f(a)"])[1].ids
    two, four = (["if a:", f"{' ' * width}b", "c"] for width in (2, 4))
    assert shown(two, [*two, "d"])[1].ids == shown(four, [*four, "d"])[1].ids
    before, after = shown(["if a:", "    b", "    c"], ["if a:", "    b", "c"])
    assert before.ids != after.ids


def test_a_line_too_long_to_read_is_not_tokenised() -> None:
    line = "x = [" + "1, " * 100_000 + "]"
    assert windows(["a"], ["a", line]).too_large == 1


lines = st.lists(
    st.sampled_from(["def f():", "  a(1, 2)", "    b = c", "", "# x", "}", "x" * 30, "  d, e, f, g, h"]), max_size=40
)


@settings(deadline=None)
@given(lines, lines, st.sampled_from([SMALL, ENCODER]))
def test_views_fit_and_mirror(before: list[str], after: list[str], encoder: Encoder) -> None:
    hunks = hunks_between(before, after)
    forth, back = windows(before, after, encoder), windows(after, before, encoder)
    assert [(w.before, w.after) for w in forth.windows] == [(w.after, w.before) for w in back.windows]
    for window in forth.windows:
        for applied in (frozenset(), frozenset(window.hunks), frozenset(window.hunks[:1])):
            assert len(window.mixed(applied).ids) <= encoder.max_tokens <= MAX_TOKENS
    told = [
        h
        for h in hunks
        if any(line.strip() and not line.startswith("# x") for line in (*before[h[0] : h[1]], *after[h[2] : h[3]]))
    ]
    assert forth.too_large + sum(len(w.hunks) for w in forth.windows) == len(told or hunks)


def test_a_comment_elsewhere_changes_no_view() -> None:
    before, after = ["def f():", "    a()", "    b()", "    c()"], ["def f():", "    a()", "    b()", "    d()"]
    noted = (["# a note", *before], ["# another note", *after])
    for one, other in zip(shown(before, after), shown(*noted), strict=True):
        assert one.ids == other.ids
