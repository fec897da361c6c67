//! Facts as they are compared: value, limit, rate and direction.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::unit::{DAY, Dimension, Family, PERCENT, Unit};

/// One in the numbers that amounts are kept in.
pub(super) const MILLION: i128 = 1_000_000;

/// A fact as it is compared, and as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) struct Fact {
    /// What it says, in one form whatever way it is written.
    pub(in crate::check) value: Value,
    /// As it is written.
    pub(in crate::check) text: String,
    /// Its bytes in the text as given.
    pub(in crate::check) span: ingest::Span,
    /// Its bytes in the folded text.
    pub(super) at: ingest::Span,
    /// The same with the words of its limit.
    pub(super) wide: ingest::Span,
    /// The text of `wide`.
    pub(super) said: String,
    pub(super) limit: Option<Limit>,
    /// Whether a denial made the limit what it is.
    pub(super) is_denied: bool,
    /// What the figure is for each of: `월` in `월 5만원`.
    pub(super) per: Vec<Unit>,
    pub(super) direction: Option<Direction>,
    /// What is said by an ordinary word, such as `first`, and is a fact only where the evidence
    /// has one of its kind.
    pub(super) is_soft: bool,
    /// Whether it numbers what follows, as `①` and `1.` do.
    pub(super) is_label: bool,
    /// The factor of the number's last multiplier: `만` of `5만`; one if it has none.
    pub(super) factor: i128,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) enum Value {
    Number(Number),
    /// Year, month and day, as far as they are said.
    Date(Option<u32>, Option<u32>, Option<u32>),
    /// Minutes since midnight, and whether the half of the day is known.
    Time(u32, bool),
    /// Monday is 0.
    Weekday(u32),
    /// A quarter or a half of a year.
    Part(Part, u32),
    /// This year, last month: which one, counted from now.
    Relative(Unit, i32),
    Ordinal(u32),
    /// `제12조 제1항`, outermost first.
    Article(Vec<(Kinds, String)>),
    /// `7:3`, and `3/5`, which may also be a fraction or a day.
    Pair(u32, u32, char),
    Code(String),
    Email(String),
    /// The digits as they are dialled within the country.
    Phone(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) struct Number {
    /// In millionths, as written.
    pub(in crate::check) amount: i128,
    pub(in crate::check) unit: Option<Unit>,
    /// What is counted, where it is not a unit: `laptops`.
    pub(in crate::check) noun: Option<String>,
    /// The word before: `Class` of `Class 2`.
    pub(in crate::check) label: Option<String>,
    /// The amount as it stands in a cell whose header gives unit and factor.
    pub(super) bare: Option<i128>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::check) enum Part {
    Quarter,
    Half,
}

/// Kinds of parts of a rule that a word may mean, as a set of bits: `Section` is `조` or `절`.
pub(in crate::check) type Kinds = u16;

/// A bound that a figure is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) side: Side,
    /// Whether the figure itself is within; unknown for `이후` and `이전`.
    pub(super) inclusive: Option<bool>,
    /// Whether it is said by a form, such as a range, that goes without saying.
    pub(super) is_soft: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The figure is the least.
    Low,
    /// The figure is the most.
    High,
}

/// Whether a duration is counted back or on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Before,
    After,
}

impl Limit {
    pub(super) const fn new(side: Side, inclusive: Option<bool>) -> Self {
        Self {
            side,
            inclusive,
            is_soft: false,
        }
    }

    pub(super) const fn soft(side: Side) -> Self {
        Self {
            side,
            inclusive: None,
            is_soft: true,
        }
    }

    /// What is meant where it is denied: not over is at most.
    pub(super) fn denied(self) -> Self {
        Self {
            side: match self.side {
                Side::Low => Side::High,
                Side::High => Side::Low,
            },
            inclusive: self.inclusive.map(|inclusive| !inclusive),
            is_soft: self.is_soft,
        }
    }

    fn agrees(self, other: Self) -> bool {
        self.side == other.side
            && (self.inclusive == other.inclusive
                || self.inclusive.is_none()
                || other.inclusive.is_none())
    }
}

impl Number {
    /// In the smallest unit of its dimension.
    pub(super) fn base(&self) -> i128 {
        self.amount
            .saturating_mul(self.unit.map_or(1, |unit| unit.scale))
    }

    /// Whether it is a plain one of some unit, as in `하루` and `per day`.
    fn is_one(&self) -> bool {
        self.amount == MILLION && self.unit.is_some()
    }
}

impl Value {
    pub(super) fn number(amount: i128, unit: Option<Unit>) -> Self {
        Self::Number(Number {
            amount,
            unit,
            noun: None,
            label: None,
            bare: None,
        })
    }

    pub(super) fn family(&self) -> Family {
        match self {
            Self::Number(number) => number.unit.map_or(Family::Bare, Unit::family),
            Self::Date(..) => Family::Date,
            Self::Time(..) => Family::Time,
            Self::Weekday(_) => Family::Weekday,
            Self::Part(..) => Family::Part,
            Self::Relative(..) => Family::Relative,
            Self::Ordinal(_) => Family::Ordinal,
            Self::Article(_) => Family::Article,
            Self::Pair(..) => Family::Pair,
            Self::Code(_) => Family::Code,
            Self::Email(_) => Family::Email,
            Self::Phone(_) => Family::Phone,
        }
    }

    /// Whether `other`, of the evidence, is the same.
    pub(super) fn is_said_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(two)) => same_number(one, two),
            (Self::Number(number), Self::Ordinal(ordinal))
            | (Self::Ordinal(ordinal), Self::Number(number)) => {
                number.unit.is_none_or(|unit| unit.counts() || unit == DAY)
                    && number.amount == i128::from(*ordinal) * MILLION
            }
            (Self::Number(number), Self::Date(year, month, day)) => match (year, month, day) {
                (Some(year), None, None) => {
                    number.unit.is_none() && number.amount == i128::from(*year) * MILLION
                }
                (None, None, Some(day)) => {
                    number.unit.is_none_or(|unit| unit == DAY)
                        && number.amount == i128::from(*day) * MILLION
                }
                _ => false,
            },
            (Self::Date(year, month, day), Self::Number(number)) => match (year, month, day) {
                (Some(year), None, None) => {
                    number.unit.is_none() && number.amount == i128::from(*year) * MILLION
                }
                (None, None, Some(day)) => {
                    number.unit.is_none_or(|unit| unit == DAY)
                        && number.amount == i128::from(*day) * MILLION
                }
                _ => false,
            },
            (Self::Date(None, None, Some(day)), Self::Ordinal(ordinal))
            | (Self::Ordinal(ordinal), Self::Date(None, None, Some(day))) => day == ordinal,
            (Self::Date(year, month, day), Self::Date(a, b, c)) => {
                // Another sentence may say of which year: its reader fills that in.
                let agrees =
                    |said: &Option<u32>, there: &Option<u32>| said.is_none() || said == there;
                agrees(year, a) && agrees(month, b) && agrees(day, c)
            }
            (Self::Date(None, Some(month), Some(day)), Self::Pair(a, b, '/'))
            | (Self::Pair(a, b, '/'), Self::Date(_, Some(month), Some(day))) => {
                month == a && day == b
            }
            (Self::Time(one, sure), Self::Time(two, known)) => {
                let (one, two) = (one % 1440, two % 1440);
                one == two || !(*sure && *known) && one % 720 == two % 720
            }
            (Self::Number(number), Self::Time(minute, _))
            | (Self::Time(minute, _), Self::Number(number)) => {
                number.unit.is_none()
                    && number.noun.is_none()
                    && minute % 60 == 0
                    && (number.amount == i128::from(minute / 60) * MILLION
                        || number.amount == i128::from(minute / 60 % 12) * MILLION)
            }
            (Self::Number(number), Self::Pair(a, b, '/'))
            | (Self::Pair(a, b, '/'), Self::Number(number)) => {
                number.unit == Some(PERCENT)
                    && *b != 0
                    && number.amount == i128::from(*a) * 100 * MILLION / i128::from(*b)
            }
            (Self::Number(number), Self::Code(code)) | (Self::Code(code), Self::Number(number)) => {
                is_code(number, code)
            }
            (Self::Number(number), Self::Article(path)) => {
                number.unit.is_none()
                    && path
                        .iter()
                        .any(|(_, part)| decimal(part) == Some(number.amount))
            }
            (Self::Article(one), Self::Article(two)) => one.iter().all(|(kinds, part)| {
                two.iter()
                    .any(|(other, there)| kinds & other != 0 && part == there)
            }),
            (Self::Code(one), Self::Phone(two)) | (Self::Phone(two), Self::Code(one)) => one == two,
            (Self::Phone(one), Self::Phone(two)) => same_phone(one, two) || same_phone(two, one),
            // `in the second` may leave out the quarter.
            (Self::Part(_, number), Self::Ordinal(ordinal))
            | (Self::Ordinal(ordinal), Self::Part(_, number)) => number == ordinal,
            (Self::Article(path), Self::Number(number)) => {
                number.unit.is_none()
                    && path.len() == 1
                    && path
                        .iter()
                        .any(|(_, part)| decimal(part) == Some(number.amount))
            }
            (one, two) => one == two,
        }
    }

    /// What stands for the value where another figure of the same clause is bound to it.
    pub(super) fn keys(&self) -> Vec<u64> {
        match self {
            Self::Number(number) => match number.unit {
                Some(unit) if !unit.counts() => vec![hash(&(unit.dimension, number.base()))],
                _ => vec![plain(number.amount)],
            },
            Self::Ordinal(ordinal) => vec![plain(i128::from(*ordinal) * MILLION)],
            Self::Date(year, month, day) => [("year", year), ("month", month), ("day", day)]
                .into_iter()
                .filter_map(|(name, part)| part.map(|part| hash(&(name, part))))
                .collect(),
            Self::Time(minute, _) => vec![hash(&("time", minute % 720))],
            Self::Weekday(day) => vec![hash(&("weekday", day))],
            Self::Part(part, number) => vec![hash(&(part, number))],
            Self::Relative(unit, offset) => vec![hash(&("relative", unit, offset))],
            Self::Article(path) => path.iter().map(|(_, part)| hash(&("part", part))).collect(),
            Self::Pair(a, b, _) => vec![hash(&("pair", a, b))],
            // What is dialled before the last digits depends on where one calls from.
            Self::Phone(text) => vec![hash(&text.get(text.len().saturating_sub(7)..))],
            Self::Code(text) | Self::Email(text) => vec![hash(text)],
        }
    }

    /// Keys of which two values that are the same share one at least.
    pub(super) fn lookups(&self) -> Vec<u64> {
        let mut keys = self.keys();
        match self {
            Self::Number(number) => {
                keys.push(plain(number.amount));
                keys.extend(number.bare.map(plain));
                if number.unit.is_none() && number.amount.abs() <= MILLION {
                    keys.push(hash(&(
                        Dimension::Percent,
                        number.amount.saturating_mul(10_000),
                    )));
                }
            }
            Self::Part(_, number) => keys.push(plain(i128::from(*number) * MILLION)),
            Self::Date(year, _, day) => keys.extend(
                [year, day]
                    .into_iter()
                    .flatten()
                    .map(|part| plain(i128::from(*part) * MILLION)),
            ),
            Self::Time(minute, _) => {
                keys.push(plain(i128::from(minute / 60) * MILLION));
                keys.push(plain(i128::from(minute / 60 % 12) * MILLION));
            }
            Self::Pair(a, b, _) => {
                keys.extend([hash(&("month", a)), hash(&("day", b))]);
                if *b != 0 {
                    keys.push(plain(i128::from(*a) * 100 * MILLION / i128::from(*b)));
                }
            }
            Self::Code(code) => {
                keys.push(hash(&code.get(code.len().saturating_sub(7)..)));
                let digits = code.trim_start_matches(|char: char| !char.is_ascii_digit());
                keys.extend(decimal(digits).map(plain));
            }
            Self::Article(path) => {
                keys.extend(path.iter().filter_map(|(_, part)| decimal(part).map(plain)));
            }
            _ => {}
        }
        keys
    }
}

fn plain(amount: i128) -> u64 {
    hash(&("number", amount))
}

pub(super) fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Whether a number that is dialled from abroad is `national` from within.
fn same_phone(abroad: &str, national: &str) -> bool {
    abroad == national
        || abroad.strip_prefix('+').is_some_and(|digits| {
            let rest = national.strip_prefix('0').unwrap_or(national);
            !national.starts_with('+')
                && digits
                    .strip_suffix(rest)
                    .is_some_and(|country| (1..=3).contains(&country.len()))
        })
}

/// `Class 2` is the code `class-2`.
fn is_code(number: &Number, code: &str) -> bool {
    let Some(label) = &number.label else {
        return false;
    };
    number.unit.is_none()
        && code
            .strip_prefix(label.as_str())
            .and_then(decimal)
            .is_some_and(|amount| amount == number.amount)
}

fn same_number(one: &Number, two: &Number) -> bool {
    if one.unit.is_none() && two.bare == Some(one.amount) {
        return true;
    }
    match (one.unit, two.unit) {
        (Some(unit), Some(other)) => {
            let times = |dimension| {
                matches!(
                    dimension,
                    Dimension::Times | Dimension::Fold | Dimension::TimesOrFold
                )
            };
            let same = unit.dimension == other.dimension
                || (unit.dimension == Dimension::TimesOrFold && times(other.dimension))
                || (other.dimension == Dimension::TimesOrFold && times(unit.dimension))
                || is_years(unit, other)
                || is_pounds(unit, other)
                // Things are counted by whichever word fits them.
                || unit.counts() && unit.family() == other.family() && !times(unit.dimension);
            same && one.base() == two.base()
                || (is_years(unit, other) || is_pounds(unit, other)) && one.amount == two.amount
        }
        // `0.10` is 10%.
        (None, Some(unit)) | (Some(unit), None)
            if unit.dimension == Dimension::Percent && one.noun.is_none() && two.noun.is_none() =>
        {
            let (bare, share) = if one.unit.is_none() {
                (one, two)
            } else {
                (two, one)
            };
            bare.amount == share.amount
                || bare.amount.abs() <= MILLION
                    && bare.amount.saturating_mul(10_000) == share.base()
        }
        // Cells of a table and lists leave the unit to their header; what is counted by a noun
        // of its own is no day and no won.
        (Some(unit), None) => one.amount == two.amount && (unit.counts() || two.noun.is_none()),
        (None, Some(unit)) => one.amount == two.amount && (unit.counts() || one.noun.is_none()),
        (None, None) => one.amount == two.amount,
    }
}

/// An age is said in years as well.
fn is_years(one: Unit, two: Unit) -> bool {
    use super::unit::{AGE, YEAR};
    one == AGE && two == YEAR || one == YEAR && two == AGE
}

/// A pound is money or a weight.
fn is_pounds(one: Unit, two: Unit) -> bool {
    let pair = (one.dimension, two.dimension);
    matches!(
        pair,
        (Dimension::Gbp, Dimension::Pound) | (Dimension::Pound, Dimension::Gbp)
    )
}

impl Unit {
    /// Whether both divide figures in the same way: by time, by length.
    fn is_like(self, other: Self) -> bool {
        let kind = |unit: Self| match unit.dimension {
            Dimension::Clock | Dimension::Month | Dimension::WorkingDay | Dimension::Night => 0,
            Dimension::Metre | Dimension::Mile | Dimension::Foot | Dimension::Inch => 1,
            Dimension::Gram | Dimension::Pound => 2,
            Dimension::Litre | Dimension::CubicMetre => 3,
            _ => 4,
        };
        kind(self) == kind(other) && kind(self) < 4
    }
}

impl Fact {
    /// Whether it may answer the same question as `other`: a figure of the same unit, or of the
    /// same kind where there are no units.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Number(one), Value::Number(two)) => one.unit == two.unit,
            (one, two) => one.family() == two.family(),
        }
    }

    /// Whether it is only the least or the most.
    pub(in crate::check) fn is_bound(&self) -> bool {
        self.limit.is_some_and(|limit| !limit.is_soft)
    }

    /// Whether it is for each of the same as `other`.
    pub(in crate::check) fn has_rate_of(&self, other: &Self) -> bool {
        self.per == other.per
    }

    /// Whether it is a figure that two texts may give differently: no code and no article, which
    /// name things.
    pub(in crate::check) fn is_figure(&self) -> bool {
        matches!(
            self.value,
            Value::Number(_) | Value::Date(..) | Value::Time(..)
        )
    }

    /// One of a unit, as `per day` says without a figure.
    pub(super) fn one(unit: Unit, text: &str) -> Self {
        Self {
            value: Value::number(MILLION, Some(unit)),
            text: text.to_owned(),
            span: 0..0,
            at: 0..0,
            wide: 0..0,
            said: text.to_owned(),
            limit: None,
            is_denied: false,
            per: Vec::new(),
            direction: None,
            is_soft: true,
            is_label: false,
            factor: 1,
        }
    }

    /// Whether `other`, of the evidence, has the same value.
    pub(super) fn has_value_of(&self, other: &Self) -> bool {
        self.value.is_said_by(&other.value)
    }

    /// Whether `other` has no other limit, rate or direction. `hints` says on which sides words
    /// of the evidence, such as `한도` and `starts`, make its figure a bound.
    pub(super) fn has_limit_of(&self, other: &Self, hints: (bool, bool)) -> bool {
        let hinted = |side| match side {
            Side::Low => hints.0,
            Side::High => hints.1,
        };
        let limits = match (self.limit, other.limit) {
            (None, None) => true,
            // Without its limit the figure itself is claimed: true if it is within.
            (None, Some(limit)) => limit.inclusive != Some(false) || limit.is_soft,
            (Some(limit), None) => limit.is_soft || hinted(limit.side),
            (Some(one), Some(two)) => {
                one.agrees(two) || one.is_soft && two.is_soft && one.side == two.side
            }
        };
        // Rates of the same kind, such as two times, must be the same.
        let rates = self.per.iter().all(|unit| {
            let mut alike = other
                .per
                .iter()
                .filter(|there| unit.is_like(**there))
                .peekable();
            alike.peek().is_none() || alike.any(|there| unit == there)
        });
        let directions = match (self.direction, other.direction) {
            (Some(one), Some(two)) => one == two,
            _ => true,
        };
        limits && rates && directions
    }

    /// Whether `other` answers the same question otherwise.
    pub(super) fn is_rival_of(&self, other: &Self) -> bool {
        let (one, two) = (self.value.family(), other.value.family());
        // Points are no part of what per cents are.
        let alike = one != Family::Share || self.dimension() == other.dimension();
        let counts = |family| match family {
            Family::Count(dimension) => dimension != Dimension::Times,
            Family::Bare | Family::Ordinal => true,
            _ => false,
        };
        let open = |family| matches!(family, Family::Bare | Family::Ordinal);
        one == two && alike || counts(one) && counts(two) && (open(one) || open(two))
    }

    pub(super) fn unit(&self) -> Option<Unit> {
        match &self.value {
            Value::Number(number) => number.unit,
            _ => None,
        }
    }

    pub(super) fn dimension(&self) -> Option<Dimension> {
        self.unit().map(|unit| unit.dimension)
    }

    /// Whether it is a plain one of a unit, which `per day` says as well.
    pub(super) fn is_one(&self) -> Option<Unit> {
        match &self.value {
            Value::Number(number) if number.is_one() => number.unit,
            _ => None,
        }
    }
}

/// A decimal number in millionths.
pub(super) fn decimal(text: &str) -> Option<i128> {
    let text = text.replace(',', "");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 24 || !digits(whole) || !digits(part) {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let part: String = part.chars().chain("000000".chars()).take(6).collect();
    Some(whole * MILLION + part.parse::<i128>().ok()?)
}
