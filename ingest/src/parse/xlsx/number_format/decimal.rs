//! Numbers as the fifteen digits that a sheet keeps of them, rounded as people round.

/// Digits of a number: 0.`digits` times ten to the power of `point`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decimal {
    negative: bool,
    /// The values 0 to 9, without zeros at the ends; none for 0.
    digits: Vec<u8>,
    point: i32,
}

/// Digits that a cell without a format shows of a number that is not whole.
const GENERAL_DIGITS: i32 = 10;
/// Whole numbers are written in full up to this many digits.
const WHOLE_DIGITS: i32 = 15;

impl Decimal {
    /// `None` for what is no number.
    pub(super) fn of(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let text = format!("{:.14e}", value.abs());
        let (mantissa, exponent) = text.split_once('e')?;
        let mut digits: Vec<u8> = mantissa
            .bytes()
            .filter(u8::is_ascii_digit)
            .map(|byte| byte - b'0')
            .collect();
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Some(Self {
            negative: value < 0.0,
            point: if digits.is_empty() {
                0
            } else {
                exponent.parse::<i32>().ok()? + 1
            },
            digits,
        })
    }

    /// The number that the digits stand for.
    pub(super) fn value(&self) -> f64 {
        let digits: String = self
            .digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}0.{digits}0e{}", self.point)
            .parse()
            .unwrap_or(0.0)
    }

    /// Multiplies by ten to the power of `places`.
    pub(super) fn shift(&mut self, places: i32) {
        if !self.digits.is_empty() {
            self.point += places;
        }
    }

    /// Shifts so that `wholes` digits (or, of several, at most so many) stand before the
    /// point once it is rounded; the power of ten that this takes.
    pub(super) fn scale_to(&mut self, wholes: i32, places: usize) -> i32 {
        let mut power = 0;
        // Rounding may add a digit: 9.99 becomes 10.0.
        for _ in 0..2 {
            if self.digits.is_empty() {
                return power;
            }
            let by = (self.point - 1).div_euclid(wholes) * wholes;
            self.shift(-by);
            power += by;
            let (whole, _) = self.round(places);
            if i32::try_from(whole.len()).unwrap_or(i32::MAX) > wholes {
                self.digits = vec![1];
                self.point = wholes + 1;
            }
        }
        power
    }

    /// The digits before the point (none for 0) and the `places` behind it.
    pub(super) fn round(&self, places: usize) -> (String, String) {
        let places_signed = i32::try_from(places).unwrap_or(i32::MAX);
        let keep = self.point.saturating_add(places_signed);
        if keep < 0 || self.digits.is_empty() {
            return (String::new(), "0".repeat(places));
        }
        let keep = usize::try_from(keep).unwrap_or(0);
        let mut digits = self.digits.clone();
        let up = digits.get(keep).is_some_and(|digit| *digit >= 5);
        digits.resize(keep, 0);
        let mut point = self.point;
        if up {
            let mut at = digits.len();
            loop {
                if at == 0 {
                    digits.insert(0, 1);
                    point += 1;
                    break;
                }
                at -= 1;
                if digits[at] < 9 {
                    digits[at] += 1;
                    break;
                }
                digits[at] = 0;
            }
        }
        let text: String = digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        if point <= 0 {
            let zeros = usize::try_from(-point).unwrap_or(0);
            let fraction: String = std::iter::repeat_n('0', zeros)
                .chain(text.chars())
                .take(places)
                .collect();
            return (String::new(), fraction);
        }
        let (whole, fraction) = text.split_at(text.len() - places.min(text.len()));
        (whole.to_owned(), fraction.to_owned())
    }

    /// As a cell without a format shows it.
    pub(super) fn general(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let count = i32::try_from(self.digits.len()).unwrap_or(i32::MAX);
        if self.digits.is_empty() {
            return "0".to_owned();
        }
        if self.point >= count && self.point <= WHOLE_DIGITS {
            return format!("{sign}{}", self.round(0).0);
        }
        if !(-3..=WHOLE_DIGITS).contains(&self.point) {
            let mut scaled = self.clone();
            let power = scaled.scale_to(1, 5);
            let (whole, fraction) = scaled.round(5);
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            let mark = if power < 0 { '-' } else { '+' };
            return format!(
                "{sign}{whole}{point}{fraction}E{mark}{:02}",
                power.unsigned_abs()
            );
        }
        let places = usize::try_from((GENERAL_DIGITS - self.point.max(1)).max(0)).unwrap_or(0);
        let (whole, fraction) = self.round(places);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        let whole = if whole.is_empty() { "0" } else { &whole };
        format!("{sign}{whole}{point}{fraction}")
    }
}

/// The fraction with at most `limit` below that is nearest to a number from 0 to 1.
pub(super) fn nearest_fraction(value: f64, limit: u32) -> (f64, f64) {
    let mut best = (0.0, 1.0);
    let mut error = f64::INFINITY;
    for bottom in 1..=limit {
        let bottom = f64::from(bottom);
        let top = (value * bottom).round();
        let distance = (value - top / bottom).abs();
        if distance < error - 1e-12 {
            (best, error) = ((top, bottom), distance);
        }
    }
    best
}
