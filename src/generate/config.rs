//! `[generator]`: what writes drafts.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::adapters::is_adapter_name;
use crate::model::Source;

/// Drafts of one question at most.
pub(crate) const DRAFTS_LIMIT: usize = 16;

/// What writes drafts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Quote mode: sentences of the passages, word for word, without a language model.
    #[default]
    Quote,
    /// A server that speaks OpenAI's protocol: vLLM, llama.cpp, Ollama, mistral.rs.
    #[serde(rename = "openai")]
    OpenAi,
    /// A language model in this process.
    Local,
}

impl Engine {
    /// Its name in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::OpenAi => "openai",
            Self::Local => "local",
        }
    }
}

/// How keys and values of what was read are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KvType {
    /// Half floats.
    #[default]
    F16,
    /// Floats, which take twice the memory.
    F32,
}

/// `[generator]`: what writes drafts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct GeneratorConfig {
    /// Which engine writes: `quote`, `local` or `openai`.
    pub engine: Engine,
    /// Tokens that an answer may have. They are kept free in the engine's window, so that more
    /// leaves less room for passages.
    pub max_tokens: NonZeroUsize,
    /// How freely words are chosen, from 0 to 2; at 0 always the likeliest. The same question over
    /// the same passages then gives the same draft, but for near ties, which a server's cache and
    /// the work beside it may turn.
    pub temperature: f32,
    /// Only the likeliest words that have this share of the probability together are chosen from,
    /// over 0 to 1. Nothing changes at temperature 0.
    pub top_p: f32,
    /// What chance starts from; each draft from elsewhere without one. Nothing changes at
    /// temperature 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// Texts at which the draft ends, besides the model's own end.
    pub stop: Vec<String>,
    /// Drafts that are written for each question, of which the checker's best is shown. More takes
    /// as many times the work, and nothing is shown before the last is checked.
    pub best_of: NonZeroUsize,
    /// How freely words are chosen in all drafts of one question but the first, over 0 to 2, if
    /// `temperature` is lower.
    pub draft_temperature: f32,
    /// `[generator.openai]`: the server, for the engine `openai`.
    pub openai: OpenAiConfig,
    /// `[generator.local]`: the model, for the engine `local`.
    pub local: LocalConfig,
}

/// `[generator.local]`: a language model in this process.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalConfig {
    /// The model: `smollm2`, a GGUF file or a folder with published weights (`/path` or
    /// `./path`), or `hub:owner/name@revision`.
    #[serde(with = "optional_source", skip_serializing_if = "Option::is_none")]
    pub model: Option<Source>,
    /// Tokens of all conversations together that are kept: prompts and answers that are being
    /// written, and beginnings for later questions. More serves more askers and takes more
    /// memory, 128 KiB a token for Mixtral 8x7B.
    pub context: NonZeroUsize,
    /// Tokens that one prompt and its answer may have; at most, and by default, the model's
    /// window and `context`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<NonZeroUsize>,
    /// Tokens that go through the model together. More reads long prompts faster and takes more
    /// memory.
    pub batch: NonZeroUsize,
    /// Answers that are written at the same time. More makes each slower, and all together
    /// faster.
    pub together: NonZeroUsize,
    /// Questions that wait for their turn, beside those that are answered; the next one is told
    /// that the engine is busy.
    pub waiting: NonZeroUsize,
    /// Threads that compute; all cores by default. Fewer than the cores where other programs
    /// run on the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<NonZeroUsize>,
    /// How the processor keeps keys and values: `f16` or `f32`, which is exact and takes twice
    /// the memory. Accelerators keep `bf16`.
    pub kv: KvType,
    /// Devices that the model's layers run on, in order, such as `["cuda:0", "cuda:1", "cpu"]`;
    /// `"cuda:0=16"` gives one 16 layers. Without any, all accelerators that this build can use,
    /// and the processor for what they cannot hold.
    pub devices: Vec<String>,
    /// Adapters in the format of PEFT: name and folder.
    pub adapters: BTreeMap<String, PathBuf>,
    /// The adapter that drafts are written with; none writes with the model alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
}

impl Default for LocalConfig {
    fn default() -> Self {
        let size = |value| NonZeroUsize::new(value).expect("a default is not zero");
        Self {
            model: None,
            context: size(32_768),
            window: None,
            batch: size(512),
            together: size(8),
            waiting: size(16),
            threads: None,
            kv: KvType::F16,
            devices: Vec::new(),
            adapters: BTreeMap::new(),
            adapter: None,
        }
    }
}

impl LocalConfig {
    /// Looks for what is missing or means nothing; answers may have `max_tokens`.
    fn validate(&self, max_tokens: usize) -> Result<(), String> {
        if self.model.is_none() {
            return Err("`model` is missing, such as `smollm2` or a GGUF file".to_owned());
        }
        let window = self.window.unwrap_or(self.context);
        if window.get() <= max_tokens || self.context < window {
            return Err(format!(
                "`context` is {} and `window` {window}: a prompt, the {max_tokens} tokens of `max_tokens` and more must fit",
                self.context
            ));
        }
        super::engine_options(self).validate()?;
        if let Some(name) = self.adapters.keys().find(|name| !is_adapter_name(name)) {
            return Err(wrong_name(name));
        }
        if let Some(adapter) = &self.adapter
            && !self.adapters.contains_key(adapter)
        {
            return Err(format!(
                "`adapter` is `{adapter}`, which `adapters` does not name"
            ));
        }
        Ok(())
    }
}

fn wrong_name(name: &str) -> String {
    format!(
        "`adapters` names `{name}`: up to 64 letters, digits and `-_.` name an adapter, not `none`"
    )
}

/// A source as its text.
mod optional_source {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::Source;

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub(super) fn serialize<S: Serializer>(
        source: &Option<Source>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(
            &source
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
        )
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Source>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Some).map_err(serde::de::Error::custom)
    }
}

/// `[generator.openai]`: a server that speaks OpenAI's protocol.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenAiConfig {
    /// The server's address, with or without the `/v1` at its end, such as
    /// `http://10.0.0.5:8000/v1`. Questions and passages are sent there, and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The model's name, as the server lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Models of the server that are adapters of this one, such as those of vLLM's
    /// `--lora-modules`.
    pub adapters: Vec<String>,
    /// Whether the server is told to load an adapter from `adapters/NAME` in the data folder when
    /// a question first names it (vLLM's `/v1/load_lora_adapter`, which it allows with
    /// `VLLM_ALLOW_RUNTIME_LORA_UPDATING`). It must see the folder under the same path.
    pub load_adapters: bool,
    /// What the server asks for before it lets anyone in.
    #[serde(skip_serializing)]
    pub api_key: Option<SecretString>,
    /// Tokens that prompt and answer may have together: what the server was started with, such as
    /// vLLM's `--max-model-len`. Passages that do not fit are left out.
    pub window: NonZeroUsize,
    /// The model's `tokenizer.json`, to count tokens where the server has no `/tokenize`. Without
    /// either, tokens are estimated from above, and less of the window is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<PathBuf>,
    /// Whether the model's template knows instructions apart from the user's words (a system
    /// role). The first Mixtral and Gemma do not: with `false`, instructions stand at the head of
    /// the user's words.
    pub system_role: bool,
    /// How long it is tried to reach the server, further tries included.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// How long the server may take to its first word: it reads the whole prompt meanwhile, and
    /// may have other work before.
    #[serde(with = "humantime_serde")]
    pub first_token_timeout: Duration,
    /// How long it may say nothing between two words.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
}

impl Default for GeneratorConfig {
    fn default() -> Self {
        Self {
            engine: Engine::Quote,
            max_tokens: NonZeroUsize::new(1_000).expect("1000 is not zero"),
            temperature: 0.0,
            top_p: 1.0,
            seed: None,
            stop: Vec::new(),
            best_of: NonZeroUsize::MIN,
            draft_temperature: 0.8,
            openai: OpenAiConfig::default(),
            local: LocalConfig::default(),
        }
    }
}

impl Default for OpenAiConfig {
    fn default() -> Self {
        Self {
            url: None,
            model: None,
            adapters: Vec::new(),
            load_adapters: false,
            api_key: None,
            window: NonZeroUsize::new(8_192).expect("8192 is not zero"),
            tokenizer: None,
            system_role: true,
            connect_timeout: Duration::from_secs(5),
            first_token_timeout: Duration::from_secs(120),
            idle_timeout: Duration::from_secs(30),
        }
    }
}

impl GeneratorConfig {
    /// How freely words are chosen in draft `number` of one question: the first is the ordinary one.
    pub(super) fn temperature_of(&self, number: u32) -> f32 {
        if number == 0 {
            self.temperature
        } else {
            self.temperature.max(self.draft_temperature)
        }
    }

    /// Looks for values that mean nothing.
    ///
    /// # Errors
    /// When a value is out of its range, or the engine that is chosen lacks what it needs.
    pub fn validate(&self) -> Result<(), String> {
        if !(0.0..=2.0).contains(&self.temperature) {
            return Err(format!(
                "`temperature` is {}, not between 0 and 2",
                self.temperature
            ));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(format!("`top_p` is {}, not over 0 to 1", self.top_p));
        }
        if self.best_of.get() > DRAFTS_LIMIT {
            return Err(format!(
                "`best_of` is {}, over {DRAFTS_LIMIT}",
                self.best_of
            ));
        }
        if !(self.draft_temperature > 0.0 && self.draft_temperature <= 2.0) {
            return Err(format!(
                "`draft_temperature` is {}, not over 0 to 2",
                self.draft_temperature
            ));
        }
        if self.stop.iter().any(String::is_empty) {
            return Err("`stop` has an empty text, which every draft would end at".to_owned());
        }
        if self.engine == Engine::OpenAi {
            self.openai
                .validate(self.max_tokens.get())
                .map_err(|error| format!("`openai`: {error}"))?;
        }
        if self.engine == Engine::Local {
            self.local
                .validate(self.max_tokens.get())
                .map_err(|error| format!("`local`: {error}"))?;
        }
        Ok(())
    }
}

impl OpenAiConfig {
    /// Looks for what is missing or means nothing; answers may have `max_tokens`.
    fn validate(&self, max_tokens: usize) -> Result<(), String> {
        self.root()?;
        if self.model.as_ref().is_none_or(String::is_empty) {
            return Err("`model` is missing: it is named as the server lists it".to_owned());
        }
        if let Some(name) = self.adapters.iter().find(|name| !is_adapter_name(name)) {
            return Err(wrong_name(name));
        }
        if self.window.get() <= max_tokens {
            return Err(format!(
                "`window` is {}, which the {max_tokens} tokens of `max_tokens` fill before there is a prompt",
                self.window
            ));
        }
        for (name, value) in [
            ("connect_timeout", self.connect_timeout),
            ("first_token_timeout", self.first_token_timeout),
            ("idle_timeout", self.idle_timeout),
        ] {
            if value.is_zero() {
                return Err(format!("`{name}` is zero"));
            }
        }
        Ok(())
    }

    /// The server's address without `/v1` and without a slash at its end.
    ///
    /// # Errors
    /// When there is none, it is no address, or it holds a name and password, which would be
    /// printed where addresses are.
    pub(super) fn root(&self) -> Result<String, String> {
        let url = self
            .url
            .as_deref()
            .ok_or("`url` is missing, such as `http://127.0.0.1:8000/v1`")?;
        let parsed = reqwest::Url::parse(url)
            .ok()
            .filter(|parsed| matches!(parsed.scheme(), "http" | "https") && parsed.has_host())
            .ok_or_else(|| {
                format!("`url` is `{url}`; it starts with http:// or https:// and names a host")
            })?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err("`url` holds a name or password; what lets in is `api_key`".to_owned());
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(format!("`url` is `{url}`; it ends before any `?` or `#`"));
        }
        let root = url.trim_end_matches('/');
        Ok(root.strip_suffix("/v1").unwrap_or(root).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> GeneratorConfig {
        toml::from_str(text).unwrap()
    }

    const SERVER: &str = "engine = \"openai\"\n[openai]\nurl = \"http://10.0.0.5:8000/v1/\"\n";

    #[test]
    fn what_an_engine_needs_is_asked_for_by_name() {
        assert_eq!(of("").validate(), Ok(()));
        for (text, word) in [
            ("temperature = -1.0", "`temperature` is -1"),
            ("top_p = 0.0", "`top_p` is 0"),
            ("stop = [\"\"]", "`stop`"),
            ("engine = \"openai\"", "`openai`: `url` is missing"),
            (SERVER, "`model` is missing"),
            (
                &format!("{SERVER}model = \"m\"\nwindow = 1000"),
                "`window` is 1000",
            ),
            (
                &format!("{SERVER}model = \"m\"\nidle_timeout = \"0s\""),
                "`idle_timeout`",
            ),
        ] {
            let error = of(text).validate().unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        for url in ["10.0.0.5:8000", "ftp://host/", "http://", "http://a/v1?b"] {
            let text = format!("engine = \"openai\"\n[openai]\nmodel = \"m\"\nurl = \"{url}\"");
            assert!(of(&text).validate().unwrap_err().contains("`url`"), "{url}");
        }
    }

    #[test]
    fn secrets_are_not_told() {
        let text = format!("{SERVER}model = \"m\"\napi_key = \"hush\"");
        let config = of(&text);
        assert_eq!(config.validate(), Ok(()));
        assert!(!toml::to_string(&config).unwrap().contains("hush"));
        assert!(!format!("{config:?}").contains("hush"));
        let text = "engine = \"openai\"\n[openai]\nmodel = \"m\"\nurl = \"http://me:hush@host\"";
        let error = of(text).validate().unwrap_err();
        assert!(
            error.contains("`api_key`") && !error.contains("hush"),
            "{error}"
        );
    }

    #[test]
    fn the_address_is_taken_with_or_without_its_version() {
        for url in [
            "http://h:1/v1",
            "http://h:1/v1/",
            "http://h:1",
            "http://h:1/",
        ] {
            let config = OpenAiConfig {
                url: Some(url.to_owned()),
                ..OpenAiConfig::default()
            };
            assert_eq!(config.root().unwrap(), "http://h:1");
        }
    }
}
