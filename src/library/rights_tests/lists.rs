//! What is listed, counted, named by its title, opened and downloaded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ingest::{DocumentId, Filter};

use super::Walk;
use super::model::{COLLECTIONS, ModelDocument};
use crate::ask::{AskConfig, Query, Reader, Retriever, findable};
use crate::catalogue::{DocumentView, ListQuery, SortBy, StateCounts};
use crate::rights::Level;

impl Walk {
    /// What is listed, counted, opened and downloaded.
    pub(super) async fn lists(&self, reader: &Reader, number: usize) {
        let level = |document: &ModelDocument| self.model.level_of(document, number);
        let listed: BTreeMap<DocumentId, Level> = self
            .library
            .list(reader)
            .await
            .unwrap()
            .into_iter()
            .map(|view| (view.id, view.level))
            .collect();
        let levels = [
            None,
            Some(Level::Find),
            Some(Level::Quote),
            Some(Level::Download),
        ];
        let documents = self.model.documents.iter();
        let expected: BTreeMap<DocumentId, Level> = documents
            .clone()
            .filter_map(|document| Some((document.id, levels[level(document)]?)))
            .collect();
        assert_eq!(listed, expected);
        let counted = self.library.collections(Some(reader)).await.unwrap();
        for (number, name) in COLLECTIONS.iter().enumerate() {
            let folded = crate::catalogue::folded(name);
            let counted = counted
                .iter()
                .find(|(collection, _)| crate::catalogue::folded(&collection.name) == folded)
                .map_or(0, |(_, documents)| *documents);
            let inside = |document: &&ModelDocument| document.collection == Some(number);
            let found = documents.clone().filter(inside);
            let found = found.filter(|document| level(document) > 0).count();
            assert_eq!(counted, u64::try_from(found).unwrap(), "{name}");
        }
    }

    /// What one may find and not quote is told of by title, and versions open as they should.
    pub(super) async fn check_versions(&self, number: usize) {
        let reader = self.model.reader(number);
        for document in &self.model.documents {
            for (at, (version, word, _)) in document.versions.iter().enumerate() {
                let level = self.model.level_of_version(document, at, number);
                let source = self.library.source(document.id, Some(*version), &reader);
                let source = source.await.unwrap();
                assert_eq!(source.is_some(), level >= 2, "{document:?} {at}");
                assert!(source.is_none_or(|source| source.document.text.contains(word)));
                let original = self.library.original(document.id, Some(*version), &reader);
                assert_eq!(
                    original.await.unwrap().is_some(),
                    level >= 3,
                    "{document:?}"
                );
            }
        }
        let query = Query {
            text: "common".to_owned(),
            vector: None,
            filter: Filter::none(),
        };
        let retrievers: Vec<Arc<dyn Retriever>> = vec![Arc::new(self.words.clone())];
        let config = AskConfig::default();
        let told = findable(
            self.library.catalogue(),
            &retrievers,
            &query,
            &reader,
            &config,
        );
        let told = told.await.unwrap();
        let only_found = |document: &&ModelDocument| self.model.level_of(document, number) == 1;
        let expected: BTreeSet<DocumentId> = self
            .model
            .documents
            .iter()
            .filter(only_found)
            .map(|document| document.id)
            .collect();
        assert!(told.iter().all(|found| expected.contains(&found.document)));
        assert_eq!(told.len(), expected.len().min(5));
    }

    /// The documents page: a list in pages, the counts beside it, copies, and what is sought.
    pub(super) async fn check_page(&self, number: usize, sort: SortBy) {
        let reader = self.model.reader(number);
        let found = self.model.found(number);
        let all = ListQuery {
            sort,
            descending: number.is_multiple_of(2),
            limit: 3,
            ..ListQuery::default()
        };
        let (listed, counts) = self.listed(&all, &reader).await;
        let ids = |documents: &[&ModelDocument]| -> BTreeSet<DocumentId> {
            documents.iter().map(|document| document.id).collect()
        };
        let listed_ids: BTreeSet<DocumentId> = listed.iter().map(|view| view.id).collect();
        assert_eq!(listed.len(), listed_ids.len(), "none comes twice");
        assert_eq!(listed_ids, ids(&found));
        let mut expected = StateCounts::new();
        for view in &listed {
            *expected.entry(view.state.as_str().to_owned()).or_default() += 1;
        }
        assert_eq!(counts, expected);
        assert_eq!(self.library.state_counts(&reader).await.unwrap(), expected);

        // Copies of what may not be found are none.
        let word = |document: &ModelDocument| document.versions.last().unwrap().1.clone();
        let copies = |document: &ModelDocument| -> BTreeSet<DocumentId> {
            let others = found.iter().filter(|other| other.id != document.id);
            let same = others.filter(|other| word(other) == word(document));
            same.map(|other| other.id).collect()
        };
        for view in &listed {
            let told: BTreeSet<DocumentId> = view.duplicates.iter().copied().collect();
            assert_eq!(told, copies(self.model.document(view.id).unwrap()));
        }
        let duplicates = ListQuery {
            duplicates: true,
            ..all.clone()
        };
        let (listed, counts) = self.listed(&duplicates, &reader).await;
        let copied = found.iter().filter(|document| !copies(document).is_empty());
        let copied: BTreeSet<DocumentId> = copied.map(|document| document.id).collect();
        assert_eq!(
            listed.iter().map(|view| view.id).collect::<BTreeSet<_>>(),
            copied
        );
        assert_eq!(counts, expected, "counts are of all, whatever is listed");

        let readable = ListQuery {
            least: Some(Level::Quote),
            ..all.clone()
        };
        let (listed, _) = self.listed(&readable, &reader).await;
        let read = found.iter().copied();
        let read = read.filter(|document| self.model.level_of(document, number) >= 2);
        let read: BTreeSet<DocumentId> = read.map(|document| document.id).collect();
        assert_eq!(
            listed.iter().map(|view| view.id).collect::<BTreeSet<_>>(),
            read
        );

        if let Some(sought) = self.model.documents.get(number) {
            let text = ListQuery {
                text: Some(sought.name.clone()),
                ..all
            };
            let (listed, _) = self.listed(&text, &reader).await;
            let named = found
                .iter()
                .filter(|document| document.name.contains(&sought.name));
            let named: BTreeSet<DocumentId> = named.map(|document| document.id).collect();
            assert_eq!(
                listed.iter().map(|view| view.id).collect::<BTreeSet<_>>(),
                named
            );
        }

        let count = u64::try_from(found.len()).unwrap();
        let catalogue = self.library.catalogue();
        let (never, some) = catalogue.never_cited(&[], &reader, 100).await.unwrap();
        assert_eq!(never, count);
        assert_eq!(some.into_iter().collect::<BTreeSet<_>>(), ids(&found));
        let of_sources = self.library.source_counts(&[String::new()], &reader).await;
        let of_source = of_sources
            .unwrap()
            .get("")
            .map_or(0, |(documents, _)| *documents);
        assert_eq!(of_source, count);
    }

    /// All pages of a list, and the counts that each of them has.
    async fn listed(&self, query: &ListQuery, reader: &Reader) -> (Vec<DocumentView>, StateCounts) {
        let mut query = query.clone();
        let mut listed = Vec::new();
        loop {
            let page = self.library.page(&query, reader).await.unwrap();
            listed.extend(page.views);
            query.after = page.next;
            if query.after.is_none() {
                return (listed, page.counts);
            }
        }
    }
}
