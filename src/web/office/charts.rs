//! Charts drawn here, as SVG without text: names, numbers and the same as a table stand around
//! them as HTML, so that they are read at every width and by every reader.

use std::fmt::Write as _;

use super::thousands;

/// Width and height in the units of a drawing, which is stretched to its place.
const SIDE: u64 = 1_000;

/// What is drawn in one colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) struct Series {
    /// Its name.
    pub(in crate::web) word: &'static str,
    /// The class that gives it its colour.
    pub(in crate::web) class: &'static str,
}

/// A bar that lies, with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct Bar {
    pub(in crate::web) word: String,
    pub(in crate::web) value: String,
    /// Of a thousand.
    pub(in crate::web) length: u64,
    pub(in crate::web) class: &'static str,
}

/// A chart with the table of the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Chart {
    pub(in crate::web) id: &'static str,
    pub(in crate::web) title: &'static str,
    pub(in crate::web) series: Vec<Series>,
    /// The drawing; empty where bars lie instead.
    pub(in crate::web) svg: String,
    /// What the upper edge of the drawing stands for.
    pub(in crate::web) top: String,
    /// What stands below its left and right ends.
    pub(in crate::web) ends: Option<(String, String)>,
    pub(in crate::web) bars: Vec<Bar>,
    /// Names of the table's columns, and its rows.
    pub(in crate::web) head: Vec<&'static str>,
    pub(in crate::web) rows: Vec<Vec<String>>,
    pub(in crate::web) note: String,
    pub(in crate::web) is_empty: bool,
}

impl Chart {
    pub(in crate::web) fn has_legend(&self) -> bool {
        self.series.len() > 1
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn opened(id: &str, title: &str, description: &str) -> String {
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 {SIDE} {SIDE}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>\
         <path class=\"grid\" d=\"M0 250H{SIDE}M0 500H{SIDE}M0 750H{SIDE}\"/>",
        escaped(title),
        escaped(description)
    )
}

/// The ends of what is drawn of days.
fn ends(days: &[String]) -> Option<(String, String)> {
    Some((days.first()?.clone(), days.last()?.clone()))
}

/// Amounts of days, one on the other: of each series as many as there are days.
pub(super) fn stacked(
    id: &'static str,
    title: &'static str,
    day_word: &'static str,
    days: &[String],
    parts: &[(Series, Vec<u64>)],
) -> Chart {
    let of = |day: usize| {
        parts
            .iter()
            .map(move |(_, amounts)| amounts.get(day).copied().unwrap_or(0))
    };
    let most = (0..days.len())
        .map(|day| of(day).sum::<u64>())
        .max()
        .unwrap_or(0);
    let words: Vec<&str> = parts.iter().map(|(series, _)| series.word).collect();
    let mut svg = opened(
        id,
        title,
        &format!("{}: {}", words.join(", "), days_words(days)),
    );
    let count = u64::try_from(days.len()).unwrap_or(1).max(1);
    for (number, day) in (0_u64..).zip(days) {
        let index = usize::try_from(number).unwrap_or(0);
        let (from, to) = (number * SIDE / count, (number + 1) * SIDE / count);
        let gap = ((to - from) / 6).max(1);
        let mut below = 0;
        for (series, amount) in parts.iter().map(|(series, _)| series).zip(of(index)) {
            if amount == 0 {
                continue;
            }
            // What is there is seen.
            let height = (amount * SIDE / most.max(1)).max(4).min(SIDE - below);
            below += height;
            let _ = write!(
                svg,
                "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"><title>{} · {} {}</title></rect>",
                series.class,
                from + gap / 2,
                SIDE - below,
                (to - from).saturating_sub(gap).max(1),
                escaped(day),
                escaped(series.word),
                thousands(amount)
            );
        }
    }
    svg.push_str("</svg>");
    let row = |(index, day): (usize, &String)| {
        let cells = of(index).map(thousands);
        std::iter::once(day.clone()).chain(cells).collect()
    };
    Chart {
        id,
        title,
        series: parts.iter().map(|(series, _)| *series).collect(),
        svg,
        top: thousands(most),
        ends: ends(days),
        head: std::iter::once(day_word).chain(words).collect(),
        rows: days.iter().enumerate().map(row).collect(),
        is_empty: most == 0,
        ..Chart::default()
    }
}

fn days_words(days: &[String]) -> String {
    ends(days).map_or_else(String::new, |(from, until)| format!("{from} – {until}"))
}

/// A share of a thousand, for people.
pub(super) fn percent(share: u64) -> String {
    format!("{}.{} %", share / 10, share % 10)
}

/// Shares of a thousand by day; none where there was nothing to share.
pub(super) fn lines(
    id: &'static str,
    title: &'static str,
    day_word: &'static str,
    days: &[String],
    parts: &[(Series, Vec<Option<u64>>)],
) -> Chart {
    let words: Vec<&str> = parts.iter().map(|(series, _)| series.word).collect();
    let mut svg = opened(
        id,
        title,
        &format!("{}: {}", words.join(", "), days_words(days)),
    );
    let count = u64::try_from(days.len()).unwrap_or(1).max(1);
    for (series, shares) in parts {
        let mut path = String::new();
        let mut goes_on = false;
        for (number, share) in (0_u64..).zip(shares) {
            let Some(share) = share else {
                goes_on = false;
                continue;
            };
            let x = (2 * number + 1) * SIDE / (2 * count);
            let y = SIDE - (*share).min(SIDE);
            let step = if goes_on { 'L' } else { 'M' };
            // A point is a line that goes nowhere: its round ends are seen.
            let _ = write!(path, "{step}{x} {y}h0");
            goes_on = true;
        }
        if !path.is_empty() {
            let _ = write!(
                svg,
                "<path class=\"line {}\" vector-effect=\"non-scaling-stroke\" d=\"{path}\"/>",
                series.class
            );
        }
    }
    svg.push_str("</svg>");
    let row = |(index, day): (usize, &String)| {
        let cells = parts.iter().map(|(_, shares)| {
            let share = shares.get(index).copied().flatten();
            share.map_or_else(|| "–".to_owned(), percent)
        });
        std::iter::once(day.clone()).chain(cells).collect()
    };
    let is_known = |shares: &Vec<Option<u64>>| shares.iter().any(Option::is_some);
    Chart {
        id,
        title,
        series: parts.iter().map(|(series, _)| *series).collect(),
        svg,
        top: percent(SIDE),
        ends: ends(days),
        head: std::iter::once(day_word).chain(words).collect(),
        rows: days.iter().enumerate().map(row).collect(),
        is_empty: !parts.iter().any(|(_, shares)| is_known(shares)),
        ..Chart::default()
    }
}

/// How long the bar of an amount is where the longest is that of `most`.
pub(super) fn length(amount: u64, most: u64) -> u64 {
    let length = u128::from(amount) * u128::from(SIDE) / u128::from(most.max(1));
    let length = u64::try_from(length).unwrap_or(SIDE).min(SIDE);
    if amount > 0 { length.max(4) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Series = Series {
        word: "<one>",
        class: "one",
    };
    const TWO: Series = Series {
        word: "two",
        class: "two",
    };

    fn days() -> Vec<String> {
        ["2026-02-27", "2026-02-28", "2026-03-01"]
            .map(str::to_owned)
            .into()
    }

    #[test]
    fn amounts_are_drawn_one_on_the_other_with_the_same_as_a_table() {
        let parts = [(ONE, vec![1, 0, 2]), (TWO, vec![1, 0, 0])];
        let chart = stacked("x", "Questions", "Day", &days(), &parts);
        assert_eq!(chart.svg.matches("<rect").count(), 3);
        assert_eq!(chart.top, "2");
        assert_eq!(chart.rows[0], ["2026-02-27", "1", "1"]);
        assert_eq!(chart.head, ["Day", "<one>", "two"]);
        assert!(chart.svg.contains("role=\"img\"") && chart.svg.contains("<desc"));
        assert!(!chart.svg.contains("<one>") && !chart.svg.contains("style="));
        assert!(!chart.is_empty && chart.has_legend());
        assert!(stacked("x", "", "", &days(), &[(ONE, vec![0; 3])]).is_empty);
        assert!(stacked("x", "", "", &[], &[]).is_empty);
    }

    #[test]
    fn lines_break_where_nothing_is_known() {
        let parts = [(ONE, vec![Some(500), None, Some(1_000)])];
        let chart = lines("x", "Rates", "Day", &days(), &parts);
        assert!(
            chart.svg.contains("d=\"M166 500h0M833 0h0\""),
            "{}",
            chart.svg
        );
        assert_eq!(chart.rows[1], ["2026-02-28", "–"]);
        assert_eq!(chart.rows[2], ["2026-03-01", "100.0 %"]);
        assert!(lines("x", "", "", &days(), &[(ONE, vec![None; 3])]).is_empty);
    }

    #[test]
    fn bars_are_as_long_as_they_say_and_the_least_is_seen() {
        assert_eq!(length(5, 10), 500);
        assert_eq!(length(1, 1_000_000), 4);
        assert_eq!(length(0, 0), 0);
        assert_eq!(length(u64::MAX, u64::MAX), SIDE);
    }
}
