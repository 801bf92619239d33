"""What people and robots write to a form: texts by number, hardly two of them the same."""

from __future__ import annotations

from random import Random

_OPENINGS = ("Hello", "Good morning", "Dear team", "Hi there", "To whom it may concern", "Good evening")
_WISHES = (
    "I would like to book the small room for our choir",
    "could you send me the invoice for March once more",
    "the parcel that I ordered last week has not come yet",
    "my daughter would like to join the swimming course",
    "is your workshop open during the holidays",
    "we met at the fair, and I promised to send you our plans",
    "the heating in flat seven does not work since yesterday",
    "I have a question about the bicycle in your window",
    "please take my mother off your list of deliveries",
    "which bus stops nearest to your garden",
    "the lamp you repaired flickers again",
    "may I bring my dog to the reading",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "next week", "in spring")
_ENDINGS = ("Kind regards", "Thank you very much", "With best wishes", "See you soon", "Many thanks in advance")
_NAMES = ("Ada", "Grace", "Edsger", "Barbara", "Donald", "Alan", "Margaret", "John", "Radia", "Ken")
_PITCHES = (
    "exclusive casino bonus without deposit",
    "play the jackpot slots and win big",
    "cheap viagra and cialis, no prescription",
    "discreet shipping of pills worldwide",
    "boost your ranking on the first page",
    "buy our backlinks package today",
    "earn bitcoin from home, guaranteed profit",
    "double your crypto every single day",
    "instant loan approval, no credit check",
    "hot singles want to chat with you tonight",
    "replica watches at wholesale prices",
    "lose weight fast with our miracle formula",
)
_HOSTS = ("win-jackpot.example", "pharma-4u.example", "seo-rank.example", "crypto-gold.example", "slim-now.example")


def by_a_person(number: int) -> str:
    """Return what a person writes."""
    chance = Random(number)  # noqa: S311 - the same each time
    first, second = chance.sample(_WISHES, 2)
    day, name = chance.choice(_DAYS), chance.choice(_NAMES)
    begin, end = chance.choice(_OPENINGS), chance.choice(_ENDINGS)
    return f"{begin}, {first}, {day} if possible. And {second}? Our number is {number}. {end}, {name}"


def by_a_robot(number: int) -> str:
    """Return what a robot writes."""
    chance = Random(-number - 1)  # noqa: S311
    pitches = ", ".join(chance.sample(_PITCHES, 4))
    return f"{pitches}! Click https://{chance.choice(_HOSTS)}/{number} limited offer {number}!!!"


def texts(numbers: range, *, robots_one_in: int = 1) -> list[str]:
    """Return what people and robots write, one after the other; of robots fewer, if a test wants so."""
    written = list[str]()
    for number in numbers:
        written.append(by_a_person(number))
        if number % robots_one_in == 0:
            written.append(by_a_robot(number))
    return written
