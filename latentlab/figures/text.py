"""Text in figures as it is: Plotly takes some of it for markup."""

from __future__ import annotations

from html import escape


def literal(text: str) -> str:
    """Text of anyone's, such as the name of a class or a column, as Plotly shows it letter by letter.

    Plotly takes <b>, <a href=…> and the like for marks, and %{x} in a hover text for a value.

    >>> literal("<b>cats & dogs</b>"), literal("50 %{x}")
    ('&lt;b&gt;cats &amp; dogs&lt;/b&gt;', '50 %&#123;x}')
    """
    return escape(text, quote=False).replace("%{", "%&#123;")
