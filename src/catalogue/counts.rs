//! How much of everything there is.

use sqlx::Row as _;

use super::store::{Catalogue, Result};

/// How much of everything there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Documents in each state that some are in.
    pub(crate) documents: Vec<(String, i64)>,
    /// Chunks.
    pub(crate) chunks: i64,
}

impl Catalogue {
    /// Counts documents and chunks.
    pub(crate) async fn counts(&self) -> Result<Counts> {
        let rows = sqlx::query("SELECT state, count(*) AS documents FROM documents GROUP BY state")
            .fetch_all(&self.readers)
            .await?;
        let documents = rows
            .iter()
            .map(|row| Ok((row.try_get("state")?, row.try_get("documents")?)))
            .collect::<Result<_>>()?;
        let chunks = sqlx::query("SELECT count(*) FROM chunks")
            .fetch_one(&self.readers)
            .await?
            .try_get(0)?;
        Ok(Counts { documents, chunks })
    }
}
