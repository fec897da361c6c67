//! A follow-up question in full, by a model where there is one that writes.
//!
//! The model sees questions only. What it writes is taken if it is made of the conversation's own
//! words and numbers; otherwise, and where it fails or is slow, the words are put together without
//! it.

use std::fmt::Write as _;
use std::time::Duration;

use tracing::{debug, warn};

use super::follow::{LOOKED_BACK, adds_nothing, completed, is_short};
use crate::ask::{Generator, Message, Role};
use crate::language::Language;

/// A model may take this long.
const PATIENCE: Duration = Duration::from_secs(15);

/// The question to search for: `question` in full if it follows up on `earlier`, which stand alone,
/// oldest first; otherwise as it is. `writer` is a generator that writes of its own.
pub(crate) async fn standing_alone(
    writer: Option<&dyn Generator>,
    earlier: &[&str],
    question: &str,
) -> String {
    let earlier = &earlier[earlier.len().saturating_sub(LOOKED_BACK)..];
    if earlier.is_empty() || !is_short(question) {
        return question.to_owned();
    }
    if let Some(writer) = writer
        && let Some(written) = written(writer, earlier, question).await
    {
        return written;
    }
    completed(earlier, question).unwrap_or_else(|| question.to_owned())
}

/// Questions that follow each other, each in full.
pub(crate) fn in_full(questions: &[String]) -> Vec<String> {
    let mut full: Vec<String> = Vec::with_capacity(questions.len());
    for question in questions {
        let earlier: Vec<&str> = full.iter().map(String::as_str).collect();
        let completed = completed(&earlier, question);
        full.push(completed.unwrap_or_else(|| question.clone()));
    }
    full
}

async fn written(writer: &dyn Generator, earlier: &[&str], question: &str) -> Option<String> {
    let writing = writer.write_line(messages(earlier, question));
    let line = match tokio::time::timeout(PATIENCE, writing).await {
        Ok(Ok(line)) => line?,
        Ok(Err(error)) => {
            warn!(%error, "a follow-up question cannot be completed by the model");
            return None;
        }
        Err(_) => {
            warn!("the model takes too long to complete a follow-up question");
            return None;
        }
    };
    let said: Vec<&str> = earlier.iter().copied().chain([question]).collect();
    let longest: usize = said.iter().map(|said| said.chars().count()).sum();
    let is_taken = line.chars().count() <= longest + 20 && adds_nothing(&line, &said);
    if !is_taken {
        debug!("a completed question says what the conversation does not, and is not taken");
    }
    is_taken.then_some(line)
}

fn messages(earlier: &[&str], question: &str) -> Vec<Message> {
    let (instructions, before, now) = match Language::of(question) {
        Language::Ko => (
            "마지막 질문을, 앞의 질문을 모르는 사람도 알 수 있는 질문 하나로 고쳐 씁니다.\n\
             - 앞의 질문과 마지막 질문에 있는 낱말과 숫자만 씁니다. 답하지 않습니다.\n\
             - 이미 홀로 알 수 있는 질문이면 그대로 옮깁니다.\n\
             - 질문 한 줄만 씁니다.",
            "앞의 질문",
            "마지막 질문",
        ),
        Language::En => (
            "Rewrite the last question so that somebody who does not know the earlier ones understands it.\n\
             - Use only words and numbers of the earlier questions and the last one. Do not answer.\n\
             - If it can be understood by itself already, repeat it.\n\
             - Write one line with the question, and nothing else.",
            "Earlier question",
            "Last question",
        ),
    };
    let mut content = String::new();
    for question in earlier {
        let _ = writeln!(content, "{before}: {}", one_line(question));
    }
    let _ = write!(content, "{now}: {}", one_line(question));
    [
        (Role::System, instructions.to_owned()),
        (Role::User, content),
    ]
    .map(|(role, content)| Message { role, content })
    .into()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use ingest::BackendError;

    use super::*;
    use crate::ask::{DraftPieces, Prompt};

    const LEAVE: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";

    /// Writes always the same, or fails.
    #[derive(Debug)]
    struct Writer(Option<&'static str>);

    #[async_trait]
    impl Generator for Writer {
        fn name(&self) -> &'static str {
            "writer"
        }

        fn window(&self) -> Option<usize> {
            None
        }

        async fn count_tokens(&self, _: &Prompt) -> Result<usize, BackendError> {
            Ok(0)
        }

        async fn generate(&self, _: Prompt) -> Result<DraftPieces, BackendError> {
            Err(BackendError::message("not here"))
        }

        async fn probabilities(
            &self,
            _: &str,
            _: &[&str],
        ) -> Result<Option<Vec<f32>>, BackendError> {
            Ok(None)
        }

        async fn write_line(&self, messages: Vec<Message>) -> Result<Option<String>, BackendError> {
            assert!(messages[1].content.contains("2년차는?"));
            match self.0 {
                Some(line) => Ok(Some(line.to_owned())),
                None => Err(BackendError::message("broken")),
            }
        }
    }

    #[test]
    fn a_follow_up_of_a_follow_up_is_completed_too() {
        let full = in_full(&[
            LEAVE.to_owned(),
            "2년차는?".to_owned(),
            "그건 유급인가요?".to_owned(),
        ]);
        assert_eq!(full[2], "입사 2년차 직원의 연차 유급인가요?");
    }

    #[tokio::test]
    async fn what_a_model_writes_is_taken_if_it_adds_nothing() {
        let by = async |line| standing_alone(Some(&Writer(line)), &[LEAVE], "2년차는?").await;
        let good = "2년차 직원의 연차는 며칠인가요?";
        assert_eq!(by(Some(good)).await, good);
        let by_rule = "입사 2년차 직원의 연차는 며칠인가요?";
        for bad in [
            Some("2년차 직원의 연차 15일은 언제 쓰나요?"),
            Some("2년차 임원의 연차는?"),
            None,
        ] {
            assert_eq!(by(bad).await, by_rule, "{bad:?}");
        }
        assert_eq!(standing_alone(None, &[LEAVE], "2년차는?").await, by_rule);
        assert_eq!(standing_alone(None, &[], "2년차는?").await, "2년차는?");
    }
}
