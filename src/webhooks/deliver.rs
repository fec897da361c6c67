//! Messages on their way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode, Url};
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::sign::Secret;
use super::types::{Message, MessageState, Webhook, WebhookId};
use crate::app::Phase;
use crate::catalogue::Catalogue;
use crate::outbound::{Guard, Outbound, in_words};
use crate::sources::secret::SecretFrom;

/// How often is looked for messages.
const MOMENT: Duration = Duration::from_millis(500);
/// A receiver that did not answer by then is asked again.
const TO_ANSWER: Duration = Duration::from_secs(15);
/// Messages on their way at once, and to one webhook.
const AT_ONCE: usize = 16;
const TO_ONE: usize = 4;
/// Pauses after each attempt, in seconds; after the last it is given up. Three days in all.
const PAUSES: [i64; 11] = [
    5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 43_200, 64_800, 86_400,
];
/// What is over is forgotten after this long.
const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// How often that is looked at.
const TO_FORGET: Duration = Duration::from_secs(3_600);

/// What messages are sent with.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// Where they are kept.
    pub(crate) catalogue: Catalogue,
    /// What may be contacted.
    pub(crate) guard: Guard,
    /// The secrets of the webhooks in the configuration, and their addresses.
    pub(crate) secrets: BTreeMap<WebhookId, (SecretFrom, Url)>,
    /// Pauses after each attempt, in seconds, if not the usual ones.
    pub(crate) pauses: Option<Vec<i64>>,
}

/// What an attempt came to.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) state: MessageState,
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<String>,
    pub(crate) next_at: Timestamp,
}

/// Sends messages until the program stops.
pub(crate) async fn deliver(delivery: Delivery, mut phase: watch::Receiver<Phase>) {
    let delivery = Arc::new(delivery);
    let mut sending: JoinSet<(i64, WebhookId)> = JoinSet::new();
    let mut on_the_way: BTreeMap<i64, WebhookId> = BTreeMap::new();
    let mut forgotten = tokio::time::Instant::now();
    loop {
        if *phase.borrow() != Phase::Running {
            // What is on its way is sent again at the next start: that it arrived may not be known.
            return;
        }
        let taken: BTreeSet<i64> = on_the_way.keys().copied().collect();
        let room = AT_ONCE - on_the_way.len();
        // One that answers slowly, with many messages waiting, does not keep the others from theirs.
        let to = |webhook: &WebhookId| {
            let all = on_the_way.values();
            all.filter(|other| *other == webhook).count()
        };
        let busy: BTreeSet<String> = on_the_way
            .values()
            .filter(|webhook| to(webhook) >= TO_ONE)
            .map(ToString::to_string)
            .collect();
        match delivery
            .catalogue
            .due_messages(Timestamp::now(), &taken, &busy, room)
            .await
        {
            Ok(due) => {
                for message in due {
                    let to = &message.webhook;
                    if on_the_way.values().filter(|other| *other == to).count() >= TO_ONE {
                        continue;
                    }
                    on_the_way.insert(message.seq, to.clone());
                    let delivery = Arc::clone(&delivery);
                    sending.spawn(async move { delivery.send(message).await });
                }
            }
            Err(error) => warn!(error = %error, "messages to webhooks cannot be read"),
        }
        if forgotten.elapsed() > TO_FORGET {
            forgotten = tokio::time::Instant::now();
            let before = Timestamp::now() - KEPT;
            if let Err(error) = delivery.catalogue.forget_messages(before).await {
                warn!(error = %error, "old messages to webhooks cannot be removed");
            }
        }
        tokio::select! {
            Some(ended) = sending.join_next(), if !sending.is_empty() => match ended {
                Ok((seq, _)) => {
                    on_the_way.remove(&seq);
                }
                // Which one it was is not known: it is looked for again.
                Err(error) => {
                    warn!(error = %error, "sending a message to a webhook failed");
                    sending.abort_all();
                    on_the_way.clear();
                }
            },
            () = tokio::time::sleep(MOMENT) => {}
            _ = phase.changed() => {}
        }
    }
}

impl Delivery {
    /// Sends a message once, and notes what came of it.
    async fn send(&self, message: Message) -> (i64, WebhookId) {
        let seq = message.seq;
        let to = message.webhook.clone();
        let attempt = match self.catalogue.webhook_with_secret(&to).await {
            Ok(Some((webhook, secret))) => {
                let attempts = usize::try_from(message.attempts).unwrap_or(usize::MAX);
                let came = self.attempt(&message, &webhook, secret).await;
                self.weigh(came, attempts)
            }
            // It is gone, and its messages with it.
            Ok(None) => return (seq, to),
            Err(error) => {
                warn!(error = %error, "a webhook cannot be read");
                tokio::time::sleep(MOMENT).await;
                return (seq, to);
            }
        };
        match &attempt.error {
            None => info!(webhook = %to, message = message.id, "a webhook is told"),
            Some(error) => warn!(
                webhook = %to,
                message = message.id,
                error,
                given_up = attempt.state == MessageState::Dead,
                "a webhook cannot be told"
            ),
        }
        if let Err(error) = self.catalogue.settle_message(seq, &attempt).await {
            // It is sent again: at least once, not at most.
            warn!(error = %error, "what came of a message cannot be noted");
            tokio::time::sleep(MOMENT).await;
        }
        (seq, to)
    }

    async fn attempt(
        &self,
        message: &Message,
        webhook: &Webhook,
        secret: Option<SecretString>,
    ) -> Result<StatusCode, String> {
        let (secret, guard) = match (secret, self.secrets.get(&webhook.id)) {
            (Some(secret), _) => (secret, self.guard.clone()),
            (None, Some((from, url))) => (from.read()?, self.guard.and_written(url)),
            (None, None) => return Err("it is not in the configuration any more".to_owned()),
        };
        let secret = Secret::read(&secret).map_err(|error| error.to_string())?;
        let url = super::check_url(&webhook.url)?;
        let body = message.body();
        let now = Timestamp::now().as_second();
        let signature = secret.sign(&message.id, now, &body);
        // A client for each message: a kept connection would outlive what was judged.
        let outbound = Outbound::new(guard, |builder| builder.timeout(TO_ANSWER))?;
        let request = outbound
            .request(Method::POST, url)
            .map_err(|refused| refused.to_string())?
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", now.to_string())
            .header("webhook-signature", signature)
            .body(body);
        let response = request.send().await;
        // The address may hold a token.
        let response = response.map_err(|error| in_words(&error.without_url()))?;
        Ok(response.status())
    }

    /// What is to be done after an attempt, when there were so many before.
    fn weigh(&self, came: Result<StatusCode, String>, before: usize) -> Attempt {
        let (status, error) = match came {
            Ok(status) if status.is_success() => {
                return Attempt {
                    state: MessageState::Delivered,
                    status: Some(status.as_u16()),
                    error: None,
                    next_at: Timestamp::now(),
                };
            }
            Ok(status) => (Some(status.as_u16()), format!("it answers {status}")),
            Err(reason) => (None, reason),
        };
        let pauses = self.pauses.as_deref().unwrap_or(&PAUSES);
        // A receiver that says so wants no message any more.
        let is_gone = status == Some(StatusCode::GONE.as_u16());
        let pause = pauses.get(before).filter(|_| !is_gone);
        Attempt {
            state: match pause {
                Some(_) => MessageState::Pending,
                None => MessageState::Dead,
            },
            status,
            error: Some(error),
            next_at: Timestamp::now() + jittered(pause.copied().unwrap_or_default()),
        }
    }
}

/// A pause of up to a tenth more, so that receivers are not asked by all at once.
fn jittered(seconds: i64) -> jiff::SignedDuration {
    let most = u64::try_from(seconds * 100).unwrap_or_default();
    let more = i64::try_from(fastrand::u64(0..=most)).unwrap_or_default();
    jiff::SignedDuration::from_millis(seconds * 1_000 + more)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::Router;
    use axum::http::HeaderMap;
    use secrecy::ExposeSecret as _;
    use tempfile::TempDir;

    use super::*;
    use crate::outbound::NetworkConfig;

    /// What came: the id of the message and whether its signature holds.
    type Came = Arc<Mutex<Vec<(String, bool)>>>;

    struct Test {
        catalogue: Catalogue,
        came: Came,
        webhook: WebhookId,
        phase: watch::Sender<Phase>,
        _folder: TempDir,
    }

    impl Test {
        /// Sends to a receiver that gives these answers in turn, and then the last one.
        async fn new(answers: Vec<u16>, pauses: Vec<i64>, allow: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("c.sqlite");
            let catalogue = Catalogue::open(&file).await.unwrap();
            let secret = Secret::make().unwrap();
            let came = Came::default();
            let (kept, own) = (Arc::clone(&came), secret.expose_secret().to_owned());
            let take = move |headers: HeaderMap, body: String| {
                let header = |name: &str| headers[name].to_str().unwrap().to_owned();
                let id = header("webhook-id");
                let at = header("webhook-timestamp").parse().unwrap();
                let secret = Secret::read(&SecretString::from(own.clone())).unwrap();
                let holds = secret.sign(&id, at, &body) == header("webhook-signature");
                let mut kept = kept.lock().unwrap();
                let status = answers[kept.len().min(answers.len() - 1)];
                kept.push((id, holds));
                std::future::ready(StatusCode::from_u16(status).unwrap())
            };
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            let router = Router::new().fallback(take);
            tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            let webhook = Webhook {
                id: WebhookId::new(),
                url,
                configured: false,
                events: BTreeSet::new(),
                collections: BTreeSet::new(),
                include_title: false,
                disabled: false,
                created_at: Timestamp::now(),
            };
            catalogue.add_webhook(&webhook, &secret).await.unwrap();
            let allow = allow.iter().map(|text| text.parse().unwrap()).collect();
            let delivery = Delivery {
                catalogue: catalogue.clone(),
                guard: Guard::new(&NetworkConfig { allow }),
                secrets: BTreeMap::new(),
                pauses: Some(pauses),
            };
            let phase = watch::Sender::new(Phase::Running);
            tokio::spawn(deliver(delivery, phase.subscribe()));
            Self {
                catalogue,
                came,
                webhook: webhook.id,
                phase,
                _folder: folder,
            }
        }

        async fn write(&self) -> String {
            let written = self.catalogue.test_webhook(&self.webhook).await;
            written.unwrap().unwrap()
        }

        /// Waits until the newest message has come to a state.
        async fn wait(&self, state: MessageState) -> Message {
            for _ in 0..1_000 {
                let messages = self.catalogue.messages(&self.webhook, 10).await.unwrap();
                if messages[0].state == state {
                    return messages[0].clone();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("it never was {state:?}");
        }

        fn came(&self) -> Vec<(String, bool)> {
            self.came.lock().unwrap().clone()
        }
    }

    #[tokio::test]
    async fn a_message_is_sent_until_it_arrives_with_the_same_id_and_signed() {
        let test = Test::new(vec![500, 302, 204], vec![0, 0, 0], &["127.0.0.1"]).await;
        let id = test.write().await;
        let message = test.wait(MessageState::Delivered).await;
        assert_eq!((message.attempts, message.status), (3, Some(204)));
        assert_eq!(message.error, None);
        assert_eq!(test.came(), vec![(id, true); 3]);
        test.phase.send_replace(Phase::Over);
    }

    #[tokio::test]
    async fn a_message_waits_for_the_earlier_one_of_its_document() {
        let test = Test::new(vec![500, 500, 200], vec![0; 5], &["127.0.0.1"]).await;
        let first = test.write().await;
        let second = test.write().await;
        test.wait(MessageState::Delivered).await;
        let ids: Vec<String> = test.came().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, [first.clone(), first.clone(), first, second]);
        test.phase.send_replace(Phase::Over);
    }

    #[tokio::test]
    async fn a_message_that_is_given_up_can_be_sent_again() {
        let test = Test::new(vec![500, 500, 200], vec![0], &["127.0.0.1"]).await;
        let id = test.write().await;
        let message = test.wait(MessageState::Dead).await;
        assert_eq!((message.attempts, message.status), (2, Some(500)));
        assert!(message.error.unwrap().contains("500"));
        let revived = test.catalogue.revive_message(&test.webhook, &id).await;
        assert!(revived.unwrap());
        test.wait(MessageState::Delivered).await;
        let again = test.catalogue.revive_message(&test.webhook, &id).await;
        assert!(!again.unwrap(), "what arrived is not sent again");
        test.phase.send_replace(Phase::Over);
    }

    #[tokio::test]
    async fn a_receiver_that_is_gone_is_left_alone() {
        let test = Test::new(vec![410], vec![0; 5], &["127.0.0.1"]).await;
        test.write().await;
        assert_eq!(test.wait(MessageState::Dead).await.attempts, 1);
        test.phase.send_replace(Phase::Over);
    }

    #[tokio::test]
    async fn a_machine_that_is_not_allowed_is_not_contacted() {
        let test = Test::new(vec![200], vec![], &[]).await;
        test.write().await;
        let message = test.wait(MessageState::Dead).await;
        assert!(message.error.unwrap().contains("network.allow"));
        assert!(test.came().is_empty());
        test.phase.send_replace(Phase::Over);
    }
}
