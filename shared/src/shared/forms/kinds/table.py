"""Lists the types of files that are known by name: MIME type, endings, family, and what a person calls them.

MIME types are those of IANA's registry, else what browsers send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of file; the first ending is the usual one."""

    mime: str
    endings: tuple[str, ...]
    families: tuple[str, ...]
    word: str


_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"


def _of(family: str, *rows: tuple[str, str, str]) -> list[Kind]:
    return [Kind(mime, tuple(endings.split()), tuple(family.split()), word) for mime, endings, word in rows]


_LISTED = (
    *_of(
        "image",
        ("image/jpeg", "jpg jpeg jpe jfif", "JPEG picture"),
        ("image/png", "png", "PNG picture"),
        ("image/gif", "gif", "GIF picture"),
        ("image/webp", "webp", "WebP picture"),
        ("image/heic", "heic heif", "HEIC picture"),
        ("image/avif", "avif", "AVIF picture"),
        ("image/tiff", "tif tiff", "TIFF picture"),
        ("image/bmp", "bmp", "BMP picture"),
    ),
    *_of(
        "audio",
        ("audio/mpeg", "mp3", "MP3 recording"),
        ("audio/mp4", "m4a", "M4A recording"),
        ("audio/wav", "wav", "WAV recording"),
        ("audio/ogg", "ogg oga opus", "Ogg recording"),
        ("audio/webm", "weba webm", "WebM recording"),
        ("audio/flac", "flac", "FLAC recording"),
        ("audio/aac", "aac", "AAC recording"),
        ("audio/amr", "amr", "AMR recording"),
    ),
    *_of(
        "video",
        ("video/mp4", "mp4 m4v", "MP4 video"),
        ("video/quicktime", "mov qt", "QuickTime video"),
        ("video/webm", "webm", "WebM video"),
        ("video/x-matroska", "mkv", "Matroska video"),
        ("video/x-msvideo", "avi", "AVI video"),
        ("video/mpeg", "mpg mpeg", "MPEG video"),
        ("video/3gpp", "3gp", "3GPP video"),
        ("video/ogg", "ogv", "Ogg video"),
    ),
    *_of("pdf document", ("application/pdf", "pdf", "PDF")),
    *_of(
        "document",
        ("application/msword", "doc", "Word document"),
        (f"{_OOXML}.wordprocessingml.document", "docx", "Word document"),
        (f"{_ODF}.text", "odt", "OpenDocument text"),
        ("application/rtf", "rtf", "RTF document"),
    ),
    *_of(
        "spreadsheet",
        ("application/vnd.ms-excel", "xls", "Excel sheet"),
        (f"{_OOXML}.spreadsheetml.sheet", "xlsx", "Excel sheet"),
        (f"{_ODF}.spreadsheet", "ods", "OpenDocument sheet"),
    ),
    *_of(
        "presentation",
        ("application/vnd.ms-powerpoint", "ppt pps", "PowerPoint presentation"),
        (f"{_OOXML}.presentationml.presentation", "pptx", "PowerPoint presentation"),
        (f"{_OOXML}.presentationml.slideshow", "ppsx", "PowerPoint presentation"),
        (f"{_ODF}.presentation", "odp", "OpenDocument presentation"),
    ),
    *_of("spreadsheet text", ("text/csv", "csv", "CSV table"), ("text/tab-separated-values", "tsv tab", "TSV table")),
    *_of(
        "text",
        ("text/plain", "txt text log", "text"),
        ("text/markdown", "md markdown", "Markdown text"),
        ("application/json", "json", "JSON text"),
        ("text/calendar", "ics", "calendar"),
        ("text/vcard", "vcf", "vCard"),
    ),
    *_of(
        "archive",
        ("application/zip", "zip", "ZIP archive"),
        ("application/gzip", "gz tgz", "gzip archive"),
        ("application/x-tar", "tar", "tar archive"),
        ("application/x-7z-compressed", "7z", "7z archive"),
        ("application/vnd.rar", "rar", "RAR archive"),
        ("application/x-bzip2", "bz2 tbz2", "bzip2 archive"),
        ("application/x-xz", "xz txz", "xz archive"),
        ("application/zstd", "zst", "zstd archive"),
    ),
    *_of("", ("application/epub+zip", "epub", "EPUB book")),
)

BY_MIME: Mapping[str, Kind] = MappingProxyType({kind.mime: kind for kind in _LISTED})
BY_ENDING: Mapping[str, Kind] = MappingProxyType({ending: kind for kind in _LISTED for ending in kind.endings})
"""A `.webm` is a video, and an audio too: browsers name what they record so."""

FAMILIES: Mapping[str, tuple[Kind, ...]] = MappingProxyType(
    {
        family: tuple(kind for kind in _LISTED if family in kind.families)
        for family in ("image", "audio", "video", "pdf", "document", "spreadsheet", "presentation", "text", "archive")
    }
)
"""What a form names with one word. None has anything in it that `dangers` lists."""
