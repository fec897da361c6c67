//! What is done to documents from these pages and by the API, each told to the audit log before.

use std::collections::BTreeMap;

use ingest::DocumentId;

use crate::audit::Action;
use crate::catalogue::{DocumentView, MetadataChange};
use crate::rights::Level;
use crate::web::error::Error;
use crate::web::viewer::Viewer;
use crate::web::{Shared, audited, rights};

/// The id that a path names.
pub(in crate::web) fn document_id(id: &str) -> Result<DocumentId, Error> {
    id.parse().map_err(|_| Error::NotFound)
}

/// A document that the viewer may find.
pub(in crate::web) async fn found(
    shared: &Shared,
    viewer: &Viewer,
    id: DocumentId,
) -> Result<DocumentView, Error> {
    let view = shared.app.library().get(id, &viewer.reader).await?;
    view.ok_or(Error::NotFound)
}

/// A document that the viewer may change: the one place that says so.
pub(in crate::web) async fn changeable(
    shared: &Shared,
    viewer: &Viewer,
    id: DocumentId,
) -> Result<DocumentView, Error> {
    viewer.must_upload()?;
    let view = found(shared, viewer, id).await?;
    if view.level >= Level::Download {
        Ok(view)
    } else {
        Err(Error::NotFound)
    }
}

/// Changes what is said of a document.
pub(in crate::web) async fn change(
    shared: &Shared,
    viewer: &Viewer,
    id: DocumentId,
    change: &MetadataChange,
) -> Result<(), Error> {
    changeable(shared, viewer, id).await?;
    rights::may_move(shared, viewer, id, change).await?;
    let event = viewer.does(Action::Change, id);
    shared.record(event.with("fields", change.fields())).await?;
    let library = shared.app.library();
    let changed = library.set_metadata(id, change, &viewer.reader).await;
    audited::done(shared, viewer, id, changed.map_err(Error::from)).map(drop)
}

/// Reads a document again.
pub(in crate::web) async fn retry(
    shared: &Shared,
    viewer: &Viewer,
    id: DocumentId,
) -> Result<(), Error> {
    changeable(shared, viewer, id).await?;
    shared.record(viewer.does(Action::Retry, id)).await?;
    let library = shared.app.library();
    let retried = library.retry(id, &viewer.reader).await;
    audited::done(shared, viewer, id, retried.map_err(Error::from)).map(drop)
}

/// Stops reading a document.
pub(in crate::web) async fn cancel(
    shared: &Shared,
    viewer: &Viewer,
    id: DocumentId,
) -> Result<(), Error> {
    changeable(shared, viewer, id).await?;
    shared.record(viewer.does(Action::Cancel, id)).await?;
    let library = shared.app.library();
    let cancelled = library.cancel(id, &viewer.reader).await;
    audited::done(shared, viewer, id, cancelled.map_err(Error::from)).map(drop)
}

/// Deletes documents. Gives what became of each.
pub(super) async fn delete(
    shared: &Shared,
    viewer: &Viewer,
    ids: &[DocumentId],
) -> BTreeMap<DocumentId, Result<(), Error>> {
    let mut results = BTreeMap::new();
    let mut told = Vec::new();
    for id in ids {
        match tell_deletion(shared, viewer, *id).await {
            Ok(()) => told.push(*id),
            Err(error) => {
                results.insert(*id, Err(error));
            }
        }
    }
    let library = shared.app.library();
    let deleted = library.delete_some(&told, &viewer.reader).await;
    let deleted = deleted.map_err(Error::from);
    for id in told {
        let is_deleted = match &deleted {
            Ok(deleted) => Ok(deleted.contains(&id)),
            Err(error) => Err(error.clone()),
        };
        let result = audited::done(shared, viewer, id, is_deleted);
        results.insert(id, result.map(drop));
    }
    results
}

/// Tells the audit log that a document is to be deleted, if the viewer may.
pub(in crate::web) async fn tell_deletion(
    shared: &Shared,
    viewer: &Viewer,
    id: DocumentId,
) -> Result<(), Error> {
    let view = changeable(shared, viewer, id).await?;
    let event = viewer.does(Action::Delete, id);
    let event = event.with("file_name", &view.file_name);
    shared.record(event).await
}
