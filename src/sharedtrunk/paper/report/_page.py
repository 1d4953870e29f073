"""The page as text: templates filled with data, with style and scripts inside.

Text from data is escaped: by Jinja in the markup, and by writing `<` as `\\u003c` in the JSON that the scripts read. The
page's content security policy forbids every request to the network.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup, escape

_PACKAGE = "sharedtrunk.paper.report"
# In this order, because each uses some of the earlier ones.
SCRIPTS = ("theme", "figures", "ledger", "cube", "drawing", "map", "curve", "explorer", "decay", "start")


def render(data: Mapping[str, Any]) -> str:
    """Return the whole page, with `data` in its templates."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(_PACKAGE, "page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"code": with_code, "embedded": embedded, "slug": slug}
    page = environment.get_template("page.html.j2")
    return page.render(view=data, style=Markup(_part("style.css")), script=Markup(_script())) + "\n"


def with_code(text: str) -> Markup:
    """Return a text as markup, escaped, with what is between backticks as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 and index < len(parts) - 1 else escape(part)
        for index, part in enumerate(parts)
    )


def embedded(data: object) -> Markup:
    """Return data as JSON for a script element, without the `<` that could end the element or begin a comment."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def slug(words: str) -> str:
    """Return the name of a verdict's class in the style sheet, as in holds-only-if."""
    return words.replace(" ", "-")


def _script() -> str:
    """Return all scripts, in one scope of their own."""
    return "(() => {\n'use strict';\n" + "\n".join(_part(f"{name}.js") for name in SCRIPTS) + "})();"


def _part(name: str) -> str:
    return (files(_PACKAGE) / "page" / name).read_text(encoding="utf-8")
