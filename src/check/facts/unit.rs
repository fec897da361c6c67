//! Units: what they are called in Korean and English, and which are the same in another size.

use std::sync::LazyLock;

/// What a unit measures. Amounts of one dimension can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::check) enum Dimension {
    Krw,
    Usd,
    Eur,
    Jpy,
    Cny,
    Gbp,
    Percent,
    /// Percentage points.
    Point,
    /// Seconds to weeks.
    Clock,
    WorkingDay,
    /// Months and years: no fixed number of days.
    Month,
    Night,
    Person,
    Item,
    Case,
    Times,
    Fold,
    /// English `times`: how often, or how many times as much.
    TimesOrFold,
    Age,
    Volume,
    Copy,
    Sheet,
    Machine,
    Score,
    Place,
    Kind,
    Character,
    Digit,
    Floor,
    Page,
    Step,
    Grade,
    Round,
    Rank,
    Number,
    Meal,
    Country,
    Company,
    Team,
    Credit,
    Metre,
    Mile,
    Foot,
    Inch,
    Gram,
    Pound,
    Litre,
    SquareMetre,
    CubicMetre,
    Pyeong,
    Celsius,
    Fahrenheit,
    Degree,
    Kilobyte,
    Megabyte,
    Gigabyte,
    Terabyte,
    Bit,
    Watt,
    WattHour,
    Volt,
    Ampere,
    Hertz,
    Pascal,
    Bar,
    Psi,
    Speed,
    MetreSpeed,
    Decibel,
    Ppm,
    Rpm,
    Pixel,
    Lux,
}

/// Dimensions that answer the same question, so that a figure of one may be taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::check) enum Family {
    Money,
    Share,
    Duration,
    Count(Dimension),
    Data,
    Measure(Dimension),
    Bare,
    Date,
    Time,
    Weekday,
    Part,
    Relative,
    Ordinal,
    Article,
    Pair,
    Code,
    Email,
    Phone,
}

/// A unit: its dimension, and how many of the smallest unit there it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::check) struct Unit {
    pub(in crate::check) dimension: Dimension,
    pub(in crate::check) scale: i128,
}

const fn unit(dimension: Dimension, scale: i128) -> Unit {
    Unit { dimension, scale }
}

pub(in crate::check) const PERCENT: Unit = unit(Dimension::Percent, 100);
pub(in crate::check) const DAY: Unit = unit(Dimension::Clock, 86_400);
pub(in crate::check) const HOUR: Unit = unit(Dimension::Clock, 3_600);
pub(in crate::check) const MINUTE: Unit = unit(Dimension::Clock, 60);
pub(in crate::check) const SECOND: Unit = unit(Dimension::Clock, 1);
pub(in crate::check) const WEEK: Unit = unit(Dimension::Clock, 604_800);
pub(in crate::check) const MONTH: Unit = unit(Dimension::Month, 1);
pub(in crate::check) const YEAR: Unit = unit(Dimension::Month, 12);
pub(in crate::check) const WORKING_DAY: Unit = unit(Dimension::WorkingDay, 1);
pub(in crate::check) const PERSON: Unit = unit(Dimension::Person, 1);
pub(in crate::check) const TIMES: Unit = unit(Dimension::Times, 1);
pub(in crate::check) const FOLD: Unit = unit(Dimension::Fold, 1);
pub(in crate::check) const TIMES_OR_FOLD: Unit = unit(Dimension::TimesOrFold, 1);
pub(in crate::check) const WON: Unit = unit(Dimension::Krw, 1);
pub(in crate::check) const AGE: Unit = unit(Dimension::Age, 1);
pub(in crate::check) const CELSIUS: Unit = unit(Dimension::Celsius, 1);
pub(in crate::check) const ITEM: Unit = unit(Dimension::Item, 1);

impl Unit {
    pub(in crate::check) fn is_money(self) -> bool {
        self.family() == Family::Money
    }

    pub(in crate::check) fn is_duration(self) -> bool {
        self.family() == Family::Duration
    }

    /// Whether it only counts things: `명`, `개`, `회`.
    pub(in crate::check) fn counts(self) -> bool {
        matches!(self.family(), Family::Count(_))
    }

    pub(in crate::check) fn family(self) -> Family {
        use Dimension as D;
        match self.dimension {
            D::Krw | D::Usd | D::Eur | D::Jpy | D::Cny | D::Gbp => Family::Money,
            D::Percent | D::Point => Family::Share,
            D::Clock | D::WorkingDay | D::Month | D::Night => Family::Duration,
            D::Fold | D::Times | D::TimesOrFold => Family::Count(D::Times),
            D::Item
            | D::Case
            | D::Place
            | D::Kind
            | D::Machine
            | D::Copy
            | D::Sheet
            | D::Volume
            | D::Company
            | D::Country
            | D::Team => Family::Count(D::Item),
            D::Person
            | D::Age
            | D::Score
            | D::Character
            | D::Digit
            | D::Floor
            | D::Page
            | D::Step
            | D::Grade
            | D::Round
            | D::Rank
            | D::Number
            | D::Meal
            | D::Credit => Family::Count(self.dimension),
            D::Kilobyte | D::Megabyte | D::Gigabyte | D::Terabyte => Family::Data,
            other => Family::Measure(other),
        }
    }
}

/// Korean units and what is written straight after a figure, longest first where one begins
/// another.
const KOREAN: &[(&str, Unit)] = &[
    ("퍼센트포인트", unit(Dimension::Point, 100)),
    ("퍼센트 포인트", unit(Dimension::Point, 100)),
    ("%포인트", unit(Dimension::Point, 100)),
    ("% 포인트", unit(Dimension::Point, 100)),
    ("프로포인트", unit(Dimension::Point, 100)),
    ("퍼센트", PERCENT),
    ("프로", PERCENT),
    ("영업일", WORKING_DAY),
    ("근무일", WORKING_DAY),
    ("근로일", WORKING_DAY),
    ("워킹데이", WORKING_DAY),
    ("역일", DAY),
    ("개월", MONTH),
    ("개년", YEAR),
    ("개소", unit(Dimension::Place, 1)),
    ("개국", unit(Dimension::Country, 1)),
    ("개사", unit(Dimension::Company, 1)),
    ("개", ITEM),
    ("시간", HOUR),
    ("인분", unit(Dimension::Meal, 1)),
    ("일간", DAY),
    ("일", DAY),
    ("날", DAY),
    ("주년", YEAR),
    ("주간", WEEK),
    ("주일", WEEK),
    ("주차", unit(Dimension::Number, 1)),
    ("주", WEEK),
    ("달", MONTH),
    ("년차", unit(Dimension::Number, 1)),
    ("년 차", unit(Dimension::Number, 1)),
    ("년간", YEAR),
    ("년", YEAR),
    ("해", YEAR),
    ("분", MINUTE),
    ("초", SECOND),
    ("명", PERSON),
    ("인", PERSON),
    ("사람", PERSON),
    ("건", unit(Dimension::Case, 1)),
    ("회차", unit(Dimension::Number, 1)),
    ("회", TIMES),
    ("차례", TIMES),
    ("번", TIMES),
    ("배", FOLD),
    ("세", AGE),
    ("살", AGE),
    ("권", unit(Dimension::Volume, 1)),
    ("부", unit(Dimension::Copy, 1)),
    ("장", unit(Dimension::Sheet, 1)),
    ("대", unit(Dimension::Machine, 1)),
    ("점", unit(Dimension::Score, 1)),
    ("가지", unit(Dimension::Kind, 1)),
    ("종류", unit(Dimension::Kind, 1)),
    ("종", unit(Dimension::Kind, 1)),
    ("글자", unit(Dimension::Character, 1)),
    ("자리", unit(Dimension::Digit, 1)),
    ("자", unit(Dimension::Character, 1)),
    ("층", unit(Dimension::Floor, 1)),
    ("쪽", unit(Dimension::Page, 1)),
    ("페이지", unit(Dimension::Page, 1)),
    ("단계", unit(Dimension::Step, 1)),
    ("등급", unit(Dimension::Grade, 1)),
    ("급", unit(Dimension::Grade, 1)),
    ("호봉", unit(Dimension::Grade, 1)),
    ("호", unit(Dimension::Number, 1)),
    ("박", unit(Dimension::Night, 1)),
    ("끼", unit(Dimension::Meal, 1)),
    ("식", unit(Dimension::Meal, 1)),
    ("곳", unit(Dimension::Place, 1)),
    ("군데", unit(Dimension::Place, 1)),
    ("위", unit(Dimension::Rank, 1)),
    ("등", unit(Dimension::Rank, 1)),
    ("차", unit(Dimension::Round, 1)),
    ("팀", unit(Dimension::Team, 1)),
    ("학점", unit(Dimension::Credit, 1)),
    ("평", unit(Dimension::Pyeong, 1)),
    ("원", WON),
    ("달러", unit(Dimension::Usd, 100)),
    ("불", unit(Dimension::Usd, 100)),
    ("유로", unit(Dimension::Eur, 1)),
    ("엔", unit(Dimension::Jpy, 1)),
    ("위안", unit(Dimension::Cny, 1)),
    ("파운드", unit(Dimension::Gbp, 1)),
    ("킬로미터", unit(Dimension::Metre, 1_000_000_000)),
    ("센티미터", unit(Dimension::Metre, 10_000)),
    ("마이크로미터", unit(Dimension::Metre, 1)),
    ("밀리미터", unit(Dimension::Metre, 1_000)),
    ("제곱미터", unit(Dimension::SquareMetre, 1)),
    ("세제곱미터", unit(Dimension::CubicMetre, 1)),
    ("미터", unit(Dimension::Metre, 1_000_000)),
    ("킬로그램", unit(Dimension::Gram, 1_000_000)),
    ("밀리그램", unit(Dimension::Gram, 1)),
    ("그램", unit(Dimension::Gram, 1_000)),
    ("톤", unit(Dimension::Gram, 1_000_000_000)),
    ("밀리리터", unit(Dimension::Litre, 1)),
    ("리터", unit(Dimension::Litre, 1_000)),
    ("킬로와트시", unit(Dimension::WattHour, 1_000)),
    ("킬로와트", unit(Dimension::Watt, 1_000)),
    ("와트", unit(Dimension::Watt, 1)),
    ("볼트", unit(Dimension::Volt, 1_000)),
    ("암페어", unit(Dimension::Ampere, 1_000)),
    ("헤르츠", unit(Dimension::Hertz, 1)),
    ("데시벨", unit(Dimension::Decibel, 1)),
    ("럭스", unit(Dimension::Lux, 1)),
    ("순위", unit(Dimension::Rank, 1)),
    ("면", unit(Dimension::Place, 1)),
    ("문항", ITEM),
    ("센트", unit(Dimension::Usd, 1)),
    ("기가바이트", unit(Dimension::Gigabyte, 1)),
    ("메가바이트", unit(Dimension::Megabyte, 1)),
    ("킬로바이트", unit(Dimension::Kilobyte, 1)),
    ("테라바이트", unit(Dimension::Terabyte, 1)),
    ("마일", unit(Dimension::Mile, 1)),
    ("인치", unit(Dimension::Inch, 1)),
    ("피트", unit(Dimension::Foot, 1)),
    ("픽셀", unit(Dimension::Pixel, 1)),
    ("도", CELSIUS),
];

/// What begins like a unit and is another word: `프로그램`, `분기`, `대비`.
static NOT_UNITS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "프로그램 프로젝트 프로세스 프로모션 프로필 분기 분의 일정 대비 대상 개선 주주 주요 \
     주말 회사 회의 회원 인사 인당 세금 세부 점검 점수 장비 자료 부서 부터 배송 건물 건강 \
     평가 평균 위원 등록 차량 차이 원칙 해당 해외 해야 해서 식사 도입 도로 이상 층간 호텔 \
     번호 대표 달성 종료 종합 급여 급식 장소 장기 초과 초기 초안 명단 명절 세요 부분 팀장 \
     팀원 자격 대출 차장 부장 원본 원금 도착 시작 주문 개인 개정 개발 년도 세션 주소 곳곳 \
     회계 대리 인상 인하 인정 등을 등이 등의 등은 등에 부담 배우 배상 박스 박람 분리 분할 \
     분류 분석 분실 불량 불가 불이 일괄 일반 일부 장애 자동 자녀 종류별 점심"
        .split_whitespace()
        .collect()
});

/// The same straight after digits, where most words are units: `3회의` is of three times.
static NOT_JOINED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "프로그램 프로젝트 프로세스 프로모션 프로필 분기 분의 년도 회의실 회의장 주주 분할 차장 \
     부장 인실 자녀 세대"
        .split_whitespace()
        .collect()
});

/// The unit that `text` begins with, and its length; `is_joined` says that it stands straight
/// after digits.
pub(super) fn korean(text: &str, is_joined: bool) -> Option<(Unit, usize)> {
    let first = text.chars().next()?;
    if first != '%' && !crate::language::is_hangul(first) {
        return None;
    }
    let others = if is_joined { &NOT_JOINED } else { &NOT_UNITS };
    if others
        .iter()
        .any(|word| text.starts_with(word) && *word != "인당")
    {
        return None;
    }
    KOREAN
        .iter()
        .filter(|(name, _)| text.starts_with(name))
        .max_by_key(|(name, _)| name.len())
        .map(|(name, unit)| (*unit, name.len()))
}

/// The unit called `word`, in lower case.
pub(super) fn english(word: &str) -> Option<Unit> {
    use Dimension as D;
    Some(match word {
        "won" | "krw" => WON,
        "dollar" | "dollars" | "usd" | "buck" | "bucks" => unit(D::Usd, 100),
        "cent" | "cents" => unit(D::Usd, 1),
        "euro" | "euros" | "eur" => unit(D::Eur, 1),
        "yen" | "jpy" => unit(D::Jpy, 1),
        "yuan" | "cny" | "rmb" => unit(D::Cny, 1),
        "gbp" | "sterling" => unit(D::Gbp, 1),
        "percent" | "pct" => PERCENT,
        "pp" | "ppt" => unit(D::Point, 100),
        "bp" | "bps" => unit(D::Point, 1),
        "second" | "seconds" | "sec" | "secs" => SECOND,
        "minute" | "minutes" | "min" | "mins" => MINUTE,
        "hour" | "hours" | "hr" | "hrs" => HOUR,
        "day" | "days" => DAY,
        "night" | "nights" => unit(D::Night, 1),
        "week" | "weeks" | "wk" | "wks" => WEEK,
        "fortnight" | "fortnights" => unit(D::Clock, 1_209_600),
        "month" | "months" | "mo" | "mos" => MONTH,
        "year" | "years" | "yr" | "yrs" => YEAR,
        "decade" | "decades" => unit(D::Month, 120),
        "person" | "persons" | "people" | "employee" | "employees" | "staff" | "members"
        | "member" | "individuals" | "participants" | "attendees" => PERSON,
        "time" | "times" | "occasions" | "occasion" => TIMES_OR_FOLD,
        "character" | "characters" | "chars" => unit(D::Character, 1),
        "digit" | "digits" => unit(D::Digit, 1),
        "page" | "pages" => unit(D::Page, 1),
        "copy" | "copies" => unit(D::Copy, 1),
        "sheet" | "sheets" => unit(D::Sheet, 1),
        "item" | "items" | "piece" | "pieces" | "units" | "unit" | "pcs" | "ea" => ITEM,
        "case" | "cases" => unit(D::Case, 1),
        "floor" | "floors" | "storey" | "storeys" => unit(D::Floor, 1),
        "point" | "points" => unit(D::Score, 1),
        "step" | "steps" | "stage" | "stages" => unit(D::Step, 1),
        "team" | "teams" => unit(D::Team, 1),
        "meal" | "meals" => unit(D::Meal, 1),
        "countries" | "country" => unit(D::Country, 1),
        "km" | "kilometre" | "kilometres" | "kilometer" | "kilometers" => {
            unit(D::Metre, 1_000_000_000)
        }
        "m" | "metre" | "metres" | "meter" | "meters" => unit(D::Metre, 1_000_000),
        "cm" | "centimetres" | "centimeters" | "centimetre" | "centimeter" => {
            unit(D::Metre, 10_000)
        }
        "mm" | "millimetres" | "millimeters" | "millimetre" | "millimeter" => unit(D::Metre, 1_000),
        "μm" | "um" | "micron" | "microns" | "micrometre" | "micrometres" | "micrometer"
        | "micrometers" => unit(D::Metre, 1),
        "mile" | "miles" | "mi" => unit(D::Mile, 1),
        "foot" | "feet" | "ft" => unit(D::Foot, 1),
        "inch" | "inches" => unit(D::Inch, 1),
        "kg" | "kilogram" | "kilograms" | "kilo" | "kilos" => unit(D::Gram, 1_000_000),
        "g" | "gram" | "grams" => unit(D::Gram, 1_000),
        "mg" | "milligrams" | "milligram" => unit(D::Gram, 1),
        "t" | "ton" | "tons" | "tonne" | "tonnes" => unit(D::Gram, 1_000_000_000),
        "lb" | "lbs" | "pound" | "pounds" => unit(D::Pound, 1),
        "l" | "litre" | "litres" | "liter" | "liters" => unit(D::Litre, 1_000),
        "ml" | "cc" | "millilitres" | "milliliters" => unit(D::Litre, 1),
        "m2" | "sqm" => unit(D::SquareMetre, 1),
        "m3" => unit(D::CubicMetre, 1),
        "kb" | "kilobytes" => unit(D::Kilobyte, 1),
        "mb" | "megabytes" | "megabyte" => unit(D::Megabyte, 1),
        "gb" | "gigabytes" | "gigabyte" => unit(D::Gigabyte, 1),
        "tb" | "terabytes" | "terabyte" => unit(D::Terabyte, 1),
        "bit" | "bits" => unit(D::Bit, 1),
        "w" | "watt" | "watts" => unit(D::Watt, 1),
        "kw" | "kilowatts" => unit(D::Watt, 1_000),
        "mw" | "megawatts" => unit(D::Watt, 1_000_000),
        "wh" => unit(D::WattHour, 1),
        "kwh" => unit(D::WattHour, 1_000),
        "mwh" => unit(D::WattHour, 1_000_000),
        "mv" => unit(D::Volt, 1),
        "v" | "volt" | "volts" => unit(D::Volt, 1_000),
        "kv" => unit(D::Volt, 1_000_000),
        "ma" => unit(D::Ampere, 1),
        "amp" | "amps" | "ampere" | "amperes" => unit(D::Ampere, 1_000),
        "hz" => unit(D::Hertz, 1),
        "khz" => unit(D::Hertz, 1_000),
        "mhz" => unit(D::Hertz, 1_000_000),
        "ghz" => unit(D::Hertz, 1_000_000_000),
        "pa" => unit(D::Pascal, 1),
        "kpa" => unit(D::Pascal, 1_000),
        "mpa" => unit(D::Pascal, 1_000_000),
        "bar" => unit(D::Bar, 1),
        "psi" => unit(D::Psi, 1),
        "kph" => unit(D::Speed, 1),
        "db" => unit(D::Decibel, 1),
        "ppm" => unit(D::Ppm, 1),
        "rpm" => unit(D::Rpm, 1),
        "lux" | "lx" => unit(D::Lux, 1),
        "px" | "pixels" => unit(D::Pixel, 1),
        _ => return None,
    })
}

/// Units of several words, and those with marks in them, in lower case.
const PHRASES: &[(&str, Unit)] = &[
    ("percentage points", unit(Dimension::Point, 100)),
    ("percentage point", unit(Dimension::Point, 100)),
    ("percentage-point", unit(Dimension::Point, 100)),
    ("percent points", unit(Dimension::Point, 100)),
    ("basis points", unit(Dimension::Point, 1)),
    ("basis point", unit(Dimension::Point, 1)),
    ("per cent", PERCENT),
    ("m2", unit(Dimension::SquareMetre, 1)),
    ("m3", unit(Dimension::CubicMetre, 1)),
    ("μm", unit(Dimension::Metre, 1)),
    ("%p", unit(Dimension::Point, 100)),
    ("% p", unit(Dimension::Point, 100)),
    ("%-point", unit(Dimension::Point, 100)),
    ("% points", unit(Dimension::Point, 100)),
    ("p.p.", unit(Dimension::Point, 100)),
    ("%", PERCENT),
    ("‰", unit(Dimension::Percent, 10)),
    ("working days", WORKING_DAY),
    ("working day", WORKING_DAY),
    ("working-days", WORKING_DAY),
    ("working-day", WORKING_DAY),
    ("business days", WORKING_DAY),
    ("business day", WORKING_DAY),
    ("business-day", WORKING_DAY),
    ("workdays", WORKING_DAY),
    ("workday", WORKING_DAY),
    ("weekdays", WORKING_DAY),
    ("years old", AGE),
    ("years of age", AGE),
    ("year-old", AGE),
    ("year old", AGE),
    ("years-old", AGE),
    ("square metres", unit(Dimension::SquareMetre, 1)),
    ("square meters", unit(Dimension::SquareMetre, 1)),
    ("sq m", unit(Dimension::SquareMetre, 1)),
    ("cubic metres", unit(Dimension::CubicMetre, 1)),
    ("cubic meters", unit(Dimension::CubicMetre, 1)),
    ("kilowatt-hours", unit(Dimension::WattHour, 1_000)),
    ("kilowatt hours", unit(Dimension::WattHour, 1_000)),
    ("km/h", unit(Dimension::Speed, 1)),
    ("kilometres per hour", unit(Dimension::Speed, 1)),
    ("kilometers per hour", unit(Dimension::Speed, 1)),
    ("m/s", unit(Dimension::MetreSpeed, 1)),
    ("°c", CELSIUS),
    ("° c", CELSIUS),
    ("degrees celsius", CELSIUS),
    ("°f", unit(Dimension::Fahrenheit, 1)),
    ("degrees fahrenheit", unit(Dimension::Fahrenheit, 1)),
    ("degrees", unit(Dimension::Degree, 1)),
    ("°", unit(Dimension::Degree, 1)),
    ("x", FOLD),
    ("-fold", FOLD),
    ("fold", FOLD),
    ("us dollars", unit(Dimension::Usd, 100)),
    ("korean won", WON),
];

/// The unit of several words that `text` begins with, and its length.
pub(super) fn phrase(text: &str) -> Option<(Unit, usize)> {
    PHRASES
        .iter()
        .filter(|(name, _)| {
            text.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
                && !(name.ends_with(|char: char| char.is_ascii_alphabetic())
                    && text[name.len()..].starts_with(|char: char| char.is_ascii_alphanumeric()))
        })
        .max_by_key(|(name, _)| name.len())
        .map(|(name, unit)| (*unit, name.len()))
}

/// The currency of a sign.
pub(super) fn sign(char: char) -> Option<Unit> {
    Some(match char {
        '₩' => WON,
        '$' => unit(Dimension::Usd, 100),
        '€' => unit(Dimension::Eur, 1),
        '¥' => unit(Dimension::Jpy, 1),
        '£' => unit(Dimension::Gbp, 1),
        _ => return None,
    })
}

/// The unit that the header of a column gives to its cells, such as `금액(천원)`, and what its
/// figures are to be multiplied by.
pub(super) fn of_header(header: &str) -> Option<(Unit, i128)> {
    let inner = header
        .rfind('(')
        .map(|at| &header[at + 1..])
        .and_then(|rest| rest.split(')').next())
        .unwrap_or(header);
    let lower = inner.trim().trim_start_matches("단위").to_lowercase();
    let lower = lower.trim_start_matches("unit");
    let mut inner = lower.trim_start_matches([':', ' ']).trim();
    let mut factor = 1;
    for (name, value) in [
        ("백만", 1_000_000),
        ("십만", 100_000),
        ("천만", 10_000_000),
        ("만", 10_000),
        ("천", 1_000),
        ("억", 100_000_000),
        ("thousands of", 1_000),
        ("thousand", 1_000),
        ("millions of", 1_000_000),
        ("million", 1_000_000),
        ("billion", 1_000_000_000),
    ] {
        if let Some(rest) = inner.strip_prefix(name) {
            inner = rest.trim();
            factor = value;
            break;
        }
        if let Some(rest) = inner.strip_suffix(name) {
            inner = rest.trim();
            factor = value;
            break;
        }
    }
    // `$m`, `USD k`.
    if sign(inner.chars().next()?).is_some() {
        for (name, value) in [("bn", 1_000_000_000), ("m", 1_000_000), ("k", 1_000)] {
            if let Some(rest) = inner.strip_suffix(name) {
                inner = rest.trim();
                factor = value;
                break;
            }
        }
    }
    let found = sign(inner.chars().next()?)
        .map(|unit| (unit, 0))
        .or_else(|| phrase(inner))
        .or_else(|| english(inner).map(|unit| (unit, inner.len())))
        .or_else(|| korean(inner, true).filter(|(_, length)| *length == inner.len()));
    if let Some((unit, _)) = found {
        return Some((unit, factor));
    }
    match inner {
        "일수" | "기간(일)" => Some((DAY, factor)),
        "인원" | "인원수" => Some((PERSON, factor)),
        "횟수" => Some((TIMES, factor)),
        "비율" | "요율" | "할인율" => Some((PERCENT, factor)),
        _ => None,
    }
}
