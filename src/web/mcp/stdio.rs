//! `veracite mcp`: the protocol over standard input and output, for assistants that start programs.

use std::sync::Arc;

use anyhow::Context as _;
use rmcp::serve_server;
use rmcp::transport::stdio_pipes;
use secrecy::SecretString;
use tracing::Span;

use super::{Asker, Server, Shown};
use crate::app::{App, LOCAL};
use crate::ask::Reader;
use crate::web::viewer::Gate;

/// Serves until whoever started the program closes its input, for who holds `key`, or, without one,
/// for whoever has this machine, as a member of the groups of `reader`.
///
/// # Errors
/// When the key is none of this installation, or the other side does not speak the protocol.
pub(crate) async fn serve(app: Arc<App>, key: Option<&str>, reader: Reader) -> anyhow::Result<()> {
    let (asker, shown) = match key.map(str::trim) {
        None => {
            let actor = LOCAL.into();
            (Asker { actor, reader }, None)
        }
        Some(key) => {
            let gate = Gate::new(&app.config().server, Arc::clone(app.people()));
            let found = gate.by_key(key).await;
            let found = found.map_err(|_| anyhow::anyhow!("the accounts cannot be read"))?;
            let viewer = found.context("there is no such key, or it has expired")?;
            let asker = Asker {
                actor: viewer.actor,
                reader: viewer.reader,
            };
            let shown = Shown {
                gate: Arc::new(gate),
                key: SecretString::from(key.to_owned()),
            };
            (asker, Some(shown))
        }
    };
    let server = Server {
        app,
        asker,
        shown,
        counted: None,
        span: Span::none(),
    };
    let serving = serve_server(server, stdio_pipes())
        .await
        .context("the other side does not speak the Model Context Protocol")?;
    serving.waiting().await?;
    Ok(())
}
