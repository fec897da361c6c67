//! Many small files and one large one handed in together, while questions are asked.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::ingest::parse::sandbox::Sandbox;
use ::ingest::read;
use anyhow::{Context as _, bail};
use serde::Serialize;

use super::{Random, float, lines, stages, take, words_of};
use crate::app::{App, AskEvent, Timings};
use crate::ask::{Question, Reader, Scope};
use crate::check::Mode;
use crate::config::Config;
use crate::generate::Engine;
use crate::language::Language;

/// Words of a small file.
const NOTE: usize = 60;
/// Lines of a page of the large file, and words of a line.
const LINES: usize = 40;
const LINE: usize = 10;
/// Between two questions, as a person pauses.
const PAUSE: Duration = Duration::from_millis(200);
/// How long it waits for the searches of all files.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// What is handed in.
#[derive(Clone, Debug)]
pub struct IngestInput {
    /// Documents that the questions are about.
    pub documents: PathBuf,
    /// The questions.
    pub questions: PathBuf,
    /// Small files of filler.
    pub files: usize,
    /// Pages of the large PDF of filler; none, if zero.
    pub pages: usize,
}

/// How it went.
#[derive(Clone, Debug, Serialize)]
pub struct IngestReport {
    /// Small files.
    pub files: usize,
    /// Pages of the large file.
    pub pages: usize,
    /// Bytes of all of them, in MB.
    pub mb: f64,
    /// Seconds until all were safe on disk.
    pub acknowledged_s: f64,
    /// Seconds until the first was searched.
    pub first_s: f64,
    /// Seconds until the large one was searched.
    pub large_s: Option<f64>,
    /// Seconds until all were searched by their words.
    pub all_s: f64,
    /// Files searched in a second, over all that time.
    pub files_per_s: f64,
    /// Chunks that lacked their vectors then; zero without a model, which makes none.
    pub without_vectors: usize,
    /// Memory that this process held at most, in MB.
    pub peak_mb: f64,
    /// Questions before, when nothing else ran.
    pub idle: Asked,
    /// Questions while files were read.
    pub busy: Asked,
}

/// Questions asked one after the other.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// How many.
    pub questions: usize,
    /// Half took no longer than this until the answer was whole, in milliseconds.
    pub p50_ms: f64,
    /// 95 of 100 took no longer.
    pub p95_ms: f64,
    /// 95 of 100 searches took no longer: the question's vector, both indexes, packing.
    pub search_p95_ms: f64,
}

/// Hands in `input` in a temporary data folder, with the models of `config`, and asks meanwhile.
///
/// # Errors
/// When the documents cannot be read or a part of the product fails.
pub async fn ingest(
    config: &Config,
    input: &IngestInput,
    tell: &(dyn Fn(&str) + Send + Sync),
) -> anyhow::Result<IngestReport> {
    let questions = lines(&input.questions)?;
    let folder = tempfile::tempdir().context("there is no room for temporary files")?;
    let mut config = config.clone();
    let models = std::path::absolute(config.data.join("models"))?;
    config.data = folder.path().join("data");
    config.generator.engine = Engine::Quote;
    std::fs::create_dir_all(&config.data)?;
    std::os::unix::fs::symlink(&models, config.data.join("models"))?;
    let program = std::env::current_exe()?;
    let extract = Arc::new(Sandbox::new(program, config.ingest.limits()));
    let has_vectors = config.models.embedder.is_some();
    let app = App::open_with(config, extract).await?;
    let (files, _) = read::find(std::slice::from_ref(&input.documents));
    if files.is_empty() {
        bail!("there is no file under {}", input.documents.display());
    }
    for file in files {
        take(&app, file.path).await?;
    }
    app.library().idle().await;
    let words = words_of(&app).await?;
    let known = searched(&app).await?;
    tell(&format!("{known} documents, asking"));
    let mut idle = Vec::new();
    for round in 0..2 {
        for question in &questions {
            let timings = ask(&app, question).await?;
            // The first round fills caches.
            if round > 0 {
                idle.push(timings);
            }
        }
    }
    let made = folder.path().join("files");
    std::fs::create_dir_all(&made)?;
    let mb = make(&made, input, &words)?;
    let count = input.files + usize::from(input.pages > 0);
    tell(&format!("{count} files of {mb:.1} MB, handed in"));
    let handing = {
        let (app, made, input) = (Arc::clone(&app), made.clone(), input.clone());
        tokio::spawn(async move { hand_in(&app, &made, &input).await })
    };
    let started = Instant::now();
    let (mut busy, mut first, mut large) = (Vec::new(), None, None);
    let mut turn = questions.iter().cycle();
    let mut handing = Some(handing);
    let mut acknowledged = Duration::ZERO;
    let all = loop {
        if let Some(question) = turn.next() {
            busy.push(ask(&app, question).await?);
        }
        if handing
            .as_ref()
            .is_some_and(tokio::task::JoinHandle::is_finished)
            && let Some(handing) = handing.take()
        {
            acknowledged = handing.await??;
        }
        let found = searched(&app).await? - known;
        if found > 0 {
            first.get_or_insert_with(|| started.elapsed());
        }
        if input.pages > 0 && large.is_none() && is_searched(&app, &made.join(LARGE)).await? {
            large = Some(started.elapsed());
        }
        if found >= count && handing.is_none() {
            break started.elapsed();
        }
        if started.elapsed() > PATIENCE {
            bail!("{found} of {count} files were searched after {PATIENCE:?}");
        }
        tokio::time::sleep(PAUSE).await;
    };
    let without_vectors = if has_vectors {
        app.library().catalogue().unembedded().await?
    } else {
        0
    };
    app.close().await;
    Ok(IngestReport {
        files: input.files,
        pages: input.pages,
        mb,
        acknowledged_s: acknowledged.as_secs_f64(),
        first_s: first.unwrap_or(all).as_secs_f64(),
        large_s: large.map(|time| time.as_secs_f64()),
        all_s: all.as_secs_f64(),
        files_per_s: float(count) / all.as_secs_f64(),
        without_vectors,
        peak_mb: super::memory_mb("VmHWM:")?,
        idle: asked(&idle),
        busy: asked(&busy),
    })
}

async fn searched(app: &Arc<App>) -> anyhow::Result<usize> {
    Ok(app.library().catalogue().searched().await?)
}

async fn is_searched(app: &Arc<App>, path: &Path) -> anyhow::Result<bool> {
    let place = path.to_string_lossy();
    let id = app.library().catalogue().id_at(&place).await?;
    let view = app.library().get(id, &Reader::anyone()).await?;
    Ok(view.is_some_and(|view| view.chunks > 0))
}

async fn hand_in(app: &Arc<App>, made: &Path, input: &IngestInput) -> anyhow::Result<Duration> {
    let started = Instant::now();
    if input.pages > 0 {
        take(app, made.join(LARGE)).await?;
    }
    for number in 0..input.files {
        take(app, made.join(note_name(number))).await?;
    }
    Ok(started.elapsed())
}

async fn ask(app: &Arc<App>, text: &str) -> anyhow::Result<Timings> {
    let question = Question {
        scope: Scope::default(),
        adapter: None,
        text: text.to_owned(),
        reader: Reader::anyone(),
        language: Language::of(text),
    };
    let mut events = app.ask(question, Mode::Strict)?;
    while let Some(event) = events.recv().await {
        match event {
            AskEvent::Final(_, timings) => return Ok(timings),
            AskEvent::Failed(reason) => bail!("{text}: {reason}"),
            _ => {}
        }
    }
    bail!("{text}: the answer ended early")
}

fn asked(times: &[Timings]) -> Asked {
    let rows = stages(times);
    let of = |stage: &str| rows.iter().find(|row| row.stage == stage);
    let mut searches: Vec<Duration> = times
        .iter()
        .map(|times| times.embed + times.retrieve + times.pack)
        .collect();
    searches.sort();
    Asked {
        questions: times.len(),
        p50_ms: of("in all").map_or(0.0, |row| row.p50_ms),
        p95_ms: of("in all").map_or(0.0, |row| row.p95_ms),
        search_p95_ms: crate::eval::percentile(&searches, 95),
    }
}

const LARGE: &str = "large.pdf";

fn note_name(number: usize) -> String {
    format!("note-{number:05}.md")
}

/// Writes the files and gives their size in MB.
fn make(folder: &Path, input: &IngestInput, words: &[String]) -> anyhow::Result<f64> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut bytes = 0;
    for number in 0..input.files {
        let mut text = format!("# Note {number}\n\n");
        for word in 1..=NOTE {
            text.push_str(&words[random.below(words.len())]);
            text.push_str(if word % 12 == 0 { ".\n" } else { " " });
        }
        bytes += text.len();
        std::fs::write(folder.join(note_name(number)), text)?;
    }
    if input.pages > 0 {
        // The fonts that every reader has know no Korean.
        let latin: Vec<&String> = words
            .iter()
            .filter(|word| word.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .collect();
        if latin.is_empty() {
            bail!("the documents have no word in Latin letters");
        }
        let pdf = pdf(input.pages, || {
            (0..LINE)
                .map(|_| latin[random.below(latin.len())].as_str())
                .collect::<Vec<_>>()
                .join(" ")
        });
        bytes += pdf.len();
        std::fs::write(folder.join(LARGE), pdf)?;
    }
    Ok(float(bytes) / 1e6)
}

/// A PDF of `pages` pages of lines that `line` gives.
fn pdf(pages: usize, mut line: impl FnMut() -> String) -> Vec<u8> {
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        String::new(),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    let mut kids = String::new();
    for page in 0..pages {
        let (leaf, content) = (4 + 2 * page, 5 + 2 * page);
        // Writing to a string does not fail, here and below.
        let _ = write!(kids, "{leaf} 0 R ");
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {content} 0 R/Resources<</Font<</F 3 0 R>>>>>>"
        ));
        let mut text = String::from("BT /F 11 Tf 14 TL 50 800 Td\n");
        for _ in 0..LINES {
            let _ = writeln!(text, "({}.) Tj T*", line());
        }
        text.push_str("ET");
        objects.push(format!(
            "<</Length {}>>stream\n{text}\nendstream",
            text.len()
        ));
    }
    objects[1] = format!("<</Type/Pages/Count {pages}/Kids[{kids}]>>");
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::with_capacity(objects.len());
    for (number, object) in (1..).zip(&objects) {
        places.push(file.len());
        let _ = write!(file, "{number} 0 obj\n{object}\nendobj\n");
    }
    let table = file.len();
    let _ = write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        let _ = writeln!(file, "{place:010} 00000 n ");
    }
    let _ = write!(
        file,
        "trailer<</Size {}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF",
        objects.len() + 1
    );
    file.into_bytes()
}
