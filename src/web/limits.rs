//! How much one may ask for: requests, questions, files, questions at once and open streams.
//!
//! Counted by person (an API key counts as its owner), by key of the configuration, and by address
//! for those who have not shown who they are. Where nobody signs in there is one person at this
//! machine, who is not limited. Attempts to sign in have limits of their own
//! ([`crate::people`]).

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt as _;
use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::error::Error;
use super::viewer::{Viewer, Who};

/// Routes that answer questions, or check answers, which takes as much. The page that works without scripts
/// asks as well; corrections of answers are checked too. Programs that speak MCP ask where they call tools
/// ([`Limits::question`]): at their route they also read what there is.
const QUESTIONS: &[&str] = &[
    "/ask",
    "/v1/answers",
    "/v1/check",
    "/v1/chat/completions",
    "/v1/feedback",
    "/v1/messages",
];
/// Routes that take files, by scripts and by the form of the page.
const UPLOADS: &[&str] = &["/documents", "/v1/documents"];
/// Requests of so many seconds may come at once: a page asks for several things.
const BURST_SECONDS: u32 = 5;
/// After so many requests, those who have been gone for long are forgotten.
const FORGOTTEN_EVERY: u32 = 4_096;
/// One who has too many questions at once may try again after so many seconds.
const AT_ONCE_SECONDS: u64 = 3;
/// One who has too many streams open may try again after so many: they end when their reader leaves.
const STREAMS_SECONDS: u64 = 10;

/// `[server.limits]`: how much one person, key or address may ask for, and how patient the server is.
/// 0 lifts a limit on how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests in a second, on average over five.
    pub requests_per_second: u32,
    /// Questions, and answers to check, in a minute.
    pub questions_per_minute: u32,
    /// Uploads in an hour; one may bring 500 files.
    pub uploads_per_hour: u32,
    /// Questions that one may wait for at once.
    pub concurrent_questions: u32,
    /// Streams that one may have open at once: live states of documents, of which each open documents
    /// page has one, and answers that come as events.
    pub streams: u32,
    /// Connections that are open at once, of all together. More wait.
    pub connections: u32,
    /// The head of a request must have come after this long; a connection that is not used ends then too.
    #[serde(with = "humantime_serde")]
    pub header_timeout: Duration,
    /// A body of which nothing comes for this long is given up.
    #[serde(with = "humantime_serde")]
    pub body_timeout: Duration,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            requests_per_second: 50,
            questions_per_minute: 60,
            uploads_per_hour: 1_000,
            concurrent_questions: 8,
            streams: 16,
            connections: 512,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
        }
    }
}

impl LimitsConfig {
    /// # Errors
    /// When nothing could be served.
    pub(super) fn validate(&self) -> Result<(), String> {
        let sensible = Duration::from_secs(1)..=Duration::from_secs(60 * 60);
        for (name, time) in [
            ("header_timeout", self.header_timeout),
            ("body_timeout", self.body_timeout),
        ] {
            if !sensible.contains(&time) {
                return Err(format!(
                    "`limits.{name}` is not between a second and an hour"
                ));
            }
        }
        if self.connections == 0 {
            return Err("`limits.connections` is 0".to_owned());
        }
        Ok(())
    }
}

/// What there was too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// Requests.
    Requests,
    /// Questions.
    Questions,
    /// Uploads.
    Uploads,
    /// Questions at once.
    AtOnce,
    /// Streams that are open.
    Streams {
        /// So many one may have.
        most: u32,
    },
}

impl Excess {
    /// Seconds after which one may try again who has too much of it at once.
    fn seconds(self) -> u64 {
        match self {
            Self::Streams { .. } => STREAMS_SECONDS,
            _ => AT_ONCE_SECONDS,
        }
    }
}

/// Counts by who asks.
#[derive(Debug)]
struct Counter {
    excess: Excess,
    limiter: DefaultKeyedRateLimiter<String>,
}

impl Counter {
    fn new(excess: Excess, quota: Option<Quota>) -> Option<Self> {
        let limiter = RateLimiter::keyed(quota?);
        Some(Self { excess, limiter })
    }

    fn count(&self, who: &String) -> Result<(), Error> {
        self.limiter.check_key(who).map_err(|until| {
            let wait = until.wait_time_from(self.limiter.clock().now());
            Error::TooMuch {
                excess: self.excess,
                // Never a part of a second less than what it takes.
                seconds: wait.as_secs() + 1,
            }
        })
    }
}

/// Those who wait for answers, or read streams, and how many each.
#[derive(Debug, Default)]
struct Waiting(Mutex<HashMap<String, u32>>);

/// A question that is being answered, or a stream that is open. Dropping it makes room for another.
#[derive(Debug)]
pub(super) struct Seat {
    who: String,
    waiting: Arc<Waiting>,
}

impl Seat {
    fn take(waiting: &Arc<Waiting>, who: &str, most: u32, excess: Excess) -> Result<Self, Error> {
        let mut all = waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(who.to_owned()).or_insert(0);
        if *count >= most {
            return Err(Error::TooMuch {
                excess,
                seconds: excess.seconds(),
            });
        }
        *count += 1;
        Ok(Self {
            who: who.to_owned(),
            waiting: Arc::clone(waiting),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut all = self
            .waiting
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.who);
            }
        }
    }
}

/// Room for a stream, which no stream is sent without.
#[derive(Debug)]
pub(super) struct StreamRoom {
    /// None where nothing is limited.
    _seat: Option<Seat>,
}

/// What everybody has asked for lately.
#[derive(Debug)]
pub(super) struct Limits {
    requests: Option<Counter>,
    questions: Option<Counter>,
    uploads: Option<Counter>,
    at_once: Option<u32>,
    waiting: Arc<Waiting>,
    streams: Option<u32>,
    streaming: Arc<Waiting>,
    counted: AtomicU32,
}

/// An address as it is counted: of IPv6 a customer has a whole /64.
fn by_address(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("address {address}"),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("address {a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

/// Whom a request counts for; none where it counts for nobody.
fn who(viewer: Option<&Viewer>, connection: Connection) -> Option<String> {
    match viewer.map(|viewer| &viewer.who) {
        Some(Who::Nobody) => None,
        Some(Who::Key { name }) => Some(format!("key {name}")),
        Some(Who::Person { id, .. }) => Some(format!("person {id}")),
        None => connection.address.map(by_address),
    }
}

impl Limits {
    pub(super) fn new(config: &LimitsConfig) -> Self {
        let per_second = NonZeroU32::new(config.requests_per_second);
        let per_second = per_second.map(|most| {
            let burst = most.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_SECONDS - 1));
            Quota::per_second(most).allow_burst(burst)
        });
        let per_minute = NonZeroU32::new(config.questions_per_minute).map(Quota::per_minute);
        let per_hour = NonZeroU32::new(config.uploads_per_hour).map(Quota::per_hour);
        Self {
            requests: Counter::new(Excess::Requests, per_second),
            questions: Counter::new(Excess::Questions, per_minute),
            uploads: Counter::new(Excess::Uploads, per_hour),
            at_once: Some(config.concurrent_questions).filter(|most| *most > 0),
            waiting: Arc::default(),
            streams: Some(config.streams).filter(|most| *most > 0),
            streaming: Arc::default(),
            counted: AtomicU32::new(0),
        }
    }

    /// Counts a request. What it gives is held until its answer is sent.
    ///
    /// # Errors
    /// When there were too many.
    pub(super) fn count(
        &self,
        viewer: Option<&Viewer>,
        connection: Connection,
        parts: &Parts,
    ) -> Result<Option<Seat>, Error> {
        let Some(who) = who(viewer, connection) else {
            return Ok(None);
        };
        self.forget();
        if let Some(requests) = &self.requests {
            requests.count(&who)?;
        }
        if parts.method != Method::POST || viewer.is_none() {
            return Ok(None);
        }
        let route = parts.extensions.get::<MatchedPath>();
        let route = route.map_or_else(|| parts.uri.path(), MatchedPath::as_str);
        if UPLOADS.contains(&route)
            && let Some(uploads) = &self.uploads
        {
            uploads.count(&who)?;
        }
        if !QUESTIONS.contains(&route) {
            return Ok(None);
        }
        self.seat(&who)
    }

    /// Counts a question that its route does not tell of. What it gives is held until it is answered.
    ///
    /// # Errors
    /// When there were too many.
    pub(super) fn question(&self, viewer: &Viewer) -> Result<Option<Seat>, Error> {
        match who(Some(viewer), Connection::default()) {
            Some(who) => self.seat(&who),
            None => Ok(None),
        }
    }

    fn seat(&self, who: &String) -> Result<Option<Seat>, Error> {
        // One who is told to wait for an answer has not asked.
        let seat = self
            .at_once
            .map(|most| Seat::take(&self.waiting, who, most, Excess::AtOnce))
            .transpose()?;
        if let Some(questions) = &self.questions {
            questions.count(who)?;
        }
        Ok(seat)
    }

    /// Room for one more stream of `viewer`, held until it ends or its reader leaves. Nobody has a stream
    /// without having shown who they are.
    ///
    /// # Errors
    /// When too many of theirs are open.
    pub(super) fn stream(&self, viewer: &Viewer) -> Result<StreamRoom, Error> {
        let who = who(Some(viewer), Connection::default());
        let seat = self
            .streams
            .zip(who)
            .map(|(most, who)| Seat::take(&self.streaming, &who, most, Excess::Streams { most }))
            .transpose()?;
        Ok(StreamRoom { _seat: seat })
    }

    /// Forgets, once in a while, those who have asked for nothing lately.
    fn forget(&self) {
        if self.counted.fetch_add(1, Ordering::Relaxed) % FORGOTTEN_EVERY == FORGOTTEN_EVERY - 1 {
            let counters = [&self.requests, &self.questions, &self.uploads];
            for counter in counters.into_iter().flatten() {
                counter.limiter.retain_recent();
            }
        }
    }
}

/// Holds a seat until the last of a response has gone out.
pub(super) fn held_by(response: Response, seat: Option<Seat>) -> Response {
    let Some(seat) = seat else { return response };
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let chunks = body.into_data_stream().map(move |chunk| {
        let _held = &seat;
        chunk
    });
    Response::from_parts(parts, Body::from_stream(chunks))
}

/// Gives a request up of whose body nothing comes for a while.
pub(super) async fn patient(
    State(patience): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let request = request.map(|body| {
        let chunks =
            futures::stream::unfold(Some(body.into_data_stream()), move |chunks| async move {
                let mut chunks = chunks?;
                match tokio::time::timeout(patience, chunks.next()).await {
                    Ok(Some(chunk)) => Some((chunk.map_err(std::io::Error::other), Some(chunks))),
                    Ok(None) => None,
                    Err(_) => Some((Err(std::io::ErrorKind::TimedOut.into()), None)),
                }
            });
        Body::from_stream(chunks)
    });
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: Method, path: &str) -> Parts {
        let request = axum::http::Request::builder().method(method).uri(path);
        request.body(()).unwrap().into_parts().0
    }

    fn from(address: &str) -> Connection {
        Connection {
            address: Some(address.parse().unwrap()),
            is_secure: false,
        }
    }

    #[test]
    fn one_who_asks_too_much_waits_and_another_does_not() {
        let limits = Limits::new(&LimitsConfig {
            requests_per_second: 1,
            ..LimitsConfig::default()
        });
        let parts = parts(Method::GET, "/sign-in");
        let count = |address: &str| limits.count(None, from(address), &parts);
        for _ in 0..BURST_SECONDS {
            assert!(count("192.0.2.1").is_ok());
        }
        let Err(Error::TooMuch { excess, seconds }) = count("192.0.2.1") else {
            panic!("the sixth in a second is counted")
        };
        assert_eq!(excess, Excess::Requests);
        assert!((1..=2).contains(&seconds), "{seconds}");
        assert!(count("192.0.2.2").is_ok());
        // All addresses of one customer.
        for last in 0..BURST_SECONDS {
            assert!(count(&format!("2001:db8::{last}")).is_ok());
        }
        assert!(count("2001:db8::99").is_err());
        assert!(limits.count(None, Connection::default(), &parts).is_ok());
    }

    #[test]
    fn a_seat_is_free_again_when_it_is_left() {
        let waiting = Arc::new(Waiting::default());
        let take = |who: &str| Seat::take(&waiting, who, 1, Excess::AtOnce);
        let first = take("mina").unwrap();
        assert!(take("mina").is_err());
        assert!(take("jun").is_ok());
        drop(first);
        assert!(take("mina").is_ok());
        assert!(waiting.0.lock().unwrap().is_empty());
    }

    fn viewer(name: &str) -> Viewer {
        Viewer::for_test(Who::Key { name: name.into() })
    }

    #[test]
    fn one_has_so_many_streams_and_room_for_another_when_one_ends() {
        let config = LimitsConfig {
            streams: 2,
            ..LimitsConfig::default()
        };
        let limits = Limits::new(&config);
        let (mina, jun) = (viewer("mina"), viewer("jun"));
        let first = limits.stream(&mina).unwrap();
        let second = limits.stream(&mina).unwrap();
        let Err(error) = limits.stream(&mina) else {
            panic!("a third is too many")
        };
        let excess = Excess::Streams { most: 2 };
        let seconds = STREAMS_SECONDS;
        assert_eq!(error, Error::TooMuch { excess, seconds });
        for language in [crate::language::Language::Ko, crate::language::Language::En] {
            let said = error.sentence(language);
            assert!(
                said.contains("limits.streams") && said.contains('2'),
                "{said}"
            );
        }
        assert!(limits.stream(&jun).is_ok());
        // Who sits at the machine is not limited.
        let owner = Viewer::for_test(Who::Nobody);
        let open: Vec<StreamRoom> = (0..9).map(|_| limits.stream(&owner).unwrap()).collect();
        assert_eq!(open.len(), 9);
        drop(first);
        assert!(limits.stream(&mina).is_ok());
        drop(second);
        assert!(limits.streaming.0.lock().unwrap().is_empty());
        let lifted = Limits::new(&LimitsConfig {
            streams: 0,
            ..config
        });
        let open: Vec<StreamRoom> = (0..9).map(|_| lifted.stream(&mina).unwrap()).collect();
        assert_eq!(open.len(), 9);
    }

    #[test]
    fn nothing_is_limited_by_nought() {
        let limits = Limits::new(&LimitsConfig {
            requests_per_second: 0,
            ..LimitsConfig::default()
        });
        let parts = parts(Method::GET, "/");
        for _ in 0..1_000 {
            assert!(limits.count(None, from("192.0.2.1"), &parts).is_ok());
        }
        let zero = LimitsConfig {
            header_timeout: Duration::ZERO,
            ..LimitsConfig::default()
        };
        assert!(zero.validate().unwrap_err().contains("header_timeout"));
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_is_given_up() {
        use axum::Router;
        use axum::body::Bytes;
        use axum::routing::post;
        use tower::ServiceExt as _;

        let read = async |body: Body| match axum::body::to_bytes(body, 10).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => "given up".to_owned(),
        };
        let patience = Duration::from_millis(20);
        let router: Router = Router::new()
            .route("/", post(move |body: Body| read(body)))
            .layer(axum::middleware::from_fn_with_state(patience, patient));
        let told = async |body: Body| {
            let request = axum::http::Request::post("/").body(body).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            axum::body::to_bytes(response.into_body(), 100)
                .await
                .unwrap()
        };
        assert_eq!(told(Body::from("whole")).await, "whole");
        let begins = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from("half"))]);
        let stops = begins.chain(futures::stream::pending());
        assert_eq!(told(Body::from_stream(stops)).await, "given up");
    }
}
