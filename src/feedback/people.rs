//! What people said of an answer, as something to learn.
//!
//! A corrected answer is better than the one that was given. A sentence that is wrong and has no
//! correction is left out of it, if something else is left. What is right is learnt as it is. Where
//! people disagree about a sentence, nothing is learnt: somebody must look first. What an administrator
//! refused counts as not said, and a correction that one accepted like one that the documents support.

use std::collections::BTreeMap;

use super::example::{Material, written};
use super::export::Skipped;
use super::types::{Decision, JudgedAnswer, Judgement, KeptSentence, Kind};

/// What all said of the answer, or of one sentence of it.
#[derive(Default)]
struct Said<'a> {
    right: bool,
    fault: Fault,
    missing: bool,
    /// The newest correction that may be used, of what is bad.
    correction: Option<&'a [KeptSentence]>,
    /// The newest of what is missing.
    addition: Option<&'a [KeptSentence]>,
}

/// What is wrong with a sentence, as all say.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// Nothing.
    #[default]
    Nothing,
    /// Only what it cites.
    Source,
    /// What it says.
    Text,
}

impl Said<'_> {
    fn is_bad(&self) -> bool {
        self.fault != Fault::Nothing
    }
}

/// What is learnt from an answer. With `unchecked` corrections count that the documents do not say,
/// whether an administrator accepted them or not.
pub(super) fn material(
    answer: &JudgedAnswer,
    judgements: &[Judgement],
    unchecked: bool,
) -> Result<Material, Skipped> {
    let prompt = answer.prompt.as_ref().ok_or(Skipped::NoPrompt)?;
    let mut said: BTreeMap<Option<usize>, Said<'_>> = BTreeMap::new();
    let refused = Some(Decision::Refused);
    let mut newest_first: Vec<&Judgement> = judgements
        .iter()
        .filter(|judgement| judgement.decision() != refused)
        .collect();
    if newest_first.is_empty() && !judgements.is_empty() {
        return Err(Skipped::Refused);
    }
    newest_first.sort_by_key(|judgement| std::cmp::Reverse(judgement.given));
    let mut is_unchecked = false;
    for judgement in newest_first {
        let is_accepted = judgement.decision() == Some(Decision::Accepted);
        let usable = unchecked || is_accepted || !judgement.is_unsupported();
        let has_correction = !judgement.corrected.is_empty();
        is_unchecked |= has_correction && !usable;
        let correction = (has_correction && usable).then_some(&judgement.corrected[..]);
        let said = said.entry(judgement.sentence).or_default();
        match judgement.kind {
            Kind::Right => said.right = true,
            Kind::Missing => {
                said.missing = true;
                said.addition = said.addition.or(correction);
            }
            kind => {
                let fault = match kind {
                    Kind::WrongSource => Fault::Source,
                    _ => Fault::Text,
                };
                said.fault = said.fault.max(fault);
                said.correction = said.correction.or(correction);
            }
        }
    }
    let is_bad = said.values().any(Said::is_bad);
    let whole = said.remove(&None).unwrap_or_default();
    if said.values().any(|said| said.right && said.is_bad())
        || whole.right && (is_bad || whole.missing)
    {
        return Err(Skipped::Disputed);
    }
    let shown: Vec<KeptSentence> = answer.shown().into_iter().cloned().collect();
    let as_given = if answer.abstained { Vec::new() } else { shown };
    let better = better(&as_given, &whole, &said);
    let text = |sentences: &[KeptSentence]| written(sentences, answer.language);
    let given = text(&as_given);
    let mut material = Material {
        prompt: prompt.messages.clone(),
        ..Material::default()
    };
    let right = |at: usize| said.get(&Some(at)).is_some_and(|said| said.right);
    let all_right = !as_given.is_empty() && (0..as_given.len()).all(right);
    if let Some(better) = better
        .map(|better| text(&better))
        .filter(|better| *better != given)
    {
        material.good.push(better.clone());
        material.pairs.push((better, given.clone()));
    } else if whole.right || (all_right && !is_bad && !whole.missing) {
        material.good.push(given.clone());
    } else if !is_bad && !whole.missing {
        let sentences = as_given.iter().enumerate();
        let some: Vec<KeptSentence> = sentences
            .filter(|(at, _)| right(*at))
            .map(|(_, sentence)| sentence.clone())
            .collect();
        if !some.is_empty() {
            material.good.push(text(&some));
        }
    }
    if is_bad {
        material.bad.push(given);
    }
    if material.good.is_empty() && material.bad.is_empty() {
        return Err(if is_unchecked {
            Skipped::Unchecked
        } else {
            Skipped::Nothing
        });
    }
    Ok(material)
}

/// The answer as it should have been; none where nobody said.
fn better(
    given: &[KeptSentence],
    whole: &Said<'_>,
    said: &BTreeMap<Option<usize>, Said<'_>>,
) -> Option<Vec<KeptSentence>> {
    let mut better = None;
    if let Some(correction) = whole.correction {
        better = Some(correction.to_vec());
    } else if said.values().any(Said::is_bad) {
        let mut sentences = Vec::new();
        for (at, sentence) in given.iter().enumerate() {
            match said.get(&Some(at)) {
                Some(said) if said.is_bad() => match said.correction {
                    Some(correction) => sentences.extend(correction.iter().cloned()),
                    // What it says may belong to the answer, and from where, nobody said.
                    None if said.fault == Fault::Source => return None,
                    None => {}
                },
                _ => sentences.push(sentence.clone()),
            }
        }
        // That nothing is right does not say that the documents have no answer.
        better = (!sentences.is_empty()).then_some(sentences);
    } else if whole.is_bad() {
        return None;
    }
    if let Some(addition) = whole.addition {
        let base = better.unwrap_or_else(|| given.to_vec());
        better = Some(base.into_iter().chain(addition.iter().cloned()).collect());
    }
    better
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::*;
    use crate::ask::{Message, Role};
    use crate::check::{Mode, Verdict};
    use crate::feedback::{Decided, KeptPrompt};
    use crate::language::Language;

    fn sentence(text: &str, citations: &[u32]) -> KeptSentence {
        KeptSentence {
            text: text.to_owned(),
            verdict: Verdict::Supported,
            shown: true,
            citations: citations.to_vec(),
        }
    }

    /// An answer of two sentences.
    fn answer() -> JudgedAnswer {
        JudgedAnswer {
            question: "How long is leave?".to_owned(),
            language: Language::En,
            mode: Mode::Strict,
            abstained: false,
            prompt: Some(KeptPrompt {
                version: 1,
                messages: vec![Message {
                    role: Role::User,
                    content: "Q".to_owned(),
                }],
                passages: Vec::new(),
            }),
            sentences: vec![
                sentence("Leave is 15 days.", &[1]),
                sentence("Sick leave is 60 days.", &[2]),
                KeptSentence {
                    shown: false,
                    ..sentence("Withheld.", &[1])
                },
            ],
            quoted: BTreeSet::new(),
            engine: "local".to_owned(),
            generator: "tiny".to_owned(),
            adapter: None,
            checker: "c".to_owned(),
            created: String::new(),
        }
    }

    fn says(sentence_at: Option<usize>, kind: Kind, correction: Option<&str>) -> Judgement {
        Judgement {
            id: String::new(),
            actor: "mina".to_owned(),
            sentence: sentence_at,
            kind,
            correction: correction.map(str::to_owned),
            corrected: correction
                .map(|text| sentence(text, &[3]))
                .into_iter()
                .collect(),
            note: None,
            given: Timestamp::UNIX_EPOCH,
            decided: None,
        }
    }

    const GIVEN: &str = "Leave is 15 days. [1] Sick leave is 60 days. [2]";

    fn learnt(judgements: &[Judgement]) -> Material {
        material(&answer(), judgements, false).unwrap()
    }

    #[test]
    fn a_corrected_answer_is_better_than_the_one_that_was_given() {
        let corrected = "Leave is 25 days. [3] Sick leave is 60 days. [2]".to_owned();
        let found = learnt(&[says(Some(0), Kind::Wrong, Some("Leave is 25 days."))]);
        assert_eq!(found.pairs, [(corrected.clone(), GIVEN.to_owned())]);
        assert_eq!(
            (found.good, found.bad),
            (vec![corrected], vec![GIVEN.to_owned()])
        );
        let whole = learnt(&[says(None, Kind::Outdated, Some("It is 25 days."))]);
        assert_eq!(whole.pairs[0].0, "It is 25 days. [3]");
    }

    #[test]
    fn a_wrong_sentence_without_a_correction_is_left_out() {
        let found = learnt(&[says(Some(1), Kind::Wrong, None)]);
        assert_eq!(found.pairs[0].0, "Leave is 15 days. [1]");
        // Of nothing but wrong sentences nobody knows what is right.
        let all = learnt(&[
            says(Some(0), Kind::Wrong, None),
            says(Some(1), Kind::Outdated, None),
        ]);
        assert!(all.pairs.is_empty() && all.good.is_empty());
        assert_eq!(all.bad, [GIVEN]);
        let source = learnt(&[says(Some(0), Kind::WrongSource, None)]);
        assert!(source.pairs.is_empty() && source.bad == [GIVEN]);
    }

    #[test]
    fn what_is_right_is_learnt_as_it_is() {
        assert_eq!(learnt(&[says(None, Kind::Right, None)]).good, [GIVEN]);
        let one = learnt(&[says(Some(1), Kind::Right, None)]);
        assert_eq!(one.good, ["Sick leave is 60 days. [2]"]);
        let both = [
            says(Some(0), Kind::Right, None),
            says(Some(1), Kind::Right, None),
        ];
        assert_eq!(learnt(&both).good, [GIVEN]);
    }

    #[test]
    fn what_is_missing_is_added_and_alone_makes_nothing_bad() {
        let found = learnt(&[says(None, Kind::Missing, Some("Half days count."))]);
        assert_eq!(found.good, [format!("{GIVEN} Half days count. [3]")]);
        assert!(found.bad.is_empty());
        let alone = material(&answer(), &[says(None, Kind::Missing, None)], false);
        assert_eq!(alone.unwrap_err(), Skipped::Nothing);
    }

    #[test]
    fn an_abstention_is_learnt_as_the_model_writes_it() {
        let abstained = JudgedAnswer {
            abstained: true,
            sentences: Vec::new(),
            ..answer()
        };
        let right = material(&abstained, &[says(None, Kind::Right, None)], false).unwrap();
        assert_eq!(right.good, ["The passages do not say."]);
        let wrong = [says(None, Kind::Wrong, Some("It is 25 days."))];
        let wrong = material(&abstained, &wrong, false).unwrap();
        let pair = (
            "It is 25 days. [3]".to_owned(),
            "The passages do not say.".to_owned(),
        );
        assert_eq!(wrong.pairs, [pair]);
    }

    fn with(decision: Decision, judgement: Judgement) -> Judgement {
        let decided = Decided {
            decision,
            by: "root".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        Judgement {
            decided: Some(decided),
            ..judgement
        }
    }

    #[test]
    fn a_correction_that_an_administrator_accepted_is_learnt() {
        let mut made_up = says(Some(0), Kind::Wrong, Some("Leave is 99 days."));
        made_up.corrected[0].verdict = Verdict::Contradicted;
        // Undecided, only that the sentence is wrong is learnt.
        let undecided = learnt(std::slice::from_ref(&made_up));
        assert_eq!(undecided.good, ["Sick leave is 60 days. [2]"]);
        let accepted = learnt(&[with(Decision::Accepted, made_up)]);
        let corrected = "Leave is 99 days. [3] Sick leave is 60 days. [2]".to_owned();
        assert_eq!(accepted.pairs, [(corrected, GIVEN.to_owned())]);
    }

    #[test]
    fn nothing_of_what_an_administrator_refused_is_learnt() {
        let wrong = says(Some(0), Kind::Wrong, Some("Leave is 25 days."));
        let refused = with(Decision::Refused, wrong);
        for unchecked in [false, true] {
            let found = material(&answer(), std::slice::from_ref(&refused), unchecked);
            assert_eq!(found.unwrap_err(), Skipped::Refused);
        }
        // What others said stays, and is not disputed by it.
        let found = learnt(&[refused, says(None, Kind::Right, None)]);
        assert_eq!(found.good, [GIVEN]);
        assert!(found.bad.is_empty() && found.pairs.is_empty());
        let right = with(Decision::Refused, says(None, Kind::Right, None));
        let found = material(&answer(), &[right], false);
        assert_eq!(found.unwrap_err(), Skipped::Refused);
    }

    #[test]
    fn nothing_is_learnt_from_disputes_unknown_prompts_and_unsupported_corrections() {
        let dispute = [
            says(Some(0), Kind::Right, None),
            says(Some(0), Kind::Wrong, None),
        ];
        let found = material(&answer(), &dispute, false);
        assert_eq!(found.unwrap_err(), Skipped::Disputed);
        let dispute = [
            says(None, Kind::Right, None),
            says(Some(0), Kind::Wrong, None),
        ];
        let found = material(&answer(), &dispute, false);
        assert_eq!(found.unwrap_err(), Skipped::Disputed);
        let unknown = JudgedAnswer {
            prompt: None,
            ..answer()
        };
        let found = material(&unknown, &[says(None, Kind::Right, None)], false);
        assert_eq!(found.unwrap_err(), Skipped::NoPrompt);
        let mut made_up = says(None, Kind::Missing, Some("Leave is 99 days."));
        made_up.corrected[0].verdict = Verdict::Unsupported;
        let found = material(&answer(), std::slice::from_ref(&made_up), false);
        assert_eq!(found.unwrap_err(), Skipped::Unchecked);
        let found = material(&answer(), &[made_up], true).unwrap();
        assert!(found.good[0].ends_with("Leave is 99 days. [3]"));
    }
}
