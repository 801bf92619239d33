"""Makes small files of many types, honest ones and hostile ones."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping

from PIL import Image

OOXML = "application/vnd.openxmlformats-officedocument"
ODF = "application/vnd.oasis.opendocument"


def picture(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    """Return a picture that has every colour of a gradient in it, in a format of Pillow's."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def zipped(*names: str, content: bytes = b"<x/>" * 20) -> bytes:
    """Return a ZIP with these names; the one called `mimetype` is stored, and says OpenDocument's text."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            if name == "mimetype":
                archive.writestr(zipfile.ZipInfo(name), f"{ODF}.text")
            else:
                archive.writestr(name, content)
    return out.getvalue()


def locked_zip() -> bytes:
    """Return a ZIP whose second entry says that it is encrypted."""
    archive = bytearray(zipped("readme.txt", "secret.txt"))
    second = archive.index(b"PK\x03\x04", 4)
    archive[second + 6] |= 1
    return bytes(archive)


def ole(stream: str = "", word_flags: int | None = None) -> bytes:
    """Return the head of an Office document of before 2007, or of an encrypted one of after."""
    body = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048))
    if word_flags is not None:
        body[512:524] = b"\xec\xa5\xc1\x00" + bytes(6) + word_flags.to_bytes(2, "little")
    body[1024 : 1024 + 2 * len(stream)] = stream.encode("utf-16-le")
    return bytes(body)


DOCX = zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml")

HONEST: Mapping[str, tuple[bytes, str]] = {
    "cv.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "application/pdf"),
    "photo.jpg": (picture("JPEG"), "image/jpeg"),
    "photo.JPEG": (picture("JPEG"), "image/jpeg"),
    "shot.png": (picture("PNG"), "image/png"),
    "anim.gif": (picture("GIF"), "image/gif"),
    "photo.webp": (picture("WEBP"), "image/webp"),
    "scan.tif": (picture("TIFF"), "image/tiff"),
    "old.bmp": (picture("BMP"), "image/bmp"),
    "IMG_1.HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
    "new.avif": (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "image/avif"),
    "clip.mp4": (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "video/mp4"),
    "memo.m4a": (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "audio/mp4"),
    "clip.mov": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
    "clip.3gp": (b"\0\0\0\x14ftyp3gp5\0\0\0\x003gp5", "video/3gpp"),
    "clip.webm": (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"),
    "memo.mp3": (b"ID3\4\0\0\0\0\0\x23TSSE\0", "audio/mpeg"),
    "plain.mp3": (b"\xff\xfb\x90\x64" + bytes(100), "audio/mpeg"),
    "memo.wav": (b"RIFF\x24\0\0\0WAVEfmt \0", "audio/wav"),
    "memo.opus": (b"OggS\0\2" + bytes(40), "audio/ogg"),
    "memo.flac": (b"fLaC\0\0\0\x22", "audio/flac"),
    "cv.docx": (DOCX, f"{OOXML}.wordprocessingml.document"),
    "sums.xlsx": (zipped("[Content_Types].xml", "xl/workbook.xml"), f"{OOXML}.spreadsheetml.sheet"),
    "talk.pptx": (zipped("[Content_Types].xml", "ppt/presentation.xml"), f"{OOXML}.presentationml.presentation"),
    "odd.docx": (zipped("[Content_Types].xml", "other/document.xml"), f"{OOXML}.wordprocessingml.document"),
    "cv.odt": (zipped("mimetype", "content.xml"), f"{ODF}.text"),
    "cv.doc": (ole("WordDocument"), "application/msword"),
    "sums.xls": (ole("Workbook"), "application/vnd.ms-excel"),
    "cv.rtf": (b"{\\rtf1\\ansi text}", "application/rtf"),
    "rich.doc": (b"{\\rtf1\\ansi text}", "application/rtf"),
    "all.zip": (zipped("a.txt"), "application/zip"),
    "empty.zip": (b"PK\5\6" + bytes(18), "application/zip"),
    "word.zip": (DOCX, "application/zip"),
    "all.tgz": (gzip.compress(b"x"), "application/gzip"),
    "all.7z": (b"7z\xbc\xaf\x27\x1c\0\4", "application/x-7z-compressed"),
    "all.rar": (b"Rar!\x1a\7\1\0" + bytes(20), "application/vnd.rar"),
    "note.txt": ("Grüße,\n".encode(), "text/plain"),
    "latin.txt": ("Grüße,\n".encode("latin-1"), "text/plain"),
    "windows.txt": ("Grüße,\n".encode("utf-16"), "text/plain"),
    "nothing.txt": (b"", "text/plain"),
    "sums.csv": (b"a,b,c\n1,2,3\n", "text/csv"),
    "data.json": (b'{"a": 1}', "application/json"),
    "readme.md": (b'<p align="center">\n', "text/markdown"),
    "date.ics": (b"BEGIN:VCALENDAR\r\n", "text/calendar"),
    "house.dwg": (b"AC1032" + bytes(40), "application/octet-stream"),
    "thesis.tex": (b"\\documentclass{article}", "text/plain"),
    "blob": (picture("PNG"), "image/png"),
}
"""By a name: a file, and the MIME type that it has."""

DANGEROUS: Mapping[str, bytes] = {
    "logo.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "page.html": b"<!DOCTYPE html><script>alert(1)</script>",
    "page": b"  \n<HTML><body>",
    "noname": b"\xef\xbb\xbf<script>alert(1)</script>",
    "comment": b"<!-- x --><b>",
    "wide": "\ufeff<html><script>alert(1)</script>".encode("utf-16-le"),
    "hidden": b"<script>alert(1)</script>\x00\x00",
    "drawing": b'<?xml version="1.0"?>\n<!-- x -->\n<svg onload="alert(1)">',
    "page.xml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">',
    "feed": b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><x/>',
    "track.gpx": b'<?xml version="1.0"?><gpx/>',
    "setup.exe": b"MZ\x90\0" + bytes(60),
    "harmless": b"MZ\x90\0" + bytes(60),
    "setup.foo": b"MZ\x90\0" + bytes(60),
    "cv.pdf.exe": b"MZ\x90\0" + bytes(60),
    "tool": b"\x7fELF\2\1\1" + bytes(60),
    "mac": b"\xcf\xfa\xed\xfe\7\0\0\1" + bytes(60),
    "fat": b"\xca\xfe\xba\xbe\0\0\0\2" + bytes(60),
    "run.bat": b"@echo off\r\n",
    "run.ps1": b"Remove-Item x\r\n",
    "run.js": b"alert(1)",
    "run.vbs": b"x",
    "run.sh": b"#!/bin/sh\n",
    "cv.pdf.lnk": b"L\0\0\0\1\x14\2\0" + bytes(60),
    "link.url": b"[InternetShortcut]\r\n",
    "app.jar": zipped("META-INF/MANIFEST.MF", "A.class"),
    "app.apk": zipped("AndroidManifest.xml", "classes.dex"),
    "setup.msi": ole("x"),
    "macros.docm": DOCX,
    "macros.xlsm": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "disk.iso": bytes(300),
    "help.chm": b"ITSF\3\0\0\0",
}
"""What no form takes that does not name it: by name, by content, or both."""

CONTRADICTING: Mapping[str, bytes] = {
    "cv.pdf": picture("PNG"),
    "gifar.zip": picture("GIF") + zipped("a.txt"),
    "polyglot.pdf": picture("GIF")[:13] + b"%PDF-1.7",
    "page.pdf": b"<script>alert(1)</script>%PDF-1.7",
    "page.txt": b"<!DOCTYPE html><script>alert(1)</script>",
    "photo.jpg": b"<svg onload='alert(1)'>",
    "image.png": b"MZ\x90\0" + bytes(60),
    "setup.zip": b"MZ\x90\0" + bytes(60) + zipped("a.txt"),
    "cv.docx": b"%PDF-1.7\n%\xe2\xe3",
    "macros.doc": DOCX,
    "macros.rtf": DOCX,
    "cv.xlsx": DOCX,
    "archive.pdf": zipped("a.txt"),
    "note.txt": zipped("a.txt"),
    "sums.csv": b"\0\1\2\3",
    "empty.pdf": b"",
    "zeros.png": bytes(100),
    "text.png": b"no picture",
}

LOCKED: Mapping[str, bytes] = {
    "all.zip": locked_zip(),
    "cv.docx": ole("EncryptedPackage"),
    "cv.doc": ole("WordDocument", word_flags=0x0100),
    "names.rar": b"Rar!\x1a\7\1\0" + b"\xaa\xbb\xcc\xdd" + b"\x21\x04\0\0\1\0\x0f" + bytes(40),
    "five.rar": b"Rar!\x1a\7\1\0crc1\x03\x01\x00\x00crc2\x20\x02\x03\x10\x00" + bytes(12) + b"\x0f\x01\x00" + bytes(20),
    "four.rar": b"Rar!\x1a\7\0" + b"cc\x73\x00\x00\x0d\0" + bytes(6) + b"cc\x74\x04\x80\x20\0" + bytes(30),
    "four-names.rar": b"Rar!\x1a\7\0" + b"cc\x73\x80\x00\x0d\0" + bytes(40),
}
