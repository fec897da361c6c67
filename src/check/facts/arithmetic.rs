//! Arithmetic that a text shows: `3일 + 2일 = 5일`, `20만원 × 3 = 60만원`.

use ingest::Span;

use super::unit::{Dimension, PERCENT, Unit};
use super::value::{Fact, MILLION, Value};
use crate::language::is_hangul;

/// An equation of a text.
#[derive(Clone, Debug)]
pub(super) struct Equation {
    /// Its bytes in the folded text.
    pub(super) at: Span,
    /// The figures that it comes to, by their index.
    pub(super) results: Vec<usize>,
    pub(super) is_right: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Figure(usize),
    Sign(char),
    Open,
    Close,
    /// Whether it is a sign and no word.
    Equals(bool),
    /// A word that ends `3에 2를 더하면`.
    Done(char),
    Other,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    token: Token,
    start: usize,
    end: usize,
}

/// The equations that `text` shows of its figures.
pub(super) fn equations(text: &str, facts: &[Fact]) -> Vec<Equation> {
    let tokens = tokens(text, facts);
    let mut found = Vec::new();
    for (index, place) in tokens.iter().enumerate() {
        let equation = match place.token {
            Token::Equals(is_sign) => equals(&tokens, index, is_sign, facts),
            Token::Done(sign) => done(&tokens, index, sign, facts),
            Token::Open => bracketed(&tokens, index, facts),
            _ => None,
        };
        found.extend(equation);
    }
    found
}

fn word_token(word: &str) -> Token {
    match word {
        "plus" | "더하기" => Token::Sign('+'),
        "minus" | "less" | "빼기" => Token::Sign('-'),
        "x" | "multiplied" | "times" | "곱하기" => Token::Sign('*'),
        "divided" | "나누기" => Token::Sign('/'),
        "equals" | "is" | "are" | "makes" | "gives" | "equal" | "or" | "leaves" => {
            Token::Equals(false)
        }
        "더하면" | "합하면" | "더한" | "합치면" => Token::Done('+'),
        "빼면" | "뺀" | "제하면" | "공제하면" => Token::Done('-'),
        "곱하면" | "곱한" => Token::Done('*'),
        "나누면" | "나눈" => Token::Done('/'),
        _ => Token::Other,
    }
}

fn tokens(text: &str, facts: &[Fact]) -> Vec<Place> {
    let mut found: Vec<Place> = Vec::new();
    let mut at = 0;
    let mut figures = facts.iter().enumerate().peekable();
    while at < text.len() {
        if let Some((index, fact)) = figures.next_if(|(_, fact)| fact.at.start <= at) {
            // `12 times $1,450`.
            if let Some(Place {
                token: Token::Figure(before),
                end,
                ..
            }) = found.last().copied()
                && is_times(facts.get(before))
                && text[end..fact.at.start].trim().is_empty()
            {
                found.push(Place {
                    token: Token::Sign('*'),
                    start: end,
                    end,
                });
            }
            let start = fact.at.start.max(at);
            at = fact.at.end.max(at + 1);
            found.push(Place {
                token: if fact.is_label {
                    Token::Other
                } else {
                    Token::Figure(index)
                },
                start,
                end: at,
            });
            // Its particle says nothing.
            let stop = figures
                .peek()
                .map_or(text.len(), |(_, next)| next.at.start.max(at));
            at = text[at..stop]
                .char_indices()
                .find(|(_, char)| !is_hangul(*char))
                .map_or(stop, |(length, _)| at + length);
            continue;
        }
        let Some(char) = text.get(at..).and_then(|rest| rest.chars().next()) else {
            break;
        };
        let mut end = at + char.len_utf8();
        let token = match char {
            '+' => Token::Sign('+'),
            '-' | '−' | '–' => Token::Sign('-'),
            '×' | '*' | '✕' => Token::Sign('*'),
            '÷' | '/' => Token::Sign('/'),
            '=' | '→' => Token::Equals(true),
            '(' => Token::Open,
            ')' => Token::Close,
            char if char.is_alphanumeric() => {
                let stop = figures
                    .peek()
                    .map_or(text.len(), |(_, next)| next.at.start.max(end));
                end = text[at..stop]
                    .char_indices()
                    .find(|(_, char)| !char.is_alphanumeric())
                    .map_or(stop, |(length, _)| at + length);
                let word = text[at..end].to_lowercase();
                if matches!(
                    word.as_str(),
                    "by" | "which"
                        | "that"
                        | "thus"
                        | "so"
                        | "in"
                        | "total"
                        | "a"
                        | "of"
                        | "altogether"
                        | "로"
                        | "총"
                ) {
                    at = end;
                    continue;
                }
                word_token(&word)
            }
            char if char.is_whitespace() || char == ',' => {
                at = end;
                continue;
            }
            _ => Token::Other,
        };
        found.push(Place {
            token,
            start: at,
            end,
        });
        at = end;
    }
    found
}

fn is_times(fact: Option<&Fact>) -> bool {
    matches!(
        fact.map(|fact| &fact.value),
        Some(Value::Number(number))
            if number.unit.is_some_and(|unit| unit.dimension == Dimension::TimesOrFold)
    )
}

/// Figures and signs on one side are not more than people write.
const MOST: usize = 24;

fn is_part(token: Token) -> bool {
    matches!(
        token,
        Token::Figure(_) | Token::Sign(_) | Token::Open | Token::Close
    )
}

fn equals(tokens: &[Place], index: usize, is_sign: bool, facts: &[Fact]) -> Option<Equation> {
    let mut start = index;
    while start > 0 && index - start < MOST && is_part(tokens[start - 1].token) {
        start -= 1;
    }
    let mut end = index + 1;
    while end < tokens.len() && end - index < MOST && is_part(tokens[end].token) {
        end += 1;
    }
    let left = trimmed(&tokens[start..index], true);
    let right = trimmed(&tokens[index + 1..end], false);
    let signs = |side: &[Place]| {
        side.iter()
            .any(|place| matches!(place.token, Token::Sign(_)))
    };
    let (sum, result) = match (signs(left), signs(right)) {
        (true, _) => (left, right),
        (false, true) if is_sign => (right, left),
        _ => return None,
    };
    // Of `5일 - 3일` on the other side of a sum only the figure beside the sign is the result.
    let result = if std::ptr::eq(result, right) {
        result.first()?
    } else {
        result.last()?
    };
    let Token::Figure(outcome) = result.token else {
        return None;
    };
    let value = Parser {
        tokens: sum,
        at: 0,
        facts,
        is_rounded: false,
    }
    .whole();
    let (first, last) = if sum.first()?.start < result.start {
        (sum.first()?, result)
    } else {
        (result, sum.last()?)
    };
    let value = value?;
    Some(Equation {
        at: first.start..last.end,
        results: vec![outcome],
        is_right: value.0.comes_to(&facts[outcome], value.1),
    })
}

/// Without brackets that open or close outside, and signs at the outer end.
fn trimmed(mut tokens: &[Place], at_start: bool) -> &[Place] {
    loop {
        let open = tokens
            .iter()
            .filter(|place| place.token == Token::Open)
            .count();
        let close = tokens
            .iter()
            .filter(|place| place.token == Token::Close)
            .count();
        if at_start {
            let outside = match tokens.first().map(|place| place.token) {
                Some(Token::Sign(_) | Token::Close) => true,
                // `leaves 90 (120 - 30 = 90)`: what is outside the bracket is not of the sum.
                Some(Token::Open) => open > close,
                // `2개 3일 + 2일`: a sum begins with its last figure before a sign.
                Some(Token::Figure(_)) => {
                    open > close
                        || matches!(
                            tokens.get(1).map(|place| place.token),
                            Some(Token::Figure(_) | Token::Open)
                        )
                }
                _ => false,
            };
            if !outside {
                return tokens;
            }
            tokens = &tokens[1..];
        } else {
            let outside = match tokens.last().map(|place| place.token) {
                Some(Token::Sign(_) | Token::Open) => true,
                Some(Token::Close) => close > open,
                _ => false,
            };
            if !outside {
                return tokens;
            }
            tokens = &tokens[..tokens.len() - 1];
        }
    }
}

/// `120에서 30을 빼면 90`.
fn done(tokens: &[Place], index: usize, sign: char, facts: &[Fact]) -> Option<Equation> {
    let first = index.checked_sub(2)?;
    let (one, two) = (tokens[first], tokens[index - 1]);
    let result = tokens[index + 1..]
        .iter()
        .take(3)
        .find(|place| matches!(place.token, Token::Figure(_)))?;
    let (Token::Figure(_), Token::Figure(_), Token::Figure(outcome)) =
        (one.token, two.token, result.token)
    else {
        return None;
    };
    let sum = [
        one,
        Place {
            token: Token::Sign(sign),
            ..two
        },
        two,
    ];
    let (value, is_rounded) = Parser {
        tokens: &sum,
        at: 0,
        facts,
        is_rounded: false,
    }
    .whole()?;
    Some(Equation {
        at: one.start..result.end,
        results: vec![outcome],
        is_right: value.comes_to(&facts[outcome], is_rounded),
    })
}

/// `60만원(20만원 × 3)`.
fn bracketed(tokens: &[Place], index: usize, facts: &[Fact]) -> Option<Equation> {
    let result = tokens[index.checked_sub(1)?];
    let Token::Figure(outcome) = result.token else {
        return None;
    };
    let inner = &tokens[index + 1..];
    let close = inner
        .iter()
        .take(MOST)
        .position(|place| place.token == Token::Close)?;
    let inner = &inner[..close];
    let signs = inner
        .iter()
        .any(|place| matches!(place.token, Token::Sign('+' | '*' | '/')))
        || inner
            .iter()
            .filter(|place| matches!(place.token, Token::Sign(_)))
            .count()
            > 0;
    if !signs
        || inner
            .iter()
            .any(|place| matches!(place.token, Token::Equals(_)))
    {
        return None;
    }
    let (value, is_rounded) = Parser {
        tokens: inner,
        at: 0,
        facts,
        is_rounded: false,
    }
    .whole()?;
    let is_right = value.comes_to(&facts[outcome], is_rounded);
    // `15일(10-20일)` is no sum.
    let minus_only = inner
        .iter()
        .all(|place| !matches!(place.token, Token::Sign('+' | '*')));
    if !is_right && minus_only {
        return None;
    }
    Some(Equation {
        at: result.start..inner.last()?.end + 1,
        results: vec![outcome],
        is_right,
    })
}

/// A figure as it is reckoned with.
#[derive(Clone, Copy, Debug)]
struct Quantity {
    amount: f64,
    unit: Option<Unit>,
    other: Option<Unit>,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sums are compared within a millionth part"
)]
fn float(value: i128) -> f64 {
    value as f64
}

impl Quantity {
    fn of(value: &Value) -> Option<Self> {
        let (amount, unit) = match value {
            Value::Number(number) => (float(number.amount) / float(MILLION), number.unit),
            Value::Date(Some(year), None, None) => (f64::from(*year), None),
            Value::Pair(a, b, '/') if *b != 0 => (f64::from(*a) / f64::from(*b), None),
            _ => return None,
        };
        Some(Self {
            amount,
            unit,
            other: None,
        })
    }

    fn base(self) -> f64 {
        self.amount * float(self.unit.map_or(1, |unit| unit.scale))
    }

    fn with(self, sign: char, other: Self) -> Option<Self> {
        let same = self
            .unit
            .zip(other.unit)
            .is_some_and(|(one, two)| one.dimension == two.dimension);
        let share = |quantity: Self| {
            if quantity
                .unit
                .is_some_and(|unit| unit.dimension == Dimension::Percent)
            {
                Self {
                    amount: quantity.amount / 100.0
                        * float(quantity.unit.map_or(100, |unit| unit.scale))
                        / 100.0,
                    unit: None,
                    other: None,
                }
            } else {
                quantity
            }
        };
        Some(match sign {
            '+' | '-' => {
                let unit = self.unit.or(other.unit);
                if self.unit.is_some() && other.unit.is_some() && !same {
                    let countable = |unit: Option<Unit>| unit.is_some_and(Unit::counts);
                    if !(countable(self.unit) && countable(other.unit)) {
                        return None;
                    }
                }
                let scale = float(unit.map_or(1, |unit| unit.scale));
                let base = |quantity: Self| {
                    quantity.amount * quantity.unit.map_or(scale, |unit| float(unit.scale))
                };
                let sum = if sign == '+' {
                    base(self) + base(other)
                } else {
                    base(self) - base(other)
                };
                Self {
                    amount: sum / scale,
                    unit,
                    other: None,
                }
            }
            '*' => {
                let (one, two) = (share(self), share(other));
                Self {
                    amount: one.amount * two.amount,
                    unit: one.unit.or(two.unit),
                    other: one.unit.and(two.unit).or(one.other).or(two.other),
                }
            }
            _ => {
                let (one, two) = (share(self), share(other));
                if two.amount == 0.0 {
                    return None;
                }
                if same {
                    Self {
                        amount: self.base() / other.base(),
                        unit: None,
                        other: None,
                    }
                } else {
                    Self {
                        amount: one.amount / two.amount,
                        unit: one.unit,
                        other: None,
                    }
                }
            }
        })
    }

    /// Whether it is what `fact` says, to the places that are written.
    fn comes_to(self, fact: &Fact, is_rounded: bool) -> bool {
        let Some(result) = Self::of(&fact.value) else {
            return false;
        };
        let fits = |unit: Option<Unit>| {
            unit.zip(result.unit)
                .is_some_and(|(one, two)| one.dimension == two.dimension)
        };
        let points = result
            .unit
            .is_some_and(|unit| unit.dimension == Dimension::Point)
            && self
                .unit
                .is_some_and(|unit| unit.dimension == Dimension::Percent);
        let (said, there) = if points {
            (result.base(), self.base())
        } else if result.unit == Some(PERCENT) && self.unit.is_none() {
            (result.amount, self.amount * 100.0)
        } else if let Some(unit) = [self.unit, self.other]
            .into_iter()
            .find(|unit| fits(*unit))
            .flatten()
        {
            let scale = float(result.unit.map_or(1, |unit| unit.scale));
            (result.amount, self.amount * float(unit.scale) / scale)
        } else if result.unit.is_none()
            || self.unit.is_none()
            || result.unit.is_some_and(Unit::counts) && self.unit.is_some_and(Unit::counts)
        {
            (result.amount, self.amount)
        } else {
            return false;
        };
        let places = fact.text.split_once('.').map_or(0, |(_, rest)| {
            rest.bytes().take_while(u8::is_ascii_digit).count()
        });
        let step =
            0.5 * 0.1_f64.powi(i32::try_from(places.min(9)).unwrap_or(9)) * float(fact.factor);
        let tolerance = if is_rounded { step } else { 0.0 };
        (said - there).abs() <= tolerance + said.abs() * 1e-9 + 1e-9
    }
}

struct Parser<'a> {
    tokens: &'a [Place],
    at: usize,
    facts: &'a [Fact],
    is_rounded: bool,
}

impl Parser<'_> {
    /// The value of all tokens, and whether a division makes it one that may be rounded.
    fn whole(mut self) -> Option<(Quantity, bool)> {
        let value = self.sum(0)?;
        (self.at == self.tokens.len()).then_some((value, self.is_rounded))
    }

    fn next(&self) -> Option<Token> {
        self.tokens.get(self.at).map(|place| place.token)
    }

    fn sum(&mut self, depth: usize) -> Option<Quantity> {
        let mut value = self.product(depth)?;
        while let Some(Token::Sign(sign @ ('+' | '-'))) = self.next() {
            self.at += 1;
            let more = self.product(depth)?;
            value = value.with(sign, more)?;
        }
        Some(value)
    }

    fn product(&mut self, depth: usize) -> Option<Quantity> {
        let mut value = self.figure(depth)?;
        while let Some(Token::Sign(sign @ ('*' | '/'))) = self.next() {
            self.at += 1;
            let more = self.figure(depth)?;
            self.is_rounded |= sign == '/' || more.unit == Some(PERCENT);
            value = value.with(sign, more)?;
        }
        Some(value)
    }

    fn figure(&mut self, depth: usize) -> Option<Quantity> {
        let token = self.next()?;
        self.at += 1;
        match token {
            Token::Figure(index) => {
                let fact = self.facts.get(index)?;
                self.is_rounded |= matches!(fact.value, Value::Pair(..));
                Quantity::of(&fact.value)
            }
            Token::Open if depth < 8 => {
                let value = self.sum(depth + 1)?;
                (self.next() == Some(Token::Close)).then(|| self.at += 1)?;
                Some(value)
            }
            _ => None,
        }
    }
}
