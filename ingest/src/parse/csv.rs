//! CSV: values divided by commas, semicolons, tabs or bars, a record a line.
//!
//! The name says that a file is one, and its content has to agree: lines that do not have
//! the same number of values are plain text.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{ParseError, Parsed, Progress, sheet, sniff, text};
use crate::{DocumentBuilder, Problem};

/// What may divide values, the usual first.
const DELIMITERS: [u8; 4] = *b",\t;|";
/// How much of a file its delimiter is found by.
const WINDOW: usize = 64 * 1024;
/// Records that it is found by.
const RECORDS: usize = 100;
/// Values that are read, empty ones included.
const MAX_CELLS: usize = 5_000_000;
/// A value of this many lines was never closed: the quote before it is only a character.
const MAX_LINES: usize = 1_000;

/// Whether the bytes are a table: by the file's name, and values that agree with it.
pub(super) fn recognizes(bytes: &[u8], file_name: &str) -> bool {
    if !matches!(sniff::extension(file_name).as_str(), "csv" | "tsv" | "tab")
        || !sniff::is_text(bytes)
    {
        return false;
    }
    let window = &bytes[..bytes.len().min(WINDOW)];
    delimiter(&text::decode(window, None).text, bytes.len() > WINDOW).is_some()
}

/// Reads a table.
///
/// # Errors
/// Never: any text can be read as values.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let decoded = text::decode(bytes, None);
    let mut problems: Vec<Problem> = decoded.problem.into_iter().collect();
    let (text, said) = without_declaration(&decoded.text);
    let start = start_of(text);
    let delimiter = said
        .or_else(|| delimiter(start, start.len() < text.len()))
        .unwrap_or(b',');
    let (mut rows, mut complete) = records(text, delimiter, true);
    let unclosed = |value: &String| value.lines().nth(MAX_LINES).is_some();
    if rows.iter().flatten().any(unclosed) {
        (rows, complete) = records(text, delimiter, false);
        problems.push(Problem::of_file(
            "a quotation mark in it is never closed; its lines were read as if it had none"
                .to_owned(),
        ));
    }
    if !complete {
        problems.push(Problem::of_file(format!(
            "it has more than {MAX_CELLS} values, and the rest was not read"
        )));
    }
    let header = sheet::has_header(rows.iter().map(Vec::as_slice));
    let mut builder = DocumentBuilder::default();
    builder.table(&rows, usize::from(header));
    progress(1, Some(1));
    Ok(Parsed::new(builder.finish(), problems))
}

/// Text without its byte order mark and a first line such as `sep=;`, and what that says.
fn without_declaration(text: &str) -> (&str, Option<u8>) {
    let text = text.trim_start_matches('\u{FEFF}');
    let Some((line, rest)) = text.split_once('\n') else {
        return (text, None);
    };
    match line.trim_end().strip_prefix("sep=").map(str::as_bytes) {
        Some([delimiter]) => (rest, Some(*delimiter)),
        // The tab was trimmed.
        Some([]) => (rest, Some(b'\t')),
        _ => (text, None),
    }
}

/// The text that the delimiter is found by.
fn start_of(text: &str) -> &str {
    let mut end = text.len().min(WINDOW);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// What divides the values of a text, if its records agree on it. `is_cut` says that the text
/// goes on.
fn delimiter(text: &str, is_cut: bool) -> Option<u8> {
    let (text, said) = without_declaration(text);
    if said.is_some() {
        return said;
    }
    let mut best: Option<(usize, usize, u8)> = None;
    for delimiter in DELIMITERS {
        let mut counts: Vec<usize> = reader(text, delimiter, true)
            .records()
            .map_while(Result::ok)
            .take(RECORDS + 1)
            .map(|record| record.len())
            .collect();
        if counts.len() > 1 && (is_cut || counts.len() > RECORDS) {
            counts.pop();
        }
        // The number of values that most records have, and of records that have it.
        let mut sorted = counts.clone();
        sorted.sort_unstable();
        let usual = sorted
            .chunk_by(|one, other| one == other)
            .map(|same| (same.len(), same[0]))
            .filter(|(_, values)| *values > 1)
            .max();
        let Some((records, values)) = usual else {
            continue;
        };
        if records * 5 < counts.len() * 3 {
            continue;
        }
        let share = records * 100 / counts.len();
        if best
            .is_none_or(|(best_share, best_values, _)| (share, values) > (best_share, best_values))
        {
            best = Some((share, values, delimiter));
        }
    }
    best.map(|(_, _, delimiter)| delimiter)
}

fn reader(text: &str, delimiter: u8, quoting: bool) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(quoting)
        .trim(Trim::All)
        .from_reader(text.as_bytes())
}

/// The values by record, and whether these are all.
fn records(text: &str, delimiter: u8, quoting: bool) -> (Vec<Vec<String>>, bool) {
    let mut rows = Vec::new();
    let mut left = MAX_CELLS;
    let mut reader = reader(text, delimiter, quoting);
    let mut record = StringRecord::new();
    while let Ok(true) = reader.read_record(&mut record) {
        let filled = record
            .iter()
            .enumerate()
            .filter(|(_, value)| !value.is_empty())
            .last()
            .map_or(0, |(last, _)| last + 1);
        if filled > left {
            return (rows, false);
        }
        left -= filled;
        if filled > 0 {
            rows.push(record.iter().take(filled).map(str::to_owned).collect());
        }
    }
    (rows, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlockKind, Document};

    fn read(bytes: &[u8], name: &str) -> Document {
        assert!(recognizes(bytes, name));
        parse(bytes, &|_, _| {}).unwrap().document
    }

    #[test]
    fn values_are_cells_of_a_table_with_a_header() {
        let document = read(
            "품목,단가,비고\r\n볼트,\"1,500\",\"첫 줄\r\n둘째 \"\"줄\"\"\"\r\n너트,700\r\n"
                .as_bytes(),
            "단가.csv",
        );
        assert_eq!(
            document.text,
            "품목\t단가\t비고\n볼트\t1,500\t첫 줄 둘째 \"줄\"\n너트\t700"
        );
        let headers = document
            .blocks
            .iter()
            .filter(|block| matches!(block.kind, BlockKind::Cell { header: true, .. }));
        assert_eq!(headers.count(), 3);
    }

    #[test]
    fn delimiters_and_encodings_are_told_by_the_content() {
        let (bytes, _, _) =
            encoding_rs::EUC_KR.encode("이름;부서;금액\n김민아;총무팀;1,200\n이준;영업팀;3,400\n");
        assert_eq!(
            read(&bytes, "a.csv").text,
            "이름\t부서\t금액\n김민아\t총무팀\t1,200\n이준\t영업팀\t3,400"
        );
        assert_eq!(read(b"a\tb, c\nd\te\n", "a.tsv").text, "a\tb, c\nd\te");
        assert_eq!(read(b"sep=;\na;b\nc;d\n", "a.csv").text, "a\tb\nc\td");
        let utf_16: Vec<u8> = "\u{FEFF}코드\t값\nA\t1\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(read(&utf_16, "a.csv").text, "코드\t값\nA\t1");
    }

    #[test]
    fn text_is_no_table() {
        assert!(!recognizes(
            "안녕하세요.\n회의는 3시, 장소는 본관.\n끝.\n".as_bytes(),
            "a.csv"
        ));
        assert!(!recognizes(b"a,b\nc,d\n", "a.txt"));
        assert!(!recognizes(b"PK\x03\x04,,\n,,\n", "a.csv"));
    }

    #[test]
    fn a_quote_that_is_never_closed_takes_no_lines() {
        let mut text = String::from("코드,이름\n1,\"열린 값\n");
        text.extend((0..2_000).map(|number| format!("{number},값{number}\n")));
        let parsed = parse(text.as_bytes(), &|_, _| {}).unwrap();
        assert!(parsed.document.text.contains("1999\t값1999"));
        assert_eq!(parsed.problems.len(), 1);
    }
}
