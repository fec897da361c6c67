//! What the labels of a published model mean.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a label says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Entailed,
    /// That the evidence does not say, or only that the claim does not follow.
    Neutral,
    Contradicted,
}

impl Meaning {
    fn of(label: &str) -> Option<Self> {
        let plain: String = label
            .chars()
            .filter(|char| char.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        Some(match plain.as_str() {
            "entailment" | "entailed" | "entails" | "supported" | "supports" | "consistent" => {
                Self::Entailed
            }
            "neutral" | "notenoughinfo" | "notentailment" | "notentailed" | "nonentailment"
            | "notsupported" | "unsupported" | "inconsistent" | "hallucinated" => Self::Neutral,
            "contradiction" | "contradicted" | "contradicts" | "refuted" | "refutes" => {
                Self::Contradicted
            }
            _ => return None,
        })
    }
}

/// The labels of a model, in the order of its outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Labels {
    /// One output: the more, the likelier the claim follows.
    Single,
    /// An output for each label.
    Several(Vec<SeveralMeaning>),
}

/// What one of several labels means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeveralMeaning(Meaning);

/// What of `config.json` tells of labels.
#[derive(Debug, Deserialize)]
struct Named {
    #[serde(default)]
    id2label: BTreeMap<String, String>,
    #[serde(default)]
    label2id: BTreeMap<String, usize>,
}

impl Labels {
    /// The labels that a model's `config.json` names.
    ///
    /// # Errors
    /// When it names none, or one that is not understood, in words.
    pub(super) fn of(config: &serde_json::Value) -> Result<Self, String> {
        let named = Named::deserialize(config).map_err(|error| error.to_string())?;
        let mut labels: Vec<(usize, String)> = named
            .id2label
            .into_iter()
            .map(|(number, label)| Ok((number.parse().map_err(|_| number)?, label)))
            .collect::<Result<_, String>>()
            .map_err(|number| format!("its label `{number}` has no number"))?;
        if labels.is_empty() {
            labels.extend(
                named
                    .label2id
                    .into_iter()
                    .map(|(label, number)| (number, label)),
            );
        }
        labels.sort_unstable();
        if labels
            .iter()
            .enumerate()
            .any(|(place, (number, _))| place != *number)
        {
            return Err("its labels are not numbered from 0".to_owned());
        }
        if labels.len() == 1 {
            return Ok(Self::Single);
        }
        let meanings: Vec<Option<Meaning>> =
            labels.iter().map(|(_, label)| Meaning::of(label)).collect();
        let there = |wanted| meanings.contains(&Some(wanted));
        let others = there(Meaning::Neutral) || there(Meaning::Contradicted);
        if meanings.contains(&None) || !there(Meaning::Entailed) || !others {
            let names: Vec<String> = labels
                .iter()
                .map(|(_, label)| format!("`{label}`"))
                .collect();
            return Err(format!(
                "its labels are {}, not `entailment` with `neutral` and `contradiction` or with \
                 `not_entailment`",
                if names.is_empty() {
                    "not named".to_owned()
                } else {
                    names.join(", ")
                }
            ));
        }
        Ok(Self::Several(
            meanings.into_iter().flatten().map(SeveralMeaning).collect(),
        ))
    }

    /// Outputs that a model with these labels has.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Single => 1,
            Self::Several(meanings) => meanings.len(),
        }
    }

    /// The probabilities that a claim is entailed, neither, and contradicted.
    pub(super) fn probabilities(&self, logits: &[f32]) -> [f32; 3] {
        let meanings = match self {
            Self::Single => {
                let entailed = 1.0 / (1.0 + (-logits[0]).exp());
                return [entailed, 1.0 - entailed, 0.0];
            }
            Self::Several(meanings) => meanings,
        };
        let most = logits.iter().copied().fold(f32::MIN, f32::max);
        let mut powers = [0.0; 3];
        for (logit, SeveralMeaning(meaning)) in logits.iter().zip(meanings) {
            powers[*meaning as usize] += (logit - most).exp();
        }
        let sum: f32 = powers.iter().sum();
        powers.map(|power| power / sum)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn labels(names: &[&str]) -> Result<Labels, String> {
        let named: serde_json::Map<String, serde_json::Value> = names
            .iter()
            .enumerate()
            .map(|(number, name)| (number.to_string(), json!(name)))
            .collect();
        Labels::of(&json!({ "id2label": named }))
    }

    #[track_caller]
    fn check(labels: Result<Labels, String>, logits: &[f32], expected: [f32; 3]) {
        let found = labels.unwrap().probabilities(logits);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found:?}");
        }
    }

    #[test]
    fn labels_are_told_by_name_whatever_their_order() {
        let logits = [0.0, 2.0_f32.ln(), 5.0_f32.ln()];
        check(
            labels(&["contradiction", "neutral", "entailment"]),
            &logits,
            [0.625, 0.25, 0.125],
        );
        check(
            labels(&["ENTAILMENT", "Not enough info", "REFUTES"]),
            &logits,
            [0.125, 0.25, 0.625],
        );
        check(
            labels(&["not_entailment", "entailment"]),
            &logits[..2],
            [2.0 / 3.0, 1.0 / 3.0, 0.0],
        );
        check(
            labels(&["supported", "unsupported"]),
            &logits[..2],
            [1.0 / 3.0, 2.0 / 3.0, 0.0],
        );
        let numbers = json!({ "label2id": { "neutral": 1, "entailment": 0, "contradiction": 2 } });
        check(Labels::of(&numbers), &logits, [0.125, 0.25, 0.625]);
    }

    #[test]
    fn a_single_output_is_the_probability_that_a_claim_follows() {
        check(labels(&["LABEL_0"]), &[3.0_f32.ln()], [0.75, 0.25, 0.0]);
    }

    #[test]
    fn labels_that_are_not_understood_are_named() {
        for names in [
            &["LABEL_0", "LABEL_1"][..],
            &["entailment", "positive"],
            &["neutral", "contradiction"],
            &["entailment", "supported"],
        ] {
            let error = labels(names).unwrap_err();
            assert!(
                names
                    .iter()
                    .all(|name| error.contains(&format!("`{name}`"))),
                "{error}"
            );
        }
        assert!(labels(&[]).unwrap_err().contains("not named"));
        let gap = json!({ "id2label": { "0": "entailment", "2": "neutral" } });
        assert!(Labels::of(&gap).is_err());
    }
}
