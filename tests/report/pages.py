"""What the tests know about a report: its elements, its text, its data."""

import json
from html.parser import HTMLParser

import numpy as np

from fastw2v import KeyedVectors

TAGS = {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "script", "p", "div"}
TAGS |= {"h1", "h2", "h3", "bdi", "dl", "dt", "dd", "ol", "ul", "li", "span", "figure", "figcaption", "table", "tr"}
TAGS |= {"th", "td", "code", "label", "input", "svg", "g", "path", "line", "polyline", "rect", "text"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "type", "id", "class", "hidden", "for", "role"}
ATTRIBUTES |= {"autocomplete", "autocapitalize", "spellcheck", "aria-label", "aria-hidden", "viewbox", "d", "points"}
ATTRIBUTES |= {"preserveaspectratio", "x", "y", "x1", "x2", "y1", "y2", "width", "height"}
EMPTY = {"meta", "input"}  # elements without an end
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<!--<script ",
    "</script ",
    "</SCRIPT/",
    "$\\frac{$",
    "]]>",
    "\"'><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "&lt;b&gt;&amp;",
    "${version} $data {} %s {{x}}",
    "[bold red]markup[/]",
    "😀👩‍👩‍👧",
    "שלום",
    "مرحبا",
    "\u202eevil\u2066",
    "\x1b]0;owned\x07\x1b[31mred",
    "nul\x00nul",
    "caf\U0010fee9",
    "caf\udce9",
    "line\u2028\u2029\r\nend",
    "日本語" * 20,
    "a" * 500,
    "\\u003cscript>",
    " ",
    "",
    "z̸̢͓̈́a̷l̶g̸o̵",
]


class Page(HTMLParser):
    """A parsed page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.values, self.open, self.texts = [], set(), [], [], {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += attrs
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    @property
    def data(self):
        """What the script is given."""
        return json.loads(self.texts["script"][0])

    def words(self, tag="bdi"):
        return self.texts.get(tag, [])


def parsed(path):
    return Page(path.read_text(encoding="utf-8"))


def assert_only_of_the_template(page):
    """Nothing but the template's elements and attributes, and no way out of the page."""
    assert set(page.tags) <= TAGS
    assert page.attributes <= ATTRIBUTES
    assert page.tags.count("script") == 2
    assert page.tags.count("style") == page.tags.count("h1") == 1
    assert not any("http:" in value or "https:" in value for _, value in page.values if value)


def vectors_of(words, *, counts=True, dim=5, seed=0):
    rng = np.random.default_rng(seed)
    order = np.arange(len(words), 0, -1) if counts else None
    return KeyedVectors(words, rng.standard_normal((len(words), dim)).astype(np.float32), order)
