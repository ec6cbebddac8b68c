"""Other words for the nouns, as people who never saw the list would type them: some for training, some held out.

Held-out phrases are in no caption: how often they are drawn right measures whether words were learnt, or a list.
"""

from __future__ import annotations

from inference.builtin.nouns import Noun

# noun: phrases without an article; ' ; ' between nouns
_SYNONYMS = """
dog: dog face, doggy, hound, pup ; cat: cat face, kitty, pussycat ; mouse: mouse face, little mouse
rabbit: hare, rabbit face, easter bunny ; fox: red fox, fox face ; bear: brown bear, bear face, grizzly
panda: panda bear, giant panda ; koala: koala bear ; tiger: tiger face ; lion: lion face, lion with a mane
cow: cow face, dairy cow ; pig: pig face, piggy, piglet ; frog: frog face, toad ; monkey: monkey face, ape
chicken: chicken head ; penguin: little penguin ; bird: small bird, songbird ; duck: mallard, wild duck
owl: wise owl ; horse: horse head, pony ; unicorn: unicorn head, horse with a horn ; bee: honeybee, bumblebee
butterfly: pretty butterfly ; snail: slug with a shell ; ladybug: lady beetle ; spider: little spider
turtle: sea turtle ; snake: serpent, viper ; octopus: octopus with eight arms ; crab: red crab
fish: tropical fish, goldfish, colourful fish ; dolphin: jumping dolphin ; whale: spouting whale, blue whale
shark: great white shark ; elephant: big elephant ; giraffe: tall giraffe ; sheep: ewe, lamb, woolly sheep
hedgehog: porcupine ; dragon: fire dragon, chinese dragon ; dinosaur: t-rex, tyrannosaurus, dino ; parrot: macaw
cactus: desert cactus, saguaro ; christmas tree: xmas tree, decorated tree ; tree: green tree, oak, deciduous tree
palm: coconut palm, tropical tree ; clover: four leaf clover, lucky clover, shamrock ; mushroom: toadstool, fungus
rose: rose flower, red rose ; sunflower: yellow sunflower ; blossom: cherry blossom, pink flower
maple leaf: autumn leaf
sun: sun with a face, sunshine ; moon: crescent, moon at night ; star: golden star, five-pointed star
cloud: white cloud, fluffy cloud ; rainbow: arc of a rainbow ; snowflake: snow crystal ; fire: burning fire, flames
drop: drop of water, droplet, raindrop ; lightning: thunderbolt, bolt of lightning ; volcano: erupting volcano
earth: planet earth, world, blue planet ; planet: planet with rings, ringed planet ; snowman: man of snow
umbrella: open umbrella, parasol ; apple: red apple, ripe apple ; pear: green pear ; tangerine: mandarin, clementine
lemon: yellow lemon, citrus ; banana: peeled banana, ripe banana ; watermelon: slice of watermelon, melon slice
grapes: grape, purple grapes, cluster of grapes ; strawberry: red strawberry, berry ; cherries: pair of cherries
pineapple: ananas ; tomato: red tomato, ripe tomato ; eggplant: purple vegetable ; avocado: half an avocado
carrot: orange carrot ; corn: ear of corn, corn on the cob, maize ; bread: loaf of bread, white bread
croissant: french croissant ; cheese: piece of cheese, cheese wedge, swiss cheese
fried egg: egg in a pan, sunny side up egg
hamburger: cheeseburger, beef burger ; fries: french fries, chips
pizza: pizza slice, pepperoni pizza, piece of pizza
hot dog: hotdog, sausage in a bun ; taco: mexican taco ; ice cream: soft ice cream, ice cream in a cone, soft serve
donut: sugar donut, glazed donut ; cookie: chocolate chip cookie ; birthday cake: cake with candles, party cake
cake: piece of cake, shortcake, strawberry cake ; cupcake: cup cake, frosted cupcake
chocolate: chocolate bar, bar of chocolate
lollipop: lolly, candy on a stick ; coffee: hot coffee, mug of coffee, cup of tea, hot drink
beer: mug of beer, glass of ale
wine: glass of wine, red wine ; football: soccer football ; basketball: orange basketball
trophy: golden cup, gold trophy
target: bullseye, dartboard ; dice: die, game die ; guitar: electric guitar, acoustic guitar ; drum: snare drum
car: automobile, red car, motor car ; taxi: cab, yellow taxi ; bus: city bus ; ambulance: emergency ambulance
bicycle: push bike, cycle ; airplane: aeroplane, jet plane, passenger plane ; rocket: rocket ship, flying rocket
helicopter: chopper ; sailboat: sailing boat, yacht ; train: steam train, railway engine, steam engine
anchor: ship's anchor ; house: small house, family house ; castle: old castle, fairytale castle
balloon: party balloon
gift: wrapped gift, gift box, birthday present ; robot: robot face, robot head ; ghost: little ghost, halloween ghost
skull: human skull, skull head ; alien: alien face, alien head, martian ; pumpkin: carved pumpkin, halloween pumpkin
poop: pile of poo, turd ; watch: wristwatch, wrist watch ; phone: mobile phone, cell phone ; laptop: notebook computer
camera: photo camera ; television: tv set, old television ; alarm clock: ringing clock ; light bulb: lightbulb, bulb
candle: burning candle ; diamond: gem stone, jewel ; hammer: claw hammer ; key: old key, door key
lock: closed padlock
door: wooden door ; scissors: pair of scissors ; book: open book ; pencil: yellow pencil
bell: golden bell, church bell
crown: king's crown, golden crown ; hat: tophat, magician's hat ; glasses: eyeglasses, pair of glasses
shirt: tee shirt, blue shirt ; shoe: running shoe, trainer ; backpack: rucksack, school bag
ring: diamond ring, wedding ring
thumbs up: thumb up, like sign ; eye: open eye ; mouth: red lips ; heart: red heart, love heart
smiley: grinning face, smiley face, happy face ; sunglasses face: face with sunglasses, smiling face with sunglasses
crying face: loudly crying face, sobbing face ; sleeping face: snoring face, sleepy face
magnifying glass: loupe, search glass ; teddy bear: plush bear, stuffed bear ; bomb: round bomb with a fuse
gear: cogwheel ; chair: wooden chair ; traffic light: stoplight, traffic signal
clown: clown face ; wolf: wolf face ; rhinoceros: rhino ; hippopotamus: hippo ; chipmunk: squirrel ; peach: ripe peach
luggage: suitcase ; sword: short sword ; money: bag of money ; sofa: settee ; ship: cruise ship
motorcycle: motorbike
mountain: rocky mountain ; envelope: letter, email ; axe: hatchet ; wastebasket: trash can ; bucket: pail
broken heart: heart broken in two ; angry face: mad face ; thinking face: pensive face ; ufo: spaceship, alien ship
""".strip()

# a person's own words for things in the list; none of them is in a caption
_HELD_OUT = """
an ice cream cone: ice cream ; a bunch of grapes: grapes ; a crescent moon: moon ; a watermelon slice: watermelon
an orange cat face: cat ; a cup of coffee: coffee ; a puppy dog: dog ; a bunny rabbit: rabbit ; a polar fox: fox
a big brown bear: bear ; a black and white panda: panda ; a lion king: lion ; a pink piggy: pig
a green frog face: frog
a baby penguin: penguin ; a barn owl: owl ; a magic unicorn: unicorn ; a honey bee: bee ; a garden snail: snail
a spotted ladybug: ladybug ; a baby turtle: turtle ; a giant octopus: octopus ; a humpback whale: whale
a hammerhead shark: shark ; a baby elephant: elephant ; a long necked giraffe: giraffe ; a spiky hedgehog: hedgehog
a prickly cactus: cactus ; a leafy tree: tree ; a lucky four leaf clover: clover
a red mushroom with white dots: mushroom
a red rose flower: rose ; the shining sun: sun ; a shiny gold star: star ; a grey rain cloud: cloud
a snow flake: snowflake ; a campfire flame: fire ; a drop of rain water: drop ; a lightning strike: lightning
a globe of the earth: earth ; saturn with its rings: planet ; a happy snowman: snowman ; a sour lemon: lemon
an ear of sweet corn: corn ; a loaf of white bread: bread ; a wedge of cheese: cheese ; a juicy burger: hamburger
a carton of french fries: fries ; a slice of pepperoni pizza: pizza ; a glazed doughnut: donut
a chocolate cookie: cookie
a pint of beer: beer ; a glass of red wine: wine ; a soccer football ball: football ; a gold trophy cup: trophy
a steam locomotive: train ; a space rocket: rocket ; a jumbo jet plane: airplane ; a red alarm clock: alarm clock
a jewelled crown: crown
""".strip()


def synonyms(noun: Noun) -> tuple[str, ...]:
    """Return what a caption may call a noun, beside its own word and aliases."""
    return _TABLE.get(noun.word, ())


def held_out_phrases() -> tuple[tuple[str, str], ...]:
    """Return the held-out phrases, each with the noun that it means."""
    return tuple((said, noun) for said, _, noun in (pair.rpartition(": ") for pair in _pairs(_HELD_OUT)))


def _pairs(table: str) -> list[str]:
    return [pair.strip() for pair in table.replace("\n", " ; ").split(" ; ")]


_TABLE = {
    noun: tuple(phrase.strip() for phrase in phrases.split(","))
    for noun, _, phrases in (pair.partition(": ") for pair in _pairs(_SYNONYMS))
}
