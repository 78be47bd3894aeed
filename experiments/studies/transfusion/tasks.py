"""The two tasks of Transfusion: fundus photographs and chest x-rays (Raghu et al. 2019, section 2).

The paper's fundus photographs (RETINA) are not published; EyePACS stands in for them.
"""

from __future__ import annotations

from experiments.run.recipes import recipe_named
from experiments.studies.transfusion.profiles import PROFILES
from experiments.tables.preset import Profile
from specs.recipe import Recipe

RETINA = "eyepacs"

CHEST = 'chexpert(uncertain="ignore")'

PATHOLOGIES = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
"""Of the chest x-rays, in the paper's order."""


def one_pathology(name: str) -> str:
    """The chest x-rays with one of ``PATHOLOGIES`` alone."""
    return f'chexpert(uncertain="ignore", scored=("{name}",))'


def few_retina(profile: Profile) -> str:
    """About 5,000 of EyePACS' training photographs, or as small a share of its phantom edition."""
    return f"eyepacs(fraction={PROFILES[profile].few:g})"


def retina_recipe(profile: Profile, few: bool = False) -> Recipe:
    """How fundus photographs are trained on; ``few``: 5,000 of them or less."""
    preset = PROFILES[profile]
    return recipe_named(preset.few_retina if few else preset.retina)


def chest_recipe(profile: Profile) -> Recipe:
    """How chest x-rays are trained on."""
    return recipe_named(PROFILES[profile].chest)
