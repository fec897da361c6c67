//! Text to index terms.
//!
//! Korean is cut into overlapping pairs of syllables, which needs no dictionary and finds a
//! word inside a compound and under its endings (measured against a dictionary on `KorQuAD`:
//! hit@5 0.983 against 0.985). Other scripts are cut into words; English words lose their
//! endings (Porter's second algorithm).
//!
//! With a dictionary that lindera compiled (ko-dic) Korean is cut into its words instead, less
//! particles and endings.

use std::borrow::Cow;
use std::fmt::{self, Debug, Formatter};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use ingest::{BackendError, ContentHash};
use lindera::dictionary::{DictionaryBuilder, Metadata, load_fs_dictionary};
use lindera::mode::Mode;
use lindera::segmenter::Segmenter;
use regex::Regex;
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;

use super::WordsConfig;
use crate::language::is_hangul;

/// A term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The term as it is indexed.
    pub text: String,
}

/// Whether `char` belongs to a script that writes words without spaces or joins endings to them.
fn is_paired(char: char) -> bool {
    is_hangul(char)
        || matches!(char, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{3040}'..='\u{30FF}' | '\u{F900}'..='\u{FAFF}')
}

#[derive(Clone, Copy, PartialEq)]
enum Script {
    Paired,
    Digits,
    Letters,
}

fn script(char: char) -> Option<Script> {
    if is_paired(char) {
        Some(Script::Paired)
    } else if char.is_numeric() {
        Some(Script::Digits)
    } else if char.is_alphabetic() {
        Some(Script::Letters)
    } else {
        None
    }
}

/// How the index of words cuts text; clones share the dictionary.
#[derive(Clone)]
pub struct Analyzer {
    name: String,
    dictionary: Option<Arc<Segmenter>>,
}

impl Debug for Analyzer {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Analyzer").field(&self.name).finish()
    }
}

impl Analyzer {
    /// Pairs of syllables.
    #[must_use]
    pub fn pairs() -> Self {
        Self {
            name: "pairs".to_owned(),
            dictionary: None,
        }
    }

    /// What the configuration asks for.
    ///
    /// # Errors
    /// When it names a dictionary that cannot be used.
    pub fn of(config: &WordsConfig) -> Result<Self, BackendError> {
        match &config.dictionary {
            Some(folder) => Self::with_dictionary(folder),
            None => Ok(Self::pairs()),
        }
    }

    /// Words of the dictionary in `folder`, which lindera compiled.
    ///
    /// # Errors
    /// When there is none, or it is of another format.
    pub fn with_dictionary(folder: &Path) -> Result<Self, BackendError> {
        let failed = |reason: String| {
            BackendError::message(format!(
                "`words.dictionary` {} cannot be used: {reason}",
                folder.display()
            ))
        };
        let metadata = std::fs::read(folder.join("metadata.json"))
            .map_err(|error| failed(format!("metadata.json: {error}")))?;
        let dictionary = load_fs_dictionary(folder).map_err(|error| failed(error.to_string()))?;
        // Another dictionary cuts otherwise; the sizes of its files tell it apart.
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .and_then(|entries| {
                entries
                    .map(|entry| {
                        let entry = entry?;
                        let name = entry.file_name().to_string_lossy().into_owned();
                        Ok(format!("{name} {}", entry.metadata()?.len()))
                    })
                    .collect()
            })
            .map_err(|error: std::io::Error| failed(error.to_string()))?;
        files.sort();
        let sum = [metadata, files.join("\n").into_bytes()].concat();
        Ok(Self {
            name: format!("dictionary-{:.8}", ContentHash::of(&sum).to_string()),
            dictionary: Some(Arc::new(Segmenter::new(Mode::Normal, dictionary, None))),
        })
    }

    /// Names the way of cutting: an index that was cut otherwise is made anew.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The terms of `text`, in order.
    #[must_use]
    pub fn words(&self, text: &str) -> Vec<Token> {
        match &self.dictionary {
            None => words(text),
            Some(segmenter) => {
                let folded = folded(text);
                // Only text that is no text fails; pairs are better than nothing.
                dictionary_words(segmenter, &folded).unwrap_or_else(|| words(text))
            }
        }
    }
}

/// Compiles the sources of mecab-ko-dic (CSV and .def files) in `sources` into `folder`.
///
/// # Errors
/// When the sources cannot be read or are no dictionary, or the folder cannot be written.
pub fn compile_dictionary(sources: &Path, folder: &Path) -> Result<(), BackendError> {
    let failed = |reason: String| {
        BackendError::message(format!(
            "the dictionary in {} cannot be compiled: {reason}",
            sources.display()
        ))
    };
    for name in ["matrix.def", "char.def", "unk.def"] {
        if !sources.join(name).is_file() {
            return Err(failed(format!("{name} is missing")));
        }
    }
    let metadata = Metadata {
        name: "ko-dic".to_owned(),
        // Words stand in some sources twice with broken costs; the rest is worth having.
        skip_invalid_cost_or_id: true,
        ..Metadata::default()
    };
    DictionaryBuilder::new(metadata)
        .build_dictionary(sources, folder)
        .map_err(|error| failed(error.to_string()))
}

fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// Words of the dictionary without particles (`J`), endings (`E`), suffixes (`XS`) and
/// copulas (`VC`); what is not Korean is cut as [`words`] cuts it.
fn dictionary_words(segmenter: &Segmenter, text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    for mut found in segmenter.segment(Cow::Borrowed(text)).ok()? {
        let surface = found.surface.to_string();
        if !surface.chars().any(is_paired) {
            tokens.extend(words(&surface));
            continue;
        }
        let details = found.details();
        let tag = details.first().copied().unwrap_or_default();
        // A word that became one of several parts is tagged by all of them: `VV+EC`.
        let first = tag.split('+').next().unwrap_or_default();
        let says_little = ["J", "E", "XS", "VC"]
            .iter()
            .any(|start| first.starts_with(start));
        if !says_little {
            tokens.push(Token { text: surface });
        }
    }
    Some(tokens)
}

/// The terms of `text` without a dictionary, in order. The checker and quote mode compare by
/// these, whatever the index does.
#[must_use]
pub fn words(text: &str) -> Vec<Token> {
    let stemmer = Stemmer::create(Algorithm::English);
    let text = folded(text);
    let mut tokens = Vec::new();
    let mut run = String::new();
    let mut kind = None;
    for char in text.chars().chain([' ']) {
        let next = script(char);
        if next != kind {
            if let Some(kind) = kind {
                push(&run, kind, &stemmer, &mut tokens);
            }
            run.clear();
            kind = next;
        }
        if next.is_some() {
            run.push(char);
        }
    }
    tokens
}

fn push(run: &str, kind: Script, stemmer: &Stemmer, tokens: &mut Vec<Token>) {
    match kind {
        Script::Paired => {
            let chars: Vec<char> = run.chars().collect();
            if let [char] = chars[..] {
                tokens.push(Token {
                    text: char.to_string(),
                });
            }
            tokens.extend(chars.windows(2).map(|pair| Token {
                text: pair.iter().collect(),
            }));
        }
        Script::Letters if run.is_ascii() && run.len() > 2 => {
            tokens.push(Token {
                text: stemmer.stem(run).into_owned(),
            });
        }
        Script::Letters | Script::Digits => tokens.push(Token {
            text: run.to_owned(),
        }),
    }
}

static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9]+(?:[-_./][A-Za-z0-9]+)*").expect("the pattern is fixed and tested")
});

/// Part numbers, versions and other codes of `text`, as they are compared: `ppr-9087`.
///
/// A code holds a letter and a digit, or digits joined by a hyphen.
#[must_use]
pub fn codes(text: &str) -> Vec<String> {
    let text: String = text.nfkc().collect();
    code_spans(&text)
        .into_iter()
        .map(|span| text[span].to_lowercase())
        .collect()
}

/// Where [`codes`] stand in a text that is in NFKC.
pub(crate) fn code_spans(text: &str) -> Vec<Range<usize>> {
    CODE.find_iter(text)
        .filter(|found| {
            let code = found.as_str();
            let digit = code.bytes().any(|byte| byte.is_ascii_digit());
            let letter = code.bytes().any(|byte| byte.is_ascii_alphabetic());
            digit && (letter || code.contains('-')) && code.len() > 2
        })
        .map(|found| found.range())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let tokens: Vec<String> = words(text).into_iter().map(|token| token.text).collect();
        assert_eq!(tokens.join("·"), expected);
    }

    #[test]
    fn korean_becomes_pairs_and_english_stems() {
        check("정보자산은 세 등급", "정보·보자·자산·산은·세·등급");
        check("제5조 제2항에", "제·5·조·제·2·항에");
        check("2024년도 매출 12.5%", "2024·년도·매출·12·5");
        check("Allowances for travelling", "allow·for·travel");
        check("", "");
    }

    /// A dictionary of a few words, in the format that ko-dic has.
    fn dictionary() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        std::fs::create_dir(&source).unwrap();
        let word = |surface: &str, tag: &str, cost: i32| {
            format!("{surface},1,1,{cost},{tag},*,T,{surface},*,*,*,*\n")
        };
        let words = [
            word("정보", "NNG", 100),
            word("자산", "NNG", 100),
            word("연차", "NNG", 100),
            word("휴가", "NNG", 100),
            word("은", "JX", 50),
            word("는", "JX", 50),
            word("이다", "VCP+EF", 50),
            word("등급", "NNG", 100),
        ];
        std::fs::write(source.join("words.csv"), words.concat()).unwrap();
        std::fs::write(
            source.join("matrix.def"),
            "2 2\n0 0 0\n0 1 0\n1 0 0\n1 1 0\n",
        )
        .unwrap();
        std::fs::write(
            source.join("char.def"),
            "DEFAULT 0 1 0\nSPACE 0 1 0\nHANGUL 0 1 2\n0x0020 SPACE\n0xAC00..0xD7A3 HANGUL\n",
        )
        .unwrap();
        std::fs::write(
            source.join("unk.def"),
            "DEFAULT,1,1,5000,SY,*,*,*,*,*,*,*\nSPACE,1,1,5000,SP,*,*,*,*,*,*,*\nHANGUL,1,1,5000,UNKNOWN,*,*,*,*,*,*,*\n",
        )
        .unwrap();
        compile_dictionary(&source, &folder.path().join("built")).unwrap();
        folder
    }

    #[test]
    fn with_a_dictionary_korean_is_cut_into_words_without_particles() {
        let folder = dictionary();
        let analyzer = Analyzer::with_dictionary(&folder.path().join("built")).unwrap();
        let cut = |text: &str| {
            let tokens: Vec<String> = analyzer
                .words(text)
                .into_iter()
                .map(|token| token.text)
                .collect();
            tokens.join("·")
        };
        assert_eq!(cut("정보자산은 연차휴가는"), "정보·자산·연차·휴가");
        assert_eq!(cut("Allowances 12.5%"), "allow·12·5");
        assert_ne!(analyzer.name(), Analyzer::pairs().name());
    }

    #[test]
    fn a_folder_without_a_dictionary_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Analyzer::with_dictionary(folder.path())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&folder.path().display().to_string()),
            "{error}"
        );
    }

    #[test]
    fn codes_are_kept_whole() {
        assert_eq!(
            codes("부품 PPR-9087은 v1.2.3, 02-123-4567"),
            ["ppr-9087", "v1.2.3", "02-123-4567"]
        );
        assert!(codes("연차 15일, 1,500,000원, and so on").is_empty());
    }
}
