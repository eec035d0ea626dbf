"""Sphinx: the pages of this folder as one site, warnings are errors (`make docs`)."""

import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]

project = "GovSync"
author = "The GovSync contributors"
copyright = author
release = _project["version"]

extensions = ["myst_parser", "docs.site"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"GovSync {release}"
html_favicon = "../src/govsync/desktop/art/govsync.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
templates_path = ["_templates"]
html_show_sphinx = False
html_copy_source = False
html_use_index = False
# The colours of the window (decision 0030); letters are the system's, so that nothing is loaded from elsewhere.
_letters = (
    'Inter, system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK KR", "Malgun Gothic", sans-serif'
)
html_theme_options = {
    "light_css_variables": {
        "font-stack": _letters,
        "color-brand-primary": "#1f5fbf",
        "color-brand-content": "#1f5fbf",
        "color-brand-visited": "#1f5fbf",
    },
    "dark_css_variables": {
        "color-brand-primary": "#8ab4f8",
        "color-brand-content": "#8ab4f8",
        "color-brand-visited": "#8ab4f8",
    },
}
