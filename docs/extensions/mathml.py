"""Formulas as MathML, which browsers draw by themselves: no script, no font and no network, when building or when reading."""

from docutils import nodes
from latex2mathml.converter import convert


def inline(self, node):
    """Put an inline formula in place."""
    self.body.append(convert(node.astext()))
    raise nodes.SkipNode


def block(self, node):
    """Put a displayed formula in place, with its number if it has one."""
    number = f'<span class="eqno">({node["number"]})</span>' if node.get("number") else ""
    self.body.append(f'<div class="math-block">{convert(node.astext(), display="block")}{number}</div>')
    raise nodes.SkipNode


def setup(app):
    """Use both for HTML."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
