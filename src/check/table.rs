//! Rows of tables, read with the header that they stand under.
//!
//! `표준액 | 2℃ | 14일` says nothing alone. With the row above it is
//! `약품: 표준액, 보관 온도: 2℃, 사용 기한: 14일`, which a verifier reads as the sentence that it is.

use ingest::Span;

use super::facts::{self, cells, is_header, is_row, is_year};
use crate::ask::Passage;

/// For each sentence of a passage that is a row of a table, the sentence that is its header.
pub(crate) fn headers(passage: &Passage) -> Vec<Option<usize>> {
    let text = &passage.text;
    let mut headers = Vec::with_capacity(passage.sentences.len());
    // The header of the table that is being read, if it has one, and how many columns.
    let mut table: Option<Option<(usize, usize)>> = None;
    // The line that sentences are being read of.
    let mut line = 0..0;
    let mut in_row = false;
    for (index, span) in passage.sentences.iter().enumerate() {
        if span.start >= line.end {
            line = lines_of(text, span);
            in_row = is_row(&text[line.clone()]);
        }
        if !in_row {
            table = None;
            headers.push(None);
            continue;
        }
        let is_whole = text[line.clone()].trim() == text[span.clone()].trim();
        let columns = if is_whole {
            cells(&text[line.clone()])
        } else {
            Vec::new()
        };
        match table {
            None => {
                table = Some(is_header(&columns).then_some((index, columns.len())));
                headers.push(None);
            }
            Some(header) => headers.push(
                header
                    .filter(|(_, own)| *own == columns.len())
                    .map(|(index, _)| index),
            ),
        }
    }
    headers
}

/// The lines that a part of a text stands in.
pub(super) fn lines_of(text: &str, span: &Span) -> Span {
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let last = span.start + text[span.clone()].trim_end().len();
    let end = text[last..].find('\n').map_or(text.len(), |at| last + at);
    start..end
}

/// Rows with the names of their columns. The header itself, a line of its own, is left out.
pub(crate) fn with_header(header: &str, rows: &str) -> String {
    let names = cells(header);
    let mut read = String::new();
    for line in rows.lines().filter(|line| line.trim() != header.trim()) {
        let row = cells(line);
        if line.trim().is_empty() || is_rule(&row) {
            continue;
        }
        if !read.is_empty() {
            read.push('\n');
        }
        read.push_str(&named(&names, &row));
    }
    read
}

fn named(names: &[String], row: &[String]) -> String {
    let of_row = row.first().and_then(|label| unit(label));
    let named = names
        .iter()
        .zip(row)
        .enumerate()
        .filter(|(_, (_, cell))| !cell.is_empty())
        .map(|(column, (name, cell))| {
            let of_row = of_row.filter(|_| !is_year(cell));
            let unit = unit(name)
                .or(of_row)
                .filter(|_| column > 0 && is_bare(cell));
            let cell = unit.map_or_else(|| cell.clone(), |unit| with_unit(cell, unit));
            if name.is_empty() {
                cell
            } else {
                format!("{name}: {cell}")
            }
        });
    named.collect::<Vec<_>>().join(", ")
}

/// Whether a cell is a number or a range of numbers without a unit, and no date.
fn is_bare(cell: &str) -> bool {
    let is_range = cell.matches(['-', '~', '–']).count() < 2;
    cell.contains(|char: char| char.is_ascii_digit())
        && is_range
        && cell.chars().all(|char| {
            char.is_ascii_digit() || matches!(char, ',' | '.' | ' ' | '-' | '~' | '–' | '+')
        })
}

/// The unit that a header gives in brackets: `(억 원)`, `(단위: %)`, `($ thousand)`.
fn unit(header: &str) -> Option<&str> {
    let inner = header.rsplit_once('(')?.1.split(')').next()?.trim();
    let inner = inner.strip_prefix("단위").unwrap_or(inner);
    let unit = inner.trim_start_matches([':', ' ']);
    // `(주)` is a company.
    let is_unit = sign_of(unit).is_some() || unit != "주" && facts::is_unit(unit);
    is_unit.then_some(unit)
}

fn sign_of(unit: &str) -> Option<char> {
    let first = unit.chars().next();
    first.filter(|first| matches!(first, '$' | '€' | '£' | '¥' | '₩'))
}

fn with_unit(cell: &str, unit: &str) -> String {
    match sign_of(unit) {
        // `$m`, `₩ thousand`.
        Some(sign) => format!("{sign}{cell}{}", &unit[sign.len_utf8()..]),
        None if unit.starts_with(|char: char| char.is_ascii_alphabetic()) => {
            format!("{cell} {unit}")
        }
        None => format!("{cell}{unit}"),
    }
}

fn is_rule(cells: &[String]) -> bool {
    cells
        .iter()
        .all(|cell| cell.chars().all(|char| matches!(char, '-' | ':' | ' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_the_names_of_their_columns() {
        for (header, row, expected) in [
            (
                "약품 | 보관 온도 | 사용 기한",
                "표준액 | 2℃ | 14일",
                "약품: 표준액, 보관 온도: 2℃, 사용 기한: 14일",
            ),
            (
                "구분 | 2023년 | 2024년",
                "영업이익(억 원) | 37 | 29",
                "구분: 영업이익(억 원), 2023년: 37억 원, 2024년: 29억 원",
            ),
            (
                "Department | Spending ($ thousand) | Approved by",
                "Research | 1,250 | Lind",
                "Department: Research, Spending ($ thousand): $1,250 thousand, Approved by: Lind",
            ),
            (
                "Grade | Base salary (thousand dollars)",
                "Senior | 60-72",
                "Grade: Senior, Base salary (thousand dollars): 60-72 thousand dollars",
            ),
            ("| A | B |", "| --- | --- |\n| x |  |", "A: x"),
            ("\t2023\t2024", "매출\t37\t", "매출, 2023: 37"),
            (
                "회사 | 직원 수 | 설립",
                "한빛정밀(주) | 120 | 2010",
                "회사: 한빛정밀(주), 직원 수: 120, 설립: 2010",
            ),
            (
                "항목 | 기준 연도 | 실적(횟수)",
                "매출(억 원) | 2024 | 37",
                "항목: 매출(억 원), 기준 연도: 2024, 실적(횟수): 37억 원",
            ),
            (
                "품목 | 값(단위 천원)",
                "나사 | 30",
                "품목: 나사, 값(단위 천원): 30천원",
            ),
        ] {
            assert_eq!(with_header(header, row), expected);
        }
    }

    #[test]
    fn the_first_row_is_the_header_if_it_has_no_figures() {
        for (text, expected) in [
            (
                "표.\n약품 | 온도\n가 | 2℃\n나 | 3℃\n끝.",
                vec![None, None, Some(1), Some(1), None],
            ),
            ("가 | 2℃\n나 | 3℃", vec![None, None]),
            (
                "Item | 2023 | 2024\nRevenue | 412 | 468",
                vec![None, Some(0)],
            ),
            ("요금제 | 월 요금(원)\n기본 | 9,900", vec![None, Some(0)]),
            ("구분 | 2023년판\n상한 | 100,000원", vec![None, Some(0)]),
            ("가 | 나\n다 | 라 | 마", vec![None, None]),
            ("인사팀 | 내선 7119\n총무팀 | 내선 7120", vec![None, None]),
            ("사원 | 10만원 이내\n과장 | 15만원 이내", vec![None, None]),
            (
                "구분 | 1분기\n매출 | 37\n\n그 밖이다.",
                vec![None, Some(0), None],
            ),
        ] {
            assert_eq!(headers(&Passage::alone(text)), expected, "{text}");
        }
    }
}
