"""Formulas as MathML, which browsers draw by themselves: no script, no font and no network, when building or when reading."""

from docutils import nodes
from latex2mathml.converter import convert


def mathml(text: str, **options) -> str:
    """The formula; the letter of expectation as the character itself, since browsers ignore the variant that asks for it."""
    return convert(text, **options).replace('<mi mathvariant="double-struck">E</mi>', "<mi>𝔼</mi>")


def inline(self, node):
    """Put an inline formula in place."""
    self.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def block(self, node):
    """Put a displayed formula in place, with its number if it has one."""
    number = f'<span class="eqno">({node["number"]})</span>' if node.get("number") else ""
    self.body.append(f'<div class="math-block">{mathml(node.astext(), display="block")}{number}</div>')
    raise nodes.SkipNode


def setup(app):
    """Use both for HTML."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
