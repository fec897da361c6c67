//! Conversations, as the API has them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::language::Language;
use crate::talk::{Conversation, Hidden, ShownTurn, TurnState};

/// A conversation that is begun, or gets another title.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConversationRequest {
    /// Its title, of 200 characters at most; the first question if left out.
    pub title: Option<String>,
}

/// A conversation, without its turns.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConversationBody {
    /// Its id.
    pub id: String,
    /// Its title; empty until the first question is asked.
    pub title: String,
    /// When it began.
    #[schema(format = DateTime)]
    pub created: String,
    /// When the last question was asked.
    #[schema(format = DateTime)]
    pub updated: String,
    /// How many questions were asked in it.
    pub questions: u64,
}

/// Conversations, the one that was changed last first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConversationList {
    /// The conversations.
    pub conversations: Vec<ConversationBody>,
    /// What `cursor` must be for those that follow; null if there are none.
    pub next: Option<String>,
}

/// A conversation with its turns, compared with what may be read now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WholeConversationBody {
    /// What the list says of it too.
    #[serde(flatten)]
    pub conversation: ConversationBody,
    /// Questions and answers, oldest first.
    pub turns: Vec<TurnBody>,
}

/// A question of a conversation and its answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TurnBody {
    /// Its id, which `turn` of the answer names.
    pub id: String,
    /// The question as asked.
    pub question: String,
    /// The question that was searched for in its place: it was understood from the conversation.
    pub searched_for: Option<String>,
    /// What it was narrowed to.
    #[schema(value_type = super::FilterBody)]
    pub filter: Value,
    /// How it ended.
    pub state: TurnState,
    /// The answer as it was sent, with its proof, where all that it rests on may be read still.
    /// Otherwise without the sentences that went, and without proof. Of a stopped turn the
    /// sentences that were released (`language`, `text`, `claims`); null if none was.
    #[schema(value_type = Option<super::AnswerBody>)]
    pub answer: Option<Value>,
    /// Sentences that are not shown any more.
    pub hidden: HiddenBody,
    /// Questions that the documents answer as well.
    pub suggestions: Vec<String>,
    /// When it was asked.
    #[schema(format = DateTime)]
    pub created: String,
}

/// Sentences of a kept answer that are not shown any more, and nothing of what they said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HiddenBody {
    /// Those that rest on documents which may not be read any more.
    pub closed: usize,
    /// Those that rest on documents, or versions of them, that were deleted.
    pub deleted: usize,
    /// The same as a sentence for people; null if there are none.
    pub words: Option<String>,
}

/// The event `turn`, the first of a question in a conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BegunTurnBody {
    /// The conversation.
    pub conversation: String,
    /// The turn.
    pub turn: String,
    /// The question that is searched for, where it is not the one that was asked.
    pub searched_for: Option<String>,
}

/// The event `suggestions`, after `final`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SuggestionsBody {
    /// The turn.
    pub turn: String,
    /// Questions that the documents answer as well, three at most.
    pub suggestions: Vec<String>,
}

/// A conversation.
pub(crate) fn conversation(conversation: &Conversation) -> ConversationBody {
    ConversationBody {
        id: conversation.id.clone(),
        title: conversation.title.clone(),
        created: conversation.created.to_string(),
        updated: conversation.updated.to_string(),
        questions: conversation.turns,
    }
}

/// A turn, for somebody who reads `language`.
pub(crate) fn turn(turn: ShownTurn, language: Language) -> TurnBody {
    TurnBody {
        hidden: hidden(turn.hidden, language),
        id: turn.id,
        question: turn.question,
        searched_for: turn.searched_for,
        filter: turn.filter,
        state: turn.state,
        answer: turn.answer,
        suggestions: turn.suggestions,
        created: turn.created.to_string(),
    }
}

fn hidden(hidden: Hidden, language: Language) -> HiddenBody {
    HiddenBody {
        closed: hidden.closed,
        deleted: hidden.deleted,
        words: hidden.words(language),
    }
}
