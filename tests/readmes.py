"""What the tests of the READMEs know about the pages: their snippets, commands, links and headings."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
_ROOMS = ("", "nn/", "graph/", "examples/", "report/", "distributed/")
_FOLDERS = ["", *(f"fastw2v/{room}" for room in _ROOMS), "kernels/", "benchmarks/", "benchmarks/studies/replicas/"]
PAGES = [f"{folder}README.md" for folder in _FOLDERS]
_BLOCK = re.compile(r"^([ ]*)```(\w+)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


class Snippet(NamedTuple):
    """A block of code, and the line of the page where it begins."""

    language: str
    code: str
    line: int


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def snippets(page, *languages):
    """The blocks of code in these languages, in their order."""
    text = text_of(page)
    for block in _BLOCK.finditer(text):
        if block[2] in languages:
            lines = [line.removeprefix(block[1]) for line in block[3].splitlines()]
            yield Snippet(block[2], "\n".join(lines) + "\n", text.count("\n", 0, block.start()) + 2)


def commands(page):
    """The shell's lines, each without comment; of a console's transcript those behind the prompt."""
    for snippet in snippets(page, "sh", "bash", "console"):
        lines = snippet.code.replace("\\\n", " ").splitlines()
        if snippet.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        for line in lines:
            command = re.sub(r"(^|\s)#.*$", "", line).strip()
            if command:
                yield command


def links(page):
    """Targets of links and pictures that lie in the repository, as (path, heading)."""
    for target in _LINK.findall(re.sub(_BLOCK, "", text_of(page))):
        if "://" not in target:
            path, _, heading = target.partition("#")
            yield path, heading


def anchors(path):
    """The names by which a page's headings are linked to."""
    headings = re.findall(r"^#+ (.*)$", re.sub(_BLOCK, "", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
