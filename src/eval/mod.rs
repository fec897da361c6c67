//! Measures retrieval, abstention, the checker and whole answers on labelled questions, a
//! company's own or public ones.
//!
//! A folder holds any of `retrieval/NAME/`, `abstention/NAME/` (BEIR layout: `corpus.jsonl`,
//! `queries.jsonl`, `qrels/test.tsv`; queries of abstention carry `answerable`) and
//! `groundedness/NAME.jsonl` (`claim`, `evidence`, `supported` a line, and `id`, `lang`, `kind` if
//! there are; of inference sets `hypothesis`, `premise`, `label`). Everything is measured with the
//! parts that the product answers with, and at the thresholds that are in force.
//!
//! Whole answers are measured on the questions in BEIR layout that carry `answers`, strings one of
//! which a right answer holds, and on those that carry `"answerable": false`.

mod abstention;
mod answers;
mod compare;
mod corpus;
mod gold;
mod groundedness;
mod measures;
mod probe;
mod questions;
mod report;
mod retrieval;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

pub use abstention::Abstention;
pub use answers::{Answers, AnswersOptions};
pub use compare::{Better, Compared, Comparison, GateOptions, Observed};
pub use groundedness::{AblationStep, Groundedness, KindRow, WorstError};
pub use measures::percentile;
pub use questions::{SiteQuestion, site_questions};
pub use report::Report;
pub use retrieval::Retrieval;

use crate::app::{open_checker, open_embedder};
use crate::check::Checker;
use crate::config::Config;
use crate::model::Embedder;
use corpus::{QueryLine, Set};
use groundedness::{Judged, by_language, claims, judge_all, kinds, weigh_all, worst};
pub(crate) use probe::steps as tier_steps;

/// What is measured, besides everything that a folder holds.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Questions or claims of each set at most.
    pub limit: Option<usize>,
    /// The worst errors of the checker that are told for each language.
    pub errors: usize,
    /// Measures the checker also with its tiers added one by one.
    pub ablation: bool,
    /// Measures nothing, and writes what the checker weighs of every claim to this file instead.
    pub pairs: Option<PathBuf>,
    /// Measures whole answers, and nothing else.
    pub answers: Option<AnswersOptions>,
}

/// Where progress is told.
type Tell<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Measures on everything that `folder` holds.
///
/// # Errors
/// When the folder holds no set, a file of one cannot be read, or a part of the product fails.
pub async fn run(
    config: &Config,
    folder: &Path,
    options: &Options,
    tell: Tell<'_>,
) -> anyhow::Result<Report> {
    let sets = sets(folder)?;
    let embedder = open_embedder(config)
        .await
        .context("the embedding model cannot be used")?;
    let run = Run {
        config,
        checker: open_checker(config, embedder.as_ref(), None)
            .await
            .map_err(anyhow::Error::msg)?,
        embedder,
        limit: options.limit.unwrap_or(usize::MAX),
        tell,
    };
    let mut report = Report {
        checker: run.checker.name().to_owned(),
        ..Report::default()
    };
    if let Some(file) = &options.pairs {
        run.pairs(&sets, file).await?;
    } else if let Some(options) = &options.answers {
        run.answers(&sets, options, &mut report)
            .await
            .with_context(|| folder.display().to_string())?;
    } else {
        run.measure(&sets, options, &mut report).await?;
    }
    Ok(report)
}

/// What measuring needs of the product.
struct Run<'a> {
    config: &'a Config,
    embedder: Option<Arc<Embedder>>,
    checker: Checker,
    limit: usize,
    tell: Tell<'a>,
}

impl Run<'_> {
    async fn measure(
        &self,
        sets: &[(Kind, PathBuf)],
        options: &Options,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let mut judged: Vec<Judged> = Vec::new();
        for (kind, path) in sets {
            let name = name_of(path);
            (self.tell)(&format!("{} {name}", kind.name()));
            match kind {
                Kind::Retrieval => {
                    let set = self.load(path).await?;
                    let found = set.retrieval(self.config, self.limit).await?;
                    report.retrieval.insert(name, found);
                }
                Kind::Abstention => {
                    let set = self.load(path).await?;
                    let found = set.abstention(self.config, self.limit).await?;
                    report.abstention.insert(name, found);
                }
                Kind::Groundedness => {
                    let claims = claims(path, self.limit)?;
                    let of_set = judge_all(&self.checker, &name, &claims).await?;
                    let rows = kinds(&of_set);
                    if !rows.is_empty() {
                        report.kinds.insert(name.clone(), rows);
                    }
                    if options.ablation {
                        let mut measured = Vec::new();
                        for (tiers, checker) in tier_steps(&self.checker) {
                            (self.tell)(&format!("{} {name}: {tiers}", kind.name()));
                            let step = judge_all(&checker, &name, &claims).await?;
                            measured.push(AblationStep {
                                tiers,
                                measured: Groundedness::of(&step),
                            });
                        }
                        report.ablation.insert(name.clone(), measured);
                    }
                    report.groundedness.insert(name, Groundedness::of(&of_set));
                    judged.extend(of_set);
                }
            }
        }
        for (lang, claims) in by_language(&judged) {
            let found = Groundedness::of(claims);
            report.pooled.insert(lang.to_owned(), found);
        }
        if options.errors > 0 {
            report.errors = worst(&judged, options.errors);
        }
        Ok(())
    }

    async fn pairs(&self, sets: &[(Kind, PathBuf)], file: &Path) -> anyhow::Result<()> {
        let mut to = create(file)?;
        for (kind, path) in sets {
            if *kind == Kind::Groundedness {
                let name = name_of(path);
                (self.tell)(&format!("{} {name}", kind.name()));
                let claims = claims(path, self.limit)?;
                weigh_all(&self.checker, &name, &claims, &mut to).await?;
            }
        }
        to.flush()
            .with_context(|| format!("{} cannot be written", file.display()))
    }

    async fn answers(
        &self,
        sets: &[(Kind, PathBuf)],
        options: &AnswersOptions,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let mut labels = options.labels.as_deref().map(create).transpose()?;
        for (kind, path) in sets {
            if *kind == Kind::Groundedness || !answers::has_answers(path)? {
                continue;
            }
            let name = name_of(path);
            (self.tell)(&format!("answers {name}"));
            let set = self.load(path).await?;
            let found = answers::answers(
                &set,
                &name,
                self.config,
                &self.checker,
                options,
                labels.as_mut(),
                self.tell,
            )
            .await?;
            report.answers.insert(name, found);
        }
        if report.answers.is_empty() {
            bail!("no set has questions that carry `answers`");
        }
        Ok(())
    }

    async fn load(&self, path: &Path) -> anyhow::Result<Set> {
        Set::load(path, self.config, self.embedder.as_ref()).await
    }
}

/// What a set is called.
fn name_of(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn create(file: &Path) -> anyhow::Result<BufWriter<File>> {
    let created =
        File::create(file).with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(BufWriter::new(created))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Retrieval,
    Groundedness,
    Abstention,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Retrieval => "retrieval",
            Self::Groundedness => "groundedness",
            Self::Abstention => "abstention",
        }
    }
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in
        std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?
    {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The sets under a folder: it may hold all kinds, one kind, or be a set itself, as a file of
/// claims may be.
fn sets(folder: &Path) -> anyhow::Result<Vec<(Kind, PathBuf)>> {
    let mut found = Vec::new();
    let mut add = |path: &Path, kind: Option<Kind>| -> anyhow::Result<()> {
        if path.join("corpus.jsonl").is_file() {
            let kind = if let Some(kind) = kind {
                kind
            } else {
                let queries = QueryLine::of(path)?;
                if queries.iter().any(|query| query.answerable == Some(false)) {
                    Kind::Abstention
                } else {
                    Kind::Retrieval
                }
            };
            found.push((kind, path.to_owned()));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
            && kind != Some(Kind::Retrieval)
        {
            found.push((Kind::Groundedness, path.to_owned()));
        }
        Ok(())
    };
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let kinds = [Kind::Retrieval, Kind::Groundedness, Kind::Abstention];
    if folder.is_file() || folder.join("corpus.jsonl").is_file() {
        add(folder, None)?;
    } else if kinds.iter().any(|kind| folder.join(kind.name()).is_dir()) {
        for kind in kinds {
            if folder.join(kind.name()).is_dir() {
                for path in entries(&folder.join(kind.name()))? {
                    add(&path, Some(kind))?;
                }
            }
        }
    } else {
        let kind = kinds.into_iter().find(|kind| kind.name() == name);
        for path in entries(folder)? {
            add(&path, kind)?;
        }
    }
    if found.is_empty() {
        bail!(
            "{} holds no set: neither corpus.jsonl nor *.jsonl under retrieval, groundedness or abstention",
            folder.display()
        );
    }
    Ok(found)
}

fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}: line {}", path.display(), number + 1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_sets_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = sets(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(&folder.path().display().to_string()),
            "{error}"
        );
    }
}
