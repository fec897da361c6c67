//! Traces for OpenTelemetry: how long which part of which request takes, sent to a collector that the
//! administrator names, and to nobody without one.
//!
//! Only spans of one target are sent: they are made for it, and hold names of routes and of
//! stages, numbers and states, but no question, no document and no person. They are sent by a
//! thread of their own from a bounded queue, so that a collector that is slow or gone costs
//! spans and nothing else.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tracing::{Subscriber, info, warn};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::outbound::in_words;
use crate::sources::secret::SecretFrom;

/// The target of spans that are sent.
pub(crate) const TARGET: &str = "veracite::trace";

/// What a collector gets a batch in, and what is left when the program stops.
const TO_SEND: Duration = Duration::from_secs(5);

/// `[telemetry]`: traces for an OpenTelemetry collector. They hold no questions, answers, names or
/// titles.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// The address of the collector that takes OTLP over HTTP, such as `http://localhost:4318`;
    /// `/v1/traces` follows. Nothing is sent if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<String>,
    /// What this installation is called there.
    pub service_name: String,
    /// The share of requests that is traced, from 0 to 1. Who sends `traceparent` decides for
    /// their own.
    pub sample: f64,
    /// Headers that are sent along, such as `Authorization`.
    pub headers: BTreeMap<String, SecretFrom>,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            service_name: "veracite".to_owned(),
            sample: 1.0,
            headers: BTreeMap::new(),
        }
    }
}

impl TelemetryConfig {
    /// Looks for what cannot be used.
    ///
    /// # Errors
    /// When the address is none, or the share no share.
    pub fn validate(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.sample) {
            return Err(format!("`sample` is {}, not between 0 and 1", self.sample));
        }
        self.address().map(|_| ())
    }

    /// Where traces go, if they go anywhere.
    fn address(&self) -> Result<Option<Url>, String> {
        const PATH: &str = "/v1/traces";
        let Some(endpoint) = &self.otlp_endpoint else {
            return Ok(None);
        };
        let whole = match endpoint.trim_end_matches('/') {
            base if base.ends_with(PATH) => base.to_owned(),
            base => format!("{base}{PATH}"),
        };
        let wrong = |reason: &str| format!("`otlp_endpoint` is `{endpoint}`: {reason}");
        let url = Url::parse(&whole).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("it begins neither with http:// nor with https://"));
        }
        Ok(Some(url))
    }
}

/// What sends traces.
#[derive(Debug)]
pub struct Telemetry {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Telemetry {
    /// Begins to send traces, if `config` says where to; `runtime` does it.
    ///
    /// # Errors
    /// When the address cannot be used or a header not be read.
    pub fn open(config: &TelemetryConfig, runtime: &Handle) -> anyhow::Result<Option<Self>> {
        let Some(address) = config.address().map_err(anyhow::Error::msg)? else {
            return Ok(None);
        };
        let mut headers = HashMap::new();
        for (name, from) in &config.headers {
            let value = from.read();
            let value = value
                .map_err(|reason| anyhow::anyhow!("`telemetry.headers`: `{name}`: {reason}"))?;
            headers.insert(name.clone(), value.expose_secret().to_owned());
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender::new(runtime.clone())?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(address.as_str())
            .with_timeout(TO_SEND)
            .with_headers(headers)
            .build()?;
        let resource = Resource::builder_empty()
            .with_service_name(config.service_name.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .with_sampler(sampler)
            .build();
        let tracer = provider.tracer("veracite");
        Ok(Some(Self { provider, tracer }))
    }

    /// What takes the spans of this program.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        OpenTelemetryLayer::new(self.tracer.clone())
            // Places in the source and names of threads tell nobody anything.
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| {
                metadata.is_span() && metadata.target() == TARGET
            }))
    }

    /// Sends what waits, and no more. Blocks for a few seconds at most: not for use in a task.
    pub fn end(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(TO_SEND) {
            warn!(error = %error, "the last traces could not be sent");
        }
    }
}

/// The trace that a request belongs to, as its header `traceparent` says.
pub(crate) fn parent_of(headers: &HeaderMap) -> Context {
    TraceContextPropagator::new().extract(&HeaderExtractor(headers))
}

/// Sends batches to the collector. The thread that makes them knows no runtime, and waits.
#[derive(Debug)]
struct Sender {
    client: Client,
    runtime: Handle,
    /// Whether the last batch was lost: that it is, is told once.
    is_failing: AtomicBool,
}

impl Sender {
    fn new(runtime: Handle) -> anyhow::Result<Self> {
        // Another part of the process may have chosen first, and then its choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(TO_SEND)
            .redirect(Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            client,
            runtime,
            is_failing: AtomicBool::new(false),
        })
    }

    fn tell(&self, failed: Option<&str>) {
        let was_failing = self.is_failing.swap(failed.is_some(), Ordering::Relaxed);
        match failed {
            Some(reason) if !was_failing => {
                warn!(
                    reason,
                    "the collector takes no traces; they are lost until it does"
                );
            }
            None if was_failing => info!("the collector takes traces again"),
            _ => {}
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sending = self.runtime.spawn(async move {
            let request = reqwest::Request::try_from(request)?;
            let response = client.execute(request).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut answer = Response::new(response.bytes().await?);
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            Ok::<_, reqwest::Error>(answer)
        });
        let sent = match sending.await {
            Ok(sent) => sent.map_err(|error| in_words(&error.without_url())),
            Err(error) => Err(error.to_string()),
        };
        match sent {
            Ok(answer) => {
                let status = answer.status();
                let refused = (!status.is_success()).then(|| format!("it answers {status}"));
                self.tell(refused.as_deref());
                Ok(answer)
            }
            Err(reason) => {
                self.tell(Some(&reason));
                Err(reason.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::http::{HeaderMap, Uri};
    use opentelemetry::trace::TraceContextExt as _;
    use tracing::info_span;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    type Came = Arc<Mutex<Vec<(String, HeaderMap, Vec<u8>)>>>;

    async fn collector() -> (String, Came) {
        let came = Came::default();
        let kept = Arc::clone(&came);
        let take = move |uri: Uri, headers: HeaderMap, body: axum::body::Bytes| {
            let one = (uri.path().to_owned(), headers, body.to_vec());
            kept.lock().unwrap().push(one);
            std::future::ready(())
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(take);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (address, came)
    }

    fn holds(body: &[u8], part: &[u8]) -> bool {
        body.windows(part.len()).any(|window| window == part)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn spans_arrive_with_their_trace_and_without_what_was_said() {
        let (address, came) = collector().await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "hush-hush").unwrap();
        let config = TelemetryConfig {
            otlp_endpoint: Some(address),
            headers: BTreeMap::from([(
                "x-token".to_owned(),
                SecretFrom::File(folder.path().join("token")),
            )]),
            ..TelemetryConfig::default()
        };
        let telemetry = Telemetry::open(&config, &Handle::current())
            .unwrap()
            .unwrap();
        let subscriber = tracing_subscriber::registry().with(telemetry.layer());
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        tracing::subscriber::with_default(subscriber, || {
            let mut headers = HeaderMap::new();
            let sent = format!("00-{trace}-00f067aa0ba902b7-01");
            headers.insert("traceparent", sent.parse().unwrap());
            let parent = parent_of(&headers);
            assert_eq!(parent.span().span_context().trace_id().to_string(), trace);
            let span = info_span!(target: TARGET, "request", otel.name = "POST /v1/answers");
            span.set_parent(parent).unwrap();
            let _entered = span.enter();
            info!(target: TARGET, question = "what is said", "an event");
            let other = info_span!("other", question = "of another target");
            other.in_scope(|| info_span!(target: TARGET, "retrieve").in_scope(|| {}));
        });
        tokio::task::spawn_blocking(move || telemetry.end())
            .await
            .unwrap();
        let came = came.lock().unwrap();
        let (path, headers, _) = &came[0];
        assert_eq!(path, "/v1/traces");
        assert_eq!(headers["content-type"], "application/x-protobuf");
        assert_eq!(headers["x-token"], "hush-hush");
        let all: Vec<u8> = came.iter().flat_map(|(_, _, body)| body.clone()).collect();
        let id = u128::from_str_radix(trace, 16).unwrap().to_be_bytes();
        for part in [&b"POST /v1/answers"[..], b"retrieve", b"veracite", &id] {
            assert!(holds(&all, part), "{}", String::from_utf8_lossy(part));
        }
        for part in [&b"what is said"[..], b"of another target", b"an event"] {
            assert!(!holds(&all, part), "{}", String::from_utf8_lossy(part));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_collector_that_is_not_there_holds_nobody_up() {
        let config = TelemetryConfig {
            // Nobody listens at the port of `tcpmux`.
            otlp_endpoint: Some("http://127.0.0.1:1".to_owned()),
            ..TelemetryConfig::default()
        };
        let telemetry = Telemetry::open(&config, &Handle::current())
            .unwrap()
            .unwrap();
        let subscriber = tracing_subscriber::registry().with(telemetry.layer());
        tracing::subscriber::with_default(subscriber, || {
            // More than the queue holds: the rest is dropped, not waited for.
            for _ in 0..10_000 {
                info_span!(target: TARGET, "ask").in_scope(|| {});
            }
        });
        tokio::task::spawn_blocking(move || telemetry.end())
            .await
            .unwrap();
    }

    #[test]
    fn an_address_is_looked_at_before_it_is_used() {
        let at = |endpoint: &str| TelemetryConfig {
            otlp_endpoint: Some(endpoint.to_owned()),
            ..TelemetryConfig::default()
        };
        for endpoint in ["http://a:4318", "http://a:4318/", "http://a:4318/v1/traces"] {
            let address = at(endpoint).address().unwrap().unwrap();
            assert_eq!(address.as_str(), "http://a:4318/v1/traces");
        }
        assert!(at("a:4318").validate().is_err());
        assert!(TelemetryConfig::default().address().unwrap().is_none());
        let sample = TelemetryConfig {
            sample: 1.5,
            ..TelemetryConfig::default()
        };
        assert!(sample.validate().unwrap_err().contains("1.5"));
    }
}
