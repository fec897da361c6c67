//! Ranked chunks to passages that fit, with a ledger of what became of each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ingest::{CellSpan, ChunkId, DocumentId, PageSpan, ParagraphSpan, PreparedChunk, Span};

use super::config::AskConfig;
use super::retrieve::Fused;
use super::types::{Context, LedgerEntry, LeftOut, Passage, Place, Reader};
use crate::catalogue::{Catalogue, ChunkRow};
use crate::rights::{Access, Level};

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
    let access = catalogue.access(reader).await?;
    let found = catalogue.chunks(&ids).await?;
    let rows: HashMap<ChunkId, ChunkRow> = found
        .into_iter()
        .filter(|row| is_quotable(&access, row))
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
            if fits && belongs && is_quotable(&access, &near) {
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
    open(catalogue, &mut passages, &access).await?;
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

fn is_quotable(access: &Access, row: &ChunkRow) -> bool {
    access.may(Level::Quote, &row.list, row.access.as_ref())
}

/// Characters of a document's first lines.
const OPENING: usize = 1_000;

/// Gives passages the first lines of their documents.
async fn open(
    catalogue: &Catalogue,
    passages: &mut [Passage],
    access: &Access,
) -> Result<(), sqlx::Error> {
    let first = BTreeSet::from([0]);
    let documents: BTreeSet<DocumentId> = passages.iter().map(|passage| passage.document).collect();
    for document in documents {
        let rows = catalogue.chunks_at(document, &first).await?;
        let Some(row) = rows.into_iter().find(|row| is_quotable(access, row)) else {
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
        let text: String = row.prepared.searched_text().split_whitespace().collect();
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
                append(passage, &row.prepared);
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

/// Puts the text of a chunk, with all that stands in it, at the end of a passage's.
fn append(passage: &mut Passage, prepared: &PreparedChunk) {
    add(
        passage,
        &prepared.text,
        &prepared.sentences,
        &prepared.pages,
        &prepared.cells,
        &prepared.paragraphs,
    );
}

fn add(
    passage: &mut Passage,
    text: &str,
    sentences: &[Span],
    pages: &[PageSpan],
    cells: &[CellSpan],
    paragraphs: &[ParagraphSpan],
) {
    let shift = passage.text.len();
    let moved = |span: &Span| span.start + shift..span.end + shift;
    passage.text.push_str(text);
    passage.sentences.extend(sentences.iter().map(moved));
    passage.cells.extend(cells.iter().map(|cell| CellSpan {
        span: moved(&cell.span),
        ..*cell
    }));
    let moved_parts = paragraphs.iter().map(|part| ParagraphSpan {
        number: part.number,
        span: moved(&part.span),
    });
    passage.paragraphs.extend(moved_parts);
    for page in pages {
        let span = moved(&page.span);
        match passage.pages.last_mut() {
            Some(last) if last.number == page.number => last.span.end = span.end,
            _ => passage.pages.push(PageSpan {
                span,
                ..page.clone()
            }),
        }
    }
}

/// A chunk as a passage, below the header of the table that it begins in the middle of.
fn alone(row: ChunkRow, score: f32) -> Passage {
    let prepared = row.prepared;
    let mut passage = Passage {
        chunks: vec![row.id],
        document: row.document,
        version: row.version,
        title: row.title,
        file_name: row.file_name,
        heading_path: prepared.chunk.heading_path.clone(),
        opening: String::new(),
        header: None,
        place: Place {
            span: prepared.chunk.span.clone(),
            chars: prepared.chars.clone(),
            utf16: prepared.utf16.clone(),
        },
        text: String::new(),
        pages: Vec::new(),
        cells: Vec::new(),
        paragraphs: Vec::new(),
        sentences: Vec::new(),
        score,
    };
    if let (Some(span), Some(header)) = (&prepared.chunk.header, &prepared.header) {
        add(
            &mut passage,
            &header.text,
            &header.sentences,
            &header.pages,
            &header.cells,
            &header.paragraphs,
        );
        passage.text.push('\n');
        passage.header = Some(Place {
            span: span.clone(),
            chars: header.chars.clone(),
            utf16: header.utf16.clone(),
        });
    }
    append(&mut passage, &prepared);
    passage
}

#[cfg(test)]
mod tests {
    use ingest::{ContentHash, Document, DocumentBuilder, TokenCounter, pipeline};

    use super::*;
    use crate::rights::{Grants, ListId};

    #[derive(Debug)]
    struct Words;

    impl TokenCounter for Words {
        fn count(&self, text: &str) -> usize {
            text.split_whitespace().count()
        }

        fn name(&self) -> &'static str {
            "words"
        }
    }

    fn sheet() -> Document {
        let mut builder = DocumentBuilder::default();
        builder.paragraph("🎉 단가표이다.");
        builder.sheet(1, "단가");
        let rows: Vec<(u32, Vec<String>)> = ["품목,단가", "볼트,300원", "너트,200원", "와셔,100원"]
            .iter()
            .zip(0..)
            .map(|(row, number)| (number, row.split(',').map(str::to_owned).collect()))
            .collect();
        builder.sheet_table(&[0, 1], &rows, 1);
        builder.finish()
    }

    fn rows(document: &Document, limit: usize) -> Vec<ChunkRow> {
        let (id, version) = (DocumentId::at("sheet"), ContentHash::of(b"sheet"));
        pipeline::prepare(document, limit, &Words)
            .into_iter()
            .map(|prepared| ChunkRow {
                labels: ingest::Labels::default(),
                id: ChunkId::of(id, &version, prepared.chunk.ordinal, &prepared.chunk.span),
                document: id,
                version,
                title: "단가".to_owned(),
                file_name: "단가.xlsx".to_owned(),
                list: ListId::of(&Grants::none()),
                access: None,
                prepared,
                text_hash: String::new(),
            })
            .collect()
    }

    /// Everything in a passage is where it says that it is.
    fn stands(passage: &Passage, document: &Document) {
        for sentence in &passage.sentences {
            let place = passage.place_of(sentence);
            let text = &passage.text[sentence.clone()];
            assert_eq!(&document.text[place.span.clone()], text);
            let chars: String = document
                .text
                .chars()
                .skip(place.chars.start)
                .take(place.chars.len())
                .collect();
            assert_eq!(chars, text);
            assert_eq!(place.utf16.len(), text.encode_utf16().count());
            assert_eq!(passage.within_of(&place).as_ref(), Some(sentence));
        }
    }

    #[test]
    fn rows_that_were_cut_off_stand_below_their_header() {
        let document = sheet();
        let rows = rows(&document, 6);
        assert_eq!(rows.len(), 2, "{rows:?}");
        let last = alone(rows[1].clone(), 1.0);
        assert_eq!(last.text.trim_end(), "품목\t단가\n너트\t200원\n와셔\t100원");
        stands(&last, &document);
        let row = last.sentences.last().unwrap();
        let location = last.location_of(row).unwrap();
        assert_eq!(
            location.words(crate::language::Language::Ko),
            "시트 단가, A4:B4"
        );
        let header = last.location_of(&last.sentences[0]).unwrap();
        assert_eq!(header.cells.as_deref(), Some("A1:B1"));
        assert_eq!(last.run_of(0), 0.."품목\t단가".len());
    }

    #[test]
    fn chunks_that_follow_each_other_need_no_header_between_them() {
        let document = sheet();
        let by_ordinal = rows(&document, 6)
            .into_iter()
            .map(|row| (row.prepared.chunk.ordinal, row))
            .collect();
        let joined = join(by_ordinal, &HashMap::new());
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].text, document.text);
        assert_eq!(joined[0].header, None);
        assert_eq!(joined[0].cells.len(), 8);
        stands(&joined[0], &document);
    }
}
