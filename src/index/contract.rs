//! What every index must do, run over each of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use ingest::{ChunkId, ChunkStore, ContentHash, DocumentId, StoredChunk};

use crate::ask::{Hit, Query, Reader, Retriever};

pub(super) fn chunk(number: u32, text: &str, readers: &[&str], vector: [f32; 2]) -> StoredChunk {
    let document = DocumentId::at("a");
    let version = ContentHash::of(b"a");
    StoredChunk {
        id: ChunkId::of(document, &version, number, &(0..1)),
        document,
        version,
        title: String::new(),
        heading_path: Vec::new(),
        text: text.to_owned(),
        readers: readers.iter().map(|group| group.parse().unwrap()).collect(),
        vector: Some(Arc::new(vector.to_vec())),
    }
}

/// Holds an empty index to what [`ChunkStore`] and [`Retriever`] promise.
pub(super) async fn contract(store: &(impl ChunkStore + Retriever)) {
    let query = Query {
        text: "연차 며칠".to_owned(),
        vector: Some(Arc::new(vec![1.0, 0.0])),
    };
    let ids = |hits: Vec<Hit>| hits.into_iter().map(|hit| hit.chunk).collect::<Vec<_>>();
    let hr = Reader::new(["hr".parse().unwrap()]);
    assert!(store.holdings().await.unwrap().is_empty());
    assert!(store.retrieve(&query, &hr, 10).await.unwrap().is_empty());

    let open = chunk(0, "연차는 15일이다", &["everyone"], [0.8, 0.6]);
    let secret = chunk(1, "연차는 연차대로 연차", &["hr"], [1.0, 0.0]);
    let far = chunk(2, "parking is free", &["everyone"], [0.0, 1.0]);
    store
        .put(&[open.clone(), secret.clone(), far.clone()])
        .await
        .unwrap();
    store.put(std::slice::from_ref(&open)).await.unwrap();
    // The right is applied before the limit: one hit is asked for, and one comes.
    let anyone = store.retrieve(&query, &Reader::anyone(), 1).await.unwrap();
    assert_eq!(ids(anyone), [open.id]);
    assert_eq!(
        ids(store.retrieve(&query, &hr, 1).await.unwrap()),
        [secret.id]
    );
    let all = store.retrieve(&query, &hr, 10).await.unwrap();
    assert!(all.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert!(store.retrieve(&query, &hr, 0).await.unwrap().is_empty());

    // Putting again replaces, rights included.
    let opened = StoredChunk {
        readers: open.readers.clone(),
        ..secret.clone()
    };
    store.put(&[opened]).await.unwrap();
    assert_eq!(
        ids(store.retrieve(&query, &Reader::anyone(), 1).await.unwrap()),
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
    assert_eq!(holdings[&open.id], open.readers);

    // More than a page of anything: all of it is listed, and all of it goes.
    let many: Vec<StoredChunk> = (10..2_310)
        .map(|number| chunk(number, "연차 제도", &["everyone", "hr"], [0.6, 0.8]))
        .collect();
    store.put(&many).await.unwrap();
    assert_eq!(store.holdings().await.unwrap().len(), many.len() + 2);
    assert_eq!(
        store
            .retrieve(&query, &Reader::anyone(), 100)
            .await
            .unwrap()
            .len(),
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
}
