"""Draws a small picture of one that a stranger sent. It runs in the process of `__main__`, whose memory is bounded."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
"""No other is looked at, whatever Pillow could read."""

SIDE = 320
"""Pixels of the longer side, at most."""

PIXELS_MOST = 12_000_000
JPEG_PIXELS_MOST = 50_000_000
"""Larger pictures are not decoded: 48 MB as they stand in memory, and that three times. A JPEG is decoded smaller."""

_QUALITY = 78
_TRANSPARENT = ("RGBA", "LA", "PA", "RGBa", "La")


class NotDrawn(Exception):
    """There is no preview of this: it is no picture of these formats, is broken, or is too large."""


def draw(picture: bytes) -> bytes:
    """Return a picture's small one as WebP: the first frame, upright, without anything else that the file says.

    Raises `NotDrawn`, and `MemoryError` where the process may not have as much as it takes.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures: they are counted below
            Image.MAX_IMAGE_PIXELS = JPEG_PIXELS_MOST
            with Image.open(io.BytesIO(picture), formats=FORMATS) as opened:
                return _drawn(opened)
    except MemoryError:
        raise
    except Exception as error:  # whatever Pillow raises of a file that was made to break it
        raise NotDrawn(type(error).__name__) from error


def _drawn(opened: Image.Image) -> bytes:
    width, height = opened.size
    if width * height > (JPEG_PIXELS_MOST if opened.format == "JPEG" else PIXELS_MOST):  # before anything is decoded
        raise NotDrawn("too large")
    opened.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is decoded at an eighth of its size where that is enough
    has_holes = opened.mode in _TRANSPARENT or "transparency" in opened.info
    turned = opened.getexif().get(_ORIENTATION, 1)
    wanted = "RGBA" if has_holes else "RGB"
    small = opened if opened.mode == wanted else opened.convert(wanted)
    small.thumbnail((SIDE, SIDE))
    bare = Image.new(small.mode, small.size)  # without metadata and profile
    bare.paste(small)
    bare.getexif()[_ORIENTATION] = turned
    upright = ImageOps.exif_transpose(bare)
    made = io.BytesIO()
    upright.save(made, "WEBP", quality=_QUALITY, exif=b"", icc_profile=b"", xmp=b"")
    return made.getvalue()


_ORIENTATION = 0x0112
