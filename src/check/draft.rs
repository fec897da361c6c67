//! Drafts: text with markers to sentences with citations, as the text arrives.
//!
//! A marker is a number, or several with commas between them, in square brackets, `【】` or
//! fullwidth ones. It may arrive in any number of pieces, and each character is read once.

use std::collections::{BTreeSet, VecDeque};

use ingest::Span;
use ingest::sentence::Cursor;

use crate::ask::DraftSentence;

/// Bytes of a marker at most, brackets and white space within included.
const MARKER_LIMIT: usize = 256;
/// Digits of a passage's number at most.
const DIGITS: usize = 4;

/// Each number once, in order.
pub(crate) fn each_once(numbers: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut seen = BTreeSet::new();
    numbers
        .into_iter()
        .filter(|number| seen.insert(*number))
        .collect()
}

/// Cuts a draft into sentences without markers. A marker belongs to the sentence that the
/// last letter before it stands in, so it may stand before or after the full stop; one before
/// any letter belongs to the first sentence.
#[must_use]
pub fn draft_sentences(draft: &str) -> Vec<DraftSentence> {
    let mut reader = DraftReader::default();
    let mut sentences = reader.push(draft);
    sentences.extend(reader.finish());
    sentences
}

/// Takes a draft in pieces and gives its sentences as they are complete: those of
/// [`draft_sentences`], however it is cut.
#[derive(Debug, Default)]
pub(super) struct DraftReader {
    /// Text without markers, from the first sentence on that was not given.
    text: String,
    /// Where its last letter ends.
    letters: usize,
    cursor: Cursor,
    /// Sentences of `text` that are complete, but whose markers may still come.
    ready: VecDeque<Span>,
    /// Numbers of markers, each with the place of the letter before it.
    cited: VecDeque<(usize, u32)>,
    /// What may be a marker, from the white space before it on; else that white space.
    held: String,
    marker: Option<Marker>,
}

/// A marker that is being read.
#[derive(Debug, Default)]
struct Marker {
    numbers: Vec<u32>,
    at: At,
}

/// Where the reading of a marker stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// A number must come.
    #[default]
    Number,
    /// In a number of so many digits.
    Digits(usize),
    /// After a number.
    After,
}

/// What a character makes of a marker.
enum Step {
    Open,
    Complete,
    /// It is none.
    Broken,
}

impl Marker {
    fn step(&mut self, char: char) -> Step {
        match (self.at, char) {
            (_, '\n') => return Step::Broken,
            (At::Number, '0'..='9') => {
                self.numbers.push(0);
                self.add(char);
                self.at = At::Digits(1);
            }
            (At::Digits(digits), '0'..='9') if digits < DIGITS => {
                self.add(char);
                self.at = At::Digits(digits + 1);
            }
            (At::Digits(_) | At::After, ',' | '，') => self.at = At::Number,
            (At::Digits(_) | At::After, ']' | '］' | '】') => return Step::Complete,
            (At::Digits(_), _) if char.is_whitespace() => self.at = At::After,
            (At::Number | At::After, _) if char.is_whitespace() => {}
            _ => return Step::Broken,
        }
        Step::Open
    }

    fn add(&mut self, digit: char) {
        if let (Some(number), Some(digit)) = (self.numbers.last_mut(), digit.to_digit(10)) {
            *number = *number * 10 + digit;
        }
    }
}

impl DraftReader {
    /// The sentences that `piece` completes: those that further text cannot change and after
    /// whose markers a letter stands.
    pub(super) fn push(&mut self, piece: &str) -> Vec<DraftSentence> {
        for char in piece.chars() {
            self.read(char);
        }
        self.advance(false);
        let mut sentences = Vec::new();
        // Until a letter follows, a marker of the sentence may.
        while let Some(span) = self.ready.pop_front_if(|span| span.end < self.letters) {
            sentences.push(self.sentence(span));
        }
        self.forget();
        sentences
    }

    /// The sentences that are left at the end.
    pub(super) fn finish(mut self) -> Vec<DraftSentence> {
        self.marker = None;
        self.release();
        self.advance(true);
        let mut sentences = Vec::new();
        while let Some(span) = self.ready.pop_front() {
            sentences.push(self.sentence(span));
        }
        sentences
    }

    /// The sentences that are left of a draft that ends before it is done. Its last one is left
    /// out unless it is known to be whole: half a sentence may say the opposite.
    pub(super) fn cut(mut self) -> Vec<DraftSentence> {
        self.advance(false);
        let mut sentences = Vec::new();
        while let Some(span) = self.ready.pop_front() {
            sentences.push(self.sentence(span));
        }
        sentences
    }

    fn read(&mut self, char: char) {
        if let Some(marker) = &mut self.marker {
            match marker.step(char) {
                Step::Open if self.held.len() < MARKER_LIMIT => {
                    self.held.push(char);
                    return;
                }
                Step::Complete => {
                    let at = self.letters.saturating_sub(1);
                    self.cited
                        .extend(marker.numbers.iter().map(|number| (at, *number)));
                    self.marker = None;
                    self.held.clear();
                    return;
                }
                Step::Open | Step::Broken => {
                    self.marker = None;
                    self.release_but_spaces();
                }
            }
        }
        match char {
            ' ' | '\t' => self.held.push(char),
            '[' | '［' | '【' => {
                self.held.push(char);
                self.marker = Some(Marker::default());
            }
            _ => {
                self.release();
                self.text.push(char);
                if !char.is_whitespace() {
                    self.letters = self.text.len();
                }
            }
        }
    }

    /// What was held is text.
    fn release(&mut self) {
        let letters = self.held.trim_end().len();
        if letters > 0 {
            self.letters = self.text.len() + letters;
        }
        self.text.push_str(&self.held);
        self.held.clear();
    }

    /// What was held is text, but for white space at its end, which a marker may follow.
    fn release_but_spaces(&mut self) {
        let kept = self.held.trim_end_matches([' ', '\t']).len();
        let spaces = self.held.split_off(kept);
        self.release();
        self.held = spaces;
    }

    fn advance(&mut self, is_whole: bool) {
        while let Some(span) = self.cursor.next(&self.text, is_whole) {
            self.ready.push_back(span);
        }
    }

    fn sentence(&mut self, span: Span) -> DraftSentence {
        let mut numbers = Vec::new();
        while let Some((_, number)) = self.cited.pop_front_if(|(at, _)| *at < span.end) {
            numbers.push(number);
        }
        DraftSentence {
            text: self.text[span].to_owned(),
            citations: each_once(numbers),
        }
    }

    /// Drops text that is not read again. What is kept moves, so that it must be the smaller
    /// half.
    fn forget(&mut self) {
        let done = self.ready.front().map_or(self.cursor.start(), |span| {
            span.start.min(self.cursor.start())
        });
        if done * 2 < self.text.len() || done == 0 {
            return;
        }
        self.text.drain(..done);
        self.cursor.forget(done);
        // The letter before a marker may be in text that is gone; its sentence was given.
        self.letters = self.letters.saturating_sub(done);
        for span in &mut self.ready {
            *span = span.start - done..span.end - done;
        }
        for (at, _) in &mut self.cited {
            *at = at.saturating_sub(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn sentences(answer: &str) -> Vec<(String, Vec<u32>)> {
        draft_sentences(answer)
            .into_iter()
            .map(|sentence| (sentence.text, sentence.citations))
            .collect()
    }

    #[test]
    fn markers_before_and_after_the_full_stop_belong_to_the_sentence() {
        let expected = vec![
            ("연차는 15일입니다.".to_owned(), vec![1]),
            ("나누어 쓸 수 있습니다.".to_owned(), vec![1, 3]),
        ];
        assert_eq!(
            sentences("연차는 15일입니다[1]. 나누어 쓸 수 있습니다[1][3]."),
            expected
        );
        assert_eq!(
            sentences("연차는 15일입니다. [1] 나누어 쓸 수 있습니다. [1, 3]"),
            expected
        );
        assert_eq!(
            sentences("연차는 15일입니다 【1】.\n나누어 쓸 수 있습니다.［1］[3][1]"),
            expected
        );
    }

    #[test]
    fn a_sentence_without_a_marker_cites_nothing() {
        assert_eq!(
            sentences("Leave is 15 days [2]. It doubles yearly."),
            [
                ("Leave is 15 days.".to_owned(), vec![2]),
                ("It doubles yearly.".to_owned(), vec![])
            ]
        );
        assert_eq!(sentences("[1]"), []);
    }

    #[test]
    fn sentences_come_as_they_are_complete() {
        let mut reader = DraftReader::default();
        let mut seen = Vec::new();
        for piece in [
            "Leave is ",
            "15 days [1",
            "]. It",
            " can be split [1][2",
            "].\nDone",
        ] {
            seen.push(reader.push(piece).len());
        }
        assert_eq!(seen, [0, 0, 1, 0, 1]);
        assert_eq!(reader.finish()[0].text, "Done");
        let mut reader = DraftReader::default();
        assert_eq!(reader.push("Leave is 15 days. [1] It").len(), 1);
        let mut reader = DraftReader::default();
        assert_eq!(reader.push("Leave is 15 days.\n[1").len(), 0);
        assert_eq!(reader.push("]\nIt")[0].citations, [1]);
    }

    #[test]
    fn a_marker_before_any_letter_belongs_to_the_first_sentence() {
        assert_eq!(
            sentences("[2] Leave is 15 days. It is paid."),
            [
                ("Leave is 15 days.".to_owned(), vec![2]),
                ("It is paid.".to_owned(), vec![])
            ]
        );
    }

    #[test]
    fn what_is_no_marker_is_text() {
        for text in [
            "Field [12345] is long.",
            "See [a] and [1-2] and [] and [1",
            "It is [ 1, ] here.",
            "Line [1\n] breaks.",
            "[[[",
        ] {
            let joined: String = draft_sentences(text)
                .iter()
                .map(|sentence| sentence.text.replace(char::is_whitespace, ""))
                .collect();
            assert_eq!(joined, text.replace(char::is_whitespace, ""));
        }
        assert_eq!(
            sentences("Both [ [1] hold."),
            [("Both [ hold.".to_owned(), vec![1])]
        );
    }

    #[test]
    fn half_a_sentence_is_no_sentence() {
        let cut = |text: &str| -> Vec<String> {
            let mut reader = DraftReader::default();
            let mut sentences = reader.push(text);
            sentences.extend(reader.cut());
            sentences
                .into_iter()
                .map(|sentence| sentence.text)
                .collect()
        };
        assert_eq!(
            cut("Leave is 15 days [1]. It may be carried over"),
            ["Leave is 15 days."]
        );
        assert_eq!(cut("Leave is 15 days [1].\n"), ["Leave is 15 days."]);
        assert_eq!(cut("Leave is 15"), Vec::<String>::new());
        assert_eq!(cut("연차는 15."), Vec::<String>::new());
    }

    #[test]
    fn a_long_draft_without_an_end_is_read_in_linear_time() {
        // A reader that looks at everything for each piece needs hours for these.
        for unit in [
            "a", "[", "[1", "[1, ", ".", ". ", " ", "e.g. ", "가\"", "[1]", "다.\n",
        ] {
            let draft = unit.repeat((1 << 20) / unit.len());
            let mut reader = DraftReader::default();
            let mut count = 0;
            let mut buffer = [0; 4];
            for char in draft.chars() {
                count += reader.push(char.encode_utf8(&mut buffer)).len();
            }
            count += reader.finish().len();
            assert_eq!(count, draft_sentences(&draft).len(), "{unit:?}");
        }
    }

    static MARKER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[ \t]*[\[［【][^\S\n]*([0-9]{1,4}(?:[^\S\n]*[,，][^\S\n]*[0-9]{1,4})*)[^\S\n]*[\]］】]")
            .unwrap()
    });

    /// What a draft's sentences are, in the plainest way: all markers are taken out, then the
    /// text is cut.
    fn plainly(draft: &str) -> Vec<DraftSentence> {
        let mut text = String::new();
        let mut markers: Vec<(usize, u32)> = Vec::new();
        let mut rest = 0;
        for found in MARKER.captures_iter(draft) {
            let whole = found.get(0).unwrap();
            text.push_str(&draft[rest..whole.start()]);
            rest = whole.end();
            let at = text.trim_end().len().saturating_sub(1);
            let numbers = found[1].split([',', '，']);
            markers.extend(numbers.map(|number| (at, number.trim().parse().unwrap())));
        }
        text.push_str(&draft[rest..]);
        let mut before = 0;
        ingest::sentence::split(&text)
            .into_iter()
            .map(|span| {
                let within = std::mem::replace(&mut before, span.end)..span.end;
                let mine = markers.iter().filter(|(at, _)| within.contains(at));
                DraftSentence {
                    citations: each_once(mine.map(|(_, number)| *number)),
                    text: text[span].to_owned(),
                }
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn sentences_are_the_same_however_the_draft_is_cut(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "[1]", "[1", "][2]", "【3】", "［4］", "[1, 3]", "[12345]", " ", "\n", ".", "다.",
                    "Leave is", "연차는", "15.5일", "e.g.", "?!", "[", "]", "1", ",", "\t", "”", "a", "A", "。",
                ]),
                0..24,
            ),
            cuts in prop::collection::vec(1..6_usize, 0..60),
        ) {
            let draft = parts.concat();
            let mut reader = DraftReader::default();
            let mut sentences = Vec::new();
            let mut rest = draft.chars();
            for cut in cuts {
                let piece: String = rest.by_ref().take(cut).collect();
                sentences.extend(reader.push(&piece));
            }
            sentences.extend(reader.push(&rest.collect::<String>()));
            sentences.extend(reader.finish());
            prop_assert_eq!(&sentences, &draft_sentences(&draft));
            prop_assert_eq!(sentences, plainly(&draft));
        }
    }
}
