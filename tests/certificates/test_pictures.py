"""QR codes are read from what people upload, and nothing else breaks the reader."""

import io

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from certificates.pages.pictures import draw_qr, read_qr

TEXT = "HAIHE:ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def picture(kind: str = "PNG", angle: float = 0, size: int = 600) -> bytes:
    raw = io.BytesIO()
    segno.make(TEXT, error="m").save(raw, kind="png", scale=8, border=4)
    image = Image.open(raw).convert("RGB").resize((size, size))
    turned = image.rotate(angle, expand=True, fillcolor="white")
    written = io.BytesIO()
    turned.save(written, kind)
    return written.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("angle", [0, 17, 90])
def test_a_code_is_read_however_it_lies(kind: str, angle: float) -> None:
    assert read_qr(picture(kind, angle)) == TEXT


def test_a_large_photo_is_read() -> None:
    assert read_qr(picture("JPEG", 5, 3000)) == TEXT


def test_another_kind_of_picture_is_not_opened() -> None:
    assert read_qr(picture("GIF")) is None


def test_a_picture_without_a_code_has_none() -> None:
    blank = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(blank, "PNG")
    assert read_qr(blank.getvalue()) is None


def test_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    huge = io.BytesIO()
    Image.new("1", (8000, 5001)).save(huge, "PNG")
    assert read_qr(huge.getvalue()) is None


@settings(max_examples=50)
@given(st.integers(0, 400), st.binary(max_size=20))
def test_broken_pictures_have_none_or_the_right_text(cut: int, junk: bytes) -> None:
    good = picture(size=300)
    assert read_qr(good[:cut] + junk + good[cut + len(junk) :]) in {None, TEXT}


def test_the_drawn_code_needs_no_style_of_its_own() -> None:
    drawn = draw_qr(TEXT)
    assert drawn.startswith("<svg")
    assert "style" not in drawn
