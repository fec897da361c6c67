//! Conversations by words.
//!
//! Words are looked for in the texts themselves, as parts of words: an index of letter triples
//! would not find Korean words of two syllables, and one person's conversations are few. What an
//! answer says is found only where its owner may still read it.

use unicode_normalization::UnicodeNormalization as _;

use super::recheck::shown_turns;
use super::types::{Conversation, Spoken};
use crate::ask::Reader;
use crate::catalogue::Behind;
use crate::library::{Library, LibraryError};

/// Conversations that are read at once.
const BATCH: usize = 200;

/// Conversations of `owner` with all words of `query`, the one that was changed last first, and
/// where the list goes on if it does. Without words, all.
///
/// # Errors
/// When the catalogue cannot be read.
pub(crate) async fn find(
    library: &Library,
    (owner, reader): (&str, &Reader),
    query: &str,
    behind: Option<Behind>,
    limit: usize,
) -> Result<(Vec<Conversation>, Option<Behind>), LibraryError> {
    let catalogue = library.catalogue();
    let words: Vec<String> = folded(query)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let mut found: Vec<Conversation> = Vec::new();
    let mut behind = behind;
    // One more than is wanted tells whether there are more.
    let size = if words.is_empty() { limit + 1 } else { BATCH };
    loop {
        let batch = catalogue.spoken(owner, behind.as_ref(), size).await?;
        let is_last = batch.len() < size;
        for spoken in batch {
            let place = Behind {
                updated: spoken.conversation.updated.as_millisecond(),
                id: spoken.conversation.id.clone(),
            };
            if found.len() == limit {
                // There is one more at least, perhaps.
                return Ok((found, behind));
            }
            behind = Some(place);
            if holds(library, (owner, reader), &spoken, &words).await? {
                found.push(spoken.conversation);
            }
        }
        if is_last {
            return Ok((found, None));
        }
    }
}

async fn holds(
    library: &Library,
    (owner, reader): (&str, &Reader),
    spoken: &Spoken,
    words: &[String],
) -> Result<bool, LibraryError> {
    let own = folded(&format!("{}\n{}", spoken.conversation.title, spoken.asked));
    if words.iter().all(|word| own.contains(word)) {
        return Ok(true);
    }
    let said = folded(&spoken.said);
    if !words
        .iter()
        .all(|word| own.contains(word) || said.contains(word))
    {
        return Ok(false);
    }
    let turns = library
        .catalogue()
        .turns(owner, &spoken.conversation.id)
        .await?;
    let shown = shown_turns(library, turns, reader).await?;
    let said: String = shown
        .iter()
        .filter_map(|turn| turn.answer.as_ref()?.get("text")?.as_str())
        .map(|text| folded(text) + "\n")
        .collect();
    Ok(words
        .iter()
        .all(|word| own.contains(word) || said.contains(word)))
}

fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_composition_do_not_matter() {
        let apart: String = "연차".nfd().collect();
        assert_eq!(folded(&apart), "연차");
        assert_eq!(folded("ＰＰＲ-9087 KRW"), "ppr-9087 krw");
    }
}
