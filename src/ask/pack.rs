//! Ranked chunks to passages that fit, with a ledger of what became of each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ingest::{ChunkId, DocumentId};

use super::config::AskConfig;
use super::retrieve::Fused;
use super::types::{Context, LedgerEntry, LeftOut, Passage, Place, Reader};
use crate::catalogue::{Catalogue, ChunkRow};

/// Packs the best chunks into passages, reading them from the catalogue.
///
/// The reader's rights are looked at again: they may have changed after the index was searched.
///
/// # Errors
/// When the catalogue cannot be read.
pub(crate) async fn pack(
    catalogue: &Catalogue,
    fused: &[Fused],
    reader: &Reader,
    config: &AskConfig,
) -> Result<Context, sqlx::Error> {
    let ids: Vec<ChunkId> = fused.iter().map(|fused| fused.chunk).collect();
    let found = catalogue.chunks(&ids).await?;
    let rows: HashMap<ChunkId, ChunkRow> = found
        .into_iter()
        .filter(|row| reader.may_read(&row.readers))
        .map(|row| (row.id, row))
        .collect();
    let (chosen, mut left_out) = choose(fused, &rows, config);
    let mut around: BTreeMap<DocumentId, BTreeMap<u32, ChunkRow>> = BTreeMap::new();
    let mut tokens: usize = chosen.iter().map(|row| row.prepared.chunk.tokens).sum();
    for row in &chosen {
        around
            .entry(row.document)
            .or_default()
            .insert(row.prepared.chunk.ordinal, (*row).clone());
    }
    for row in &chosen {
        let ordinal = row.prepared.chunk.ordinal;
        let wanted: BTreeSet<u32> = (ordinal.saturating_sub(config.neighbours)
            ..=ordinal + config.neighbours)
            .filter(|near| !around[&row.document].contains_key(near))
            .collect();
        if wanted.is_empty() {
            continue;
        }
        for near in catalogue.chunks_at(row.document, &wanted).await? {
            let fits = tokens + near.prepared.chunk.tokens <= config.context_tokens.get();
            // A neighbour under another heading is about something else.
            let belongs = near.prepared.chunk.heading_path == row.prepared.chunk.heading_path;
            if fits && belongs && reader.may_read(&near.readers) {
                tokens += near.prepared.chunk.tokens;
                around
                    .entry(near.document)
                    .or_default()
                    .insert(near.prepared.chunk.ordinal, near);
            }
        }
    }
    let scores: HashMap<ChunkId, f32> = fused
        .iter()
        .map(|fused| (fused.chunk, fused.score))
        .collect();
    let mut passages: Vec<Passage> = around
        .into_values()
        .flat_map(|rows| join(rows, &scores))
        .collect();
    passages.sort_by(|one, other| other.score.total_cmp(&one.score));
    open(catalogue, &mut passages, reader).await?;
    let mut number_of: HashMap<ChunkId, u32> = HashMap::new();
    for (number, passage) in (1_u32..).zip(&passages) {
        number_of.extend(passage.chunks.iter().map(|chunk| (*chunk, number)));
    }
    let ledger = fused
        .iter()
        .filter_map(|fused| {
            let row = rows.get(&fused.chunk);
            let outcome = match (number_of.get(&fused.chunk), left_out.remove(&fused.chunk)) {
                (Some(number), _) => Ok(*number),
                (None, reason) => Err(reason.unwrap_or(LeftOut::Gone)),
            };
            // What may not be read is not named either, not even here.
            let title = row.map(|row| row.title.clone())?;
            Some(LedgerEntry {
                chunk: fused.chunk,
                title,
                ranks: fused.ranks.clone(),
                score: fused.score,
                tokens: row.map_or(0, |row| row.prepared.chunk.tokens),
                outcome,
            })
        })
        .collect();
    Ok(Context { passages, ledger })
}

/// Characters of a document's first lines.
const OPENING: usize = 1_000;

/// Gives passages the first lines of their documents.
async fn open(
    catalogue: &Catalogue,
    passages: &mut [Passage],
    reader: &Reader,
) -> Result<(), sqlx::Error> {
    let first = BTreeSet::from([0]);
    let documents: BTreeSet<DocumentId> = passages.iter().map(|passage| passage.document).collect();
    for document in documents {
        let rows = catalogue.chunks_at(document, &first).await?;
        let Some(row) = rows.into_iter().find(|row| reader.may_read(&row.readers)) else {
            continue;
        };
        let opening: String = row.prepared.text.chars().take(OPENING).collect();
        for passage in &mut *passages {
            if passage.document == document && passage.version == row.version {
                passage.opening.clone_from(&opening);
            }
        }
    }
    Ok(())
}

/// The chunks that go in, best first, and why others do not.
fn choose<'a>(
    fused: &[Fused],
    rows: &'a HashMap<ChunkId, ChunkRow>,
    config: &AskConfig,
) -> (Vec<&'a ChunkRow>, HashMap<ChunkId, LeftOut>) {
    let mut chosen: Vec<&ChunkRow> = Vec::new();
    let mut left_out = HashMap::new();
    let mut texts: BTreeSet<String> = BTreeSet::new();
    let mut tokens = 0;
    for hit in fused {
        let Some(row) = rows.get(&hit.chunk) else {
            continue;
        };
        let text: String = row.prepared.text.split_whitespace().collect();
        let reason = if chosen.len() >= config.passages.get() {
            LeftOut::BelowCut
        } else if texts.contains(&text) {
            LeftOut::Duplicate
        } else if tokens + row.prepared.chunk.tokens > config.context_tokens.get() {
            LeftOut::NoRoom
        } else {
            tokens += row.prepared.chunk.tokens;
            texts.insert(text);
            chosen.push(row);
            continue;
        };
        left_out.insert(hit.chunk, reason);
    }
    (chosen, left_out)
}

/// Chunks of one document to passages: those that follow each other become one.
fn join(rows: BTreeMap<u32, ChunkRow>, scores: &HashMap<ChunkId, f32>) -> Vec<Passage> {
    let mut passages: Vec<(u32, Passage)> = Vec::new();
    for (ordinal, row) in rows {
        let score = scores.get(&row.id).copied().unwrap_or(f32::NEG_INFINITY);
        match passages.last_mut() {
            Some((last, passage))
                if *last + 1 == ordinal
                    && passage.place.span.end == row.prepared.chunk.span.start
                    && passage.version == row.version
                    && passage.heading_path == row.prepared.chunk.heading_path =>
            {
                *last = ordinal;
                let shift = passage.text.len();
                let moved = |span: &ingest::Span| span.start + shift..span.end + shift;
                passage.text.push_str(&row.prepared.text);
                passage
                    .sentences
                    .extend(row.prepared.sentences.iter().map(moved));
                for (number, span) in &row.prepared.pages {
                    let span = moved(span);
                    match passage.pages.last_mut() {
                        Some((page, there)) if page == number => there.end = span.end,
                        _ => passage.pages.push((*number, span)),
                    }
                }
                passage.place.span.end = row.prepared.chunk.span.end;
                passage.place.chars.end = row.prepared.chars.end;
                passage.place.utf16.end = row.prepared.utf16.end;
                passage.score = passage.score.max(score);
                passage.chunks.push(row.id);
            }
            _ => passages.push((ordinal, alone(row, score))),
        }
    }
    passages.into_iter().map(|(_, passage)| passage).collect()
}

fn alone(row: ChunkRow, score: f32) -> Passage {
    let prepared = row.prepared;
    Passage {
        chunks: vec![row.id],
        document: row.document,
        version: row.version,
        title: row.title,
        file_name: row.file_name,
        heading_path: prepared.chunk.heading_path,
        opening: String::new(),
        place: Place {
            span: prepared.chunk.span,
            chars: prepared.chars,
            utf16: prepared.utf16,
        },
        text: prepared.text,
        pages: prepared.pages,
        sentences: prepared.sentences,
        score,
    }
}
