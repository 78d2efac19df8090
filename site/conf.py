"""Settings of the site, which Sphinx reads.

    pip install -r site/requirements.txt
    sphinx-build -W -c site . site/_build/html
    python -m http.server -d site/_build/html

Its pages are README.md, the notebooks as they are stored, docs/ and what lies
here; nothing is executed, and no page asks another host for anything.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

project = "Activation functions, compared again"
html_title = project
root_doc = "README"
include_patterns = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "notebooks/*.ipynb",
    "site/*.md",
    "site/*.rst",
]
exclude_patterns = [".*", "runs", "site/_build", "**/.ipynb_checkpoints"]
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",
    "pages",
]

nb_execution_mode = "off"
nb_merge_streams = True
# What a cell gives as Markdown, read as the text between the cells is.
nb_render_markdown_format = "myst"
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 4
myst_heading_slug_func = "pages.anchor"

autodoc_member_order = "bysource"
# Keras's docstrings are Markdown, where one backtick is code.
default_role = "literal"
# As prose: there is no type before a colon in it.
napoleon_custom_sections = [("Returns", "notes_style")]

# Most of what stands apart is tables and commands.
highlight_language = "none"

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/icon.svg"
html_copy_source = False
html_show_copyright = False
html_theme_options = {}
