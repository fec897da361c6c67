//! Judged answers: lists of them and exports for training, as the rights are by then.

use std::collections::BTreeSet;

use ingest::{ContentHash, DocumentId};
use jiff::Timestamp;

use super::Walk;
use super::model::level;
use crate::ask::{Message, Role};
use crate::catalogue::JudgementFilter;
use crate::check::{Mode, Verdict};
use crate::feedback::{
    ExportOptions, Format, JudgedAnswer, Judgement, KeptPassage, KeptPrompt, KeptSentence, Kind,
    Line, Skipped, export, may_read_all,
};
use crate::language::Language;

/// Judged answers that there are at most.
const JUDGED: usize = 8;

/// What the model knows of a judged answer.
#[derive(Debug)]
pub(super) struct Judged {
    answer: ContentHash,
    judgement: String,
    /// A word that stands in nothing else.
    word: String,
    documents: BTreeSet<(DocumentId, ContentHash)>,
}

fn answer(
    word: &str,
    passages: Vec<KeptPassage>,
    quoted: Option<(DocumentId, ContentHash)>,
) -> JudgedAnswer {
    let message = Message {
        role: Role::User,
        content: format!("[1] common 공통 {word} 입니다. How long?"),
    };
    JudgedAnswer {
        question: "How long?".to_owned(),
        language: Language::En,
        mode: Mode::Strict,
        abstained: false,
        prompt: Some(KeptPrompt {
            version: 1,
            messages: vec![message],
            passages,
        }),
        sentences: vec![KeptSentence {
            text: format!("It is {word}."),
            verdict: Verdict::Supported,
            shown: true,
            citations: vec![1],
        }],
        quoted: quoted.into_iter().collect(),
        engine: "local".to_owned(),
        generator: "made-up".to_owned(),
        adapter: None,
        checker: "made-up".to_owned(),
        created: "2026-11-27T00:00:00Z".to_owned(),
    }
}

impl Walk {
    /// Somebody says of an answer that it is right. Its passages are of any document and version.
    pub(super) async fn judge(&mut self) {
        let word = self.word();
        let mut passages = Vec::new();
        for number in 1..=3 {
            let Some((document, version)) = self.some_version() else {
                return;
            };
            passages.push(KeptPassage {
                number,
                document,
                version,
                chunks: Vec::new(),
                text_sha256: ContentHash::of(word.as_bytes()),
            });
            if self.dice.roll(2) == 0 {
                break;
            }
        }
        let quoted = (self.dice.roll(3) == 0).then(|| self.some_version());
        let judged = answer(&word, passages, quoted.flatten());
        let id = ContentHash::of(word.as_bytes());
        let judgement = Judgement {
            id: word.clone(),
            actor: "p0".to_owned(),
            sentence: None,
            kind: Kind::Right,
            correction: None,
            corrected: Vec::new(),
            note: None,
            given: Timestamp::now(),
            decided: None,
        };
        let catalogue = self.library.catalogue();
        let given = catalogue.judge(id, &judged, &judgement).await.unwrap();
        let (given, _) = given.expect("all that it rests on is kept");
        self.judged.push(Judged {
            answer: id,
            judgement: given,
            documents: judged.documents(),
            word,
        });
        if self.judged.len() > JUDGED {
            let oldest = self.judged.remove(0);
            assert!(catalogue.forget_judgement(&oldest.judgement).await.unwrap());
        }
    }

    /// What was deleted or dropped is not kept for training.
    pub(super) fn forget_judged(&mut self, gone: DocumentId, version: Option<ContentHash>) {
        let is_gone = |(id, kept): &(DocumentId, ContentHash)| {
            *id == gone && version.is_none_or(|version| version == *kept)
        };
        self.judged
            .retain(|judged| !judged.documents.iter().any(is_gone));
    }

    /// What an export for somebody has, and which judged answers a list shows them.
    pub(super) async fn check_judged(&self, number: usize) {
        let reader = self.model.reader(number);
        let catalogue = self.library.catalogue();
        let may = |judged: &Judged| {
            let mut documents = judged.documents.iter();
            documents.all(|kept| self.model.level_of_kept(*kept, number) >= Some(2))
        };
        let rows = catalogue.judgements(JudgementFilter::default()).await;
        let rows = rows.unwrap();
        assert_eq!(rows.len(), self.judged.len());
        for row in &rows {
            let known = self
                .judged
                .iter()
                .find(|judged| judged.answer == row.answer);
            let may_read = may_read_all(catalogue, &row.judged.documents(), &reader).await;
            assert_eq!(may_read.unwrap(), may(known.unwrap()), "{row:?}");
        }
        let format = [Format::Sft, Format::Kto, Format::PromptCompletion][number % 3];
        let options = ExportOptions {
            format,
            reader: Some(reader),
            mark: true,
            unchecked: false,
        };
        let mut lines: Vec<Line> = Vec::new();
        let written = export(catalogue, &options, |line| {
            lines.push(line.clone());
            Ok(())
        });
        let exported = written.await.unwrap();
        let text = serde_json::to_string(&lines).unwrap();
        for judged in &self.judged {
            assert_eq!(text.contains(&judged.word), may(judged), "{judged:?}");
        }
        let allowed = self.judged.iter().filter(|judged| may(judged)).count();
        assert_eq!((lines.len(), exported.lines), (allowed, allowed));
        let kept_back = exported.skipped.get(&Skipped::Rights).copied();
        assert_eq!(kept_back.unwrap_or(0), self.judged.len() - allowed);
        for mark in lines.iter().filter_map(|line| line.veracite.as_ref()) {
            for marked in &mark.documents {
                let document = self.model.document(marked.document).unwrap();
                let mut versions = document.versions.iter();
                let own = versions.find(|kept| kept.0 == marked.version).unwrap();
                let grants = self.model.grants(document);
                for group in &marked.readers {
                    let groups = BTreeSet::from([group.clone()]);
                    let level_of = |grants| level(grants, &groups, None);
                    assert!(level_of(&grants) >= 2, "{marked:?}");
                    assert!(
                        own.2.as_ref().is_none_or(|own| level_of(own) >= 2),
                        "{marked:?}"
                    );
                }
            }
        }
    }
}
