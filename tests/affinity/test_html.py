"""Advice in a notebook: every name is text, nothing is fetched, and the picture is there."""

import base64
import dataclasses
import re
from html.parser import HTMLParser

import pytest

import affinity_problems as problems

HOSTILE = ("<script>alert(1)</script>", 'a" onerror="x', "&amp;</td></table>", "half \ud800")


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("make", [lambda: problems.advice(4, main=HOSTILE[0]), lambda: problems.matrix(4)])
def test_hostile_names_are_text(make, monkeypatch):
    monkeypatch.setattr(problems, "NAMES", HOSTILE)
    made = dataclasses.replace(make(), unfinished=("Not measured: <b>weights</b>.",))
    page = made._repr_html_()
    page.encode()
    found = _Tags()
    found.feed(page)
    names = {tag for tag, _ in found.tags}
    assert names <= {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "img"}
    assert all(set(attributes) <= {"class", "style", "alt", "src", "border"} for _, attributes in found.tags)
    for name in HOSTILE[:3]:
        assert any(name in text for text in found.texts)
    assert any("<b>weights</b>" in text for text in found.texts)
    (image,) = [attributes for tag, attributes in found.tags if tag == "img"]
    kind, content = image["src"].split(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content).startswith(b"\x89PNG")
    assert not re.search(r"https?://|<link|<style[^>]*src", page)
