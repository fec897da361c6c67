//! How providers are reached: without proxies and redirects, and no answer is read without end.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::Client;
use reqwest::redirect::Policy;

/// A provider that does not take a connection for this long is given up.
const TO_CONNECT: Duration = Duration::from_secs(5);
/// One that has not answered after this long. Somebody waits before their browser.
const TO_END: Duration = Duration::from_secs(15);
/// What a provider answers has at most this many bytes.
const LIMIT: usize = 1024 * 1024;

/// Why a provider cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// No connection, or it broke.
    #[error("the provider cannot be reached: {0}")]
    Request(#[from] reqwest::Error),
    /// An answer without end.
    #[error("the provider's answer is larger than {LIMIT} bytes")]
    TooLarge,
    /// An answer that is none.
    #[error("the provider's answer cannot be read: {0}")]
    Answer(#[from] http::Error),
}

/// A client for one provider.
#[derive(Clone, Debug)]
pub(super) struct Http(Client);

impl Http {
    /// # Errors
    /// When the system gives no certificates to trust.
    pub(super) fn new() -> Result<Self, reqwest::Error> {
        // Another part of the process may have chosen first, and then its choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(TO_CONNECT)
            .timeout(TO_END)
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(concat!("Veracite/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(client))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut response = self.0.execute(request.try_into()?).await?;
        let mut answer = http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LIMIT {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(answer.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
