//! `veracite sync`: the documents in step with their sources, once.

use std::process::ExitCode;

use anyhow::bail;

use crate::app::App;
use crate::config::Config;
use crate::generate::Engine;
use crate::sources::sync;

/// Exit code 0: all sources were read and all they have was taken, 1: not so.
pub(super) async fn run(mut config: Config) -> anyhow::Result<ExitCode> {
    if config.sources.is_empty() {
        bail!(
            "no source is configured: a section `[[sources]]` names a `folder`, a `web` site or a `bucket`"
        );
    }
    // Documents need no language model, and reading one takes a while.
    config.generator.engine = Engine::Quote;
    let app = App::open(config).await?;
    let mut well = true;
    for source in app.sources()? {
        match sync(app.library(), &*source).await {
            Ok(synced) => {
                well &= synced.failed == 0;
                println!("{}: {synced}", source.name());
            }
            Err(error) => {
                well = false;
                eprintln!("{}: {error}", source.name());
            }
        }
    }
    app.library().idle().await;
    app.close().await;
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
