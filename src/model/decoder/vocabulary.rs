//! A language model's vocabulary: texts to token ids and back, and counting.
//!
//! | from | by |
//! |---|---|
//! | GGUF, `tokenizer.ggml.model` = `llama` | [`Pieces`]: SentencePiece's byte pairs |
//! | GGUF, `tokenizer.ggml.model` = `gpt2` | the `tokenizers` crate, set up as the file's `tokenizer.ggml.pre` says |
//! | `tokenizer.json` | the `tokenizers` crate |
//! | `tokenizer.model`, `tokenizer.model.v1` | [`Pieces`] |
//!
//! Text of documents and people never becomes a control token, whatever it spells. The
//! tokenizers are told to look for none: those of a template are found here. Where a
//! template marks turns with plain words, as Mixtral's `[INST]`, those words in a document are
//! spelled letter by letter: the same text, but not the ids that the model was trained to obey.

use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Debug, Formatter};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use candle_core::quantized::gguf_file::Value as GgufValue;
use regex::Regex;
use serde_json::{Value, json};

use super::sentencepiece::{Piece, PieceKind, Pieces, SPACE, byte_of, read_model};
use crate::model::ModelError;
use crate::model::store::read;

/// Words that mark turns in templates of models that have no control tokens for it.
const WORD_MARKERS: [&str; 4] = ["[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"];

/// Control tokens that begin a turn: a model that has one is not led by [`WORD_MARKERS`].
const TURN_TOKENS: [&str; 4] = [
    "<|im_start|>",
    "<|start_header_id|>",
    "<start_of_turn>",
    "<|user|>",
];

/// Control tokens that end an answer, by the names that models have for them.
const END_TOKENS: [&str; 9] = [
    "</s>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|end|>",
    "<end_of_turn>",
    "<eos>",
];

/// A language model's vocabulary. Clones share it.
#[derive(Clone)]
pub struct Vocabulary {
    tokens: Arc<Tokens>,
    engine: Arc<Engine>,
    bos: Option<u32>,
    eos: Option<u32>,
    /// Whether a prompt begins with `bos` even where its template has none.
    adds_bos: bool,
    ends: BTreeSet<u32>,
    /// The words of [`WORD_MARKERS`] that must not be written as the template writes them.
    markers: Vec<&'static str>,
}

/// A part of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Words of the template, in which control tokens count.
    Template(&'a str),
    /// Words of a document or a person, in which they do not.
    Content(&'a str),
}

/// The table of tokens.
struct Tokens {
    /// By id; empty where an id has no token.
    texts: Vec<String>,
    /// What each token writes, by id.
    written: Vec<Vec<u8>>,
    ids: HashMap<String, u32>,
    control: HashMap<u32, Margins>,
    /// Finds control tokens in templates, the longest at each place.
    finder: Option<Regex>,
    /// Whether a decoded text begins with a space that is not part of it.
    leading_space: bool,
}

/// What a control token takes with it in a template.
#[derive(Clone, Copy, Debug, Default)]
struct Margins {
    spaces_before: bool,
    spaces_after: bool,
}

enum Engine {
    Pieces(Box<Pieces>),
    Words(Box<Words>),
}

/// A tokenizer of the crate.
struct Words {
    /// For the beginning of a text.
    first: tokenizers::Tokenizer,
    /// For what follows a control token, where that differs.
    later: Option<tokenizers::Tokenizer>,
}

/// A token and the bytes of the text that it stands for.
type Spanned = (u32, Range<usize>);

impl Vocabulary {
    /// The vocabulary of a GGUF file.
    ///
    /// # Errors
    /// When the file has none, or one of a kind that is not understood, which is named.
    pub fn from_gguf(metadata: &HashMap<String, GgufValue>) -> Result<Self, String> {
        let gguf = Gguf { metadata };
        let model = gguf.text("tokenizer.ggml.model")?;
        let pieces = gguf.pieces()?;
        let (engine, writes) = match model {
            "llama" => {
                let prefix = gguf.flag("tokenizer.ggml.add_space_prefix").unwrap_or(true);
                let engine = Engine::Pieces(Box::new(Pieces::new(&pieces, prefix)?));
                (engine, Writes::Pieces { prefix })
            }
            "gpt2" => {
                let json = byte_level_json(&pieces, &gguf)?;
                (
                    Engine::Words(Box::new(Words::of_json(json)?)),
                    Writes::Bytes,
                )
            }
            other => return Err(format!("its tokenizer is of the unknown model `{other}`")),
        };
        let control = control_of(&pieces);
        let tokens = Tokens::new(texts_and_kinds(pieces), control, writes)?;
        let adds_bos = gguf.flag("tokenizer.ggml.add_bos_token").unwrap_or(
            model == "llama" || gguf.text("tokenizer.ggml.pre").is_ok_and(begins_with_bos),
        );
        let ids =
            |keys: &[&str]| -> Vec<u32> { keys.iter().filter_map(|key| gguf.id(key)).collect() };
        let bos = gguf.id("tokenizer.ggml.bos_token_id");
        let eos = gguf.id("tokenizer.ggml.eos_token_id");
        let ends = ids(&["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"]);
        Self::new(tokens, engine, bos, eos, adds_bos, ends)
    }

    /// The vocabulary in `folder`: `tokenizer.json`, or SentencePiece's `tokenizer.model` or
    /// `tokenizer.model.v1`.
    ///
    /// # Errors
    /// When none is there, or it cannot be read, or it is of a kind that is not understood.
    pub fn from_folder(folder: &Path) -> Result<Self, ModelError> {
        let json = folder.join("tokenizer.json");
        if json.is_file() {
            let value = serde_json::from_slice(&read(&json)?)
                .map_err(|error| ModelError::corrupt(&json, error))?;
            let settings = Settings::read(folder)?;
            return Self::from_json(value, &settings)
                .map_err(|reason| ModelError::unsupported(&json, reason));
        }
        let model = ["tokenizer.model", "tokenizer.model.v1"]
            .map(|name| folder.join(name))
            .into_iter()
            .find(|file| file.is_file())
            .ok_or(ModelError::Missing { file: json })?;
        let unsupported = |reason| ModelError::unsupported(&model, reason);
        let file =
            read_model(&read(&model)?).map_err(|reason| ModelError::corrupt(&model, reason))?;
        let engine = Pieces::new(&file.pieces, file.prefix).map_err(unsupported)?;
        let control = control_of(&file.pieces);
        let writes = Writes::Pieces {
            prefix: file.prefix,
        };
        let tokens =
            Tokens::new(texts_and_kinds(file.pieces), control, writes).map_err(unsupported)?;
        let engine = Engine::Pieces(Box::new(engine));
        Self::new(tokens, engine, file.bos, file.eos, true, Vec::new()).map_err(unsupported)
    }

    fn from_json(mut json: Value, settings: &Settings) -> Result<Self, String> {
        let writes = writes_of(&json)?;
        let (texts, control) = take_tokens(&mut json)?;
        let template_bos = first_special(&json["post_processor"]);
        json["post_processor"] = Value::Null;
        json["truncation"] = Value::Null;
        json["padding"] = Value::Null;
        let tokens = Tokens::new(texts, control, writes)?;
        let named = |name: &Option<String>| name.as_deref().and_then(|name| tokens.id(name));
        let bos = named(&settings.bos).or_else(|| named(&template_bos));
        let eos = named(&settings.eos).or_else(|| settings.ends.first().copied());
        let adds_bos = settings.adds_bos.unwrap_or(template_bos.is_some());
        let spaces = json["added_tokens"].clone();
        let words = Words::of_json(json)?;
        for token in spaces.as_array().into_iter().flatten() {
            let text = token["content"].as_str().unwrap_or("");
            // The crate numbers tokens that its model does not have by itself.
            let given = words.first.token_to_id(text);
            if token["special"] == false && given != tokens.id(text) {
                return Err(format!(
                    "its token {text:?} has the id {given:?} by its place"
                ));
            }
        }
        let engine = Engine::Words(Box::new(words));
        Self::new(tokens, engine, bos, eos, adds_bos, settings.ends.clone())
    }

    fn new(
        tokens: Tokens,
        engine: Engine,
        bos: Option<u32>,
        eos: Option<u32>,
        adds_bos: bool,
        ends: Vec<u32>,
    ) -> Result<Self, String> {
        for id in bos.into_iter().chain(eos).chain(ends.iter().copied()) {
            if tokens.text(id).is_none() {
                return Err(format!(
                    "it names the token {id} and has {}",
                    tokens.texts.len()
                ));
            }
        }
        let by_name = |name: &&str| tokens.id(name).filter(|id| tokens.control.contains_key(id));
        let has_turns = TURN_TOKENS.iter().any(|name| by_name(name).is_some());
        let markers = WORD_MARKERS
            .into_iter()
            .filter(|marker| !has_turns && by_name(marker).is_none())
            .collect();
        Ok(Self {
            ends: eos
                .into_iter()
                .chain(ends)
                .chain(END_TOKENS.iter().filter_map(by_name))
                .collect(),
            tokens: Arc::new(tokens),
            engine: Arc::new(engine),
            bos,
            eos,
            adds_bos,
            markers,
        })
    }

    /// The ids of a text of a document or a person: no control tokens, whatever it spells.
    #[must_use]
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.encode_parts(&[Part::Content(text)])
    }

    /// The ids of a text of a template: control tokens that it spells are control tokens.
    #[cfg(test)]
    pub(crate) fn encode_template(&self, text: &str) -> Vec<u32> {
        self.encode_parts(&[Part::Template(text)])
    }

    /// The tokens of a text of a document or a person.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        self.encode(text).len()
    }

    /// The ids of a prompt, cut as the whole text would be: a word that begins in one part and
    /// ends in the next is one word, and only control tokens stand between texts.
    #[must_use]
    pub fn encode_parts(&self, parts: &[Part<'_>]) -> Vec<u32> {
        let mut ids = Vec::new();
        let mut run = Run::default();
        for part in parts {
            match part {
                Part::Content(text) => run.push_content(text),
                Part::Template(text) => self.encode_words(text, &mut run, &mut ids),
            }
        }
        self.flush(&mut run, &mut ids);
        ids
    }

    /// Goes through words of a template: what is between control tokens goes on with `run`.
    fn encode_words(&self, text: &str, run: &mut Run, ids: &mut Vec<u32>) {
        let mut rest = text;
        let found = |rest: &str| {
            let place = self.tokens.finder.as_ref()?.find(rest)?.range();
            let id = self.tokens.id(&rest[place.clone()])?;
            Some((place, id))
        };
        while let Some((place, id)) = found(rest) {
            let margins = self.tokens.control.get(&id).copied().unwrap_or_default();
            let before = &rest[..place.start];
            run.text.push_str(if margins.spaces_before {
                before.trim_end()
            } else {
                before
            });
            self.flush(run, ids);
            ids.push(id);
            rest = &rest[place.end..];
            if margins.spaces_after {
                rest = rest.trim_start();
            }
        }
        run.text.push_str(rest);
    }

    /// Encodes what was gathered since the last control token.
    fn flush(&self, run: &mut Run, ids: &mut Vec<u32>) {
        let run = std::mem::take(run);
        if run.text.is_empty() {
            return;
        }
        let first = ids.is_empty();
        let forged = self.forged(&run);
        let start = ids.len();
        if forged.is_empty() {
            ids.extend(self.engine.ids(&run.text, first, &self.tokens));
            // A tokenizer that takes whole words from its table could find one there.
            if !ids[start..]
                .iter()
                .any(|id| self.tokens.control.contains_key(id))
            {
                return;
            }
            ids.truncate(start);
        }
        for (id, place) in self.engine.spans(&run.text, first, &self.tokens) {
            let is_forged = forged
                .iter()
                .any(|marker| place.start < marker.end && marker.start < place.end);
            if is_forged || self.tokens.control.contains_key(&id) {
                ids.extend(self.tokens.spell(id));
            } else {
                ids.push(id);
            }
        }
    }

    /// The insides of the marker words that stand in contents of `run`.
    fn forged(&self, run: &Run) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for content in &run.contents {
            for marker in &self.markers {
                let text = &run.text[content.clone()];
                found.extend(text.match_indices(marker).map(|(at, _)| {
                    let start = content.start + at;
                    start + 1..start + marker.len() - 1
                }));
            }
        }
        found
    }

    /// Turns the ids of an answer into its text, one after another.
    #[must_use]
    pub fn decoder(&self) -> TokenDecoder {
        TokenDecoder {
            at_start: self.tokens.leading_space,
            tokens: Arc::clone(&self.tokens),
            pending: Vec::new(),
        }
    }

    /// Whether `id` ends an answer.
    #[must_use]
    pub fn is_end(&self, id: u32) -> bool {
        self.ends.contains(&id)
    }

    /// The tokens that end an answer.
    pub fn ends(&self) -> impl Iterator<Item = u32> {
        self.ends.iter().copied()
    }

    /// Whether `id` is a control token.
    #[must_use]
    pub fn is_control(&self, id: u32) -> bool {
        self.tokens.control.contains_key(&id)
    }

    /// The token that every prompt begins with, if the model wants one.
    #[must_use]
    pub fn bos(&self) -> Option<u32> {
        self.bos.filter(|_| self.adds_bos)
    }

    /// The texts of the tokens that templates know as `bos_token` and `eos_token`.
    pub(super) fn template_tokens(&self) -> [&str; 2] {
        [self.bos, self.eos].map(|id| id.and_then(|id| self.token(id)).unwrap_or(""))
    }

    /// Ids that there are, holes included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.tokens.texts.len()
    }

    /// The token of `id` as the vocabulary writes it, such as `▁the`.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<&str> {
        self.tokens.text(id)
    }

    /// The id of a token as the vocabulary writes it.
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.tokens.id(token)
    }
}

impl Debug for Vocabulary {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Vocabulary")
            .field("size", &self.size())
            .field("bos", &self.bos)
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

/// Text between control tokens, and where in it contents stand.
#[derive(Default)]
struct Run {
    text: String,
    contents: Vec<Range<usize>>,
}

impl Run {
    fn push_content(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.contents.push(start..self.text.len());
    }
}

/// Turns ids into text as they come. Pieces of a character wait until it is whole.
#[derive(Clone)]
pub struct TokenDecoder {
    tokens: Arc<Tokens>,
    pending: Vec<u8>,
    /// Whether the next text is the first and loses a space that the vocabulary put there.
    at_start: bool,
}

impl TokenDecoder {
    /// The text that `id` completes: whole characters only, empty while one is not whole.
    /// Control tokens have none. Bytes that are part of no character become `U+FFFD`.
    pub fn push(&mut self, id: u32) -> String {
        if self.tokens.control.contains_key(&id) {
            return String::new();
        }
        let written = usize::try_from(id)
            .ok()
            .and_then(|index| self.tokens.written.get(index));
        self.pending.extend(written.into_iter().flatten());
        let mut text = String::new();
        loop {
            match str::from_utf8(&self.pending) {
                Ok(whole) => {
                    text.push_str(whole);
                    self.pending.clear();
                    break;
                }
                Err(error) => {
                    let valid: Vec<u8> = self.pending.drain(..error.valid_up_to()).collect();
                    text.push_str(&String::from_utf8_lossy(&valid));
                    let Some(broken) = error.error_len() else {
                        break;
                    };
                    self.pending.drain(..broken);
                    text.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
        if self.at_start && !text.is_empty() {
            self.at_start = false;
            if text.starts_with(' ') {
                text.remove(0);
            }
        }
        text
    }

    /// What is left at the end: `U+FFFD` if a character was begun and never completed.
    #[must_use]
    pub fn finish(self) -> String {
        if self.pending.is_empty() {
            String::new()
        } else {
            char::REPLACEMENT_CHARACTER.to_string()
        }
    }
}

impl Debug for TokenDecoder {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenDecoder")
            .finish_non_exhaustive()
    }
}

/// How a vocabulary writes text in its tokens.
#[derive(Clone, Copy)]
enum Writes {
    /// SentencePiece: spaces as `▁`, bytes as `<0x0A>`.
    Pieces {
        /// Whether a text begins with a space of its own.
        prefix: bool,
    },
    /// GPT-2: a character for each byte.
    Bytes,
}

/// A token's text, and whether it is written as it is.
type TokenText = (String, Literal);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Literal {
    Yes,
    No,
    /// It stands for text that has no token.
    Unknown,
}

impl Tokens {
    fn new(
        texts: Vec<TokenText>,
        control: HashMap<u32, Margins>,
        writes: Writes,
    ) -> Result<Self, String> {
        let bytes = byte_characters();
        let written = texts
            .iter()
            .map(|(text, literal)| match (literal, writes) {
                (Literal::Yes, _) => text.clone().into_bytes(),
                (Literal::Unknown, _) => char::REPLACEMENT_CHARACTER.to_string().into_bytes(),
                (Literal::No, Writes::Pieces { .. }) => match byte_of(text) {
                    Some(byte) => vec![byte],
                    None => text.replace(SPACE, " ").into_bytes(),
                },
                (Literal::No, Writes::Bytes) => text
                    .chars()
                    .flat_map(|char| match bytes.get(&char) {
                        Some(byte) => vec![*byte],
                        None => char.to_string().into_bytes(),
                    })
                    .collect(),
            })
            .collect();
        let mut ids = HashMap::with_capacity(texts.len());
        for (id, (text, _)) in (0_u32..).zip(&texts) {
            if !text.is_empty() {
                ids.entry(text.clone()).or_insert(id);
            }
        }
        let mut names: Vec<&str> = control
            .keys()
            .filter_map(|id| texts.get(usize::try_from(*id).ok()?))
            .map(|(text, _)| text.as_str())
            .filter(|text| !text.is_empty())
            .collect();
        if let Some(short) = names.iter().find(|name| name.chars().count() < 2) {
            return Err(format!(
                "its control token `{short}` is a single character, which text would contain"
            ));
        }
        // The first alternative that fits is taken: longer ones stand first.
        names.sort_unstable_by_key(|name| (std::cmp::Reverse(name.len()), *name));
        let pattern: Vec<String> = names.iter().map(|name| regex::escape(name)).collect();
        let finder = if pattern.is_empty() {
            None
        } else {
            let finder = Regex::new(&pattern.join("|"));
            Some(finder.map_err(|error| format!("its control tokens cannot be sought ({error})"))?)
        };
        Ok(Self {
            texts: texts.into_iter().map(|(text, _)| text).collect(),
            written,
            ids,
            control,
            finder,
            leading_space: matches!(writes, Writes::Pieces { prefix: true }),
        })
    }

    fn text(&self, id: u32) -> Option<&str> {
        self.texts
            .get(usize::try_from(id).ok()?)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    fn id(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    /// The token `id` letter by letter; a letter without a token by its bytes. A token that
    /// cannot be spelled stays, unless it is a control token: then it is left out.
    fn spell(&self, id: u32) -> Vec<u32> {
        let text = self.text(id).unwrap_or("");
        if byte_of(text).is_some() {
            return vec![id];
        }
        let mut ids = Vec::new();
        for char in text.chars() {
            if let Some(letter) = self.id(char.encode_utf8(&mut [0; 4])) {
                ids.push(letter);
                continue;
            }
            for byte in char.encode_utf8(&mut [0; 4]).bytes() {
                match self.id(&format!("<0x{byte:02X}>")) {
                    Some(byte) => ids.push(byte),
                    None if self.control.contains_key(&id) => {}
                    None => return vec![id],
                }
            }
        }
        ids
    }
}

impl Engine {
    fn ids(&self, text: &str, first: bool, tokens: &Tokens) -> Vec<u32> {
        let ids = |spans: Vec<Spanned>| spans.into_iter().map(|(id, _)| id).collect();
        match self {
            Self::Pieces(pieces) => ids(pieces.encode(text)),
            Self::Words(words) => match words.tokenizer(first).encode_fast(text, false) {
                Ok(encoding) => encoding.get_ids().to_vec(),
                Err(_) => ids(words.in_halves(text, first, tokens)),
            },
        }
    }

    fn spans(&self, text: &str, first: bool, tokens: &Tokens) -> Vec<Spanned> {
        match self {
            Self::Pieces(pieces) => pieces.encode(text),
            Self::Words(words) => words.spans(text, first, tokens),
        }
    }
}

impl Words {
    /// `json` has the form of `tokenizer.json`.
    fn of_json(json: Value) -> Result<Self, String> {
        Ok(Self {
            later: without_prefix(&json).map(build).transpose()?,
            first: build(json)?,
        })
    }

    fn tokenizer(&self, is_first: bool) -> &tokenizers::Tokenizer {
        match &self.later {
            Some(later) if !is_first => later,
            _ => &self.first,
        }
    }

    fn spans(&self, text: &str, first: bool, tokens: &Tokens) -> Vec<Spanned> {
        match self.tokenizer(first).encode(text, false) {
            Ok(encoding) => encoding
                .get_ids()
                .iter()
                .zip(encoding.get_offsets())
                .map(|(id, (start, end))| (*id, *start..*end))
                .collect(),
            Err(_) => self.in_halves(text, first, tokens),
        }
    }

    /// A pattern that words are cut by may give up on a text that makes it try too many ways.
    /// Half as much text makes it try less.
    fn in_halves(&self, text: &str, first: bool, tokens: &Tokens) -> Vec<Spanned> {
        let mut middle = text.len() / 2;
        while !text.is_char_boundary(middle) {
            middle -= 1;
        }
        if middle == 0 {
            let letter = tokens.id(text);
            return letter.into_iter().map(|id| (id, 0..text.len())).collect();
        }
        let mut spans = self.spans(&text[..middle], first, tokens);
        let rest = self.spans(&text[middle..], false, tokens);
        spans.extend(
            rest.into_iter()
                .map(|(id, place)| (id, place.start + middle..place.end + middle)),
        );
        spans
    }
}

fn build(json: Value) -> Result<tokenizers::Tokenizer, String> {
    let bytes = serde_json::to_vec(&json).expect("values of JSON can be written");
    let mut tokenizer =
        tokenizers::Tokenizer::from_bytes(bytes).map_err(|error| error.to_string())?;
    // Control tokens in a text are text.
    tokenizer.set_encode_special_tokens(true);
    Ok(tokenizer)
}

/// The tokenizer for what follows a control token, if a space is put only before the first text.
fn without_prefix(json: &Value) -> Option<Value> {
    let mut changed = json.clone();
    let mut any = false;
    let mut quiet = |part: &mut Value| {
        if part["type"] == "Metaspace" && part["prepend_scheme"] == "first" {
            part["prepend_scheme"] = json!("never");
            any = true;
        }
    };
    let outer = &mut changed["pre_tokenizer"];
    quiet(outer);
    if let Some(inner) = outer["pretokenizers"].as_array_mut() {
        inner.iter_mut().for_each(quiet);
    }
    any.then_some(changed)
}

/// The characters that GPT-2's vocabulary has for bytes: those that can be seen stand for
/// themselves, the others follow from U+0100 on.
pub(super) fn byte_characters() -> HashMap<char, u8> {
    let visible = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut hidden = 0x100..;
    (0..=u8::MAX)
        .map(|byte| {
            let code = if visible(byte) {
                u32::from(byte)
            } else {
                hidden.next().expect("there are characters enough")
            };
            (
                char::from_u32(code).expect("the codes are below U+0200"),
                byte,
            )
        })
        .collect()
}

/// The control tokens among `pieces`. What a model's makers added is one too, except spaces:
/// those are text, and text has them.
fn control_of(pieces: &[Piece]) -> HashMap<u32, Margins> {
    (0..)
        .zip(pieces)
        .filter(|(_, piece)| match piece.kind {
            PieceKind::Control => true,
            PieceKind::UserDefined => !is_space(&piece.text),
            _ => false,
        })
        .map(|(id, _)| (id, Margins::default()))
        .collect()
}

fn is_space(text: &str) -> bool {
    text.chars()
        .all(|char| char.is_whitespace() || char == SPACE)
}

fn texts_and_kinds(pieces: Vec<Piece>) -> Vec<TokenText> {
    pieces
        .into_iter()
        .map(|piece| {
            let literal = match piece.kind {
                PieceKind::Normal | PieceKind::Byte | PieceKind::Unused => Literal::No,
                PieceKind::Unknown => Literal::Unknown,
                PieceKind::Control | PieceKind::UserDefined => Literal::Yes,
            };
            (piece.text, literal)
        })
        .collect()
}

/// How the tokens of a `tokenizer.json` write text, as its decoder says.
fn writes_of(json: &Value) -> Result<Writes, String> {
    let decoder = &json["decoder"];
    let parts = match decoder["decoders"].as_array() {
        Some(parts) => parts.iter().collect(),
        None => vec![decoder],
    };
    let has = |kind: &str| parts.iter().any(|part| part["type"] == kind);
    if has("ByteLevel") {
        return Ok(Writes::Bytes);
    }
    let metaspace = parts.iter().find(|part| part["type"] == "Metaspace");
    if let Some(part) = metaspace {
        let prefix = part["prepend_scheme"] != "never" && part["add_prefix_space"] != false;
        return Ok(Writes::Pieces { prefix });
    }
    if has("Replace") {
        return Ok(Writes::Pieces {
            prefix: has("Strip"),
        });
    }
    Err(format!("its decoder `{}` is not known", decoder["type"]))
}

/// The tokens of a `tokenizer.json`. Those that are control tokens here are marked as special
/// there.
fn take_tokens(json: &mut Value) -> Result<(Vec<TokenText>, HashMap<u32, Margins>), String> {
    let id_of = |value: &Value| {
        let id = value.as_u64().and_then(|id| u32::try_from(id).ok());
        // No vocabulary is near this; a table for such an id would not fit into memory.
        id.filter(|id| *id < 1 << 24)
            .ok_or_else(|| format!("it has the token id {value}"))
    };
    let mut named: Vec<(u32, String, Literal)> = Vec::new();
    match &json["model"]["vocab"] {
        Value::Object(vocabulary) => {
            for (text, id) in vocabulary {
                named.push((id_of(id)?, text.clone(), Literal::No));
            }
        }
        Value::Array(pieces) => {
            for (id, piece) in (0..).zip(pieces) {
                let text = piece[0].as_str().ok_or("its vocabulary is broken")?;
                named.push((id, text.to_owned(), Literal::No));
            }
        }
        _ => return Err("it has no vocabulary".to_owned()),
    }
    if let Some(unknown) = json["model"]["unk_token"].as_str() {
        for (_, text, literal) in &mut named {
            if text == unknown {
                *literal = Literal::Unknown;
            }
        }
    }
    let mut control = HashMap::new();
    let added = json["added_tokens"].as_array_mut();
    for token in added.into_iter().flatten() {
        let id = id_of(&token["id"])?;
        let text = token["content"]
            .as_str()
            .ok_or("its added tokens are broken")?;
        named.push((id, text.to_owned(), Literal::Yes));
        let is_text = is_space(text);
        if !is_text {
            let margins = Margins {
                spaces_before: token["lstrip"] == true,
                spaces_after: token["rstrip"] == true,
            };
            control.insert(id, margins);
        }
        // Special ones are not looked for in texts, once the tokenizer is told so.
        token["special"] = json!(!is_text);
    }
    let size = named.iter().map(|(id, ..)| id + 1).max().unwrap_or(0);
    let size = usize::try_from(size).map_err(|error| error.to_string())?;
    let mut texts = vec![(String::new(), Literal::No); size];
    for (id, text, literal) in named {
        let index = usize::try_from(id).map_err(|error| error.to_string())?;
        texts[index] = (text, literal);
    }
    Ok((texts, control))
}

/// The special token that a post-processor begins a text with.
fn first_special(post_processor: &Value) -> Option<String> {
    if let Some(inner) = post_processor["processors"].as_array() {
        return inner.iter().find_map(first_special);
    }
    let first = post_processor["single"].get(0)?;
    first["SpecialToken"]["id"].as_str().map(str::to_owned)
}

/// What stands beside a `tokenizer.json`.
#[derive(Debug, Default)]
struct Settings {
    bos: Option<String>,
    eos: Option<String>,
    adds_bos: Option<bool>,
    ends: Vec<u32>,
}

impl Settings {
    fn read(folder: &Path) -> Result<Self, ModelError> {
        let tokenizer = optional_json(&folder.join("tokenizer_config.json"))?;
        let special = optional_json(&folder.join("special_tokens_map.json"))?;
        let generation = optional_json(&folder.join("generation_config.json"))?;
        let model = optional_json(&folder.join("config.json"))?;
        let named = |name: &str| {
            [&tokenizer, &special].into_iter().find_map(|file| {
                let value = &file[name];
                let text = value.as_str().or_else(|| value["content"].as_str());
                text.map(str::to_owned)
            })
        };
        let ends = [&generation, &model]
            .into_iter()
            .map(|file| ids_of(&file["eos_token_id"]))
            .find(|ids| !ids.is_empty());
        Ok(Self {
            bos: named("bos_token"),
            eos: named("eos_token"),
            adds_bos: tokenizer["add_bos_token"].as_bool(),
            ends: ends.unwrap_or_default(),
        })
    }
}

/// A JSON file; null if there is none.
pub(super) fn optional_json(path: &Path) -> Result<Value, ModelError> {
    match read(path) {
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map_err(|error| ModelError::corrupt(path, error))
        }
        Err(ModelError::Missing { .. }) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

fn ids_of(value: &Value) -> Vec<u32> {
    let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    match value.as_array() {
        Some(values) => values.iter().filter_map(id).collect(),
        None => id(value).into_iter().collect(),
    }
}

/// Values of a GGUF file by name.
struct Gguf<'a> {
    metadata: &'a HashMap<String, GgufValue>,
}

impl<'a> Gguf<'a> {
    fn value(&self, key: &str) -> Result<&'a GgufValue, String> {
        self.metadata
            .get(key)
            .ok_or_else(|| format!("it has no `{key}`"))
    }

    fn text(&self, key: &str) -> Result<&'a str, String> {
        match self.value(key)? {
            GgufValue::String(text) => Ok(text),
            _ => Err(format!("its `{key}` is no text")),
        }
    }

    fn flag(&self, key: &str) -> Option<bool> {
        match self.metadata.get(key) {
            Some(GgufValue::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    fn id(&self, key: &str) -> Option<u32> {
        u32::try_from(whole(self.metadata.get(key)?)?).ok()
    }

    fn list(&self, key: &str) -> Result<&'a [GgufValue], String> {
        match self.value(key)? {
            GgufValue::Array(values) => Ok(values),
            _ => Err(format!("its `{key}` is no list")),
        }
    }

    fn texts(&self, key: &str) -> Result<Vec<&'a str>, String> {
        self.list(key)?
            .iter()
            .map(|value| match value {
                GgufValue::String(text) => Ok(text.as_str()),
                _ => Err(format!("its `{key}` holds something that is no text")),
            })
            .collect()
    }

    fn pieces(&self) -> Result<Vec<Piece>, String> {
        let texts = self.texts("tokenizer.ggml.tokens")?;
        let as_long = |key: &str, list: Option<&'a [GgufValue]>| match list {
            Some(list) if list.len() != texts.len() => Err(format!(
                "its `{key}` has {} entries for {} tokens",
                list.len(),
                texts.len()
            )),
            list => Ok(list),
        };
        let optional = |key: &str| as_long(key, self.list(key).ok());
        let kinds = optional("tokenizer.ggml.token_type")?;
        let scores = optional("tokenizer.ggml.scores")?;
        let mut pieces = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            let kind = match kinds {
                None => PieceKind::Normal,
                Some(kinds) => PieceKind::of(whole(&kinds[index]).unwrap_or(0))?,
            };
            let score = match scores {
                None => 0.0,
                Some(scores) => scores[index].to_f32().map_err(|error| error.to_string())?,
            };
            pieces.push(Piece {
                text: (*text).to_owned(),
                score,
                kind,
            });
        }
        Ok(pieces)
    }
}

/// A whole number, however wide it is written.
fn whole(value: &GgufValue) -> Option<i64> {
    match *value {
        GgufValue::U8(value) => Some(value.into()),
        GgufValue::I8(value) => Some(value.into()),
        GgufValue::U16(value) => Some(value.into()),
        GgufValue::I16(value) => Some(value.into()),
        GgufValue::U32(value) => Some(value.into()),
        GgufValue::I32(value) => Some(value.into()),
        GgufValue::U64(value) => i64::try_from(value).ok(),
        GgufValue::I64(value) => Some(value),
        _ => None,
    }
}

const GPT_2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const LLAMA_3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN_2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The patterns that cut a text into words, one after another, for the `tokenizer.ggml.pre` of
/// a GGUF file, with what else depends on it: whether a whole word is looked up before its
/// merges are tried. They are llama.cpp's, which files are made for.
fn word_patterns(pre: &str) -> Result<(&'static [&'static str], bool), String> {
    Ok(match pre {
        "default" => (
            &[r"[\p{P}\$\+<=>\^~\|]+", GPT_2, r"\p{N}+", "[0-9][0-9][0-9]"],
            false,
        ),
        "gpt-2" | "phi-2" | "mpt" | "olmo" => (&[GPT_2], false),
        "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" | "exaone" => {
            (&[r"\p{N}", GPT_2], false)
        }
        "llama3" | "llama-v3" | "llama-bpe" | "falcon3" => (&[LLAMA_3], true),
        "qwen2" | "deepseek-r1-qwen" | "stablelm2" => (&[QWEN_2], false),
        other => {
            return Err(format!(
                "its tokenizer cuts words in the unknown way `{other}` (`tokenizer.ggml.pre`)"
            ));
        }
    })
}

/// Whether files of this `tokenizer.ggml.pre` begin a prompt with their first token, unless
/// they say otherwise.
fn begins_with_bos(pre: &str) -> bool {
    ["llama3", "llama-v3", "llama-bpe", "falcon3"].contains(&pre)
}

/// A byte-level vocabulary of a GGUF file in the form of a `tokenizer.json`.
fn byte_level_json(pieces: &[Piece], gguf: &Gguf<'_>) -> Result<Value, String> {
    let (patterns, whole_words) = word_patterns(gguf.text("tokenizer.ggml.pre")?)?;
    let mut vocabulary = serde_json::Map::new();
    for (id, piece) in (0_u32..).zip(pieces) {
        if !matches!(piece.kind, PieceKind::Control | PieceKind::Unused) {
            vocabulary.entry(&piece.text).or_insert_with(|| id.into());
        }
    }
    let merges: Vec<[&str; 2]> = gguf
        .texts("tokenizer.ggml.merges")?
        .into_iter()
        .map(|merge| match merge.split_once(' ') {
            Some((left, right)) => Ok([left, right]),
            None => Err(format!("its merge `{merge}` is no pair")),
        })
        .collect::<Result<_, String>>()?;
    let mut cutters: Vec<Value> = patterns
        .iter()
        .map(|pattern| {
            json!({
                "type": "Split",
                "pattern": { "Regex": pattern },
                "behavior": "Isolated",
                "invert": false,
            })
        })
        .collect();
    cutters.push(json!({
        "type": "ByteLevel",
        "add_prefix_space": false,
        "trim_offsets": false,
        "use_regex": false,
    }));
    Ok(json!({
        "version": "1.0",
        "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": cutters },
        "post_processor": null,
        "decoder": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false },
        "model": {
            "type": "BPE",
            "ignore_merges": whole_words,
            "vocab": vocabulary,
            "merges": merges,
        },
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{bytes, pieces, vocabularies};
    use super::*;

    fn decoded(vocabulary: &Vocabulary, ids: &[u32]) -> String {
        let mut decoder = vocabulary.decoder();
        let text: String = ids.iter().map(|id| decoder.push(*id)).collect();
        text + &decoder.finish()
    }

    fn written(vocabulary: &Vocabulary, ids: &[u32]) -> Vec<String> {
        let token = |id: &u32| vocabulary.token(*id).unwrap().to_owned();
        ids.iter().map(token).collect()
    }

    #[test]
    fn the_best_pieces_are_joined_first_and_bytes_stand_for_the_rest() {
        let [vocabulary, _] = vocabularies();
        let words = |text| written(&vocabulary, &vocabulary.encode(text)).join(" ");
        assert_eq!(words("hello"), "▁hello");
        assert_eq!(words("  hello"), "▁▁ ▁hello");
        assert_eq!(words("aaaaa"), "▁a aa aa");
        assert_eq!(words("한국말"), "▁ 한국 <0xEB> <0xA7> <0x90>");
        assert_eq!(words(""), "");
    }

    #[test]
    fn control_tokens_are_found_in_templates_only_and_the_longest_first() {
        let [pieces, bytes] = vocabularies();
        assert_eq!(
            written(&pieces, &pieces.encode_template("</s>a")),
            ["</s>", "▁a"]
        );
        let ids = bytes.encode_template("<|im_end|><|im_end|> hello<|im_end|>");
        assert_eq!(
            written(&bytes, &ids),
            ["<|im_end|><|im_end|>", "Ġhello", "<|im_end|>"]
        );
        let ids = bytes.encode("<|im_end|>");
        assert_eq!(written(&bytes, &ids)[0], "<|");
        assert!(!ids.contains(&2));
    }

    #[test]
    fn a_marker_in_a_document_is_the_same_text_by_other_tokens() {
        let [vocabulary, _] = vocabularies();
        let template = vocabulary.encode_template("[INST] hello [/INST]");
        assert_eq!(
            written(&vocabulary, &template),
            ["▁[", "INST", "]", "▁hello", "▁[", "/", "INST", "]"]
        );
        let content = vocabulary.encode("[INST] hello [/INST]");
        assert_eq!(decoded(&vocabulary, &content), "[INST] hello [/INST]");
        let inst = vocabulary.id("INST").unwrap();
        assert!(!content.contains(&inst));
        // The same letters outside a marker are one token as ever.
        assert!(vocabulary.encode("INST").contains(&inst));
    }

    #[test]
    fn a_prompt_is_cut_as_one_text() {
        let [vocabulary, _] = vocabularies();
        let parts = [
            Part::Template("[INST] "),
            Part::Content("hello"),
            Part::Template(" [/INST]"),
        ];
        let whole = vocabulary.encode_template("[INST] hello [/INST]");
        assert_eq!(vocabulary.encode_parts(&parts), whole);
        let parts = [
            Part::Template("[INST] "),
            Part::Content("[INST]"),
            Part::Template(" [/INST]"),
        ];
        let inst = vocabulary.id("INST").unwrap();
        let ids = vocabulary.encode_parts(&parts);
        assert_eq!(ids.iter().filter(|id| **id == inst).count(), 2);
    }

    #[test]
    fn a_character_comes_when_it_is_whole() {
        let [vocabulary, _] = vocabularies();
        let mut decoder = vocabulary.decoder();
        let ids = vocabulary.encode("말 hello");
        let pieces: Vec<String> = ids.iter().map(|id| decoder.push(*id)).collect();
        assert_eq!(pieces, ["", "", "", "말", " hello"]);
        let mut decoder = vocabulary.decoder();
        assert_eq!(decoder.push(vocabulary.id("<0xEB>").unwrap()), "");
        assert_eq!(decoder.push(vocabulary.id("a").unwrap()), "\u{fffd}a");
        assert_eq!(decoder.push(vocabulary.id("<0xEB>").unwrap()), "");
        assert_eq!(decoder.push(2), "");
        assert_eq!(decoder.finish(), "\u{fffd}");
    }

    #[test]
    fn an_unknown_kind_is_refused_by_its_name() {
        let mut metadata = bytes();
        let pre = GgufValue::String("novel".to_owned());
        metadata.insert("tokenizer.ggml.pre".to_owned(), pre);
        let error = Vocabulary::from_gguf(&metadata).unwrap_err();
        assert!(error.contains("`novel`"), "{error}");
        let mut metadata = pieces();
        let model = GgufValue::String("rwkv".to_owned());
        metadata.insert("tokenizer.ggml.model".to_owned(), model);
        let error = Vocabulary::from_gguf(&metadata).unwrap_err();
        assert!(error.contains("`rwkv`"), "{error}");
        let mut metadata = pieces();
        metadata.insert(
            "tokenizer.ggml.eos_token_id".to_owned(),
            GgufValue::U32(99_999),
        );
        let error = Vocabulary::from_gguf(&metadata).unwrap_err();
        assert!(error.contains("99999"), "{error}");
        let error = Vocabulary::from_gguf(&HashMap::new()).unwrap_err();
        assert!(error.contains("tokenizer.ggml.model"), "{error}");
    }

    /// A `tokenizer.json` with a token for two spaces, and one that takes the spaces after it.
    fn folder() -> tempfile::TempDir {
        let metadata = bytes();
        let gguf = Gguf {
            metadata: &metadata,
        };
        let mut json = byte_level_json(&gguf.pieces().unwrap(), &gguf).unwrap();
        for id in 0..4 {
            let token = Vocabulary::from_gguf(&metadata).unwrap();
            json["model"]["vocab"][token.token(id).unwrap()] = id.into();
        }
        let added = |id: u32, content: &str, rstrip: bool, special: bool| {
            json!({
                "id": id, "content": content, "single_word": false, "lstrip": false,
                "rstrip": rstrip, "normalized": false, "special": special,
            })
        };
        json["added_tokens"] = json!([
            added(0, "<|endoftext|>", false, true),
            added(1, "<|im_start|>", false, true),
            added(2, "<|im_end|>", false, true),
            added(267, "<|user|>", true, true),
            added(268, "<tool_call>", false, false),
            added(269, "  ", false, false),
        ]);
        json["post_processor"] = json!({
            "type": "TemplateProcessing",
            "single": [{ "SpecialToken": { "id": "<|im_start|>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }],
            "pair": [],
            "special_tokens": { "<|im_start|>": { "id": "<|im_start|>", "ids": [1], "tokens": ["<|im_start|>"] } },
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tokenizer.json"), json.to_string()).unwrap();
        let settings = json!({ "eos_token": { "content": "<|im_end|>" } }).to_string();
        std::fs::write(folder.path().join("tokenizer_config.json"), settings).unwrap();
        let generation = json!({ "eos_token_id": [2, 268] }).to_string();
        std::fs::write(folder.path().join("generation_config.json"), generation).unwrap();
        folder
    }

    #[test]
    fn a_folder_says_which_tokens_begin_and_end() {
        let folder = folder();
        let vocabulary = Vocabulary::from_folder(folder.path()).unwrap();
        assert_eq!((vocabulary.size(), vocabulary.bos()), (270, Some(1)));
        assert_eq!(vocabulary.ends().collect::<Vec<_>>(), [0, 2, 268]);
        assert_eq!(vocabulary.token(300), None);
        assert_eq!(vocabulary.encode("a  a")[1], 269);
        let ids = vocabulary.encode_template("<|user|> \n hello<tool_call>");
        assert_eq!(
            written(&vocabulary, &ids),
            ["<|user|>", "hello", "<tool_call>"]
        );
        let text = "<|user|> <tool_call><|im_start|>";
        let ids = vocabulary.encode(text);
        assert!(!ids.iter().any(|id| vocabulary.is_control(*id)));
        assert_eq!(decoded(&vocabulary, &ids), text);
    }

    #[test]
    fn a_folder_without_a_tokenizer_says_which_file_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let error = Vocabulary::from_folder(folder.path())
            .unwrap_err()
            .to_string();
        assert!(error.contains("tokenizer.json"), "{error}");
    }

    proptest! {
        /// Whatever a text spells, it reads back and holds no control token.
        #[test]
        fn no_text_becomes_a_control_token(
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "<s>", "</s>", "<pad>", "<unk>", "<0x0A>", "[INST]", "[/INST]", "<<SYS>>", "<|im_start|>",
                    "<|im_end|>", "<|endoftext|>", "<|", "|>", "hello", "한국", "말", " ", "  ", "\n", "😀", "[", "]",
                ]),
                0..12,
            ),
            other in any::<String>(),
        ) {
            let text = words.concat() + &other.replace(SPACE, "_");
            for vocabulary in vocabularies() {
                let ids = vocabulary.encode(&text);
                prop_assert!(!ids.iter().any(|id| vocabulary.is_control(*id)));
                prop_assert_eq!(decoded(&vocabulary, &ids), &*text);
            }
        }
    }
}
