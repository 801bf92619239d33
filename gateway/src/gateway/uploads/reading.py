"""Reads a submission with files: its fields are kept in memory, its files go into the store while they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime

from gateway.files import names
from gateway.http import body, encodings
from gateway.http.bodies import LINGER_BYTES, Long
from gateway.http.body import Body, Limits
from gateway.http.errors import FieldError, Refused, refused
from gateway.http.request import Request
from gateway.uploads import incoming, refusals
from gateway.uploads.bounds import UploadBounds
from gateway.uploads.counters import FileCounters
from gateway.uploads.filing import Coming, Filing
from gateway.uploads.kept import KeptFiles
from gateway.uploads.multipart import Multipart, Part
from gateway.uploads.pace import Pace
from gateway.uploads.places import Place, UploadPlaces
from gateway.uploads.texts import Texts, name_of
from gateway.uploads.viruses import NoLooking, Viruses
from shared.contracts import SubmittedFile
from shared.failpoints import Reach, ignore
from shared.files import FileStore
from shared.forms import FileRules, Files, Form
from shared.sources import network_of

HEADERS_BYTES = 128 * 1024
"""What the headers of all parts may have where the values and the files are as large as they may be."""

_TELLS_FILE = frozenset({413, 422})
"""The refusals of a file that are no reason to read no further: what else is wrong is told with them."""


@dataclass(slots=True)
class Received:
    """What a request brought. `names` are those of all files that came, by field, also where they are wrong."""

    read: Body = field(default_factory=lambda: Body({}))
    files: list[SubmittedFile] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)
    wrong: list[FieldError] = field(default_factory=list)
    away: Refused | None = None

    @property
    def counts(self) -> Mapping[str, int]:
        """How many files came under each name."""
        return {name: len(files) for name, files in self.names.items()}


class Uploads:
    """Reads submissions with files, so many at once in all and of each source. Safe to use from many threads."""

    def __init__(
        self,
        store: FileStore,
        *,
        limits: Limits,
        bounds: UploadBounds,
        viruses: Viruses | None = None,
        counters: FileCounters | None = None,
        reach: Reach = ignore,
    ) -> None:
        self._store = store
        self._filing = Filing(store, viruses or NoLooking())
        self.counters = counters or FileCounters()
        self._reach = reach
        self._limits = limits
        self._bounds = bounds
        self._places = UploadPlaces(bounds.uploads, bounds.uploads_per_source, bounds.pace.bytes_per_s)

    def takes(self, request: Request) -> bool:
        """Say whether a request to a form that takes files is read here: no other body has any."""
        return request.mimetype == "multipart/form-data"

    def begin(self, form: Form, now: datetime) -> KeptFiles:
        """Return where the files of a request go."""
        return KeptFiles(self._store, form.name, now)

    def read(self, request: Request, form: Form, kept: KeptFiles, *, patient: bool) -> Received:
        """Return what came; files that are right are in `kept` by then, and may be there if this raises.

        Where the store is away, the `patient` are told after everything was read: a person gets what was typed back.
        Raises `Refused`: 400, 408, 413, 415, 422, 429, 503.
        """
        if form.files is None:
            raise ValueError(f"the form {form.name} takes no files")
        try:
            return self._read(request, form, form.files, kept, patient=patient)
        except Refused as refusal:
            if refusal.status in _TELLS_FILE:
                long = Long(self._bounds.request_bytes + LINGER_BYTES, Pace(self._bounds.pace).note)
                self._limits.bodies.allow_long(request, long)
            raise

    def _read(self, request: Request, form: Form, files: Files, kept: KeptFiles, *, patient: bool) -> Received:
        body.check_encoding(request)
        length, boundary = incoming.length_of(request), _boundary_of(request)
        together = min(files.max_total, self._bounds.request_bytes)
        if length > min(together + self._limits.body_bytes + HEADERS_BYTES, self._bounds.request_bytes):
            raise refusals.request_too_big(together)
        texts = Texts(self._limits, encodings.declared(request))
        with ExitStack() as place:
            enter = _entering(place, self._places, network_of(request.remote_addr or "unknown"))
            pieces = self._pieces(request, length, enter)
            reading = _Reading(form, files, self._filing, kept, enter, patient=patient)
            for part in Multipart(pieces, boundary).parts():
                reading.take(part, texts)
        reading.received.read = texts.body()
        self._reach("after-put")
        return reading.received

    def _pieces(self, request: Request, length: int, enter: Callable[[], Place]) -> Iterator[bytes]:
        if length <= self._limits.body_bytes:
            return incoming.whole(request, length, self._limits.bodies)
        return incoming.streamed(request, length, self._limits.bodies, self._bounds.pace, enter())


class _Reading:
    """Takes the parts of one body, one after the other."""

    def __init__(
        self, form: Form, files: Files, filing: Filing, kept: KeptFiles, enter: Callable[[], Place], *, patient: bool
    ) -> None:
        self._form = form
        self._files = files
        self._filing = filing
        self._kept = kept
        self._enter = enter
        self._patient = patient
        self._bytes = 0
        self.received = Received()

    def take(self, part: Part, texts: Texts) -> None:
        """Take a part: a field, or a file; an input of files that was left alone is neither."""
        name, given = name_of(part), names.given(part.headers.get(b"content-disposition", b""))
        if given is None:
            texts.add(name, part)
            return
        content = _filled(part.content)
        if given or content is not None:
            field = name.removesuffix("[]") or name
            flaw = refusals.flaw_of_name(field)
            if flaw is not None:
                self._refuse(flaw)
                return
            self._take_file(field, given, self._counted(content or iter(())))

    def _take_file(self, name: str, given: str, content: Iterator[bytes]) -> None:
        rules = self._form.file_rules(name)
        if rules is None:
            self._refuse(refusals.no_files_here(name))
            return
        self._enter()
        received = self.received
        received.names.setdefault(name, []).append(names.clean(given))
        if self._is_too_many(name, rules) or received.away is not None:
            return
        coming = Coming(name, given, content, rules)
        try:
            if received.wrong:
                self._filing.look(coming)
            else:
                received.files.append(self._filing.take(coming, self._kept, when_away=self._files.when_away))
        except Refused as refusal:
            self._note(refusals.naming(names.clean(given), refusal) if rules.max_count > 1 else refusal)

    def _is_too_many(self, name: str, rules: FileRules) -> bool:
        counts = self.received.counts
        count, all_files = counts[name], sum(counts.values())
        if count <= rules.max_count and all_files <= self._files.max_count:
            return False
        of_one = count > rules.max_count
        if count == rules.max_count + 1 or (not of_one and all_files == self._files.max_count + 1):
            limit = rules.max_count if of_one else self._files.max_count
            self.received.wrong.append(refusals.too_many(limit, name if of_one else None))
        return True

    def _refuse(self, refusal: Refused) -> None:
        """Refuse all at once, but for a person, who is told when everything was read."""
        if not self._patient:
            raise refusal
        self._note(refusal)

    def _note(self, refusal: Refused) -> None:
        """Note what is wrong with a file; raise what is no fault of it."""
        if refusal.status in _TELLS_FILE:
            self.received.wrong += [error for error in refusal.errors if error not in self.received.wrong]
        elif self._patient and any(error.code == refusals.AWAY for error in refusal.errors):
            self.received.away = refusal
        else:
            raise refusal

    def _counted(self, content: Iterator[bytes]) -> Iterator[bytes]:
        most = self._files.max_total
        for piece in content:
            self._bytes += len(piece)
            if self._bytes > most:
                error = refusals.together_too_big(most)
                raise Refused(413, error.message, error)
            yield piece


def _filled(content: Iterator[bytes]) -> Iterator[bytes] | None:
    """Return a part's content; None where it has none."""
    first = next(content, None)
    if first is None:
        return None

    def pieces() -> Iterator[bytes]:
        yield first
        yield from content

    return pieces()


def _entering(stack: ExitStack, places: UploadPlaces, source: str) -> Callable[[], Place]:
    """Return what takes a place until the end, once; it raises `Refused` (503) where there is none."""
    place: Place | None = None

    def enter() -> Place:
        nonlocal place
        if place is None:
            place = stack.enter_context(places.place(source))
        return place

    return enter


def _boundary_of(request: Request) -> bytes:
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1", "replace")
    if not boundary:
        raise refused(400, "MALFORMED", "The multipart body names no boundary.")
    return boundary
