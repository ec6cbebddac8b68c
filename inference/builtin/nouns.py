"""The vocabulary: the everyday nouns that the built-in model is taught, each with the emoji that shows it.

Few concepts drawn well beat many drawn badly, so this list is short on purpose; every noun has artwork of at least
five vendors.
"""

from __future__ import annotations

from dataclasses import dataclass

# glyph, noun, other words for it ('_' stands for a space)
_TABLE = """
🐶 dog puppy|🐱 cat kitten|🐭 mouse|🐰 rabbit bunny|🦊 fox|🐻 bear|🐼 panda|🐨 koala|🐯 tiger|🦁 lion
🐮 cow|🐷 pig|🐸 frog|🐵 monkey|🐔 chicken hen|🐧 penguin|🐦 bird|🦆 duck|🦉 owl
🐴 horse|🦄 unicorn|🐝 bee|🦋 butterfly|🐌 snail|🐞 ladybug ladybird|🕷 spider|🐢 turtle tortoise
🐍 snake|🐙 octopus|🦀 crab|🐠 fish|🐬 dolphin|🐳 whale|🦈 shark|🐘 elephant|🦒 giraffe|🐑 sheep
🦔 hedgehog|🐉 dragon|🦖 dinosaur|🦜 parrot
🌵 cactus|🎄 christmas_tree|🌳 tree|🌴 palm palm_tree|🍀 clover|🍄 mushroom|🌹 rose|🌻 sunflower
🌸 blossom flower|🍁 maple_leaf leaf
🌞 sun|🌙 moon|⭐ star|☁ cloud|🌈 rainbow|❄ snowflake|🔥 fire flame|💧 drop water_drop|⚡ lightning bolt
🌋 volcano|🌍 earth globe|🪐 planet saturn|⛄ snowman|☂ umbrella
🍎 apple|🍐 pear|🍊 tangerine orange orange_fruit|🍋 lemon|🍌 banana|🍉 watermelon|🍇 grapes|🍓 strawberry
🍒 cherries cherry|🍍 pineapple|🍅 tomato|🍆 eggplant aubergine|🥑 avocado|🥕 carrot|🌽 corn
🍞 bread|🥐 croissant|🧀 cheese|🍳 fried_egg egg|🍔 hamburger burger|🍟 fries|🍕 pizza slice_of_pizza|🌭 hot_dog|🌮 taco
🍦 ice_cream|🍩 donut doughnut|🍪 cookie biscuit|🎂 birthday_cake|🍰 cake slice_of_cake|🧁 cupcake muffin|🍫 chocolate
🍭 lollipop|☕ coffee tea|🍺 beer|🍷 wine
⚽ football soccer_ball|🏀 basketball|🏆 trophy cup|🎯 target|🎲 dice|🎸 guitar
🥁 drum
🚗 car|🚕 taxi|🚌 bus|🚑 ambulance|🚲 bicycle bike|✈ airplane plane|🚀 rocket
🚁 helicopter|⛵ sailboat boat|🚂 train locomotive|⚓ anchor|🏠 house home|🏰 castle|🎈 balloon|🎁 gift present
🤖 robot|👻 ghost|💀 skull|👽 alien|🎃 pumpkin|💩 poop
⌚ watch|📱 phone smartphone|💻 laptop computer|📷 camera|📺 television tv|⏰ alarm_clock clock|💡 light_bulb lamp
🕯 candle|💎 diamond gem|🔨 hammer|🔑 key|🔒 lock padlock|🚪 door|✂ scissors|📖 book|✏ pencil
🔔 bell|👑 crown|🎩 hat top_hat|👓 glasses|👕 shirt t-shirt|👟 shoe sneaker
🎒 backpack bag|💍 ring|👍 thumbs_up|👁 eye|👄 mouth lips
❤ heart|😀 smiley smiling_face|😎 sunglasses_face cool_face|😭 crying_face|😴 sleeping_face
🔍 magnifying_glass|🧸 teddy_bear teddy|💣 bomb|⚙ gear cog|🪑 chair|🚦 traffic_light
"""


@dataclass(frozen=True, slots=True)
class Noun:
    """One thing the model can draw."""

    word: str
    aliases: tuple[str, ...]
    code: str  # code points, lower-case, joined by '-', without FE0F: as in `artwork.Emoji`


def vocabulary() -> tuple[Noun, ...]:
    """Return every noun, in the table's order."""
    nouns = []
    for entry in _TABLE.replace("\n", "|").split("|"):
        if entry.strip():
            glyph, *words = entry.split()
            word, *aliases = (word.replace("_", " ") for word in words)
            nouns.append(Noun(word, tuple(aliases), "-".join(f"{ord(c):x}" for c in glyph if c != "\ufe0f")))
    return tuple(nouns)
