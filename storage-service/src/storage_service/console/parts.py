"""What the views work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from shared.forms import Forms
from shared.forms.checks.remarks import Remarks, none
from storage_service.accounts.accounts import Accounts
from storage_service.accounts.audit import Audit
from storage_service.accounts.keys import Keys
from storage_service.accounts.mailing import LinkMails
from storage_service.accounts.ways import Ways
from storage_service.console.asking import Asking
from storage_service.console.spam import SpamParts
from storage_service.console.trying import Trying
from storage_service.deliveries.listing import Deliveries
from storage_service.erasing.single import EraseOne
from storage_service.files.reading import Uploads
from storage_service.hooks import Hooks, Samples
from storage_service.jobs.asking import Jobs
from storage_service.queries import SubmissionQueries
from storage_service.records import Arrivals, Counting, Hints, Records
from storage_service.records.export import Places
from storage_service.records.overview import Overview
from storage_service.retention.outlook import Outlooks
from storage_service.retention.pauses import Pauses
from storage_service.sealed import Opening
from storage_service.subjects import Subjects
from storage_service.views import Views
from storage_service.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Made by `console.service`, handed to the `routes` of each resource.

    `pages` are a form's submissions as they were always listed. `asking` asks notify. `public_url` is where the
    gateway is reached, None where nobody says. `exports` are the places for files that are written at once.
    `arrivals` wakes whoever watches a list, and `lag_s` says how far the search index is behind. `link_mails` makes
    links into accounts, and has them mailed. `remarks` says what is wrong with the file of `forms`, `trying` submits
    tests to them. `ways` are those in which people sign in. `samples` show what `hooks` are told. `outlooks` say what
    retention will do, `pauses` keep it from that. `uploads` are the files of submissions, `downloads` the places for
    who gets one. `spam` is about spam that learns. `opening` opens sealed fields with the keys that this console has.
    """

    records: Records
    counting: Counting
    hints: Hints
    arrivals: Arrivals
    lag_s: Callable[[], float]
    deliveries: Deliveries
    overview: Overview
    trying: Trying
    jobs: Jobs
    erase_one: EraseOne
    subjects: Subjects
    views: Views
    pages: SubmissionQueries
    work: Work
    keys: Keys
    hooks: Hooks
    samples: Samples
    accounts: Accounts
    link_mails: LinkMails
    ways: Ways
    audit: Audit
    asking: Asking
    forms: Forms
    clock: Callable[[], datetime]
    exports: Places
    uploads: Uploads
    downloads: Places
    outlooks: Outlooks
    pauses: Pauses
    spam: SpamParts
    opening: Opening = field(default_factory=Opening)
    public_url: str | None = None
    remarks: Callable[[], Remarks] = none
