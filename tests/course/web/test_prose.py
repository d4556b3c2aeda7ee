"""Text for slides: sections, whole sentences, and what is asked and found around a cell."""

from utils.course.web import prose
from utils.course.web.prose import Section


def test_a_cell_of_text_is_cut_at_its_headings():
    source = "It is 0.9<!--test-->.\n\n## Next\n\nLook [here](glossary.md).\n\n- a\n- b\n\n### Exercise 1.1 — do it"
    assert prose.sections(source) == [
        Section("", ("It is 0.9.",)),
        Section("Next", ("Look here.", "- a\n- b")),
        Section("Exercise 1.1 — do it", ()),
    ]


def test_a_cell_that_begins_with_a_heading_has_nothing_before_it():
    assert prose.sections("# Title\nA line.\n\nAnother.") == [Section("Title", ("A line.", "Another."))]
    assert prose.sections("") == [Section("", ())]


def test_an_audience_runs_no_cells():
    assert prose.sections("**Decide before you run the cell:** which?")[0].blocks == ("**Decide first:** which?",)


def test_a_paragraph_is_cut_after_each_sentence():
    assert prose.sentences("One. Two? *Three*. **Four!** and 0.5 of it. (Five.) `six` too. It is:") == [
        "One.",
        "Two?",
        "*Three*.",
        "**Four!** and 0.5 of it.",
        "(Five.)",
        "`six` too.",
        "It is:",
    ]


def test_formulas_abbreviations_and_brackets_hold_sentences_together():
    assert prose.sentences("So e.g. A and $x. Y$ go (one. Two.) well. End.") == [
        "So e.g. A and $x. Y$ go (one. Two.) well.",
        "End.",
    ]


def test_a_start_is_whole_sentences_and_leads_nowhere():
    assert prose.start("One two. Three four. Five six.", 4) == "One two. Three four."
    assert prose.start("A very long sentence.", 1) == "A very long sentence."
    assert prose.start("One two. It is sorted as:", 20) == "One two."
    assert prose.start("**Bold one. Bold two.** Three.", 2) == "**Bold one.**"


def test_an_end_is_the_last_sentences():
    assert prose.end(["One two.", "Three.", "Four?"], 2) == "Three. Four?"
    assert prose.end(["**One.", "Two.**"], 1) == "**Two.**"
    assert prose.end([], 9) == ""


def test_what_is_asked_before_a_cell_ends_with_its_last_question():
    above = ("Why? Some background.", "- a list", "Look at both. **Which is larger?** We use pooch.")
    assert prose.question(above, told="") == "Why? Some background. Look at both. **Which is larger?**"
    assert prose.question(above, told="It is so. Why? Some background.") == "Look at both. **Which is larger?**"
    assert prose.question(("Only said. Twice.",), told="") == "Only said. Twice."
    assert (
        prose.question(("They come in kinds:", "- a list", "Two are alike. By hand:"), told="")
        == "Two are alike. By hand:"
    )
    assert prose.question((), told="") == ""


def test_what_is_found_ends_where_the_next_question_begins():
    assert prose.finding(["It is 3. So it grows. Is it real? We test.", "More."]) == "It is 3. So it grows."
    assert prose.finding(["Is it real? We test."]) == ""
    assert prose.finding(["The number of places is", "$$n$$"]) == ""
    assert prose.finding(["- a list"]) == prose.finding([]) == ""


def test_the_gist_of_a_section_is_how_it_begins():
    blocks = ("Short words. " + "Many words here. " * 30, "- **One** thing. " + "And more. " * 20 + "\n- two")
    text, points = prose.gist(blocks).split("\n\n")
    assert text.startswith("Short words.") and text.endswith("here.") and prose.words(text) <= prose.TEXT_WORDS
    first, second = points.split("\n")
    assert first.startswith("- **One** thing.") and prose.words(first) <= prose.POINT_WORDS + 1 and second == "- two"


def test_the_gist_of_a_section_with_a_formula_is_the_formula():
    blocks = ("Far away. " * 40, "Near it. It is", "$$a = b$$", "It holds. Does it?", "Later.")
    assert prose.gist(blocks).split("\n\n") == ["Near it. It is", "$$a = b$$", "It holds."]


def test_a_table_is_shown_whole():
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    assert prose.gist(("Here it is.", table)) == f"Here it is.\n\n{table}"
