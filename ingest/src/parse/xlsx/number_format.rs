//! The formats of cells: how a sheet writes a number.
//!
//! A format that is not understood shows the number as it is: no figure is ever left out
//! for its format, and none is shown with the rounding errors of its binary form.

mod calendar;
mod decimal;

use calendar::Moment;
use decimal::Decimal;

/// The parts of a format that are read; longer ones are none that people made.
const MAX_CODE: usize = 1_000;
/// Digits that a format may ask for.
const MAX_PLACES: usize = 60;

/// A number as its sheet shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::parse) struct Shown {
    pub(in crate::parse) text: String,
    /// Whether it is a date or a time.
    pub(in crate::parse) is_date: bool,
}

/// A format, such as `#,##0"원";[Red]-#,##0"원"`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::parse) struct Format {
    /// None where the format is not understood.
    sections: Vec<Section>,
    /// How text is shown.
    text: Option<Vec<Token>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Section {
    tokens: Vec<Token>,
    condition: Option<(Comparison, f64)>,
    /// Days and months are written in Korean.
    korean: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Literal(String),
    General,
    /// `0`, `#` or `?`.
    Digit(char),
    Point,
    Comma,
    Percent,
    Slash,
    /// `E+` (true) or `E-`.
    Exponent(bool),
    /// A letter of a date and how often it stands there.
    Date(char, usize),
    /// `[h]`, `[m]`, `[s]`: a span of time.
    Elapsed(char, usize),
    /// `AM/PM` or `A/P`.
    HalfDay(bool),
    Text,
}

impl Format {
    /// A format by its number, where it is one that every workbook knows; as Korean Excel
    /// shows them, with dates in the order of ISO 8601.
    pub(in crate::parse) fn built_in(number: u32) -> Self {
        Self::parse(match number {
            1 => "0",
            2 => "0.00",
            3 | 5 | 6 | 37 | 38 | 41 | 42 => "#,##0",
            4 | 7 | 8 | 39 | 40 | 43 | 44 => "#,##0.00",
            9 => "0%",
            10 => "0.00%",
            11 => "0.00E+00",
            12 => "# ?/?",
            13 => "# ??/??",
            14 | 30 | 34 | 35 | 52 | 53 | 55 | 56 => "yyyy-mm-dd",
            15 => "d-mmm-yy",
            16 => "d-mmm",
            17 => "mmm-yy",
            18 => "h:mm AM/PM",
            19 => "h:mm:ss AM/PM",
            20 => "h:mm",
            21 => "h:mm:ss",
            22 => "yyyy-mm-dd h:mm",
            27 | 36 | 50 | 57 => "yyyy\"年\" mm\"月\" dd\"日\"",
            28 | 29 | 51 | 54 | 58 => "mm-dd",
            31 => "yyyy\"년\" mm\"월\" dd\"일\"",
            32 => "h\"시\" mm\"분\"",
            33 => "h\"시\" mm\"분\" ss\"초\"",
            45 => "mm:ss",
            46 => "[h]:mm:ss",
            47 => "mm:ss.0",
            48 => "##0.0E+0",
            49 => "@",
            _ => "General",
        })
    }

    pub(in crate::parse) fn parse(code: &str) -> Self {
        let mut format = Self::default();
        if code.len() > MAX_CODE {
            return format;
        }
        let mut sections = Vec::new();
        for part in split(code) {
            match section(&part) {
                Some(section) => sections.push(section),
                // Not understood: numbers are shown as they are.
                None => return Self::default(),
            }
        }
        let text = |section: &Section| section.tokens.contains(&Token::Text);
        if sections.len() == 4 || sections.last().is_some_and(text) {
            format.text = sections.pop().map(|section| section.tokens);
        }
        format.sections = sections;
        format
    }

    /// Text in a cell of this format: `@"님"` adds to it.
    pub(in crate::parse) fn show_text(&self, value: &str) -> String {
        match &self.text {
            Some(tokens) if tokens.contains(&Token::Text) => tokens
                .iter()
                .map(|token| match token {
                    Token::Text => value,
                    Token::Literal(text) => text,
                    _ => "",
                })
                .collect(),
            _ => value.to_owned(),
        }
    }

    /// A number in a cell of this format; `since_1904` says from when its days are counted.
    pub(in crate::parse) fn show(&self, value: f64, since_1904: bool) -> Shown {
        self.section(value)
            .and_then(|(section, value)| section.show(value, since_1904))
            .unwrap_or_else(|| Shown {
                text: general(value),
                is_date: false,
            })
    }

    /// The section for a value, and the value as that section shows it.
    fn section(&self, value: f64) -> Option<(&Section, f64)> {
        let conditional = self
            .sections
            .iter()
            .any(|section| section.condition.is_some());
        if conditional {
            let found = self.sections.iter().find(|section| {
                section
                    .condition
                    .is_none_or(|(comparison, limit)| comparison.holds(value, limit))
            })?;
            let only_negative = matches!(
                found.condition,
                Some((Comparison::Less, limit)) if limit <= 0.0
            ) || matches!(
                found.condition,
                Some((Comparison::LessOrEqual, limit)) if limit < 0.0
            );
            return Some((found, if only_negative { value.abs() } else { value }));
        }
        let at = match self.sections.len() {
            0 => return None,
            1 => return Some((&self.sections[0], value)),
            2 => usize::from(value < 0.0),
            _ if value == 0.0 => 2,
            _ => usize::from(value < 0.0),
        };
        Some((&self.sections[at], value.abs()))
    }
}

impl Comparison {
    #[expect(clippy::float_cmp, reason = "it is what the format asks for")]
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::LessOrEqual => value <= limit,
            Self::Equal => value == limit,
            Self::NotEqual => value != limit,
            Self::Greater => value > limit,
            Self::GreaterOrEqual => value >= limit,
        }
    }
}

/// The sections of a format, divided by `;` outside quotes.
fn split(code: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut bracket, mut escaped) = (false, false, false);
    for char in code.chars() {
        if char == ';' && !quoted && !bracket && !escaped {
            parts.push(String::new());
            continue;
        }
        if !escaped && !bracket && char == '"' {
            quoted = !quoted;
        }
        if !escaped && !quoted {
            bracket = match char {
                '[' => true,
                ']' => false,
                _ => bracket,
            };
        }
        escaped = !escaped && !quoted && matches!(char, '\\' | '_' | '*');
        if let Some(part) = parts.last_mut() {
            part.push(char);
        }
    }
    parts
}

/// A section; `None` where it is not understood.
fn section(code: &str) -> Option<Section> {
    let mut section = Section::default();
    let mut chars = code.chars().peekable();
    let literal = |section: &mut Section, text: &str| match section.tokens.last_mut() {
        Some(Token::Literal(last)) => last.push_str(text),
        _ => section.tokens.push(Token::Literal(text.to_owned())),
    };
    while let Some(char) = chars.next() {
        match char {
            '"' => {
                let text: String = chars.by_ref().take_while(|char| *char != '"').collect();
                literal(&mut section, &won(&text));
            }
            '\\' => {
                let text = chars.next()?.to_string();
                literal(&mut section, &won(&text));
            }
            // Room as wide as the next character.
            '_' => {
                chars.next();
                literal(&mut section, " ");
            }
            // Fills the cell with the next character.
            '*' => {
                chars.next();
            }
            '[' => {
                let text: String = chars.by_ref().take_while(|char| *char != ']').collect();
                section.bracket(&text)?;
            }
            '0' | '#' | '?' => section.tokens.push(Token::Digit(char)),
            '.' => section.tokens.push(Token::Point),
            ',' => section.tokens.push(Token::Comma),
            '%' => section.tokens.push(Token::Percent),
            '/' => section.tokens.push(Token::Slash),
            '@' => section.tokens.push(Token::Text),
            'E' | 'e' if matches!(chars.peek(), Some('+' | '-')) => {
                let plus = chars.next() == Some('+');
                section.tokens.push(Token::Exponent(plus));
            }
            'G' if code.contains("General") => {
                for expected in "eneral".chars() {
                    if chars.next() != Some(expected) {
                        return None;
                    }
                }
                section.tokens.push(Token::General);
            }
            'A' | 'a' if starts_with(&chars, "m/pm") => {
                chars.nth(3);
                section.tokens.push(Token::HalfDay(true));
            }
            'A' | 'a' if starts_with(&chars, "/p") => {
                chars.nth(1);
                section.tokens.push(Token::HalfDay(false));
            }
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' | 'e' | 'a' | 'A' | 'b'
            | 'B' => {
                let mut count = 1;
                while chars
                    .next_if(|next| next.eq_ignore_ascii_case(&char))
                    .is_some()
                {
                    count += 1;
                }
                let letter = char.to_ascii_lowercase();
                if letter == 'a' && count < 3 {
                    return None;
                }
                section.tokens.push(Token::Date(letter, count));
            }
            char if char.is_ascii_alphabetic() => return None,
            char => literal(&mut section, char.encode_utf8(&mut [0; 4])),
        }
    }
    section.mark_minutes();
    Some(section)
}

/// On Korean computers the sign of the won is where others have the backslash.
fn won(text: &str) -> String {
    if text == "\\" { "₩" } else { text }.to_owned()
}

fn starts_with(chars: &std::iter::Peekable<std::str::Chars<'_>>, text: &str) -> bool {
    let mut chars = chars.clone();
    text.chars().all(|char| {
        chars
            .next()
            .is_some_and(|next| next.eq_ignore_ascii_case(&char))
    })
}

impl Section {
    /// What stands in brackets: a color, a condition, a currency, a span of time.
    fn bracket(&mut self, text: &str) -> Option<()> {
        if let Some(currency) = text.strip_prefix('$') {
            let (sign, locale) = currency.rsplit_once('-').unwrap_or((currency, ""));
            self.korean |= locale.to_ascii_lowercase().ends_with("412");
            if !sign.is_empty() {
                self.tokens.push(Token::Literal(won(sign)));
            }
            return Some(());
        }
        let first = text.chars().next()?;
        if matches!(first, '<' | '>' | '=') {
            let number = text.trim_start_matches(['<', '>', '=']);
            let comparison = match &text[..text.len() - number.len()] {
                "<" => Comparison::Less,
                "<=" => Comparison::LessOrEqual,
                "=" => Comparison::Equal,
                "<>" => Comparison::NotEqual,
                ">" => Comparison::Greater,
                ">=" => Comparison::GreaterOrEqual,
                _ => return None,
            };
            self.condition = Some((comparison, number.trim().parse().ok()?));
            return Some(());
        }
        let letter = first.to_ascii_lowercase();
        if matches!(letter, 'h' | 'm' | 's')
            && text.chars().all(|char| char.eq_ignore_ascii_case(&first))
        {
            self.tokens.push(Token::Elapsed(letter, text.len()));
        }
        // Colors and the like change nothing that is read.
        Some(())
    }

    /// `m` is a minute behind hours and before seconds, and else a month. Minutes become `i`.
    fn mark_minutes(&mut self) {
        let mut hours = false;
        let mut open: Option<usize> = None;
        for at in 0..self.tokens.len() {
            match self.tokens[at] {
                Token::Date('h', _) | Token::Elapsed('h', _) => {
                    hours = true;
                    open = None;
                }
                Token::Date('m', count) if count <= 2 => {
                    if hours {
                        self.tokens[at] = Token::Date('i', count);
                        hours = false;
                    }
                    open = Some(at);
                }
                Token::Date('s', _) | Token::Elapsed('s', _) => {
                    if let Some(minute) = open.take()
                        && let Token::Date(letter, _) = &mut self.tokens[minute]
                    {
                        *letter = 'i';
                    }
                    hours = false;
                }
                Token::Date(..) | Token::Elapsed(..) => {
                    hours = false;
                    open = None;
                }
                _ => {}
            }
        }
    }

    fn show(&self, value: f64, since_1904: bool) -> Option<Shown> {
        if self
            .tokens
            .iter()
            .any(|token| matches!(token, Token::Date(..) | Token::Elapsed(..)))
        {
            return Some(Shown {
                text: self.show_date(value, since_1904)?,
                is_date: true,
            });
        }
        let has = |token: fn(&Token) -> bool| self.tokens.iter().any(token);
        let text = if has(|token| matches!(token, Token::General | Token::Text)) {
            self.around(&general(value.abs()), value < 0.0)
        } else if !has(|token| matches!(token, Token::Digit(_))) {
            // Nothing but literal text, or nothing at all: the number is hidden.
            self.around("", false)
        } else if has(|token| matches!(token, Token::Slash)) {
            self.show_fraction(value)?
        } else {
            self.show_number(value)?
        };
        Some(Shown {
            text,
            is_date: false,
        })
    }

    /// The literal text of the section, with `number` where the first other token stands.
    fn around(&self, number: &str, negative: bool) -> String {
        let mut text = String::from(if negative { "-" } else { "" });
        let mut number = Some(number);
        for token in &self.tokens {
            match token {
                Token::Literal(literal) => text.push_str(literal),
                Token::General | Token::Text | Token::Digit(_) => {
                    text.push_str(number.take().unwrap_or_default());
                }
                Token::Percent => text.push('%'),
                _ => {}
            }
        }
        text
    }

    fn show_date(&self, value: f64, since_1904: bool) -> Option<String> {
        let places = self
            .tokens
            .iter()
            .skip_while(|token| !matches!(token, Token::Point))
            .filter(|token| matches!(token, Token::Digit('0')))
            .count()
            .min(3);
        let moment = Moment::of(value, since_1904, places)?;
        let twelve = self
            .tokens
            .iter()
            .any(|token| matches!(token, Token::HalfDay(_)));
        let mut text = String::new();
        let mut digits = 0;
        for token in &self.tokens {
            match token {
                Token::Literal(literal) => text.push_str(literal),
                Token::Point => text.push('.'),
                Token::Comma => text.push(','),
                Token::Slash => text.push('/'),
                Token::Digit('0') if digits < places => {
                    text.push_str(&moment.fraction_digit(digits, places));
                    digits += 1;
                }
                Token::Date(letter, count) => {
                    text.push_str(&moment.part(*letter, *count, twelve, self.korean)?);
                }
                Token::Elapsed(letter, count) => {
                    text.push_str(&moment.elapsed(*letter, *count));
                }
                Token::HalfDay(long) => {
                    let half = match (moment.is_morning(), self.korean) {
                        (true, true) => "오전",
                        (false, true) => "오후",
                        (true, false) => "AM",
                        (false, false) => "PM",
                    };
                    text.push_str(if *long || self.korean {
                        half
                    } else {
                        &half[..1]
                    });
                }
                Token::Digit(_)
                | Token::Percent
                | Token::Exponent(_)
                | Token::General
                | Token::Text => return None,
            }
        }
        Some(text)
    }

    /// A number with its digits where the format has them.
    fn show_number(&self, value: f64) -> Option<String> {
        let digit = |token: &Token| matches!(token, Token::Digit(_));
        let first = self.tokens.iter().position(digit)?;
        let exponent = self
            .tokens
            .iter()
            .position(|token| matches!(token, Token::Exponent(_)));
        let mantissa_end = exponent.unwrap_or(self.tokens.len());
        let point = self.tokens[..mantissa_end]
            .iter()
            .position(|token| matches!(token, Token::Point));
        let whole_end = point.unwrap_or(mantissa_end);
        let last_whole = self.tokens[..whole_end].iter().rposition(digit);
        let last = self.tokens[..mantissa_end].iter().rposition(digit)?;
        let grouped = last_whole.is_some_and(|last| {
            self.tokens[first..last]
                .iter()
                .any(|token| matches!(token, Token::Comma))
        });
        // Commas behind the last digit, before the point or at the end, divide by a thousand each.
        let commas = |at: usize| {
            self.tokens[at + 1..]
                .iter()
                .take_while(|token| matches!(token, Token::Comma))
                .count()
        };
        let thousands = commas(last) + last_whole.filter(|whole| *whole != last).map_or(0, commas);
        let percents = self
            .tokens
            .iter()
            .filter(|token| matches!(token, Token::Percent))
            .count();
        let places = point.map_or(0, |point| {
            self.tokens[point..mantissa_end]
                .iter()
                .filter(|token| digit(token))
                .count()
        });
        if places > MAX_PLACES || self.tokens.len() > MAX_CODE {
            return None;
        }
        let mut number = Decimal::of(value.abs())?;
        number.shift(2 * i32::try_from(percents).ok()? - 3 * i32::try_from(thousands).ok()?);
        let mut power = 0;
        if exponent.is_some() {
            let wholes = self.tokens[..whole_end]
                .iter()
                .filter(|token| digit(token))
                .count();
            power = number.scale_to(i32::try_from(wholes).ok()?.max(1), places);
        }
        let (whole, fraction) = number.round(places);
        let zero = whole.is_empty() && fraction.bytes().all(|byte| byte == b'0');
        let mut text = String::new();
        if value < 0.0 && !zero {
            text.push('-');
        }
        text.push_str(&Self::whole(&self.tokens[..whole_end], &whole, grouped));
        text.push_str(&decimals(&self.tokens[whole_end..mantissa_end], &fraction));
        if let Some(at) = exponent {
            let places = self.tokens[at..]
                .iter()
                .filter(|token| digit(token))
                .count();
            let plus = self.tokens[at] == Token::Exponent(true);
            text.push('E');
            if power < 0 {
                text.push('-');
            } else if plus {
                text.push('+');
            }
            let power = power.unsigned_abs().to_string();
            text.extend(std::iter::repeat_n(
                '0',
                places.min(MAX_PLACES).saturating_sub(power.len()),
            ));
            text.push_str(&power);
            for token in &self.tokens[at..] {
                match token {
                    Token::Literal(literal) => text.push_str(literal),
                    Token::Percent => text.push('%'),
                    _ => {}
                }
            }
        }
        Some(text)
    }

    /// Digits before the point, from the right into the places; the first place takes all
    /// that is left.
    fn whole(tokens: &[Token], digits: &str, grouped: bool) -> String {
        let mut places = tokens
            .iter()
            .filter(|token| matches!(token, Token::Digit(_)))
            .count();
        let mut left: Vec<char> = digits.chars().collect();
        let mut written = 0;
        // From the right, each piece on its own.
        let mut pieces: Vec<String> = Vec::new();
        let mut put = |pieces: &mut Vec<String>, char: char| {
            if grouped && written > 0 && written % 3 == 0 {
                pieces.push(",".to_owned());
            }
            written += 1;
            pieces.push(char.to_string());
        };
        for token in tokens.iter().rev() {
            match token {
                Token::Digit(kind) => {
                    places -= 1;
                    match left.pop() {
                        Some(char) => put(&mut pieces, char),
                        None if *kind == '0' => put(&mut pieces, '0'),
                        None => {}
                    }
                    if places == 0 {
                        while let Some(char) = left.pop() {
                            put(&mut pieces, char);
                        }
                    }
                }
                Token::Literal(text) => pieces.push(text.clone()),
                Token::Percent => pieces.push("%".to_owned()),
                _ => {}
            }
        }
        if places == 0 && !left.is_empty() {
            // A format such as `.00` has no place for them.
            pieces.extend(left.iter().rev().map(char::to_string));
        }
        pieces.reverse();
        pieces.concat()
    }

    /// A number as a whole and a fraction, such as `1 1/2`.
    fn show_fraction(&self, value: f64) -> Option<String> {
        let slash = self
            .tokens
            .iter()
            .position(|token| matches!(token, Token::Slash))?;
        let digit = |token: &Token| matches!(token, Token::Digit(_));
        let size = |tokens: &[Token]| {
            tokens
                .iter()
                .take_while(|token| matches!(token, Token::Digit(_) | Token::Literal(_)))
                .filter(|token| digit(token))
                .count()
        };
        let fixed: String = self.tokens[slash + 1..]
            .iter()
            .map_while(|token| match token {
                Token::Literal(text) => Some(text.trim()),
                Token::Digit('0') => Some("0"),
                _ => None,
            })
            .collect();
        let numerator = self.tokens[..slash]
            .iter()
            .rev()
            .take_while(|token| digit(token))
            .count();
        let before = &self.tokens[..slash - numerator];
        let mixed = before.iter().any(digit);
        let value = Decimal::of(value)?.value();
        let whole = if mixed { value.abs().trunc() } else { 0.0 };
        let rest = value.abs() - whole;
        let (top, bottom) = match fixed.parse::<u32>() {
            Ok(bottom) if bottom > 0 => ((rest * f64::from(bottom)).round(), f64::from(bottom)),
            _ => {
                let places = u32::try_from(size(&self.tokens[slash + 1..])).ok()?;
                decimal::nearest_fraction(rest, 10_u32.pow(places.clamp(1, 4)) - 1)
            }
        };
        let (whole, top) = if mixed && top >= bottom {
            (whole + 1.0, top - bottom)
        } else {
            (whole, top)
        };
        let sign = if value < 0.0 { "-" } else { "" };
        Some(if top == 0.0 && mixed {
            format!("{sign}{whole}")
        } else if whole == 0.0 {
            format!("{sign}{top}/{bottom}")
        } else {
            format!("{sign}{whole} {top}/{bottom}")
        })
    }
}

/// The point and what stands behind it.
fn decimals(tokens: &[Token], digits: &str) -> String {
    let mut text = String::new();
    let mut digits = digits.chars();
    let mut point = false;
    for token in tokens {
        match token {
            Token::Point => point = true,
            Token::Digit(kind) => {
                let char = digits.next().unwrap_or('0');
                let rest_is_zero = char == '0' && digits.as_str().bytes().all(|byte| byte == b'0');
                if *kind == '0' || !rest_is_zero {
                    if std::mem::take(&mut point) {
                        text.push('.');
                    }
                    text.push(char);
                }
            }
            Token::Literal(literal) => text.push_str(literal),
            Token::Percent => text.push('%'),
            _ => {}
        }
    }
    text
}

/// A number as a cell without a format shows it: ten digits, or whole numbers in full.
pub(in crate::parse) fn general(value: f64) -> String {
    Decimal::of(value).map_or_else(|| value.to_string(), |number| number.general())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, value: f64, expected: &str) {
        assert_eq!(
            Format::parse(code).show(value, false).text,
            expected,
            "{code}"
        );
    }

    #[test]
    fn amounts_are_written_as_their_formats_say() {
        check("#,##0", 1_234_567.0, "1,234,567");
        check("#,##0", 0.4, "0");
        check("#,##0\"원\"", 35_000.0, "35,000원");
        check("[$₩-412]#,##0;[Red]-[$₩-412]#,##0", -1_500.0, "-₩1,500");
        check("\"\\\"#,##0", 1_500.0, "₩1,500");
        check(
            "_-\"₩\"* #,##0_-;-\"₩\"* #,##0_-;_-\"₩\"* \"-\"_-;_-@_-",
            12.5,
            " ₩13 ",
        );
        check(
            "_-\"₩\"* #,##0_-;-\"₩\"* #,##0_-;_-\"₩\"* \"-\"_-;_-@_-",
            0.0,
            " ₩- ",
        );
        check("#,##0_);(#,##0)", -12.0, "(12)");
        check("#,##0,\"천원\"", 1_234_567.0, "1,235천원");
        check("0.0,,\"백만\"", 12_345_678.0, "12.3백만");
        check("0.00", 2.675, "2.68");
        check("0.00", -0.001, "0.00");
        check("0.##", 1.5, "1.5");
        check(".00", 12.5, "12.50");
        check("0%", 0.125, "13%");
        check("0.0%", -0.03, "-3.0%");
        check("00000", 42.0, "00042");
        check("000-0000-0000", 1_012_345_678.0, "010-1234-5678");
        check("[>=1000]#,##0\"천\";0", 5.0, "5");
        check("[>=1000]#,##0,\"천\";0", 52_000.0, "52천");
        check("0.00E+00", 123_456.0, "1.23E+05");
        check("0.0E+0", 9.99, "1.0E+1");
        check("##0.0E+0", 123_456.0, "123.5E+3");
        check("# ?/?", 1.5, "1 1/2");
        check("# ??/??", -0.3125, "-5/16");
        check("0;0;", 0.0, "");
    }

    #[test]
    fn dates_and_times_are_written_as_their_formats_say() {
        check("yyyy-mm-dd", 45_352.0, "2024-03-01");
        check("yyyy\"년\" m\"월\" d\"일\"", 45_352.0, "2024년 3월 1일");
        check(
            "[$-412]yyyy\"년\" m\"월\" d\"일\" dddd;@",
            45_352.0,
            "2024년 3월 1일 금요일",
        );
        check("yyyy-mm-dd(aaa)", 45_352.0, "2024-03-01(금)");
        check("d-mmm-yy", 45_352.0, "1-Mar-24");
        check(
            "yyyy-mm-dd hh:mm:ss",
            45_352.999_999_999,
            "2024-03-02 00:00:00",
        );
        check("h:mm", 0.5 + 5.0 / 1440.0, "12:05");
        check("[$-412]AM/PM h:mm", 0.75, "오후 6:00");
        check("h:mm AM/PM", 0.0, "12:00 AM");
        check("[h]:mm:ss", 1.5, "36:00:00");
        check("mm:ss.0", 0.001_157_407, "01:40.0");
        check("yyyy-mm-dd", 1.0, "1900-01-01");
        check("yyyy-mm-dd", 60.0, "1900-02-29");
        check("yyyy-mm-dd", 61.0, "1900-03-01");
        let shown = Format::built_in(14).show(0.0, true);
        assert_eq!((shown.text.as_str(), shown.is_date), ("1904-01-01", true));
        assert_eq!(Format::built_in(14).show(1_462.0, true).text, "1908-01-02");
    }

    #[test]
    fn what_is_no_date_or_format_is_a_plain_number() {
        check("yyyy-mm-dd", -1.0, "-1");
        check("yyyy-mm-dd", 1e9, "1000000000");
        check("bogus", 15.000_000_000_000_002, "15");
        check("General", 0.1 + 0.2, "0.3");
        check("General\"개\"", 3.0, "3개");
        check("General", 8_801_234_567_890.0, "8801234567890");
        check("General", 1.0 / 3.0, "0.333333333");
        check("General", 1e20, "1E+20");
        check("General", 0.000_012_345, "1.2345E-05");
        check("General", -0.0, "0");
        check(&"0".repeat(2_000), 1.0, "1");
        check(&format!("0.{}", "0".repeat(500)), 1.0, "1");
        assert_eq!(Format::parse("@\"님\"").show_text("김민아"), "김민아님");
        assert_eq!(Format::parse("0;0;0;").show_text("글"), "글");
    }

    proptest::proptest! {
        #[test]
        fn no_format_ends_the_reader(code in "[ymdhs0#?.,%E+@;AaPp/\\[\\]\"원 -]{0,12}", value in proptest::prelude::any::<f64>()) {
            let _ = Format::parse(&code).show(value, false);
        }
    }
}
