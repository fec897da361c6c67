//! What Anthropic's clients read.

use serde::Serialize;
use utoipa::ToSchema;

use crate::web::wire::AnswerBody;

/// A checked answer, as Anthropic's clients read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct AnthropicMessage {
    /// A name for this message.
    pub(super) id: String,
    /// Always `message`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// Always `assistant`.
    pub(super) role: &'static str,
    /// The model that was asked for.
    pub(super) model: String,
    /// The sentences that are shown; for an answer that abstains, that it does.
    pub(super) content: Vec<TextBlock>,
    /// `max_tokens` where the language model was cut off, else `end_turn`; null where a stream
    /// begins.
    pub(super) stop_reason: Option<&'static str>,
    /// Always null.
    pub(super) stop_sequence: Option<&'static str>,
    /// Tokens of the language model; zeros in quote mode and where it does not count.
    pub(super) usage: MessageUsage,
    /// The whole object of `POST /v1/answers`; in a stream it comes with `message_delta`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) grounding: Option<Box<AnswerBody>>,
}

/// A sentence that is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct TextBlock {
    /// Always `text`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// The sentence; after a space, unless it is the first.
    pub(super) text: String,
    /// The quotes that it rests on; null without any.
    pub(super) citations: Option<Vec<TextCitation>>,
}

/// A quote that a sentence rests on. Characters are Unicode code points of the document's text
/// as it was read, from 0, and ends are exclusive.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::web) enum TextCitation {
    /// In a document without pages.
    CharLocation {
        /// The exact words of the document.
        cited_text: String,
        /// Which document of this answer it is, in the order in which they are cited, from 0.
        document_index: usize,
        /// The document's title.
        document_title: String,
        /// The document's id.
        file_id: String,
        /// First character of the quote.
        start_char_index: usize,
        /// One past the last character of the quote.
        end_char_index: usize,
        /// Not of Anthropic: SHA-256 of the file that holds the quote.
        version: String,
        /// Not of Anthropic: the page that shows the quote in its document, on this server.
        url: String,
    },
    /// In a document with pages.
    PageLocation {
        /// The exact words of the document.
        cited_text: String,
        /// Which document of this answer it is, in the order in which they are cited, from 0.
        document_index: usize,
        /// The document's title.
        document_title: String,
        /// The document's id.
        file_id: String,
        /// First page of the quote, from 1.
        start_page_number: u32,
        /// One past the last page of the quote.
        end_page_number: u32,
        /// Not of Anthropic: first character of the quote.
        start_char_index: usize,
        /// Not of Anthropic: one past the last character of the quote.
        end_char_index: usize,
        /// Not of Anthropic: SHA-256 of the file that holds the quote.
        version: String,
        /// Not of Anthropic: the page that shows the quote in its document, on this server.
        url: String,
    },
}

/// Tokens of an answer.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "they are called so there")]
pub(in crate::web) struct MessageUsage {
    /// Tokens of the prompt that were computed for this answer.
    pub(super) input_tokens: usize,
    /// Tokens of the prompt that were computed for an earlier one.
    pub(super) cache_read_input_tokens: usize,
    /// Tokens of the draft.
    pub(super) output_tokens: usize,
}

/// An event of a streamed answer; its name is its `type`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::web) enum StreamEvent {
    /// It begins.
    MessageStart {
        /// The message, without content so far.
        message: AnthropicMessage,
    },
    /// A sentence begins.
    ContentBlockStart {
        /// Its place in the content, from 0.
        index: usize,
        /// The block, empty so far.
        content_block: TextBlock,
    },
    /// More of a sentence.
    ContentBlockDelta {
        /// Its place in the content.
        index: usize,
        /// What is added.
        delta: BlockDelta,
    },
    /// A sentence ends.
    ContentBlockStop {
        /// Its place in the content.
        index: usize,
    },
    /// How it ended.
    MessageDelta {
        /// Why.
        delta: MessageEnd,
        /// Tokens of the language model.
        usage: MessageUsage,
        /// The whole object of `POST /v1/answers`.
        grounding: Box<AnswerBody>,
    },
    /// It ended.
    MessageStop,
    /// Nothing happened for a while.
    Ping,
}

/// What is added to a block.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::web) enum BlockDelta {
    /// The sentence, once it is checked.
    TextDelta {
        /// The sentence.
        text: String,
    },
    /// One of its quotes.
    CitationsDelta {
        /// The quote.
        citation: TextCitation,
    },
}

/// Why a message ended.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(in crate::web) struct MessageEnd {
    /// `max_tokens` where the language model was cut off, else `end_turn`.
    pub(super) stop_reason: &'static str,
    /// Always null.
    pub(super) stop_sequence: Option<&'static str>,
}
