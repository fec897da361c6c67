//! What OpenAI's clients read.

use serde::Serialize;
use utoipa::ToSchema;

use crate::web::wire::AnswerBody;

/// A checked answer, as OpenAI's clients read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct ChatCompletion {
    /// A name for this completion.
    pub(super) id: String,
    /// Always `chat.completion`.
    pub(super) object: &'static str,
    /// When it was made, in seconds since 1970.
    pub(super) created: i64,
    /// The model that was asked for.
    pub(super) model: String,
    /// One answer.
    pub(super) choices: Vec<ChatChoice>,
    /// Tokens of the language model; zeros in quote mode and where it does not count.
    pub(super) usage: ChatUsage,
    /// The whole object of `POST /v1/answers`.
    pub(super) grounding: AnswerBody,
}

/// An answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct ChatChoice {
    /// Always 0.
    pub(super) index: u32,
    /// What is said.
    pub(super) message: ChatMessage,
    /// Always null.
    pub(super) logprobs: Option<&'static str>,
    /// `length` where the language model was cut off, else `stop`.
    pub(super) finish_reason: &'static str,
}

/// What is said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct ChatMessage {
    /// Always `assistant`.
    pub(super) role: &'static str,
    /// The sentences that are shown, each with the numbers of its quotes; for an answer that
    /// abstains, that it does.
    pub(super) content: String,
    /// Always null: an answer that abstains has `grounding.abstained`.
    pub(super) refusal: Option<&'static str>,
    /// The quotes.
    pub(super) annotations: Vec<Annotation>,
}

/// A quote that a sentence rests on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct Annotation {
    /// Always `url_citation`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// The quote.
    pub(super) url_citation: UrlCitation,
}

/// Where a quote is told of in the content, and where it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct UrlCitation {
    /// First character of its number, such as `[1]`, in the content, in Unicode code points from
    /// 0.
    pub(super) start_index: usize,
    /// One past the last character of its number.
    pub(super) end_index: usize,
    /// The document's title.
    pub(super) title: String,
    /// The page that shows the quote in its document, on this server.
    pub(super) url: String,
    /// Not of OpenAI: the exact words of the document.
    pub(super) quote: String,
    /// Not of OpenAI: which of `grounding.claims` rests on it, from 0.
    pub(super) claim: usize,
    /// Not of OpenAI: which of that claim's `citations` it is, from 0.
    pub(super) citation: usize,
}

/// Tokens of an answer.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(in crate::web) struct ChatUsage {
    /// Tokens of the prompt: instructions, passages, question.
    pub(super) prompt_tokens: usize,
    /// Tokens of the draft.
    pub(super) completion_tokens: usize,
    /// Both.
    pub(super) total_tokens: usize,
    /// More on those of the prompt.
    pub(super) prompt_tokens_details: PromptTokens,
}

/// More on the tokens of a prompt.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(in crate::web) struct PromptTokens {
    /// Those that were computed for an earlier prompt.
    pub(super) cached_tokens: usize,
}

/// A piece of a streamed answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct ChatChunk {
    /// The same in every chunk.
    pub(super) id: String,
    /// Always `chat.completion.chunk`.
    pub(super) object: &'static str,
    /// The same in every chunk.
    pub(super) created: i64,
    /// The model that was asked for.
    pub(super) model: String,
    /// The piece; none in the chunk with `usage`.
    pub(super) choices: Vec<ChunkChoice>,
    /// With `include_usage`: null but in the last chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<ChunkUsage>,
    /// In the chunk with `finish_reason`: the whole object of `POST /v1/answers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) grounding: Option<Box<AnswerBody>>,
}

/// Tokens of an answer, once they are known.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::web) enum ChunkUsage {
    /// Written as null.
    NotYet,
    /// In the last chunk.
    Counted(ChatUsage),
}

/// A piece of an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct ChunkChoice {
    /// Always 0.
    pub(super) index: u32,
    /// The piece.
    pub(super) delta: ChunkDelta,
    /// Always null.
    pub(super) logprobs: Option<&'static str>,
    /// Null but in the chunk after the last sentence.
    pub(super) finish_reason: Option<&'static str>,
}

/// What a chunk adds.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(in crate::web) struct ChunkDelta {
    /// In the first chunk: `assistant`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    /// A sentence that was checked, with the numbers of its quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
    /// Its quotes; indices count in the whole content.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) annotations: Vec<Annotation>,
}
