//! `veracite ask`: one question, one checked answer.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use ingest::{Day, DocumentId, Group};

use crate::app::App;
use crate::ask::QUOTE_MODE;
use crate::ask::{OnDay, Question, Reader, Scope};
use crate::check::{Answer, Mode, Verdict};
use crate::config::Config;
use crate::language::Language;
use crate::web::{wire, words};

#[derive(Debug, Args)]
pub(super) struct AskArguments {
    /// The question.
    question: String,
    /// Prints the body of `POST /v1/answers`.
    #[arg(long)]
    json: bool,
    /// Whether unsupported sentences are withheld or shown with a mark.
    #[arg(long, value_enum, default_value_t = ModeArgument::Strict)]
    mode: ModeArgument,
    /// The language to answer in; without it, the question's.
    #[arg(long, value_enum)]
    language: Option<LanguageArgument>,
    #[command(flatten)]
    scope: ScopeArguments,
    /// An adapter of the language model, as `adapters list` names it; `none` for the model alone.
    #[arg(long)]
    adapter: Option<String>,
    /// A group that the asker is in, besides `everyone`; may be given again.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<Group>,
}

/// Which documents are searched. All that is given must hold.
#[derive(Debug, Args)]
struct ScopeArguments {
    /// Only documents in this collection; may be given again for others.
    #[arg(long = "collection", value_name = "NAME")]
    collections: Vec<String>,
    /// Only documents with this tag; may be given again for more.
    #[arg(long = "tag", value_name = "NAME")]
    tags: Vec<String>,
    /// Only documents with text in this language, such as `ko`; may be given again for others.
    #[arg(long = "text-language", value_name = "CODE")]
    languages: Vec<String>,
    /// Only documents by this author; may be given again for others.
    #[arg(long = "author", value_name = "NAME")]
    authors: Vec<String>,
    /// Only this document; may be given again for others.
    #[arg(long = "document", value_name = "ID")]
    documents: Vec<DocumentId>,
    /// Only documents with these words in the title or the file's name.
    #[arg(long, value_name = "WORDS")]
    title: Option<String>,
    /// Only documents dated on this day or later, such as `2025-03-01`.
    #[arg(long, value_name = "DAY")]
    dated_from: Option<Day>,
    /// Only documents dated on this day or earlier.
    #[arg(long, value_name = "DAY")]
    dated_until: Option<Day>,
    /// Only documents in force on this day; or `any`, those out of force too.
    #[arg(long, value_name = "DAY")]
    in_force: Option<OnDay>,
}

impl From<ScopeArguments> for Scope {
    fn from(arguments: ScopeArguments) -> Self {
        Self {
            collections: arguments.collections.into_iter().collect(),
            tags: arguments.tags.into_iter().collect(),
            languages: arguments.languages.into_iter().collect(),
            authors: arguments.authors.into_iter().collect(),
            documents: arguments.documents.into_iter().collect(),
            title: arguments.title,
            dated_from: arguments.dated_from,
            dated_until: arguments.dated_until,
            in_force: arguments.in_force,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeArgument {
    Strict,
    Marked,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LanguageArgument {
    Ko,
    En,
}

impl From<LanguageArgument> for Language {
    fn from(language: LanguageArgument) -> Self {
        match language {
            LanguageArgument::Ko => Self::Ko,
            LanguageArgument::En => Self::En,
        }
    }
}

pub(super) async fn run(config: Config, arguments: AskArguments) -> anyhow::Result<ExitCode> {
    let app = App::open(config).await?;
    app.needs_generator()?;
    let question = Question {
        language: arguments
            .language
            .map_or_else(|| Language::of(&arguments.question), Into::into),
        reader: Reader::new(arguments.groups),
        scope: arguments.scope.into(),
        adapter: arguments.adapter,
        text: arguments.question,
    };
    let mode = match arguments.mode {
        ModeArgument::Strict => Mode::Strict,
        ModeArgument::Marked => Mode::Marked,
    };
    let answer = app.answer(question.clone(), mode).await?;
    if arguments.json {
        let notices = app.notices(question.language);
        let body = wire::answer(&question, &answer, &notices, app.prover());
        println!("{}", serde_json::to_string_pretty(&body)?);
    } else {
        for notice in app.notices(question.language) {
            eprintln!("! {notice}");
        }
        print_answer(&answer);
    }
    app.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Prints an answer for people: sentences with their marks, then the quotes.
pub(super) fn print_answer(answer: &Arc<Answer>) {
    let language = answer.language();
    let colour = std::io::stdout().is_terminal();
    let dim = |text: &str| {
        if colour {
            format!("\x1b[2m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    };
    if answer.abstained() {
        println!("  {}", wire::abstention(answer.ledger(), language));
        if !answer.findable().is_empty() {
            println!("  {}", words(language).findable);
        }
        for found in answer.findable() {
            println!("  - {}", found.title);
        }
    } else if answer.generator() == QUOTE_MODE {
        println!("  {}", dim(words(language).quoted));
    }
    for sentence in answer.sentences() {
        let numbers: Vec<String> = sentence
            .citations()
            .iter()
            .map(|citation| format!("[{}]", citation.number()))
            .collect();
        let numbers = numbers.concat();
        let mark = mark(sentence.verdict(), language);
        println!(
            "  {} {numbers} {}",
            sentence.text().replace('\t', " | "),
            dim(mark)
        );
        if let Some(reason) = sentence.reason() {
            println!("      {}", dim(&reason.words(language)));
        }
        for citation in sentence.citations() {
            let location = citation.location().map_or(String::new(), |location| {
                format!(", {}", location.words(language))
            });
            println!(
                "      {}",
                dim(&format!(
                    "[{}] {} ({}{location}): \"{}\"",
                    citation.number(),
                    citation.title(),
                    citation.file_name(),
                    citation.quote().replace('\t', " | "),
                ))
            );
        }
    }
    let withheld = answer.withheld().len();
    if withheld > 0 {
        println!(
            "  {}",
            dim(&match language {
                Language::Ko =>
                    format!("문서로 뒷받침되지 않은 {withheld}문장은 보이지 않았습니다."),
                Language::En => format!(
                    "{withheld} sentence(s) that the documents do not support were withheld."
                ),
            })
        );
    }
    if answer.truncated() {
        let words = match language {
            Language::Ko => "언어 모델이 토큰 한도에 닿아 답을 끝맺지 못했습니다.",
            Language::En => "The language model reached its limit of tokens before it was done.",
        };
        println!("  {}", dim(words));
    }
}

/// A verdict in words; nothing of what claims nothing.
pub(super) fn mark(verdict: Verdict, language: Language) -> &'static str {
    match (verdict, language) {
        (Verdict::Supported, Language::Ko) => "✓ 확인됨",
        (Verdict::Supported, Language::En) => "✓ supported",
        (Verdict::Partial, Language::Ko) => "◐ 일부만 확인됨",
        (Verdict::Partial, Language::En) => "◐ partly supported",
        (Verdict::Contradicted, Language::Ko) => "✗ 문서와 다름",
        (Verdict::Contradicted, Language::En) => "✗ contradicted",
        (Verdict::Unsupported, Language::Ko) => "✗ 근거 없음",
        (Verdict::Unsupported, Language::En) => "✗ not in the documents",
        (Verdict::NotCheckable, _) => "",
        (Verdict::Unverified, Language::Ko) => "? 확인하지 못함",
        (Verdict::Unverified, Language::En) => "? unverified",
    }
}
