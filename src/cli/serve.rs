//! `veracite serve`: the web pages and the API.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::app::{App, Phase};
use crate::config::Config;
use crate::web;

/// Questions that run when the server is asked to stop have this long to end.
const GRACE: Duration = Duration::from_secs(20);
/// After that, answers that were given up have this long to be sent.
const LAST: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// The address to bind, instead of `server.bind`.
    #[arg(long, value_name = "ADDRESS:PORT")]
    bind: Option<SocketAddr>,
}

pub(super) async fn run(mut config: Config, arguments: ServeArguments) -> anyhow::Result<ExitCode> {
    if let Some(bind) = arguments.bind {
        config.server.bind = bind;
        config.server.validate().map_err(anyhow::Error::msg)?;
    }
    let app = App::open(config).await?;
    app.needs_generator()?;
    app.watch_sources()?;
    serve(app).await
}

/// Serves until the process is asked to stop (interrupt or terminate), then lets requests end.
pub(super) async fn serve(app: Arc<App>) -> anyhow::Result<ExitCode> {
    let bind = app.config().server.bind;
    let listener = tokio::net::TcpListener::bind(bind)
        .await
        .with_context(|| format!("{bind} cannot be bound"))?;
    let address = listener.local_addr()?;
    let router = web::router(app.clone(), &app.config().server);
    for notice in app.notices(crate::language::Language::En) {
        eprintln!("! {notice}");
    }
    println!("serving on http://{address}");
    let stopping = Arc::clone(&app);
    let asked_to_stop = async move {
        stop_signal().await;
        eprintln!(
            "stopping: questions that run may end, work in progress is kept; again ends at once"
        );
        stopping.go_to(Phase::Stopping);
    };
    tokio::select! {
        served = axum::serve(listener, router).with_graceful_shutdown(asked_to_stop) => served?,
        () = async {
            stop_signal().await;
            tokio::select! {
                () = tokio::time::sleep(GRACE) => {}
                () = stop_signal() => {}
            }
            // Those who ask are told so, and have a moment to hear it.
            app.go_to(Phase::Over);
            tokio::time::sleep(LAST).await;
        } => {}
    }
    app.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "terminate signals cannot be heard"
            );
            std::future::pending().await
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
