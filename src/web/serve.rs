//! The server's loop: connections come in, as many as may, and have only so much time and room for
//! the head of a request.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracing::{debug, warn};

use super::limits::LimitsConfig;

/// The head of a request has at most this many bytes and headers.
const HEAD_BYTES: usize = 64 * 1024;
const HEADERS: usize = 100;
/// Where no connection can be taken, for want of files for example, the next is tried after this long.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Serves `router` until `stop`, then lets requests that run end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &LimitsConfig,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS);
    let graceful = GracefulShutdown::new();
    let most = usize::try_from(limits.connections).unwrap_or(usize::MAX);
    let seats = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            let seat = Arc::clone(&seats).acquire_owned().await;
            (seat, listener.accept().await)
        };
        let (seat, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(error = error.to_string(), "no connection can be taken");
                tokio::time::sleep(AFTER_FAILURE).await;
                continue;
            }
        };
        // Small events must not wait for one another.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(error = error.to_string(), "a connection cannot be hurried");
        }
        let inner = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request
                .extensions_mut()
                .insert(ConnectInfo::<SocketAddr>(peer));
            inner.call(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(error = error.to_string(), "a connection broke");
            }
            drop(seat);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    async fn say(address: SocketAddr, text: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // A server that has heard enough may close before all is said.
        let _ = stream.write_all(text).await;
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        String::from_utf8_lossy(&heard).into_owned()
    }

    #[tokio::test]
    async fn heads_that_do_not_end_are_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let router = Router::new().route(
            "/",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }),
        );
        let server = tokio::spawn(async move {
            let limits = LimitsConfig {
                header_timeout: Duration::from_secs(1),
                ..LimitsConfig::default()
            };
            serve(listener, router, &limits, async {
                let _ = stopped.await;
            })
            .await;
        });
        let whole = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let heard = say(address, whole).await;
        assert!(
            heard.starts_with("HTTP/1.1 200") && heard.ends_with("127.0.0.1"),
            "{heard}"
        );
        let half = say(address, b"GET / HTTP/1.1\r\nHost: local").await;
        assert!(!half.contains("200 OK"), "{half}");
        let long = format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
            "x".repeat(200_000)
        );
        let heard = say(address, long.as_bytes()).await;
        assert!(!heard.contains("200 OK"), "{heard}");
        stop.send(()).unwrap();
        server.await.unwrap();
    }
}
