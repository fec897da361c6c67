//! Pages that are pictures of text: a queue of their own, behind that of what has text.
//!
//! What was read on a page is kept at once, so that a killed process goes on where it was. When
//! all pages of a document are done, their text joins the document's at its end and the document
//! is cut anew; places in it that were cited before stay as they are.

use std::sync::{Arc, PoisonError};

use ingest::Problem;
use ingest::ocr::{Recognize, RecognizedPage, append};
use tracing::{info, warn};

use super::{Library, LibraryError, RETRY, State, life};
use crate::catalogue::{Recognized, Work};

impl Library {
    pub(super) async fn recognize_queue(self: Arc<Self>, ocr: Arc<dyn Recognize>) {
        while !self.is_stopping() {
            match self.recognize_some(&*ocr).await {
                Ok(true) => self.changed(),
                Ok(false) => {
                    if !self.wait(std::time::Duration::from_secs(1)).await {
                        return;
                    }
                }
                Err(error) => {
                    warn!(error = %error, "pages that are pictures cannot be read");
                    if !self.wait(RETRY).await {
                        return;
                    }
                }
            }
        }
    }

    /// Reads the next page of the next document. Gives whether there was one.
    async fn recognize_some(&self, ocr: &dyn Recognize) -> Result<bool, LibraryError> {
        let Some(work) = self.catalogue.next_recognizing().await? else {
            return Ok(false);
        };
        let done = self.recognize_page(&work, ocr).await;
        if done.is_err() && !self.has_turns_left(work.id) {
            // Others behind it are not held up: what it has of text stays found.
            self.catalogue
                .advance(&work, State::Recognizing, State::ReadyWithWarnings, None)
                .await?;
        }
        done
    }

    /// Reads the next page of a document, or ends with it. Gives whether to go on at once.
    async fn recognize_page(&self, work: &Work, ocr: &dyn Recognize) -> Result<bool, LibraryError> {
        let wanted = self.catalogue.needs_ocr(work).await?;
        let done = self.catalogue.recognized(work).await?;
        let next = wanted
            .iter()
            .find(|page| done.iter().all(|done| done.page != **page));
        let Some(page) = next else {
            self.finish(work, done).await?;
            return Ok(true);
        };
        self.tell(work, done.len(), wanted.len());
        let path = self.original_path(work.version);
        let passwords = self.passwords(&work.passwords);
        let mut stopping = self.stopping.subscribe();
        let read = tokio::select! {
            // Dropping the work ends its child; the page is read at the next start.
            _ = stopping.wait_for(|stop| *stop) => return Ok(false),
            read = ocr.recognize(&path, *page, &passwords) => read.map_err(|error| error.to_string()),
        };
        let recognized = Recognized { page: *page, read };
        self.catalogue.save_recognized(work, &recognized).await?;
        Ok(true)
    }

    fn tell(&self, work: &Work, done: usize, all: usize) {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        self.live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(work.id, (number(done), Some(number(all))));
    }

    /// Puts what was read into the document.
    async fn finish(&self, work: &Work, done: Vec<Recognized>) -> Result<(), LibraryError> {
        self.live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&work.id);
        let Some(version) = self
            .catalogue
            .read_version(work.id, work.version, None)
            .await?
        else {
            // It was removed, or its file is being read anew.
            self.catalogue
                .advance(work, State::Recognizing, State::Queued, None)
                .await?;
            return Ok(());
        };
        let views = self.catalogue.views(Some(work.id), None).await?;
        let known = views.first().map(|view| view.problems.clone());
        let (pages, problems) = told(known.unwrap_or_default(), done);
        let count = pages.len();
        let document = tokio::task::spawn_blocking(move || append(version.document, &pages)).await;
        let document = document
            .map_err(|error| ingest::BackendError::new("joining recognised text failed", error))?;
        self.catalogue
            .finish_recognizing(work, &document, &problems, &life::said(&document))
            .await?;
        info!(document.id = %work.id, pages = count, "pages that are pictures were read");
        Ok(())
    }
}

/// What was read, and what the owner should know of it instead of what is no longer so.
fn told(known: Vec<Problem>, done: Vec<Recognized>) -> (Vec<RecognizedPage>, Vec<Problem>) {
    let mut problems: Vec<Problem> = known
        .into_iter()
        .filter(|problem| {
            let no_longer = [
                "text layer",
                "with little text",
                "in fonts that do not say which characters they are",
            ];
            // Characters that are lost on other pages stay lost.
            let of_pages = !problem.message.contains("characters are in fonts");
            !(of_pages && no_longer.iter().any(|said| problem.message.contains(said)))
        })
        .collect();
    let mut pages = Vec::new();
    for Recognized { page, read } in done {
        match read {
            Ok(read) if read.paragraphs.is_empty() => problems.push(Problem {
                page: Some(page),
                message: "character recognition found no text on the page".to_owned(),
            }),
            Ok(read) => pages.push(read),
            Err(message) => problems.push(Problem {
                page: Some(page),
                message,
            }),
        }
    }
    if let Some(first) = pages.first() {
        problems.push(Problem {
            page: Some(first.number),
            message: match pages.len() {
                1 => "the page is a picture and was read by character recognition, which errs"
                    .to_owned(),
                count => format!(
                    "{count} pages are pictures and were read by character recognition, which errs"
                ),
            },
        });
    }
    (pages, problems)
}
