"""How Sphinx builds the site: `make docs`. Nothing here needs the network."""

import logging
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

import api_pages  # noqa: E402
import site_links  # noqa: E402

from sharedtrunk._version import __version__  # noqa: E402

logging.getLogger("jax").setLevel(logging.ERROR)  # where Sphinx listens, JAX tells of every cache it opens

project = "sharedtrunk"
author = "The sharedtrunk developers"
project_copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "mathml",
]
exclude_patterns = [
    "extensions",
    "gallery/*.ipynb",
    "gallery/*.py",
    "**/sg_execution_times.rst",
    "sg_execution_times.rst",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

nitpicky = True
# Types in signatures name other libraries, whose pages would be needed here to link them. A word between single backticks
# is linked where it is a public name and is code elsewhere.
nitpick_ignore_regex = [("py:class", ".*"), ("py:obj", ".*")]
default_role = "py:obj"

myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autosummary_generate = False
numpydoc_show_class_members = False
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = "sharedtrunk"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
copybutton_prompt_text = r">>> |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "gallery",
    "filename_pattern": "/plot_",
    "ignore_pattern": "spike_lanes",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "reset_modules": ("matplotlib", "api_pages.reset_jax"),
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("matplotlib",),
    "plot_gallery": "True",
}


def setup(app):
    """Write the pages of the API, and lead links out of `docs/` to pages of the site."""
    app.connect("builder-inited", api_pages.write)
    app.connect("autodoc-process-docstring", api_pages.plain_text, priority=100)
    app.connect("source-read", site_links.lead_to_pages)
