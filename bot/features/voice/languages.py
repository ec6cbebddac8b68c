"""The languages that Whisper hears, by the code that it knows them by. Pure.

The table repeats that of openai-whisper, which would bring torch along; a test holds the two together.
"""

from discord.app_commands import Choice

from bot.shared.discord.choices import choices
from bot.shared.errors import BadParameter

# fmt: off
LANGUAGES = {
    "en": "English", "zh": "Chinese", "de": "German", "es": "Spanish", "ru": "Russian", "ko": "Korean",
    "fr": "French", "ja": "Japanese", "pt": "Portuguese", "tr": "Turkish", "pl": "Polish", "ca": "Catalan",
    "nl": "Dutch", "ar": "Arabic", "sv": "Swedish", "it": "Italian", "id": "Indonesian", "hi": "Hindi",
    "fi": "Finnish", "vi": "Vietnamese", "he": "Hebrew", "uk": "Ukrainian", "el": "Greek", "ms": "Malay",
    "cs": "Czech", "ro": "Romanian", "da": "Danish", "hu": "Hungarian", "ta": "Tamil", "no": "Norwegian",
    "th": "Thai", "ur": "Urdu", "hr": "Croatian", "bg": "Bulgarian", "lt": "Lithuanian", "la": "Latin", "mi": "Maori",
    "ml": "Malayalam", "cy": "Welsh", "sk": "Slovak", "te": "Telugu", "fa": "Persian", "lv": "Latvian",
    "bn": "Bengali", "sr": "Serbian", "az": "Azerbaijani", "sl": "Slovenian", "kn": "Kannada", "et": "Estonian",
    "mk": "Macedonian", "br": "Breton", "eu": "Basque", "is": "Icelandic", "hy": "Armenian", "ne": "Nepali",
    "mn": "Mongolian", "bs": "Bosnian", "kk": "Kazakh", "sq": "Albanian", "sw": "Swahili", "gl": "Galician",
    "mr": "Marathi", "pa": "Punjabi", "si": "Sinhala", "km": "Khmer", "sn": "Shona", "yo": "Yoruba", "so": "Somali",
    "af": "Afrikaans", "oc": "Occitan", "ka": "Georgian", "be": "Belarusian", "tg": "Tajik", "sd": "Sindhi",
    "gu": "Gujarati", "am": "Amharic", "yi": "Yiddish", "lo": "Lao", "uz": "Uzbek", "fo": "Faroese",
    "ht": "Haitian Creole", "ps": "Pashto", "tk": "Turkmen", "nn": "Norwegian Nynorsk", "mt": "Maltese",
    "sa": "Sanskrit", "lb": "Luxembourgish", "my": "Burmese", "bo": "Tibetan", "tl": "Tagalog", "mg": "Malagasy",
    "as": "Assamese", "tt": "Tatar", "haw": "Hawaiian", "ln": "Lingala", "ha": "Hausa", "ba": "Bashkir",
    "jw": "Javanese", "su": "Sundanese", "yue": "Cantonese",
}
COMMON = (  # as many as a select takes
    "en", "zh", "es", "hi", "ar", "pt", "ru", "ja", "de", "fr", "ko", "tr", "vi",
    "it", "pl", "uk", "nl", "fa", "id", "sv", "cs", "el", "he", "th", "ro",
)
# fmt: on


def language_name(code: str) -> str:
    """Return what a language is called in English; its code where that is not known."""
    return LANGUAGES.get(code, code)


def parse_language(typed: str) -> str:
    """Return the code of a language that was typed as its code or its English name.

    Raises:
        BadParameter: there is none of that name.
    """
    wanted = typed.strip().casefold()
    for code, name in LANGUAGES.items():
        if wanted in (code, name.casefold()):
            return code
    raise BadParameter(
        "I don't know that `language`. Try a name or a code, such as `German` or `de`, or leave it empty."
    )


def language_choices(typed: str) -> list[Choice[str]]:
    """Offer the languages whose name or code begins with what was typed, the most spoken ones first."""
    wanted = typed.casefold().strip()
    codes = [*COMMON, *(code for code in LANGUAGES if code not in COMMON)]
    found = [code for code in codes if LANGUAGES[code].casefold().startswith(wanted) or code == wanted]
    return choices((LANGUAGES[code], code) for code in found)
