"""Little books to tune a storyteller on, put together by a small program of ours: always there, the same every time."""

import random
from collections.abc import Callable

PAGES = 48  # of a book: some eight thousand letters


def recipe(rng: random.Random) -> str:
    """One dish."""
    pick = rng.choice
    dish = pick(["soup", "pie", "stew", "porridge", "cake", "dumplings", "bread"])
    main, other = rng.sample(["carrots", "apples", "onions", "beans", "plums", "mushrooms", "turnips", "pears"], 2)
    spice = pick(["salt", "pepper", "cinnamon", "honey", "thyme", "a bay leaf"])
    return (
        f"{main.capitalize()} and {other} {dish}. For {pick(['two', 'four', 'six'])} people. "
        f"Take {pick(['three', 'five', 'a dozen', 'a handful of'])} {main} and {pick(['one cup of', 'some'])} {other}. "
        f"{pick(['Wash', 'Peel', 'Chop', 'Slice'])} the {main} and {pick(['boil', 'fry', 'bake', 'stew'])} them for "
        f"{pick(['ten', 'twenty', 'forty'])} minutes. Then add the {other} and {spice}. "
        f"Stir {pick(['slowly', 'well', 'now and then'])}, and serve {pick(['hot', 'warm', 'cold'])} with "
        f"{pick(['butter', 'cream', 'fresh bread', 'a spoon of jam'])}."
    )


def log(rng: random.Random) -> str:
    """One day on board."""
    pick = rng.choice
    seen = pick(["a whale", "an empty boat", "a green island", "two sails", "a storm", "a talking gull", "nothing"])
    return (
        f"Day {rng.randint(2, 400)}. Wind from the {pick(['north', 'south', 'east', 'west'])}, sea "
        f"{pick(['calm', 'rough', 'grey', 'black as ink'])}. The {pick(['mate', 'cook', 'captain', 'cabin boy'])} saw "
        f"{seen} to {pick(['port', 'starboard'])}. Arr, said {pick(['Old Bess', 'One-Eyed Tom', 'Captain Rook'])}, "
        f"{pick(['hoist the sails', 'drop the anchor', 'load the cannons', 'hide the rum'])}! "
        f"We {pick(['sailed on', 'dug for gold', 'sang all night', 'mended the mast'])} until "
        f"{pick(['dawn', 'the moon rose', 'the biscuits were gone'])}. "
        f"{pick(['Two', 'Seven', 'Twenty', 'No'])} gold coins in the chest."
    )


def report(rng: random.Random) -> str:
    """The weather of one morning."""
    pick, high = rng.choice, rng.randint(3, 28)
    return (
        f"{pick(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])}: "
        f"{pick(['light', 'heavy', 'scattered', 'hardly any'])} {pick(['rain', 'snow', 'fog', 'cloud'])} over the "
        f"{pick(['coast', 'hills', 'valleys', 'northern lakes', 'islands'])} in the "
        f"{pick(['morning', 'afternoon', 'evening'])}, {pick(['clearing', 'spreading', 'turning to hail'])} later. "
        f"Highs of {high} degrees, lows of {high - rng.randint(2, 6)}. Winds {pick(['light', 'fresh', 'strong'])} from "
        f"the {pick(['north-west', 'south-west', 'east', 'south'])}, {rng.randint(1, 9) * 5} miles an hour. "
        f"{pick(['Take an umbrella.', 'A fine day for kites.', 'Roads may be icy.', 'Sailors should stay ashore.'])}"
    )


BOOKLETS: dict[str, Callable[[random.Random], str]] = {"recipes": recipe, "log": log, "weather": report}


def booklet(name: str) -> str:
    """The whole little book; KeyError for a name that is not among them."""
    rng = random.Random(name)
    return "\n\n".join(BOOKLETS[name](rng) for _ in range(PAGES))
