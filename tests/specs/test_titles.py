"""What people call things: from the entry's own file, nothing that matters left out, and never two things alike."""

from __future__ import annotations

import sys
import types
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.run.public_names import public, public_labels, public_title, run_title
from experiments.run.recipes import recipe_named
from specs.errors import UsageError
from specs.expression import Call, parse
from specs.registry import BACKBONES, DATASETS, INITIALIZERS, METHODS, Entry, Registry
from specs.run import RunSpec
from specs.titles import distinct, title, title_of_text

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("drive", "DRIVE"),
        ("chestxray14(fraction=0.1)", "ChestX-ray14, 10 % of the training images"),
        ('medmnist("pneumoniamnist", fraction=0.05)', "PneumoniaMNIST, 5 % of the training images"),
        ('medmnist("octmnist", size=64)', "OCTMNIST, 64 pixels"),
        ('folder("ward-7")', "ward-7"),
        ('folder("/data/of/ward-7", kind="segmentation", classes=("lesion",))', "ward-7, segmentation of lesion"),
        ('folder("xr", classes=("pneumonia",), labels="folders", negative=("normal",))', "xr, pneumonia"),
        ('folder("xr", kind="multiclass", classes=("a", "b"), label="dx", channels=3)', "xr, which of a, b, in color"),
        ('folder("p", kind="multilabel", table="t.csv", classes=("a", "b"))', "p, findings a, b"),
        ('folder("p", kind="segmentation", mask_suffix="_x")', "p, segmentation of positive"),
        (
            'volumes("v", classes=("a", "b"), window=(40, 400), images="*/ct")',
            "v, segmentation of a, b, window 40, 400",
        ),
        ('volumes("v", kind="binary", classes=("a",), axis="coronal")', "v, whether a, coronal slices"),
        ('chexpert(uncertain="ones", splits="/lists")', "CheXpert, uncertain labels as 1, split by own lists"),
        ('planted("features", part="source", draw=3)', "Planted world features, source, drawing 3"),
        ('fractals(labels="coarse", classes=16)', "Fractals, coarse labels, 16 classes"),
        ('inat2021(labels="genus")', "iNat2021, genus labels"),
        ("rsna_pe(center=50)", "RSNA STR PE, window at 50 HU"),
    ],
)
def test_what_a_dataset_is_called(expression: str, expected: str) -> None:
    assert title(DATASETS, expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("random", "Random"),
        ('random(residual="zero")', "Random, residual branches at zero"),
        ("imagenet", "ImageNet"),
        ('imagenet("resnet18")', "ImageNet, of ResNet-18"),
        ("mean_var(imagenet)", "Mean Var of ImageNet"),
        ('mean_var(imagenet, draw="shuffle")', "Mean Var of ImageNet, shuffled"),
        ('transfuse(imagenet, through="blocks.2")', "ImageNet up to blocks.2"),
        ('reinit(imagenet, stages=("layer3", "layer4"))', "ImageNet without layer3, layer4"),
        ('first_layer(imagenet, "mean")', "ImageNet, first layer by mean"),
        ('first_layer(imagenet, "drawn")', "ImageNet, first layer drawn anew"),
        ('continual(imagenet, on="chestxray14")', "ImageNet, then ChestX-ray14"),
        ('continual(mean_var(imagenet), on="chestxray14")', "Mean Var of ImageNet, then ChestX-ray14"),
        ('mean_var(continual(imagenet, on="chestxray14"))', "Mean Var of (ImageNet, then ChestX-ray14)"),
        ('continual(imagenet, on="chexpert", method="simclr_v1")', "ImageNet, then CheXpert, by SimCLR-v1"),
        ('domain_adapted("chexpert")', "ImageNet, then CheXpert, as published"),
        ("moco_v2", "MoCo-v2"),
        ('file("/home/me/x.pth")', "x.pth"),
        (
            'file("x.pth", key="model", trained_on=("chexpert", "ours"))',
            'x.pth, trained on CheXpert, ours (key="model")',
        ),
        ('timm("vit_small_patch16_224.dino")', "vit_small_patch16_224.dino of timm"),
        (f'hf("owner/name", "model.safetensors", "{COMMIT}")', "owner/name/model.safetensors at 0123456"),
        ('supervised(on="inat2021", labels="genus")', "Supervised on iNat2021, genus labels"),
        ('ssl("moco_v2", on="chestxray14")', "MoCo-v2 on ChestX-ray14"),
        ("gabor(scale_of=imagenet)", "Gabor, at the scale of ImageNet"),
    ],
)
def test_what_weights_are_called(expression: str, expected: str) -> None:
    assert title(INITIALIZERS, expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("resnet18", "ResNet-18"),
        ("tiny(width=4)", "Tiny, width 4"),
        ("tiny(in_channels=1)", "Tiny (in_channels=1)"),
        ('cbr("large_t", slim=True)', "CBR-LargeT, slim"),
        ('timm("convnext_tiny")', "convnext_tiny of timm"),
    ],
)
def test_what_a_network_is_called(expression: str, expected: str) -> None:
    assert title(BACKBONES, expression) == expected


@pytest.mark.parametrize("registry", [DATASETS, INITIALIZERS, BACKBONES, METHODS], ids=lambda one: one.noun)
def test_every_entry_says_in_its_own_file_what_it_is_called(registry: Registry) -> None:
    needed = {
        "planted": '"features"', "folder": '"ward"', "cbr": '"small"', "continual": 'random, on="drive"', "file": '"x"',
        "batch_norm": "random", "domain_adapted": '"chexpert"', "mean_var": "random", "reinit": 'random, ("conv1",)',
        "first_layer": 'random, "drawn"', "shortcut": "medmnist",
        "hf": f'"a/b", "c", "{COMMIT}"', "ssl": '"byol", on="drive"', "supervised": '"drive"',
        "transfuse": 'random, "conv1"', "volumes": '"ward"',
        "timm": '"resnet50.a1_in1k"' if registry is INITIALIZERS else '"convnext_tiny"',
    }  # fmt: skip
    for name in registry.entries:
        expression = f"{name}({needed.get(name, '')})"
        assert title(registry, expression) != str(registry.short(expression)), expression


def test_what_a_reader_of_reports_may_not_see_is_said_without_its_value() -> None:
    private = parse('folder("/data/ward-7", patient="secret_number", table="names.csv", splits="/lists", fraction=0.5)')
    assert public_title(DATASETS, private) == "your images, split by own lists, 50 % of the training images"
    nested = Call("continual", (Call("random"), str(private)))
    assert public_title(INITIALIZERS, nested) == (
        "Random, then (your images, split by own lists, 50 % of the training images)"
    )
    assert "ward-7" not in title(INITIALIZERS, "file('x', trained_on=('folder(\"ward-7\")',))", public)
    assert public_title(DATASETS, 'imagenet(labels="/home/me/coarse.csv")') == "ImageNet, coarser labels"


def test_a_text_that_is_no_expression_of_a_registry_is_its_own_title() -> None:
    assert [title_of_text(DATASETS, text) for text in ("drive", "padchest", "drive(x=1)", "a b", "")] == [
        "DRIVE", "padchest", "drive(x=1)", "a b", "",
    ]  # fmt: skip


def test_what_a_run_is_called_names_the_weights_network_once() -> None:
    spec = RunSpec(
        stage="finetune",
        dataset=parse("drive"),
        edition="phantom",
        backbone=parse("resnet18"),
        initializer=parse("mean_var(imagenet)"),
        recipe=recipe_named("phantom/segmentation"),
    )
    assert run_title(spec) == "DRIVE, from Mean Var of ImageNet on ResNet-18, seed 0"


# Entries of other distributions.


class Shapes:
    """Says its name itself."""

    title: ClassVar[str] = "{sides:percent} of shapes"
    words: ClassVar[dict[str, Any]] = {"color": {"red": "in red"}}

    def __init__(self, sides: float = 0.5, color: str = "blue", seed: int = 0) -> None:
        pass


class Titled:
    """Has arguments that are called as declarations are."""

    def __init__(self, title: str = "x", words: str = "y") -> None:
        pass


class Wrong(Shapes):
    """Names what is no argument."""

    title: ClassVar[str] = "{side}"


def star(points: int = 5) -> None:
    """Says nothing."""


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry whose entries are what other distributions define."""
    registry = Registry("shape", "no_package_here", "medtransfer.no_shapes")
    found = {}
    for thing, doc in ((Shapes, "Tools of a lab: shapes."), (Titled, "Titled: it."), (Wrong, ""), (star, None)):
        name = thing.__name__.lower()
        module = types.ModuleType(f"shapes_of_a_lab_{name}", doc)
        setattr(module, name, thing)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        found[name] = Entry(name, "a summary: of a distribution", module.__name__, name, "shapes-of-a-lab")
    monkeypatch.setattr(registry, "entries", found)
    return registry


def test_entries_of_other_distributions_say_their_names_alike(others: Registry) -> None:
    assert title(others, "shapes") == "50 % of shapes"
    assert title(others, 'shapes(0.25, "red", seed=3)') == "25 % of shapes, in red (seed=3)"
    assert title(others, 'shapes(color="green")') == '50 % of shapes (color="green")'
    assert title(others, 'titled("a", words="b")') == 'Titled (title="a", words="b")'


def test_of_what_says_nothing_the_expression_is_shown(others: Registry) -> None:
    assert title(others, "star(points=6)") == "star(points=6)"
    with pytest.raises(UsageError, match=r'the shape "wrong" is titled .*has no argument "side".*mend the title'):
        title(others, "wrong")


# Labels.


def test_titles_that_are_alike_get_their_expressions() -> None:
    assert distinct(["x.pth", "Random", "x.pth"], ["a", "random", "b"]) == ["x.pth (a)", "Random", "x.pth (b)"]
    assert distinct(["A", "A"], ["a", "a"]) == ["A", "A"]  # one thing, twice
    assert distinct(["A", "B"], ["a", "b"], taken=("A",)) == ["A (a)", "B"]
    assert distinct(["A", "A", "A (a)"], ["a", "b", "c"]) == ["A (a)", "A (b)", "A (a) (c)"]


NETWORKS = st.sampled_from(["resnet50", "resnet18"])
PLAIN = st.one_of(
    st.sampled_from([
        name for name in INITIALIZERS.entries
        if not INITIALIZERS.get(name).__annotations__ or name in ("random", "imagenet", "fractals", "simclr_v1")
    ]).map(Call),
    st.builds(lambda network: Call("imagenet", (network,)), NETWORKS),
    st.builds(lambda folder, file: Call("file", (f"{folder}/{file}",)), st.sampled_from("ab"), st.sampled_from("cd")),
    st.just(Call("random", ("zero",))),
)  # fmt: skip
SHARES = st.sampled_from([1.0, 0.5, 0.1, 0.1000001, 1e-9])
DATA = st.builds(
    lambda call, share, splits: Call(call.name, call.args, (("fraction", share), ("splits", splits))),
    st.sampled_from([Call("drive"), Call("chexpert"), Call("medmnist"), Call("medmnist", ("octmnist",))]),
    SHARES,
    st.sampled_from([None, "a", "b"]),
)


def _deeper(inner: st.SearchStrategy[Call]) -> st.SearchStrategy[Call]:
    stages = st.sampled_from(["conv1", "layer1", "layer1, layer2"])
    return st.one_of(
        st.builds(lambda source, draw: Call("mean_var", (source, draw)), inner, st.sampled_from(["normal", "shuffle"])),
        st.builds(lambda source, stage: Call("transfuse", (source, stage)), inner, stages),
        st.builds(lambda source, stage: Call("reinit", (source, (stage,))), inner, stages),
        st.builds(lambda source, other: Call("batch_norm", (source, other)), inner, inner),
        st.builds(lambda source, data: Call("continual", (source, str(data))), inner, DATA),
        st.builds(lambda data: Call("supervised", (str(data),)), DATA),
    )


@settings(deadline=None)
@given(st.lists(st.recursive(PLAIN, _deeper, max_leaves=4), max_size=6), st.lists(DATA, max_size=6))
def test_no_two_things_of_one_table_have_one_label(weights: list[Call], data: list[Call]) -> None:
    for registry, calls in ((INITIALIZERS, weights), (DATASETS, data)):
        bound = list(dict.fromkeys(registry.bind(call) for call in calls))
        shown = [str(registry.short(call)) for call in bound]
        assert len(set(distinct([title(registry, call) for call in bound], shown))) == len(bound)
        labels = public_labels(registry, bound)  # where readers can tell them apart at all
        for call in bound:
            alike = [other for other in bound if labels[other] == labels[call]]
            assert {str(public(registry, other)) for other in alike} == {str(public(registry, call))}
