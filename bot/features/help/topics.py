"""What there is to say about each topic. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.shared.discord.commands import Mention

_COMMAND = re.compile(r"\{([a-z -]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpTopic:
    """Something that members can read about."""

    key: str  # stands in menus that lie in chats: never to change
    emoji: str
    title: str
    hint: str  # below the title in the menu
    pictures: Sequence[str]  # the prompts of those above it, which `python -m tests.bench.help_pictures` draws
    seed: int = 1  # of the first of them; the others have the next ones
    lines: Sequence[str]  # with commands as `{path}`; a line is left out where one of its commands is not offered

    def text(self, mention: Mention) -> str:
        """Return it for a card, under its title."""
        return f"### {self.emoji} {self.title}\n{self.body(mention)}"

    def body(self, mention: Mention) -> str:
        """Return it without its title."""
        lines = [line for line in self.lines if all(mention(path) for path in _COMMAND.findall(line))]
        return _COMMAND.sub(lambda found: mention(found[1]), "\n".join(lines))


START = HelpTopic(
    key="start",
    emoji="✨",
    title="Atelier",
    hint="Where to begin",
    pictures=("a red heart", "a cat", "a green car"),
    lines=(
        "I turn prompts into pictures and speech into text. Click a command to try it:",
        "🎨 {imagine} pictures from a few words, such as *a red heart*",
        "🐕 {train} your dog, or anything else, from a few photos",
        "🎙️ {transcribe} a file, or *Apps → Transcribe* on a voice message",
        "⏳ {queue} what is under way · {history} what you made · {quota mine} your credits",
    ),
)
PICTURES = HelpTopic(
    key="pictures",
    emoji="🎨",
    title="Pictures",
    hint="Prompts, and the buttons on a card",
    pictures=("a blue butterfly", "a red butterfly", "a green butterfly"),
    lines=(
        "{imagine} four pictures from your prompt",
        "{models} the models, their sizes and licences · {styles} the styles",
        "- `image:` begins from your own picture, *Apps → Use this picture* from one in the chat; `--strength 40` "
        "keeps more of it, `80` less. Without it, models that edit by words change it as you say",
        "{blend} two to five pictures into new ones",
        "- Reply to a picture with my name and a few words, such as *make it night*, to change it",
        "- `--ar 3:2` at the end of a prompt makes a wider picture; the menu below tells all such",
        "-# On a card: **U1** makes the first picture larger · **V1** draws four like it · **Re-roll** uses a new seed",
        "-# Below **More**: draw around a picture or a part of it anew · **Remix** in other words · **Favourite** "
        "keeps it · **Info** shows the settings · **Delete** also deletes the files",
    ),
)
PARAMETERS = HelpTopic(
    key="parameters",
    emoji="🎛️",
    title="Parameters",
    hint="What can stand behind a prompt: --ar, --seed, --no and more",
    pictures=("a palette", "a paintbrush", "a pencil"),
    lines=(
        "They go at the end of a prompt in {imagine}, in any order:",
        "- `--ar 3:2` a wider picture · `--count 2` only two · `--no text, blur` what to leave out",
        "- `--seed 7` the same pictures again · `--subject Rex` a trained subject · `--style ink:0.8` a style · "
        "`--model name` another model",
        "- `--draft` half the steps, for half the credits · `--quality 2` twice the steps (`0.25` to `4`) · "
        "`--steps 20` exactly so many",
        "- `--cfg 5` how closely to follow the prompt · `--stylize 500` freer (`0` to `1000`, usually `100`) · "
        "`--chaos 50` pictures that differ more (`0` to `100`)",
        "- `--strength 40` or `--iw 2` with `image:` how much of it changes, or how much it counts (`0` to `3`)",
        "- `--repeat 3` three jobs of it · `{red, blue} {cat, dog}` all four; you see the price of all of them first",
        "- In the prompt: `(red:1.3)` counts more, `(red:0.7)` less, from `0` to `4` · `hot:: dog::2` mixes two "
        "prompts by their weights",
        "{prefer suffix} the same parameters behind all your prompts · {settings} your habits",
        "- `--raw` is how I always draw · `--hd` is **U1** to **U4** below your pictures",
    ),
)
SUBJECTS = HelpTopic(
    key="subjects",
    emoji="🐕",
    title="Your own subjects",
    hint="Train from photos, use and share",
    pictures=("a dog", "a brown dog", "a black dog"),
    lines=(
        "{train} a subject from photos. You see which photos are good and what it costs before anything starts.",
        "{imagine} with `subject:` puts it into new pictures",
        "{subjects} rename, share, export or delete what you trained, and see what others shared with you",
    ),
)
VOICE = HelpTopic(
    key="voice",
    emoji="🎙️",
    title="Voice into text",
    hint="Voice messages, files, and who may transcribe you",
    pictures=("a microphone", "headphones", "a telephone"),
    lines=(
        "*Apps → Transcribe* on any voice message, audio or video (on a phone, press and hold the message first)",
        "{transcribe} a file, with its language or in English",
        "Or send me a voice message here in direct messages.",
        "On its card: **Subtitles and times** are free · another language listens again",
        "{voice optout} keeps others from transcribing you · {voice optin} lets them again",
    ),
)
QUEUE = HelpTopic(
    key="queue",
    emoji="⏳",
    title="Queue and history",
    hint="What is under way, and what you made",
    pictures=("an hourglass", "a clock", "a calendar"),
    lines=(
        "{queue} your jobs and their place in the queue",
        "{cancel} a job, and get its unused credits back",
        "{history} look through what you made, find it by words, model, subject or date, draw it again exactly",
        "{show} one result again, by its id",
        "{favourites} the results that you keep",
        "React to a result: ✉️ sends it to you, ⭐ keeps it, ❌ cancels or deletes your own",
    ),
)
CREDITS = HelpTopic(
    key="credits",
    emoji="🪙",
    title="Credits",
    hint="What is left, and how to go on for free",
    pictures=("a coin", "a gem", "a gift"),
    lines=(
        "{quota mine} what is left, and when you get more · {info} your account in five lines",
        "{relax} run your jobs for free, when the queue is empty",
        "{fast} run them with credits, as soon as it is your turn",
        "{gift} some of your credits to another member",
    ),
)
DATA = HelpTopic(
    key="data",
    emoji="🗂️",
    title="Your data",
    hint="Take it with you, or delete it",
    pictures=("a lock", "a key", "a book"),
    lines=("{mydata export} everything I keep about you", "{mydata delete} all of it, after a question"),
)
OPERATORS = HelpTopic(
    key="operators",
    emoji="🛠️",
    title="For operators",
    hint="Pause, ban, block words, choose channels",
    pictures=("a shield", "a hammer", "a wrench"),
    lines=(
        "{atelier pause} before a restart, {atelier resume} after it",
        "{atelier find} what a member made",
        "{atelier remove} it",
        "{atelier ban} a member",
        "{atelier words add} a word that I refuse",
        "{atelier channels allow} a channel, to keep me in it",
        "{atelier-credits grant} a member credits",
        "{atelier withheld} what the picture checker kept back",
        "{atelier log} what operators did",
        "{transcribe-channel} every voice message in a channel into text",
    ),
)
TOPICS = {one.key: one for one in (START, PICTURES, PARAMETERS, SUBJECTS, VOICE, QUEUE, CREDITS, DATA)}


def topics_for(*, operator: bool) -> dict[str, HelpTopic]:
    """Return what somebody can read about."""
    return {**TOPICS, OPERATORS.key: OPERATORS} if operator else TOPICS
