"""The rules of the house: who imports whom, what is pinned, whose the data are, and that the README tells the truth."""

import ast
import importlib.metadata
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePath

import pytest

from core import checkpoint
from core.data import COLLECTIONS
from core.families import FAMILIES
from demo import TABS
from demo.words import words

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FAMILY_FILES = {f"core/{family.__module__.split('.')[1]}.py" for family in FAMILIES.values()}
ROOMS = {f"demo/{tab}/{room}.py" for tab in TABS for room, texts in words(tab).items() if "hook" in texts}
PAGE_FILES = {"demo/__init__.py", "demo/studio.py", *(f"demo/{tab}.py" for tab in TABS)}
PAGE_FILES |= {f"demo/{tab}/__init__.py" for tab in TABS} | ROOMS  # and demo/parts
UNPICKLERS = {"pickle", "_pickle", "dill", "joblib", "marshal", "shelve"}
MB = 1_000_000


def tracked() -> list[str]:
    """The files of the repository, as git knows them."""
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if told.returncode:
        pytest.skip("this is no git checkout, so there is no list of its files")
    return sorted(name for name in told.stdout.split("\0") if name and (ROOT / name).exists())


def sources(*folders: str) -> list[str]:
    return ["app.py", *(str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.py"))]


# Arrows: app -> demo -> core


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported anywhere in the file: "core", "core.model" ..."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an import names the whole path"
            yield node.module or ""
            if node.module in ("core", "core.data", "demo", "demo.parts"):  # from core import checkpoint
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def crossings(file: str, code: str) -> list[str]:
    """What `file` imports although the house forbids it."""
    room = PurePath(file).parts[0]
    forbidden = {"core": ("demo", "gradio", "app"), "demo": ("app", "tests"), "app.py": ("core", "tests")}[room]
    wrong = []
    for module in imported(ast.parse(code)):
        top = module.split(".")[0]
        family_looks_aside = file in FAMILY_FILES and top == "core" and module not in ("core", "core.model")
        knows_gradio = file in PAGE_FILES or file.startswith("demo/parts/")
        if top in forbidden or top in UNPICKLERS or family_looks_aside or (top == "gradio" and not knows_gradio):
            wrong.append(module)
    return wrong


@pytest.mark.parametrize("file", sources("core", "demo"))
def test_imports_follow_the_arrows(file):
    assert not crossings(file, (ROOT / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("core/train.py", "import demo.runs"),
        ("core/data/text.py", "def f():\n    import gradio as gr"),
        ("core/gan.py", "from core.vae import VAE"),
        ("core/gan.py", "from core import train"),
        ("demo/show.py", "from gradio import HTML"),
        ("demo/parts/wall.py", "import app"),
        ("core/checkpoint.py", "import pickle"),
        ("app.py", "from core.gan import GAN"),
    ],
)
def test_a_wrong_arrow_is_seen(file, code):
    assert crossings(file, code)


# Nothing of a stranger's is run


def dangers(code: str) -> list[str]:
    """Calls that run or unpickle what they are given."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            options = {option.arg: ast.unparse(option.value) for option in node.keywords}
            unpickles = name == "torch.load" and options.get("weights_only") != "True"
            if name in ("eval", "exec", "compile", "__import__") or unpickles or options.get("allow_pickle") == "True":
                found.append(f"line {node.lineno}: {name}")
    return found


@pytest.mark.parametrize("file", sources("core", "demo"))
def test_nothing_is_unpickled_or_run(file):
    assert not dangers((ROOT / file).read_text(encoding="utf-8"))


def test_a_danger_is_seen():
    assert dangers("torch.load(path, weights_only=False)") and dangers("torch.load(path)")
    assert dangers("eval(text)") and dangers("np.load(path, allow_pickle=True)")
    assert not dangers("model.eval(); torch.load(path, weights_only=True)")


@pytest.mark.parametrize("file", sources("core", "demo", "tests"))
def test_files_and_functions_stay_short(file):
    code = (ROOT / file).read_text(encoding="utf-8")
    assert code.count("\n") <= 300
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    long = [node.name for node in ast.walk(ast.parse(code)) if isinstance(node, functions) and length(node) > 45]
    assert not long


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


# Licences, sizes, pins


@pytest.mark.parametrize("card", COLLECTIONS.values(), ids=COLLECTIONS)
def test_every_collection_says_whose_it_is(card):
    assert card.licence and card.source and card.about.endswith(".")
    assert f"| {card.title} |" in README and card.licence in README


@pytest.mark.parametrize("name", checkpoint.names())
def test_every_checkpoint_says_whose_it_is(name):
    card = checkpoint.read_card(checkpoint.SHELF / name / "card.json")
    assert card["data"]["licence"] and card["data"]["source"]
    assert card["command"].startswith("python -m core train ")


def test_checkpoints_fit_into_a_space():
    sizes = {name: (ROOT / name).stat().st_size for name in tracked() if name.startswith("checkpoints/")}
    assert sizes and max(sizes.values()) < 10 * MB and sum(sizes.values()) < 40 * MB


def pins(file: str) -> dict[str, str]:
    """What a requirements file asks for; every line is an exact pin, a comment or a reference to another file."""
    lines = [line.strip() for line in (ROOT / file).read_text().splitlines()]
    wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
    return dict(re.fullmatch(r"([\w.-]+)==([\w.]+)", line).groups() for line in wanted)


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_and_these_are_installed(file):
    for name, version in pins(file).items():
        assert importlib.metadata.version(name).split("+")[0] == version, name


# README


def drawn() -> list[str]:
    """Files and folders (ending in /) of the README's tree; a folder with nothing below it stands for all of it."""
    block = re.search(r"```\n(app\.py.*?)```", README, re.S).group(1)
    found, folders = [], []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        for name in re.split(r"\s{2,}", line.strip())[0].split():
            found.append("".join(folders[:depth]) + name)
            if name.endswith("/"):
                folders[depth:] = [name]
    return found


def folded(files: list[str], tree: list[str]) -> set[str]:
    """The files as a tree of that detail would show them: what is below a folder it keeps closed becomes the folder."""
    opened = {name.rpartition("/")[0] + "/" for name in (entry.rstrip("/") for entry in tree) if "/" in name}
    shown = set()
    for file in files:
        parts = file.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth]) + "/"
            shown.add(folder)
            if folder not in opened:
                break
        else:
            shown.add(file)
    return shown


def test_the_readme_draws_the_tree_as_it_is():
    tree = drawn()
    assert len(tree) == len(set(tree)) > 30
    there = folded(tracked(), tree)
    gone, new = sorted(set(tree) - there), sorted(there - set(tree))
    assert not gone, "drawn, but not there"
    assert not new, "there, but not drawn"


def test_a_tree_keeps_folders_closed_that_it_does_not_open():
    assert folded(["a/b.py", "a/c/d.py", "e.py"], ["a/", "e.py"]) == {"a/", "e.py"}
    assert folded(["a/b.py", "a/c/d.py"], ["a/", "a/b.py", "a/c/"]) == {"a/", "a/b.py", "a/c/"}


def test_the_readme_starts_a_space():
    front = README.split("---\n")[1]
    space = dict(line.split(": ", 1) for line in front.splitlines())
    assert space["sdk"] == "gradio" and space["sdk_version"] == pins("requirements.txt")["gradio"]
    assert space["license"] == "apache-2.0" and "Apache License" in (ROOT / "LICENSE").read_text()
    assert (ROOT / space["app_file"]).is_file() and len(space["short_description"]) <= 60
    assert {"title", "emoji", "colorFrom", "colorTo", "python_version"} <= space.keys()


def test_the_readme_names_every_tab_and_its_pictures_exist():
    for tab in TABS:
        assert f"**{words(tab)['title']}**" in README
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / picture).is_file(), picture


def test_the_readme_gives_the_two_commands():
    assert "pip install -r requirements.txt && python app.py" in README
    assert "pip install -r requirements-dev.txt && python -m pytest" in README
