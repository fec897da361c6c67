//! The catalogue and the audit log for a command, whether a server runs on the folder or not.

use std::sync::Arc;

use anyhow::Context as _;

use crate::audit::Audit;
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::library::{self, LibraryError};
use crate::proof::{Key, SystemClock};

/// Does something with the catalogue and the audit log, and is told whether it has the folder alone. A
/// server that runs on the folder sees each change at its next look.
pub(super) async fn with_catalogue<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Catalogue, &Audit, bool) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    // Where nobody serves from the folder, nobody shall begin to while it is changed.
    let lock = match library::take(&config.data) {
        Ok(lock) => Some(lock),
        Err(LibraryError::InUse { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let file = config.data.join("catalogue.sqlite");
    let catalogue = match &lock {
        Some(_) => Catalogue::open(&file).await,
        None => Catalogue::open_beside(&file).await,
    };
    let catalogue =
        catalogue.with_context(|| format!("the catalogue {} cannot be opened", file.display()))?;
    let done = audited(config, &catalogue, lock.is_some(), work).await;
    catalogue.close().await;
    drop(lock);
    done
}

/// Only who has the folder alone looks whether the audit log was changed.
async fn audited<T>(
    config: &Config,
    catalogue: &Catalogue,
    is_alone: bool,
    work: impl AsyncFnOnce(&Catalogue, &Audit, bool) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (folder, clock) = (&config.data, Arc::new(SystemClock));
    let key = Key::open_or_make(folder)?;
    let (log, settings) = (catalogue.clone(), &config.audit);
    let audit = if is_alone {
        Audit::open(log, folder, key, clock, settings).await
    } else {
        Audit::open_beside(log, folder, key, clock, settings).await
    };
    let audit = audit.context("the audit log cannot be read")?;
    let done = work(catalogue, &audit, is_alone).await;
    audit.close().await;
    done
}
