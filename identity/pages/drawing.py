"""Drawing QR codes into pages."""

import segno


def draw(text: str) -> str:
    """Draw `text` as inline SVG, sized by the style sheet."""
    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(scale=8, border=4, dark="#000", light="#fff", omitsize=True)
