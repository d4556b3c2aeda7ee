"""The glossary: each term once, in two languages, under the chapter that explains it; each symbol of the formulas."""

import re
from dataclasses import dataclass, replace

import pytest
from conftest import CHAPTERS, ROOT, read

PAGE = ROOT / "chapters" / "glossary.md"
FILES = {path.name[:2]: path.name for path in CHAPTERS}  # "03" → "03_cnn.ipynb"
LINK = re.compile(r"\[(\d\d)\]\(([^)]+)\)")
GREEK = "alpha|beta|gamma|delta|(?:var)?epsilon|eta|theta|kappa|lambda|mu|nu|rho|sigma|tau|phi|chi|psi|omega"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Row:
    """One row of a table: a term or a symbol, its Chinese (terms only), its meaning, the numbers of its chapters."""

    name: str
    chinese: str
    meaning: str
    chapters: tuple

    @property
    def plain(self):
        """The name as it stands in prose: without what tells it apart from an everyday word, "key (attention)"."""
        return re.sub(r" \(.*\)$", "", self.name)


def parse(text):
    """Text of the glossary → {"Terms": rows, "Symbols": rows}; ValueError names the first line that does not fit."""
    sections, current = {}, None
    for line in text.splitlines():
        if line.startswith("## "):
            current = sections.setdefault(line[3:], [])
        if not line.startswith("|") or line.startswith(("| Term |", "| Symbol |", "|--")):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != (4 if "Symbols" not in sections else 3):
            raise ValueError(f"not a row of its table: {line}")
        for number, file in LINK.findall(cells[-1]):
            if FILES.get(number) != file:
                raise ValueError(f"no such chapter: {file}")
        chapters = tuple(number for number, _ in LINK.findall(cells[-1]))
        name, chinese, meaning = cells[0], cells[1] if len(cells) == 4 else "", cells[-2]
        current.append(Row(name, chinese, meaning, chapters))
    return sections


def prose_of(path):
    """A chapter's prose without code, and without the titles under Further reading."""
    text = "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    return re.sub(r"```.*?```|`[^`\n]*`", " ", text.split("## Further reading")[0], flags=re.S)


MARKDOWN = {path.name[:2]: prose_of(path) for path in CHAPTERS}
PROSE = {
    number: re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$", " ", text, flags=re.S)  # formulas have their own table
    for number, text in MARKDOWN.items()
}
SECTIONS = parse(PAGE.read_text(encoding="utf-8"))
TERMS, SYMBOLS = SECTIONS["Terms"], SECTIONS["Symbols"]


def pattern(name):
    """Finds a term in prose: with or without capitals, in singular or plural, hyphens as good as spaces."""
    words = re.split(r"[-–\s]+", name)
    return re.compile(r"(?<![\w-])" + r"[-–\s]+".join(map(re.escape, words)) + r"(?:e?s)?(?!\w)", re.I)


def one_form(name):
    """The same text for spellings of the same term."""
    return re.sub(r"(?:e?s)?$", "", re.sub(r"[-–\s]+", " ", name.casefold()))


def emphasised(text):
    """What stands in bold, in italics or in a heading."""
    found = re.findall(r"\*\*([^*\n]+)\*\*|(?<![*\w])\*([^*\n]+)\*(?!\*)|^#+ (.+)$", text, flags=re.M)
    return ["".join(groups) for groups in found]


def bold(text):
    return re.findall(r"\*\*([^*\n]+)\*\*", text)


def complaints(terms, prose):
    """What is wrong with the places of the terms: a list of (term, what), empty when all is well.

    A term is emphasised in its chapter, where it is explained. No earlier chapter explains it, and none uses it
    without saying in the same paragraph in which chapter it comes. Longer terms do not count: "ROC curve" is not
    used by "area under the ROC curve".
    """
    found, patterns = [], {term.name: pattern(term.plain) for term in terms}
    for term in terms:
        (home,), looked_for = term.chapters, patterns[term.name]
        longer = [patterns[other.name] for other in terms if other.name != term.name and looked_for.search(other.plain)]

        def of_this_term(number, longer=longer):
            text = prose[number]
            for other in longer:
                text = other.sub(" ", text)
            return text

        if not looked_for.search(of_this_term(home)):
            found.append((term.name, f"is not used in chapter {home}"))
        elif not any(looked_for.search(text) for text in emphasised(of_this_term(home))):
            found.append((term.name, f"is not emphasised in chapter {home}"))
        for number in sorted(prose):
            if number >= home:
                break
            text = of_this_term(number)
            if any(looked_for.search(words) for words in bold(text)):
                found.append((term.name, f"is explained in chapter {number} already"))
            if term.plain != term.name:
                continue  # the everyday word may be used
            for paragraph in re.split(r"\n\s*\n|\n(?=[-#|\d])", text):
                if looked_for.search(paragraph) and not re.search(rf"chapters?[^.]*\b{home}\b", paragraph):
                    found.append((term.name, f"is used in chapter {number}, before chapter {home} explains it"))
    return found


def tokens(formula):
    """A formula's commands, letters and signs, without words and without space."""
    formula = re.sub(r"\\(?:text|mathrm)\s*\{[^{}]*\}", " ", formula)
    return re.findall(r"\\[a-zA-Z]+|\S", re.sub(r"\\[,;!]|\\q?quad|\\(?:left|right|Big|big)(?![a-zA-Z])", " ", formula))


def formulas(number):
    """The formulas in a chapter's prose, each as its tokens."""
    found = re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", MARKDOWN[number], flags=re.S)
    return [tokens(block or inline) for block, inline in found]


def stands_in(symbol, formula):
    """Whether the tokens of a symbol follow each other somewhere in the tokens of a formula."""
    return any(formula[at : at + len(symbol)] == symbol for at in range(len(formula) - len(symbol) + 1))


def letters(formula):
    """Single Latin and Greek letters of a formula, those in small below left out: they tell its relatives apart."""
    kept, depth, below = set(), 0, None
    for before, token in zip(["", *formula], formula, strict=False):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if below is None and token == "{" and before == "_":
            below = depth - 1
        if below is None and before != "_" and re.fullmatch(rf"[a-zA-Z]|\\({GREEK})", token):
            kept.add(token)
        if below is not None and depth == below:
            below = None
    return kept


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_page_has_its_form():
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^#+ .+$", text, flags=re.M) == ["# Glossary", "## Terms", "## Symbols"]
    assert len(TERMS) >= 110
    assert {number for row in TERMS for number in row.chapters} == set(FILES)
    for table in (TERMS, SYMBOLS):
        assert all(row.name and row.meaning and row.chapters for row in table)


def test_each_term_once_and_in_order():
    names = [term.name for term in TERMS]
    assert names == sorted(names, key=str.casefold)
    forms = [one_form(term.plain) for term in TERMS]
    assert [form for form in forms if forms.count(form) > 1] == []
    assert one_form("Feature maps") == one_form("feature-map")
    assert len([term for term in TERMS if term.plain != term.name]) <= len(TERMS) // 20


def test_both_languages():
    assert [term.name for term in TERMS if not CHINESE.search(term.chinese)] == []
    chinese = [term.chinese for term in TERMS]
    assert [text for text in chinese if chinese.count(text) > 1] == []


def test_meanings_are_sentences_and_differ():
    meanings = [term.meaning for term in TERMS]
    assert [text for text in meanings if not text.endswith(".") or len(text.split()) > 25] == []
    assert [text for text in meanings if meanings.count(text) > 1] == []


def test_each_term_is_explained_in_its_chapter_and_not_used_before():
    assert all(len(term.chapters) == 1 for term in TERMS)
    assert complaints(TERMS, PROSE) == []


@pytest.mark.parametrize("link", ["README.md", "00"])
def test_the_page_is_found(link):
    text = MARKDOWN["00"] if link == "00" else (ROOT / link).read_text(encoding="utf-8")
    assert ("](glossary.md)" if link == "00" else "](chapters/glossary.md)") in text


# --- the tests would notice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "chapter", "says"),
    [
        ("kernel", "04", "is not emphasised in chapter 04"),
        ("attention", "06", "is explained in chapter 05 already"),
        ("receptive field", "00", "is not used in chapter 00"),
        ("softmax", "05", "is used in chapter 02, before chapter 05 explains it"),
    ],
)
def test_a_term_under_another_chapter_is_noticed(name, chapter, says):
    moved = [replace(term, chapters=(chapter,)) if term.name == name else term for term in TERMS]
    assert (name, says) in complaints(moved, PROSE)


def test_a_term_that_no_chapter_uses_is_noticed():
    extra = Row("phlogiston", "燃素", "What is not there.", ("03",))
    assert complaints([*TERMS, extra], PROSE) == [("phlogiston", "is not used in chapter 03")]


def test_an_announced_term_may_be_used():
    term = Row("gate", "门", "Lets pass.", ("04",))
    told = {"03": "A gate helps (chapter 04).", "04": "A **gate** lets pass."}
    assert complaints([term], told) == []
    assert complaints([term], told | {"03": "A gate helps."}) != []


@pytest.mark.parametrize("line", ["| kernel | 卷积核 | [03](03_cnn.ipynb) |", "| a | 甲 | A. | [03](03_no.ipynb) |"])
def test_a_row_that_does_not_fit_is_refused(line):
    with pytest.raises(ValueError, match="not a row|no such chapter"):
        parse(f"## Terms\n\n{line}\n")


# --- symbols ------------------------------------------------------------------------------------------------------


def test_each_symbol_stands_in_a_formula_of_its_chapters():
    for row in SYMBOLS:
        symbol = tokens(row.name.strip("$"))
        assert row.name == f"${row.name.strip('$')}$"
        for number in row.chapters:
            assert any(stands_in(symbol, formula) for formula in formulas(number)), (row.name, number)


def test_each_letter_of_a_formula_is_in_the_table():
    for number in FILES:
        known = set().union(*(letters(tokens(row.name.strip("$"))) for row in SYMBOLS if number in row.chapters))
        used = set().union(*map(letters, formulas(number))) if formulas(number) else set()
        assert used - known == set(), number


def test_no_symbol_has_one_meaning_twice():
    rows = [(row.name, row.meaning) for row in SYMBOLS]
    assert len(set(rows)) == len(rows)


def test_formulas_are_taken_apart_rightly():
    formula = tokens(r"h_{t-1} = \tanh(x_t W) + \text{loss}")
    assert stands_in(tokens("x_t"), formula)
    assert not stands_in(tokens("h_t"), formula)
    assert not stands_in(tokens("s"), formula)
    assert letters(formula) == {"h", "x", "W"}
