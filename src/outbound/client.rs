//! A client that asks the guard first.

use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Url};

use super::guard::{Guard, Refused};

/// A server that does not take a connection for this long is given up.
const TO_CONNECT: Duration = Duration::from_secs(10);

/// What a look-up of a name gives.
pub(super) type Found = Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>;

/// Looks names up.
pub(super) trait LookUp: Debug + Send + Sync {
    /// The addresses of a name, with port 0.
    fn look_up(&self, host: &str) -> Found;
}

/// As the operating system does.
#[derive(Debug)]
struct SystemLookUp;

impl LookUp for SystemLookUp {
    fn look_up(&self, host: &str) -> Found {
        let host = host.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) })
    }
}

/// A client for HTTP that contacts only what its guard allows: no proxy, no redirect, and of a name
/// only the addresses that were judged.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    guard: Guard,
    client: Client,
}

impl Outbound {
    /// A client; `limits` sets how long requests may take.
    ///
    /// # Errors
    /// When no client can be made.
    pub(crate) fn new(
        guard: Guard,
        limits: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, String> {
        Self::with(guard, Arc::new(SystemLookUp), limits)
    }

    /// A client that looks names up in another way.
    pub(super) fn with(
        guard: Guard,
        names: Arc<dyn LookUp>,
        limits: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, String> {
        // Another part of the process may have chosen first, and then its choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let judging = Judging {
            guard: guard.clone(),
            names,
        };
        let builder = Client::builder()
            .connect_timeout(TO_CONNECT)
            .user_agent(concat!("Veracite/", env!("CARGO_PKG_VERSION")));
        let client = limits(builder)
            .dns_resolver(Arc::new(judging))
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| format!("a client for HTTP cannot be made: {}", in_words(&error)))?;
        Ok(Self { guard, client })
    }

    /// A request to an address.
    ///
    /// # Errors
    /// When the address must not be contacted. For a name this is told when it is sent.
    pub(crate) fn request(&self, method: Method, address: Url) -> Result<RequestBuilder, Refused> {
        self.guard.check(&address)?;
        Ok(self.client.request(method, address))
    }
}

/// Looks names up, and gives only what may be contacted.
#[derive(Debug)]
struct Judging {
    guard: Guard,
    names: Arc<dyn LookUp>,
}

impl Resolve for Judging {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let found = self.names.look_up(&host);
        let guard = self.guard.clone();
        Box::pin(async move {
            let found = found.await?;
            guard.check_found(&host, found.iter().map(SocketAddr::ip))?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// An error with its causes: the outermost alone says only that a request failed.
pub(crate) fn in_words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::{StatusCode, header};
    use axum::routing::get;
    use reqwest::Response;

    use super::super::guard::NetworkConfig;
    use super::*;

    /// Gives one address after the other, and the last again and again.
    #[derive(Debug)]
    struct InTurn {
        addresses: Vec<IpAddr>,
        asked: AtomicUsize,
    }

    impl InTurn {
        fn new(addresses: &[Ipv4Addr]) -> Arc<Self> {
            Arc::new(Self {
                addresses: addresses.iter().copied().map(IpAddr::V4).collect(),
                asked: AtomicUsize::new(0),
            })
        }
    }

    impl LookUp for InTurn {
        fn look_up(&self, _host: &str) -> Found {
            let turn = self.asked.fetch_add(1, Ordering::SeqCst);
            let address = self.addresses[turn.min(self.addresses.len() - 1)];
            Box::pin(std::future::ready(Ok(vec![SocketAddr::new(address, 0)])))
        }
    }

    /// A server on this machine that counts who comes; its port.
    async fn server() -> (u16, Arc<AtomicUsize>) {
        let came = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&came);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = format!("http://127.0.0.1:{port}/secret");
        let secret = get(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready("secret")
        });
        let leads =
            get(move || std::future::ready((StatusCode::FOUND, [(header::LOCATION, to.clone())])));
        let router = Router::new()
            .route("/secret", secret)
            .route("/leads", leads);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (port, came)
    }

    fn guard(allow: &[&str]) -> Guard {
        let allow = allow.iter().map(|text| text.parse().unwrap()).collect();
        Guard::new(&NetworkConfig { allow })
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    async fn ask(outbound: &Outbound, address: &str) -> Result<Response, String> {
        let request = outbound
            .request(Method::GET, url(address))
            .map_err(|refused| refused.to_string())?;
        let sent = request.send().await;
        sent.map_err(|error| in_words(&error))
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused_and_an_allowed_one_is_asked() {
        let (port, came) = server().await;
        let address = format!("http://site.example:{port}/secret");
        let names = InTurn::new(&[Ipv4Addr::LOCALHOST]);
        let outbound = Outbound::with(guard(&[]), names.clone(), |builder| builder).unwrap();
        let refused = ask(&outbound, &address).await.unwrap_err();
        assert!(refused.contains("network.allow"), "{refused}");
        assert_eq!(came.load(Ordering::SeqCst), 0);
        let allowed = Outbound::with(guard(&["site.example"]), names, |builder| builder).unwrap();
        assert_eq!(
            ask(&allowed, &address).await.unwrap().text().await.unwrap(),
            "secret"
        );
    }

    #[tokio::test]
    async fn the_address_that_was_judged_is_the_one_that_is_connected_to() {
        let (port, came) = server().await;
        // The first look-up is harmless, a second would lead here.
        let names = InTurn::new(&[Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::LOCALHOST]);
        let short = |builder: ClientBuilder| builder.connect_timeout(Duration::from_millis(200));
        let outbound = Outbound::with(guard(&["192.0.2.0/24"]), names.clone(), short).unwrap();
        let address = format!("http://rebinds.example:{port}/secret");
        // Nobody is there: it is asked at the address that was judged, and nowhere else.
        ask(&outbound, &address).await.unwrap_err();
        assert_eq!(names.asked.load(Ordering::SeqCst), 1);
        let refused = ask(&outbound, &address).await.unwrap_err();
        assert!(refused.contains("127.0.0.1"), "{refused}");
        assert_eq!(came.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_and_what_it_names_is_judged_anew() {
        let (port, came) = server().await;
        let names = InTurn::new(&[Ipv4Addr::LOCALHOST]);
        let outbound = Outbound::with(guard(&["site.example"]), names, |builder| builder).unwrap();
        let response = ask(&outbound, &format!("http://site.example:{port}/leads"))
            .await
            .unwrap();
        assert_eq!(response.status(), 302);
        let to = response.headers()[header::LOCATION]
            .to_str()
            .unwrap()
            .to_owned();
        let refused = ask(&outbound, &to).await.unwrap_err();
        assert!(refused.contains("this machine itself"), "{refused}");
        assert_eq!(came.load(Ordering::SeqCst), 0);
    }
}
