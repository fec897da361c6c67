//! `veracite serve`: the web pages and the API.

use std::net::{Ipv4Addr, SocketAddr};
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
    app.tell_webhooks().await?;
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
    let limits = app.config().server.limits;
    for notice in app.notices(crate::language::Language::En) {
        eprintln!("! {notice}");
    }
    println!("serving on http://{address}");
    print_set_up_link(&app, address).await?;
    let stopping = Arc::clone(&app);
    let asked_to_stop = async move {
        stop_signal().await;
        eprintln!(
            "stopping: questions that run may end, work in progress is kept; again ends at once"
        );
        stopping.go_to(Phase::Stopping);
    };
    tokio::select! {
        () = web::serve(listener, router, &limits, asked_to_stop) => {}
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

/// Prints the link by which the first administrator is made, where everybody must sign in and nobody
/// can yet.
async fn print_set_up_link(app: &App, address: SocketAddr) -> anyhow::Result<()> {
    let (server, people) = (&app.config().server, app.people());
    let is_for_accounts = server.wants_accounts() || people.had_accounts().await?;
    if !is_for_accounts || !server.keys.is_empty() {
        return Ok(());
    }
    let Some(link) = people.set_up_link().await? else {
        return Ok(());
    };
    let here = if address.ip().is_unspecified() {
        SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()))
    } else {
        address
    };
    println!(
        "nobody can sign in yet: make the first administrator at http://{here}{}",
        web::set_up_path(&link.token)
    );
    println!(
        "the link works once, until {:.0} or the next start",
        link.expires
    );
    Ok(())
}

/// Comes back when the process is asked to stop.
pub(super) async fn stop_signal() {
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
