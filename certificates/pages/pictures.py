"""QR codes: drawn for a page, and read from a picture or a camera's frame."""

import io
import warnings

import segno
import zxingcpp
from PIL import Image, UnidentifiedImageError

MOST_PIXELS = 40_000_000
LONGEST_SIDES = (1600, 3200)  # the second for a small code on a large photo
FORMATS = ("PNG", "JPEG", "WEBP")


def draw_qr(text: str) -> str:
    """Draw `text` as inline SVG, medium error correction, sized by the style sheet."""
    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(scale=8, border=4, dark="#000", light="#fff", omitsize=True)


def read_qr(picture: bytes) -> str | None:
    """Read the first QR code in a PNG, JPEG or WebP picture; None if there is none.

    A picture that is broken, of another kind or of more than 40 million pixels has none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(picture), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                return None
            image.draft("L", (LONGEST_SIDES[-1], LONGEST_SIDES[-1]))
            grey = image.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning):
        return None
    for side in LONGEST_SIDES:
        smaller = grey.copy()
        smaller.thumbnail((side, side))
        found = zxingcpp.read_barcodes(smaller, formats=_QR)
        if found or max(grey.size) <= side:
            break
    return found[0].text if found else None


_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
