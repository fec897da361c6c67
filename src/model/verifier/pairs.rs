//! Pairs as token ids, cut to what a model reads.

use std::collections::HashSet;
use std::ops::Range;

use ingest::{BackendError, Span, sentence};

use super::super::queue::Window;
use crate::check::{Entailment, Pair};

/// Parts that a claim is read in at most. No sentence has more, and each costs as much as a
/// claim.
const PARTS: usize = 8;

/// How a model reads pairs.
pub(super) struct Frame {
    /// What it begins with.
    pub(super) start: u32,
    /// What ends evidence and claim.
    pub(super) end: u32,
    /// Whether the claim begins with an end as well.
    pub(super) double: bool,
    /// Tokens of a pair, control tokens among them.
    pub(super) limit: usize,
    /// Whether the claim is told apart by words.
    pub(super) by_words: bool,
}

/// A claim whose parts are computed.
#[derive(Debug)]
pub(super) struct Claim {
    words: Words,
    /// The ids of each part, and the first of the windows; none where the claim is too long.
    parts: Option<(Vec<Range<usize>>, usize)>,
}

impl Frame {
    /// The claims of `pairs`, and a window for each of their parts.
    pub(super) fn read(
        &self,
        pairs: &[Pair],
        encode: impl Fn(&str) -> Result<Vec<u32>, String>,
    ) -> Result<(Vec<Claim>, Vec<Window>), String> {
        let between = if self.double { 2 } else { 1 };
        let room = self.limit.saturating_sub(2 + between);
        let mut windows = Vec::new();
        let mut claims = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let words = if self.by_words {
                Words::of(&pair.claim, &encode)?
            } else {
                Words {
                    ids: encode(&pair.claim)?,
                    words: Vec::new(),
                }
            };
            let parts = words.parts(room / 2);
            let first = windows.len();
            for part in parts.iter().flatten() {
                let claim = &words.ids[part.clone()];
                let evidence = fit(&pair.evidence, claim, room - claim.len(), &encode)?;
                let ends = [self.end; 2];
                windows.push(Window {
                    text: windows.len(),
                    ids: [
                        &[self.start],
                        &evidence[..],
                        &ends[..between],
                        claim,
                        &[self.end],
                    ]
                    .concat(),
                    weight: 1.0,
                });
            }
            claims.push(Claim {
                words,
                parts: parts.map(|parts| (parts, first)),
            });
        }
        Ok((claims, windows))
    }
}

impl Claim {
    /// What the rows of all windows say of it: a row holds three probabilities, then one for
    /// each token of the claim where it is told apart by words.
    pub(super) fn judgement(&self, rows: &[Vec<f32>]) -> Result<Entailment, BackendError> {
        let Some((parts, first)) = &self.parts else {
            return Ok(too_long());
        };
        let broken = || BackendError::message("a verifier gave too few numbers");
        let mut classes = Vec::with_capacity(parts.len());
        let mut tokens = Vec::with_capacity(self.words.ids.len());
        for (number, _) in parts.iter().enumerate() {
            let row = rows.get(first + number).ok_or_else(broken)?;
            let (class, own) = row.split_first_chunk().ok_or_else(broken)?;
            classes.push(*class);
            tokens.extend_from_slice(own);
        }
        let words = self.words.words.iter().map(|(span, ids)| {
            let tokens = tokens.get(ids.clone()).ok_or_else(broken)?;
            Ok((span.clone(), tokens.iter().copied().fold(0.0, f32::max)))
        });
        Ok(Entailment {
            words: words.collect::<Result<_, BackendError>>()?,
            ..join(&classes)
        })
    }
}

/// The ids of `evidence`, at most `room`: sentences that share the least tokens with the claim
/// go first, of equal ones the later. A single sentence that is too long is cut.
fn fit(
    evidence: &str,
    claim: &[u32],
    room: usize,
    encode: impl Fn(&str) -> Result<Vec<u32>, String>,
) -> Result<Vec<u32>, String> {
    let ids = encode(evidence)?;
    if ids.len() <= room {
        return Ok(ids);
    }
    let claim: HashSet<u32> = claim.iter().copied().collect();
    let mut sentences = Vec::new();
    for span in sentence::split(evidence) {
        let ids = encode(&evidence[span.clone()])?;
        let shared = ids.iter().filter(|id| claim.contains(id));
        let shared = shared.collect::<HashSet<_>>().len();
        // What stands between two sentences may make a token more.
        sentences.push((span, ids.len() + 1, shared));
    }
    let mut length: usize = sentences.iter().map(|(_, length, _)| length).sum();
    let mut order: Vec<usize> = (0..sentences.len()).rev().collect();
    order.sort_by_key(|sentence| sentences[*sentence].2);
    let mut kept = vec![true; sentences.len()];
    for sentence in order.iter().take(sentences.len().saturating_sub(1)) {
        if length <= room {
            break;
        }
        kept[*sentence] = false;
        length -= sentences[*sentence].1;
    }
    let kept = sentences.iter().zip(kept).filter(|(_, kept)| *kept);
    let kept: Vec<&str> = kept
        .map(|((span, ..), _)| &evidence[span.clone()])
        .collect();
    let mut ids = encode(&kept.join(" "))?;
    ids.truncate(room);
    Ok(ids)
}

/// A claim as token ids, word by word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Words {
    ids: Vec<u32>,
    /// Where each word stands in the claim, and its ids; words without ids are left out.
    words: Vec<(Span, Range<usize>)>,
}

impl Words {
    /// Words are what white space divides. A tokenizer that begins a word anew after white space
    /// gives a whole text the ids of its words.
    fn of(claim: &str, encode: impl Fn(&str) -> Result<Vec<u32>, String>) -> Result<Self, String> {
        let mut words = Self::default();
        for word in claim.split_whitespace() {
            let start = word.as_ptr().addr() - claim.as_ptr().addr();
            let first = words.ids.len();
            words.ids.extend(encode(word)?);
            if words.ids.len() > first {
                let span = start..start + word.len();
                words.words.push((span, first..words.ids.len()));
            }
        }
        Ok(words)
    }

    /// The ids in parts of `limit` at most, cut between words unless one alone is longer; none
    /// if there would be too many. A claim without ids has one empty part.
    fn parts(&self, limit: usize) -> Option<Vec<Range<usize>>> {
        let mut parts = Vec::new();
        let mut start = 0;
        loop {
            let mut end = self.ids.len().min(start + limit);
            if end < self.ids.len() {
                let later = self.words.partition_point(|(_, ids)| ids.start <= end);
                let word = later
                    .checked_sub(1)
                    .map_or(0, |last| self.words[last].1.start);
                if word > start {
                    end = word;
                }
            }
            parts.push(start..end);
            if end == self.ids.len() {
                return Some(parts);
            }
            if parts.len() == PARTS {
                return None;
            }
            start = end;
        }
    }
}

/// What is said of a claim that is longer than anything that is read: it does not follow.
fn too_long() -> Entailment {
    Entailment {
        entailed: 0.0,
        neutral: 1.0,
        contradicted: 0.0,
        words: Vec::new(),
    }
}

/// The probabilities of a claim from those of its parts (entailed, neutral, contradicted): all
/// parts have to follow, and one that is contradicted is enough.
fn join(parts: &[[f32; 3]]) -> Entailment {
    let entailed = parts.iter().map(|part| part[0]).fold(1.0, f32::min);
    let contradicted = parts.iter().map(|part| part[2]).fold(0.0, f32::max);
    Entailment {
        entailed,
        neutral: (1.0 - entailed - contradicted).max(0.0),
        contradicted,
        words: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A token for each character that is no white space.
    #[expect(clippy::unnecessary_wraps, reason = "it stands for a tokenizer")]
    fn characters(text: &str) -> Result<Vec<u32>, String> {
        Ok(text
            .chars()
            .filter(|char| !char.is_whitespace())
            .map(u32::from)
            .collect())
    }

    fn text(ids: &[u32]) -> String {
        ids.iter().filter_map(|id| char::from_u32(*id)).collect()
    }

    fn pair(evidence: &str, claim: &str) -> Pair {
        Pair {
            evidence: evidence.to_owned(),
            claim: claim.to_owned(),
        }
    }

    #[test]
    fn a_claim_has_a_window_for_each_part_and_its_words_the_worst_of_their_tokens() {
        let frame = Frame {
            start: u32::from('<'),
            end: u32::from('>'),
            double: true,
            limit: 14,
            by_words: true,
        };
        let pairs = [
            pair("가나다라마바", "abc defg h"),
            pair("", &"긴 ".repeat(100)),
        ];
        let (claims, windows) = frame.read(&pairs, characters).unwrap();
        let seen: Vec<String> = windows.iter().map(|window| text(&window.ids)).collect();
        assert_eq!(seen, ["<가나다라마바>>abc>", "<가나다라마>>defgh>"]);
        let rows = [
            vec![0.9, 0.1, 0.0, 0.1, 0.3, 0.2],
            vec![0.4, 0.2, 0.4, 0.0, 0.0, 0.0, 0.7, 0.1],
        ];
        let judged = claims[0].judgement(&rows).unwrap();
        assert!((judged.entailed - 0.4).abs() < 1e-6);
        assert_eq!(judged.words, [(0..3, 0.3), (4..8, 0.7), (9..10, 0.1)]);
        assert!(claims[0].judgement(&rows[..1]).is_err());
        let too_long = claims[1].judgement(&rows).unwrap();
        assert_eq!((too_long.entailed, too_long.neutral), (0.0, 1.0));
    }

    #[test]
    fn evidence_that_fits_is_read_whole() {
        let ids = fit("첫 문장이다. 둘째다.", &[], 20, characters).unwrap();
        assert_eq!(text(&ids), "첫문장이다.둘째다.");
    }

    #[test]
    fn evidence_loses_whole_sentences_those_unlike_the_claim_first() {
        let evidence = "휴가는 15일이다. 식당은 3층에 있다. 휴가 신청은 팀장에게 한다.";
        let claim = characters("휴가 신청은 15일 전에 팀장에게 한다.").unwrap();
        let ids = fit(evidence, &claim, 26, characters).unwrap();
        assert_eq!(text(&ids), "휴가는15일이다.휴가신청은팀장에게한다.");
        let ids = fit(evidence, &claim, 20, characters).unwrap();
        assert_eq!(text(&ids), "휴가신청은팀장에게한다.");
    }

    #[test]
    fn of_sentences_equally_far_the_first_stays() {
        let evidence = "One is here. Two is here. Six is here.";
        let ids = fit(evidence, &[], 12, characters).unwrap();
        assert_eq!(text(&ids), "Oneishere.");
    }

    #[test]
    fn only_a_sentence_that_is_too_long_alone_is_cut() {
        let claim = characters("efg").unwrap();
        let ids = fit("Abc. Defghijk lmnop.", &claim, 5, characters).unwrap();
        assert_eq!(text(&ids), "Defgh");
        assert!(fit("", &[], 0, characters).unwrap().is_empty());
        assert!(fit("가.", &[], 0, characters).unwrap().is_empty());
    }

    #[test]
    fn words_have_their_places_in_the_claim() {
        let claim = " 연차는\u{3000}15일 🙂\n";
        let words = Words::of(claim, characters).unwrap();
        let seen: Vec<(&str, String)> = words
            .words
            .iter()
            .map(|(span, ids)| (&claim[span.clone()], text(&words.ids[ids.clone()])))
            .collect();
        let same = |word: &'static str| (word, word.to_owned());
        assert_eq!(seen, [same("연차는"), same("15일"), same("🙂")]);
    }

    #[test]
    fn a_word_without_tokens_is_left_out() {
        let encode = |word: &str| characters(word.trim_matches('\u{200b}'));
        let words = Words::of("가 \u{200b} 나", encode).unwrap();
        assert_eq!(words.words, [(0..3, 0..1), (8..11, 1..2)]);
    }

    #[test]
    fn a_long_claim_is_cut_between_words_and_a_long_word_within() {
        let words = Words::of("abc de fghijklmnop q", characters).unwrap();
        let parts = words.parts(4).unwrap();
        let parts: Vec<String> = parts
            .iter()
            .map(|ids| text(&words.ids[ids.clone()]))
            .collect();
        assert_eq!(parts, ["abc", "de", "fghi", "jklm", "nopq"]);
        let long = Words::of(&"word ".repeat(100), characters).unwrap();
        assert_eq!(long.parts(10), None);
        let parts = Words::default().parts(4).unwrap();
        assert!(parts.len() == 1 && parts[0].is_empty());
    }

    #[test]
    fn a_claim_is_as_good_as_its_worst_part() {
        let joined = join(&[[0.9, 0.05, 0.05], [0.2, 0.1, 0.7]]);
        assert!((joined.entailed - 0.2).abs() < 1e-6);
        assert!((joined.contradicted - 0.7).abs() < 1e-6);
        assert!((joined.neutral - 0.1).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn parts_hold_every_token_once_and_keep_their_size(
            claim in any::<String>(), limit in 1_usize..40
        ) {
            let words = Words::of(&claim, characters).unwrap();
            if let Some(parts) = words.parts(limit) {
                prop_assert!(parts.iter().all(|part| part.len() <= limit));
                let mut end = 0;
                for part in parts {
                    prop_assert_eq!(part.start, end);
                    end = part.end;
                }
                prop_assert_eq!(end, words.ids.len());
            }
        }

        #[test]
        fn evidence_never_takes_more_room_than_there_is(
            evidence in any::<String>(), claim in any::<String>(), room in 0_usize..60
        ) {
            let claim = characters(&claim).unwrap();
            prop_assert!(fit(&evidence, &claim, room, characters).unwrap().len() <= room);
        }
    }
}
