//! Drafts: text with markers to sentences with citations.

use std::sync::LazyLock;

use regex::Regex;

use crate::ask::DraftSentence;

static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[ \t]*[\[［【]\s*([0-9]{1,4}(?:\s*[,，]\s*[0-9]{1,4})*)\s*[\]］】]")
        .expect("the pattern is fixed and tested")
});

/// Each number once, in order.
pub(crate) fn each_once(numbers: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut once = Vec::new();
    for number in numbers {
        if !once.contains(&number) {
            once.push(number);
        }
    }
    once
}

/// Cuts a draft into sentences without markers. A marker belongs to the sentence that the
/// last letter before it stands in, so it may stand before or after the full stop.
#[must_use]
pub fn draft_sentences(draft: &str) -> Vec<DraftSentence> {
    let mut text = String::with_capacity(draft.len());
    let mut markers: Vec<(usize, u32)> = Vec::new();
    let mut rest = 0;
    for found in MARKER.captures_iter(draft) {
        let Some(whole) = found.get(0) else { continue };
        text.push_str(&draft[rest..whole.start()]);
        rest = whole.end();
        let at = text.trim_end().len().saturating_sub(1);
        let numbers = found[1]
            .split([',', '，'])
            .filter_map(|number| number.trim().parse().ok());
        markers.extend(numbers.map(|number| (at, number)));
    }
    text.push_str(&draft[rest..]);
    ingest::sentence::split(&text)
        .into_iter()
        .filter(|span| !text[span.clone()].trim().is_empty())
        .map(|span| DraftSentence {
            citations: each_once(
                markers
                    .iter()
                    .filter(|(at, _)| span.contains(at))
                    .map(|(_, number)| *number),
            ),
            text: text[span].trim().to_owned(),
        })
        .collect()
}

/// Takes a draft in pieces and gives its sentences as they are complete.
#[derive(Debug, Default)]
pub(super) struct DraftReader {
    buffer: String,
}

impl DraftReader {
    /// The sentences that `piece` completes: those before a line break, or before text that
    /// follows a marker.
    pub(super) fn push(&mut self, piece: &str) -> Vec<DraftSentence> {
        self.buffer.push_str(piece);
        let after_line = self.buffer.rfind('\n').map(|at| at + 1);
        let after_marker = MARKER
            .find_iter(&self.buffer)
            .filter_map(|marker| {
                let rest = &self.buffer[marker.end()..];
                let next = rest.trim_start();
                // A full stop or another marker may still come.
                (rest.len() > next.len()
                    && !next.is_empty()
                    && !next.starts_with(['[', '［', '【']))
                .then(|| self.buffer.len() - next.len())
            })
            .last();
        let Some(end) = after_line.max(after_marker) else {
            return Vec::new();
        };
        let rest = self.buffer.split_off(end);
        let done = std::mem::replace(&mut self.buffer, rest);
        draft_sentences(&done)
    }

    /// The sentences that are left at the end.
    pub(super) fn finish(self) -> Vec<DraftSentence> {
        draft_sentences(&self.buffer)
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(seen, [0, 0, 0, 0, 2]);
        assert_eq!(reader.finish()[0].text, "Done");
        let mut reader = DraftReader::default();
        assert_eq!(reader.push("Leave is 15 days. [1] It").len(), 1);
    }
}
