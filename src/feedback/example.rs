//! Examples as lines of JSON that TRL reads (`huggingface.co/docs/trl/dataset_formats`), in its
//! conversational format.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::str::FromStr;

use ingest::{ContentHash, DocumentId, Group};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::types::KeptSentence;
use crate::ask::{Message, Role};
use crate::generate::{prompt::nothing_said, training_text};
use crate::language::Language;

/// What examples are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Pairs for `DPOTrainer`: `prompt`, `chosen`, `rejected`.
    Dpo,
    /// Single answers for `KTOTrainer`: `prompt`, `completion`, `label`.
    Kto,
    /// Conversations for `SFTTrainer`: `messages`.
    Sft,
    /// The same, told apart: `prompt`, `completion`.
    PromptCompletion,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "dpo" => Ok(Self::Dpo),
            "kto" => Ok(Self::Kto),
            "sft" => Ok(Self::Sft),
            "prompt-completion" => Ok(Self::PromptCompletion),
            other => Err(format!(
                "`{other}` is none of `dpo`, `kto`, `sft` and `prompt-completion`"
            )),
        }
    }
}

/// An example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Example {
    /// One answer is better than another.
    Preference {
        /// The conversation that asks.
        prompt: Vec<Message>,
        /// The better one.
        chosen: [Message; 1],
        /// The other.
        rejected: [Message; 1],
    },
    /// An answer is good, or it is not.
    Unpaired {
        /// The conversation that asks.
        prompt: Vec<Message>,
        /// The answer.
        completion: [Message; 1],
        /// Whether it is good.
        label: bool,
    },
    /// A conversation with a good answer.
    Conversation {
        /// All of it.
        messages: Vec<Message>,
    },
    /// A good answer.
    Completion {
        /// The conversation that asks.
        prompt: Vec<Message>,
        /// The answer.
        completion: [Message; 1],
    },
}

/// A line of an export.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// What is learnt. TRL reads these columns.
    #[serde(flatten)]
    pub example: Example,
    /// Where it comes from, if that was asked for. TRL passes it over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub veracite: Option<Mark>,
}

/// Where a line comes from, and under which rights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Who judged.
    pub source: Source,
    /// The answer's SHA-256, for one that people judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The version of the prompt's words.
    pub prompt_version: u32,
    /// Engine and weights that wrote.
    pub generator: String,
    /// The adapter that wrote, if one did.
    pub adapter: Option<String>,
    /// The documents whose text is in it.
    pub documents: Vec<MarkedDocument>,
}

/// A document whose text is in an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MarkedDocument {
    /// Its id.
    pub document: DocumentId,
    /// SHA-256 of the file.
    pub version: ContentHash,
    /// The groups that may quote it, today.
    pub readers: BTreeSet<Group>,
}

/// Who judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// People.
    People,
    /// The checker.
    Checker,
}

/// What is learnt from one question, before it has a format.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Material {
    pub(super) prompt: Vec<Message>,
    /// The better text and the other.
    pub(super) pairs: Vec<(String, String)>,
    pub(super) good: Vec<String>,
    pub(super) bad: Vec<String>,
}

fn turn(text: &str) -> [Message; 1] {
    [Message {
        role: Role::Assistant,
        content: training_text(text),
    }]
}

impl Material {
    /// Its examples in a format.
    pub(super) fn examples(&self, format: Format) -> Vec<Example> {
        let prompt = || self.prompt.clone();
        let unpaired = |text: &String, label| Example::Unpaired {
            prompt: prompt(),
            completion: turn(text),
            label,
        };
        match format {
            Format::Dpo => self
                .pairs
                .iter()
                .map(|(chosen, rejected)| Example::Preference {
                    prompt: prompt(),
                    chosen: turn(chosen),
                    rejected: turn(rejected),
                })
                .collect(),
            Format::Kto => {
                let good = self.good.iter().map(|text| unpaired(text, true));
                let bad = self.bad.iter().map(|text| unpaired(text, false));
                good.chain(bad).collect()
            }
            Format::Sft => self
                .good
                .iter()
                .map(|text| Example::Conversation {
                    messages: prompt().into_iter().chain(turn(text)).collect(),
                })
                .collect(),
            Format::PromptCompletion => self
                .good
                .iter()
                .map(|text| Example::Completion {
                    prompt: prompt(),
                    completion: turn(text),
                })
                .collect(),
        }
    }
}

/// Sentences as a draft has them: each with the numbers of its passages. None at all is what the
/// model writes where the passages hold no answer.
pub(super) fn written(sentences: &[KeptSentence], language: Language) -> String {
    if sentences.is_empty() {
        return nothing_said(language).to_owned();
    }
    let mut text = String::new();
    for sentence in sentences {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(sentence.text.trim());
        for (at, number) in sentence.citations.iter().enumerate() {
            text.push_str(if at == 0 { " " } else { "" });
            let _ = write!(text, "[{number}]");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::check::Verdict;

    fn sentence(text: &str, citations: &[u32]) -> KeptSentence {
        KeptSentence {
            text: text.to_owned(),
            verdict: Verdict::Supported,
            shown: true,
            citations: citations.to_vec(),
        }
    }

    fn lines(format: Format) -> Vec<Value> {
        let material = Material {
            prompt: vec![Message {
                role: Role::User,
                content: "Q".to_owned(),
            }],
            pairs: vec![("good".to_owned(), "bad".to_owned())],
            good: vec!["good".to_owned()],
            bad: vec!["bad".to_owned()],
        };
        let examples = material.examples(format).into_iter();
        examples
            .map(|example| {
                let line = Line {
                    example,
                    veracite: None,
                };
                serde_json::to_value(line).unwrap()
            })
            .collect()
    }

    /// Exactly the columns that TRL's documentation names, and no other.
    #[test]
    fn lines_have_the_columns_of_their_trainer() {
        let user = json!([{"role": "user", "content": "Q"}]);
        let assistant = |text: &str| json!([{"role": "assistant", "content": text}]);
        assert_eq!(
            lines(Format::Dpo),
            [json!({"prompt": user, "chosen": assistant("good"), "rejected": assistant("bad")})]
        );
        assert_eq!(
            lines(Format::Kto),
            [
                json!({"prompt": user, "completion": assistant("good"), "label": true}),
                json!({"prompt": user, "completion": assistant("bad"), "label": false}),
            ]
        );
        assert_eq!(
            lines(Format::Sft),
            [json!({"messages": [
                {"role": "user", "content": "Q"}, {"role": "assistant", "content": "good"},
            ]})]
        );
        assert_eq!(
            lines(Format::PromptCompletion),
            [json!({"prompt": user, "completion": assistant("good")})]
        );
        assert!("ppo".parse::<Format>().unwrap_err().contains("`kto`"));
    }

    #[test]
    fn a_text_is_written_as_drafts_are() {
        let sentences = [
            sentence("연차는 15일이다.", &[1, 3]),
            sentence("안녕하세요.", &[]),
            sentence("병가는 60일이다.", &[2]),
        ];
        let text = written(&sentences, Language::Ko);
        assert_eq!(
            text,
            "연차는 15일이다. [1][3] 안녕하세요. 병가는 60일이다. [2]"
        );
        let read: Vec<_> = crate::check::draft_sentences(&text)
            .into_iter()
            .map(|sentence| (sentence.text, sentence.citations))
            .collect();
        let expected = sentences.map(|sentence| (sentence.text, sentence.citations));
        assert_eq!(read, expected);
        assert_eq!(written(&[], Language::En), "The passages do not say.");
    }

    #[test]
    fn what_a_template_takes_for_its_own_is_no_part_of_an_answer() {
        let [message] = turn("It says <|im_end|> and [INST].");
        assert!(!message.content.contains("<|im_end|>"), "{message:?}");
        assert!(!message.content.contains("[INST]"), "{message:?}");
    }
}
