//! `veracite adapters`: which there are, which is better, and which writes.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use ingest::Group;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::beside::with_catalogue;
use crate::app::{App, DEFAULT_ADAPTER, LOCAL};
use crate::ask::{NO_ADAPTER, Question, Reader, Scope};
use crate::audit::{Action, Event};
use crate::check::Mode;
use crate::config::Config;
use crate::eval::{Comparison, GateOptions, Observed, SiteQuestion, site_questions};
use crate::generate::{Adapters, Engine};
use crate::language::Language;
use crate::library::{self, LibraryError};
use crate::web::wire;

/// The key that a running server is shown, if it asks for one.
const KEY: &str = "VERACITE_KEY";
/// How long one answer of a running server may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// What is said of no promotion.
const CONFIGURED: &str = "";

#[derive(Debug, Args)]
pub(super) struct AdaptersArguments {
    #[command(subcommand)]
    command: AdaptersCommand,
}

/// Adapters are those of the configuration, and folders in the format of PEFT in `adapters/` of
/// the data folder, which a running server finds when a question names them.
#[derive(Debug, Subcommand)]
enum AdaptersCommand {
    /// Lists the adapters, and says which writes.
    List,
    /// Asks the site's own questions with A and with B, and says whether B may take the place of A.
    Compare(CompareArguments),
    /// Takes the last promotion back: the adapter of the configuration writes.
    Reset,
}

/// Ends with 0 if B may take the place of A, and with 1, and the reasons, if it may not. `none` is the
/// language model without an adapter.
#[derive(Debug, Args)]
struct CompareArguments {
    /// The adapter that writes now.
    a: String,
    /// The other.
    b: String,
    /// The questions, a line of JSON each: `text`, and `answers` (strings one of which a right answer
    /// holds) or `"answerable": false` where that is known. Those of the configuration
    /// (`feedback.questions`), if left out.
    #[arg(long, value_name = "FILE")]
    questions: Option<PathBuf>,
    /// Has B write from now on if it passes; a running server does so from the next question.
    #[arg(long)]
    promote: bool,
    /// Takes support that rises by so much for enough, such as 0.02. Without it, the whole interval of
    /// the difference must lie over 0.
    #[arg(long, value_name = "SHARE")]
    margin: Option<f64>,
    /// Refuses to tell from fewer questions.
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    least_questions: usize,
    /// The share that questions may take longer with B.
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    slower: f64,
    /// A group that the asker is in, besides `everyone`; may be given again. A running server goes
    /// by the key instead.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<Group>,
    /// Asks the server at this address, and shows it the key in the variable `VERACITE_KEY`. Without
    /// it, a server that runs on the data folder is asked at its configured address.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Writes the comparison as JSON too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(super) async fn run(config: Config, arguments: AdaptersArguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        AdaptersCommand::List => list(&config).await?,
        AdaptersCommand::Compare(arguments) => return compare(config, arguments).await,
        AdaptersCommand::Reset => {
            promote(&config, CONFIGURED, None).await?;
            println!("the adapter of the configuration writes");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What the configuration lets write without an adapter being named.
fn configured(config: &Config) -> &str {
    let adapter = match config.generator.engine {
        Engine::Local => config.generator.local.adapter.as_deref(),
        Engine::Quote | Engine::OpenAi => None,
    };
    adapter.unwrap_or(NO_ADAPTER)
}

async fn list(config: &Config) -> anyhow::Result<()> {
    let promoted = with_catalogue(config, async |catalogue, _, _| {
        Ok(catalogue.setting(DEFAULT_ADAPTER).await?)
    });
    let promoted = promoted.await?.filter(|name| name != CONFIGURED);
    let adapters = Adapters::new(&config.generator, &config.data);
    let is_there = |name: &String| name == NO_ADAPTER || adapters.has(name);
    let default = promoted
        .filter(is_there)
        .unwrap_or_else(|| configured(config).to_owned());
    let mut out = std::io::stdout().lock();
    for name in std::iter::once(NO_ADAPTER.to_owned()).chain(adapters.names()) {
        let mark = if name == default { "*" } else { " " };
        let place = match adapters.folder_of(&name) {
            Some(folder) => folder.display().to_string(),
            None if name == NO_ADAPTER => "the language model alone".to_owned(),
            None => "in the configuration".to_owned(),
        };
        writeln!(out, "{mark} {name:<24}  {place}")?;
    }
    Ok(())
}

/// Writes down which adapter writes from now on, and tells the audit log.
async fn promote(
    config: &Config,
    name: &str,
    comparison: Option<&Comparison>,
) -> anyhow::Result<()> {
    with_catalogue(config, async |catalogue, audit, _| {
        let subject = if name == CONFIGURED {
            "configured"
        } else {
            name
        };
        let mut event = Event::new(LOCAL, Action::AdapterPromoted, subject);
        if let Some(comparison) = comparison {
            event = event
                .with("instead_of", &comparison.first)
                .with("questions", comparison.questions)
                .with("measures", &comparison.measures);
        }
        audit.record(event).await?;
        Ok(catalogue.set(DEFAULT_ADAPTER, name).await?)
    })
    .await
}

/// Who answers.
enum Asked {
    /// This process.
    Here { app: Arc<App>, reader: Reader },
    /// A server.
    There {
        client: reqwest::Client,
        url: String,
        key: Option<SecretString>,
    },
}

impl Asked {
    async fn open(config: &Config, arguments: &CompareArguments) -> anyhow::Result<Self> {
        if let Some(server) = &arguments.server {
            return Self::there(server);
        }
        match library::take(&config.data) {
            Ok(lock) => drop(lock),
            Err(LibraryError::InUse { .. }) => {
                let server = format!("http://{}", config.server.bind);
                eprintln!("a server runs on the data folder and is asked: {server}");
                return Self::there(&server);
            }
            Err(error) => return Err(error.into()),
        }
        let app = App::open(config.clone()).await?;
        app.needs_generator()?;
        let reader = Reader::new(arguments.groups.iter().cloned());
        Ok(Self::Here { app, reader })
    }

    fn there(server: &str) -> anyhow::Result<Self> {
        // Another part of the process may have chosen first, and then its choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .context("a client for HTTP cannot be made")?;
        Ok(Self::There {
            client,
            url: format!("{}/v1/answers", server.trim_end_matches('/')),
            key: std::env::var(KEY).ok().map(SecretString::from),
        })
    }

    /// The body of `POST /v1/answers`.
    async fn ask(&self, question: &str, adapter: &str) -> anyhow::Result<Value> {
        match self {
            Self::Here { app, reader } => {
                let question = Question {
                    text: question.to_owned(),
                    reader: reader.clone(),
                    language: Language::of(question),
                    scope: Scope::default(),
                    adapter: Some(adapter.to_owned()),
                };
                let answer = app.answer(question.clone(), Mode::Strict).await?;
                let body = wire::answer(&question, &answer, &[], app.prover());
                Ok(serde_json::to_value(body)?)
            }
            Self::There { client, url, key } => {
                let body = json!({ "question": question, "adapter": adapter, "mode": "strict" });
                let mut request = client.post(url).json(&body);
                if let Some(key) = key {
                    request = request.bearer_auth(key.expose_secret());
                }
                let response = request.send().await.context("the server does not answer")?;
                let status = response.status();
                let body: Value = response
                    .json()
                    .await
                    .context("the server's answer is no JSON")?;
                if !status.is_success() {
                    let told = body["error"]["message"].as_str().unwrap_or_default();
                    bail!("the server answers {}: {told}", status.as_u16());
                }
                Ok(body)
            }
        }
    }

    async fn close(self) {
        if let Self::Here { app, .. } = self {
            app.close().await;
        }
    }
}

async fn compare(config: Config, arguments: CompareArguments) -> anyhow::Result<ExitCode> {
    let (a, b) = (&*arguments.a, &*arguments.b);
    if a == b {
        bail!("A and B are the same");
    }
    if config.generator.engine == Engine::Quote {
        bail!("quote mode has no adapters: `generator.engine` must be `local` or `openai`");
    }
    let adapters = Adapters::new(&config.generator, &config.data);
    for name in [a, b] {
        if name != NO_ADAPTER && !adapters.has(name) {
            bail!("there is no adapter `{name}`; `veracite adapters list` lists them");
        }
    }
    let file = arguments.questions.clone();
    let file = file.or_else(|| config.feedback.questions.clone());
    let file = file.context("`--questions` is missing, and `feedback.questions` too")?;
    let questions = site_questions(&file)?;
    let asked = Asked::open(&config, &arguments).await?;
    let observed = ask_all(&asked, &questions, (a, b)).await;
    asked.close().await;
    let (pairs, failed) = observed?;
    let options = GateOptions {
        margin: arguments.margin,
        least_questions: arguments.least_questions,
        slower: arguments.slower,
    };
    let comparison = Comparison::new((a, b), &pairs, failed, options);
    print!("{}", comparison.text());
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&comparison)?;
        std::fs::write(file, text)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    if !comparison.passes() {
        return Ok(ExitCode::FAILURE);
    }
    if arguments.promote {
        promote(&config, b, Some(&comparison)).await?;
        println!("`{b}` writes from now on");
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks every question with both adapters; now the one goes first, now the other, so that neither
/// has what the other left in a cache.
async fn ask_all(
    asked: &Asked,
    questions: &[SiteQuestion],
    (a, b): (&str, &str),
) -> anyhow::Result<(Vec<(Observed, Observed)>, usize)> {
    let (mut pairs, mut failed, mut first_failure) = (Vec::new(), 0, None);
    for (number, question) in questions.iter().enumerate() {
        let a_first = number.is_multiple_of(2);
        let order = if a_first { [a, b] } else { [b, a] };
        let mut found = Vec::with_capacity(2);
        for adapter in order {
            let started = Instant::now();
            match asked.ask(&question.text, adapter).await {
                Ok(body) => found.push(Observed::of(question, &body, started.elapsed())),
                Err(error) => {
                    eprintln!(
                        "question {} failed with `{adapter}`: {error:#}",
                        question.id
                    );
                    first_failure.get_or_insert(error);
                    break;
                }
            }
        }
        match found[..] {
            [one, other] if a_first => pairs.push((one, other)),
            [one, other] => pairs.push((other, one)),
            _ => failed += 1,
        }
        if (number + 1).is_multiple_of(10) {
            eprintln!("{} of {} questions", number + 1, questions.len());
        }
    }
    match first_failure {
        Some(error) if pairs.is_empty() => Err(error.context("no question was answered")),
        _ => Ok((pairs, failed)),
    }
}
