"""The vocabulary: the everyday nouns that the built-in model is trained on, each with the emoji that shows it.

Few concepts drawn well beat many drawn badly, so the list is short on purpose, and every noun in it has artwork of at
least five vendors. The long tail of other names is shown as it comes: one thing, in its own colours, less often.
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
🍭 lollipop|☕ coffee tea cup|🍺 beer|🍷 wine
⚽ football soccer_ball|🏀 basketball|🏆 trophy|🎯 target|🎲 dice|🎸 guitar
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
_TAIL = """
😉 winking_face|🤔 thinking_face|😠 angry_face|🤡 clown|👹 ogre monster|💔 broken_heart|🦍 gorilla|🦧 orangutan
🐩 poodle|🐺 wolf|🦝 raccoon|🐆 leopard|🫎 moose|🫏 donkey|🦓 zebra|🦌 deer|🦬 bison|🐗 boar|🐐 goat|🐪 camel
🦙 llama|🦣 mammoth|🦏 rhinoceros|🦛 hippopotamus|🐀 rat|🐹 hamster|🐿 chipmunk|🦫 beaver|🦇 bat|🐻‍❄ polar_bear
🦥 sloth|🦦 otter|🦨 skunk|🦘 kangaroo|🦡 badger|🦃 turkey|🐓 rooster|🐤 chick|🕊 dove|🦅 eagle|🦢 swan|🪶 feather
🦩 flamingo|🦚 peacock|🪿 goose|🐊 crocodile|🦎 lizard|🦭 seal|🐡 blowfish|🐚 shell seashell|🪸 coral|🪼 jellyfish
🦞 lobster|🦐 shrimp|🦑 squid|🦪 oyster|🐛 caterpillar|🐜 ant|🪲 beetle|🦗 cricket|🪳 cockroach|🦂 scorpion
🦟 mosquito|🪰 fly|🪱 worm|💐 bouquet flowers|🪷 lotus|🌺 hibiscus|🌷 tulip|🪻 hyacinth|🌱 seedling
🪴 plant potted_plant|🌲 pine pine_tree fir|🪺 nest|🍈 melon|🥭 mango|🍑 peach|🫐 blueberries|🥝 kiwi|🫒 olive
🥥 coconut|🥔 potato|🌶 chili hot_pepper|🫑 bell_pepper|🥒 cucumber|🥬 lettuce|🥦 broccoli|🧄 garlic|🧅 onion
🥜 peanuts|🥖 baguette|🥨 pretzel|🥯 bagel|🥞 pancakes|🧇 waffle|🍖 meat steak|🍗 chicken_leg drumstick|🥓 bacon
🥪 sandwich|🌯 burrito|🥘 paella|🥗 salad|🍿 popcorn|🧈 butter|🧂 salt|🍙 onigiri rice_ball|🍚 rice
🍜 ramen noodles soup|🍝 spaghetti|🍣 sushi|🥟 dumpling|🥧 pie|🍬 candy|🍮 pudding custard|🍯 honey
🥛 milk glass_of_milk|🫖 teapot kettle|🍵 green_tea|🍸 cocktail|🥤 soda|🧋 bubble_tea|🧊 ice|🥢 chopsticks
🍴 fork|🥄 spoon|🔪 knife|🫙 jar|🏺 vase|🗺 map|🧭 compass|⛰ mountain|🏖 beach|🏜 desert|🏝 island|🧱 brick|🪨 rock
🪵 wood|🛖 hut|🏢 building office|🏥 hospital|🏫 school|🏭 factory|⛪ church|🕌 mosque|🕍 synagogue|⛲ fountain
⛺ tent|🏙 city|🌅 sunrise|🌇 sunset|🎠 carousel|🎡 ferris_wheel|🎢 roller_coaster|🎪 circus circus_tent|🚊 tram
🚒 fire_truck fire_engine|🚓 police_car|🚙 suv jeep|🛻 pickup_truck|🚚 truck lorry|🚜 tractor
🏎 race_car racing_car|🏍 motorcycle|🛵 scooter|🛹 skateboard|🛞 wheel|🛑 stop_sign|🛟 lifebuoy|🛶 canoe
🚤 speedboat|🚢 ship|🪂 parachute|🛰 satellite|🛸 ufo flying_saucer|🧳 luggage|⌛ hourglass|⏱ stopwatch
🌕 full_moon|🌡 thermometer|🌠 shooting_star|🌪 tornado|🌊 wave ocean sea|🎆 fireworks|✨ sparkles
🎉 party_popper|🎀 ribbon|🎫 ticket|⚾ baseball|🏐 volleyball|🏈 american_football rugby|🎾 tennis_ball
🥊 boxing_glove|🎣 fishing_rod|🎿 skis|🛷 sled|🪁 kite|🔫 water_pistol|🔮 crystal_ball|🪄 magic_wand wand
🎮 gamepad controller|🕹 joystick|🧩 puzzle|🖼 painting|🎨 palette|🧵 thread|🧶 yarn|🕶 sunglasses|🥽 goggles
👔 necktie|👖 jeans|🧣 scarf|🧤 gloves|🧥 coat|🧦 socks|👗 dress|👘 kimono|🩳 shorts|👛 purse|👜 handbag|🥾 boot
👠 high_heels|👒 sun_hat|🎓 graduation_cap|🧢 cap baseball_cap|💄 lipstick|📣 megaphone|🎵 note music
🎤 microphone|🎧 headphones|📻 radio|🎷 saxophone|🎺 trumpet|🪗 accordion|🎻 violin|🪕 banjo|🪇 maracas|🪈 flute
☎ telephone|🔋 battery|🖥 monitor|🖨 printer|⌨ keyboard|💾 floppy_disk|🔦 flashlight|🏮 lantern|📚 books
📓 notebook|📜 scroll|📰 newspaper|🪙 coin|💰 money money_bag|💳 credit_card|✉ envelope|📦 package|🖊 pen
🖌 paintbrush brush|🖍 crayon|💼 briefcase|📅 calendar|📌 pushpin|📎 paperclip|📏 ruler|🗑 wastebasket|🪓 axe
🗡 sword dagger|⚔ swords|🪃 boomerang|🏹 bow|🛡 shield|🪚 saw|🔧 wrench|🪛 screwdriver|🧰 toolbox|🧲 magnet
🪜 ladder|🧪 test_tube|🔬 microscope|🔭 telescope|💉 syringe|💊 pill|🩺 stethoscope|🪞 mirror|🪟 window|🛏 bed
🛋 sofa couch|🚽 toilet|🚿 shower|🛁 bathtub|🪒 razor|🧹 broom|🧺 basket|🧻 toilet_paper|🪣 bucket|🧼 soap
🫧 bubbles|🪥 toothbrush|🧽 sponge|🛒 shopping_cart
"""


@dataclass(frozen=True, slots=True)
class Noun:
    """One thing that the model can draw."""

    word: str
    aliases: tuple[str, ...]
    code: str  # code points, lower-case, joined by '-', without FE0F: as in `artwork.Emoji`


def vocabulary() -> tuple[Noun, ...]:
    """Return the nouns that are shown in all colours and numbers, in the table's order."""
    return _read(_TABLE)


def tail() -> tuple[Noun, ...]:
    """Return the nouns of the long tail, in the table's order; none of them is in the vocabulary."""
    return _read(_TAIL)


def _read(table: str) -> tuple[Noun, ...]:
    nouns = []
    for entry in table.replace("\n", "|").split("|"):
        if entry.strip():
            glyph, *words = entry.split()
            word, *aliases = (word.replace("_", " ") for word in words)
            nouns.append(Noun(word, tuple(aliases), "-".join(f"{ord(c):x}" for c in glyph if c != "\ufe0f")))
    return tuple(nouns)
