//! Days and seconds as dates and times.

/// The last day of the year 9999.
const LAST_DAY: i64 = 2_958_465;
const SECONDS: i64 = 86_400;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [(&str, &str); 7] = [
    ("Sunday", "일"),
    ("Monday", "월"),
    ("Tuesday", "화"),
    ("Wednesday", "수"),
    ("Thursday", "목"),
    ("Friday", "금"),
    ("Saturday", "토"),
];

/// A date with a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    year: i64,
    month: usize,
    day: i64,
    weekday: usize,
    /// Since the first day that the workbook counts.
    seconds: i64,
    /// Thousandths of a second and the like, as many as were asked for.
    fraction: i64,
}

impl Moment {
    /// The moment of a day number, rounded to seconds with so many `places`; `None` where a
    /// sheet shows no date.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is checked to be in range"
    )]
    pub(super) fn of(value: f64, since_1904: bool, places: usize) -> Option<Self> {
        if !(0.0..2_958_466.0).contains(&value) {
            return None;
        }
        let unit = 10_i64.pow(u32::try_from(places.min(3)).ok()?);
        let units = (value * 86_400.0 * f64::from(i32::try_from(unit).ok()?)).round() as i64;
        let seconds = units.div_euclid(unit);
        let serial = seconds.div_euclid(SECONDS);
        if serial > LAST_DAY {
            return None;
        }
        // Days since 1970.
        let days = match serial {
            serial if since_1904 => serial - 24_107,
            61.. => serial - 25_569,
            serial => serial - 25_568,
        };
        let (year, month, day) = match serial {
            // There was no such day, but Excel counts it.
            60 if !since_1904 => (1900, 2, 29),
            0 if !since_1904 => (1900, 1, 0),
            _ => civil(days),
        };
        Some(Self {
            year,
            month,
            day,
            weekday: usize::try_from((days + 4).rem_euclid(7)).ok()?,
            seconds,
            fraction: units.rem_euclid(unit),
        })
    }

    pub(super) fn is_morning(&self) -> bool {
        self.seconds.rem_euclid(SECONDS) < SECONDS / 2
    }

    pub(super) fn fraction_digit(&self, at: usize, places: usize) -> String {
        let digits = format!("{:0places$}", self.fraction);
        digits.get(at..=at).unwrap_or("0").to_owned()
    }

    /// What a letter of a format, so many times, stands for; `i` are minutes.
    pub(super) fn part(
        &self,
        letter: char,
        count: usize,
        twelve: bool,
        korean: bool,
    ) -> Option<String> {
        let of_day = self.seconds.rem_euclid(SECONDS);
        let plain = |number: i64| match count {
            1 => Some(number.to_string()),
            2 => Some(format!("{number:02}")),
            _ => None,
        };
        match (letter, count) {
            ('y', 1 | 2) => Some(format!("{:02}", self.year % 100)),
            ('y' | 'e', _) => Some(self.year.to_string()),
            ('b', _) => Some((self.year + 543).to_string()),
            ('m', 3 | 4) if korean => Some(format!("{}월", self.month)),
            ('m', 3..=5) => {
                let name = MONTHS[self.month - 1];
                let end = match count {
                    3 => 3,
                    5 => 1,
                    _ => name.len(),
                };
                Some(name[..end].to_owned())
            }
            ('m', _) => plain(i64::try_from(self.month).ok()?),
            ('d' | 'a', 3 | 4) => {
                let (english, hangul) = DAYS[self.weekday];
                Some(match (letter == 'a' || korean, count) {
                    (true, 3) => hangul.to_owned(),
                    (true, _) => format!("{hangul}요일"),
                    (false, 3) => english[..3].to_owned(),
                    (false, _) => english.to_owned(),
                })
            }
            ('d', _) => plain(self.day),
            ('h', _) => {
                let hour = of_day / 3600;
                plain(if twelve { (hour + 11) % 12 + 1 } else { hour })
            }
            ('i', _) => plain(of_day / 60 % 60),
            ('s', _) => plain(of_day % 60),
            _ => None,
        }
    }

    /// All hours, minutes or seconds.
    pub(super) fn elapsed(&self, letter: char, count: usize) -> String {
        let number = match letter {
            'h' => self.seconds / 3600,
            'm' => self.seconds / 60,
            _ => self.seconds,
        };
        let width = count.min(10);
        format!("{number:0width$}")
    }
}

/// Year, month and day of a number of days since 1970 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, usize, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, usize::try_from(month).unwrap_or(1), day)
}
