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
"""The pathologies of the chest x-rays that are scored, in the paper's order."""


def one_pathology(name: str) -> str:
    """The dataset expression of the chest x-rays with one of ``PATHOLOGIES`` scored alone."""
    return f'chexpert(uncertain="ignore", scored=("{name}",))'


def few_retina(profile: Profile) -> str:
    """The dataset expression of EyePACS with the small share of its training patients that the profile names."""
    return f"eyepacs(fraction={PROFILES[profile].few:g})"


def retina_recipe(profile: Profile, few: bool = False) -> Recipe:
    """The recipe for fundus photographs, or, if ``few``, for a small share of them."""
    preset = PROFILES[profile]
    return recipe_named(preset.few_retina if few else preset.retina)


def chest_recipe(profile: Profile) -> Recipe:
    """The recipe for chest x-rays."""
    return recipe_named(PROFILES[profile].chest)
