"""What people say around a prompt when they ask aloud: 'Could you please draw me … ?' Pure."""

import re

_DO = "(?:draw|paint|imagine|make|create|generate|show|give|sketch|design|render|produce)(?: (?:me|us)\\b)?"
_NUMBERS = "two|three|four|five|six|seven|eight|nine|ten|[0-9]+"
_THING = rf"(?=(?:an?|the|some|my|your|his|her|our|their|this|that|{_NUMBERS})\b)"  # 'imagine dragons' is no request
_PLEASE = "(?:(?:please|kindly|maybe|just|possibly|now|really) )*"
_WOULD = "(?:i|we)(?:['’]d| would) "

_GREETING = re.compile(
    r"(?:(?:hey|hi|hello|okay|ok|so|well|um+|uh+|please|atelier|now|then)\b(?: there\b)?[\s,.!…-]*)*", re.IGNORECASE
)
_ASKED = re.compile(
    rf"(?:(?:can|could|would|will) you {_PLEASE}{_DO}"
    rf"|(?:can|could|may) (?:i|we) {_PLEASE}(?:have|get|see)"
    rf"|(?:{_WOULD}{_PLEASE}(?:like|love)|(?:i|we) {_PLEASE}(?:want|need))(?: you)? to {_PLEASE}(?:see|have|get|{_DO})"
    rf"|{_WOULD}{_PLEASE}(?:like|love)"
    rf"|let (?:me|us) see|let['’]s (?:see|{_DO})"
    rf"|{_DO.replace(')?', ')')}"
    rf"|{_DO} {_THING})\s*",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"(?:an? |the |some )?(?:picture|image)s? (?:of|with|showing|that shows)\s+", re.IGNORECASE)
_THANKS = re.compile(
    r"\b(?:please|thanks|thank you|cheers|for me|for us|if you can|if possible|would you|will you|could you)"
    r"(?: (?:very much|so much|a lot|in advance|please))?$",
    re.IGNORECASE,
)
_END = " ,.!?…"
THANKS_MAX = 3  # 'please, thank you, cheers'


def without_politeness(said: str) -> str:
    """Return what is to be seen, without the words by which it was asked for; all of it where nothing else is left."""
    greeted = _GREETING.sub("", said, count=1)
    if (asked := _ASKED.match(greeted)) is None:
        return said
    left = greeted[asked.end() :]
    if picture := _PICTURE.match(left):
        left = left[picture.end() :]
    left = left.rstrip(_END)
    for _ in range(THANKS_MAX):
        left = _THANKS.sub("", left).rstrip(_END)
    return left or said
