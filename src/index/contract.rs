//! What every index must do, run over each of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use ingest::{
    AccessKey, ChunkId, ChunkStore, ContentHash, Day, DocumentId, Filter, InForce, Labels,
    StoredChunk,
};

use crate::ask::{Hit, Query, Retriever};
use crate::rights::Permit;

pub(super) fn chunk(number: u32, text: &str, access: &str, vector: [f32; 2]) -> StoredChunk {
    let document = DocumentId::at("a");
    let version = ContentHash::of(b"a");
    StoredChunk {
        id: ChunkId::of(document, &version, number, &(0..1)),
        document,
        version,
        title: String::new(),
        heading_path: Vec::new(),
        text: text.to_owned(),
        access: AccessKey::new(access),
        labels: Labels::default(),
        vector: Some(Arc::new(vector.to_vec())),
    }
}

/// Holds an empty index to what [`ChunkStore`] and [`Retriever`] promise.
pub(super) async fn contract(store: &(impl ChunkStore + Retriever)) {
    let query = Query {
        text: "연차 며칠".to_owned(),
        vector: Some(Arc::new(vec![1.0, 0.0])),
        filter: Filter::none(),
    };
    let ids = |hits: Vec<Hit>| hits.into_iter().map(|hit| hit.chunk).collect::<Vec<_>>();
    let anyone = Permit::for_test(&["open", "a+b"]);
    let hr = Permit::for_test(&["open", "a+b", "hr"]);
    assert!(store.holdings().await.unwrap().is_empty());
    assert!(store.retrieve(&query, &hr, 10).await.unwrap().is_empty());

    let open = chunk(0, "연차는 15일이다", "open", [0.8, 0.6]);
    let secret = chunk(1, "연차는 연차대로 연차", "hr", [1.0, 0.0]);
    let far = chunk(2, "parking is free", "open", [0.0, 1.0]);
    store
        .put(&[open.clone(), secret.clone(), far.clone()])
        .await
        .unwrap();
    store.put(std::slice::from_ref(&open)).await.unwrap();
    // The right is applied before the limit: one hit is asked for, and one comes.
    assert_eq!(
        ids(store.retrieve(&query, &anyone, 1).await.unwrap()),
        [open.id]
    );
    // A permit for nothing finds nothing; a key is met whole or not at all.
    for keys in [&[][..], &["a", "b", "ope", "HR", "hr+open"]] {
        let permit = Permit::for_test(keys);
        let found = store.retrieve(&query, &permit, 10).await.unwrap();
        assert_eq!(ids(found), []);
    }
    assert_eq!(
        ids(store.retrieve(&query, &hr, 1).await.unwrap()),
        [secret.id]
    );
    let all = store.retrieve(&query, &hr, 10).await.unwrap();
    assert!(all.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert!(store.retrieve(&query, &hr, 0).await.unwrap().is_empty());

    // Putting again replaces, rights included.
    let opened = StoredChunk {
        access: AccessKey::new("a+b"),
        ..secret.clone()
    };
    store.put(&[opened]).await.unwrap();
    assert_eq!(
        ids(store.retrieve(&query, &anyone, 1).await.unwrap()),
        [secret.id]
    );
    assert_eq!(store.holdings().await.unwrap().len(), 3);
    store.remove(&[secret.id, secret.id]).await.unwrap();
    store.remove(&[]).await.unwrap();
    assert_eq!(
        ids(store.retrieve(&query, &hr, 1).await.unwrap()),
        [open.id]
    );
    store.settle().await.unwrap();
    let holdings = store.holdings().await.unwrap();
    assert_eq!(
        holdings.keys().copied().collect::<BTreeSet<_>>(),
        BTreeSet::from([open.id, far.id])
    );
    assert_eq!(holdings[&open.id], open.access);

    // More than a page of anything: all of it is listed, and all of it goes.
    let many: Vec<StoredChunk> = (10..2_310)
        .map(|number| chunk(number, "연차 제도", "open", [0.6, 0.8]))
        .collect();
    store.put(&many).await.unwrap();
    assert_eq!(store.holdings().await.unwrap().len(), many.len() + 2);
    assert_eq!(
        store.retrieve(&query, &anyone, 100).await.unwrap().len(),
        100
    );
    let gone: Vec<ChunkId> = many.iter().map(|chunk| chunk.id).collect();
    store.remove(&gone).await.unwrap();
    store.settle().await.unwrap();
    assert_eq!(store.holdings().await.unwrap(), holdings);
    assert_eq!(
        ids(store.retrieve(&query, &hr, 1).await.unwrap()),
        [open.id]
    );
    filters(store).await;
}

/// What a search is narrowed to is part of it, as the rights are.
async fn filters(store: &(impl ChunkStore + Retriever)) {
    let anyone = Permit::for_test(&["open"]);
    let day = |text: &str| text.parse::<Day>().unwrap();
    let labelled = |number: u32, document: &str, labels: Labels| StoredChunk {
        document: DocumentId::at(document),
        labels,
        ..chunk(number, "연차는 며칠", "open", [0.9, 0.1])
    };
    let old = labelled(
        3_000,
        "old",
        Labels {
            collection: Some("인사".to_owned()),
            tags: BTreeSet::from(["HR".to_owned(), "leave".to_owned()]),
            language: Some("ko".to_owned()),
            author: Some("김하늘".to_owned()),
            dated: Some(day("2023-05-01")),
            from: Some(day("2023-06-01")),
            until: Some(day("2025-02-28")),
            retired: Some(day("2025-03-01")),
        },
    );
    let new = labelled(
        3_001,
        "new",
        Labels {
            collection: Some("인사".to_owned()),
            tags: BTreeSet::from(["hr".to_owned()]),
            dated: Some(day("2025-02-01")),
            from: Some(day("2025-03-01")),
            ..Labels::default()
        },
    );
    let plain = labelled(3_002, "plain", Labels::default());
    store
        .put(&[old.clone(), new.clone(), plain.clone()])
        .await
        .unwrap();
    let one = |name: &str| BTreeSet::from([name.to_owned()]);
    let none = Filter::none();
    let cases = [
        (none.clone(), vec![&old, &new, &plain]),
        (
            Filter {
                collections: one("인사"),
                ..none.clone()
            },
            vec![&old, &new],
        ),
        (
            Filter {
                tags: BTreeSet::from(["hr".to_owned(), "leave".to_owned()]),
                ..none.clone()
            },
            vec![&old],
        ),
        (
            Filter {
                languages: one("KO"),
                authors: BTreeSet::from(["김하늘".to_owned(), "x".to_owned()]),
                ..none.clone()
            },
            vec![&old],
        ),
        (
            Filter {
                documents: Some(BTreeSet::from([new.document, plain.document])),
                ..none.clone()
            },
            vec![&new, &plain],
        ),
        (
            Filter {
                documents: Some(BTreeSet::new()),
                ..none.clone()
            },
            vec![],
        ),
        (
            Filter {
                dated_from: Some(day("2023-05-01")),
                dated_until: Some(day("2025-01-31")),
                ..none.clone()
            },
            vec![&old],
        ),
        (
            Filter {
                dated_from: Some(day("2025-02-01")),
                ..none.clone()
            },
            vec![&new],
        ),
        (
            Filter {
                in_force: InForce::On(day("2025-02-28")),
                ..none.clone()
            },
            vec![&old, &plain],
        ),
        (
            Filter {
                in_force: InForce::On(day("2025-03-01")),
                ..none.clone()
            },
            vec![&new, &plain],
        ),
        (
            Filter {
                in_force: InForce::Today(day("2025-02-28")),
                ..none.clone()
            },
            vec![&old, &new, &plain],
        ),
        (
            Filter {
                in_force: InForce::Today(day("2025-03-01")),
                ..none.clone()
            },
            vec![&new, &plain],
        ),
    ];
    for (filter, expected) in cases {
        let query = Query {
            text: "연차".to_owned(),
            vector: Some(Arc::new(vec![1.0, 0.0])),
            filter: filter.clone(),
        };
        let hits = store.retrieve(&query, &anyone, 10).await.unwrap();
        let found: BTreeSet<ChunkId> = hits.iter().map(|hit| hit.chunk).collect();
        let found: Vec<u32> = [(3_000, &old), (3_001, &new), (3_002, &plain)]
            .into_iter()
            .filter(|(_, chunk)| found.contains(&chunk.id))
            .map(|(number, _)| number)
            .collect();
        let expected: Vec<u32> = [(3_000, &old), (3_001, &new), (3_002, &plain)]
            .into_iter()
            .filter(|(_, chunk)| expected.iter().any(|one| one.id == chunk.id))
            .map(|(number, _)| number)
            .collect();
        assert_eq!(found, expected, "{filter:?}");
    }
    // Before the limit: one is asked for, and the one that fits comes.
    let query = Query {
        text: "연차".to_owned(),
        vector: Some(Arc::new(vec![1.0, 0.0])),
        filter: Filter {
            tags: one("leave"),
            ..none
        },
    };
    let hits = store.retrieve(&query, &anyone, 1).await.unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].chunk, old.id);
    let gone = [old.id, new.id, plain.id];
    store.remove(&gone).await.unwrap();
}
