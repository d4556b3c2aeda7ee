"""Exercise of chapter 08: what of a header may leave the hospital."""

from utils.exercises.core import changes, exercise
from utils.exercises.expect import alike, describe


@exercise(
    "8.4",
    "De-identify a header",
    points=2,
    hints=[
        "Begin with an empty dictionary and go through header.items(): what is in neither argument never gets in.",
        "In pseudonyms: pseudonyms[keyword](value), but an empty value stays as it is.",
        "A sequence is a list, isinstance(value, list): call your own function on each header in it.",
    ],
)
def deidentify(header, keep, pseudonyms):
    """header: dict, keyword → value (a sequence: a list of such dicts); keep: set of keywords;
    pseudonyms: dict, keyword → function (value → new value) → a new header (dict)"""
    safe = {}
    for keyword, value in header.items():
        if keyword in pseudonyms:
            safe[keyword] = pseudonyms[keyword](value) if value else value
        elif keyword in keep:
            nested = isinstance(value, list)
            safe[keyword] = [deidentify(item, keep, pseudonyms) for item in value] if nested else value
    return safe


def _study(value):
    """A number that belongs to a value and does not show it, the same in each run."""
    return f"S{sum(place * ord(letter) for place, letter in enumerate(value, 1)) % 10_007:05}"


def _uid(value):
    return f"2.25.{1000 + sum(map(ord, value))}"


def _difference(found, wanted):
    """In words, the first field in which two headers differ."""
    if not isinstance(found, dict):
        return "return a dictionary"
    for keyword in [*found, *wanted]:
        if keyword not in wanted:
            return f"{keyword} should not be there"
        if keyword not in found:
            return f"{keyword} is missing"
        mine, right = found[keyword], wanted[keyword]
        if isinstance(right, list) and isinstance(mine, list) and len(mine) == len(right):
            inside = [_difference(*pair) for pair in zip(mine, right, strict=True)]
            if any(inside):
                return f"in the sequence {keyword}, {next(filter(None, inside))}"
        elif not alike(mine, right):
            return f"{keyword} holds {describe(mine)} where {describe(right)} is expected"
    return ""


@deidentify.checks
def _(answer, rng):
    keep = {"Modality", "PixelSpacing", "SliceThickness", "RescaleSlope", "RescaleIntercept", "PatientID"}
    keep |= {"ReferencedSeriesSequence", "PurposeSequence", "CodeMeaning"}
    names = {"PatientID": _study, "StudyInstanceUID": _uid, "SeriesInstanceUID": _uid}

    def case(inputs, header, keep=keep, pseudonyms=names):
        wanted = deidentify(header, keep, pseudonyms)
        options = {
            "accept": lambda found: not _difference(found, wanted),
            "why": lambda found: _difference(found, wanted),
        }
        answer.case(inputs, header, keep, pseudonyms, **options)

    person = {"PatientName": "Rossi^Anna", "PatientBirthDate": "19510713", "PatientID": "48-1102"}
    image = {"Modality": "CT", "PixelSpacing": (0.7, 0.7), "SliceThickness": 5.0, "RescaleIntercept": 0}
    case("a header with a name", person | image | {"InstitutionName": "St. Elsewhere", "StudyInstanceUID": "1.2.840.7"})
    private = {"(0029,1010)": "Rossi, bed 7", "StudyDescription": "Thorax, Mrs Rossi", "RescaleSlope": 1.0}
    case("a header with a private field and a free text", image | private)
    empty = {"PatientID": "", "SeriesInstanceUID": "1.2.840.9", "SliceThickness": ""}
    case("a header whose PatientID is empty", image | empty)
    inside = {"SeriesInstanceUID": "1.2.840.9", "Modality": "CT", "OperatorsName": "Weber^Kai"}
    deep = {"CodeMeaning": "follow-up", "PersonName": "Rossi^Anna"}
    nested = {
        "ReferencedSeriesSequence": [inside, inside | {"Modality": "PT", "PurposeSequence": [deep]}],
        "RequestAttributesSequence": [{"Modality": "CT", "RequestingPhysician": "Weber^Kai"}],
    }
    case("a header with sequences", image | nested)
    case("a header in which nothing is known", {"(0009,1001)": "x", "OtherPatientNames": "Anna"})
    case("an empty sequence", {"ReferencedSeriesSequence": [], "Modality": "MR"})
    only_uid = {"PatientID": "7A", "Modality": "MR", "StudyInstanceUID": "1.2.3"}
    case("other arguments", only_uid, {"StudyInstanceUID"}, {"PatientID": str.lower})


@deidentify.wrong("changes the header", says=changes("header", nested=True))
def _(header, keep, pseudonyms):
    for keyword in list(header):
        if keyword not in keep and keyword not in pseudonyms:
            del header[keyword]
    return deidentify(header, keep, pseudonyms)


@deidentify.wrong(
    "a list of what goes",
    says="you took out the fields that you know to be personal, and others came through; let through only what is in "
    "keep or in pseudonyms",
)
def _(header, keep, pseudonyms):
    known = {
        keyword for keyword in header if keyword.startswith(("Patient", "Institution")) and keyword not in pseudonyms
    }
    return deidentify(header, set(header) - known, pseudonyms)


@deidentify.wrong(
    "private fields stay", says="a private field, (gggg,eeee), came through; only what is in keep or in pseudonyms may"
)
def _(header, keep, pseudonyms):
    return deidentify(header, keep | {keyword for keyword in header if keyword.startswith("(")}, pseudonyms)


@deidentify.wrong("empties", says="you emptied fields that should not be there at all")
def _(header, keep, pseudonyms):
    return dict.fromkeys(header, "") | deidentify(header, keep, pseudonyms)


@deidentify.wrong("keep alone", says="you dropped fields that are in pseudonyms; they get a new value")
def _(header, keep, pseudonyms):
    return {keyword: value for keyword, value in deidentify(header, keep, pseudonyms).items() if keyword in keep}


@deidentify.wrong(
    "keep comes first", says="a field that is in keep and in pseudonyms came through as it was; pseudonyms come first"
)
def _(header, keep, pseudonyms):
    return deidentify(header, keep, {name: new for name, new in pseudonyms.items() if name not in keep})


@deidentify.wrong("no new values", says="fields in pseudonyms kept their value; put the function's result there")
def _(header, keep, pseudonyms):
    return deidentify(header, keep, dict.fromkeys(pseudonyms, lambda value: value))


@deidentify.wrong(
    "the function itself",
    says="you put the function itself into the header; call it with the value, pseudonyms[keyword](value)",
)
def _(header, keep, pseudonyms):
    return deidentify(header, keep, {name: lambda _, new=new: new for name, new in pseudonyms.items()})


@deidentify.wrong(
    "the name in place of the value", says="you gave the keyword to the function of pseudonyms; give it the value"
)
def _(header, keep, pseudonyms):
    return deidentify(header, keep, {name: lambda _, name=name: pseudonyms[name](name) for name in pseudonyms})


@deidentify.wrong(
    "a pseudonym of nothing",
    says="you made a pseudonym of an empty value; then all patients without a number become one patient",
)
def _(header, keep, pseudonyms):
    safe = {}
    for keyword, value in header.items():
        if keyword in pseudonyms:
            safe[keyword] = pseudonyms[keyword](value)
        elif keyword in keep:
            safe[keyword] = deidentify({keyword: value}, keep, {})[keyword]
    return safe


@deidentify.wrong("empty fields go", says="you dropped a field because it is empty; it stays as it is")
def _(header, keep, pseudonyms):
    return {
        keyword: value for keyword, value in deidentify(header, keep, pseudonyms).items() if value not in ("", None)
    }


@deidentify.wrong(
    "zeros go", says="you dropped a field because its value is 0; a RescaleIntercept of 0 is a value like any other"
)
def _(header, keep, pseudonyms):
    return {keyword: value for keyword, value in deidentify(header, keep, pseudonyms).items() if value or value == ""}


@deidentify.wrong(
    "sequences as they are", says="the headers inside a sequence came through as they were: de-identify each of them"
)
def _(header, keep, pseudonyms):
    safe = deidentify(header, keep, pseudonyms)
    return {keyword: header[keyword] if isinstance(value, list) else value for keyword, value in safe.items()}


@deidentify.wrong("all sequences", says="a sequence that is not in keep came through; it goes like any other field")
def _(header, keep, pseudonyms):
    return deidentify(
        header, keep | {keyword for keyword, value in header.items() if isinstance(value, list)}, pseudonyms
    )


@deidentify.wrong("no sequences", says="you dropped a sequence that is in keep; de-identify each header inside it")
def _(header, keep, pseudonyms):
    return {
        keyword: value for keyword, value in deidentify(header, keep, pseudonyms).items() if not isinstance(value, list)
    }


@deidentify.wrong(
    "one level", says="a sequence inside a sequence came through as it was: let your function call itself"
)
def _(header, keep, pseudonyms):
    def inner(item):
        whole = {k: v for k, v in item.items() if isinstance(v, list) and k in keep}
        return deidentify({k: v for k, v in item.items() if k not in whole}, keep, pseudonyms) | whole

    safe = deidentify(header, keep, pseudonyms)
    lists = {k: [inner(item) for item in v] for k, v in header.items() if isinstance(v, list) and k in keep}
    return {keyword: lists.get(keyword, value) for keyword, value in safe.items()}


@deidentify.wrong("the first of a sequence", says="you kept only the first header of a sequence; it may hold several")
def _(header, keep, pseudonyms):
    return {
        keyword: value[:1] if isinstance(value, list) else value
        for keyword, value in deidentify(header, keep, pseudonyms).items()
    }
