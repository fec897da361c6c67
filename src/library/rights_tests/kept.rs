//! Kept conversations: reopened, sought by words and exported, as the rights are by then.

use std::collections::BTreeSet;
use std::sync::Arc;

use ingest::{ChunkId, ContentHash, DocumentId};
use serde_json::{Value, json};

use super::Walk;
use super::model::PEOPLE;
use crate::ask::{AskConfig, Fused, pack};
use crate::language::Language;
use crate::talk::{Hidden, NewTurn, Recorder, find, markdown, new_id, shown_turns};

/// Conversations of a person, and answers in each, at most.
const CONVERSATIONS: usize = 2;
const ANSWERS: usize = 3;

#[derive(Debug)]
pub(super) struct KeptConversation {
    id: String,
    owner: usize,
    answers: Vec<KeptAnswer>,
}

/// What the model knows of an answer. Words that stand nowhere else tell what is shown.
#[derive(Debug)]
struct KeptAnswer {
    claims: Vec<KeptClaim>,
    /// The documents of what was found for it.
    consulted: BTreeSet<DocumentId>,
    /// Those that it names, as far as it was whole.
    ledger: Vec<DocumentId>,
    findable: Vec<DocumentId>,
    message: bool,
}

#[derive(Debug)]
struct KeptClaim {
    word: String,
    quotes: Vec<(DocumentId, ContentHash)>,
    is_purged: bool,
}

/// What became of a sentence; the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Shown,
    Deleted,
    Closed,
}

impl KeptClaim {
    fn json(&self) -> Value {
        let word = &self.word;
        let citation = |(document, version): &(DocumentId, ContentHash)| {
            json!({
                "document": document.to_string(), "version": version.to_string(), "number": 1,
                "title": format!("title {word}"), "file_name": format!("{word}.md"),
                "quote": format!("common 공통 {word} 입니다."),
            })
        };
        let citations: Vec<Value> = self.quotes.iter().map(citation).collect();
        json!({
            "text": format!("It is {word}."), "start": 0, "end": 0, "start_utf16": 0, "end_utf16": 0,
            "verdict": "supported", "citations": citations,
        })
    }
}

fn owner(number: usize) -> String {
    format!("p{number}")
}

impl Walk {
    /// A document that is there, in a version that is kept.
    pub(super) fn some_version(&mut self) -> Option<(DocumentId, ContentHash)> {
        let documents = &self.model.documents;
        if documents.is_empty() {
            return None;
        }
        let document = &documents[self.dice.roll(documents.len())];
        let (version, ..) = document.versions[self.dice.roll(document.versions.len())];
        Some((document.id, version))
    }

    /// A conversation of somebody with room for an answer.
    async fn some_conversation(&mut self, number: usize) -> usize {
        let of_owner = |kept: &KeptConversation| kept.owner == number;
        let has_room = |kept: &KeptConversation| of_owner(kept) && kept.answers.len() < ANSWERS;
        if let Some(at) = self.kept.iter().position(has_room) {
            return at;
        }
        let (catalogue, name) = (self.library.catalogue(), owner(number));
        if self.kept.iter().filter(|kept| of_owner(kept)).count() == CONVERSATIONS {
            let oldest = self.kept.iter().position(of_owner).unwrap();
            let oldest = self.kept.remove(oldest);
            let gone = catalogue.delete_conversation(&name, &oldest.id);
            assert!(gone.await.unwrap());
        }
        let id = new_id();
        let made = catalogue.make_conversation(&name, &id, "");
        made.await.unwrap();
        self.kept.push(KeptConversation {
            id,
            owner: number,
            answers: Vec::new(),
        });
        self.kept.len() - 1
    }

    /// Keeps an answer to somebody, as one is kept that is given. What it quotes is of any document
    /// and version: rights may have been others.
    pub(super) async fn keep_answer(&mut self) {
        let number = self.dice.roll(PEOPLE);
        let conversation = self.some_conversation(number).await;
        let mut fused = Vec::new();
        for chunk in self.searched.keys().copied().collect::<Vec<_>>() {
            if self.dice.roll(3) == 0 {
                fused.push(Fused {
                    chunk,
                    score: 1.0,
                    ranks: Vec::new(),
                });
            }
        }
        let reader = self.model.reader(number);
        let catalogue = self.library.catalogue().clone();
        let context = pack(&catalogue, &fused, &reader, &AskConfig::default()).await;
        let context = Arc::new(context.unwrap());
        let new = NewTurn {
            id: new_id(),
            conversation: self.kept[conversation].id.clone(),
            replaces: None,
            question: "How long?".to_owned(),
            searched_for: None,
            filter: "{}".to_owned(),
        };
        let name = owner(number);
        let recorder = Recorder::begin(&catalogue, &name, &new, Language::En).await;
        let mut recorder = recorder.unwrap().unwrap();
        recorder.found(&context);
        let of_chunk = |chunk: &ChunkId| self.model.documents[self.searched[chunk]].id;
        let found: Vec<_> = context.ledger.iter().map(|entry| entry.chunk).collect();
        let ledger: Vec<DocumentId> = found.iter().map(of_chunk).collect();
        let mut claims = Vec::new();
        for _ in 0..=self.dice.roll(3) {
            let count = self.dice.roll(3);
            let claim = KeptClaim {
                word: self.word(),
                quotes: (0..count).filter_map(|_| self.some_version()).collect(),
                is_purged: false,
            };
            recorder.sentence(&claim.json());
            claims.push(claim);
        }
        let mut answer = KeptAnswer {
            claims,
            consulted: ledger.iter().copied().collect(),
            ledger: Vec::new(),
            findable: Vec::new(),
            message: false,
        };
        match self.dice.roll(4) {
            0 => recorder.stopped().await,
            1 => recorder.failed().await,
            _ => {
                let findable = (0..self.dice.roll(3)).filter_map(|_| self.some_version());
                answer.findable = findable.map(|(document, _)| document).collect();
                answer.ledger = ledger;
                answer.message = true;
                recorder.done(&answer.json(&found)).await;
            }
        }
        self.kept[conversation].answers.push(answer);
    }

    /// A document is deleted for good, or a version of it dropped: nothing of it is kept, whoever may
    /// read what.
    pub(super) async fn forget_kept(&mut self, gone: DocumentId, version: Option<ContentHash>) {
        for kept in &mut self.kept {
            for answer in &mut kept.answers {
                answer.purge(gone, version);
            }
        }
        let catalogue = self.library.catalogue();
        for kept in &self.kept {
            let turns = catalogue.turns(&owner(kept.owner), &kept.id).await.unwrap();
            let spoken = catalogue.spoken(&owner(kept.owner), None, 100).await;
            let spoken: String = spoken
                .unwrap()
                .into_iter()
                .map(|spoken| spoken.said)
                .collect();
            for (turn, answer) in turns.iter().zip(&kept.answers) {
                let text = turn.answer.as_ref().unwrap();
                for claim in &answer.claims {
                    for said in [text, &spoken] {
                        assert_eq!(!said.contains(&claim.word), claim.is_purged, "{claim:?}");
                    }
                }
            }
        }
    }

    pub(super) async fn check_some_kept(&mut self) {
        if !self.kept.is_empty() {
            let at = self.dice.roll(self.kept.len());
            self.check_kept(&self.kept[at]).await;
        }
    }

    pub(super) async fn check_all_kept(&self) {
        assert!(!self.kept.is_empty());
        for kept in &self.kept {
            self.check_kept(kept).await;
        }
    }

    /// Reopens a conversation, exports it and looks for its words.
    async fn check_kept(&self, kept: &KeptConversation) {
        let catalogue = self.library.catalogue();
        let (name, stranger) = (owner(kept.owner), owner((kept.owner + 1) % PEOPLE));
        let other = catalogue.conversation(&stranger, &kept.id).await.unwrap();
        assert!(other.is_none(), "it is nobody else's");
        assert!(
            catalogue
                .turns(&stranger, &kept.id)
                .await
                .unwrap()
                .is_empty()
        );
        let conversation = catalogue.conversation(&name, &kept.id).await.unwrap();
        let conversation = conversation.unwrap();
        let reader = self.model.reader(kept.owner);
        let turns = catalogue.turns(&name, &kept.id).await.unwrap();
        let shown = shown_turns(&self.library, turns, &reader).await.unwrap();
        assert_eq!(shown.len(), kept.answers.len());
        let exported = markdown(&conversation, &shown, Language::En);
        for (shown, answer) in shown.iter().zip(&kept.answers) {
            let body = shown.answer.as_ref().unwrap();
            let json = body.to_string();
            let mut hidden = Hidden::default();
            let mut text = Vec::new();
            for claim in &answer.claims {
                let fate = self.fate(claim, answer, kept.owner);
                match fate {
                    Fate::Shown => text.push(format!("It is {}.", claim.word)),
                    Fate::Deleted => hidden.deleted += 1,
                    Fate::Closed => hidden.closed += 1,
                }
                for said in [&json, &exported] {
                    assert_eq!(said.contains(&claim.word), fate == Fate::Shown, "{claim:?}");
                }
            }
            assert_eq!(shown.hidden, hidden, "{answer:?}");
            assert_eq!(body["text"], text.join(" "));
            let count = |name: &str| body[name].as_array().map_or(0, Vec::len);
            let open = |id: &&DocumentId| self.fate_of(**id, kept.owner) == Fate::Shown;
            assert_eq!(count("ledger"), answer.ledger.iter().filter(open).count());
            let may_find = |id: &&DocumentId| {
                let document = self.model.document(**id);
                document.is_some_and(|document| self.model.level_of(document, kept.owner) >= 1)
            };
            assert_eq!(
                count("findable"),
                answer.findable.iter().filter(may_find).count()
            );
            let message = answer.message && answer.consulted.iter().all(|id| open(&id));
            assert_eq!(body["message"].is_string(), message);
        }
        // Words of the last answer, and of another one.
        for answer in [kept.answers.last(), kept.answers.first()]
            .into_iter()
            .flatten()
        {
            let claim = &answer.claims[0];
            let is_shown = self.fate(claim, answer, kept.owner) == Fate::Shown;
            let found = find(&self.library, (&name, &reader), &claim.word, None, 10).await;
            let (found, _) = found.unwrap();
            let found: Vec<String> = found.into_iter().map(|found| found.id).collect();
            let expected = is_shown.then(|| kept.id.clone());
            assert_eq!(found, Vec::from_iter(expected), "{claim:?}");
        }
    }

    fn fate_of(&self, id: DocumentId, number: usize) -> Fate {
        match self.model.document(id) {
            None => Fate::Deleted,
            Some(document) if self.model.level_of(document, number) < 2 => Fate::Closed,
            Some(_) => Fate::Shown,
        }
    }

    fn fate(&self, claim: &KeptClaim, answer: &KeptAnswer, number: usize) -> Fate {
        if claim.is_purged {
            return Fate::Deleted;
        }
        if claim.quotes.is_empty() {
            let consulted = answer.consulted.iter();
            let fates = consulted.map(|id| self.fate_of(*id, number));
            return fates.max().unwrap_or(Fate::Shown);
        }
        let of_version = |quoted: &(DocumentId, ContentHash)| {
            let fate = self.fate_of(quoted.0, number);
            match self.model.level_of_kept(*quoted, number) {
                _ if fate != Fate::Shown => fate,
                None => Fate::Deleted,
                Some(0 | 1) => Fate::Closed,
                Some(_) => Fate::Shown,
            }
        };
        claim.quotes.iter().map(of_version).max().unwrap()
    }
}

impl KeptAnswer {
    /// A whole answer in the shape of those that are sent.
    fn json(&self, found: &[ChunkId]) -> Value {
        let texts = self
            .claims
            .iter()
            .map(|claim| format!("It is {}.", claim.word));
        let ledger = found.iter().zip(&self.ledger).map(|(chunk, document)| {
            json!({"chunk": chunk.to_string(), "title": format!("title of {document}")})
        });
        let findable = self.findable.iter().map(|document| {
            json!({"document": document.to_string(), "title": format!("title of {document}")})
        });
        json!({
            "question": "How long?", "language": "en",
            "text": texts.collect::<Vec<_>>().join(" "),
            "claims": self.claims.iter().map(KeptClaim::json).collect::<Vec<_>>(),
            "conflicts": [], "ledger": ledger.collect::<Vec<_>>(),
            "findable": findable.collect::<Vec<_>>(), "message": "of what was found",
        })
    }

    fn purge(&mut self, gone: DocumentId, version: Option<ContentHash>) {
        let is_gone = |(id, quoted): &(DocumentId, ContentHash)| {
            *id == gone && version.is_none_or(|version| version == *quoted)
        };
        let quotes_it = |claim: &KeptClaim| !claim.is_purged && claim.quotes.iter().any(is_gone);
        // What was found of a version and not quoted is not known.
        let is_behind = version.is_none() || self.claims.iter().any(quotes_it);
        let was_consulted = is_behind && self.consulted.contains(&gone);
        let mut went = was_consulted;
        for claim in &mut self.claims {
            let mut quotes = claim.quotes.iter();
            if claim.quotes.is_empty() && was_consulted || quotes.any(is_gone) {
                claim.is_purged = true;
                went = true;
            }
        }
        // The document is still there where one of its versions went.
        let stays = |id: &DocumentId| version.is_some() || *id != gone;
        self.ledger.retain(stays);
        let before = self.findable.len();
        self.findable.retain(stays);
        self.message &= !went && self.findable.len() == before;
    }
}
