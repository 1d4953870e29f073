"""The page as text: templates filled with a view, style and scripts put inside.

Whatever comes from data is escaped: by Jinja in the markup, and by writing `<` as `\\u003c` in the JSON that the scripts
read. The page's own policy forbids it to ask for anything outside itself.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup, escape

_ROOM = "sharedtrunk.paper.report"
# In the order in which they need one another.
SCRIPTS = ("theme", "figures", "ledger", "cube", "drawing", "map", "curve", "explorer", "start")


def render(view: Mapping[str, Any]) -> str:
    """The whole page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(_ROOM, "page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"code": with_code, "embedded": embedded, "slug": slug}
    page = environment.get_template("page.html.j2")
    return page.render(view=view, style=Markup(_part("style.css")), script=Markup(_script())) + "\n"


def with_code(text: str) -> Markup:
    """What stands between backticks as code, everything escaped."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 and place < len(parts) - 1 else escape(part)
        for place, part in enumerate(parts)
    )


def embedded(data: object) -> Markup:
    """Data as JSON inside a script element, which only `</script` could end and `<!--` confuse."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def slug(words: str) -> str:
    """The name of a class in the style sheet: holds-only-if."""
    return words.replace(" ", "-")


def _script() -> str:
    """All scripts in one scope of their own."""
    return "(() => {\n'use strict';\n" + "\n".join(_part(f"{name}.js") for name in SCRIPTS) + "})();"


def _part(name: str) -> str:
    return (files(_ROOM) / "page" / name).read_text(encoding="utf-8")
