//! Drafts from a server that speaks OpenAI's protocol: vLLM, llama.cpp, Ollama, mistral.rs.
//!
//! Only the configured address is ever called: no proxy of the environment is used and no
//! redirect is followed, since a request holds what documents say. Dropping a draft closes its
//! connection, upon which servers stop to write. A request is sent again only while no
//! connection came about, so that no server works twice on one question.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use ingest::BackendError;
use regex::Regex;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tokenizers::Tokenizer;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument as _, debug, info};

use super::config::GeneratorConfig;
use super::draft::Draft;
use super::prompt::{Fence, messages, rewrite_messages};
use super::told::{message_of, reason, scrubbed};
use super::{OpenAiConfig, count, rewrite};
use crate::ask::{DraftPieces, EngineBusy, Generator, Message, NO_ADAPTER, Prompt, Rewrite, Role};
use crate::doctor::{Check, Level};

/// The first pause between two tries to connect; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Bytes of a server's words on a failure that are read.
const TOLD_BYTES: usize = 64 * 1024;
/// Words that a server is asked for with their probabilities; OpenAI's protocol allows 20.
const ALTERNATIVES: usize = 20;
/// Models of a server that are named where ours is not among them.
const MODELS_NAMED: usize = 5;

/// What templates of models are made of. A server reads it as such in the words of a document
/// too, so it is taken apart there.
static CONTROL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)<[|｜][^<>\n]{1,60}[|｜]>",
        r"|</?(?:s|bos|eos|pad|unk|cls|sep|mask|start_of_turn|end_of_turn|think|tool_call|tool_response)>",
        r"|<</?sys>>",
        r"|\[/?(?:inst|system_prompt|available_tools|tool_calls|tool_results|tool_content|prefix|middle|suffix|img)\]",
    ))
    .expect("the pattern is fixed and tested")
});

/// How a server counts tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counting {
    /// `/tokenize` of vLLM, which applies the model's template, or of llama.cpp, which does not.
    Tokenize,
    /// `/extras/tokenize/count` of llama-cpp-python.
    Extras,
    /// Not at all.
    Estimate,
}

/// A server that speaks OpenAI's protocol.
pub struct OpenAiGenerator {
    client: Client,
    /// The address without `/v1`.
    root: String,
    model: String,
    config: GeneratorConfig,
    fence: Fence,
    tokenizer: Option<Tokenizer>,
    counting: OnceLock<Counting>,
    /// Adapters that the server was told to load.
    loaded: tokio::sync::Mutex<BTreeSet<String>>,
}

impl std::fmt::Debug for OpenAiGenerator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("OpenAiGenerator")
            .field("root", &self.root)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// How a turn is written.
struct Writing<'a> {
    max_tokens: usize,
    temperature: f32,
    /// Which draft of several it is.
    number: u32,
    adapter: Option<&'a str>,
}

/// The answer that is asked for one word.
#[derive(Deserialize)]
struct OneWord {
    choices: Vec<WordChoice>,
}

#[derive(Deserialize)]
struct WordChoice {
    logprobs: Option<LogProbabilities>,
}

#[derive(Deserialize)]
struct LogProbabilities {
    content: Option<Vec<Alternatives>>,
}

#[derive(Deserialize)]
struct Alternatives {
    top_logprobs: Option<Vec<Alternative>>,
}

#[derive(Deserialize)]
struct Alternative {
    token: String,
    logprob: f32,
}

/// What a server offers.
#[derive(Deserialize)]
struct Models {
    data: Vec<ModelEntry>,
}

#[derive(Deserialize)]
struct ModelEntry {
    id: String,
    /// Tokens of its window, as vLLM tells them.
    max_model_len: Option<usize>,
    meta: Option<ModelMeta>,
}

#[derive(Deserialize)]
struct ModelMeta {
    /// Tokens of its window, as llama.cpp tells them.
    n_ctx: Option<usize>,
}

impl OpenAiGenerator {
    /// The server that `config` names. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address or the model is missing, or the tokenizer cannot be read.
    pub fn new(config: &GeneratorConfig) -> Result<Self, BackendError> {
        let openai = &config.openai;
        let root = openai
            .root()
            .map_err(|error| BackendError::message(format!("`generator.openai`: {error}")))?;
        let model = openai
            .model
            .clone()
            .ok_or_else(|| BackendError::message("`generator.openai.model` is missing"))?;
        // Another part of the process may have chosen first, and then its choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(openai.connect_timeout)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| BackendError::new("a client for HTTP cannot be made", error))?;
        Ok(Self {
            client,
            root,
            model,
            tokenizer: openai.tokenizer.as_deref().map(count::open).transpose()?,
            config: config.clone(),
            fence: Fence::new(),
            counting: OnceLock::new(),
            loaded: tokio::sync::Mutex::default(),
        })
    }

    fn openai(&self) -> &OpenAiConfig {
        &self.config.openai
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.root));
        match &self.openai().api_key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        }
    }

    /// Sends a request, again and again while no connection comes about.
    async fn send(&self, request: RequestBuilder) -> Result<Response, BackendError> {
        let until = Instant::now() + self.openai().connect_timeout;
        let mut pause = FIRST_PAUSE;
        loop {
            let again = request.try_clone();
            let Some(once) = again else {
                return Err(self.failed("its request cannot be repeated"));
            };
            match once.send().await {
                Ok(response) => return Ok(response),
                Err(error) if error.is_connect() && Instant::now() + pause < until => {
                    debug!(
                        pause_ms = pause.as_millis(),
                        "the engine cannot be reached yet"
                    );
                    sleep(pause).await;
                    pause *= 2;
                }
                Err(error) => {
                    let doing = if error.is_connect() {
                        "cannot be reached"
                    } else {
                        "failed"
                    };
                    return Err(self.failed(&format!("{doing}: {}", reason(error))));
                }
            }
        }
    }

    fn failed(&self, what: &str) -> BackendError {
        BackendError::message(format!("the engine at {} {what}", self.root))
    }

    /// An answer that is no draft, in words: `sent` is what must not be told again.
    async fn refused(&self, response: Response, sent: &[Message]) -> BackendError {
        let status = response.status();
        if matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            return BackendError::new(
                format!("the engine at {} is busy ({})", self.root, status.as_u16()),
                EngineBusy,
            );
        }
        if status.is_redirection() {
            return self.failed(&format!(
                "answers {}: it sends elsewhere, where nothing is sent",
                status.as_u16()
            ));
        }
        let hint = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                " (`generator.openai.api_key` is what it asks for)".to_owned()
            }
            StatusCode::NOT_FOUND => format!(" (is there a model `{}`?)", self.model),
            _ => String::new(),
        };
        let body = self.words_of(response).await;
        let told = match serde_json::from_str::<Value>(&body) {
            Ok(value) => message_of(&value),
            Err(_) => body,
        };
        let told = self.scrubbed(&told, sent);
        self.failed(&format!("answers {}{hint}: {told}", status.as_u16()))
    }

    /// The first bytes of an answer, as text.
    async fn words_of(&self, mut response: Response) -> String {
        let until = Instant::now() + self.openai().idle_timeout;
        let mut bytes = Vec::new();
        while bytes.len() < TOLD_BYTES {
            match timeout_at(until, response.chunk()).await {
                Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
                _ => break,
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn scrubbed(&self, message: &str, sent: &[Message]) -> String {
        scrubbed(message, self.openai().api_key.as_ref(), sent)
    }

    /// A conversation as this server is told it.
    fn told(&self, conversation: Vec<Message>) -> Vec<Message> {
        told(conversation, self.openai().system_role)
    }

    /// Tokens of a conversation: as the tokenizer that is configured counts them, else the
    /// server, else estimated from above.
    async fn tokens_of(&self, conversation: &[Message]) -> Result<usize, BackendError> {
        if let Some(tokenizer) = &self.tokenizer {
            return count::exact(tokenizer, conversation);
        }
        if let Some(counting) = self.counting.get() {
            let counted = self.counted_by(*counting, conversation).await?;
            return Ok(counted.unwrap_or_else(|| count::estimated(conversation)));
        }
        for counting in [Counting::Tokenize, Counting::Extras] {
            if let Some(tokens) = self.counted_by(counting, conversation).await? {
                let _ = self.counting.set(counting);
                return Ok(tokens);
            }
        }
        info!("the engine does not count tokens: they are estimated from above");
        let _ = self.counting.set(Counting::Estimate);
        Ok(count::estimated(conversation))
    }

    /// Asks the server to count; `None` where it does not in this way.
    async fn counted_by(
        &self,
        counting: Counting,
        conversation: &[Message],
    ) -> Result<Option<usize>, BackendError> {
        let text = conversation
            .iter()
            .map(|message| message.content.as_str())
            .collect::<Vec<_>>()
            .join("\n");
        let (path, body) = match counting {
            // vLLM reads the messages, llama.cpp the content.
            Counting::Tokenize => (
                "/tokenize",
                json!({
                    "model": self.model,
                    "messages": conversation,
                    "add_generation_prompt": true,
                    "content": text,
                    "add_special": true,
                }),
            ),
            Counting::Extras => (
                "/extras/tokenize/count",
                json!({ "model": self.model, "input": text }),
            ),
            Counting::Estimate => return Ok(None),
        };
        let request = self
            .request(Method::POST, path)
            .timeout(self.openai().idle_timeout)
            .json(&body);
        let response = self.send(request).await?;
        let status = response.status();
        if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
            || status == StatusCode::TOO_MANY_REQUESTS
        {
            return Err(self.refused(response, conversation).await);
        }
        if !status.is_success() {
            return Ok(None);
        }
        let Ok(counted) = response.json::<Value>().await else {
            return Ok(None);
        };
        let number = counted["count"]
            .as_u64()
            .and_then(|count| usize::try_from(count).ok());
        Ok(match (counting, number, counted["tokens"].as_array()) {
            // vLLM counts its template.
            (Counting::Tokenize, Some(number), _) => Some(number),
            (_, Some(number), _) => Some(number + count::TEMPLATE_TOKENS),
            (_, None, Some(tokens)) if !tokens.is_empty() => {
                Some(tokens.len() + count::TEMPLATE_TOKENS)
            }
            _ => None,
        })
    }

    fn body(&self, conversation: &[Message], writing: &Writing<'_>) -> Value {
        let Writing {
            max_tokens,
            temperature,
            number,
            adapter,
        } = *writing;
        let adapter = adapter.filter(|adapter| *adapter != NO_ADAPTER);
        let mut body = json!({
            "model": adapter.unwrap_or(&self.model),
            "messages": conversation,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        if temperature > 0.0 {
            body["top_p"] = json!(self.config.top_p);
        }
        if let Some(seed) = self.config.seed {
            body["seed"] = json!(u64::from(seed) + u64::from(number));
        }
        if !self.config.stop.is_empty() {
            body["stop"] = json!(self.config.stop);
        }
        body
    }

    /// Starts to write the model's turn of a conversation.
    async fn write(
        &self,
        conversation: Vec<Message>,
        writing: Writing<'_>,
    ) -> Result<DraftPieces, BackendError> {
        let max_tokens = writing.max_tokens;
        let tokens = self.tokens_of(&conversation).await?;
        let window = self.openai().window.get();
        if tokens + max_tokens > window {
            return Err(BackendError::message(format!(
                "the prompt has {tokens} tokens, with {max_tokens} for the answer it is over the window of {window}"
            )));
        }
        let request = self
            .request(Method::POST, "/v1/chat/completions")
            .json(&self.body(&conversation, &writing));
        let patience = self.openai().first_token_timeout;
        let until = Instant::now() + patience;
        let response = timeout_at(until, self.send(request)).await.map_err(|_| {
            self.failed(&format!("said nothing for {} s", patience.as_secs_f32()))
        })??;
        if !response.status().is_success() {
            return Err(self.refused(response, &conversation).await);
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let draft = Draft {
            root: self.root.clone(),
            key: self.openai().api_key.clone(),
            conversation,
            patience: self.openai().idle_timeout,
            first: Some(patience),
            until,
            finished: false,
        };
        tokio::spawn(
            async move {
                tokio::select! {
                    // The asker left: dropping the response closes the connection.
                    () = sender.closed() => {}
                    result = draft.read(response, &sender) => {
                        if let Err(error) = result {
                            // The asker may have left.
                            let _ = sender.send(Err(error));
                        }
                    }
                }
            }
            .in_current_span(),
        );
        Ok(receiver)
    }

    /// Whether the server lists a model of this name.
    async fn lists(&self, name: &str) -> Result<bool, BackendError> {
        let request = self
            .request(Method::GET, "/v1/models")
            .timeout(self.openai().idle_timeout);
        let response = self.send(request).await?;
        if !response.status().is_success() {
            return Err(self.refused(response, &[]).await);
        }
        let models: Models = response.json().await.map_err(|error| {
            self.failed(&format!("does not list its models: {}", reason(error)))
        })?;
        Ok(models.data.iter().any(|entry| entry.id == name))
    }

    /// How the server is, for `veracite doctor`.
    pub async fn examine(&self) -> Vec<Check> {
        match self.look().await {
            Ok(checks) => checks,
            Err(error) => vec![Check::new("generator", Level::Error, error.to_string())],
        }
    }

    async fn look(&self) -> Result<Vec<Check>, BackendError> {
        let request = self
            .request(Method::GET, "/v1/models")
            .timeout(self.openai().idle_timeout);
        let response = self.send(request).await?;
        if !response.status().is_success() {
            return Err(self.refused(response, &[]).await);
        }
        let models: Models = response.json().await.map_err(|error| {
            self.failed(&format!("does not list its models: {}", reason(error)))
        })?;
        let mut checks = Vec::new();
        let Some(entry) = models.data.iter().find(|entry| entry.id == self.model) else {
            let named: Vec<&str> = models.data.iter().map(|entry| entry.id.as_str()).collect();
            let shown = named[..named.len().min(MODELS_NAMED)].join(", ");
            // Some servers answer to any name, and Ollama to one without its tag.
            checks.push(Check::new(
                "generator",
                Level::Warning,
                format!(
                    "the engine at {} does not list `{}`; it lists {} models: {shown}",
                    self.root,
                    self.model,
                    named.len()
                ),
            ));
            return Ok(checks);
        };
        let window = self.openai().window.get();
        let told = entry.meta.as_ref().and_then(|meta| meta.n_ctx);
        if let Some(most) = entry.max_model_len.or(told)
            && most < window
        {
            checks.push(Check::new(
                "generator",
                Level::Error,
                format!(
                    "`generator.openai.window` is {window}, the engine's is {most}: it will refuse long prompts"
                ),
            ));
        }
        let probe = [Message {
            role: Role::User,
            content: "1".to_owned(),
        }];
        self.tokens_of(&probe).await?;
        let counted = match (&self.tokenizer, self.counting.get()) {
            (Some(_), _) => "counted by the tokenizer",
            (None, Some(Counting::Tokenize | Counting::Extras)) => "counted by the engine",
            (None, _) => "estimated",
        };
        checks.push(Check::new(
            "generator",
            Level::Ok,
            format!(
                "the engine at {} has {}; tokens are {counted}",
                self.root, self.model
            ),
        ));
        Ok(checks)
    }
}

#[async_trait]
impl Generator for OpenAiGenerator {
    fn name(&self) -> &str {
        &self.model
    }

    fn window(&self) -> Option<usize> {
        Some(self.openai().window.get())
    }

    async fn count_tokens(&self, prompt: &Prompt) -> Result<usize, BackendError> {
        let conversation = self.told(messages(prompt, &self.fence));
        self.tokens_of(&conversation).await
    }

    async fn generate(&self, prompt: Prompt) -> Result<DraftPieces, BackendError> {
        self.draft(prompt, 0).await
    }

    async fn draft(&self, prompt: Prompt, number: u32) -> Result<DraftPieces, BackendError> {
        let conversation = self.told(messages(&prompt, &self.fence));
        let writing = Writing {
            max_tokens: prompt.max_tokens,
            temperature: self.config.temperature_of(number),
            number,
            adapter: prompt.question.adapter.as_deref(),
        };
        self.write(conversation, writing).await
    }

    /// An adapter is a model of the server's. One with a folder is loaded by it first.
    async fn load_adapter(&self, name: &str, folder: Option<&Path>) -> Result<bool, BackendError> {
        let openai = self.openai();
        let Some(folder) = folder.filter(|_| openai.load_adapters) else {
            return Ok(openai.adapters.iter().any(|own| own == name));
        };
        // Held while it is loaded: another question for it waits, and does not load it again.
        let mut loaded = self.loaded.lock().await;
        if loaded.contains(name) || self.lists(name).await? {
            loaded.insert(name.to_owned());
            return Ok(true);
        }
        let path = std::path::absolute(folder)
            .map_err(|error| BackendError::new("the folder of an adapter cannot be told", error))?;
        let request = self
            .request(Method::POST, "/v1/load_lora_adapter")
            .timeout(openai.first_token_timeout)
            .json(&json!({ "lora_name": name, "lora_path": path.display().to_string() }));
        let response = self.send(request).await?;
        if !response.status().is_success() {
            return Err(self.refused(response, &[]).await);
        }
        info!(adapter = name, "the engine loaded an adapter");
        loaded.insert(name.to_owned());
        Ok(true)
    }

    async fn rewrite(&self, rewrite: &Rewrite) -> Result<Option<String>, BackendError> {
        let conversation = self.told(rewrite_messages(rewrite, &self.fence));
        let writing = Writing {
            max_tokens: rewrite::TOKENS,
            temperature: 0.0,
            number: 0,
            adapter: rewrite.adapter.as_deref(),
        };
        let pieces = self.write(conversation, writing).await?;
        rewrite::read(pieces, &rewrite.sentence).await
    }

    async fn write_line(&self, messages: Vec<Message>) -> Result<Option<String>, BackendError> {
        let writing = Writing {
            max_tokens: rewrite::TOKENS,
            temperature: 0.0,
            number: 0,
            adapter: None,
        };
        let pieces = self.write(self.told(messages), writing).await?;
        rewrite::line(pieces).await
    }

    /// `text` is a turn of the user, and the model's template is the server's. The probability
    /// of a continuation is that of its first token: the sum over those of the 20 likeliest first
    /// tokens of the model's turn that the continuation begins with, white space apart. What is
    /// not among them counts as 0, and the numbers are not made to add up to 1. `None` where the
    /// server gives no `logprobs`.
    async fn probabilities(
        &self,
        text: &str,
        continuations: &[&str],
    ) -> Result<Option<Vec<f32>>, BackendError> {
        let conversation = [Message {
            role: Role::User,
            content: without_control(text),
        }];
        let body = json!({
            "model": self.model,
            "messages": conversation,
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": true,
            "top_logprobs": ALTERNATIVES,
        });
        let request = self
            .request(Method::POST, "/v1/chat/completions")
            .timeout(self.openai().first_token_timeout)
            .json(&body);
        let response = self.send(request).await?;
        let status = response.status();
        if matches!(
            status,
            StatusCode::BAD_REQUEST
                | StatusCode::UNPROCESSABLE_ENTITY
                | StatusCode::NOT_IMPLEMENTED
        ) {
            debug!(
                status = status.as_u16(),
                "the engine gives no probabilities"
            );
            return Ok(None);
        }
        if !status.is_success() {
            return Err(self.refused(response, &conversation).await);
        }
        let answer: OneWord = response
            .json()
            .await
            .map_err(|error| self.failed(&format!("answers unreadably: {}", reason(error))))?;
        let alternatives = answer
            .choices
            .into_iter()
            .next()
            .and_then(|choice| choice.logprobs?.content?.into_iter().next()?.top_logprobs)
            .filter(|alternatives| !alternatives.is_empty());
        Ok(alternatives.map(|alternatives| {
            continuations
                .iter()
                .map(|continuation| share(&alternatives, continuation))
                .collect()
        }))
    }
}

/// A conversation for a model whose template may know no instructions apart from the user's words.
pub(super) fn told(mut conversation: Vec<Message>, has_system_role: bool) -> Vec<Message> {
    for message in &mut conversation {
        message.content = without_control(&message.content);
    }
    if has_system_role {
        return conversation;
    }
    let contents: Vec<String> = conversation
        .into_iter()
        .map(|message| message.content)
        .collect();
    vec![Message {
        role: Role::User,
        content: contents.join("\n\n"),
    }]
}

/// The probability of the first tokens that `continuation` begins with.
fn share(alternatives: &[Alternative], continuation: &str) -> f32 {
    let continuation = continuation.trim_start();
    let begins = |token: &str| {
        let token = token
            .trim_start_matches([' ', '\t', '\u{2581}', '\u{120}'])
            .trim();
        !token.is_empty() && continuation.starts_with(token)
    };
    alternatives
        .iter()
        .filter(|alternative| begins(&alternative.token))
        .map(|alternative| alternative.logprob.exp())
        .fold(0.0_f32, |sum, probability| sum + probability)
        .min(1.0)
}

/// `text` with a space in what a template would take for its own.
pub(super) fn without_control(text: &str) -> String {
    CONTROL
        .replace_all(text, |found: &regex::Captures<'_>| {
            let (first, rest) = found[0].split_at(1);
            format!("{first} {rest}")
        })
        .into_owned()
}

#[cfg(test)]
#[path = "openai_tests.rs"]
mod tests;
